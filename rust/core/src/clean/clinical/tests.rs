use proptest::prelude::*;

use crate::clean::output::Output;
use crate::clean::rule::remove_ranges;
use crate::clean::tests::thread_seconds;
use crate::clean::*;

/// The text with one clinical category replaced by nothing, and the number of places.
fn without(category: &clinical::Category, text: &str) -> (String, usize) {
    let mut found = Vec::new();
    let words = clinical::words().unwrap();
    clinical::find(words, &mut clinical::Buffers::default(), text, &mut found);
    clinical::find_hospitals(words, text, &mut found);
    found.retain(|found| found.tag == category.tag);
    let mut out = Output::default();
    let ranges: Vec<_> = found.iter().map(|found| found.whole.clone()).collect();
    let edits = remove_ranges(text, &mut out, &ranges);
    (if edits == 0 { text.to_owned() } else { out.text }, ranges.len())
}

#[test]
fn every_example_of_every_clinical_category_holds() {
    for category in &clinical::CATEGORIES {
        assert!(category.examples.iter().any(|e| e.before == e.after), "{} shows what stays", category.name);
        for example in category.examples {
            let (after, places) = without(category, example.before);
            assert_eq!(after, example.after, "{}: {}", category.name, example.why);
            assert_eq!(places > 0, example.before != example.after, "{}: {}", category.name, example.before);
        }
    }
}

/// Every choice of options.
fn all_options() -> impl Iterator<Item = CleaningOptions> {
    let choices = [Replacement::Nothing, Replacement::Tag].map(|replacement| (replacement, [false, true]));
    let pairs =
        choices.into_iter().flat_map(|(replacement, both)| both.map(|clinical| (replacement, clinical)));
    pairs.flat_map(|(replacement, clinical)| {
        [false, true].map(|hospitals| CleaningOptions {
            clinical,
            hospitals,
            replacement,
            ..CleaningOptions::default()
        })
    })
}

#[test]
fn tags_are_their_own_cleaned_form() {
    let papers = ["〔*電話番号〕", "〔*メールアドレス〕", "〔*アカウント〕", "〔*URL〕"];
    for tag in clinical::CATEGORIES.iter().map(|category| category.tag).chain(papers) {
        for options in all_options() {
            assert_eq!(Cleaner::new(&options).unwrap().clean(tag), tag);
        }
    }
}

#[test]
fn replacing_by_tags_keeps_labels_and_sentences() {
    let tagged =
        CleaningOptions { clinical: true, replacement: Replacement::Tag, ..CleaningOptions::default() };
    for (before, after) in [
        ("患者ＩＤ：１２３４５６７　山田太郎様", "患者ID:〔*患者番号〕▁〔*氏名〕様"),
        ("電話 03-0000-1234、a@example.com", "電話▁〔*電話番号〕、〔*メールアドレス〕"),
        ("https://example.com 参照 #京都", "〔*URL〕▁参照"),
        ("患者氏名：山田太郎 近医受診", "患者氏名:〔*氏名〕▁近医受診"),
        ("生年月日 1970-01-02 2021-03-04入院", "生年月日▁〔*生年月日〕▁2021-03-04入院"),
    ] {
        assert_eq!(Cleaner::new(&tagged).unwrap().clean(before), after);
    }
    let nothing =
        CleaningOptions { clinical: true, replacement: Replacement::Nothing, ..CleaningOptions::default() };
    for (before, after) in [
        ("患者氏名：山田太郎 近医受診", "近医受診"),
        ("生年月日 1970-01-02 2021-03-04入院", "2021-03-04入院"),
        ("電話 03-0000-1234まで", "電話▁まで"),
    ] {
        assert_eq!(Cleaner::new(&nothing).unwrap().clean(before), after);
    }
}

/// Pieces at which the clinical readers cut.
const CLINICAL_PIECES: [&str; 88] = [
    "患者ID",
    "カルテ番号",
    "個人番号",
    "123456789018",
    "1234",
    "56",
    "7",
    "8901",
    "-",
    " ",
    "\n",
    ":",
    "(",
    ")",
    "【",
    "】",
    "〔",
    "〕",
    "〔*氏名〕",
    "〔*患者番号〕",
    "氏名",
    "山田",
    "太郎",
    "様",
    "さん",
    "先生",
    "は",
    "の",
    "生年月日",
    "昭和",
    "50",
    "年",
    "1",
    "月",
    "2",
    "日",
    "生",
    "まれ",
    "〒",
    "東京都",
    "新宿区",
    "丁目",
    "番地",
    "号室",
    "コーポ",
    "記号",
    "番号",
    "192.168.0.1",
    ".",
    "TEL",
    "090-0000-1234",
    "a@example.com",
    "No.",
    "ID",
    "第",
    "号",
    "手帳",
    "ナンバー",
    "登録",
    "PHS",
    "内",
    "(内)",
    "ext",
    "+",
    "81",
    "〇九〇",
    "/",
    "・",
    "@",
    "(at)",
    "[.]",
    "example",
    ".com",
    "://",
    "www.",
    "LINE",
    "taro_1",
    "_",
    "#",
    "誕生日",
    "DOB",
    "Mar",
    "'",
    "A",
    "B-12",
    "市",
    "町",
    "荘",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn cleaning_twice_is_cleaning_once_whatever_the_options(
        pieces in prop::collection::vec(prop::sample::select(&CLINICAL_PIECES[..]), 0..24)
    ) {
        for options in all_options() {
            let mut cleaner = Cleaner::new(&options).unwrap();
            let once = cleaner.clean(&pieces.concat()).to_owned();
            prop_assert_eq!(cleaner.clean(&once), &once);
            prop_assert!(once.chars().all(|c| is_allowed(c) || c == META_SPACE || c == '\n'), "{once:?}");
        }
    }
}

#[test]
fn clinical_time_grows_with_the_text_and_not_faster() {
    let options =
        CleaningOptions { clinical: true, replacement: Replacement::Tag, ..CleaningOptions::default() };
    let with_words = clinical::CATEGORIES.iter().filter(|category| !category.words.is_empty());
    let words = with_words.map(|category| category.words.concat());
    for word in words.chain(
        [
            "患者氏名山",
            "生年月日1970(",
            "氏名ア",
            "市一",
            "1-",
            "丁目1",
            "1.1",
            "さん山田",
            "山田太郎",
            "山 ",
            "山・",
            "ヤマダ・",
            "Dr. A",
            "山",
        ]
        .map(String::from),
    ) {
        for piece in [word.clone(), format!("{word}1 "), format!("{word}:")] {
            let text = piece.repeat(150_000 / piece.len());
            let started = thread_seconds();
            Cleaner::new(&options).unwrap().clean(&text);
            let taken = thread_seconds() - started;
            assert!(taken < 5.0, "{piece:?} takes {taken} s");
        }
    }
}

use proptest::prelude::*;

use super::*;

#[test]
fn every_example_of_every_rule_holds() {
    for rule in &RULES {
        for example in rule.examples {
            let mut out = String::new();
            let edits = (rule.apply)(example.before, &mut out);
            let after = if edits == 0 { example.before } else { &out };
            assert_eq!(after, example.after, "{}: {}", rule.name, example.why);
            assert_eq!(edits > 0, example.before != example.after, "{}: {}", rule.name, example.before);
            let mut again = String::new();
            assert_eq!(
                (rule.apply)(after, &mut again),
                0,
                "{} changes its own result {after} to {again}",
                rule.name
            );
        }
    }
}

#[test]
fn every_rule_shows_what_it_changes_and_what_it_leaves() {
    for rule in &RULES {
        assert!(rule.examples.iter().any(|e| e.before != e.after), "{}", rule.name);
    }
}

#[test]
fn every_allowed_character_is_its_own_cleaned_form() {
    let changed: String =
        allowed_characters().into_iter().filter(|&c| clean(&c.to_string()) != c.to_string()).collect();
    assert_eq!(changed, "");
}

#[test]
fn clinical_text_survives() {
    for (before, after) in [
        ("BT 37.8℃, WBC 12,300/μL↑, 2021-03-04〜", "BT▁37.8℃,▁WBC▁12,300/μL↑,▁2021-03-04〜"),
        ("A-Bライン", "A-Bライン"),
        ("ｍｇ/ｄＬ", "mg/dL"),
        ("−2.5", "-2.5"),
        ("HbA1c≧6.5%", "HbA1c≧6.5%"),
        ("①糖尿病　②高血圧", "①糖尿病▁②高血圧"),
        ("５３歳女性．ＰＳＬ　１ｍｇ／ｋｇ／ｄａｙ", "53歳女性。PSL▁1mg/kg/day"),
        ("体温３７．５℃、血圧１２０／８０ｍｍＨｇ", "体温37.5℃、血圧120/80mmHg"),
        ("β2-ミクログロブリン、Ca²⁺、10⁻³", "β2-ミクログロブリン、Ca²⁺、10⁻³"),
    ] {
        assert_eq!(clean(before), after);
    }
}

#[test]
fn what_a_later_rule_uncovers_is_seen_again() {
    assert_eq!(clean("090\u{200b}-0000-1234"), "");
    assert_eq!(clean("か\u{200b}\u{3099}"), "が");
    assert_eq!(clean("090-  0000-1234"), clean(&clean("090-  0000-1234")));
}

/// Characters and strings at which the rules cut.
const PIECES: [&str; 68] = [
    "0",
    "1",
    "9",
    "090",
    "03",
    "+81",
    "-",
    "ー",
    "−",
    "―",
    "〜",
    "~",
    "～",
    ".",
    "．",
    "，",
    ",",
    "…",
    "・",
    "°",
    "C",
    "℃",
    "゜",
    "(",
    ")",
    "@",
    "＠",
    "#",
    "＃",
    "http",
    "s://",
    "://",
    "www.",
    "example.com",
    "a",
    "W",
    "ｗ",
    " ",
    "　",
    "▁",
    "\n",
    "\r",
    "\t",
    "か",
    "\u{3099}",
    "\u{309a}",
    "ｶ",
    "ﾞ",
    "ア",
    "漢",
    "①",
    "²",
    "½",
    "\u{200b}",
    "😀",
    "TEL",
    "\u{301}",
    "⁄",
    "内線",
    "TEL",
    "は",
    "—",
    "•",
    "!",
    "！",
    "㎎",
    "/",
    "\u{2028}",
];

/// What the rules make of a text, one after the other over all of it, and their edits.
fn by_rules(text: &str) -> (String, Edits) {
    let mut rounds = rounds::Rounds::default();
    let mut edits = Edits::default();
    rounds.text().push_str(text);
    (rounds.run(&CleaningOptions::default(), &mut edits).to_owned(), edits)
}

/// What the scan makes of it.
fn by_scan(text: &str) -> (String, Edits) {
    let mut cleaner = Cleaner::default();
    let cleaned = cleaner.clean_with_spaces(text).to_owned();
    (cleaned, cleaner.take_counts().edits)
}

#[test]
fn the_scan_does_to_every_character_what_the_rules_do() {
    let surroundings =
        [("", ""), ("1", "1"), ("ア", ""), ("（", "（"), (" ", " "), ("。", "か"), ("#", "a"), ("¹", "㎎")];
    for c in '\0'..'\u{30000}' {
        for (before, after) in surroundings {
            let text = format!("{before}{c}{after}");
            assert_eq!(by_scan(&text), by_rules(&text), "{text:?}");
        }
    }
}

/// Stretches of text at which the scan may hand over to the rules, and back.
const ANCHORED: [&str; 12] =
    ["、あ", "。漢", "\nか", "\n　漢", "、は", "\n番号", "，が", "．次", " ア", "3.5", "（12）", "10月"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn the_scan_does_to_a_text_what_the_rules_do(
        pieces in prop::collection::vec(
            (
                prop_oneof![
                    4 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
                    2 => prop::sample::select(&ANCHORED[..]).prop_map(str::to_owned),
                    1 => any::<char>().prop_map(String::from),
                ],
                prop_oneof![6 => Just(1usize), 1 => 2..12usize],
            ),
            0..24,
        )
    ) {
        let text: String = pieces.into_iter().map(|(piece, times)| piece.repeat(times)).collect();
        prop_assert_eq!(by_scan(&text), by_rules(&text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn cleaning_twice_is_cleaning_once(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..24)) {
        let once = clean(&pieces.concat());
        prop_assert_eq!(clean(&once), once);
    }

    #[test]
    fn cleaned_text_holds_only_allowed_characters(text in any::<String>()) {
        let once = clean(&text);
        prop_assert!(once.chars().all(|c| is_allowed(c) || c == META_SPACE || c == '\n'), "{once:?}");
        prop_assert_eq!(clean(&once), once);
    }
}

#[test]
fn time_grows_with_the_text_and_not_faster() {
    for piece in
        ["a#", " #", "(", "https://)", ")", "@a", "0", "0-", "(0", "\u{301}", "- ", ".", "TEL0", "\u{200b}0"]
    {
        let text = "https://x".to_owned() + &piece.repeat(200_000);
        let started = std::time::Instant::now();
        clean(&text);
        assert!(started.elapsed().as_secs() < 5, "{piece:?} takes {:?}", started.elapsed());
    }
}

/// The text with one clinical category replaced by nothing, and the number of places.
fn without(category: &clinical::Category, text: &str) -> (String, usize) {
    let mut found = Vec::new();
    clinical::find(text, &mut found);
    found.retain(|found| found.tag == category.tag);
    let mut out = String::new();
    let ranges: Vec<_> = found.iter().map(|found| found.whole.clone()).collect();
    let edits = remove_ranges(text, &mut out, &ranges);
    (if edits == 0 { text.to_owned() } else { out }, ranges.len())
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

#[test]
fn rows_of_private_data_are_those_of_the_rules() {
    assert_eq!((RULES[PERSONAL].name, RULES[WEB].name), ("personal", "web"));
}

/// Every choice of options.
fn all_options() -> impl Iterator<Item = CleaningOptions> {
    let choices = [Replacement::Nothing, Replacement::Tag].map(|replacement| (replacement, [false, true]));
    let pairs =
        choices.into_iter().flat_map(|(replacement, both)| both.map(|clinical| (replacement, clinical)));
    pairs.map(|(replacement, clinical)| CleaningOptions { clinical, replacement })
}

#[test]
fn tags_are_their_own_cleaned_form() {
    let papers = ["〔*電話番号〕", "〔*メールアドレス〕", "〔*アカウント〕", "〔*URL〕"];
    for tag in clinical::CATEGORIES.iter().map(|category| category.tag).chain(papers) {
        for options in all_options() {
            assert_eq!(Cleaner::new(&options).clean(tag), tag);
        }
    }
}

#[test]
fn replacing_by_tags_keeps_labels_and_sentences() {
    let tagged = CleaningOptions { clinical: true, replacement: Replacement::Tag };
    for (before, after) in [
        ("患者ＩＤ：１２３４５６７　山田太郎様", "患者ID:〔*患者番号〕▁〔*氏名〕様"),
        ("電話 03-0000-1234、a@example.com", "電話▁〔*電話番号〕、〔*メールアドレス〕"),
        ("https://example.com 参照 #京都", "〔*URL〕▁参照"),
        ("患者氏名：山田太郎 近医受診", "患者氏名:〔*氏名〕▁近医受診"),
        ("生年月日 1970-01-02 2021-03-04入院", "生年月日▁〔*生年月日〕▁2021-03-04入院"),
    ] {
        assert_eq!(Cleaner::new(&tagged).clean(before), after);
    }
    let nothing = CleaningOptions { clinical: true, replacement: Replacement::Nothing };
    for (before, after) in [
        ("患者氏名：山田太郎 近医受診", "近医受診"),
        ("生年月日 1970-01-02 2021-03-04入院", "2021-03-04入院"),
        ("電話 03-0000-1234まで", "電話▁まで"),
    ] {
        assert_eq!(Cleaner::new(&nothing).clean(before), after);
    }
}

/// Pieces at which the clinical readers cut.
const CLINICAL_PIECES: [&str; 52] = [
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
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn cleaning_twice_is_cleaning_once_whatever_the_options(
        pieces in prop::collection::vec(prop::sample::select(&CLINICAL_PIECES[..]), 0..24)
    ) {
        for options in all_options() {
            let mut cleaner = Cleaner::new(&options);
            let once = cleaner.clean(&pieces.concat()).to_owned();
            prop_assert_eq!(cleaner.clean(&once), &once);
            prop_assert!(once.chars().all(|c| is_allowed(c) || c == META_SPACE || c == '\n'), "{once:?}");
        }
    }
}

#[test]
fn clinical_time_grows_with_the_text_and_not_faster() {
    let options = CleaningOptions { clinical: true, replacement: Replacement::Tag };
    let words = clinical::CATEGORIES.iter().map(|category| category.words.concat());
    for word in words.chain(
        ["患者氏名山", "生年月日1970(", "氏名ア", "市一", "1-", "丁目1", "1.1", "さん山田"].map(String::from),
    ) {
        for piece in [word.clone(), format!("{word}1 "), format!("{word}:")] {
            let text = piece.repeat(150_000 / piece.len());
            let started = std::time::Instant::now();
            Cleaner::new(&options).clean(&text);
            assert!(started.elapsed().as_secs() < 5, "{piece:?} takes {:?}", started.elapsed());
        }
    }
}

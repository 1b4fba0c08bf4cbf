use proptest::prelude::*;

use super::counts::{Edits, ROW_COUNT};
use super::fixpoint::Fixpoint;
use super::output::Output;
use super::*;

#[test]
fn every_example_of_every_rule_holds() {
    for rule in &RULES {
        for example in rule.examples {
            let mut out = Output::default();
            let edits = (rule.apply)(example.before, &mut out);
            let after = if edits == 0 { example.before } else { &out.text };
            assert_eq!(after, example.after, "{}: {}", rule.name, example.why);
            assert_eq!(edits > 0, example.before != example.after, "{}: {}", rule.name, example.before);
            let mut again = Output::default();
            assert_eq!(
                (rule.apply)(after, &mut again),
                0,
                "{} changes its own result {after} to {}",
                rule.name,
                again.text
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
fn steps_are_the_changes_of_the_rules_in_their_order() {
    let found = steps("３７．５℃!!!\u{200b}090\u{200b}-0000-1234");
    let names: Vec<_> = found.iter().map(|step| (step.rule, step.edits, step.after.as_str())).collect();
    assert_eq!(
        names,
        [
            ("nfkc", 1, "37.5℃!!!\u{200b}090\u{200b}-0000-1234"),
            ("allowed", 2, "37.5℃!!!090-0000-1234"),
            ("repetition", 1, "37.5℃!090-0000-1234"),
            ("personal", 1, "37.5℃!"),
        ]
    );
    assert!(steps("頭痛あり。").is_empty());
}

#[test]
fn what_a_later_rule_uncovers_is_seen_again() {
    assert_eq!(clean("090\u{200b}-0000-1234"), "");
    assert_eq!(clean("か\u{200b}\u{3099}"), "が");
    assert_eq!(clean("090-  0000-1234"), clean(&clean("090-  0000-1234")));
}

/// Characters and strings at which the rules cut.
const PIECES: [&str; 90] = [
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
    "0164-25-2755",
    "Ⅱ",
    "Ⅳ",
    "V",
    "Ｖ",
    "i",
    "㎡",
    "⻑",
    "❶",
    "➤",
    "♯",
    "﹟",
    "%",
    "@RA",
    "診断",
    ":",
    ")",
    "♡",
    "姬",
    "\u{1f}",
    "º",
    "ｰ",
];

/// Cleans a text by the rules, one after the other over all of it.
fn by_rules(text: &str) -> (String, Edits) {
    let mut fixpoint = Fixpoint::default();
    let mut edits = [0; ROW_COUNT];
    fixpoint.text().push_str(text);
    (fixpoint.run(&mut edits, |_, _| false).to_owned(), edits)
}

/// Cleans a text by the fused pass.
fn by_fused_pass(text: &str) -> (String, Edits) {
    let mut cleaner = Cleaner::default();
    let cleaned = cleaner.clean_with_spaces(text).to_owned();
    (cleaned, cleaner.take_counts().edits)
}

#[test]
fn the_fused_pass_does_to_every_character_what_the_rules_do() {
    let surroundings =
        [("", ""), ("1", "1"), ("ア", ""), ("（", "（"), (" ", " "), ("。", "か"), ("#", "a"), ("¹", "㎎")];
    for c in '\0'..'\u{30000}' {
        for (before, after) in surroundings {
            let text = format!("{before}{c}{after}");
            assert_eq!(by_fused_pass(&text), by_rules(&text), "{text:?}");
        }
    }
}

#[test]
fn the_fused_pass_sees_what_the_rules_see_around_a_character() {
    for text in [
        // What is deleted later still parts digits when the rule looks.
        "1\u{48e2}0164-25-2755",
        "1\u{1}0164-25-2755",
        "1😀0164-25-2755、次",
        "電話1\u{200b}0164252755",
        // A label stands before an anchor, or seems to.
        "TEL\n番号0300001234",
        "電話 は0300001234、次",
        "電話\nが0300001234",
        "電話 に0300001234",
        "電話\nへ0300001234",
        "電話、を0300001234",
        "電話\nを0300001234",
        // A rule begins at a character that stays.
        "次に内線 2345、次",
        "37°C、37゜C、37˚C",
        "1ー2、１ー２",
        "痛み・・・、痛み...、痛み︙.",
        "詳細はWww.example.comへ",
        "詳細はttp://example.comへ",
        "サ―バ、「―サ",
        " #京都\n#京都 ＃京都、#京都",
        "\u{200b} 行\u{200b} \n \u{200b}",
        // What becomes a space is not yet one when the rules look.
        "ア😀ー2、ア\u{200b}ー2、㔿か．0164-25-2755",
        "Ⅱ😀Ⅲ、V\u{200b}Ⅱ、ⅢＶ1",
        // The line before a # decides.
        "あ\n診断 は 良好 @ward #高血圧 と\n次 #京都\n旅行 を した #京都 と #大阪",
        "か\nき 😀 #京都\n＃京都 く #大阪",
        "診断 を #高血圧 と #京都 と\n散歩、楽しい #海 と #山",
    ] {
        assert_eq!(by_fused_pass(text), by_rules(text), "{text:?}");
    }
}

/// Stretches of text at which the fused pass may hand over to the rules, and back.
const ANCHORED: [&str; 16] = [
    "、あ", "。漢", "\nか", "\n　漢", "、は", "\n番号", "，が", "．次", " ア", "3.5", "（12）", "10月",
    "\n#京", " #京都", "\n診断", "ー2",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn the_fused_pass_does_to_a_text_what_the_rules_do(
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
        prop_assert_eq!(by_fused_pass(&text), by_rules(&text));
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

/// CPU seconds of this thread, which other work on the machine hardly changes; the time of the day elsewhere than on Linux.
pub(super) fn thread_seconds() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).map_or_else(
        || std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs_f64(),
        |nanoseconds| nanoseconds / 1e9,
    )
}

#[test]
fn time_grows_with_the_text_and_not_faster() {
    for piece in
        ["a#", " #", "(", "https://)", ")", "@a", "0", "0-", "(0", "\u{301}", "- ", ".", "TEL0", "\u{200b}0"]
    {
        let text = "https://x".to_owned() + &piece.repeat(200_000);
        let started = thread_seconds();
        clean(&text);
        let taken = thread_seconds() - started;
        assert!(taken < 5.0, "{piece:?} takes {taken} s");
    }
}

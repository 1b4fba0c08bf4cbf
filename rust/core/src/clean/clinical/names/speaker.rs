//! Surnames of who speaks or does something: 病棟の上田です, 中山@放射線科, (小野指導), 森田と2人.

use crate::clean::characters::is_kanji;

/// Words with which a speaker goes on.
const SPEAKS: [&str; 7] =
    ["です。", "です、", "です\n", "でございます", "と申します", "といいます", "と言います"];

/// Words for an action of somebody, before a closing bracket.
const DOES: [&str; 20] = [
    "指導", "代行", "休み", "代理", "確認", "記載", "対応", "担当", "同席", "立会", "介助", "施行", "実施",
    "記", "入力", "報告", "説明", "執刀", "訪問", "記録",
];

/// Tests for a speaker, or for who does something, between `before` and `behind`.
pub fn is_speaker(before: &str, behind: &str) -> bool {
    let begins = before.is_empty() || before.ends_with([' ', '\n', '、', '。', 'の', ':', '「', '(']);
    let speaks = || begins && SPEAKS.iter().any(|word| behind.starts_with(word));
    let does = || {
        let rest = before.ends_with(['(', '、', ' ']).then_some(behind);
        rest.and_then(|rest| rest.split_once(')')).is_some_and(|(word, _)| DOES.contains(&word))
    };
    let at = || behind.strip_prefix('@').is_some_and(|rest| rest.starts_with(is_kanji));
    let together = || {
        let rest = behind.strip_prefix('と');
        let counted = rest.map_or("", |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        rest.is_some_and(|rest| rest.len() > counted.len()) && counted.starts_with(['人', '名'])
    };
    speaks() || does() || at() || together()
}

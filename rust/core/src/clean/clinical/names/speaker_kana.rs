//! Names in hiragana with which somebody begins to speak: 「ふじわらですが, 「やまもとせつこです.

use super::joined::is_full;
use super::words::{Kind, Words};

/// Words with which a speaker goes on behind the own name.
const SPEAKS: [&str; 5] = ["ですが", "ですけど", "と申します", "といいます", "でございます"];

/// Words in hiragana before ですが that are read as surnames are.
const NO_SPEAKERS: [&str; 12] = [
    "いたみ",
    "かゆみ",
    "むくみ",
    "しびれ",
    "おなか",
    "からだ",
    "あたま",
    "くすり",
    "わたし",
    "うち",
    "はじめ",
    "いま",
];

/// Words with which a speaker goes on behind the own surname and given name.
const SPEAKS_FULL: [&str; 4] = ["です", "と申し", "といい", "と言い"];

/// Returns the end of the name with which somebody begins to speak: 「ふじわらですが, 「やまもとせつこです.
pub fn name(words: &Words, text: &str, start: usize, end: usize) -> Option<usize> {
    let run = &text[start..end];
    if !text[..start].ends_with(['「', '『', '\n']) && start > 0 {
        return None;
    }
    let full = SPEAKS_FULL.iter().find_map(|word| run.find(word));
    if let Some(at) = full.filter(|&at| is_full(words, &run[..at])) {
        return Some(start + at);
    }
    if !text[..start].ends_with(['「', '『']) {
        return None;
    }
    let at = SPEAKS.iter().find_map(|word| run.find(word))?;
    let name = &run[..at];
    (name.chars().count() >= 3
        && !NO_SPEAKERS.contains(&name)
        && words.readings_of_names.surnames.has(name)
        && !words.is(name, &[Kind::Other]))
    .then_some(start + at)
}

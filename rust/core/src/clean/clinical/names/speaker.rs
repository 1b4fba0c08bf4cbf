//! Surnames of who speaks or does something: 病棟の上田です, 中山@放射線科, (小野指導), 森田と2人.

use std::ops::Range;

use super::candidate::is_single;
use super::lists::BEFORE;
use super::runs::closed_bracket;
use super::shape::{is_known, is_rare_word, may_be_surname};
use super::usual::is_common;
use super::words::{Kind, Words};
use crate::clean::characters::is_kanji;

/// Words with which a speaker goes on.
const SPEAKS: [&str; 8] =
    ["です」", "です。", "です、", "です\n", "でございます", "と申します", "といいます", "と言います"];

/// Words for an action of somebody, before a closing bracket.
const DOES: [&str; 20] = [
    "指導", "代行", "休み", "代理", "確認", "記載", "対応", "担当", "同席", "立会", "介助", "施行", "実施",
    "記", "入力", "報告", "説明", "執刀", "訪問", "記録",
];

/// The longest of them, in characters.
const LONGEST_DEED: usize = 2;

/// Ends of words for where somebody works.
const DEPARTMENTS: &str = "科室課棟係部局院所護設剤来括看";

/// Words behind the speaker's own surname.
const OF_SPEAKER: [&str; 9] = [
    "の家内です",
    "の妻です",
    "の夫です",
    "の母です",
    "の父です",
    "の娘です",
    "の息子です",
    "の嫁です",
    "と申しま",
];

/// Further words behind a surname with which somebody is spoken of, or speaks.
const SPOKEN: [&str; 26] = [
    "です。",
    "です、",
    "です\n",
    "ですが",
    "ですけど",
    "でございます",
    "と申す",
    "といいま",
    "と言いま",
    "という者",
    "と名乗",
    "の家内",
    "の家族です",
    "の身内",
    "のおばあちゃん",
    "のおじいちゃん",
    "のばあちゃん",
    "のじいちゃん",
    "のおばさん",
    "のおじさん",
    "の奥さん",
    "の代わりに",
    "の代理で",
    "より転送",
    "から転送",
    "より返信",
];

/// Finds a surname, also one that the dictionary lacks, with which somebody speaks or is spoken of: 先生、小室井です。
pub fn spoken(words: &Words, text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let (before, behind) = (&text[..run.start], &text[run.end..]);
    let name = &text[run.clone()];
    let begins = before.is_empty()
        || before.ends_with([' ', '\n', '、', '。', 'の', ':', '「', '(', 'は', 'ら', '『']);
    let at = || {
        behind
            .strip_prefix('@')
            .is_some_and(|rest| rest.starts_with(|c: char| is_kanji(c) || c.is_ascii_uppercase()))
    };
    let mention = || before.ends_with('@') && behind.starts_with([' ', '\n', 'さ']);
    // の and は stand before places and things too.
    let sure = || {
        !before.ends_with(['の', 'は'])
            || !words.is_ordinary(name) && (is_known(words, name) || !words.is(name, &[Kind::Other]))
    };
    let length = name.chars().count();
    // 訪問看護の林です。
    let of_department = || {
        let rest = before.strip_suffix('の').is_some_and(|rest| rest.ends_with(|c| DEPARTMENTS.contains(c)));
        rest && is_single(name) && SPEAKS.iter().any(|word| behind.starts_with(word))
    };
    if length == 1 {
        return of_department().then(|| run.clone());
    }
    let speaks_of_own = OF_SPEAKER.iter().any(|word| behind.starts_with(word));
    // 「荒巻の家内です」: the dictionary has 荒巻 as a noun too.
    if speaks_of_own && before.ends_with(['「', '『']) && words.is(name, &[Kind::Surname]) {
        return Some(run.clone());
    }
    let says = begins && (speaks_of_own || SPOKEN.iter().any(|word| behind.starts_with(word)));
    ((2..=4).contains(&length)
        && (says && sure() || begins && at() || mention())
        && (may_be_surname(words, name) || is_rare_word(words, name)))
    .then(|| run.clone())
}

/// Words behind the surname of who does a task, and of who is asked for it.
const TASKS: [&str; 13] = [
    "が務",
    "がつと",
    "が担",
    "が行",
    "が施行",
    "が引",
    "が代",
    "が執",
    "に依頼",
    "に変更",
    "に交代",
    "にお願い",
    "に交替",
];

/// Finds the surname of who does a task before it: 第一助手を和泉が務めた, 主治医を和泉に変更.
pub fn of_task(words: &Words, text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let task = text[..run.start].strip_suffix('を').is_some_and(|rest| BEFORE.ends(rest));
    let name = &text[run.clone()];
    let behind = &text[run.end..];
    (task && TASKS.iter().any(|word| behind.starts_with(word)) && may_be_surname(words, name))
        .then(|| run.clone())
}

/// Words behind 家 for what a family has or does, and words before its name.
const OF_HOMES: [&str; 24] = [
    "の家族",
    "の長男",
    "の嫁",
    "の墓",
    "の法事",
    "に連絡",
    "へ連絡",
    "を訪問",
    "に訪問",
    "へ訪問",
    "より",
    "から",
    "の介護",
    "で同居",
    "に嫁",
    "の両親",
    " 家族面談",
    " 面談",
    " 家族会議",
    "家族面談",
    " 家系図",
    " ジェノグラム",
    "の家系図",
    "のジェノグラム",
];

/// Finds the surname of a family before 家 that ends the run: 児玉家の家族会議, 実家は中江家。
pub fn of_home(words: &Words, text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let (before, behind) = (&text[..run.start], &text[run.end..]);
    // 山本宅 10時訪問
    if let Some(name) = text[run.clone()].strip_suffix('宅') {
        let closes = behind.is_empty()
            || behind.starts_with([' ', '、', '。', ')', '\n', 'に', 'へ', 'を', 'で', 'よ', 'か', 'の']);
        return (closes && is_common(name)).then(|| run.start..run.start + name.len());
    }
    let name = text[run.clone()].strip_suffix('家')?;
    let home = OF_HOMES.iter().any(|word| behind.starts_with(word))
        || ["実家は", "先は", "宅は", "婚家は", "実家の", "嫁ぎ先の", "隣の"]
            .iter()
            .any(|word| before.ends_with(word));
    (home && may_be_surname(words, name) && !words.is(&text[run.clone()], &[Kind::Other]))
        .then_some(run.start..run.start + name.len())
}

/// Tests for a speaker, or for who does something, between `before` and `behind`.
pub fn is_speaker(before: &str, behind: &str) -> bool {
    let begins = before.is_empty() || before.ends_with([' ', '\n', '、', '。', 'の', ':', '「', '(']);
    let speaks = || begins && SPEAKS.iter().any(|word| behind.starts_with(word));
    let does = || {
        let rest = before.ends_with(['(', '、', ' ']).then_some(behind);
        rest.and_then(|rest| closed_bracket(rest, LONGEST_DEED)).is_some_and(|(word, _)| DOES.contains(&word))
    };
    let at = || behind.strip_prefix('@').is_some_and(|rest| rest.starts_with(is_kanji));
    let together = || {
        let rest = behind.strip_prefix('と');
        let counted = rest.map_or("", |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        rest.is_some_and(|rest| rest.len() > counted.len()) && counted.starts_with(['人', '名'])
    };
    speaks() || does() || at() || together()
}

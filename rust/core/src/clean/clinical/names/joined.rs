//! Names in kana whose parts are one run: サカモトリョウヘイ, スズキサン, トモヤの母.

use std::ops::Range;

use super::super::category::Place;
use super::closing::closes;
use super::lists::{FAMILY, NO_GIVEN, NO_KATAKANA};
use super::readings::katakana;
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_katakana};

/// Honorifics in katakana, which end the run of a name.
const HONORIFICS: [&str; 4] = ["サン", "クン", "チャン", "サマ"];

/// The fewest characters of a surname, and of a given name.
const SHORTEST: (usize, usize) = (3, 2);

/// Finds a name in the run of katakana from `start` to `end`.
pub fn name(words: &Words, text: &str, start: usize, end: usize) -> Option<Place> {
    let run = &text[start..end];
    let place =
        |value_end: usize, whole_end: usize| Place { whole: start..whole_end, value: start..value_end };
    let readings = &words.readings_of_names;
    let other = |word: &str| words.is(word, &[Kind::Other, Kind::Organisation, Kind::Place]);
    for honorific in HONORIFICS {
        if let Some(name) = run.strip_suffix(honorific)
            && name.chars().count() >= 2
            && (readings.surnames.has(name) && name.chars().count() > 2
                || readings.has(name) && !other(name)
                || is_full(words, name))
            && !other(run)
            && !NO_KATAKANA.ends(name)
        {
            return Some(place(start + name.len(), end));
        }
    }
    let behind = &text[end..];
    if let Some(rest) = behind.strip_prefix('の')
        && run.chars().count() >= SHORTEST.0
        && FAMILY.begins(rest)
        && readings.given.has(run)
        && !other(run)
    {
        return Some(place(end, end));
    }
    (closes(behind)
        && !NO_KATAKANA.contains(run)
        && run.chars().count() > SHORTEST.0 + SHORTEST.1
        && is_full(words, run)
        && !other(run))
    .then(|| place(end, end))
}

/// Words in katakana before a name in one run: ドクターキサラギ.
const TITLES: [&str; 7] = ["ドクター", "ナース", "ヘルパー", "ケアマネ", "シスター", "ミスター", "ワタシハ"];

/// Words behind kana by which they are a name, behind と, とだけ or とのみ.
const SAID: [&str; 20] = [
    "名乗",
    "呼ば",
    "呼ん",
    "書い",
    "書か",
    "書け",
    "書字",
    "自分の名",
    "読む",
    "読ん",
    "いう名",
    "署名",
    "改名",
    "記さ",
    "記名",
    "打刻",
    "印字",
    "刻印",
    "名札",
    "サイン",
];

/// Tests for words by which the kana before them are said to be a name: とだけ書かれ.
fn is_said(behind: &str) -> bool {
    behind.strip_prefix('と').is_some_and(|rest| {
        let rest = ["だけ", "のみ"].iter().find_map(|only| rest.strip_prefix(only)).unwrap_or(rest);
        SAID.iter().any(|word| rest.starts_with(word))
    })
}

/// Tests for the reading of a name that is no other word.
pub fn is_name(words: &Words, run: &str) -> bool {
    let readings = &words.readings_of_names;
    let length = run.chars().count();
    (readings.surnames.has(run) && length > 2 || readings.given.has(run) && length > 1 || is_full(words, run))
        && !words.is(run, &[Kind::Other, Kind::Organisation])
        && !NO_GIVEN.contains(run)
        && !NO_KATAKANA.contains(run)
}

/// Tests for a word that announces how somebody is called at the end of `before`.
pub fn is_called(before: &str) -> bool {
    const WORDS: [&str; 10] = [
        "通称",
        "通称名",
        "源氏名",
        "愛称",
        "ニックネームは",
        "名は",
        "名前は",
        "下の名は",
        "孫の名は",
        "本名は",
    ];
    let rest = before.strip_suffix(['「', '『', ' ', ':']).unwrap_or(before);
    rest.ends_with(['称', '名', 'は']) && WORDS.iter().any(|word| rest.ends_with(word))
}

/// Finds a name in the run of kana from `start` to `end` behind a title in the same run, or that is said to be one.
pub fn said(words: &Words, text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let run = &text[start..end];
    let may_be_titled = run.starts_with(['ド', 'ナ', 'ヘ', 'ケ', 'シ', 'ミ', 'ワ']);
    let rest = TITLES.iter().filter(|_| may_be_titled).find_map(|title| run.strip_prefix(title));
    let rest = rest.map(|rest| rest.strip_suffix("デス").unwrap_or(rest));
    if let Some(rest) = rest.filter(|rest| rest.chars().count() > 2 && is_name(words, rest)) {
        let from = start + run.find(rest)?;
        return Some(from..from + rest.len());
    }
    let behind = text[end..].strip_prefix(['」', '』']).unwrap_or(&text[end..]);
    let called = is_called(&text[..start]);
    if !called && !behind.starts_with('と') {
        return None;
    }
    let open = text[..start].ends_with(['「', '『']);
    let said = is_said(behind);
    let closed = || called && (open || behind.starts_with(['と', '、', ' ', '。', 'さ']));
    // アベ is short, and no other word.
    let short = || {
        said && run.starts_with(is_katakana)
            && !["と呼", "と読", "という"].iter().any(|word| behind.starts_with(word))
            && words.readings_of_names.surnames.has(run)
            && !words.is(run, &[Kind::Other, Kind::Organisation])
            && !NO_KATAKANA.contains(run)
    };
    ((said || closed()) && is_name(words, run) || short()).then_some(start..end)
}

/// Tests for a surname and a given name in one run that a title or an honorific stands beside: either may be short or
/// another word, but not both.
pub fn is_full_beside(words: &Words, run: &str) -> bool {
    let length = run.chars().count();
    if !(SHORTEST.0 + SHORTEST.1..=12).contains(&length)
        || run.contains('ー')
        || words.is(run, &[Kind::Other])
    {
        return false;
    }
    let readings = &words.readings_of_names;
    let other = |part: &str| words.is(part, &[Kind::Other]);
    // そのおじんさん
    if ["この", "その", "あの", "どの"].iter().any(|word| run.starts_with(word)) {
        return false;
    }
    run.char_indices().skip(SHORTEST.1).any(|(i, _)| {
        let (surname, given) = run.split_at(i);
        let long = |part: &str| part.chars().count() >= SHORTEST.0;
        (long(surname) && !other(surname) && given.chars().count() >= SHORTEST.1
            || long(given) && !other(given))
            && readings.given.has(given)
            && readings.surnames.has(surname)
    })
}

/// Tests for a surname and a given name, each with its reading, in one run.
pub fn is_full(words: &Words, run: &str) -> bool {
    let length = run.chars().count();
    if !(SHORTEST.0 + SHORTEST.1..=12).contains(&length) || run.contains('ー') {
        return false;
    }
    let readings = &words.readings_of_names;
    let converted = run.starts_with(is_hiragana).then(|| katakana(run));
    let run = converted.as_deref().unwrap_or(run);
    run.char_indices().skip(SHORTEST.0).any(|(i, _)| {
        let (surname, given) = run.split_at(i);
        given.chars().nth(SHORTEST.1 - 1).is_some()
            && readings.given.has_katakana(given)
            && readings.surnames.has_katakana(surname)
            && !words.is(given, &[Kind::Other])
            && !words.is(surname, &[Kind::Other])
    })
}

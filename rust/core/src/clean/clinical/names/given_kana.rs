//! Given names in kana behind a surname.

use super::given_kanji::is_given_kanji;
use super::lists::{GIVEN_HIRAGANA, GIVEN_KATAKANA, GIVEN_MODERN, GOES_ON, NO_GIVEN};
use super::readings::katakana;
use super::runs::{is_katakana_word, run_of, run_up_to};
use super::titles::{age_behind, honorific};
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji};

/// Returns the end of a given name in kana behind the surname that ends at `at`; `at` if there is none.
pub fn given_in_kana(words: &Words, text: &str, at: usize) -> usize {
    let dot = text[at..].strip_prefix('・').map(|_| at + '・'.len_utf8());
    let start = dot.unwrap_or(at + text[at..].len() - text[at..].trim_start_matches(' ').len());
    if dot.is_none() && start > at + 2 {
        return at;
    }
    if dot.is_none()
        && start > at
        && let Some(end) = with_kanji(text, start)
    {
        return end;
    }
    let name = if run_of(text, start, is_katakana_word) > start {
        in_katakana(words, text, start, start == at)
    } else {
        in_hiragana(words, text, start)
    };
    name.unwrap_or(at)
}

/// Returns the end of the name in katakana at `start`; `joined` tells that no space stands before it.
fn in_katakana(words: &Words, text: &str, start: usize, joined: bool) -> Option<usize> {
    let end = run_of(text, start, is_katakana_word);
    let word = &text[start..end];
    let length = word.chars().count();
    // トヨ子: a kanji closes the name.
    if length <= 3 && text[end..].starts_with(['子', '江', '代', '美', '枝', '乃']) {
        return Some(end + "子".len());
    }
    let of_dictionary =
        (2..=3).contains(&length) && joined && !word.contains('ー') && words.is(word, &[Kind::Given]);
    let read = || {
        (2..=4).contains(&length)
            && words.readings_of_names.given.has(word)
            && !words.is(word, &[Kind::Other, Kind::Organisation, Kind::Place])
    };
    (GIVEN_KATAKANA.contains(word) || of_dictionary || read()).then_some(end)
}

/// Returns the end of a given name of one kanji with kana behind it before an honorific: 志げ 様, 美よ子さん.
fn with_kanji(text: &str, start: usize) -> Option<usize> {
    let first = text[start..].chars().next()?;
    let to = start + first.len_utf8();
    if !is_given_kanji(&text[start..to])
        || text[to..].starts_with(['は', 'が', 'を', 'に', 'で', 'へ', 'も', 'と', 'さ'])
    {
        return None;
    }
    let kana = run_up_to(2, text, to, is_hiragana);
    let mut ends = text[to..kana].char_indices().map(|(i, c)| to + i + c.len_utf8());
    let honoured = |end: usize| {
        let behind = text[end..].strip_prefix('子').unwrap_or(&text[end..]).trim_start_matches(' ');
        ["様", "殿", "さん", "さま"].iter().any(|word| behind.starts_with(word))
    };
    let end = ends.find(|&end| honoured(end))?;
    Some(end + text[end..].strip_prefix('子').map_or(0, |_| '子'.len_utf8()))
}

/// Kanji that close a given name in hiragana, as they are read.
const CLOSING: [(char, &str); 7] =
    [('子', "こ"), ('江', "え"), ('代', "よ"), ('美', "み"), ('枝', "え"), ('恵', "え"), ('乃', "の")];

/// Returns the end of a name in hiragana that one kanji closes: せつ子, さと美.
pub fn closed_by_kanji(words: &Words, text: &str, start: usize) -> Option<usize> {
    let end = run_of(text, start, is_hiragana);
    let run = &text[start..end];
    if (1..=3).contains(&run.chars().count())
        && let Some((kanji, kana)) = CLOSING.iter().find(|(kanji, _)| text[end..].starts_with(*kanji))
        && !text[end + kanji.len_utf8()..].starts_with(is_kanji)
        && words.readings_of_names.given.has(&format!("{run}{kana}"))
    {
        return Some(end + kanji.len_utf8());
    }
    None
}

/// Returns the end of the name in hiragana at `start`.
fn in_hiragana(words: &Words, text: &str, start: usize) -> Option<usize> {
    if let Some(end) = closed_by_kanji(words, text, start) {
        return Some(end);
    }
    let end = run_of(text, start, is_hiragana);
    let run = &text[start..end];
    let ends = |rest: &str| rest.is_empty() || GOES_ON.begins(rest);
    let lengths = run.char_indices().map(|(i, c)| i + c.len_utf8()).skip(1).take(LONGEST_GIVEN - 1);
    let names = lengths.filter(|&length| {
        if let Some(n) = honorific(&text[start + length..]) {
            // 平生たくさん
            if text.get(start..start + length + n).is_some_and(|word| words.is_ordinary(word)) {
                return false;
            }
            let word = &run[..length];
            return is_given_hiragana(words, word)
                || text[start + length..].starts_with(['さ', 'ち', 'く']) && is_unlisted(word)
                || words.readings_of_names.given.has(word) && !NO_GIVEN.contains(word);
        }
        let aged = || length == run.len() && text[end..].starts_with('(') && age_behind(&text[end..]);
        is_given_hiragana(words, &run[..length]) && ends(&run[length..])
            || aged() && (is_modern(words, run) || is_unlisted(run))
    });
    names.last().map(|length| start + length)
}

/// Tests for the reading of a given name, or one of those that came up of late.
fn is_modern(words: &Words, word: &str) -> bool {
    words.readings_of_names.given.has(word) || GIVEN_MODERN.contains(&katakana(word))
}

/// Parts of words for members of the family.
const OF_FAMILY: [&str; 8] = ["ばあ", "じい", "かあ", "とう", "ねえ", "にい", "おじ", "おば"];

/// Tests for three or four characters between a surname and an honorific that no list of given names has: まひる.
fn is_unlisted(word: &str) -> bool {
    (3..=4).contains(&word.chars().count())
        && !word.starts_with([
            'は', 'が', 'に', 'の', 'と', 'も', 'で', 'へ', 'を', 'か', 'や', 'お', 'ご', 'さ', 'ち', 'く',
        ])
        && !word.ends_with([
            'と', 'の', 'に', 'が', 'は', 'を', 'も', 'で', 'へ', 'や', 'ら', 'い', 'く', 'っ', 'ん',
        ])
        && !OF_FAMILY.iter().any(|part| word.contains(part))
        && !NO_GIVEN.contains(word)
        && !NO_PERSONS.contains(&word)
}

/// Words before さん for what somebody is, not who.
const NO_PERSONS: [&str; 8] =
    ["ともだち", "なかま", "せんぱい", "いつも", "みんな", "あかちゃ", "いもうと", "ひとり"];

/// Honorifics, with which no given name in hiragana begins.
const NO_HONORIFICS: [&str; 5] = ["さん", "さま", "くん", "ちゃん", "どの"];

/// The longest given name in hiragana, in characters.
const LONGEST_GIVEN: usize = 5;

/// Tests for a given name in hiragana that is no other word behind a surname.
fn is_given_hiragana(words: &Words, word: &str) -> bool {
    // A particle begins or ends most other words behind a surname: 坂本さんが, 浅野はこの.
    let begins = word.starts_with(['は', 'が', 'に', 'の', 'と', 'も', 'で', 'へ', 'を', 'か', 'や']);
    let ends = word.ends_with(['と', 'の', 'に', 'が', 'は', 'を', 'も', 'で', 'へ', 'さ']);
    let usual = word.chars().count() > 2 && word.ends_with(['こ', 'え', 'よ', 'み', 'お', 'し', 'じ', 'う']);
    GIVEN_HIRAGANA.contains(word)
        || (usual || !begins)
            && !ends
            && !NO_HONORIFICS.iter().any(|honorific| word.starts_with(honorific))
            && words.readings_of_names.given.has(word)
            && !NO_GIVEN.contains(word)
}

/// Ends of given names of three characters or more.
const LONG_ENDS: [&str; 20] = [
    "こ", "み", "え", "よ", "お", "じ", "ろう", "すけ", "ゆき", "ひこ", "ひろ", "や", "と", "き", "か", "な",
    "り", "し", "ん", "た",
];

/// Tests for a usual given name, or one of three characters or more that is no other word.
pub fn is_long_given(words: &Words, name: &str) -> bool {
    GIVEN_HIRAGANA.contains(name)
        || name.chars().count() > 2
            && LONG_ENDS.iter().any(|end| name.ends_with(end))
            && words.readings_of_names.given.has(name)
            && !NO_GIVEN.contains(name)
            && !words.is(name, &[Kind::Other])
}

/// Animals, and other words of two characters, before さん.
const NO_SHORT: [&str; 24] = [
    "くま", "とり", "さる", "いぬ", "ねこ", "へび", "かに", "たこ", "ぶた", "ぞう", "きじ", "わに", "うし",
    "うま", "かめ", "りす", "あり", "はち", "えび", "つま", "きん", "かみ", "じん", "あん",
];

/// Tests for a given name of two characters that is no other word.
pub fn is_short_given(words: &Words, name: &str) -> bool {
    words.readings_of_names.given.has(name)
        && name
            .ends_with(|c| "いえかきくけこさしすせそたちつとなねのはふみむめもやゆよりるろわん".contains(c))
        && !name.contains(['っ', 'ゃ', 'ゅ', 'ょ'])
        && !NO_SHORT.contains(&name)
        && !NO_GIVEN.contains(name)
}

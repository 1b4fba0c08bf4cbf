//! Values of a roster, a cell or a field that are a name by their form.

use std::ops::Range;

use super::super::candidate::is_titled_single;
use super::super::lists::NO_LABEL_VALUES;
use super::super::runs::{is_katakana_word, run_of, run_up_to};
use super::super::shape::may_be_surname;
use super::super::titled::is_lacking;
use super::super::titles::{honorific, is_family};
use super::super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji};

/// The longest name of a roster, in characters.
const LONGEST: usize = 6;

/// Last characters of words for what is done, where and by whom.
pub const NO_ENDS: &str = "科部室棟班課院医員者師士会名済休診術式薬液科時分日月歳病症炎腫癌痛熱";

/// Reads the name at `at`, behind which nothing goes on: a surname, and kanji or hiragana behind it.
pub fn value(words: &Words, text: &str, at: usize) -> Option<Range<usize>> {
    let kanji = run_up_to(LONGEST, text, at, is_kanji);
    let end = run_of(text, kanji, is_hiragana);
    let rest = &text[end..];
    let closed = rest.is_empty() || rest.starts_with([' ', '\n', '\r', '、', '/', ',', '(', '。', '\t']);
    let (name, kana) = (&text[at..kanji], &text[kanji..end]);
    let given = kana.is_empty() || (2..=4).contains(&kana.chars().count()) && !words.is_ordinary(kana);
    (closed && given && is_name(words, name)).then_some(at..end)
}

/// Tests for two or three characters that are no word and end as many surnames do: 兎田.
fn is_closed(words: &Words, name: &str) -> bool {
    const KINDS: [Kind; 6] =
        [Kind::Surname, Kind::Given, Kind::Other, Kind::Place, Kind::Organisation, Kind::Person];
    (2..=3).contains(&name.chars().count())
        && name.ends_with(|c| "田川谷野木山原島沢村本口上崎浦森橋岡井".contains(c))
        && !words.is(name, &KINDS)
        && !name.char_indices().nth(2).is_some_and(|(i, _)| words.is_ordinary(&name[..i]))
}

/// The fewest surnames with the same first or last character as a name of a roster that the dictionary lacks.
const ALIKE: u16 = 5;

/// Tests for kanji that a surname begins and that are no other word.
fn is_name(words: &Words, name: &str) -> bool {
    let surname = |part: &str| {
        words.is(part, &[Kind::Surname]) || is_titled_single(part) || may_be_surname(words, part)
    };
    let ends = name.char_indices().map(|(i, c)| i + c.len_utf8()).take(3);
    let fits = |end: usize| {
        let given = &name[end..];
        surname(&name[..end])
            && given.chars().count() <= 3
            && (given.is_empty()
                || words.is(given, &[Kind::Given])
                || !words.is(given, &[Kind::Other, Kind::Place]))
            && (end > '字'.len_utf8() || given.is_empty() || words.is(given, &[Kind::Given]))
    };
    (ends.into_iter().any(fits) || is_lacking(words, name, ALIKE) || is_closed(words, name))
        && (!words.is_ordinary(name) || words.is(name, &[Kind::Surname]) || is_titled_single(name))
        && !name.ends_with(|c| NO_ENDS.contains(c))
        && !NO_LABEL_VALUES.begins(name)
        && !is_family(name)
        && honorific(name).is_none()
}

/// Tests for a whole value of a field that is a name: a surname, and kanji, kana or a space and these behind it;
/// places are none unless `places` says so.
pub fn is_whole_name(words: &Words, value: &str, places: bool) -> bool {
    let kanji = run_up_to(LONGEST, value, 0, is_kanji);
    let (surname, rest) = value.split_at(kanji);
    let given = rest.trim_start_matches(' ');
    let kana = |c: char| is_hiragana(c) || is_katakana_word(c);
    let kanji_behind = given.len() < rest.len() && given.chars().all(is_kanji);
    let place =
        !places && words.is(value, &[Kind::Place, Kind::Organisation]) && !words.is_surname_first(value);
    let fits = given.is_empty() || given.chars().all(kana) || kanji_behind;
    fits && given.chars().count() <= 4 && !place && is_name(words, surname)
}

//! Names beside those that were found: the rest of a list (安食・海野・江守), a surname before a given name.

use std::ops::Range;

use super::super::category::Place;
use super::lists::NO_LABEL_VALUES;
use super::runs::run_end;
use super::shape::{begins_phrase, is_derived, is_given, is_known, is_listed, may_be_surname};
use super::titles::honorific;
use super::words::Words;
use crate::clean::characters::is_kanji;

/// Marks between the names of a list.
const MARKS: [char; 9] = ['、', '・', '/', '&', '→', '+', ',', ' ', '□'];

/// The most characters between two names of a list: a time, a value, a remark.
const MOST_BETWEEN: usize = 12;

/// Adds the neighbours of the names in `found` from `first` on.
pub fn add(words: &Words, text: &str, found: &mut Vec<Place>, first: usize) {
    let mut at = first;
    while at < found.len() {
        extend(words, text, found, at);
        extend_forward(words, text, found, at);
        let place = found[at].whole.clone();
        let free = |range: &Range<usize>, found: &[Place]| {
            !found[first..].iter().any(|other| other.whole.start < range.end && range.start < other.whole.end)
        };
        for name in [before(words, text, place.start), behind(words, text, &place)].into_iter().flatten() {
            if free(&name, found) {
                found.push(Place { whole: name.clone(), value: name });
            }
        }
        at += 1;
    }
    found[first..].sort_by_key(|place| place.whole.start);
}

/// Takes the surname right before a given name that was found, and the given name behind a surname.
fn extend(words: &Words, text: &str, found: &mut [Place], at: usize) {
    let start = found[at].value.start;
    let limit = found[..at].last().map_or(0, |before| before.whole.end);
    let head = text[..start].strip_suffix(' ').unwrap_or(&text[..start]);
    let length: usize = head.chars().rev().take(4).take_while(|&c| is_kanji(c)).map(char::len_utf8).sum();
    let run = head.len() - length;
    let given = is_given(words, &text[found[at].value.clone()]);
    if !given || run < limit || length == 0 {
        return;
    }
    let apart = head.len() < start;
    let starts = head[run..].char_indices().map(|(i, _)| run + i);
    let surname = starts.into_iter().find(|&i| {
        let name = &head[i..];
        let fits = if apart {
            may_be_surname(words, name)
        } else {
            is_derived(words, name) || is_known(words, name)
        };
        name.chars().nth(1).is_some() && fits && !text[..i].ends_with(is_kanji)
            || is_derived(words, name) && i > run
    });
    if let Some(surname) = surname {
        found[at].value.start = surname;
        found[at].whole.start = surname;
    }
}

/// Takes the given name behind a surname that was found, a space or a dot between them: 鈴鹿 拓人, 中井・孝雄.
fn extend_forward(words: &Words, text: &str, found: &mut [Place], at: usize) {
    let Range { start, end } = found[at].value;
    if found[at].whole.end > end || !may_be_surname(words, &text[start..end]) {
        return;
    }
    let rest = &text[end..];
    let Some(inner) = rest.strip_prefix([' ', '・']) else { return };
    let from = text.len() - inner.len();
    let to = run_end(text, from);
    let free = found
        .iter()
        .enumerate()
        .all(|(i, other)| i == at || other.whole.end <= from || other.whole.start >= to);
    if to > from && free && is_given(words, &text[from..to]) {
        found[at].value.end = to;
        found[at].whole.end = to;
    }
}

/// Finds the name of a list before the one at `start`.
fn before(words: &Words, text: &str, start: usize) -> Option<Range<usize>> {
    let head = text[..start].strip_suffix(MARKS).filter(|head| !head.ends_with(' '))?;
    let spaced = text[..start].ends_with(' ');
    let length: usize = head.chars().rev().take(6).take_while(|&c| is_kanji(c)).map(char::len_utf8).sum();
    let run = head.len() - length;
    let name = &head[run..];
    let opens = begins_phrase(&text[..run]) || text[..run].ends_with(['□', '+', '&', '班']);
    let listed = text[..run].is_empty() || text[..run].ends_with([':', '→', '□', '\n', '班']);
    (length > 0 && !spaced && opens && is_name(words, name, listed)).then_some(run..head.len())
}

/// Finds the name of a list behind the one at `place`.
fn behind(words: &Words, text: &str, place: &Range<usize>) -> Option<Range<usize>> {
    let rest = &text[place.end..];
    let between = |c: char| MARKS.contains(&c) || c.is_ascii_alphanumeric() || "():.様①②③④⑤⑥⑦⑧⑨⑩".contains(c);
    let length: usize = rest.chars().take(MOST_BETWEEN).take_while(|&c| between(c)).map(char::len_utf8).sum();
    let mark = rest[..length].contains(['、', '・', '/', '&', '→', '+', ',', '□'])
        || rest[..length].contains(' ') && rest[..length].contains(|c: char| c.is_ascii_digit());
    let start = place.end + length;
    let end = run_end(text, start);
    let name = &text[start..end];
    let together =
        ["両名", "両医師", "両先生", "両氏", "ペア", "組"].iter().find_map(|word| name.strip_suffix(word));
    let name = together.unwrap_or(name);
    let behind = &text[start + name.len()..];
    let ends = together.is_some()
        || behind.is_empty()
        || behind.starts_with(|c: char| {
            MARKS.contains(&c) || c.is_ascii_alphanumeric() || "()\n。※」の".contains(c)
        })
        || ["が", "に", "は", "と", "を", "より", "から", "ペア"].iter().any(|word| behind.starts_with(word));
    let valued = rest[..length].contains('、') && rest[..length].contains(|c: char| c.is_ascii_digit());
    let listed = valued || rest[..length].contains(['/', '→', '□', '+', '&']);
    (mark && !name.is_empty() && ends && is_name(words, name, listed)).then_some(start..start + name.len())
}

/// Tests for a surname in a list, also one that is a place where `places` says so.
fn is_name(words: &Words, name: &str, places: bool) -> bool {
    name.chars().nth(1).is_some()
        && is_listed(words, name, places)
        && honorific(name).is_none()
        && !NO_LABEL_VALUES.begins(name)
}

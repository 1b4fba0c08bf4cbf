//! Rosters: names behind weekdays, numbers, times, beds and rooms, and behind roles, where others of the list are names.

use std::ops::Range;

use super::super::category::Place;
use super::candidate::is_titled_single;
use super::lists::{BEFORE, BEFORE_MARK, NO_LABEL_VALUES};
use super::runs::{is_katakana_word, run_end, run_of, run_up_to};
use super::shape::{is_known, may_be_surname};
use super::titled::is_lacking;
use super::titles::{honorific, is_family};
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji};

/// Kind of mark before a name of a roster.
#[derive(Clone, Copy, PartialEq)]
enum Key {
    /// 月:, 火 .
    Weekday,
    /// 1., 2).
    Number,
    /// ①.
    Circled,
    /// 9:15.
    Time,
    /// ベッド2.
    Bed,
    /// A室:.
    Room,
}

/// Words before a number that say where somebody lies.
const BEDS: [&str; 4] = ["ベッド", "ベット", "Bed", "bed"];

/// Adds the other names of the rosters in which names of `found` from `first` on stand.
pub fn add(words: &Words, text: &str, found: &mut Vec<Place>, first: usize) {
    let mut added = Vec::new();
    let mut at = 0;
    let mut i = first;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let from = i;
        while found.get(i).is_some_and(|place| place.whole.start < range.end) {
            i += 1;
        }
        let names = &found[from..i];
        if !names.is_empty() || line.contains("室:") {
            slots(words, text, &range, names, &mut added);
        }
        if !names.is_empty() {
            added.extend(last_cell(words, text, &range, names));
            roles(words, text, &range, names, &mut added);
        }
    }
    added.sort_by_key(|name| name.start);
    added.dedup_by(|b, a| b.start < a.end);
    found.extend(added.into_iter().map(|name| Place { whole: name.clone(), value: name }));
    found[first..].sort_by_key(|place| place.whole.start);
}

/// Tests whether `range` meets none of the places, which are in order.
fn is_free(range: &Range<usize>, names: &[Place]) -> bool {
    let i = names.partition_point(|place| place.whole.end <= range.start);
    names.get(i).is_none_or(|place| place.whole.start >= range.end)
}

/// Adds the names behind keys of which another one of the line stands before a name.
fn slots(words: &Words, text: &str, line: &Range<usize>, names: &[Place], added: &mut Vec<Range<usize>>) {
    let mut slots: Vec<(Key, usize)> = Vec::new();
    for (i, c) in text[line.clone()].char_indices() {
        let at = line.start + i;
        let digit = c.is_ascii_digit() || matches!(c, '①'..='⑳');
        if digit || "月火水木金土日".contains(c) || c.is_ascii_uppercase() {
            slots.extend(key(text, at));
        }
    }
    let starts = |at: usize| {
        let i = names.partition_point(|place| place.value.start < at);
        names.get(i).is_some_and(|place| place.value.start == at)
    };
    for key in [Key::Weekday, Key::Number, Key::Circled, Key::Time, Key::Bed, Key::Room] {
        let values = || slots.iter().filter(|slot| slot.0 == key).map(|slot| slot.1);
        let all = || values().count() > 1 && values().all(|at| value(words, text, at).is_some());
        if values().any(starts) || key == Key::Room && all() {
            let others = values().filter(|&at| !starts(at)).filter_map(|at| value(words, text, at));
            added.extend(others.filter(|range| is_free(range, names)));
        }
    }
}

/// Reads the key that begins at `at`; returns it with the start of what stands behind it.
fn key(text: &str, at: usize) -> Option<(Key, usize)> {
    let before = &text[..at];
    let rest = &text[at..];
    let first = rest.chars().next()?;
    let behind = &rest[first.len_utf8()..];
    let place = |key, rest: &str| {
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        Some((key, text.len() - rest.len()))
    };
    if matches!(first, '①'..='⑳') {
        return place(Key::Circled, behind);
    }
    let opens = before.is_empty() || before.ends_with([' ', '\n', '、', ':', '/', '・', ',', '\t']);
    if is_kanji(first) {
        return behind.strip_prefix([':', ' ']).filter(|_| opens).and_then(|rest| place(Key::Weekday, rest));
    }
    if first.is_ascii_uppercase() {
        return behind.strip_prefix("室:").filter(|_| opens).and_then(|rest| place(Key::Room, rest));
    }
    if before.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
    let rest = &rest[digits..];
    if digits > 2 {
        return None;
    }
    if BEDS.iter().any(|word| before.ends_with(word)) {
        return rest.strip_prefix([' ', ':']).and_then(|rest| place(Key::Bed, rest));
    }
    let minutes =
        rest.strip_prefix(':').filter(|rest| rest.bytes().take_while(u8::is_ascii_digit).count() == 2);
    if let Some(minutes) = minutes {
        return minutes[2..].strip_prefix(' ').filter(|_| opens).and_then(|rest| place(Key::Time, rest));
    }
    rest.strip_prefix(['.', ')']).filter(|_| opens).and_then(|rest| place(Key::Number, rest))
}

/// The longest name of a roster, in characters.
const LONGEST: usize = 6;

/// Reads the name at `at`, behind which nothing goes on: a surname, and kanji or hiragana behind it.
fn value(words: &Words, text: &str, at: usize) -> Option<Range<usize>> {
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

/// Last characters of words for what is done, where and by whom.
const NO_ENDS: &str = "科部室棟班課院医員者師士会名済休診術式薬液科時分日月歳病症炎腫癌痛熱";

/// Adds surnames behind roles: 執刀三輪 beside 麻酔小倉, where the one beside a comma is a name behind its role.
fn roles(words: &Words, text: &str, line: &Range<usize>, names: &[Place], added: &mut Vec<Range<usize>>) {
    const BORDERS: [char; 8] = ['、', '。', ':', ' ', '\n', '(', ')', ','];
    let clause_start = |end: usize| {
        text[line.start..end].rfind(BORDERS).map_or(line.start, |i| {
            let at = line.start + i;
            at + text[at..].chars().next().map_or(1, char::len_utf8)
        })
    };
    for place in names {
        let name = &place.value;
        if name.end != place.whole.end {
            continue;
        }
        // A role of two to five characters stands right before it.
        let role: usize = text[line.start..name.start]
            .chars()
            .rev()
            .take(MOST_ROLE)
            .take_while(|c| !BORDERS.contains(c))
            .map(char::len_utf8)
            .sum();
        let start = name.start - role;
        if role == 0 || !(BEFORE.ends(&text[..name.start]) || BEFORE_MARK.ends(&text[..name.start])) {
            continue;
        }
        if let Some(behind) = text[name.end..line.end].strip_prefix('、') {
            let from = line.end - behind.len();
            let to = from + behind.find(BORDERS).unwrap_or(behind.len());
            added.extend(behind_role(words, text, from..to).filter(|range| is_free(range, names)));
        }
        if text[..start].ends_with('、') {
            let to = start - '、'.len_utf8();
            let near = text[line.start..to].char_indices().rev().take(MOST_ROLE + 4).last();
            if let Some((i, _)) = near {
                let from = clause_start(to).max(line.start + i);
                added.extend(behind_role(words, text, from..to).filter(|range| is_free(range, names)));
            }
        }
    }
}

/// The fewest commas of a row.
const FEWEST_COMMAS: usize = 4;

/// Finds the surname that ends a row of cells, one of which is a name: 101,山田太郎,M,77,脳梗塞,津川.
fn last_cell(words: &Words, text: &str, line: &Range<usize>, names: &[Place]) -> Option<Range<usize>> {
    let row = text[line.clone()].trim_end_matches(['\n', '\r']);
    let (head, cell) = row.rsplit_once(',')?;
    let whole =
        |place: &Place| text[..place.whole.start].ends_with(',') && text[place.whole.end..].starts_with(',');
    let fits = (2..=3).contains(&cell.chars().count())
        && may_be_surname(words, cell)
        && head.matches(',').count() + 1 >= FEWEST_COMMAS
        && names.iter().any(whole);
    let end = line.start + row.len();
    let range = end - cell.len()..end;
    (fits && is_free(&range, names)).then_some(range)
}

/// The longest role, in characters.
const MOST_ROLE: usize = 6;

/// Finds the surname that closes a clause which a role begins.
fn behind_role(words: &Words, text: &str, clause: Range<usize>) -> Option<Range<usize>> {
    let part = &text[clause.clone()];
    let count = part.chars().count();
    if !(4..=MOST_ROLE + 3).contains(&count) {
        return None;
    }
    let katakana = run_of(part, 0, is_katakana_word);
    let starts = part.char_indices().map(|(i, _)| i).skip(2);
    let mut starts = starts.filter(|&i| {
        let (role, name) = part.split_at(i);
        let listed = BEFORE.ends(role) || BEFORE_MARK.ends(role);
        let surname = (2..=3).contains(&name.chars().count())
            && run_end(name, 0) == name.len()
            && words.is(name, &[Kind::Surname])
            && !name.ends_with(|c| NO_ENDS.contains(c))
            && !NO_LABEL_VALUES.begins(name);
        let known = is_known(words, name);
        surname && (listed || known && (words.is_ordinary(role) || katakana == i))
    });
    starts.next().map(|i| clause.start + i..clause.end)
}

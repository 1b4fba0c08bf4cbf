//! Rosters: names behind weekdays, numbers, times, beds and rooms, and behind roles, where others of the list are names.

mod free;
mod key;
mod name;
mod roles;

use std::ops::Range;

use super::super::category::Place;
use super::shape::may_be_surname;
use super::words::Words;
use free::is_free;
use key::Key;
pub use name::is_whole_name;
use name::value;

/// Adds the other names of the rosters in which names of `found` stand, which are in order.
pub fn add(words: &Words, text: &str, found: &mut Vec<Place>) {
    let mut added = Vec::new();
    let mut at = 0;
    let mut i = 0;
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
            roles::add(words, text, &range, names, &mut added);
        }
    }
    added.sort_by_key(|name| name.start);
    added.dedup_by(|b, a| b.start < a.end);
    found.extend(added.into_iter().map(|name| Place { whole: name.clone(), value: name }));
    found.sort_by_key(|place| place.whole.start);
}

/// Adds the names behind keys of which another one of the line stands before a name.
fn slots(words: &Words, text: &str, line: &Range<usize>, names: &[Place], added: &mut Vec<Range<usize>>) {
    let mut slots: Vec<(Key, usize)> = Vec::new();
    for (i, c) in text[line.clone()].char_indices() {
        let at = line.start + i;
        let digit = c.is_ascii_digit() || matches!(c, '①'..='⑳');
        if digit || "月火水木金土日".contains(c) || c.is_ascii_uppercase() {
            slots.extend(key::read(text, at));
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

//! Surnames behind roles where the name beside them stands behind its role: 執刀三輪、麻酔小倉.

use std::ops::Range;

use super::super::super::category::Place;
use super::super::lists::{BEFORE, BEFORE_MARK, NO_LABEL_VALUES};
use super::super::runs::{is_katakana_word, run_end, run_of};
use super::super::shape::is_known;
use super::super::words::{Kind, Words};
use super::free::is_free;
use super::name::NO_ENDS;

/// The longest role, in characters.
const MOST_ROLE: usize = 6;

/// Adds surnames behind roles: 執刀三輪 beside 麻酔小倉, where the one beside a comma is a name behind its role.
pub fn add(words: &Words, text: &str, line: &Range<usize>, names: &[Place], added: &mut Vec<Range<usize>>) {
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

//! Further numbers of a list, of the form of the first: ID 5560-71と5560-17, PHS 8-4417、夜間は8-0091.

use std::ops::Range;

use super::code::code;
use super::reading::ends_number;
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Signs and words between two numbers.
const JOINTS: [&str; 9] = ["、", ",", "/", "・", "と", "および", "及び", "または", "→"];

/// The most characters of a remark before a further number: 夜間は.
const LONGEST_REMARK: usize = 5;

/// The longest word for a place before a further number, in characters: ICU→.
const LONGEST_PLACE: usize = 8;

/// The fewest digits of a number that is told by its form.
const FEWEST: usize = 4;

/// Finds the numbers behind the one at `value` that have its form; a remark may stand before them where `remarks` says so.
pub fn further(text: &str, value: &Range<usize>, remarks: bool) -> Vec<Range<usize>> {
    let form = &text[value.clone()];
    let mut found = Vec::new();
    let digits = form.bytes().filter(u8::is_ascii_digit).count();
    if digits < FEWEST || !form.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return found;
    }
    let mut end = value.end;
    while let Some(start) = behind_joint(text, value.start, end, remarks) {
        let Some(number) = text.get(start..start + form.len()).filter(|number| is_alike(number, form)) else {
            break;
        };
        end = start + number.len();
        if text[end..].starts_with('-') || !ends_number(text, end) {
            break;
        }
        found.push(start..end);
    }
    found
}

/// Words for the newer of two numbers.
const NEWER: [&str; 6] = ["(新)", "新:", "新 ", "(現)", "現:", "(統合後)"];

/// Finds the number that has replaced the one at `value`, whatever its form: (旧)19224 → (新)0051-8830.
pub fn renumbered(text: &str, value: &Range<usize>) -> Option<Range<usize>> {
    let rest = text[value.end..].trim_start_matches(' ').strip_prefix('→')?.trim_start_matches(' ');
    let rest = NEWER.iter().find_map(|word| rest.strip_prefix(word))?.trim_start_matches(' ');
    code(text, text.len() - rest.len(), FEWEST)
}

/// Returns the start of what stands behind a joint at `at`, and a remark; the list begins with the number at `first`.
fn behind_joint(text: &str, first: usize, at: usize, remarks: bool) -> Option<usize> {
    let rest = JOINTS.iter().find_map(|joint| text[at..].strip_prefix(joint))?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let word = |c: &char| is_kanji(*c) || is_hiragana(*c);
    let remark: usize = rest.chars().take(LONGEST_REMARK).take_while(word).map(char::len_utf8).sum();
    let start = text.len() - rest.len() + remark;
    // PHS→5508、ICU→5531: the mark before the first number stands before the next one too.
    let place = |c: &char| is_kanji(*c) || is_katakana(*c) || *c == 'ー' || c.is_ascii_uppercase();
    let place: usize = rest.chars().take(LONGEST_PLACE).take_while(place).map(char::len_utf8).sum();
    if remarks && place > 0 && rest[place..].starts_with('→') && text[..first].ends_with('→') {
        return Some(text.len() - rest.len() + place + '→'.len_utf8());
    }
    (remarks || remark == 0).then_some(start)
}

/// Tests for a digit where the form has one, and its dashes.
fn is_alike(number: &str, form: &str) -> bool {
    number.bytes().zip(form.bytes()).all(|(a, b)| a.is_ascii_digit() && b.is_ascii_digit() || a == b)
}

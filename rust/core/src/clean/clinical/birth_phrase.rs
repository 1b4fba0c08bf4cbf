//! Dates of birth with a few words before 生まれた: 昭和8年3月3日、桃の節句に生まれた.

use std::ops::Range;

use super::birth_beside::date_before;
use super::category::Place;

/// The longest stretch between the date and the word for birth, in characters.
const LONGEST_WORDS: usize = 20;

/// Reads the date of which a time or a place parts the word for birth, and no subject of its own.
pub fn born_at(text: &str, word: &Range<usize>) -> Option<Place> {
    let head = &text[..word.start];
    let person = text[word.end..].starts_with(['た', 'ま', 'て', 'る', '、', '。', ')', '」', ' ']);
    if !person || !head.ends_with(['に', 'で']) {
        return None;
    }
    let inner = |c: &char| !"。;\n(「『がはをも".contains(*c);
    let words: usize = head.chars().rev().take(LONGEST_WORDS).take_while(inner).map(char::len_utf8).sum();
    let from = head.len() - words;
    let ends = text[from..word.start].char_indices().map(|(i, c)| (from + i, c));
    let mut ends = ends.filter(|&(_, c)| "、,にの".contains(c)).map(|(i, _)| i);
    let date = ends.find_map(|end| date_before(text, end))?;
    Some(Place { whole: date.clone(), value: date })
}

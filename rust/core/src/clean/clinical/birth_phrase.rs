//! Dates of birth with a few words before 生まれた: 昭和8年3月3日、桃の節句に生まれた.

use std::ops::Range;

use super::birth_beside::date_before;
use super::category::Place;
use super::names::runs::run_before;

/// The longest stretch between the date and the word for birth, in characters.
const LONGEST_WORDS: usize = 20;

/// Reads the date of which a time or a place parts the word for birth, and no subject of its own.
pub fn born_at(text: &str, word: &Range<usize>) -> Option<Place> {
    let head = &text[..word.start];
    let person = text[word.end..].starts_with(['た', 'ま', 'て', 'る', '、', '。', ')', '」', ' ']);
    if !person || !head.ends_with(['に', 'で']) {
        return None;
    }
    let from = run_before(LONGEST_WORDS, head, |c| !"。;\n(「『がはをも".contains(c));
    let ends = text[from..word.start].char_indices().map(|(i, c)| (from + i, c));
    let mut ends = ends.filter(|&(_, c)| "、,にの".contains(c)).map(|(i, _)| i);
    let date = ends.find_map(|end| date_before(text, end))?;
    Some(Place { whole: date.clone(), value: date })
}

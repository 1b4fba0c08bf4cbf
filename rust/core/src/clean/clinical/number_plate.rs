//! Numbers of cars: 品川 300 あ 12-34, 横浜501ら8362.

use std::ops::Range;

use super::category::Place;
use super::names::runs::run_up_to;
use super::reading::{after_marks, labelled};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Tests for a word for a car before its number.
pub fn is_car(label: &str) -> bool {
    label.ends_with("車両") || label.ends_with('車') || matches!(label, "車検証" | "レンタカー")
}

/// The longest part of a number, in characters.
const LONGEST_PART: usize = 8;

/// Reads the number of a car: 品川 300 あ 12-34.
pub fn number_plate(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_marks(text, word.end);
    let place = run_up_to(LONGEST_PART, text, start, |c| {
        is_kanji(c) || is_katakana(c) || is_hiragana(c) || c == 'ヶ'
    });
    let class = run_up_to(LONGEST_PART, text, skip_spaces(text, place), |c| c.is_ascii_alphanumeric());
    let kana = skip_spaces(text, class);
    let letter = run_up_to(LONGEST_PART, text, kana, |c| is_hiragana(c) || c.is_ascii_alphabetic());
    let number = skip_spaces(text, letter);
    let end = run_up_to(LONGEST_PART, text, number, |c| c.is_ascii_digit() || matches!(c, '-' | '・' | '.'));
    let digits = text[number..end].bytes().filter(u8::is_ascii_digit).count();
    let fits = place > start && class > place && letter > kana && (1..=4).contains(&digits);
    // 多摩あ17-93, without the class
    let rest = run_up_to(LONGEST_PART, text, skip_spaces(text, place), |c| c.is_ascii_digit() || c == '-');
    let digits = text[place..rest].bytes().filter(u8::is_ascii_digit).count();
    let short = text[start..place].ends_with(is_hiragana)
        && text[start..place].starts_with(is_kanji)
        && (2..=4).contains(&digits);
    if !fits && short {
        return Some(labelled(text, word, start..rest));
    }
    fits.then(|| labelled(text, word, start..end))
}

/// Reads the number behind a word for a car, which other numbers follow too: a place, a class of two or three characters, one
/// kana and up to four digits.
pub fn behind_car(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_marks(text, word.end);
    let place = run_up_to(LONGEST_PART, text, start, |c| is_kanji(c) || is_hiragana(c));
    let class = run_up_to(LONGEST_PART, text, skip_spaces(text, place), |c| c.is_ascii_alphanumeric());
    let letter = run_up_to(LONGEST_PART, text, skip_spaces(text, class), is_hiragana);
    let place_fits = (1..=4).contains(&text[start..place].chars().count());
    let class_fits = (2..=3).contains(&text[place..class].trim_start().len());
    let letter_fits = text[class..letter].trim_start().chars().count() == 1;
    (place_fits && class_fits && letter_fits).then(|| number_plate(text, word)).flatten()
}

fn skip_spaces(text: &str, at: usize) -> usize {
    at + text[at..].bytes().take(2).take_while(|&b| b == b' ').count()
}

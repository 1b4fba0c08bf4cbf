//! Addresses of Kyoto by their streets: 寺町通御池下る, 油小路五条上ル東入上金仏町.

use std::ops::Range;

use super::category::Place;
use crate::clean::characters::is_kanji;

/// Turns at a crossing, and the sides of a street.
pub const TURNS: [&str; 11] =
    ["上る", "下る", "上ル", "下ル", "東入る", "西入る", "東入ル", "西入ル", "東入", "西入", "上がる"];

/// Parts of names of streets.
const STREETS: [&str; 8] = ["通", "条", "小路", "大路", "御池", "丸太町", "今出川", "烏丸"];

/// The longest address on either side of a turn, in characters.
const LONGEST: usize = 20;

/// Reads the address around a turn; the streets stand before it.
pub fn around(text: &str, word: &Range<usize>) -> Option<Place> {
    let is_part = |c: char| is_kanji(c) || c.is_ascii_digit() || c == '々';
    let length: usize =
        text[..word.start].chars().rev().take(LONGEST).take_while(|&c| is_part(c)).map(char::len_utf8).sum();
    let start = word.start - length;
    let streets = &text[start..word.start];
    if streets.chars().count() < 3 || !STREETS.iter().any(|street| streets.contains(street)) {
        return None;
    }
    let mut end = word.end;
    while let Some(turn) = TURNS.iter().find(|turn| text[end..].starts_with(**turn)) {
        end += turn.len();
    }
    let is_town = |c: char| is_part(c) || matches!(c, '-' | 'ル');
    let town: usize = text[end..].chars().take(LONGEST).take_while(|&c| is_town(c)).map(char::len_utf8).sum();
    let town = &text[end..end + town];
    // 町家 and 自宅 are what stands there, 小松町 and 西側 a part of the address.
    let closing = ["町", "番地", "番", "号", "側", "丁目"]
        .iter()
        .filter_map(|unit| Some(town.rfind(unit)? + unit.len()))
        .max();
    let number = town.rfind(|c: char| c.is_ascii_digit()).map(|at| at + 1);
    let end = end + closing.max(number).unwrap_or(0);
    Some(Place { whole: start..end, value: start..end })
}

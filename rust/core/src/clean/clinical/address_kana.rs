//! Addresses in katakana, as old systems print them: カナガワケンカワサキシタカツクヒサスエ 9-71-5.

use std::ops::Range;

use super::category::Place;
use super::names::runs::run_up_to;
use super::reading::{after_label, labelled};
use crate::clean::characters::is_katakana;

/// The label.
pub const LABEL: &str = "ジュウショ";

/// Words between two numbers of a house.
const JOINTS: [&str; 8] = ["チョウメ", "ジョウ", "バンチ", "バン", "ゴウ", "ノ", "-", " "];

/// Directions before a number: キタ1ジョウニシ2チョウメ.
const DIRECTIONS: [&str; 4] = ["キタ", "ミナミ", "ヒガシ", "ニシ"];

/// The longest name of a place, in characters.
const LONGEST_PLACE: usize = 48;

/// The most numbers of a house.
const MOST_NUMBERS: usize = 6;

/// Reads the place and the house behind a prefecture or the label.
pub fn around(text: &str, word: &Range<usize>) -> Option<Place> {
    let label = &text[word.clone()] == LABEL;
    let start = if label { after_label(text, word.end) } else { word.start };
    let place = run_up_to(LONGEST_PLACE, text, start, |c| is_katakana(c) || matches!(c, 'ー' | ' '));
    let end = house_end(text, place)?;
    let named = text[start..place].chars().filter(|&c| c != ' ').count() >= 4;
    let value = start..end;
    named.then(|| if label { labelled(text, word, value) } else { Place { whole: value.clone(), value } })
}

/// Returns the end of at least two numbers with joints between them.
fn house_end(text: &str, start: usize) -> Option<usize> {
    let (mut at, mut end, mut count) = (start, start, 0);
    while count < MOST_NUMBERS {
        let digits = text[at..].bytes().take(6).take_while(u8::is_ascii_digit).count();
        if !(1..=5).contains(&digits) {
            break;
        }
        (end, count) = (at + digits, count + 1);
        let rest = &text[end..];
        let joint = JOINTS.iter().find(|joint| rest.starts_with(**joint)).map_or(0, |joint| joint.len());
        if joint > 1 {
            end += joint;
        }
        let rest = &rest[joint..];
        let direction = DIRECTIONS.iter().find(|direction| rest.starts_with(**direction));
        at = text.len() - rest.len() + direction.map_or(0, |direction| direction.len());
    }
    let goes_on =
        text[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || "/.%年月日時分歳".contains(c));
    (count >= 2 && !goes_on).then_some(end)
}

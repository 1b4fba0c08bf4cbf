//! Names with a space behind each of their characters, the given name in kana: 大 竹 し の ぶ, 近 藤 ミ ヨ.

use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// The most characters of a name that is written so.
const MOST: usize = 7;

/// Returns the end of a surname of two kanji or more and a given name in kana, all parted by spaces.
pub fn with_kana(words: &Words, text: &str, start: usize) -> Option<usize> {
    let mut read = String::new();
    let mut ends = Vec::new();
    let mut at = start;
    while ends.len() < MOST {
        let is_part = |&c: &char| is_kanji(c) || is_hiragana(c) || is_katakana(c);
        let Some(c) = text[at..].chars().next().filter(is_part) else { break };
        let end = at + c.len_utf8();
        let spaces = text[end..].bytes().take_while(|&b| b == b' ').count();
        let apart = !text[end..].starts_with(|c| is_part(&c));
        if apart {
            read.push(c);
            ends.push((read.len(), end));
        }
        if !(1..=2).contains(&spaces) {
            break;
        }
        at = end + spaces;
    }
    let surname = read.char_indices().find(|&(_, c)| !is_kanji(c)).map(|(i, _)| i)?;
    if read[..surname].chars().count() < 2 || !words.is(&read[..surname], &[Kind::Surname]) {
        return None;
    }
    let mut names = ends.into_iter().rev().filter(|&(length, _)| length > surname);
    names.find(|&(length, _)| words.readings_of_names.given.has(&read[surname..length])).map(|(_, end)| end)
}

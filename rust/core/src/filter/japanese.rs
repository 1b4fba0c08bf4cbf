//! Documents with too little Japanese: other languages, program text, tables of numbers, garbled text.
//!
//! Source: the Swallow corpus (Okazaki et al. 2024, arXiv:2404.17733, 3.3) asks for half of the characters to be
//! Japanese and a fifth to be hiragana. Japanese prose has 40 to 60 % hiragana; Chinese text and lists of names or
//! products have none.
//!
//! Clinical text is rich in kanji, numbers and units (身長148cm、体重35.3kg、血圧123/70mmHg), so here Japanese is
//! measured among *letters* (digits and marks belong to no language), hiragana among all characters but not in short
//! texts, and the defaults are lower. A text with too few of them is looked at again before it is dropped:
//! - abbreviations and units are no language (WBC 12,300, CRP 8.5mg/dL; ABPC R), so only *words* of another script
//!   count, each as much as two kana or kanji; a list of values has few of them for its length;
//! - hiragana must be few among kana and kanji, too, and lists of values (アムロジピン錠5mg 1錠) pass without them.

use super::options::JapaneseOptions;
use super::reason::Reason;
use crate::code_points::{classes, for_each_code_point};

/// Numbers of characters of a text by script, white space (▁ and line feeds) apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scripts {
    /// All characters.
    pub characters: usize,
    /// Letters of any script; no digits, no marks.
    pub letters: usize,
    /// Hiragana, with iteration marks and voicing marks.
    pub hiragana: usize,
    /// Hiragana, katakana (with ー) and kanji.
    pub japanese: usize,
}

/// Counts the scripts of a text and writes its characters, white space apart, to `characters`.
pub fn scan(text: &str, characters: &mut Vec<u32>) -> Scripts {
    characters.clear();
    characters.reserve(text.len() / 2);
    let mut scripts = Scripts::default();
    for_each_code_point(text, |c| {
        let class = class(c);
        if class != SPACE {
            characters.push(c);
        }
        scripts.hiragana += usize::from(class == HIRAGANA);
        scripts.japanese += usize::from(class >= JAPANESE);
        scripts.letters += usize::from(class >= LETTER);
    });
    scripts.characters = characters.len();
    scripts
}

/// Classes of characters; each from LETTER on includes those above it.
const OTHER: u8 = 0;
const SPACE: u8 = 1;
const LETTER: u8 = 2;
const JAPANESE: u8 = 3;
const HIRAGANA: u8 = 4;

#[inline]
fn class(c: u32) -> u8 {
    let beyond = if matches!(c, 0x2_0000..=0x2_ffff) { JAPANESE } else { OTHER };
    CLASSES.get(c as usize).copied().unwrap_or(beyond)
}

/// The basic plane.
static CLASSES: [u8; 0x1_0000] = classes(&RANGES, OTHER);

/// The letters that cleaned text can hold (see [`is_allowed`](crate::clean::is_allowed)); later lines win.
const RANGES: [(char, char, u8); 18] = [
    ('\n', '\n', SPACE),
    ('▁', '▁', SPACE),
    ('A', 'Z', LETTER),
    ('a', 'z', LETTER),
    ('\u{c0}', '\u{17e}', LETTER),
    ('×', '×', OTHER),
    ('÷', '÷', OTHER),
    ('\u{391}', '\u{3c9}', LETTER),
    ('々', '々', JAPANESE),
    ('〆', '〆', JAPANESE),
    ('〇', '〇', JAPANESE),
    ('\u{3041}', '\u{309f}', HIRAGANA),
    ('\u{30a1}', '\u{30fa}', JAPANESE),
    ('\u{30fc}', '\u{30ff}', JAPANESE),
    ('\u{31f0}', '\u{31ff}', JAPANESE),
    ('\u{3400}', '\u{4dbf}', JAPANESE),
    ('\u{4e00}', '\u{9fff}', JAPANESE),
    ('\u{f900}', '\u{faff}', JAPANESE),
];

/// Judges the share of Japanese in a text with these scripts.
pub fn judge(options: &JapaneseOptions, text: &str, scripts: Scripts) -> Result<(), Reason> {
    let is_little = (scripts.japanese as f64) < options.least_japanese * scripts.letters as f64;
    if is_little && is_foreign(options, text, scripts) {
        return Err(Reason::TooLittleJapanese);
    }
    let few = |all: usize| (scripts.hiragana as f64) < options.least_hiragana * all as f64;
    let is_long = scripts.characters >= options.hiragana_from;
    if is_long && few(scripts.characters) && few(scripts.japanese) && !has_values(text, scripts.characters) {
        return Err(Reason::TooLittleHiragana);
    }
    Ok(())
}

/// Tests for a list of values: a fifth of its characters are digits.
fn has_values(text: &str, characters: usize) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() * 5 >= characters
}

/// Kana and kanji that say as much as a word of another script.
const CHARACTERS_A_WORD: f64 = 2.0;

/// Smallest fraction of the characters that are in words of another script, in prose of that script.
const LEAST_IN_WORDS: f64 = 0.4;

/// Tests for prose of another script: its words outnumber Japanese ones, and take much of the text.
fn is_foreign(options: &JapaneseOptions, text: &str, scripts: Scripts) -> bool {
    let (mut words, mut letters) = (0, 0);
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphabetic) {
        let end =
            rest[start..].find(|c: char| !c.is_alphabetic() && c != '\'').map_or(rest.len(), |n| start + n);
        let token = &rest[start..end];
        rest = &rest[end..];
        // A word before a number is the name of a value.
        let value = rest.trim_start_matches(['▁', ':', '=']);
        if is_foreign_word(token) && !value.starts_with(|c: char| c.is_ascii_digit()) {
            words += 1;
            letters += token.len();
        }
    }
    let japanese = scripts.japanese as f64 / CHARACTERS_A_WORD;
    japanese < options.least_japanese * (japanese + f64::from(words))
        && letters as f64 >= LEAST_IN_WORDS * scripts.characters as f64
}

/// Tests for a word, not an abbreviation (WBC), a unit (mg) or a symbol (Na): three letters or more, the last small ones.
fn is_foreign_word(token: &str) -> bool {
    token.chars().nth(2).is_some()
        && !token.contains(|c: char| class(c as u32) >= JAPANESE)
        && token.chars().skip(1).all(|c| c.is_lowercase() || c == '\'')
}

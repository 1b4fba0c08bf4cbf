//! Documents with too little Japanese: other languages, program text, tables of numbers, garbled text.
//!
//! Source: the Swallow corpus (Okazaki et al. 2024, arXiv:2404.17733, 3.3) asks for half of the characters to be
//! Japanese and a fifth to be hiragana. Japanese prose has 40 to 60 % hiragana; Chinese text and lists of names or
//! products have none.
//!
//! Clinical text is rich in kanji, numbers and units (身長148cm、体重35.3kg、血圧123/70mmHg), so here Japanese is
//! measured among *letters* (digits and marks belong to no language), hiragana among all characters but not in short
//! texts, and the defaults are lower.

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

/// Judges the share of Japanese.
pub fn judge(options: &JapaneseOptions, scripts: Scripts) -> Result<(), Reason> {
    if (scripts.japanese as f64) < options.least_japanese * scripts.letters as f64 {
        return Err(Reason::TooLittleJapanese);
    }
    let is_long = scripts.characters >= options.hiragana_from;
    if is_long && (scripts.hiragana as f64) < options.least_hiragana * scripts.characters as f64 {
        return Err(Reason::TooLittleHiragana);
    }
    Ok(())
}

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

/// How many characters of which script a text has, white space (▁ and line feeds) apart.
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
    let mut scripts = Scripts::default();
    for c in text.chars() {
        if matches!(c, '▁' | '\n') {
            continue;
        }
        characters.push(c as u32);
        let hiragana = matches!(c, '\u{3041}'..='\u{309f}');
        scripts.hiragana += usize::from(hiragana);
        let japanese = hiragana || is_other_japanese(c);
        scripts.japanese += usize::from(japanese);
        scripts.letters += usize::from(japanese || is_latin_or_greek(c));
    }
    scripts.characters = characters.len();
    scripts
}

/// Katakana but for ・, kanji, and their iteration marks.
fn is_other_japanese(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '々' | '〆' | '〇'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ffff}')
}

/// The other letters that cleaned text can hold (see [`is_allowed`](crate::clean::is_allowed)).
fn is_latin_or_greek(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, '\u{c0}'..='\u{17e}' | '\u{391}'..='\u{3c9}') && !matches!(c, '×' | '÷')
}

/// Whether there is enough Japanese.
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

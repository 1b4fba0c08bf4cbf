//! Scripts of the characters of a text.

use serde::{Deserialize, Serialize};

use crate::code_points::{classes, for_each_code_point};

/// Script, or class, of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Letters of no other class here: Greek, Cyrillic, Hangul; control characters.
    Other,
    /// ひらがな.
    Hiragana,
    /// カタカナ, half-width ones and ー too.
    Katakana,
    /// 漢字, 々〆〇 too.
    Kanji,
    /// Latin letters, full-width ones too.
    Latin,
    /// 0–9, full-width ones too.
    Digit,
    /// Punctuation, symbols and emoji.
    Symbol,
    /// White space, ▁ and line feeds.
    Space,
}

/// Names of the scripts, in the order of [`Script`].
pub const SCRIPTS: [&str; 8] =
    ["other", "hiragana", "katakana", "kanji", "latin", "digits", "symbols", "space"];

/// Number of characters of each script, in the order of [`SCRIPTS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScriptCounts([u64; SCRIPTS.len()]);

impl ScriptCounts {
    /// Counts the characters of a text and returns their number.
    pub fn add(&mut self, text: &str) -> u64 {
        // Two sets of counters: neighbours are mostly of one script, and one counter would make each wait for the last.
        let mut counts = [[0_u64; SCRIPTS.len()]; 2];
        let mut second = 0;
        for_each_code_point(text, |c| {
            counts[second][Script::of(c) as usize] += 1;
            second ^= 1;
        });
        let mut all = 0;
        for (sum, (a, b)) in self.0.iter_mut().zip(counts[0].iter().zip(counts[1])) {
            *sum += a + b;
            all += a + b;
        }
        all
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(other.0) {
            *ours += theirs;
        }
    }
}

impl Script {
    /// Looks up the script of a code point.
    #[inline]
    pub fn of(c: u32) -> Self {
        TABLE.get(c as usize).copied().unwrap_or(match c {
            0x1d400..=0x1faff => Self::Symbol,
            0x20000..=0x3ffff => Self::Kanji,
            _ => Self::Other,
        })
    }
}

/// Scripts of the basic plane.
static TABLE: [Script; 0x1_0000] = classes(RANGES, Script::Other);

/// Later lines win over earlier ones.
const RANGES: &[(char, char, Script)] = &[
    ('!', '~', Script::Symbol),
    ('0', '9', Script::Digit),
    ('A', 'Z', Script::Latin),
    ('a', 'z', Script::Latin),
    ('\t', '\r', Script::Space),
    (' ', ' ', Script::Space),
    ('\u{a0}', '\u{bf}', Script::Symbol),
    ('\u{a0}', '\u{a0}', Script::Space),
    ('ª', 'ª', Script::Latin),
    ('º', 'º', Script::Latin),
    ('À', 'ɏ', Script::Latin),
    ('×', '×', Script::Symbol),
    ('÷', '÷', Script::Symbol),
    ('\u{1e00}', '\u{1eff}', Script::Latin),
    ('\u{2000}', '\u{200a}', Script::Space),
    ('\u{2010}', '\u{2027}', Script::Symbol),
    ('\u{2028}', '\u{2029}', Script::Space),
    ('\u{202f}', '\u{202f}', Script::Space),
    ('\u{2030}', '\u{205e}', Script::Symbol),
    ('\u{205f}', '\u{205f}', Script::Space),
    ('\u{2070}', '\u{2bff}', Script::Symbol),
    ('▁', '▁', Script::Space),
    ('\u{2e80}', '\u{2fdf}', Script::Kanji),
    ('\u{3000}', '\u{3000}', Script::Space),
    ('、', '\u{303f}', Script::Symbol),
    ('々', '〇', Script::Kanji),
    ('\u{3041}', '\u{309f}', Script::Hiragana),
    ('゛', '゜', Script::Symbol),
    ('\u{30a0}', '\u{30ff}', Script::Katakana),
    ('゠', '゠', Script::Symbol),
    ('・', '・', Script::Symbol),
    ('\u{31f0}', '\u{31ff}', Script::Katakana),
    ('\u{3200}', '\u{33ff}', Script::Symbol),
    ('\u{3400}', '\u{4dbf}', Script::Kanji),
    ('\u{4e00}', '\u{9fff}', Script::Kanji),
    ('\u{f900}', '\u{faff}', Script::Kanji),
    ('\u{fe10}', '\u{fe6f}', Script::Symbol),
    ('！', '･', Script::Symbol),
    ('０', '９', Script::Digit),
    ('Ａ', 'Ｚ', Script::Latin),
    ('ａ', 'ｚ', Script::Latin),
    ('ｦ', 'ﾝ', Script::Katakana),
    ('\u{ff9e}', '\u{ff9f}', Script::Katakana),
    ('\u{ffe0}', '\u{ffee}', Script::Symbol),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_its_script() {
        let table = [
            (Script::Hiragana, "あんゞ"),
            (Script::Katakana, "アーヶｱﾞ"),
            (Script::Kanji, "漢々〇﨑𠮟㐂"),
            (Script::Latin, "aZＡéÅ"),
            (Script::Digit, "09０９"),
            (Script::Symbol, "。、・「℃→①㎎!！~÷×…😀【¥"),
            (Script::Space, " \u{3000}▁\n\t\r"),
            (Script::Other, "βж한\0\u{200b}"),
        ];
        for (script, characters) in table {
            for c in characters.chars() {
                assert_eq!(Script::of(c as u32), script, "{c}");
            }
        }
    }
}

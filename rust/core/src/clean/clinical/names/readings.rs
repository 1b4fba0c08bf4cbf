//! Readings of the dictionary's surnames and given names, packed by `tools/name_words.py`.

use rustc_hash::FxHashSet;

use super::inflate::inflate;
use super::lists::{GIVEN_HIRAGANA, GIVEN_KATAKANA, GIVEN_MODERN};
use super::romaji;

/// The packed readings.
static PACKED: &[u8] = include_bytes!("readings.bin");

/// Readings of surnames or of given names.
pub struct Read {
    katakana: FxHashSet<String>,
    latin: FxHashSet<String>,
}

/// Readings of names.
pub struct Readings {
    /// Surnames.
    pub surnames: Read,
    /// Given names.
    pub given: Read,
}

impl Readings {
    /// Unpacks the readings; `None` if they are damaged.
    pub fn unpack() -> Option<Self> {
        let text = String::from_utf8(inflate(PACKED)?).ok()?;
        let (surnames, given) = text.split_once("\n\n")?;
        let further = [&GIVEN_MODERN, &GIVEN_KATAKANA, &GIVEN_HIRAGANA]
            .into_iter()
            .flat_map(|list| list.words().map(str::to_owned));
        Some(Self {
            surnames: Read::new(surnames.lines().map(str::to_owned)),
            given: Read::new(given.lines().map(str::to_owned).chain(further)),
        })
    }

    /// Tests for a surname or a given name in kana.
    pub fn has(&self, kana: &str) -> bool {
        self.surnames.has(kana) || self.given.has(kana)
    }
}

impl Read {
    fn new(readings: impl Iterator<Item = String>) -> Self {
        let katakana: FxHashSet<_> = readings.map(|reading| katakana(&reading)).collect();
        let latin = katakana.iter().map(|reading| romaji::latin(reading)).collect();
        Self { katakana, latin }
    }

    /// Tests for a reading in katakana or hiragana.
    pub fn has(&self, kana: &str) -> bool {
        self.katakana.contains(kana)
            || kana.contains(is_shifted) && self.katakana.contains(&katakana(kana))
            || kana.contains(['ヱ', 'ヲ', 'ヰ', 'ヅ', 'ゑ', 'ゐ'])
                && self.katakana.contains(&modern(&katakana(kana)))
    }

    /// Tests for a reading in katakana.
    pub fn has_katakana(&self, word: &str) -> bool {
        self.katakana.contains(word)
    }

    /// Tests for a reading in Latin letters.
    pub fn has_latin(&self, word: &str) -> bool {
        romaji::may_be(word) && self.latin.contains(&romaji::one_spelling(word))
    }
}

/// Writes hiragana as katakana.
pub fn katakana(kana: &str) -> String {
    let shift = |c| if is_shifted(c) { char::from_u32(c as u32 + 0x60).unwrap_or(c) } else { c };
    kana.chars().map(shift).collect()
}

/// Writes kana that names alone still have as they are read: ミツヱ.
fn modern(word: &str) -> String {
    word.replace('ヱ', "エ").replace('ヲ', "オ").replace('ヰ', "イ").replace('ヅ', "ズ")
}

/// Tests for hiragana that katakana has in the same order.
fn is_shifted(c: char) -> bool {
    matches!(c, 'ぁ'..='ゖ')
}

#[cfg(test)]
mod tests {
    use super::super::words::words;

    #[test]
    fn names_are_known_by_their_readings() {
        let readings = &words().unwrap().readings_of_names;
        for (surname, given) in [("ヤマダ", "ハナコ"), ("すずき", "いちろう")] {
            assert!(readings.surnames.has(surname), "{surname}");
            assert!(readings.given.has(given), "{given}");
        }
        assert!(readings.surnames.has_latin("Takahashi") && readings.given.has_latin("Kyoko"));
        assert!(!readings.has("ヘルパー") && !readings.surnames.has_latin("Patient"));
    }
}

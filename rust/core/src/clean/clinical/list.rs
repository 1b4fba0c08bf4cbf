//! Lists of words, found by their first or last character.

use std::ops::Range;

use rustc_hash::FxHashMap;

/// Words that are looked for at either end of a text.
pub struct List {
    by_first: Keyed,
    by_last: Keyed,
}

/// Words in order of a character of theirs, and where those of each character stand.
struct Keyed {
    words: Vec<&'static str>,
    places: FxHashMap<char, Range<usize>>,
    keys: Filter,
}

/// Bits of the characters that may be keys: most others are told by one look.
#[derive(Default)]
struct Filter([u64; 32]);

impl Filter {
    fn add(&mut self, c: char) {
        let (word, bit) = Self::place(c);
        self.0[word] |= bit;
    }

    fn place(c: char) -> (usize, u64) {
        (c as usize >> 6 & 31, 1 << (c as u32 & 63))
    }

    /// The character, if it may be a key.
    fn pass(&self, c: Option<char>) -> Option<char> {
        c.filter(|&c| {
            let (word, bit) = Self::place(c);
            self.0[word] & bit != 0
        })
    }
}

impl List {
    /// Reads words with white space between them; a line that begins with # is a comment.
    pub fn read(text: &'static str) -> Self {
        let words: Vec<&str> =
            text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect();
        let by_first = Keyed::new(words.iter().filter_map(|word| Some((word.chars().next()?, *word))));
        let by_last = Keyed::new(words.iter().filter_map(|word| Some((word.chars().next_back()?, *word))));
        Self { by_first, by_last }
    }

    /// All words.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.by_first.words.iter().copied()
    }

    /// The words with which `text` begins.
    pub fn at_start(&self, text: &str) -> impl Iterator<Item = &'static str> {
        self.by_first.of(text.chars().next()).filter(move |word| begins_with(text, word))
    }

    /// The words with which `text` ends.
    pub fn at_end(&self, text: &str) -> impl Iterator<Item = &'static str> {
        self.by_last.of(text.chars().next_back()).filter(move |word| ends_with(text, word))
    }

    /// Tests for one of the words at the start of `text`.
    pub fn begins(&self, text: &str) -> bool {
        self.at_start(text).next().is_some()
    }

    /// Tests for one of the words at the end of `text`.
    pub fn ends(&self, text: &str) -> bool {
        self.at_end(text).next().is_some()
    }

    /// The second character of the word of two that begins with `c`.
    pub fn at_start_of(&self, c: char) -> Option<char> {
        self.by_first.of(Some(c)).find_map(|word| word.chars().nth(1))
    }

    /// Tests for one of the words.
    pub fn contains(&self, word: &str) -> bool {
        self.at_start(word).any(|other| other.len() == word.len())
    }
}

/// Tests for `word`, which begins with the first character of `text`; most others are told by one byte of the second one.
fn begins_with(text: &str, word: &str) -> bool {
    const AT: usize = "あい".len() - 1;
    let (text, word) = (text.as_bytes(), word.as_bytes());
    text.len() >= word.len() && (word.len() <= AT || text[AT] == word[AT]) && text.starts_with(word)
}

/// Tests for `word`, which ends with the last character of `text`; most others are told by one byte of their first one.
fn ends_with(text: &str, word: &str) -> bool {
    const AT: usize = "あ".len() - 1;
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let Some(start) = text.len().checked_sub(word.len()) else { return false };
    (word.len() <= AT || text[start + AT] == word[AT]) && text.ends_with(word)
}

impl Keyed {
    fn new(pairs: impl Iterator<Item = (char, &'static str)>) -> Self {
        let mut pairs: Vec<_> = pairs.collect();
        pairs.sort_unstable();
        let (mut places, mut keys) = (FxHashMap::default(), Filter::default());
        for (i, &(c, _)) in pairs.iter().enumerate() {
            keys.add(c);
            places.entry(c).or_insert(i..i).end = i + 1;
        }
        Self { words: pairs.into_iter().map(|(_, word)| word).collect(), places, keys }
    }

    /// The words with the character `key`.
    fn of(&self, key: Option<char>) -> impl Iterator<Item = &'static str> {
        let place = self.keys.pass(key).and_then(|key| self.places.get(&key)).cloned().unwrap_or_default();
        self.words[place].iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_at_both_ends() {
        let list = List::read("# a comment\n医師 歯科医師\n医員\n");
        for (text, start, end) in [
            ("医師会", vec!["医師"], vec![]),
            ("歯科医師", vec!["歯科医師"], vec!["医師", "歯科医師"]),
            ("comment", vec![], vec![]),
            ("", vec![], vec![]),
        ] {
            assert_eq!(list.at_start(text).collect::<Vec<_>>(), start, "{text}");
            assert_eq!(list.at_end(text).collect::<Vec<_>>(), end, "{text}");
        }
        assert!(list.contains("医員") && !list.contains("医") && !list.contains(""));
    }
}

//! Lists of words, found by their first or last character.

/// Words that are looked for at either end of a text.
pub struct List {
    by_first: Vec<(char, &'static str)>,
    by_last: Vec<(char, &'static str)>,
    firsts: Filter,
    lasts: Filter,
}

/// Bits of the characters that may be keys: most others are told by one look.
#[derive(Default)]
struct Filter([u64; 32]);

impl Filter {
    fn of(pairs: &[(char, &'static str)]) -> Self {
        let mut filter = Self::default();
        for &(c, _) in pairs {
            let (word, bit) = Self::place(c);
            filter.0[word] |= bit;
        }
        filter
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
        let by_first = sorted(words.iter().filter_map(|word| Some((word.chars().next()?, *word))));
        let by_last = sorted(words.iter().filter_map(|word| Some((word.chars().next_back()?, *word))));
        let (firsts, lasts) = (Filter::of(&by_first), Filter::of(&by_last));
        Self { by_first, by_last, firsts, lasts }
    }

    /// All words.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.by_first.iter().map(|&(_, word)| word)
    }

    /// The words with which `text` begins.
    pub fn at_start(&self, text: &str) -> impl Iterator<Item = &'static str> {
        with_key(&self.by_first, self.firsts.pass(text.chars().next()))
            .filter(move |word| text.starts_with(word))
    }

    /// The words with which `text` ends.
    pub fn at_end(&self, text: &str) -> impl Iterator<Item = &'static str> {
        with_key(&self.by_last, self.lasts.pass(text.chars().next_back()))
            .filter(move |word| text.ends_with(word))
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
        with_key(&self.by_first, self.firsts.pass(Some(c))).find_map(|word| word.chars().nth(1))
    }

    /// Tests for one of the words.
    pub fn contains(&self, word: &str) -> bool {
        self.at_start(word).any(|other| other.len() == word.len())
    }
}

fn sorted(pairs: impl Iterator<Item = (char, &'static str)>) -> Vec<(char, &'static str)> {
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_unstable();
    pairs
}

/// The words whose character in the pair is `key`.
fn with_key(pairs: &[(char, &'static str)], key: Option<char>) -> impl Iterator<Item = &'static str> {
    let first = key.map_or(pairs.len(), |key| pairs.partition_point(|&(c, _)| c < key));
    pairs[first..].iter().take_while(move |&&(c, _)| Some(c) == key).map(|&(_, word)| word)
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

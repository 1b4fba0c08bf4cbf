//! The words at which ways to reach a person are looked for, found in one pass.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};

/// The automaton of the words of several groups.
pub struct Words {
    automaton: AhoCorasick,
    words: Vec<&'static str>,
    /// The number of the first word of each group, and the number of words.
    firsts: Vec<usize>,
}

impl Words {
    /// Builds the automaton of the groups' words, of which none is twice in them; `None` if it would be too large.
    pub fn new(groups: &[&[&'static str]]) -> Option<Self> {
        let words = groups.concat();
        let automaton = AhoCorasickBuilder::new().kind(Some(AhoCorasickKind::DFA)).build(&words).ok()?;
        let lengths = groups.iter().map(|group| group.len());
        let ends = lengths.scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        let firsts = std::iter::once(0).chain(ends).collect();
        Some(Self { automaton, words, firsts })
    }

    /// Finds the words in `text`.
    pub fn search(&self, text: &str) -> Seen<'_> {
        let mut places: Vec<_> = self
            .automaton
            .find_overlapping_iter(text)
            .map(|word| (word.pattern().as_usize(), word.start(), word.end()))
            .collect();
        places.sort_unstable();
        // A word does not overlap itself: // is once in ///.
        places.dedup_by(|next, kept| next.0 == kept.0 && next.1 < kept.2);
        Seen { words: self, places }
    }
}

/// Places of the words in a text.
pub struct Seen<'a> {
    words: &'a Words,
    /// Number of a word, its start and its end.
    places: Vec<(usize, usize, usize)>,
}

impl Seen<'_> {
    /// The words of a group and their starts, in order of the words and then of the text.
    pub fn of(&self, group: usize) -> impl Iterator<Item = (&'static str, usize)> {
        let Words { words, firsts, .. } = self.words;
        let end = firsts[group + 1];
        let first = self.places.partition_point(|&(number, ..)| number < firsts[group]);
        let places = self.places[first..].iter().take_while(move |&&(number, ..)| number < end);
        places.map(|&(number, start, _)| (words[number], start))
    }
}

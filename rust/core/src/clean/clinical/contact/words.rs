//! The words at which ways to reach a person are looked for, found in one pass.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};

/// The automaton of the words.
pub struct Words {
    automaton: AhoCorasick,
    sorted: Vec<(&'static str, usize)>,
}

impl Words {
    /// Builds the automaton of `words`, of which none is twice in them; `None` if it would be too large.
    pub fn new(words: impl Iterator<Item = &'static str> + Clone) -> Option<Self> {
        let automaton =
            AhoCorasickBuilder::new().kind(Some(AhoCorasickKind::DFA)).build(words.clone()).ok()?;
        let mut sorted: Vec<_> = words.zip(0..).collect();
        sorted.sort_unstable();
        Some(Self { automaton, sorted })
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
    /// The starts of `word`, in order.
    pub fn of(&self, word: &str) -> impl Iterator<Item = usize> {
        let sorted = &self.words.sorted;
        let number = sorted.binary_search_by_key(&word, |&(other, _)| other).ok().map(|i| sorted[i].1);
        let first = self.places.partition_point(|&(n, ..)| Some(n) < number);
        self.places[first..].iter().take_while(move |place| Some(place.0) == number).map(|place| place.1)
    }
}

//! Documents that repeat themselves: menus, templates, keyword stuffing, degenerate generated text.
//!
//! Source: Gopher (Rae et al. 2021, arXiv:2112.11446, table A1): fractions of duplicate lines and paragraphs, by count
//! and by characters, of characters in the most frequent n-gram, and of characters in n-grams that occurred before.
//! Gopher's n-grams are of words; these are of characters, white space apart, so that nothing needs to be analysed
//! (a Japanese word has about two). An n-gram that occurred before is counted whole, and the search goes on behind it,
//! as datatrove's `find_all_duplicate` does.
//!
//! Choices of examinations (`a 4.5%`, `○ 正しい`), commands and program text of manuals, and values (`Na 141`) recur
//! by their nature. So a text that repeats itself is judged a second time by its prose alone, and dropped only if that
//! repeats itself too.
//!
//! n-grams are compared by a 64-bit polynomial hash: a document of a million characters has a wrong match with
//! probability 3 × 10⁻⁸.

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64;

use super::options::RepetitionOptions;
use super::reason::Reason;
use crate::clean::{is_hiragana, is_kanji, is_katakana};

/// Number of characters, from the start, whose n-grams are counted; bounds the tables (24 MiB a thread).
pub const MOST_CHARACTERS: usize = 1 << 20;

/// The polynomial's base, an odd number with no pattern (2⁶⁴ divided by the golden ratio).
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Number of bits of a hash by which n-grams are counted in the first, approximate count.
const SIEVE_BITS: u32 = 12;

/// Buffers that stay from document to document.
#[derive(Default)]
pub struct Buffers {
    seen: FxHashSet<u64>,
    /// `prefixes[i]` is the polynomial of the first i characters.
    prefixes: Vec<u64>,
    keys: Vec<u64>,
    counts: Vec<u32>,
    sieve: Vec<u64>,
}

/// Judges the repetition in `text`, whose characters without white space are `characters`.
pub fn judge(
    options: &RepetitionOptions,
    text: &str,
    characters: &[u32],
    buffers: &mut Buffers,
) -> Result<(), Reason> {
    let Err(reason) = judge_all(options, text, characters, buffers) else { return Ok(()) };
    let prose = prose(text);
    if prose.len() == text.len() {
        return Err(reason);
    }
    let characters: Vec<u32> = prose.chars().filter(|c| !matches!(c, '▁' | '\n')).map(u32::from).collect();
    judge_all(options, &prose, &characters, buffers)
}

/// Returns a text without lines that recur by their nature: items of lists, program text and values.
fn prose(text: &str) -> String {
    let mut prose = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line == "\n" || !(is_item(line) || is_code_or_values(line)) {
            prose.push_str(line);
        }
    }
    prose
}

/// Tests for an item: a letter, a number or a sign of its own before a text (`a 4.5%`, `1.まったくない`, `○ 正しい`).
fn is_item(line: &str) -> bool {
    let opened = line.trim_start_matches(['▁', '(', '[', '〈']);
    let marker = opened.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = if marker.len() < opened.len() && opened.len() - marker.len() <= 2 {
        marker
    } else {
        let mut characters = opened.chars();
        let first = characters.next();
        if first.is_some_and(|c| matches!(c, '○' | '×' | '□' | '✓' | '◎' | '△') || is_circled(c)) {
            return true;
        }
        if !first.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, 'ア'..='ン')) {
            return false;
        }
        characters.as_str()
    };
    rest.starts_with(['▁', '.', ')', ']', ':', '、', '〉'])
}

fn is_circled(c: char) -> bool {
    matches!(c, '①'..='⑳' | '㉑'..='㉟' | '㊱'..='㊿')
}

/// Tests for a line of a program or a command, of which less than a fifth is kana or kanji, or of values, of which more
/// than a fifth is digits (`1日1回▁朝食後▁28日分`).
fn is_code_or_values(line: &str) -> bool {
    let (mut characters, mut japanese, mut digits) = (0, 0, 0);
    for c in line.trim_end_matches('\n').chars().filter(|&c| c != '▁') {
        characters += 1;
        japanese += usize::from(is_hiragana(c) || is_katakana(c) || is_kanji(c));
        digits += usize::from(c.is_ascii_digit());
    }
    japanese * 5 < characters || digits * 5 > characters
}

/// Judges all of a text.
fn judge_all(
    options: &RepetitionOptions,
    text: &str,
    characters: &[u32],
    buffers: &mut Buffers,
) -> Result<(), Reason> {
    if characters.len() < options.least_characters {
        return Ok(());
    }
    let lines = Repeated::of(text.split('\n'), &mut buffers.seen);
    if lines.exceeds(options.most_lines, options.most_line_characters) {
        return Err(Reason::RepeatedLines);
    }
    let paragraphs = Repeated::of(text.split("\n\n"), &mut buffers.seen);
    if paragraphs.exceeds(options.most_paragraphs, options.most_paragraph_characters) {
        return Err(Reason::RepeatedParagraphs);
    }
    let characters = &characters[..characters.len().min(MOST_CHARACTERS)];
    let all = characters.len() as f64;
    buffers.hash(characters);
    let n = options.frequent_length;
    let too_many = |count: u32| f64::from(count) * n as f64 > options.most_frequent_characters * all;
    if too_many(buffers.frequent_at_most(n)) && too_many(buffers.most_frequent(n)) {
        return Err(Reason::FrequentPhrase);
    }
    let n = options.repeated_length;
    let too_many = |repeated: usize| repeated as f64 > options.most_repeated_characters * all;
    if too_many(buffers.repeated_at_most(n)) && too_many(buffers.repeated_characters(n)) {
        return Err(Reason::RepeatedPhrases);
    }
    Ok(())
}

/// Least length of a line of text in bytes: } and ``` are in every program, $$ around every formula.
const LEAST_BYTES: usize = 10;

/// Units of a text (lines or paragraphs, except the shortest), and those that occurred before.
#[derive(Default)]
struct Repeated {
    units: usize,
    bytes: usize,
    repeated_units: usize,
    repeated_bytes: usize,
}

impl Repeated {
    fn of<'t>(units: impl Iterator<Item = &'t str>, seen: &mut FxHashSet<u64>) -> Self {
        seen.clear();
        let mut repeated = Self::default();
        for unit in units.filter(|unit| unit.len() >= LEAST_BYTES) {
            repeated.units += 1;
            repeated.bytes += unit.len();
            if !seen.insert(xxh3_64(unit.as_bytes())) {
                repeated.repeated_units += 1;
                repeated.repeated_bytes += unit.len();
            }
        }
        repeated
    }

    /// Compares with the limits; bytes approximate characters, as nearly all Japanese characters have three.
    fn exceeds(&self, most: f64, most_characters: f64) -> bool {
        self.repeated_units as f64 > most * self.units as f64
            || self.repeated_bytes as f64 > most_characters * self.bytes as f64
    }
}

impl Buffers {
    fn hash(&mut self, characters: &[u32]) {
        self.prefixes.clear();
        self.prefixes.push(0);
        let mut hash = 0u64;
        self.prefixes.extend(characters.iter().map(|&c| {
            hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(c) + 1);
            hash
        }));
    }

    /// Returns the n-grams' hashes in order; never 0, which marks an empty slot of the table.
    fn ngrams(prefixes: &[u64], n: usize) -> impl Iterator<Item = u64> {
        let power = (0..n).fold(1u64, |power, _| power.wrapping_mul(BASE));
        let ends = prefixes.get(n..).unwrap_or_default();
        prefixes.iter().zip(ends).map(move |(&start, &end)| {
            let hash = end.wrapping_sub(start.wrapping_mul(power));
            (hash ^ (hash >> 32)).wrapping_mul(BASE) | 1
        })
    }

    /// Empties the table, of at least twice as many slots as n-grams; returns the shift from a hash to a slot.
    fn clear_table(&mut self) -> u32 {
        let places = (2 * self.prefixes.len()).next_power_of_two();
        self.keys.clear();
        self.keys.resize(places, 0);
        64 - places.trailing_zeros()
    }

    /// Returns an upper bound of [`Self::most_frequent`]: n-grams are counted by a few bits of their hashes, in
    /// counters that fit the first-level cache. That settles nearly all documents.
    fn frequent_at_most(&mut self, n: usize) -> u32 {
        self.counts.clear();
        self.counts.resize(1 << SIEVE_BITS, 0);
        for hash in Self::ngrams(&self.prefixes, n) {
            self.counts[(hash >> (64 - SIEVE_BITS)) as usize] += 1;
        }
        self.counts.iter().copied().max().unwrap_or(0)
    }

    /// Returns an upper bound of [`Self::repeated_characters`]: each n-gram seen sets one bit, of at least 64 for
    /// each. n-grams inside repeated ones count as seen, so that none is missed.
    fn repeated_at_most(&mut self, n: usize) -> usize {
        let words = self.prefixes.len().next_power_of_two();
        self.sieve.clear();
        self.sieve.resize(words, 0);
        let shift = 64 - 6 - words.trailing_zeros();
        let (mut repeated, mut skip) = (0, 0);
        for hash in Self::ngrams(&self.prefixes, n) {
            let place = hash >> shift;
            let (word, bit) = (&mut self.sieve[(place >> 6) as usize], 1 << (place & 63));
            let seen = *word & bit != 0;
            *word |= bit;
            if skip > 0 {
                skip -= 1;
            } else if seen {
                repeated += n;
                skip = n - 1;
            }
        }
        repeated
    }

    /// Returns the number of occurrences of the most frequent n-gram.
    fn most_frequent(&mut self, n: usize) -> u32 {
        let shift = self.clear_table();
        let mask = self.keys.len() - 1;
        self.counts.clear();
        self.counts.resize(self.keys.len(), 0);
        let mut most = 0;
        for hash in Self::ngrams(&self.prefixes, n) {
            let mut place = (hash >> shift) as usize;
            while self.keys[place] != 0 && self.keys[place] != hash {
                place = (place + 1) & mask;
            }
            self.keys[place] = hash;
            self.counts[place] += 1;
            most = most.max(self.counts[place]);
        }
        most
    }

    /// Returns the number of characters in n-grams that occurred before.
    fn repeated_characters(&mut self, n: usize) -> usize {
        let shift = self.clear_table();
        let mask = self.keys.len() - 1;
        let mut repeated = 0;
        let mut skip = 0;
        for hash in Self::ngrams(&self.prefixes, n) {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let mut place = (hash >> shift) as usize;
            while self.keys[place] != 0 && self.keys[place] != hash {
                place = (place + 1) & mask;
            }
            if self.keys[place] == hash {
                repeated += n;
                skip = n - 1;
            }
            self.keys[place] = hash;
        }
        repeated
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;

    fn most_frequent(characters: &[u32], n: usize) -> u32 {
        let mut counts = HashMap::new();
        characters.windows(n).for_each(|ngram| *counts.entry(ngram).or_insert(0) += 1);
        counts.into_values().max().unwrap_or(0)
    }

    fn repeated(characters: &[u32], n: usize) -> usize {
        let (mut seen, mut repeated, mut at) = (HashSet::new(), 0, 0);
        while at + n <= characters.len() {
            let again = !seen.insert(&characters[at..at + n]);
            repeated += if again { n } else { 0 };
            at += if again { n } else { 1 };
        }
        repeated
    }

    proptest! {
        #[test]
        fn what_is_counted_is_what_is_there_and_the_sieves_miss_none(
            characters in prop::collection::vec(1u32..4, 0..400), n in 1usize..12,
        ) {
            let mut buffers = Buffers::default();
            buffers.hash(&characters);
            let (frequent, again) = (most_frequent(&characters, n), repeated(&characters, n));
            prop_assert_eq!(buffers.most_frequent(n), frequent);
            prop_assert_eq!(buffers.repeated_characters(n), again);
            prop_assert!(buffers.frequent_at_most(n) >= frequent);
            prop_assert!(buffers.repeated_at_most(n) >= again);
        }
    }

    #[test]
    fn text_that_does_not_repeat_itself_passes_the_sieves() {
        let mut buffers = Buffers::default();
        for length in [100, 2_000, 200_000] {
            let characters: Vec<u32> = (0..length).collect();
            buffers.hash(&characters);
            assert!(buffers.frequent_at_most(10) <= 4 + length / 1_000, "{length}");
            assert!(buffers.repeated_at_most(10) <= length as usize / 5, "{length}");
        }
    }
}

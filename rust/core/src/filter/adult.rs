//! Pornography and its advertisements, by words.
//!
//! The papers drop documents with adult words (technical report 2.1.1). Letters alone do not make a word: アナル is in
//! アナルトリー (anarthria) and チンコ in パチンコ, so a word counts only where the analyser's morphemes begin and end
//! with it. One word does not make pornography either: a document goes if its words weigh enough for its
//! length *and* enough different ones are telling. The list, `ncvc/corpus/adult_words.txt`, has none of the words that
//! medicine needs (docs/filters.md tells the policy).
//!
//! [`phrases`](super::phrases) finds the letters of words. Only documents with enough of them are analysed, and of
//! these only the lines that have some.

use std::path::PathBuf;

use super::options::AdultOptions;
use super::phrases::{Match, Phrase};
use super::reason::Reason;
use crate::clean::{META_SPACE, clean};
use crate::morph;
use crate::{Error, Result};

/// Shortest text, in characters; in a shorter one the words must weigh as much as in one of this length, so that three
/// harmless words of slang in a sentence are no pornography.
const SHORTEST: usize = 1000;

/// Least weight of a telling word; the others only add to the weight of a text. So no number of words that ordinary
/// text has (美人, 風俗) drops anything.
const TELLING: u64 = 3;

/// Adult words with weights from 1 to 10.
pub struct WordList {
    words: Vec<(String, u64)>,
}

impl WordList {
    /// Reads a list: a word, white space and its weight a line; # begins a comment.
    ///
    /// # Errors
    ///
    /// [`Error::Input`] with the first line that is something else, or has a word that stood before.
    pub fn parse(options: &AdultOptions) -> Result<Self> {
        let mut words: Vec<(String, u64)> = Vec::new();
        let mut known = rustc_hash::FxHashSet::default();
        for (number, line) in (1..).zip(options.list.lines()) {
            let line = line.split('#').next().unwrap_or("").trim();
            if line.is_empty() {
                continue;
            }
            let wrong = |message: &str| Error::Input {
                path: PathBuf::from(&options.list_name),
                line: number,
                message: message.to_owned(),
            };
            let mut fields = line.split_whitespace();
            let (Some(word), Some(weight), None) = (fields.next(), fields.next(), fields.next()) else {
                return Err(wrong("write a word, a space and its weight, as in `無修正動画 5`"));
            };
            let weight = weight.parse().ok().filter(|weight| (1..=10).contains(weight));
            let weight = weight.ok_or_else(|| wrong("the weight is a whole number from 1 to 10"))?;
            let word = clean(word).to_ascii_lowercase();
            if word.is_empty() || word.contains([META_SPACE, '\n']) {
                return Err(wrong("cleaning leaves nothing of this word, or a space in it; take it out"));
            }
            if !known.insert(word.clone()) {
                return Err(wrong("this word, as it is after cleaning, stands above already; take one out"));
            }
            words.push((word, weight));
        }
        Ok(Self { words })
    }

    /// Returns the words in the order of their numbers.
    pub fn surfaces(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|(word, _)| word.as_str())
    }
}

/// Judges documents; keeps its buffers between them, so create one per thread.
pub struct Judge<'a> {
    options: &'a AdultOptions,
    list: &'a WordList,
    analyzer: morph::Worker<'a>,
    line: String,
    boundaries: Vec<usize>,
    found: Vec<Match>,
    seen: Vec<bool>,
}

impl<'a> Judge<'a> {
    /// Creates a judge with this list.
    pub fn new(options: &'a AdultOptions, list: &'a WordList, analyzer: morph::Worker<'a>) -> Self {
        let seen = vec![false; list.words.len()];
        Self { options, list, analyzer, line: String::new(), boundaries: Vec::new(), found: Vec::new(), seen }
    }

    /// Judges a text with `matches` and so many `characters`, white space apart.
    pub fn judge(
        &mut self,
        text: &str,
        characters: usize,
        matches: &[Match],
    ) -> std::result::Result<(), Reason> {
        // An upper bound: letters of words weigh at least as much as words.
        self.found.clear();
        self.found.extend(matches.iter().filter(|m| matches!(m.phrase, Phrase::Adult(_))));
        if !self.is_enough(characters) {
            return Ok(());
        }
        self.found.clear();
        let mut rest = matches;
        while let Some(first) = rest.first() {
            let start = text[..first.start].rfind('\n').map_or(0, |i| i + 1);
            let end = text[start..].find('\n').map_or(text.len(), |i| start + i);
            let (here, others) = rest.split_at(rest.partition_point(|m| m.end <= end));
            self.find_words(&text[start..end], start, here);
            rest = others;
        }
        if self.is_enough(characters) { Err(Reason::AdultWords) } else { Ok(()) }
    }

    /// Adds the matches of a line that begin and end with morphemes; of overlapping ones the first, the longest.
    fn find_words(&mut self, line: &str, start: usize, matches: &[Match]) {
        let Self { analyzer, line: spaced, boundaries, found, .. } = self;
        spaced.clear();
        spaced.extend(line.chars().map(|c| if c == META_SPACE { ' ' } else { c }));
        boundaries.clear();
        analyzer.split(spaced, |range| boundaries.extend([range.start, range.end]));
        let from = found.len();
        let mut spaces = 0;
        let mut counted = 0;
        // Matches ascend by their ends; ▁ is two bytes longer than the space that the analyser saw.
        for m in matches.iter().filter(|m| matches!(m.phrase, Phrase::Adult(_))) {
            let end = m.end - start;
            spaces += line[counted..end].matches(META_SPACE).count();
            counted = end;
            let end = end - spaces * (META_SPACE.len_utf8() - 1);
            let word = end - (m.end - m.start);
            if boundaries.binary_search(&word).is_ok() && boundaries.binary_search(&end).is_ok() {
                found.push(*m);
            }
        }
        found[from..].sort_by_key(|m| (m.start, std::cmp::Reverse(m.end)));
        let mut done = 0;
        let mut at = from;
        for i in from..found.len() {
            let m = found[i];
            if m.start >= done {
                done = m.end;
                found[at] = m;
                at += 1;
            }
        }
        found.truncate(at);
    }

    /// Tests whether the found words weigh enough and enough different ones are telling; a short text counts as one of
    /// [`SHORTEST`] characters.
    fn is_enough(&mut self, characters: usize) -> bool {
        let Self { options, list, found, seen, .. } = self;
        let (mut weight, mut different) = (0, 0);
        for m in found.iter() {
            if let Phrase::Adult(word) = m.phrase {
                weight += list.words[word].1;
                let first = !std::mem::replace(&mut seen[word], true);
                different += usize::from(first && list.words[word].1 >= TELLING);
            }
        }
        for m in found.iter() {
            if let Phrase::Adult(word) = m.phrase {
                seen[word] = false;
            }
        }
        different >= options.least_words
            && weight as f64 * 1000.0 >= options.least_weight * characters.max(SHORTEST) as f64
    }
}

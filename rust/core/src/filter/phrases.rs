//! One scan of a text for every phrase that a filter waits for: the forms of copyright notices and the adult words.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};

use super::adult::WordList;
use super::copyright::{self, Form};
use crate::{Error, Result};

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    /// The beginning of a copyright notice, perhaps.
    Copyright(Form),
    /// The letters of an adult word, by its number in the list; perhaps inside other words.
    Adult(usize),
}

/// A phrase in a text.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// Which.
    pub cue: Cue,
    /// Its first byte.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
}

/// The automaton; upper and lower case of ASCII letters are alike.
pub struct Cues {
    automaton: AhoCorasick,
    /// Patterns below this number are [`copyright::CUES`].
    copyright: usize,
}

impl Cues {
    /// The automaton for the filters that are on; `None` if none of them waits for a phrase.
    pub fn new(copyright: bool, words: Option<&WordList>) -> Result<Option<Self>> {
        let forms = if copyright { &copyright::CUES[..] } else { &[] };
        let words = words.into_iter().flat_map(WordList::surfaces);
        let patterns: Vec<&str> = forms.iter().map(|&(phrase, _)| phrase).chain(words).collect();
        if patterns.is_empty() {
            return Ok(None);
        }
        let automaton = AhoCorasickBuilder::new()
            .kind(Some(AhoCorasickKind::DFA))
            .ascii_case_insensitive(true)
            .build(patterns)
            .map_err(|error| Error::Filters {
                message: format!("the list of adult words is too long: {error}"),
            })?;
        Ok(Some(Self { automaton, copyright: forms.len() }))
    }

    /// Writes all phrases in `text`, overlapping ones too, to `hits`: ascending by end.
    pub fn find(&self, text: &str, hits: &mut Vec<Hit>) {
        hits.clear();
        hits.extend(self.automaton.find_overlapping_iter(text).map(|found| {
            let pattern = found.pattern().as_usize();
            let cue = if pattern < self.copyright {
                Cue::Copyright(copyright::CUES[pattern].1)
            } else {
                Cue::Adult(pattern - self.copyright)
            };
            Hit { cue, start: found.start(), end: found.end() }
        }));
    }
}

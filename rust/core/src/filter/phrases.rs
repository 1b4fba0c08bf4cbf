//! Finds copyright phrases and adult words in a text with one automaton.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};

use crate::{Error, Result};

/// The kind of copyright notice that a phrase begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeForm {
    /// `Copyright`, a notice before a year, © or (C), or with `reserved` in the line.
    Copyright,
    /// `All Rights Reserved`, a notice by itself.
    Reserved,
    /// `(C)`, a notice before a year.
    LetterC,
    /// `©`, a notice before a name or a year.
    Sign,
    /// `無断転載`, a notice before a ban.
    WithoutLeave,
    /// `転載を`, a notice before a ban.
    Use,
    /// `転載禁止`, a notice where it speaks to the reader.
    Ban,
    /// `著作権は`, a notice between 当サイト and 帰属します.
    Right,
}

/// A phrase that a filter looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phrase {
    /// The possible beginning of a copyright notice.
    Notice(NoticeForm),
    /// The letters of an adult word, by its number in the list; possibly inside another word.
    Adult(usize),
}

/// A phrase in a text.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// The phrase.
    pub phrase: Phrase,
    /// Its first byte.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
}

/// The automaton; upper and lower case of ASCII letters are alike.
pub struct PhraseFinder {
    automaton: AhoCorasick,
    /// The forms of the first patterns; the patterns behind them are adult words.
    notices: Vec<NoticeForm>,
}

impl PhraseFinder {
    /// Builds the automaton for notices and adult words; `None` if there are neither.
    ///
    /// # Errors
    ///
    /// [`Error::Filters`] if the words are too many for an automaton.
    pub fn new<'w>(
        notices: &[(&'w str, NoticeForm)],
        adult_words: impl Iterator<Item = &'w str>,
    ) -> Result<Option<Self>> {
        let patterns: Vec<&str> = notices.iter().map(|&(phrase, _)| phrase).chain(adult_words).collect();
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
        Ok(Some(Self { automaton, notices: notices.iter().map(|&(_, form)| form).collect() }))
    }

    /// Writes all phrases in `text`, overlapping ones too, to `matches`: ascending by end.
    pub fn find(&self, text: &str, matches: &mut Vec<Match>) {
        matches.clear();
        matches.extend(self.automaton.find_overlapping_iter(text).map(|found| {
            let pattern = found.pattern().as_usize();
            let phrase = match self.notices.get(pattern) {
                Some(&form) => Phrase::Notice(form),
                None => Phrase::Adult(pattern - self.notices.len()),
            };
            Match { phrase, start: found.start(), end: found.end() }
        }));
    }
}

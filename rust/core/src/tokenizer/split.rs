//! Splits raw or cleaned text into morphemes.

use memchr::memmem;

use crate::clean::{self, Cleaner, META_SPACE};
use crate::morph::{self, Analyzer, Word};

/// Cleans and analyses text; one per thread.
pub struct Splitter<'a> {
    cleaner: Cleaner,
    analyzer: morph::Worker<'a>,
    /// Finds white space in cleaned text.
    meta_space: memmem::Finder<'static>,
    /// Cleaned text with plain spaces, as the analyser needs it.
    spaced: String,
}

impl<'a> Splitter<'a> {
    /// Creates a splitter with the analyser's dictionary.
    pub fn new(analyzer: &'a Analyzer) -> Self {
        let meta_space = memmem::Finder::new(META_SPACE.encode_utf8(&mut [0; 4])).into_owned();
        Self { cleaner: Cleaner::default(), analyzer: analyzer.worker(), meta_space, spaced: String::new() }
    }

    /// Calls `on_morpheme` for every morpheme of the cleaned text; together they are the cleaned text.
    ///
    /// White space (▁) and line feeds are morphemes of their own, and no other morpheme holds one, though a
    /// word of the dictionary may.
    pub fn split(&mut self, text: &str, mut on_morpheme: impl FnMut(&str)) {
        self.stretches(text, |stretch, _| morphemes(stretch, &mut on_morpheme));
    }

    /// Calls `on_stretch` for the stretches of the cleaned text: surfaces of the dictionary with their number, the
    /// rest without one. [`morphemes`] splits a stretch further.
    pub(super) fn stretches(&mut self, text: &str, on_stretch: impl FnMut(&str, Option<Word>)) {
        analyze(&mut self.analyzer, self.cleaner.clean_with_spaces(text), on_stretch);
    }

    /// Splits text that is clean already, as [`Splitter::stretches`].
    pub(super) fn stretches_of_clean(&mut self, text: &str, on_stretch: impl FnMut(&str, Option<Word>)) {
        self.spaced.clear();
        let mut done = 0;
        for space in self.meta_space.find_iter(text.as_bytes()) {
            self.spaced.push_str(&text[done..space]);
            self.spaced.push(' ');
            done = space + META_SPACE.len_utf8();
        }
        self.spaced.push_str(&text[done..]);
        analyze(&mut self.analyzer, &self.spaced, on_stretch);
    }

    /// Returns the cleaning counts since the last call and resets them.
    pub fn take_counts(&mut self) -> clean::Counts {
        self.cleaner.take_counts()
    }
}

/// Splits cleaned text with plain spaces into stretches, line by line.
fn analyze(analyzer: &mut morph::Worker<'_>, text: &str, mut on_stretch: impl FnMut(&str, Option<Word>)) {
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            on_stretch("\n", None);
        }
        let mut done = 0;
        analyzer.split_words(line, |range, word| {
            if done < range.start {
                on_stretch(&line[done..range.start], None);
            }
            done = range.end;
            on_stretch(&line[range], word);
        });
        if done < line.len() {
            on_stretch(&line[done..], None);
        }
    }
}

/// Calls `on_morpheme` for every morpheme of a stretch: its spaces, each as ▁, and what is between them.
pub(super) fn morphemes(stretch: &str, mut on_morpheme: impl FnMut(&str)) {
    let mut meta_space = [0; 4];
    let meta_space: &str = META_SPACE.encode_utf8(&mut meta_space);
    for (i, word) in stretch.split(' ').enumerate() {
        if i > 0 {
            on_morpheme(meta_space);
        }
        if !word.is_empty() {
            on_morpheme(word);
        }
    }
}

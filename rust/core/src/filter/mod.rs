//! Filters: drop documents, or parts of them, that are not worth training on (technical report 2.1.1); a file each.
//!
//! They run on cleaned text: white space is ▁, lines end in \n; cleaning keeps everything that a filter needs. The
//! first filter that drops a document gives the reason. Those that may shorten a document run first, so that the others
//! judge the rest. Deduplication is a stage of its own, as it needs all documents.

pub mod adult;
pub mod copyright;
pub mod japanese;
pub mod length;
mod options;
mod phrases;
pub mod quality;
mod reason;
pub mod repetition;
pub mod unfinished;

pub use options::{
    AdultOptions, CopyrightOptions, FilterOptions, JapaneseOptions, LengthOptions, QualityModel,
    QualityOptions, RemoveCutOff, RemoveNotice, RepetitionOptions, UnfinishedOptions,
};
pub use reason::{FILTER_COUNT, Filter, FilterCount, FilterCounts, Reason};

use crate::morph::Analyzer;
use crate::{Error, Result};
use adult::{Judge, WordList};
use phrases::{Match, PhraseFinder};
use quality::Quality;

/// Version of the filters as a whole; changes whenever a text's verdict under the same options does.
pub const VERSION: u32 = 2;

/// Verdict on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'t> {
    /// Keep it, as this text.
    Keep(&'t str),
    /// Drop it.
    Drop(Reason),
}

/// The filters, shared by all threads.
pub struct Filters<'a> {
    options: FilterOptions,
    phrases: Option<PhraseFinder>,
    adult: Option<AdultFilter<'a>>,
    quality: Option<Quality>,
}

/// Everything that the filter of adult words needs.
struct AdultFilter<'a> {
    options: AdultOptions,
    list: WordList,
    analyzer: &'a Analyzer,
}

impl AdultFilter<'_> {
    fn judge(&self) -> Judge<'_> {
        Judge::new(&self.options, &self.list, self.analyzer.worker())
    }
}

impl<'a> Filters<'a> {
    /// Creates filters for these options; only adult words need the analyser.
    ///
    /// # Errors
    ///
    /// [`Error::Filters`] if there is no analyser where one is needed, [`Error::Input`] for a mistake in the list of
    /// adult words, and those of [`Quality::load`].
    pub fn new(options: &FilterOptions, analyzer: Option<&'a Analyzer>) -> Result<Self> {
        let adult = match (&options.adult_words, analyzer) {
            (None, _) => None,
            (Some(options), Some(analyzer)) => {
                let list = WordList::parse(options)?;
                Some(AdultFilter { options: options.clone(), list, analyzer })
            }
            (Some(_), None) => {
                let message = "the filter `adult_words` looks at analysed words: name a tokenizer, or set \
                               `adult_words: null`";
                return Err(Error::Filters { message: message.to_owned() });
            }
        };
        let notices = if options.copyright_notices.is_some() { &copyright::PHRASES[..] } else { &[] };
        let words = adult.iter().flat_map(|adult| adult.list.surfaces());
        let phrases = PhraseFinder::new(notices, words)?;
        let quality = options.quality.as_ref().map(Quality::load).transpose()?;
        Ok(Self { options: options.clone(), phrases, adult, quality })
    }

    /// Tests if the length filter drops a cleaned text.
    pub fn is_too_short(&self, text: &str) -> bool {
        let scripts = || japanese::scan(text, &mut Vec::new());
        self.options
            .too_short
            .as_ref()
            .is_some_and(|options| length::judge(options, scripts().characters).is_err())
    }

    /// A worker for one thread.
    pub fn worker(&self) -> Worker<'_> {
        Worker {
            filters: self,
            adult: self.adult.as_ref().map(AdultFilter::judge),
            quality: self.quality.as_ref().map(Quality::worker),
            text: String::new(),
            next: String::new(),
            matches: Vec::new(),
            characters: Vec::new(),
            repetition: repetition::Buffers::default(),
            counts: FilterCounts::default(),
        }
    }
}

/// Judges documents; one a thread.
pub struct Worker<'f> {
    filters: &'f Filters<'f>,
    adult: Option<Judge<'f>>,
    quality: Option<quality::Worker<'f>>,
    text: String,
    next: String,
    matches: Vec<Match>,
    characters: Vec<u32>,
    repetition: repetition::Buffers,
    counts: FilterCounts,
}

impl Worker<'_> {
    /// Judges a cleaned document.
    pub fn apply<'t>(&'t mut self, text: &'t str) -> Verdict<'t> {
        self.text.clear();
        self.next.clear();
        match self.judge(text) {
            Ok(()) if self.text.is_empty() => Verdict::Keep(text),
            Ok(()) => Verdict::Keep(&self.text),
            Err(reason) => {
                let count = self.counts.of(reason.filter());
                count.dropped += 1;
                count.dropped_bytes += text.len() as u64;
                Verdict::Drop(reason)
            }
        }
    }

    /// Returns the probability that a cleaned text is of high quality; none without a model, or without a score.
    pub fn quality(&mut self, text: &str) -> Option<f64> {
        self.quality.as_mut()?.score(text)
    }

    /// Returns the counts since the last call and resets them.
    pub fn take_counts(&mut self) -> FilterCounts {
        std::mem::take(&mut self.counts)
    }

    /// Runs the filters; leaves a shortened document in `self.text`, otherwise empty.
    fn judge(&mut self, original: &str) -> std::result::Result<(), Reason> {
        let Self { filters, adult, quality, text, next, matches, characters, repetition, counts } = self;
        let options = &filters.options;
        if let Some(phrases) = &filters.phrases {
            phrases.find(original, matches);
        }
        if let Some(options) = &options.copyright_notices {
            let count = counts.start(Filter::CopyrightNotices);
            let removed = copyright::judge(options, original, matches, next)?;
            count.note(removed, original, next);
            if removed > 0 {
                std::mem::swap(text, next);
            }
        }
        if let Some(options) = &options.unfinished_sentences {
            let count = counts.start(Filter::UnfinishedSentences);
            next.clear();
            let before: &str = if text.is_empty() { original } else { text };
            let removed = unfinished::judge(options, before, next)?;
            count.note(removed, before, next);
            if removed > 0 {
                std::mem::swap(text, next);
            }
        }
        let shortened = !text.is_empty();
        let text: &str = if shortened { text } else { original };
        let scripts = japanese::scan(text, characters);
        if let Some(options) = &options.too_short {
            counts.start(Filter::TooShort);
            length::judge(options, scripts.characters)?;
        }
        if let Some(options) = &options.japanese {
            counts.start(Filter::Japanese);
            japanese::judge(options, text, scripts)?;
        }
        if let Some(options) = &options.repetition {
            counts.start(Filter::Repetition);
            repetition::judge(options, text, characters, repetition)?;
        }
        // An empty list has no phrases: its filter sees no document.
        if let (Some(adult), Some(phrases)) = (adult, &filters.phrases) {
            counts.start(Filter::AdultWords);
            if shortened {
                phrases.find(text, matches);
            }
            adult.judge(text, scripts.characters, matches)?;
        }
        if let (Some(options), Some(quality)) = (&options.quality, quality) {
            // A document without a score is not seen.
            if let Some(score) = quality.score(text) {
                counts.start(Filter::Quality);
                quality::judge(options, score)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! Reasons for dropping documents and counts by filter, with their names in reports.

use serde::Serialize;

/// The number of filters.
pub const FILTER_COUNT: usize = 7;

/// The filters, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// [`copyright`](super::copyright).
    CopyrightNotices,
    /// [`unfinished`](super::unfinished).
    UnfinishedSentences,
    /// [`length`](super::length).
    TooShort,
    /// [`japanese`](super::japanese).
    Japanese,
    /// [`repetition`](super::repetition).
    Repetition,
    /// [`adult`](super::adult).
    AdultWords,
    /// [`quality`](super::quality).
    Quality,
}

impl Filter {
    /// All of them, in their order.
    pub const ALL: [Self; FILTER_COUNT] = [
        Self::CopyrightNotices,
        Self::UnfinishedSentences,
        Self::TooShort,
        Self::Japanese,
        Self::Repetition,
        Self::AdultWords,
        Self::Quality,
    ];
}

/// Reason for dropping a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It says that it may not be used.
    CopyrightNotice,
    /// Its last sentence is cut off.
    CutOffAtTheEnd,
    /// Too many of its sentences are cut off.
    CutOffSentences,
    /// Too much of it is in lines without the end of a sentence.
    UnfinishedSentences,
    /// Too few characters.
    TooShort,
    /// Too few kana and kanji.
    TooLittleJapanese,
    /// Too few hiragana.
    TooLittleHiragana,
    /// Too many lines that stood before.
    RepeatedLines,
    /// Too many paragraphs that stood before.
    RepeatedParagraphs,
    /// A single phrase takes too much of it.
    FrequentPhrase,
    /// Too many phrases that stood before.
    RepeatedPhrases,
    /// Pornography.
    AdultWords,
    /// A model gives it a low score.
    LowQuality,
}

impl Reason {
    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::CopyrightNotice => "copyright_notice",
            Self::CutOffAtTheEnd => "cut_off_at_the_end",
            Self::CutOffSentences => "cut_off_sentences",
            Self::UnfinishedSentences => "unfinished_sentences",
            Self::TooShort => "too_short",
            Self::TooLittleJapanese => "too_little_japanese",
            Self::TooLittleHiragana => "too_little_hiragana",
            Self::RepeatedLines => "repeated_lines",
            Self::RepeatedParagraphs => "repeated_paragraphs",
            Self::FrequentPhrase => "frequent_phrase",
            Self::RepeatedPhrases => "repeated_phrases",
            Self::AdultWords => "adult_words",
            Self::LowQuality => "low_quality",
        }
    }

    /// Returns the filter that gives this reason.
    pub fn filter(self) -> Filter {
        match self {
            Self::CopyrightNotice => Filter::CopyrightNotices,
            Self::CutOffAtTheEnd | Self::CutOffSentences | Self::UnfinishedSentences => {
                Filter::UnfinishedSentences
            }
            Self::TooShort => Filter::TooShort,
            Self::TooLittleJapanese | Self::TooLittleHiragana => Filter::Japanese,
            Self::RepeatedLines | Self::RepeatedParagraphs | Self::FrequentPhrase | Self::RepeatedPhrases => {
                Filter::Repetition
            }
            Self::AdultWords => Filter::AdultWords,
            Self::LowQuality => Filter::Quality,
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Counts of one filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FilterCount {
    /// Documents that it looked at.
    pub seen: u64,
    /// Documents that it let pass, shortened.
    pub changed: u64,
    /// Documents that it dropped.
    pub dropped: u64,
    /// UTF-8 bytes of the dropped documents, cleaned.
    pub dropped_bytes: u64,
    /// Lines or sentences that it removed from documents that it let pass.
    pub removed: u64,
    /// UTF-8 bytes that it removed from documents that it let pass.
    pub removed_bytes: u64,
}

impl FilterCount {
    /// Counts the lines or sentences removed from a document, if any.
    pub(super) fn note(&mut self, removed: u64, before: &str, after: &str) {
        if removed > 0 {
            self.changed += 1;
            self.removed += removed;
            self.removed_bytes += (before.len() - after.len()) as u64;
        }
    }
}

/// Counts of all filters, in the order of [`Filter::ALL`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterCounts(pub [FilterCount; FILTER_COUNT]);

impl FilterCounts {
    /// Adds the counts of another thread.
    pub fn add(&mut self, other: &Self) {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            a.seen += b.seen;
            a.changed += b.changed;
            a.dropped += b.dropped;
            a.dropped_bytes += b.dropped_bytes;
            a.removed += b.removed;
            a.removed_bytes += b.removed_bytes;
        }
    }

    /// Counts a document as seen and returns the filter's row.
    pub(super) fn start(&mut self, filter: Filter) -> &mut FilterCount {
        let count = self.of(filter);
        count.seen += 1;
        count
    }

    /// Returns the row of one filter.
    pub fn of(&mut self, filter: Filter) -> &mut FilterCount {
        &mut self.0[filter as usize]
    }
}

/// A list of `{"filter", "seen", "changed", "dropped", …}` in the order of the filters.
impl Serialize for FilterCounts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row {
            filter: Filter,
            #[serde(flatten)]
            count: FilterCount,
        }
        serializer.collect_seq(Filter::ALL.iter().zip(self.0).map(|(&filter, count)| Row { filter, count }))
    }
}

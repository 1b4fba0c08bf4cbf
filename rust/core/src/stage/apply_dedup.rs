//! Applies the decisions of deduplication to the documents of a prepared part.

use std::borrow::Cow;
use std::path::Path;

use super::dropped::Dropped;
use super::prepared::Survivors;
use crate::Result;
use crate::clean::{Cleaner, CleaningOptions};
use crate::dedup::Duplicate;
use crate::pipeline::{Document, DropReason};
use crate::statistics::Recorder;

/// Sentences removed from documents that stay.
#[derive(Clone, Copy, Default, serde::Serialize)]
pub(super) struct RemovedSentences {
    removed_sentences: u64,
    removed_sentence_bytes: u64,
}

impl RemovedSentences {
    pub fn add(&mut self, other: Self) {
        self.removed_sentences += other.removed_sentences;
        self.removed_sentence_bytes += other.removed_sentence_bytes;
    }
}

/// A prepared part, the decisions on it, and the folder of the finished part.
pub struct PreparedPart<'a> {
    /// The clean documents.
    pub text: &'a Path,
    /// The decisions of deduplication; none if duplicates were not searched for.
    pub survivors: Option<&'a Survivors>,
    /// Cleaning of documents that lost sentences.
    pub cleaning: CleaningOptions,
    /// The folder of finished parts.
    pub folder: &'a Path,
    /// The part's name.
    pub name: &'a str,
}

impl PreparedPart<'_> {
    /// Returns what stays of a document, cleaned again where sentences were removed; or the reason why nothing does.
    ///
    /// Adds a dropped document to `dropped` and to the statistics, sentences to `removed`.
    pub(super) fn apply_dedup<'d>(
        &self,
        document: &Document<'d>,
        cleaner: &mut Cleaner,
        recorder: &mut Recorder,
        dropped: &mut Dropped,
        removed: &mut RemovedSentences,
    ) -> Result<std::result::Result<Cow<'d, str>, DropReason>> {
        let Some(survivors) = self.survivors else { return Ok(Ok(Cow::Borrowed(document.text))) };
        let found = match survivors.apply(document)? {
            Ok(Cow::Owned(text)) => match cleaner.clean(&text) {
                "" => Err(DropReason::Duplicate(Duplicate::AllSentences)),
                clean => Ok(Cow::Owned(clean.to_owned())),
            },
            unchanged_or_dropped => unchanged_or_dropped,
        };
        if let Ok(Cow::Owned(text)) = &found {
            removed.add(RemovedSentences {
                removed_sentences: survivors.removed_sentences(document)?,
                removed_sentence_bytes: document.text.len().saturating_sub(text.len()) as u64,
            });
        }
        if let Err(reason) = found {
            survivors.write_row(document, reason, dropped.entry(reason).or_default())?;
            let (file, line) = survivors.provenance(document)?;
            recorder.dropped(&file, line, reason.name(), document.text);
        }
        Ok(found)
    }
}

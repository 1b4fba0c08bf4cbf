//! A prepared part on its way to tokens or text: what deduplication leaves of it.

use std::borrow::Cow;
use std::path::Path;

use super::dropped::Dropped;
use super::prepared::Survivors;
use crate::clean::{Cleaner, CleaningOptions};
use crate::dedup::Duplicate;
use crate::pipeline::{Document, DropReason};
use crate::statistics::Recorder;

/// A prepared part to be finished: its clean documents, what deduplication leaves of them, and where it goes.
pub struct PreparedPart<'a> {
    /// The clean documents.
    pub text: &'a Path,
    /// What stays of them; everything if duplicates were not looked for.
    pub survivors: Option<&'a Survivors>,
    /// What the documents go through again once sentences were taken out of them.
    pub cleaning: CleaningOptions,
    /// The folder of finished parts.
    pub folder: &'a Path,
    /// The part's name.
    pub name: &'a str,
}

impl PreparedPart<'_> {
    /// What stays of a document, clean again where sentences were taken out; or a row for it, and the reason.
    pub(super) fn survivor<'d>(
        &self,
        document: &Document<'d>,
        cleaner: &mut Cleaner,
        recorder: &mut Recorder,
        dropped: &mut Dropped,
    ) -> std::result::Result<Cow<'d, str>, DropReason> {
        let Some(survivors) = self.survivors else { return Ok(Cow::Borrowed(document.text)) };
        match survivors.apply(document) {
            Ok(Cow::Owned(text)) => match cleaner.clean(&text) {
                "" => Err(DropReason::Duplicate(Duplicate::AllSentences)),
                clean => Ok(Cow::Owned(clean.to_owned())),
            },
            unchanged_or_dropped => unchanged_or_dropped,
        }
        .inspect_err(|&reason| {
            survivors.write_row(document, reason, dropped.entry(reason).or_default());
            if let Some((file, line)) = survivors.place(document) {
                recorder.dropped(&file, line, reason.name(), document.text);
            }
        })
    }
}

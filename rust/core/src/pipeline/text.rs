//! Documents → JSON lines with cleaned text and everything else as it was.

use super::rejected::DropReason;
use super::run::{Document, Job};
use crate::clean::{Cleaner, Counts};

/// Cleans documents.
pub struct CleanText;

impl Job for CleanText {
    type Worker = Cleaner;
    type Batch = Vec<u8>;

    fn worker(&self) -> Cleaner {
        Cleaner::default()
    }

    fn document(
        &self,
        cleaner: &mut Cleaner,
        document: &Document<'_>,
        batch: &mut Vec<u8>,
    ) -> Result<(), DropReason> {
        let text = cleaner.clean(document.text);
        if text.is_empty() {
            return Err(DropReason::EmptyAfterCleaning);
        }
        // Writing to memory does not fail, and a string always has a JSON form.
        let _ = document.fields.write_with(document.text_field, text, batch);
        Ok(())
    }

    fn take_counts(cleaner: &mut Cleaner) -> Counts {
        cleaner.take_counts()
    }
}

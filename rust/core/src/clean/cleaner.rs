//! Cleans documents and counts the edits.

use super::characters::META_SPACE;
use super::counts::{Counts, ROW_COUNT};
use super::fixpoint::Fixpoint;
use super::fused;
use super::options::CleaningOptions;
use super::replace_pii::ReplacePii;
use crate::Result;

/// Cleans documents; keeps its buffers between them, so create one per thread.
#[derive(Clone, Default)]
pub struct Cleaner {
    spaced: String,
    marked: String,
    fixpoint: Fixpoint,
    counts: Counts,
}

impl Cleaner {
    /// Creates a cleaner with these options; the default has the papers'.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`](crate::Error::Internal) if the clinical set cannot be looked for.
    pub fn new(options: &CleaningOptions) -> Result<Self> {
        Ok(Self { fixpoint: Fixpoint::new(ReplacePii::new(options)?), ..Self::default() })
    }

    /// Returns the cleaned document.
    pub fn clean(&mut self, document: &str) -> &str {
        self.clean_with_spaces(document);
        self.marked.clear();
        let mut copied = 0;
        for space in memchr::memchr_iter(b' ', self.spaced.as_bytes()) {
            self.marked.push_str(&self.spaced[copied..space]);
            self.marked.push(META_SPACE);
            copied = space + 1;
        }
        self.marked.push_str(&self.spaced[copied..]);
        &self.marked
    }

    /// Returns the result of the last call of [`clean`](Self::clean).
    pub fn last(&self) -> &str {
        &self.marked
    }

    /// Returns the cleaned document with plain spaces where [`clean`](Self::clean) writes ▁.
    pub fn clean_with_spaces(&mut self, document: &str) -> &str {
        self.spaced.clear();
        let mut edits = [0; ROW_COUNT];
        if self.fixpoint.pii.is_clinical() {
            // The fused pass does not look for clinical data.
            self.fixpoint.text().push_str(document);
            self.spaced.push_str(self.fixpoint.run(&mut edits, fused::is_clean));
        } else {
            fused::clean(document, &mut self.spaced, &mut self.fixpoint, &mut edits);
        }
        for (i, n) in edits.into_iter().enumerate() {
            self.counts.edits[i] += n;
            self.counts.documents[i] += u64::from(n > 0);
        }
        &self.spaced
    }

    /// Returns the counts since the last call and resets them.
    pub fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }
}

/// Cleans one document with the default options.
pub fn clean(document: &str) -> String {
    Cleaner::default().clean(document).to_owned()
}

//! Text that a rule writes, and on request the places of the text before that it replaces.

use std::ops::Range;

/// A replaced place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Bytes of the text before.
    pub place: Range<usize>,
    /// Bytes of the text after.
    pub written: Range<usize>,
    /// Tag of clinical data.
    pub tag: Option<&'static str>,
}

/// Copy of a text with places replaced, in ascending order.
#[derive(Clone, Default)]
pub struct Output {
    /// The text so far.
    pub text: String,
    /// End of what is copied or replaced.
    pub copied: usize,
    edits: Option<Vec<Edit>>,
}

impl Output {
    /// Keeps the replaced places from now on.
    pub fn keep_edits(&mut self) {
        self.edits = Some(Vec::new());
    }

    /// Returns the replaced places; empty unless they are kept.
    pub fn edits(&self) -> &[Edit] {
        self.edits.as_deref().unwrap_or_default()
    }

    /// Begins a new text.
    pub fn clear(&mut self) {
        self.text.clear();
        self.copied = 0;
        if let Some(edits) = &mut self.edits {
            edits.clear();
        }
    }

    /// Copies `text` up to `place` and writes `replacement` for it.
    pub fn replace(&mut self, text: &str, place: Range<usize>, replacement: &str) {
        self.replace_tagged(text, place, replacement, None);
    }

    /// Does the same for data with a tag.
    pub fn replace_tagged(
        &mut self,
        text: &str,
        place: Range<usize>,
        replacement: &str,
        tag: Option<&'static str>,
    ) {
        self.text.push_str(&text[self.copied..place.start]);
        let start = self.text.len();
        self.text.push_str(replacement);
        self.copied = place.end;
        if let Some(edits) = &mut self.edits {
            edits.push(Edit { place, written: start..self.text.len(), tag });
        }
    }

    /// Extends the last replaced place to `end`, if it ends before it.
    pub fn extend(&mut self, end: usize) {
        self.copied = self.copied.max(end);
        if let Some(last) = self.edits.as_mut().and_then(|edits| edits.last_mut()) {
            last.place.end = self.copied;
        }
    }

    /// Copies the rest of `text`.
    pub fn finish(&mut self, text: &str) {
        self.text.push_str(&text[self.copied..]);
        self.copied = text.len();
    }
}

//! Excerpts of texts for the report.

use serde::{Deserialize, Serialize};

/// Length of an excerpt in characters.
const BEGINNING: usize = 160;

/// Beginning of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The first characters.
    pub text: String,
    /// Number of characters left out.
    pub more: u64,
}

impl Excerpt {
    /// Takes the beginning of `text`.
    pub fn beginning(text: &str) -> Self {
        let more = text.chars().count().saturating_sub(BEGINNING) as u64;
        Self { text: text.chars().take(BEGINNING).collect(), more }
    }
}

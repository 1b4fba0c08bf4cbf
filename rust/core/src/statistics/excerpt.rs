//! The beginning of a text, for the report.

use serde::{Deserialize, Serialize};

/// Characters that are shown of a dropped document.
const BEGINNING: usize = 160;

/// The beginning of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// Its first characters.
    pub text: String,
    /// How many characters follow.
    pub more: u64,
}

impl Excerpt {
    /// The beginning of `text`.
    pub fn beginning(text: &str) -> Self {
        let more = text.chars().count().saturating_sub(BEGINNING) as u64;
        Self { text: text.chars().take(BEGINNING).collect(), more }
    }
}

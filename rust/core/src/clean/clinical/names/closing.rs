//! Words and signs that may follow a name.

use super::lists::GOES_ON;
use crate::clean::characters::{is_hiragana, is_kanji};

/// Tests that a name may end before `behind`: no kanji goes on, and hiragana only as a sentence does.
pub fn closes(behind: &str) -> bool {
    !behind.starts_with(is_kanji) && !behind.starts_with("らし") && !begins_inflected(behind)
}

/// Tests for the ending of a verb or an adjective behind its kanji, as in 休み: no particle.
pub fn begins_inflected(behind: &str) -> bool {
    behind.starts_with(is_hiragana) && !GOES_ON.begins(behind)
}

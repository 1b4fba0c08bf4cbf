//! The analyser's settings: those of MeCab, for both engines and for the pricing of terms.

use serde::{Deserialize, Serialize};
use vibrato::errors::VibratoError;

/// MeCab's default for the longest run of characters that is one unknown word, less one.
pub const MAX_GROUPING_LEN: usize = 24;

/// The longest line that is searched in one lattice, in characters.
///
/// Costs are added up in 32 bits: a morpheme costs at most 2 × 32,767, so from 32,768 morphemes on they can overflow.
/// Longer lines are searched in windows of this length, with the same answer as MeCab's, which has no such limit;
/// vibrato, the reference, gets them cut after 。！？!? or, where there are none, at this length.
pub const LONGEST_LINE: usize = 16_384;

/// The settings as the header of a dictionary file records them, for comparison with MeCab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Spaces separate morphemes and belong to none.
    pub ignore_space: bool,
    /// The longest run of characters that is one unknown word, less one.
    pub max_grouping_len: usize,
    /// Longer lines are searched in windows of this length, in characters.
    pub longest_line: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { ignore_space: true, max_grouping_len: MAX_GROUPING_LEN, longest_line: LONGEST_LINE }
    }
}

/// Sets vibrato as MeCab is set.
///
/// # Errors
///
/// vibrato's, if the dictionary has no category SPACE.
pub fn vibrato_tokenizer(dictionary: vibrato::Dictionary) -> Result<vibrato::Tokenizer, VibratoError> {
    Ok(vibrato::Tokenizer::new(dictionary).ignore_space(true)?.max_grouping_len(MAX_GROUPING_LEN))
}

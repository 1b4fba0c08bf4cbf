//! Surnames that are common, or hardly anything else.

use super::lists::{COMMON, VARIANTS};
use super::words::Words;

/// Tests for a common surname, its kanji in the usual form.
pub fn is_common(name: &str) -> bool {
    COMMON.contains(name) || {
        let usual = |c| VARIANTS.at_start_of(c).unwrap_or(c);
        let usual: String = name.chars().map(usual).collect();
        usual != name && COMMON.contains(&usual)
    }
}

/// Tests for a surname that is common, or that the dictionary has as nothing else and not as one of the many rare ones.
pub fn is_sure(words: &Words, name: &str) -> bool {
    is_common(name) || words.is_only_surname(name) && words.is_usual_surname(name)
}

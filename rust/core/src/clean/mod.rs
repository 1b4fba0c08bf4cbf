//! Text cleaning: ten rules in the order of the papers (technical report 2.2), a file a rule.
//!
//! `clean` is idempotent: the rules run until none of them changes anything (`fixpoint`), so that a later rule's edit
//! is seen by the rules before it (a telephone number around a character that is deleted, for example). Every pass
//! either shortens the text or leaves fewer characters that a rule would replace, so this ends.
//!
//! `fused` gives the same text and the same counts in one pass over the characters. Only stretches where a rule may
//! need the context of a character go to `fixpoint`.

mod allowed;
mod area_codes;
mod characters;
mod classes;
mod cleaner;
pub mod clinical;
mod code_words;
mod counts;
mod dashes;
mod ellipsis;
mod fixpoint;
mod fused;
mod nfkc;
mod options;
mod output;
mod personal;
mod phone;
mod phone_labels;
mod problem_list;
mod punctuation;
mod radicals;
mod repetition;
mod replace_pii;
mod rule;
mod rules;
mod steps;
mod symbols;
mod traced;
mod web;
mod white_space;

pub use allowed::{allowed_characters, is_allowed};
pub use characters::META_SPACE;
pub(crate) use characters::{is_hiragana, is_kanji, is_katakana};
pub use cleaner::{Cleaner, clean};
pub use counts::{Counts, row_names};
pub use options::{CleaningOptions, Replacement, WebOptions};
pub use output::Output;
pub use rule::{Example, Rule};
pub use rules::{RULE_COUNT, RULES};
pub use steps::{Step, steps};
pub use traced::{Removed, Traced, traced};

/// Version of the rules as a whole; a tokenizer folder records it, and a folder of another version is refused.
pub const VERSION: u32 = 4;

#[cfg(test)]
mod tests;

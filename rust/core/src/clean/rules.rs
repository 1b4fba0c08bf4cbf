//! The rules in the order of the papers, and their positions.

use super::rule::Rule;
use super::{allowed, dashes, ellipsis, nfkc, personal, punctuation, repetition, symbols, web, white_space};

/// The number of rules.
pub const RULE_COUNT: usize = 10;

/// The rules in their order.
pub static RULES: [Rule; RULE_COUNT] = [
    punctuation::RULE,
    nfkc::RULE,
    dashes::RULE,
    ellipsis::RULE,
    personal::RULE,
    web::RULE,
    symbols::RULE,
    allowed::RULE,
    repetition::RULE,
    white_space::RULE,
];

/// Positions in [`RULES`]; a test compares them with the names of the rules.
pub const PUNCTUATION: usize = 0;
pub const NFKC: usize = 1;
pub const DASHES: usize = 2;
/// The clinical categories are replaced before this rule.
pub const PERSONAL: usize = 4;
pub const WEB: usize = 5;
pub const ALLOWED: usize = 7;
pub const REPETITION: usize = 8;
pub const WHITE_SPACE: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_the_rules() {
        for (position, name) in [
            (PUNCTUATION, "punctuation"),
            (NFKC, "nfkc"),
            (DASHES, "dashes"),
            (PERSONAL, "personal"),
            (WEB, "web"),
            (ALLOWED, "allowed"),
            (REPETITION, "repetition"),
            (WHITE_SPACE, "white_space"),
        ] {
            assert_eq!(RULES[position].name, name);
        }
    }
}

//! Shows cleaning as its definition does it: the effect of each rule on the whole text, in the order of application.

use super::counts::ROW_COUNT;
use super::fixpoint::{Change, Fixpoint};
use super::rules::RULES;

/// A rule's change of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Name of the rule.
    pub rule: &'static str,
    /// Number of edits.
    pub edits: u64,
    /// Whole text after it, with plain spaces.
    pub after: String,
}

/// Lists what the rules change in a document, with the default options; the last text, with ▁ for spaces, is the
/// cleaned one.
pub fn steps(document: &str) -> Vec<Step> {
    let mut fixpoint = Fixpoint::default();
    fixpoint.text().push_str(document);
    let mut found = Vec::new();
    let watch = |Change { rule, edits, after, .. }: Change<'_>| {
        found.push(Step { rule: RULES[rule].name, edits, after: after.to_owned() });
    };
    fixpoint.run_watched(&mut [0; ROW_COUNT], |_, _| false, watch);
    found
}

//! Keeps the terms that help the analyser.

use std::collections::{BTreeMap, BTreeSet};

use super::mecab::MAX_SURFACE;

/// Terms to add, and counts of those left out.
#[derive(Debug, Default, PartialEq)]
pub struct Terms {
    /// The terms, sorted.
    pub kept: BTreeSet<String>,
    /// Reason → number of terms left out for it.
    pub skipped: BTreeMap<String, u64>,
}

impl Terms {
    /// Adds `term` after `clean`, or counts the reason why not; `known` tests whether the base has it as a noun.
    pub fn add(&mut self, term: &str, clean: &dyn Fn(&str) -> String, known: impl Fn(&str) -> bool) {
        let term = term.trim();
        let cleaned = clean(term);
        let reason = if term.contains(['\n', '\r']) || cleaned.contains(['\n', '\r']) {
            "line break"
        } else if cleaned.contains(|c: char| c.is_whitespace() || c == '▁') {
            "white space"
        } else if cleaned.is_empty() {
            "empty"
        } else if cleaned.chars().nth(1).is_none() {
            "single character"
        } else if cleaned.len() > MAX_SURFACE {
            "too long"
        } else if known(&cleaned) {
            "already a noun"
        } else if !self.kept.insert(cleaned) {
            "duplicate"
        } else {
            return;
        };
        *self.skipped.entry(reason.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_skipped_term_has_its_reason() {
        let clean = |term: &str| term.replace('ー', "").replace(' ', "▁");
        let mut terms = Terms::default();
        for term in ["胃癌", "胃癌", "癌", "ー", "肺 癌", "発熱", "a\nb", " 肝癌 ", &"長".repeat(400)]
        {
            terms.add(term, &clean, |term| term == "発熱");
        }
        assert_eq!(terms.kept.iter().collect::<Vec<_>>(), ["肝癌", "胃癌"]);
        let expected = [
            "already a noun",
            "duplicate",
            "empty",
            "line break",
            "single character",
            "too long",
            "white space",
        ];
        assert_eq!(terms.skipped.keys().collect::<Vec<_>>(), expected);
        assert!(terms.skipped.values().all(|&n| n == 1));
    }
}

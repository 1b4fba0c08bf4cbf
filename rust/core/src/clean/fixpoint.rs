//! Applies the rules one after the other to the whole text until none changes it: the definition of cleaning.

use super::characters::META_SPACE;
use super::counts::Edits;
use super::output::{Edit, Output};
use super::replace_pii::ReplacePii;
use super::rules::{PERSONAL, RULE_COUNT, RULES, WEB};
use super::web;

/// The rules, and the replacement of private data.
const STEPS: usize = RULE_COUNT + 1;

/// A rule's change of the whole text, for those who watch the rules at work.
pub struct Change<'a> {
    /// Position in [`RULES`].
    pub rule: usize,
    /// Number of edits.
    pub edits: u64,
    /// Text after it, with plain spaces.
    pub after: &'a str,
    /// The replaced places; empty unless they are kept.
    pub replaced: &'a [Edit],
}

/// Two buffers that the rules read and write in turn.
#[derive(Clone, Default)]
pub struct Fixpoint {
    text: String,
    next: Output,
    /// Treatment of private data.
    pub pii: ReplacePii,
}

impl Fixpoint {
    pub fn new(pii: ReplacePii) -> Self {
        Self { pii, ..Self::default() }
    }

    /// Keeps the places that each rule replaces, for `watch`.
    pub fn keep_edits(&mut self) {
        self.next.keep_edits();
    }

    /// Returns the text to clean, empty, for the caller to fill.
    pub fn text(&mut self) -> &mut String {
        self.text.clear();
        &mut self.text
    }

    /// Cleans the text and adds to the edits of every rule.
    ///
    /// `is_clean` tells that no rule would change a text, as far as it can, and gets a buffer; it may save rounds.
    /// Clinical data it does not know.
    pub fn run(&mut self, edits: &mut Edits, is_clean: fn(&str, &mut String) -> bool) -> &str {
        self.run_watched(edits, is_clean, |_| ())
    }

    /// Does the same, and shows every change of a rule to `watch`; replaced private data counts as `personal`'s.
    pub fn run_watched(
        &mut self,
        edits: &mut Edits,
        is_clean: fn(&str, &mut String) -> bool,
        mut watch: impl FnMut(Change<'_>),
    ) -> &str {
        // The rules see plain spaces; ▁ is written last, in the papers' order.
        if self.text.contains(META_SPACE) {
            self.next.clear();
            self.next.text.extend(self.text.chars().map(|c| if c == META_SPACE { ' ' } else { c }));
            std::mem::swap(&mut self.text, &mut self.next.text);
        }
        let clinical = self.pii.is_clinical();
        // True if the rules are known to leave the text as it is.
        let mut clean = clinical && is_clean(&self.text, &mut self.next.text);
        // Where no rule changes the text, private data comes first.
        let mut first = if clean { PERSONAL } else { 0 };
        // Steps in a row that left the text as it is; after all of them the next ones would too.
        let mut quiet = first;
        loop {
            for (i, rule) in RULES.iter().enumerate().skip(std::mem::take(&mut first)) {
                if i == PERSONAL {
                    let mut replaced = self.replace_pii(edits, &mut watch);
                    while replaced {
                        quiet = 0;
                        clean = clinical && is_clean(&self.text, &mut self.next.text);
                        if !clean {
                            break;
                        }
                        replaced = self.replace_pii(edits, &mut watch);
                    }
                    if !replaced {
                        if clean || clinical && is_clean(&self.text, &mut self.next.text) {
                            return &self.text;
                        }
                        quiet += 1;
                    }
                }
                self.next.clear();
                let n = match i {
                    WEB => web::apply_with(&self.pii.web, &self.text, &mut self.next),
                    _ => (rule.apply)(&self.text, &mut self.next),
                };
                if n > 0 {
                    std::mem::swap(&mut self.text, &mut self.next.text);
                    edits[i] += n;
                    watch(Change { rule: i, edits: n, after: &self.text, replaced: self.next.edits() });
                    quiet = 0;
                } else {
                    quiet += 1;
                }
                if quiet >= STEPS {
                    return &self.text;
                }
            }
            if !clinical && is_clean(&self.text, &mut self.next.text) {
                return &self.text;
            }
        }
    }

    /// Replaces private data; returns false if there is none.
    fn replace_pii(&mut self, edits: &mut Edits, watch: &mut impl FnMut(Change<'_>)) -> bool {
        self.next.clear();
        let known: u64 = edits.iter().sum();
        let replaced = self.pii.apply(&self.text, &mut self.next, edits);
        if replaced {
            std::mem::swap(&mut self.text, &mut self.next.text);
            let edits = edits.iter().sum::<u64>() - known;
            watch(Change { rule: PERSONAL, edits, after: &self.text, replaced: self.next.edits() });
        }
        replaced
    }
}

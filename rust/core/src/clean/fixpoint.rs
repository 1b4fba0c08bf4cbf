//! The rules as they are: one after the other over the whole text, until none of them changes anything.

use super::characters::META_SPACE;
use super::counts::Edits;
use super::options::CleaningOptions;
use super::replace_pii;
use super::rules::{PERSONAL, RULES};

/// Two texts that the rules write by turns.
#[derive(Default)]
pub struct Fixpoint {
    text: String,
    next: String,
    /// How private data is treated.
    pub options: CleaningOptions,
}

impl Fixpoint {
    pub fn new(options: CleaningOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// The text to clean, empty, to be filled.
    pub fn text(&mut self) -> &mut String {
        self.text.clear();
        &mut self.text
    }

    /// Cleans the text and adds to the edits of every rule.
    ///
    /// `is_clean` may spare the last round, which changes nothing; it gets a string to write to.
    pub fn run(&mut self, edits: &mut Edits, is_clean: fn(&str, &mut String) -> bool) -> &str {
        // White space is a plain space while the rules run; ▁ comes last, in the papers' order.
        if self.text.contains(META_SPACE) {
            self.next.clear();
            self.next.extend(self.text.chars().map(|c| if c == META_SPACE { ' ' } else { c }));
            std::mem::swap(&mut self.text, &mut self.next);
        }
        loop {
            let mut changed = false;
            for (i, rule) in RULES.iter().enumerate() {
                if i == PERSONAL {
                    self.next.clear();
                    if replace_pii::apply(&self.text, &mut self.next, &self.options, edits) {
                        std::mem::swap(&mut self.text, &mut self.next);
                        changed = true;
                    }
                }
                self.next.clear();
                let n = (rule.apply)(&self.text, &mut self.next);
                if n > 0 {
                    std::mem::swap(&mut self.text, &mut self.next);
                    edits[i] += n;
                    changed = true;
                }
            }
            if !changed || is_clean(&self.text, &mut self.next) {
                return &self.text;
            }
        }
    }
}

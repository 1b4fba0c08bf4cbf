//! The rules as they are: one after the other over the whole text, until none of them changes anything.

use super::{CleaningOptions, META_SPACE, PERSONAL, RULES, private};

/// Two texts that the rules write by turns.
#[derive(Default)]
pub struct Rounds {
    text: String,
    next: String,
}

impl Rounds {
    /// The text to clean, empty, to be filled.
    pub fn text(&mut self) -> &mut String {
        self.text.clear();
        &mut self.text
    }

    /// Cleans the text and adds to the edits of every rule, and of every category that the options ask for.
    pub fn run(&mut self, options: &CleaningOptions, edits: &mut [u64]) -> &str {
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
                    if private::apply(&self.text, &mut self.next, options, edits) {
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
            if !changed {
                return &self.text;
            }
        }
    }
}

//! The rules as they are: one after the other over the whole text, until none of them changes anything.

use super::{Edits, META_SPACE, RULES};

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

    /// Cleans the text and adds to the edits of every rule.
    pub fn run(&mut self, edits: &mut Edits) -> &str {
        // White space is a plain space while the rules run; ▁ comes last, in the papers' order.
        if self.text.contains(META_SPACE) {
            self.next.clear();
            self.next.extend(self.text.chars().map(|c| if c == META_SPACE { ' ' } else { c }));
            std::mem::swap(&mut self.text, &mut self.next);
        }
        loop {
            let mut changed = false;
            for (rule, edits) in RULES.iter().zip(&mut *edits) {
                self.next.clear();
                let n = (rule.apply)(&self.text, &mut self.next);
                if n > 0 {
                    std::mem::swap(&mut self.text, &mut self.next);
                    *edits += n;
                    changed = true;
                }
            }
            if !changed {
                return &self.text;
            }
        }
    }
}

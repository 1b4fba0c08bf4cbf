//! First change of each cleaning rule in a document, with a little text around it.
//!
//! No example holds personal data. The rules that remove it are shown by the text after them, with a mark in it; the
//! others only if no such rule found anything later in the document, as the text before could hold it. A document
//! gives no examples if the rules here do not arrive at the text of the pass, which was told to remove more.

use serde::{Deserialize, Serialize};

use crate::clean::{META_SPACE, Output, RULES};

/// Mark in place of removed personal data.
pub const MARK: &str = "■■■";
/// Characters shown on each side.
const AROUND: usize = 24;
/// Characters within which the texts before and after a change must meet again.
const LONGEST: usize = 48;
/// Equal characters where the two texts meet again.
const MEET: usize = 4;
/// Rules that remove personal data.
const PRIVATE: [&str; 2] = ["personal", "web"];

/// Change with the text around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The text before the change.
    pub left: String,
    /// The replaced text; [`MARK`] for personal data.
    pub before: String,
    /// The replacement.
    pub after: String,
    /// The text after the change.
    pub right: String,
}

/// Finds the first change of each rule; keeps its buffers between documents.
#[derive(Default)]
pub struct Tracer {
    text: String,
    next: Output,
}

impl Tracer {
    /// Returns the first change of each rule, in the order of the rules; `cleaned` is the clean text of `document`.
    pub fn changes(&mut self, document: &str, cleaned: &str) -> [Option<Change>; RULES.len()] {
        let mut first = [const { None }; RULES.len()];
        self.text.clear();
        self.text.extend(document.chars().map(|c| if c == META_SPACE { ' ' } else { c }));
        loop {
            let mut changed = false;
            for (i, rule) in RULES.iter().enumerate() {
                self.next.clear();
                if (rule.apply)(&self.text, &mut self.next) == 0 {
                    continue;
                }
                changed = true;
                let private = PRIVATE.contains(&rule.name);
                if private {
                    // Earlier examples may show the data just found.
                    first = [const { None }; RULES.len()];
                }
                if first[i].is_none() {
                    first[i] = change(&self.text, &self.next.text, private);
                }
                std::mem::swap(&mut self.text, &mut self.next.text);
            }
            // No rule changes the clean text: a further round is spared.
            if self.is(cleaned) {
                return first;
            }
            if !changed {
                return [const { None }; RULES.len()];
            }
        }
    }

    /// Tests if the text so far is the clean one.
    fn is(&self, cleaned: &str) -> bool {
        self.text.chars().map(|c| if c == ' ' { META_SPACE } else { c }).eq(cleaned.chars())
    }
}

/// Finds the first difference of two texts; none if they do not meet again soon.
fn change(before: &str, after: &str, private: bool) -> Option<Change> {
    let same: usize =
        before.chars().zip(after.chars()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
    let left = last(&after[..same], AROUND);
    if private {
        let (right, now) = (first(&after[same..], AROUND), String::new());
        return Some(Change { left: left.to_owned(), before: MARK.to_owned(), after: now, right });
    }
    let was: Vec<char> = before[same..].chars().take(LONGEST + AROUND).collect();
    let now: Vec<char> = after[same..].chars().take(LONGEST + AROUND).collect();
    let (i, j) = meet(&was, &now)?;
    Some(Change {
        left: left.to_owned(),
        before: was[..i].iter().collect(),
        after: now[..j].iter().collect(),
        right: now[j..].iter().take(AROUND).collect(),
    })
}

/// Finds the shortest stretches of two texts after which both go on equally.
fn meet(was: &[char], now: &[char]) -> Option<(usize, usize)> {
    let equal = |i: usize, j: usize| {
        let (was, now) = (&was[i..], &now[j..]);
        let n = MEET.min(was.len()).min(now.len());
        was[..n] == now[..n] && (n == MEET || was.len() == now.len())
    };
    let (was_end, now_end) = (was.len().min(LONGEST), now.len().min(LONGEST));
    (1..=was_end + now_end)
        .flat_map(|sum| (sum.saturating_sub(now_end)..=sum.min(was_end)).map(move |i| (i, sum - i)))
        .find(|&(i, j)| equal(i, j))
}

/// Returns the last characters of a text.
fn last(text: &str, count: usize) -> &str {
    text.char_indices().rev().take(count).last().map_or("", |(i, _)| &text[i..])
}

/// Returns the first characters of a text.
fn first(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

//! What a cleaning rule changed first in a document, with a little text around it.
//!
//! Nothing that was removed as personal data is ever part of an example. The rules that remove it are shown by
//! the text after them, with a mark in it; the others only if no such rule found anything later in the document,
//! as their text could hold what it found. And if the rules here do not arrive at the text that the pass did,
//! because it was told to remove more, the document gives no examples at all.

use serde::{Deserialize, Serialize};

use crate::clean::{META_SPACE, RULES};

/// What stands for removed personal data.
pub const MARK: &str = "■■■";
/// Characters that are shown on each side.
const AROUND: usize = 24;
/// Characters within which the texts before and after a change must meet again.
const LONGEST: usize = 48;
/// Characters that must be equal where they meet.
const MEET: usize = 4;
/// The rules that remove personal data.
const PRIVATE: [&str; 2] = ["personal", "web"];

/// A change with the text around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The text before the change.
    pub left: String,
    /// What was there; [`MARK`] for personal data.
    pub before: String,
    /// What is there now.
    pub after: String,
    /// The text behind the change.
    pub right: String,
}

/// Finds the first change of each rule; keeps its buffers between documents.
#[derive(Default)]
pub struct Tracer {
    text: String,
    next: String,
}

impl Tracer {
    /// The first change of each rule, in the order of the rules; `cleaned` is what the pass made of `document`.
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
                    // Everything so far may show what has just been found.
                    first = [const { None }; RULES.len()];
                }
                if first[i].is_none() {
                    first[i] = change(&self.text, &self.next, private);
                }
                std::mem::swap(&mut self.text, &mut self.next);
            }
            // No rule changes what the pass made: the round that would show it is spared.
            if self.is(cleaned) {
                return first;
            }
            if !changed {
                return [const { None }; RULES.len()];
            }
        }
    }

    /// Whether the text so far is this cleaned one.
    fn is(&self, cleaned: &str) -> bool {
        self.text.chars().map(|c| if c == ' ' { META_SPACE } else { c }).eq(cleaned.chars())
    }
}

/// The first place where two texts differ; nothing if they do not meet again soon.
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

/// How much of each text to leave out so that both go on equally, as little as possible.
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

/// The last characters of a text.
fn last(text: &str, count: usize) -> &str {
    text.char_indices().rev().take(count).last().map_or("", |(i, _)| &text[i..])
}

/// The first characters of a text.
fn first(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

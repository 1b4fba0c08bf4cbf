//! The rule `white_space`: one space between words, no space at the ends of a line, at most one empty line.
//!
//! The papers write white space as U+2581; `Cleaner::clean` does so after all rules, so that every rule sees the same
//! white space in text that is cleaned a second time.

use super::output::Output;
use super::rule::{Example, Rule};

pub const RULE: Rule = Rule {
    name: "white_space",
    what: "runs of white space become one, which is written ▁; at most one empty line stays",
    apply,
    examples: &[
        Example { before: "a \t b", after: "a b", why: "one space" },
        Example {
            before: " 行頭 \r\n 行末 ", after: "行頭\n行末", why: "none at the ends of a line"
        },
        Example { before: "一\n\n\n\n二", after: "一\n\n二", why: "a paragraph needs one empty line" },
        Example { before: "一\u{2028}二", after: "一\n二", why: "every line separator is a newline" },
    ],
};

fn apply(text: &str, out: &mut Output) -> u64 {
    if is_clean(text) {
        return 0;
    }
    let mut edits = 0;
    let mut rest = text.char_indices().peekable();
    while let Some((i, c)) = rest.next() {
        if !c.is_whitespace() {
            continue;
        }
        let mut run = Run::default();
        run.push(c);
        let mut end = i + c.len_utf8();
        while let Some((j, c)) = rest.next_if(|(_, next)| next.is_whitespace()) {
            run.push(c);
            end = j + c.len_utf8();
        }
        let replacement = run.replacement(i == 0 || rest.peek().is_none());
        if run.differs_from(replacement) {
            out.replace(text, i..end, replacement);
            edits += 1;
        }
    }
    if edits > 0 {
        out.finish(text);
    }
    edits
}

/// Tests for a character that ends a line.
pub fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// White space between two other characters, read one by one.
#[derive(Default)]
pub struct Run {
    length: usize,
    newlines: usize,
    /// Holds other characters than newlines and spaces.
    odd: bool,
    after_cr: bool,
}

impl Run {
    pub fn push(&mut self, c: char) {
        self.length += 1;
        self.newlines += usize::from(is_line_break(c) && !(c == '\n' && self.after_cr));
        self.odd |= !matches!(c, '\n' | ' ');
        self.after_cr = c == '\r';
    }

    /// Returns the replacement; at the beginning or end of a text it is empty.
    pub fn replacement(&self, at_edge: bool) -> &'static str {
        match self.newlines {
            _ if at_edge => "",
            0 => " ",
            1 => "\n",
            _ => "\n\n",
        }
    }

    /// Tests whether it ends a line.
    pub fn breaks_line(&self) -> bool {
        self.newlines > 0
    }

    /// Tests whether the replacement is an edit.
    pub fn differs_from(&self, replacement: &str) -> bool {
        self.odd || self.length != replacement.len()
    }
}

/// Tests for text without edits, which is quicker than making them.
fn is_clean(text: &str) -> bool {
    let mut before = '\n';
    let mut newlines = 0;
    for c in text.chars() {
        let fits = match c {
            '\n' => before != ' ' && newlines < 2,
            ' ' => before != ' ' && before != '\n',
            c => !c.is_whitespace(),
        };
        if !fits {
            return false;
        }
        newlines = if c == '\n' { newlines + 1 } else { 0 };
        before = c;
    }
    !text.starts_with('\n') && !text.ends_with(['\n', ' '])
}

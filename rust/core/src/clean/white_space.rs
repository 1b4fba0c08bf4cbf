//! White space: one space between words, no space at the ends of a line, at most one empty line.
//!
//! The papers write white space as U+2581; that happens when all rules are done (`Cleaner::clean`), so that
//! every rule sees the same white space on text that is cleaned a second time.

use super::{Example, Rule};

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

fn apply(text: &str, out: &mut String) -> u64 {
    if is_clean(text) {
        return 0;
    }
    let mut edits = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if !c.is_whitespace() {
            out.push(c);
            continue;
        }
        let (mut newlines, mut length, mut plain) = (0, 0, true);
        let mut next = Some(c);
        while let Some(c) = next {
            let is_break = matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
            let crlf = c == '\r' && rest.peek() == Some(&'\n');
            newlines += usize::from(is_break && !crlf);
            plain &= matches!(c, '\n' | ' ');
            length += 1;
            next = rest.next_if(|next| next.is_whitespace());
        }
        let replacement = match newlines {
            _ if out.is_empty() || rest.peek().is_none() => "",
            0 => " ",
            1 => "\n",
            _ => "\n\n",
        };
        edits += u64::from(!plain || length != replacement.len());
        out.push_str(replacement);
    }
    edits
}

/// Whether there is nothing to do, which is quicker to see than to do.
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

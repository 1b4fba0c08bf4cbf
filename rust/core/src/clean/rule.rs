//! One rule, and the edits that several rules make.

use super::output::Output;

/// One cleaning rule.
pub struct Rule {
    /// Name in reports.
    pub name: &'static str,
    /// Description in one sentence.
    pub what: &'static str,
    /// Writes the changed text to the (empty) output and returns the number of edits; writes nothing if it is 0.
    pub apply: fn(&str, &mut Output) -> u64,
    /// Texts before and after this rule alone.
    pub examples: &'static [Example],
}

/// Example of a rule's effect.
pub struct Example {
    /// Text before.
    pub before: &'static str,
    /// Text after this rule alone.
    pub after: &'static str,
    /// Reason.
    pub why: &'static str,
}

/// Copies `text` with some characters replaced; `replace` sees the character before, itself and the one after.
///
/// Returns the number of replaced characters and writes nothing where it is 0.
pub fn replace_characters(
    text: &str,
    out: &mut Output,
    mut replace: impl FnMut(Option<char>, char, Option<char>) -> Option<&'static str>,
) -> u64 {
    let mut edits = 0;
    let mut before = None;
    let mut rest = text.char_indices().peekable();
    while let Some((i, c)) = rest.next() {
        if let Some(replacement) = replace(before, c, rest.peek().map(|&(_, next)| next)) {
            out.replace(text, i..i + c.len_utf8(), replacement);
            edits += 1;
        }
        before = Some(c);
    }
    if edits > 0 {
        out.finish(text);
    }
    edits
}

/// Copies `text` without the given ranges (ascending, disjoint); returns their number.
pub fn remove_ranges(text: &str, out: &mut Output, ranges: &[std::ops::Range<usize>]) -> u64 {
    if ranges.is_empty() {
        return 0;
    }
    for range in ranges {
        out.replace(text, range.clone(), "");
    }
    out.finish(text);
    ranges.len() as u64
}

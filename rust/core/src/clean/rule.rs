//! One rule, and the edits that several rules make.

/// One cleaning rule.
pub struct Rule {
    /// Name in reports.
    pub name: &'static str,
    /// Description in one sentence.
    pub what: &'static str,
    /// Writes the changed text to the (empty) string and returns the number of edits; writes nothing if it is 0.
    pub apply: fn(&str, &mut String) -> u64,
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
    out: &mut String,
    mut replace: impl FnMut(Option<char>, char, Option<char>) -> Option<&'static str>,
) -> u64 {
    let mut edits = 0;
    let mut copied = 0;
    let mut before = None;
    let mut rest = text.char_indices().peekable();
    while let Some((i, c)) = rest.next() {
        if let Some(replacement) = replace(before, c, rest.peek().map(|&(_, next)| next)) {
            out.push_str(&text[copied..i]);
            out.push_str(replacement);
            copied = i + c.len_utf8();
            edits += 1;
        }
        before = Some(c);
    }
    if edits > 0 {
        out.push_str(&text[copied..]);
    }
    edits
}

/// Copies `text` without the given ranges (ascending, disjoint); returns their number.
pub fn remove_ranges(text: &str, out: &mut String, ranges: &[std::ops::Range<usize>]) -> u64 {
    if ranges.is_empty() {
        return 0;
    }
    let mut copied = 0;
    for range in ranges {
        out.push_str(&text[copied..range.start]);
        copied = range.end;
    }
    out.push_str(&text[copied..]);
    ranges.len() as u64
}

//! Text cleaning: ten rules in the order of the papers (technical report 2.2), a file a rule.
//!
//! `clean` is idempotent: the rules run until none of them changes anything, so that what one rule uncovers
//! (a telephone number that stood around a deleted character, say) is still seen by the rules before it.
//! Every pass either shortens the text or leaves fewer characters that a rule would replace, so this ends.
//!
//! That is what cleaning means (`rounds`). What runs is one pass that gives the same text and the same counts
//! (`scan`), and hands only the stretches to the rules that need more than a look at a character.

mod allowed;
mod area_codes;
mod characters;
mod classes;
pub mod clinical;
mod dashes;
mod nfkc;
mod options;
mod personal;
mod phone;
mod phone_labels;
mod private;
mod punctuation;
mod repetition;
mod restore;
mod rounds;
mod scan;
mod symbols;
mod web;
mod white_space;

pub use allowed::{allowed_characters, is_allowed};
pub use options::{CleaningOptions, Replacement};

/// What the rules do together; a tokenizer folder records it, and a folder of another version is refused.
pub const VERSION: u32 = 2;

/// White space in cleaned text (U+2581).
pub const META_SPACE: char = '▁';

/// One cleaning rule.
pub struct Rule {
    /// Its name in reports.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub what: &'static str,
    /// Writes the changed text to the (empty) string and returns the number of edits; writes nothing if it is 0.
    pub apply: fn(&str, &mut String) -> u64,
    /// Texts before and after this rule alone, and why.
    pub examples: &'static [Example],
}

/// A line of a rule's table of examples.
pub struct Example {
    /// The text before.
    pub before: &'static str,
    /// The text after this rule alone.
    pub after: &'static str,
    /// Why it is so.
    pub why: &'static str,
}

/// The number of rules.
pub const RULE_COUNT: usize = 10;

/// The rules in their order.
pub static RULES: [Rule; RULE_COUNT] = [
    punctuation::RULE,
    nfkc::RULE,
    dashes::RULE,
    restore::RULE,
    personal::RULE,
    web::RULE,
    symbols::RULE,
    allowed::RULE,
    repetition::RULE,
    white_space::RULE,
];

/// Where the rule `personal` stands among [`RULES`]; the clinical set goes before it.
const PERSONAL: usize = 4;

/// Where the rule `web` stands among [`RULES`].
const WEB: usize = 5;

/// What is counted: the rules, then the clinical categories.
const ROW_COUNT: usize = RULE_COUNT + clinical::CATEGORY_COUNT;

/// The names of what is counted.
pub fn counted() -> impl Iterator<Item = &'static str> {
    let categories = clinical::CATEGORIES.iter().map(|category| category.name);
    RULES.iter().map(|rule| rule.name).chain(categories)
}

/// How often each rule changed something, in the order of [`RULES`], then of [`clinical::CATEGORIES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Documents that the rule changed.
    pub documents: [u64; ROW_COUNT],
    /// Edits that the rule made.
    pub edits: [u64; ROW_COUNT],
}

impl Default for Counts {
    fn default() -> Self {
        Self { documents: [0; ROW_COUNT], edits: [0; ROW_COUNT] }
    }
}

impl Counts {
    /// Adds what another thread counted.
    pub fn add(&mut self, other: &Self) {
        for i in 0..ROW_COUNT {
            self.documents[i] += other.documents[i];
            self.edits[i] += other.edits[i];
        }
    }
}

/// A list of `{"rule", "documents", "edits"}` in the order of the rules; clinical categories where any was found.
impl serde::Serialize for Counts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Row {
            rule: &'static str,
            documents: u64,
            edits: u64,
        }
        let rows = counted().zip(self.documents).zip(self.edits);
        let rows = rows.map(|((rule, documents), edits)| Row { rule, documents, edits });
        let shown = rows.enumerate().filter(|(i, row)| *i < RULE_COUNT || row.edits > 0);
        serializer.collect_seq(shown.map(|(_, row)| row))
    }
}

/// Edits, in the order of [`Counts`].
type Edits = [u64; ROW_COUNT];

/// Cleans documents; keeps its buffers between them, so one a thread.
#[derive(Default)]
pub struct Cleaner {
    spaced: String,
    marked: String,
    rounds: rounds::Rounds,
    counts: Counts,
}

impl Cleaner {
    /// A cleaner that treats private data as `options` say; the default's is the papers'.
    pub fn new(options: &CleaningOptions) -> Self {
        Self { rounds: rounds::Rounds::new(*options), ..Self::default() }
    }

    /// The cleaned document.
    pub fn clean(&mut self, document: &str) -> &str {
        self.clean_with_spaces(document);
        self.marked.clear();
        let mut copied = 0;
        for space in memchr::memchr_iter(b' ', self.spaced.as_bytes()) {
            self.marked.push_str(&self.spaced[copied..space]);
            self.marked.push(META_SPACE);
            copied = space + 1;
        }
        self.marked.push_str(&self.spaced[copied..]);
        &self.marked
    }

    /// What the last call of [`clean`](Self::clean) returned.
    pub fn last(&self) -> &str {
        &self.marked
    }

    /// The cleaned document with plain spaces where [`clean`](Self::clean) writes ▁.
    pub fn clean_with_spaces(&mut self, document: &str) -> &str {
        self.spaced.clear();
        let mut edits = [0; ROW_COUNT];
        if self.rounds.options.clinical {
            // The scan does not know what the clinical set looks for.
            self.rounds.text().push_str(document);
            self.spaced.push_str(self.rounds.run(&mut edits, |_, _| false));
        } else {
            scan::clean(document, &mut self.spaced, &mut self.rounds, &mut edits);
        }
        for (i, n) in edits.into_iter().enumerate() {
            self.counts.edits[i] += n;
            self.counts.documents[i] += u64::from(n > 0);
        }
        &self.spaced
    }

    /// Takes what the rules changed since the last call.
    pub fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }
}

/// The cleaned text of one document.
pub fn clean(document: &str) -> String {
    Cleaner::default().clean(document).to_owned()
}

/// Copies `text` with some characters replaced; `replace` sees the character before, itself and the one after.
///
/// Returns the number of replaced characters and writes nothing where it is 0.
fn replace_characters(
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

/// Copies `text` without the given ranges (ascending, apart); returns their number.
fn remove_ranges(text: &str, out: &mut String, ranges: &[std::ops::Range<usize>]) -> u64 {
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

#[cfg(test)]
mod tests;

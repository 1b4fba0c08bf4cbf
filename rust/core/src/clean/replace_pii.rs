//! Replaces private data (PII) where the options ask for more than the papers' rules do.
//!
//! Runs before the rule `personal`. With tags it replaces the data of `personal` and `web` too, which then find
//! nothing; #tags name nobody and are left to `web`. Every replacement takes letters or digits outside of tags, and no
//! reader crosses a 〔, so the rules terminate.

use super::clinical::{self, Buffers, Found, Words};
use super::counts::Edits;
use super::options::{CleaningOptions, Replacement, WebOptions};
use super::output::Output;
use super::phone::phone_numbers;
use super::rules::{PERSONAL, WEB};
use super::{personal, web};
use crate::Result;

/// Replaces private data by the options; the default leaves it to the papers' rules.
#[derive(Clone, Default)]
pub struct ReplacePii {
    words: Option<&'static Words>,
    clinical: bool,
    hospitals: bool,
    buffers: Buffers,
    tags: bool,
    /// Web notations that are removed or replaced.
    pub web: WebOptions,
}

impl ReplacePii {
    /// Prepares the replacement.
    ///
    /// # Errors
    ///
    /// As [`clinical::words`].
    pub fn new(options: &CleaningOptions) -> Result<Self> {
        let &CleaningOptions { clinical, hospitals, .. } = options;
        let words = if clinical || hospitals { Some(clinical::words()?) } else { None };
        Ok(Self {
            words,
            clinical,
            hospitals,
            buffers: Buffers::default(),
            tags: options.replacement == Replacement::Tag,
            web: options.web,
        })
    }

    /// Tests whether clinical data is replaced, which the fused pass does not look for.
    pub fn is_clinical(&self) -> bool {
        self.words.is_some()
    }

    /// Writes the text with private data replaced and adds to the rows of `edits`; writes nothing if there is none.
    pub fn apply(&mut self, text: &str, out: &mut Output, edits: &mut Edits) -> bool {
        let mut found = Vec::new();
        if let Some(words) = self.words.filter(|_| self.clinical) {
            clinical::find(words, &mut self.buffers, text, &mut found);
            clinical::find_contacts(words, &self.web, text, &mut found);
        }
        if let Some(words) = self.words.filter(|_| self.hospitals) {
            clinical::find_hospitals(words, text, &mut found);
        }
        if self.tags {
            find_by_papers_rules(&self.web, text, &mut found);
        }
        if found.is_empty() {
            return false;
        }
        found.sort_by_key(|found| found.whole.start); // stable: the clinical reading of a number goes first
        for Found { whole, value, tag, row } in found {
            let replaced = if self.tags { value } else { whole };
            if replaced.start < out.copied {
                out.extend(replaced.end);
                continue;
            }
            out.replace_tagged(text, replaced, if self.tags { tag } else { "" }, Some(tag));
            edits[row] += 1;
        }
        out.finish(text);
        true
    }
}

/// Finds the data that the papers' rules would remove, except #tags.
fn find_by_papers_rules(options: &WebOptions, text: &str, found: &mut Vec<Found>) {
    let plain =
        |range: std::ops::Range<usize>, tag, row| Found { whole: range.clone(), value: range, tag, row };
    found.extend(phone_numbers(text).into_iter().map(|range| plain(range, "〔*電話番号〕", PERSONAL)));
    let addresses = personal::e_mail_addresses(text);
    found.extend(addresses.into_iter().map(|range| plain(range, "〔*メールアドレス〕", PERSONAL)));
    for range in web::notations(options, text) {
        if let Some(tag) = web_tag(&text[range.clone()]) {
            found.push(plain(range, tag, WEB));
        }
    }
}

/// Returns the tag of a web notation; none for #tags.
pub fn web_tag(notation: &str) -> Option<&'static str> {
    match notation.as_bytes().first() {
        Some(b'#') => None,
        Some(b'@') => Some("〔*アカウント〕"),
        _ => Some("〔*URL〕"),
    }
}

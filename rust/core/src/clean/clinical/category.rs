//! One category of clinical data, and a place where such data stands.

use std::ops::Range;

use crate::clean::rule::Example;

/// One kind of data.
pub struct Category {
    /// Name in reports.
    pub name: &'static str,
    /// Replacement in [`Tag`](crate::clean::Replacement::Tag) mode: allowed characters that no rule changes.
    pub tag: &'static str,
    /// Description of the data, in one sentence.
    pub what: &'static str,
    /// Standard or law that defines its form.
    pub source: &'static str,
    /// Words that announce it; ASCII letters in either case.
    pub words: &'static [&'static str],
    /// Finds the data that the word at the range announces; most words announce nothing.
    pub read: fn(&str, Range<usize>) -> Option<Place>,
    /// Texts before and after the removal of this category alone.
    pub examples: &'static [Example],
}

/// Position of clinical data.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// The data with its label.
    pub whole: Range<usize>,
    /// The data.
    pub value: Range<usize>,
}

/// Clinical data with its tag and row of the counts.
pub struct Found {
    /// The data with its label.
    pub whole: Range<usize>,
    /// The data.
    pub value: Range<usize>,
    /// The tag.
    pub tag: &'static str,
    /// Its row of the counts.
    pub row: usize,
}

/// Prefix of every tag; a label in brackets such as 〔氏名〕 lacks it.
pub const TAG_BEGIN: &str = "〔*";

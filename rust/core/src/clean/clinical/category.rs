//! One category of clinical data, and a place where such data stands.

use std::ops::Range;

use crate::clean::rule::Example;

/// One kind of data.
pub struct Category {
    /// Its name in reports.
    pub name: &'static str,
    /// What stands in its place if tags are asked for: allowed characters that no rule changes.
    pub tag: &'static str,
    /// What is replaced, in one sentence.
    pub what: &'static str,
    /// Where its form is laid down.
    pub source: &'static str,
    /// The words at which to look; letters of ASCII in either case.
    pub words: &'static [&'static str],
    /// Where the data stands that the word at the range announces; most words announce nothing.
    pub read: fn(&str, Range<usize>) -> Option<Place>,
    /// Texts before and after the category alone, replaced by nothing, and why.
    pub examples: &'static [Example],
}

/// Where data stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// The data with what announces it.
    pub whole: Range<usize>,
    /// The data.
    pub value: Range<usize>,
}

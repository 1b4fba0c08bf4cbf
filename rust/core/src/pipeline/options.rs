//! Options of a run.

use crate::source::{Encoding, Form};

/// What to do with what cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// Stop with an error that says where it is.
    Stop,
    /// Set it aside and go on.
    Quarantine,
}

/// How to run.
pub struct Options {
    /// The member of each JSON object, or the column, that holds the text.
    pub text_field: String,
    /// The encoding of plain text; recognised file by file if there is none.
    pub encoding: Option<&'static Encoding>,
    /// The form of documents.
    pub form: Form,
    /// Worker threads.
    pub threads: usize,
    /// The longest line or document that is read, in bytes.
    pub longest_line: usize,
    /// What to do with what cannot be read.
    pub on_error: OnError,
    /// About how many bytes of lines make a part.
    pub part_bytes: usize,
    /// The most lines that are read of all sources together.
    pub most_lines: usize,
}

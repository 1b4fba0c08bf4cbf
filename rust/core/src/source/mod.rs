//! Input files: documents of every format become lines of JSON.

mod documents;
mod encoding;
mod extracted;
mod format;
mod json;
mod lines;
mod open;
mod parquet;
mod published;
mod text;

pub use encoding_rs::Encoding;

pub use documents::Documents;
pub use encoding::{Decoder, encoding_named};
pub use extracted::{Extracted, Unread};
pub use format::{Format, Input, SourceFile};
pub use json::{Fields, Malformed};
pub use lines::{Line, LineReader};
pub use open::{FileHash, open};
pub use published::{Form, has_warning};

/// Reason why a document, or the rest of a file, cannot be read; it never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The operating system does not open or read the file; it may do so another time.
    Unreadable,
    /// The file ends or breaks here.
    Damaged,
    /// The Parquet file lacks the text column.
    MissingColumn,
    /// The Parquet file's text column holds something else.
    NotATextColumn,
    /// The document is longer than it may be.
    TooLong,
    /// The document holds bytes that its encoding does not have, or its encoding is not recognised.
    Undecodable,
    /// The page, or what the server sent with it, cannot be parsed.
    MalformedPage,
}

impl From<std::io::Error> for Broken {
    /// Errors of decompression are no errors of the operating system: the file is what is wrong.
    fn from(error: std::io::Error) -> Self {
        if error.raw_os_error().is_some() { Self::Unreadable } else { Self::Damaged }
    }
}

//! Reasons why input cannot be read.

/// Reason why a document, or the rest of a file, cannot be read; it never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
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
    /// The page is nested too deeply, or has too many elements.
    PageTooComplex,
    /// The row of a table cannot be parsed, or has more cells than the table has columns.
    MalformedRow,
    /// The file, or a page of it, shows something but holds no text, like a scan.
    NoText,
    /// The file is no text but holds binary data, like a program or a database.
    NotText,
    /// The file is encrypted.
    Encrypted,
}

impl From<std::io::Error> for ReadError {
    /// Converts errors of the operating system to [`Self::Unreadable`], those of decompression to [`Self::Damaged`].
    fn from(error: std::io::Error) -> Self {
        if error.raw_os_error().is_some() { Self::Unreadable } else { Self::Damaged }
    }
}

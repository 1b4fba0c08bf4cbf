//! Reads the documents of a file of any format as lines of JSON.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use encoding_rs::Encoding;

use super::format::{Format, SourceFile};
use super::lines::{Line, LineReader};
use super::open::{FileHash, open};
use super::parquet::ParquetReader;
use super::read_error::ReadError;
use super::text::{Paragraphs, ToJson, WholeText};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

type Input = Box<dyn BufRead + Send>;

/// Reads the documents of one file.
pub struct Documents {
    reader: Reader,
    hash: FileHash,
}

enum Reader {
    JsonLines(LineReader<Input>),
    Parquet(Box<ParquetReader>),
    Text(WholeText<Input>),
    Paragraphs(Paragraphs<Input>),
}

impl Documents {
    /// Opens a file whose documents have at most `longest` bytes.
    ///
    /// `text_field` is the column of Parquet, and the member that plain text gets. `encoding` is that of plain
    /// text; without one it is detected. Adds the bytes read from disk to `read`.
    pub fn open(
        file: &SourceFile,
        text_field: &str,
        encoding: Option<&'static Encoding>,
        longest: usize,
        read: &Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        if file.format == Format::Parquet {
            let (reader, hash) = ParquetReader::open(&file.path, text_field, longest, read)?;
            return Ok(Self { reader: Reader::Parquet(Box::new(reader)), hash });
        }
        let (input, hash) = open(&file.path, read).map_err(|_| ReadError::Unreadable)?;
        let to_json = || ToJson::new(encoding, text_field);
        let reader = match file.format {
            Format::Text => Reader::Text(WholeText::new(input, longest, to_json())),
            Format::Paragraphs => Reader::Paragraphs(Paragraphs::new(input, longest, to_json())),
            Format::JsonLines => Reader::JsonLines(LineReader::new(input, longest)),
            // Parquet was opened above; the pipeline refuses other formats without an extraction.
            Format::Extracted | Format::Parquet => return Err(ReadError::Unreadable),
        };
        Ok(Self { reader, hash })
    }

    /// Appends the next document to `buffer`, without a line feed. After an error nothing more can be
    /// read, and a part of the document may be in the buffer.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Line, ReadError> {
        match &mut self.reader {
            Reader::JsonLines(lines) => {
                let start = buffer.len();
                let found = lines.next(buffer)?;
                if lines.number() == 1 && buffer[start..].starts_with(BYTE_ORDER_MARK) {
                    buffer.drain(start..start + BYTE_ORDER_MARK.len());
                }
                Ok(found)
            }
            Reader::Parquet(rows) => rows.next(buffer),
            Reader::Text(text) => text.next(buffer),
            Reader::Paragraphs(paragraphs) => paragraphs.next(buffer),
        }
    }

    /// Returns the position of the last document: its (first) line or its row, counted from 1.
    pub fn number(&self) -> u64 {
        match &self.reader {
            Reader::JsonLines(lines) => lines.number(),
            Reader::Parquet(rows) => rows.number(),
            Reader::Text(_) => 1,
            Reader::Paragraphs(paragraphs) => paragraphs.number(),
        }
    }

    /// Returns the SHA-256, in hexadecimal, of the bytes on disk that were read so far.
    pub fn sha256(&self) -> String {
        self.hash.hex()
    }
}

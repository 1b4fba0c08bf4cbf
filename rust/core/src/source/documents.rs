//! Reads the documents of a file of any format as lines of JSON.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use encoding_rs::Encoding;

use super::ahead::Ahead;
use super::encoding::{WINDOW, is_binary};
use super::format::{Format, SourceFile};
use super::json_array::{JsonArray, begins_array};
use super::lines::{Line, LineReader, ending_of};
use super::open::{FileHash, open};
use super::parquet::ParquetReader;
use super::range::{FileRange, RangeHash};
use super::read_error::ReadError;
use super::text::{Paragraphs, ToJson, WholeText};
use super::transcode::{DAMAGE, Transcoder};

/// Bytes of the beginning by which the endings of lines are recognised.
const HEAD: usize = 1 << 16;

/// Bits by which other readings of JSON must be likelier than UTF-8, its encoding, that is damaged.
const JSON_MARGIN: u32 = 24;

type Input = Box<dyn BufRead + Send>;

/// Reads the documents of one file.
pub struct Documents {
    reader: Reader,
    check: Check,
}

enum Reader {
    JsonLines(LineReader<Transcoder<Input>>),
    JsonArray(JsonArray<Transcoder<Input>>),
    Parquet(Box<ParquetReader>),
    Text(WholeText<Input>),
    Paragraphs(Paragraphs<Transcoder<Input>>),
}

/// Hashes of what is read.
enum Check {
    File(FileHash),
    Range(RangeHash, FileRange),
}

impl Documents {
    /// Opens a file, or a range of it, whose documents have at most `longest` bytes.
    ///
    /// `text_field` is the column of Parquet, and the member that plain text gets. `encoding` is that of plain text
    /// and of JSON lines; without one it is recognised. Adds the bytes read from disk to `read`.
    pub fn open(
        file: &SourceFile,
        text_field: &str,
        encoding: Option<&'static Encoding>,
        longest: usize,
        read: &Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        let to_json = ToJson::new(text_field);
        if let Some(range) = &file.range {
            return Self::open_range(file, range, longest, to_json, read);
        }
        if file.format == Format::Parquet {
            let (reader, hash) = ParquetReader::open(&file.path, text_field, longest, read)?;
            return Ok(Self { reader: Reader::Parquet(Box::new(reader)), check: Check::File(hash) });
        }
        let (input, hash) = open(&file.path, read).map_err(|_| ReadError::Unreadable)?;
        let lines = |(input, head): (_, Vec<u8>)| LineReader::new(input, longest).within(ending_of(&head), 0);
        let reader = match file.format {
            Format::Text => Reader::Text(WholeText::new(text(input, encoding)?, encoding, longest, to_json)),
            Format::Paragraphs => {
                let lines = lines(begin(input, file.format, encoding)?);
                Reader::Paragraphs(Paragraphs::new(lines, longest, to_json))
            }
            Format::JsonLines => match begin(input, file.format, encoding)? {
                (input, head) if begins_array(&head) => Reader::JsonArray(JsonArray::new(input, longest)),
                input => Reader::JsonLines(lines(input)),
            },
            // Parquet was opened above; the pipeline refuses other formats without an extraction.
            Format::Extracted | Format::Parquet => return Err(ReadError::Unreadable),
        };
        Ok(Self { reader, check: Check::File(hash) })
    }

    fn open_range(
        file: &SourceFile,
        range: &FileRange,
        longest: usize,
        to_json: ToJson,
        read: &Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        let (input, hash) = range.open(&file.path, read).map_err(|_| ReadError::Unreadable)?;
        let input: Input = Box::new(input);
        let input = Transcoder::within(input, range.encoding.encoding());
        let lines = LineReader::new(input, longest).within(range.ending, range.lines);
        let reader = match file.format {
            Format::JsonLines => Reader::JsonLines(lines),
            Format::Paragraphs => Reader::Paragraphs(Paragraphs::new(lines, longest, to_json)),
            // No other format is split.
            Format::Text | Format::Extracted | Format::Parquet => return Err(ReadError::Unreadable),
        };
        Ok(Self { reader, check: Check::Range(hash, range.clone()) })
    }

    /// Appends the next document to `buffer`, without a line feed. After an error nothing more can be
    /// read, and a part of the document may be in the buffer.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Line, ReadError> {
        let start = buffer.len();
        match &mut self.reader {
            Reader::JsonLines(lines) => {
                let found = lines.next(buffer)?;
                Ok(without_damage(found, lines.input(), start, buffer))
            }
            Reader::JsonArray(elements) => {
                let found = elements.next(buffer)?;
                Ok(without_damage(found, elements.input(), start, buffer))
            }
            Reader::Parquet(rows) => rows.next(buffer),
            Reader::Text(text) => text.next(buffer),
            Reader::Paragraphs(paragraphs) => paragraphs.next(buffer),
        }
    }

    /// Returns the position of the last document: its (first) line, its row or its element, counted from 1.
    pub fn number(&self) -> u64 {
        match &self.reader {
            Reader::JsonLines(lines) => lines.number(),
            Reader::JsonArray(elements) => elements.number(),
            Reader::Parquet(rows) => rows.number(),
            Reader::Text(_) => 1,
            Reader::Paragraphs(paragraphs) => paragraphs.number(),
        }
    }

    /// Returns the SHA-256, in hexadecimal, of the bytes on disk that were read so far; of a range, that of the file when
    /// it was split.
    pub fn sha256(&self) -> String {
        match &self.check {
            Check::File(hash) => hash.hex(),
            Check::Range(_, range) => range.sha256.clone(),
        }
    }

    /// Tests whether a range, which was read to its end, is another than when the file was split.
    pub fn changed(&self) -> bool {
        match &self.check {
            Check::File(_) => false,
            Check::Range(hash, range) => hash.digest() != range.hash,
        }
    }
}

/// Begins to decode the content of a file; returns its first bytes too, as they are stored.
pub fn begin(
    input: Input,
    format: Format,
    encoding: Option<&'static Encoding>,
) -> Result<(Transcoder<Input>, Vec<u8>), ReadError> {
    let margin = if format == Format::JsonLines { JSON_MARGIN } else { 0 };
    let mut input = Transcoder::new(text(input, encoding)?, encoding, margin);
    let head = input.head(HEAD).to_vec();
    Ok((input, head))
}

/// Refuses content that is no text.
fn text(input: Input, encoding: Option<&'static Encoding>) -> Result<Input, ReadError> {
    let mut input = Ahead::new(input);
    if is_binary(input.peek(WINDOW), encoding) {
        return Err(ReadError::NotText);
    }
    Ok(Box::new(input))
}

/// Removes a line of a file that is not UTF-8 if it holds bytes that its encoding does not have.
fn without_damage(found: Line, input: &Transcoder<Input>, start: usize, buffer: &mut Vec<u8>) -> Line {
    if found != Line::Whole || !input.transcodes() || !buffer[start..].contains(&DAMAGE) {
        return found;
    }
    let length = buffer.len() - start;
    buffer.truncate(start);
    Line::Undecodable(length as u64)
}

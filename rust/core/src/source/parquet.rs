//! Reads Parquet files, a row per document, without holding a row group in memory.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::parquet::basic::{ConvertedType, Type as Physical};
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::reader::RowIter;
use ::parquet::schema::types::Type;

use super::lines::Line;
use super::open::FileHash;
use super::parquet_json::push_row;
use super::parquet_pages::largest_page;
use super::read_error::ReadError;

/// Rows that the library decodes at a time; those of all columns are in memory.
const ROWS: usize = 64;

/// Bytes of a page above which a file is refused, unless documents may be longer; the library decompresses a page
/// whole. Writers make pages of about 1 MiB, those of long documents are longer.
const LONGEST_PAGE: usize = 256 << 20;

/// Reads rows as JSON objects.
pub struct ParquetReader {
    rows: RowIter<'static>,
    columns: Type,
    /// Names that lead to the text, that of its column first.
    text: Vec<String>,
    number: u64,
    all: u64,
    longest: usize,
    file_bytes: u64,
    read: Arc<AtomicU64>,
    counted: u64,
}

impl ParquetReader {
    /// Opens a file whose text is in the column `text_field`, and hashes it.
    ///
    /// `text_field` is the name of a column, or leads into a structure as in `meta.text`. Objects have all columns, see
    /// [`super::parquet_json`], but those with intervals. Adds the file's bytes to `read` as rows are read.
    pub fn open(
        path: &Path,
        text_field: &str,
        longest: usize,
        read: &Arc<AtomicU64>,
    ) -> Result<(Self, FileHash), ReadError> {
        let mut file = File::open(path).map_err(|_| ReadError::Unreadable)?;
        // Columns are read out of order, so hashing is a pass of its own.
        let (hash, file_bytes) = FileHash::of(&mut file).map_err(|_| ReadError::Unreadable)?;
        let pages = file.try_clone().map_err(|_| ReadError::Unreadable)?;
        let (rows, all, columns, text) = guarded(|| {
            let reader = SerializedFileReader::new(file).map_err(|_| ReadError::Damaged)?;
            let all = reader.metadata().file_metadata().num_rows();
            let schema = reader.metadata().file_metadata().schema();
            let text = text_column(schema, text_field)?;
            let columns = readable_columns(schema)?;
            if largest_page(&pages, reader.metadata()) > longest.max(LONGEST_PAGE) as u64 {
                return Err(ReadError::TooLong);
            }
            let rows = RowIter::from_file_into(Box::new(reader)).project(Some(columns.clone()));
            Ok((rows.map_err(|_| ReadError::Damaged)?.with_batch_size(ROWS), all, columns, text))
        })?;
        let reader = Self {
            rows,
            columns,
            text,
            number: 0,
            all: u64::try_from(all).map_err(|_| ReadError::Damaged)?,
            longest,
            file_bytes,
            read: Arc::clone(read),
            counted: 0,
        };
        Ok((reader, hash))
    }

    /// Returns the number of the last row, counted from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Appends the next row to `buffer`.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Line, ReadError> {
        let row = guarded(|| self.rows.next().transpose().map_err(|_| ReadError::Damaged))?;
        let Some(row) = row else {
            self.count(self.file_bytes);
            return if self.number == self.all { Ok(Line::End) } else { Err(ReadError::Damaged) };
        };
        self.number += 1;
        let part = u128::from(self.number) * u128::from(self.file_bytes) / u128::from(self.all.max(1));
        self.count(u64::try_from(part).unwrap_or(self.file_bytes)); // a file may have more rows than it says
        let start = buffer.len();
        let names: Vec<&str> = self.text.iter().map(String::as_str).collect();
        let decoded = push_row(&row, &self.columns, &names, buffer);
        let length = buffer.len() - start;
        if !decoded {
            buffer.truncate(start);
            return Ok(Line::Undecodable(length as u64));
        }
        if length > self.longest {
            buffer.truncate(start);
            return Ok(Line::TooLong(length as u64));
        }
        Ok(Line::Whole)
    }

    fn count(&mut self, bytes: u64) {
        let bytes = bytes.min(self.file_bytes);
        self.read.fetch_add(bytes.saturating_sub(self.counted), Ordering::Relaxed);
        self.counted = self.counted.max(bytes);
    }
}

/// Turns a panic of the library, which a damaged file can cause, into [`ReadError::Damaged`].
fn guarded<T>(read: impl FnOnce() -> Result<T, ReadError>) -> Result<T, ReadError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(ReadError::Damaged))
}

/// Returns the names of a file's columns, those of text first; none if the file cannot be read.
pub fn parquet_columns(path: &Path) -> Vec<String> {
    let names = guarded(|| {
        let file = File::open(path).map_err(|_| ReadError::Unreadable)?;
        let reader = SerializedFileReader::new(file).map_err(|_| ReadError::Damaged)?;
        let schema = reader.metadata().file_metadata().schema();
        let (mut texts, mut others) = (Vec::new(), Vec::new());
        for column in schema.get_fields() {
            if is_text(column) {
                texts.push(column.name().to_owned());
            } else if column.is_group() && column.get_basic_info().logical_type_ref().is_none() {
                let inner = column.get_fields().iter().filter(|inner| is_text(inner));
                texts.extend(inner.map(|inner| format!("{}.{}", column.name(), inner.name())));
            } else {
                others.push(column.name().to_owned());
            }
        }
        texts.extend(others);
        Ok(texts)
    });
    names.unwrap_or_default()
}

/// Returns the number of rows of a file, and the first of them as JSON objects.
///
/// `text_field` as for [`ParquetReader::open`], but the column need not be there; at most `most` rows are decoded, and
/// one whose text is not UTF-8 is left out.
pub fn parquet_head(path: &Path, text_field: &str, most: usize) -> Result<(u64, Vec<String>), ReadError> {
    let file = File::open(path).map_err(|_| ReadError::Unreadable)?;
    guarded(|| {
        let pages = file.try_clone().map_err(|_| ReadError::Unreadable)?;
        let reader = SerializedFileReader::new(file).map_err(|_| ReadError::Damaged)?;
        let all = reader.metadata().file_metadata().num_rows();
        let schema = reader.metadata().file_metadata().schema();
        let text = text_column(schema, text_field).unwrap_or_default();
        let names: Vec<&str> = text.iter().map(String::as_str).collect();
        let columns = readable_columns(schema)?;
        if largest_page(&pages, reader.metadata()) > LONGEST_PAGE as u64 {
            return Err(ReadError::TooLong);
        }
        let rows = RowIter::from_file_into(Box::new(reader)).project(Some(columns.clone()));
        let mut found = Vec::new();
        for row in rows.map_err(|_| ReadError::Damaged)?.with_batch_size(ROWS).take(most) {
            let mut line = Vec::new();
            if push_row(&row.map_err(|_| ReadError::Damaged)?, &columns, &names, &mut line) {
                found.push(String::from_utf8(line).map_err(|_| ReadError::Damaged)?);
            }
        }
        Ok((u64::try_from(all).map_err(|_| ReadError::Damaged)?, found))
    })
}

/// Finds the text's column, or a dotted name's in structures; returns the names that lead to it.
fn text_column(group: &Type, name: &str) -> Result<Vec<String>, ReadError> {
    let named = |name: &str| group.get_fields().iter().find(|column| column.name() == name);
    if let Some(column) = named(name) {
        return if is_text(column) { Ok(vec![name.to_owned()]) } else { Err(ReadError::NotATextColumn) };
    }
    let mut missing = ReadError::MissingColumn;
    for (dot, _) in name.match_indices('.') {
        let Some(outer) = named(&name[..dot]).filter(|column| column.is_group() && !repeated(column)) else {
            continue;
        };
        match text_column(outer, &name[dot + 1..]) {
            Ok(inner) => return Ok([vec![name[..dot].to_owned()], inner].concat()),
            Err(error) => missing = error,
        }
    }
    Err(missing)
}

/// Selects the columns to read: all that the library reads.
fn readable_columns(schema: &Type) -> Result<Type, ReadError> {
    let readable = schema.get_fields().iter().filter(|column| is_readable(column)).cloned().collect();
    Type::group_type_builder(schema.name()).with_fields(readable).build().map_err(|_| ReadError::Damaged)
}

fn is_readable(column: &Type) -> bool {
    if column.is_group() {
        return column.get_fields().iter().all(|field| is_readable(field));
    }
    column.get_basic_info().converted_type() != ConvertedType::INTERVAL
}

/// Tests for a column of text: annotated as such, or of bytes without annotation, which older writers made of text.
fn is_text(column: &Type) -> bool {
    let info = column.get_basic_info();
    let text = [ConvertedType::UTF8, ConvertedType::ENUM, ConvertedType::JSON, ConvertedType::NONE];
    column.is_primitive()
        && !repeated(column)
        && column.get_physical_type() == Physical::BYTE_ARRAY
        && text.contains(&info.converted_type())
}

fn repeated(column: &Type) -> bool {
    let info = column.get_basic_info();
    info.has_repetition() && info.repetition() == ::parquet::basic::Repetition::REPEATED
}

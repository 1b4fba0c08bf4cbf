//! Reads Parquet files, a row per document, without holding a row group in memory.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::reader::RowIter;
use ::parquet::record::{Field, Row};
use ::parquet::schema::types::Type;

use super::lines::Line;
use super::open::FileHash;
use super::read_error::ReadError;

/// Rows that the library decodes at a time; those of all columns are in memory.
const ROWS: usize = 64;

/// Reads rows as JSON objects.
pub struct ParquetReader {
    rows: RowIter<'static>,
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
    /// Objects have the text and those other columns that hold text, numbers, truth values, or lists, maps and
    /// structures of these. Adds the file's bytes to `read` as rows are read.
    pub fn open(
        path: &Path,
        text_field: &str,
        longest: usize,
        read: &Arc<AtomicU64>,
    ) -> Result<(Self, FileHash), ReadError> {
        let mut file = File::open(path).map_err(|_| ReadError::Unreadable)?;
        // Columns are read out of order, so hashing is a pass of its own.
        let (hash, file_bytes) = FileHash::of(&mut file).map_err(|_| ReadError::Unreadable)?;
        let (rows, all) = guarded(|| {
            let reader = SerializedFileReader::new(file).map_err(|_| ReadError::Damaged)?;
            let all = reader.metadata().file_metadata().num_rows();
            let columns = columns(reader.metadata().file_metadata().schema(), text_field)?;
            let rows = RowIter::from_file_into(Box::new(reader)).project(Some(columns));
            Ok((rows.map_err(|_| ReadError::Damaged)?.with_batch_size(ROWS), all))
        })?;
        let reader = Self {
            rows,
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
        push_row(row, buffer);
        let length = buffer.len() - start;
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

/// Selects the columns to read: the text and every column of a supported type.
fn columns(schema: &Type, text_field: &str) -> Result<Type, ReadError> {
    let text = schema.get_fields().iter().find(|column| column.name() == text_field);
    let text = text.ok_or(ReadError::MissingColumn)?;
    if !text.is_primitive() || !is_text(text) || repeated(text) {
        return Err(ReadError::NotATextColumn);
    }
    let readable = schema.get_fields().iter().filter(|column| is_readable(column)).cloned().collect();
    Type::group_type_builder(schema.name()).with_fields(readable).build().map_err(|_| ReadError::Damaged)
}

fn is_readable(column: &Type) -> bool {
    if !column.is_primitive() {
        return column.get_fields().iter().all(|field| is_readable(field));
    }
    match column.get_physical_type() {
        Physical::BOOLEAN | Physical::FLOAT | Physical::DOUBLE => true,
        Physical::INT32 | Physical::INT64 => {
            use ConvertedType as Is;
            matches!(
                column.get_basic_info().converted_type(),
                Is::NONE
                    | Is::INT_8
                    | Is::INT_16
                    | Is::INT_32
                    | Is::INT_64
                    | Is::UINT_8
                    | Is::UINT_16
                    | Is::UINT_32
                    | Is::UINT_64
            ) && column.get_basic_info().logical_type_ref().is_none_or(|logical| {
                // Nanoseconds have no converted type and would pass for plain numbers. Unknown is all nulls.
                matches!(logical, LogicalType::Integer { .. } | LogicalType::Unknown)
            })
        }
        Physical::BYTE_ARRAY => is_text(column),
        Physical::INT96 | Physical::FIXED_LEN_BYTE_ARRAY => false,
    }
}

fn is_text(column: &Type) -> bool {
    let converted = column.get_basic_info().converted_type();
    column.get_physical_type() == Physical::BYTE_ARRAY
        && matches!(converted, ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON)
}

fn repeated(column: &Type) -> bool {
    let info = column.get_basic_info();
    info.has_repetition() && info.repetition() == ::parquet::basic::Repetition::REPEATED
}

/// Appends a row as a JSON object.
fn push_row(row: Row, out: &mut Vec<u8>) {
    // Writing to memory does not fail, and these values all have a JSON form.
    out.push(b'{');
    for (i, (name, field)) in row.into_columns().into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        let _ = serde_json::to_writer(&mut *out, &name);
        out.push(b':');
        let _ = match field {
            Field::Str(text) => serde_json::to_writer(&mut *out, &text),
            other => serde_json::to_writer(&mut *out, &other.to_json_value()),
        };
    }
    out.push(b'}');
}

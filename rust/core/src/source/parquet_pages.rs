//! Looks up the sizes of a Parquet file's pages, which the library decompresses whole, before it does.
//!
//! A page begins with its header in Thrift's compact protocol; the first fields are its kind, its size when it is
//! decompressed and its size in the file.

use std::fs::File;
use std::os::unix::fs::FileExt;

use ::parquet::file::metadata::ParquetMetaData;

/// Bytes of headers to read at a time; statistics in them may be long.
const HEADERS: [usize; 2] = [1 << 12, 1 << 20];
const DECOMPRESSED: i64 = 2;
const STORED: i64 = 3;
/// Structures in a header lie at most so deep in each other.
const DEEPEST: u32 = 16;

/// Returns the size of the largest page that a file says it has, in bytes.
pub fn largest_page(file: &File, metadata: &ParquetMetaData) -> u64 {
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    let ranges = chunks.filter_map(|chunk| {
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        Some((u64::try_from(start).ok()?, u64::try_from(chunk.compressed_size()).ok()?))
    });
    ranges
        .filter_map(|(start, length)| largest_between(file, start, start.checked_add(length)?))
        .max()
        .unwrap_or(0)
}

/// Returns the size of the largest page in a range of a file, as far as headers can be read.
fn largest_between(file: &File, mut at: u64, end: u64) -> Option<u64> {
    let mut largest = None;
    while at < end {
        let Some(page) = HEADERS.iter().find_map(|&most| page_at(file, at, most)) else { break };
        largest = largest.max(Some(page.decompressed));
        at = at.checked_add(page.header)?.checked_add(page.stored)?;
    }
    largest
}

struct Page {
    /// Bytes of the header.
    header: u64,
    /// Bytes of the content in the file.
    stored: u64,
    decompressed: u64,
}

/// Reads the header at an offset; none if it is longer than `most` bytes, or none.
fn page_at(file: &File, at: u64, most: usize) -> Option<Page> {
    let mut bytes = vec![0; most];
    let mut read = 0;
    while read < most {
        match file.read_at(&mut bytes[read..], at + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    let mut header = Compact(&bytes[..read]);
    let (mut stored, mut decompressed) = (None, None);
    header.fields(0, |field, value| match field {
        DECOMPRESSED => decompressed = value,
        STORED => stored = value,
        _ => {}
    })?;
    Some(Page {
        header: (read - header.0.len()) as u64,
        stored: u64::try_from(stored?).ok()?,
        decompressed: u64::try_from(decompressed?).ok()?,
    })
}

/// Bytes in Thrift's compact protocol.
struct Compact<'b>(&'b [u8]);

impl Compact<'_> {
    /// Passes over a structure; `visit` gets the number of each of its fields, and the value of whole numbers.
    fn fields(&mut self, depth: u32, mut visit: impl FnMut(i64, Option<i64>)) -> Option<()> {
        let mut field = 0;
        loop {
            let byte = self.byte()?;
            let kind = byte & 0x0f;
            if kind == 0 {
                return Some(());
            }
            field = if byte >> 4 == 0 { self.number()? } else { field + i64::from(byte >> 4) };
            // A truth value is its kind.
            let value = if kind <= 2 { None } else { self.value(kind, depth)? };
            visit(field, value);
        }
    }

    /// Passes over a value; returns it if it is a whole number.
    fn value(&mut self, kind: u8, depth: u32) -> Option<Option<i64>> {
        if depth > DEEPEST {
            return None;
        }
        match kind {
            1..=3 => self.skip(1)?,
            4..=6 => return Some(Some(self.number()?)),
            7 => self.skip(8)?,
            8 => {
                let length = self.unsigned()?;
                self.skip(length)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.unsigned()? } else { u64::from(head >> 4) };
                for _ in 0..count {
                    self.value(head & 0x0f, depth + 1)?;
                }
            }
            12 => self.fields(depth + 1, |_, _| {})?,
            _ => return None,
        }
        Some(None)
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    /// Reads a number of seven bits a byte, the lowest first.
    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// Reads a number whose lowest bit is its sign.
    fn number(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn pages_are_walked_through() {
        let mut file = tempfile::tempfile().expect("there is room");
        // Kind 0, 300 bytes decompressed, 2 stored, a structure with a list and a string; then its two bytes.
        let first =
            [&b"\x15\x00\x15\xd8\x04\x15\x04\x2c\x19\x25\x02\x04\x18\x01x\x00\x00"[..], b"ab"].concat();
        let second = b"\x15\x00\x15\x0a\x15\x02\x00c";
        file.write_all(&[b"PAR1", &first[..], second].concat()).expect("there is room");
        let end = 4 + first.len() as u64;
        assert_eq!(largest_between(&file, 4, end + 1), Some(300));
        assert_eq!(largest_between(&file, end, end + 1), Some(5));
        assert_eq!(largest_between(&file, 0, 4), None);
        assert_eq!(largest_between(&file, 900, 1000), None);
    }
}

//! File of sorted records with checksums, of which any range of keys can be read alone.
//!
//! ```text
//! blocks   records in order, `BLOCK / BYTES` in each block but the last
//! index    a block: first key u64, XXH3-64 of its bytes u64 (seeded with the block's number)
//! footer   magic 8 bytes, bytes of a record u32, last of its series u32, records u64, XXH3-64 of index and footer
//! ```
//! Numbers are little-endian. A series is the output of one `ExternalSorter`: `NAME.0`, `NAME.1`, …, the last marked.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::marker::PhantomData;
use std::ops::{Range, RangeInclusive};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::record::Record;
use crate::{Error, Result};

const MAGIC: &[u8; 8] = b"NCVCSRT1";
const BLOCK: usize = 1 << 16;
const FOOTER: usize = 32;

/// Writes sorted records and syncs the file.
pub fn write<R: Record>(path: &Path, records: &[R], last: bool) -> Result<()> {
    debug_assert!(records.is_sorted());
    let file = File::create_new(path).map_err(Error::io(path, "cannot create"))?;
    let mut out = BufWriter::new(file);
    let failed = || Error::io(path, "cannot write");
    let (mut block, mut tail) = (Vec::with_capacity(BLOCK), Vec::new());
    for (number, chunk) in records.chunks(BLOCK / R::BYTES).enumerate() {
        block.clear();
        chunk.iter().for_each(|record| record.write(&mut block));
        tail.extend_from_slice(&chunk[0].key().to_le_bytes());
        tail.extend_from_slice(&xxh3_64_with_seed(&block, number as u64).to_le_bytes());
        out.write_all(&block).map_err(failed())?;
    }
    tail.extend_from_slice(MAGIC);
    tail.extend_from_slice(&(R::BYTES as u32).to_le_bytes());
    tail.extend_from_slice(&u32::from(last).to_le_bytes());
    tail.extend_from_slice(&(records.len() as u64).to_le_bytes());
    tail.extend_from_slice(&xxh3_64(&tail).to_le_bytes());
    out.write_all(&tail).map_err(failed())?;
    let file = out.into_inner().map_err(|error| failed()(error.into_error()))?;
    file.sync_all().map_err(Error::io(path, "cannot sync"))
}

/// Open file of sorted records.
pub struct SortedFile<R> {
    path: PathBuf,
    file: File,
    /// First key and checksum of each block.
    index: Vec<(u64, u64)>,
    records: usize,
    /// Set in the last file of a series.
    pub last: bool,
    kind: PhantomData<R>,
}

impl<R: Record> SortedFile<R> {
    /// Opens a file and checks its index.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io(path, "cannot open"))?;
        let bytes = file.metadata().map_err(Error::io(path, "cannot read"))?.len();
        let damaged = || Error::damaged(path);
        let footer_at = bytes.checked_sub(FOOTER as u64).ok_or_else(damaged)?;
        let footer = read_at(path, &file, footer_at, FOOTER)?;
        let (sizes, count) = (number(&footer[8..16]), number(&footer[16..24]));
        let per_block = (BLOCK / R::BYTES) as u64;
        let blocks = count.div_ceil(per_block);
        let data = count.checked_mul(R::BYTES as u64).ok_or_else(damaged)?;
        if &footer[..8] != MAGIC
            || sizes & 0xffff_ffff != R::BYTES as u64
            || data.checked_add(16 * blocks) != Some(footer_at)
        {
            return Err(damaged());
        }
        let size = |number: u64| usize::try_from(number).map_err(|_| damaged());
        let tail = read_at(path, &file, data, size(bytes - data)?)?;
        if xxh3_64(&tail[..tail.len() - 8]) != number(&footer[24..]) {
            return Err(damaged());
        }
        let index = tail[..16 * size(blocks)?].chunks_exact(16);
        let index = index.map(|row| (number(&row[..8]), number(&row[8..]))).collect();
        let last = match sizes >> 32 {
            0 => false,
            1 => true,
            _ => return Err(damaged()),
        };
        Ok(Self { path: path.to_owned(), file, index, records: size(count)?, last, kind: PhantomData })
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.records
    }

    /// Number of records in the blocks that a range touches: an upper bound of those in the range.
    pub fn most_in(&self, keys: &RangeInclusive<u64>) -> usize {
        let per_block = BLOCK / R::BYTES;
        let blocks = self.blocks(keys);
        (blocks.end * per_block).min(self.records) - (blocks.start * per_block).min(self.records)
    }

    fn blocks(&self, keys: &RangeInclusive<u64>) -> Range<usize> {
        // The block before the first that begins at the start may end with records of the same key.
        let from = self.index.partition_point(|&(first, _)| first < *keys.start()).saturating_sub(1);
        let to = self.index.partition_point(|&(first, _)| first <= *keys.end());
        from..to.max(from)
    }

    /// Calls `each` with the records of a range of keys, in order.
    pub fn for_each(&self, keys: &RangeInclusive<u64>, mut each: impl FnMut(R) -> Result<()>) -> Result<()> {
        let per_block = BLOCK / R::BYTES;
        for block in self.blocks(keys) {
            let count = per_block.min(self.records - block * per_block);
            let bytes =
                read_at(&self.path, &self.file, (block * per_block * R::BYTES) as u64, count * R::BYTES)?;
            if xxh3_64_with_seed(&bytes, block as u64) != self.index[block].1 {
                return Err(Error::damaged(&self.path));
            }
            for record in bytes.chunks_exact(R::BYTES).map(R::read) {
                if keys.contains(&record.key()) {
                    each(record)?;
                }
            }
        }
        Ok(())
    }
}

/// Decodes a little-endian number.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| (number << 8) | u64::from(byte))
}

/// Reads exactly `length` bytes; a file that ends before is damaged.
pub fn read_at(path: &Path, file: &File, offset: u64, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    match file.read_exact_at(&mut bytes, offset) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(Error::damaged(path)),
        Err(error) => Err(Error::io(path, "cannot read")(error)),
    }
}

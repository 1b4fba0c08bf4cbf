//! The dictionary in the form of the lattice search, in memory and serialised.

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::arrays::{Reader, put};
use super::characters::Characters;
use super::matrix::Matrix;
use super::mecab::{Base, NO_SPACE, Row, error};
use super::trie::Trie;
use crate::Result;

/// The bytes are compressed: UniDic's matrix alone has 70 MB. Higher levels take much longer and save little.
const LEVEL: i32 = 3;

/// Bounds of the decompressed size: a small dictionary's in bytes, and a large one's by its compressed size (ipadic's is
/// 3 times that).
const SMALL: u64 = 64 << 20;
const RATIO: u64 = 64;

/// Ids and cost of a morpheme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Its id as the right neighbour of another morpheme.
    pub left: u16,
    /// Its id as the left neighbour of another morpheme.
    pub right: u16,
    /// Its own cost.
    pub cost: i16,
}

/// Surfaces, unknown words, character categories and connection costs.
#[derive(Debug, PartialEq)]
pub struct Dictionary {
    /// The surfaces.
    pub trie: Trie,
    /// The entries of all surfaces; of one surface the first row of the lexicon comes last.
    pub entries: Vec<Entry>,
    /// The entries of unknown words by category, again the first row last.
    pub unknown: Vec<Vec<Entry>>,
    /// The character categories.
    pub characters: Characters,
    /// The bit of the category SPACE.
    pub space: u32,
    /// The connection costs.
    pub matrix: Matrix,
}

impl Dictionary {
    /// Builds the dictionary of `base`, which has been checked, and `terms`, which follow its rows.
    ///
    /// # Errors
    ///
    /// [`Error::Dictionary`](crate::Error::Dictionary) if there are too many rows, or no category SPACE.
    pub fn build(base: &Base, terms: &[Row]) -> Result<Self> {
        let too_many = || error(&base.folder, "too many rows; leave some out");
        let mut surfaces: BTreeMap<&str, Vec<Entry>> = BTreeMap::new();
        for row in base.rows.iter().chain(terms) {
            surfaces.entry(&row.surface).or_default().push(entry(row));
        }
        let mut entries = Vec::new();
        let mut keys = Vec::with_capacity(surfaces.len());
        for (surface, rows) in surfaces {
            let rows = distinct(&rows);
            let (Ok(first), Ok(count)) = (u32::try_from(entries.len()), u32::try_from(rows.len())) else {
                return Err(too_many());
            };
            entries.extend(rows);
            keys.push((surface, first, count));
        }
        let unknown = base.characters.categories.iter().map(|category| {
            let rows = base.unknown.iter().filter(|row| row.surface == category.name);
            distinct(&rows.map(entry).collect::<Vec<_>>())
        });
        let unknown = unknown.collect();
        let trie = Trie::build(&keys).ok_or_else(too_many)?;
        let space = base.characters.bit("SPACE").ok_or_else(|| error(&base.folder, NO_SPACE))?;
        let (characters, matrix) = (base.characters.clone(), base.matrix.clone());
        Ok(Self { trie, entries, unknown, characters, space, matrix })
    }

    /// Returns the dictionary's bytes in a file.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        put_entries(&mut out, &self.entries);
        self.trie.write(&mut out);
        put(&mut out, self.characters.text().bytes().map(|b| [b]).collect::<Vec<_>>().into_iter());
        self.unknown.iter().for_each(|entries| put_entries(&mut out, entries));
        put(&mut out, self.matrix.to_binary().into_iter().map(|b| [b]));
        zstd::bulk::compress(&out, LEVEL)
    }

    /// Reads the dictionary that [`Dictionary::to_bytes`] wrote; `None` if it is damaged. Fails for want of memory.
    pub fn from_bytes(bytes: &[u8]) -> io::Result<Option<Self>> {
        Ok(decompress(bytes)?.and_then(|bytes| Self::read(&bytes)))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let entries = entries(&mut reader)?;
        let trie = Trie::read(&mut reader, entries.len())?;
        let characters = Characters::from_text(std::str::from_utf8(reader.bytes(1)?).ok()?).ok()?;
        let unknown =
            characters.categories.iter().map(|_| self::entries(&mut reader)).collect::<Option<Vec<_>>>()?;
        let matrix = Matrix::from_binary(reader.bytes(1)?).ok()?;
        let inside = |entry: &Entry| entry.left < matrix.lefts && entry.right < matrix.rights;
        let sound = reader.is_at_end()
            && unknown.iter().all(|entries| !entries.is_empty())
            && entries.iter().chain(unknown.iter().flatten()).all(inside);
        let space = characters.bit("SPACE")?;
        sound.then_some(Self { trie, entries, unknown, characters, space, matrix })
    }
}

/// Decompresses the bytes; `None` if they are damaged, or so many that they are no dictionary's. Fails for want of memory.
fn decompress(bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let limit = SMALL.saturating_add(RATIO.saturating_mul(bytes.len() as u64));
    let mut out = Vec::new();
    let mut decoder = zstd::stream::Decoder::new(bytes)?;
    match decoder.by_ref().take(limit + 1).read_to_end(&mut out) {
        Ok(_) => Ok((out.len() as u64 <= limit).then_some(out)),
        Err(error) if is_of_memory(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Tests for an error of want of memory; Zstandard's own errors have no kind but their words.
fn is_of_memory(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory || error.to_string().contains("not enough memory")
}

fn entry(row: &Row) -> Entry {
    Entry { left: row.left, right: row.right, cost: row.cost }
}

/// Keeps the cheapest of the rows with the same ids, the first of equals, in reverse order: no best path has the others.
fn distinct(rows: &[Entry]) -> Vec<Entry> {
    let same = |a: &Entry, b: &Entry| (a.left, a.right) == (b.left, b.right);
    let beaten = |i: usize, row: &Entry| {
        let (before, after) = (&rows[..i], &rows[i + 1..]);
        before.iter().any(|other| same(other, row) && other.cost <= row.cost)
            || after.iter().any(|other| same(other, row) && other.cost < row.cost)
    };
    rows.iter().enumerate().rev().filter(|&(i, row)| !beaten(i, row)).map(|(_, row)| *row).collect()
}

fn put_entries(out: &mut Vec<u8>, entries: &[Entry]) {
    put(
        out,
        entries.iter().map(|entry| {
            let ([a, b], [c, d], [e, f]) =
                (entry.left.to_le_bytes(), entry.right.to_le_bytes(), entry.cost.to_le_bytes());
            [a, b, c, d, e, f]
        }),
    );
}

fn entries(reader: &mut Reader) -> Option<Vec<Entry>> {
    reader.array(|[a, b, c, d, e, f]| Entry {
        left: u16::from_le_bytes([a, b]),
        right: u16::from_le_bytes([c, d]),
        cost: i16::from_le_bytes([e, f]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_damage() {
        let zeros = vec![0; 128 << 20];
        let bomb = zstd::bulk::compress(&zeros, LEVEL).unwrap();
        assert!(bomb.len() < 1 << 20);
        assert_eq!(decompress(&bomb).unwrap(), None);
        assert_eq!(decompress(&bomb[..bomb.len() - 1]).unwrap(), None);
        let abc = zstd::bulk::compress(b"abc", LEVEL).unwrap();
        assert_eq!(decompress(&abc).unwrap().as_deref(), Some(b"abc".as_slice()));
        assert_eq!(decompress(&abc[..abc.len() - 1]).unwrap(), None);
    }

    #[test]
    fn of_rows_with_the_same_ids_the_cheapest_stays() {
        let row = |left, right, cost| Entry { left, right, cost };
        let rows = [row(1, 1, 5), row(2, 1, 5), row(1, 1, 3), row(1, 1, 3), row(2, 1, 5), row(1, 2, 9)];
        assert_eq!(distinct(&rows), [row(1, 2, 9), row(1, 1, 3), row(2, 1, 5)]);
    }
}

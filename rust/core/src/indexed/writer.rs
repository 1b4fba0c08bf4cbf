//! Writer of indexed datasets, block by block, in constant memory.
//!
//! The bytes are those of megatron-core's `IndexedDatasetBuilder` (`core/datasets/indexed_dataset.py`) with
//! one sequence a document. The layout of `.idx`, little-endian: `MMIDIDX\0\0`, u64 version 1, u8 token type,
//! u64 sequences S, u64 S + 1, i32 lengths [S], i64 byte offsets [S], i64 0..=S [S + 1].

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

const BUFFER: usize = 1 << 20;
const MAGIC: &[u8] = b"MMIDIDX\0\0";

/// Stored type of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// 16 bits, for vocabularies below 65,500, as in megatron-core.
    U16,
    /// 32 bits, for larger ones.
    I32,
}

impl TokenType {
    /// Chooses the type for the size of a vocabulary (`DType.optimal_dtype`).
    pub fn for_vocabulary(size: usize) -> Self {
        if size < 65_500 { Self::U16 } else { Self::I32 }
    }

    /// Bytes of a token.
    pub fn size(self) -> usize {
        match self {
            Self::U16 => 2,
            Self::I32 => 4,
        }
    }

    /// Appends tokens as stored; they must be below the size of the vocabulary that chose the type.
    pub fn push(self, tokens: &[u32], bytes: &mut Vec<u8>) {
        debug_assert!(self == Self::I32 || tokens.iter().all(|&token| token < 65_500));
        match self {
            Self::U16 => tokens.iter().for_each(|&t| bytes.extend_from_slice(&(t as u16).to_le_bytes())),
            Self::I32 => tokens.iter().for_each(|&t| bytes.extend_from_slice(&t.to_le_bytes())),
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::U16 => 8,
            Self::I32 => 4,
        }
    }
}

/// Counts of a finished dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Documents.
    pub documents: u64,
    /// Tokens, ends of text included.
    pub tokens: u64,
}

/// Dataset that is being written.
pub struct IndexedWriter {
    prefix: PathBuf,
    kind: TokenType,
    bin: BufWriter<File>,
    lengths: BufWriter<File>,
    bytes: u64,
    length_bytes: u64,
}

impl IndexedWriter {
    /// Creates `prefix.bin`, and `prefix.lengths` until [`finish`](Self::finish) turns it into `prefix.idx`.
    pub fn create(prefix: &Path, kind: TokenType) -> Result<Self> {
        Ok(Self {
            bin: create(&with(prefix, "bin"))?,
            lengths: create(&with(prefix, "lengths"))?,
            prefix: prefix.to_owned(),
            kind,
            bytes: 0,
            length_bytes: 0,
        })
    }

    /// Appends tokens as stored.
    pub fn write_tokens(&mut self, tokens: &[u8]) -> Result<()> {
        self.bytes += tokens.len() as u64;
        self.bin.write_all(tokens).map_err(Error::io(with(&self.prefix, "bin"), "cannot write"))
    }

    /// Appends the number of tokens of each document, as 32-bit little-endian numbers.
    pub fn write_lengths(&mut self, lengths: &[u8]) -> Result<()> {
        self.length_bytes += lengths.len() as u64;
        self.lengths.write_all(lengths).map_err(Error::io(with(&self.prefix, "lengths"), "cannot write"))
    }

    /// Writes `prefix.idx` and syncs both files; fails if the lengths do not add up to the tokens.
    pub fn finish(self) -> Result<Totals> {
        let Self { prefix, kind, bin, lengths, bytes, length_bytes } = self;
        let totals = Totals { documents: length_bytes / 4, tokens: bytes / kind.size() as u64 };
        let mismatch = || Error::Dataset {
            path: with(&prefix, "bin"),
            message: "the lengths of the documents do not add up to the tokens; encode again".to_owned(),
        };
        if length_bytes % 4 != 0 || bytes % kind.size() as u64 != 0 {
            return Err(mismatch());
        }
        sync(bin, &with(&prefix, "bin"))?;
        let spool = with(&prefix, "lengths");
        let mut lengths =
            lengths.into_inner().map_err(|e| Error::io(&spool, "cannot write")(e.into_error()))?;
        let idx = with(&prefix, "idx");
        let mut out = create(&idx)?;
        let counted = write_index(&mut out, &mut lengths, kind, totals.documents)
            .map_err(Error::io(&idx, "cannot write"))?;
        if counted != Some(totals.tokens) {
            return Err(mismatch());
        }
        sync(out, &idx)?;
        std::fs::remove_file(&spool).map_err(Error::io(&spool, "cannot remove"))?;
        Ok(totals)
    }
}

/// Returns the sum of the lengths; none if one is negative or the offsets overflow.
fn write_index(
    out: &mut impl Write,
    lengths: &mut File,
    kind: TokenType,
    documents: u64,
) -> std::io::Result<Option<u64>> {
    out.write_all(MAGIC)?;
    out.write_all(&1_u64.to_le_bytes())?;
    out.write_all(&[kind.code()])?;
    out.write_all(&documents.to_le_bytes())?;
    out.write_all(&(documents + 1).to_le_bytes())?;
    lengths.seek(SeekFrom::Start(0))?;
    std::io::copy(lengths, out)?;
    lengths.seek(SeekFrom::Start(0))?;
    let mut lengths = BufReader::with_capacity(BUFFER, lengths);
    let mut tokens = 0_u64;
    for _ in 0..documents {
        let Some(offset) = tokens.checked_mul(kind.size() as u64).and_then(|at| i64::try_from(at).ok())
        else {
            return Ok(None);
        };
        out.write_all(&offset.to_le_bytes())?;
        let mut length = [0; 4];
        lengths.read_exact(&mut length)?;
        let Ok(length) = u32::try_from(i32::from_le_bytes(length)) else { return Ok(None) };
        tokens += u64::from(length);
    }
    (0..=documents).try_for_each(|document| out.write_all(&document.to_le_bytes()))?;
    Ok(Some(tokens))
}

fn with(prefix: &Path, extension: &str) -> PathBuf {
    let mut name = prefix.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path);
    Ok(BufWriter::with_capacity(BUFFER, file.map_err(Error::io(path, "cannot create"))?))
}

fn sync(out: BufWriter<File>, path: &Path) -> Result<()> {
    let file = out.into_inner().map_err(|e| Error::io(path, "cannot write")(e.into_error()))?;
    file.sync_all().map_err(Error::io(path, "cannot sync"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_add_up_to_the_tokens() {
        let write = |tokens: &[u8], lengths: &[i32]| {
            let folder = tempfile::tempdir().expect("there is room");
            let mut writer = IndexedWriter::create(&folder.path().join("a"), TokenType::U16)?;
            writer.write_tokens(tokens)?;
            lengths.iter().try_for_each(|length| writer.write_lengths(&length.to_le_bytes()))?;
            writer.finish()
        };
        assert_eq!(write(&[0; 10], &[2, 3]).expect("they do"), Totals { documents: 2, tokens: 5 });
        for (tokens, lengths) in [(10, [2, 4]), (10, [6, -1]), (9, [2, 2])] {
            assert!(matches!(write(&vec![0; tokens], &lengths), Err(Error::Dataset { .. })), "{lengths:?}");
        }
    }
}

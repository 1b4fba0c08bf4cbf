//! Lines of a file that are read apart from the others.

use std::io::{BufRead, BufReader, Read, Take};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use encoding_rs::{EUC_JP, Encoding, SHIFT_JIS, UTF_8};
use xxhash_rust::xxh3::Xxh3;

use super::open::{BUFFER, Packing, open_at};
use crate::Result;

/// Encoding in which the byte of a line feed is nothing else and every line is decoded by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum LineEncoding {
    /// UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Shift_JIS.
    #[serde(rename = "shift_jis")]
    ShiftJis,
    /// EUC-JP.
    #[serde(rename = "euc-jp")]
    EucJp,
}

impl LineEncoding {
    const ALL: [Self; 3] = [Self::Utf8, Self::ShiftJis, Self::EucJp];

    /// Finds the encoding; none if its lines hang together.
    pub fn of(encoding: &'static Encoding) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.encoding() == encoding)
    }

    /// Returns the encoding.
    pub fn encoding(self) -> &'static Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::ShiftJis => SHIFT_JIS,
            Self::EucJp => EUC_JP,
        }
    }
}

/// A range of whole lines, as [`split`](super::split()) finds it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRange {
    /// Byte on disk at which reading begins: its first one, or the first of a frame of Zstandard.
    pub offset: u64,
    /// Bytes of content from there on that are left out.
    pub skip: u64,
    /// Bytes of content.
    pub bytes: u64,
    /// Lines of the file before it.
    pub lines: u64,
    /// XXH3 of the content.
    pub hash: u64,
    /// The file is compressed with Zstandard.
    pub zstd: bool,
    /// Encoding of the file.
    pub encoding: LineEncoding,
    /// Byte that ends a line.
    pub ending: u8,
    /// SHA-256 of the whole file on disk, in hexadecimal.
    pub sha256: String,
}

impl FileRange {
    /// Opens the content; adds the bytes read from disk to `read`.
    pub fn open(
        &self,
        path: &Path,
        read: &Arc<AtomicU64>,
    ) -> Result<(impl BufRead + Send + use<>, RangeHash)> {
        let packing = self.zstd.then_some(Packing::Zstandard);
        let content = open_at(path, self.offset, packing, read)?.take(self.bytes);
        let hash = RangeHash::default();
        let reader = RangeReader { content, skip: self.skip, hash: hash.clone() };
        Ok((BufReader::with_capacity(BUFFER, reader), hash))
    }
}

/// The running XXH3 of content that is being read.
#[derive(Clone, Default)]
pub struct RangeHash(Arc<Mutex<Xxh3>>);

impl RangeHash {
    /// Returns the XXH3 of the content read so far.
    pub fn digest(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).digest()
    }
}

struct RangeReader<R> {
    content: Take<R>,
    /// Bytes to leave out first.
    skip: u64,
    hash: RangeHash,
}

impl<R: Read> Read for RangeReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let before = std::mem::take(&mut self.skip);
        std::io::copy(&mut self.content.get_mut().by_ref().take(before), &mut std::io::sink())?;
        let n = self.content.read(buffer)?;
        self.hash.0.lock().unwrap_or_else(PoisonError::into_inner).update(&buffer[..n]);
        Ok(n)
    }
}

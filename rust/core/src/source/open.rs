//! Opens a file, decompresses it while reading and hashes its bytes on disk.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Bytes read at a time.
pub const BUFFER: usize = 1 << 18;
const GZIP: &[u8] = &[0x1f, 0x8b];
const BZIP2: &[u8] = b"BZh";
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const XZ: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0x00];
/// Bytes behind the first of a frame that Zstandard passes over; pzstd and seekable files have them.
const SKIPPABLE: &[u8] = &[0x2a, 0x4d, 0x18];
/// Memory that decompressing xz may take, in bytes; `xz -9` needs 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;

/// Logarithm of the largest window of Zstandard, which `zstd --long=31` writes; memory is taken as it is filled.
pub const ZSTD_WINDOW: u32 = 31;

/// The running SHA-256 of a file that is being read.
#[derive(Clone, Default)]
pub struct FileHash(Arc<Mutex<Sha256>>);

impl FileHash {
    /// Returns the SHA-256 of a whole file, and its size in bytes.
    pub fn of(file: &mut File) -> std::io::Result<(Self, u64)> {
        let mut hash = Sha256::new();
        let mut buffer = vec![0; BUFFER];
        let mut bytes = 0;
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok((Self(Arc::new(Mutex::new(hash))), bytes)),
                Ok(n) => {
                    hash.update(&buffer[..n]);
                    bytes += n as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the SHA-256 of the file at `path`, in hexadecimal, if it can be read.
    pub fn of_readable(path: &Path) -> Option<String> {
        let (hash, _) = Self::of(&mut File::open(path).ok()?).ok()?;
        Some(hash.hex())
    }

    /// Returns the SHA-256 of the bytes read so far, in hexadecimal.
    pub fn hex(&self) -> String {
        let hash = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Counts bytes read from disk, and hashes them if that is wanted.
pub struct Counting {
    file: File,
    read: Arc<AtomicU64>,
    hash: Option<FileHash>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        if let Some(hash) = &self.hash {
            hash.0.lock().unwrap_or_else(PoisonError::into_inner).update(&buffer[..n]);
        }
        Ok(n)
    }
}

/// Compression of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Gzip,
    Bzip2,
    Zstandard,
    Xz,
}

impl Packing {
    /// Recognises compressed data by its first bytes.
    fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(GZIP) {
            Some(Self::Gzip)
        } else if head.starts_with(BZIP2) {
            Some(Self::Bzip2)
        } else if is_zstd(head) {
            Some(Self::Zstandard)
        } else if head.starts_with(XZ) {
            Some(Self::Xz)
        } else {
            None
        }
    }
}

/// Opens the file's content, decompressed if it begins like gzip, bzip2, xz or Zstandard.
///
/// Several compressed streams may follow each other. Adds the bytes read from disk to `read` and hashes them. A
/// truncated compressed file ends in an error.
pub fn open(path: &Path, read: &Arc<AtomicU64>) -> Result<(Box<dyn BufRead + Send>, FileHash)> {
    let (raw, packing, hash) = open_packed(path, read)?;
    Ok((unpacked(raw, packing, path)?, hash))
}

/// Opens a file as it is on disk, and says how it is compressed.
pub fn open_packed(
    path: &Path,
    read: &Arc<AtomicU64>,
) -> Result<(BufReader<Counting>, Option<Packing>, FileHash)> {
    let file = File::open(path).map_err(Error::io(path, "cannot open"))?;
    let hash = FileHash::default();
    let counting = Counting { file, read: Arc::clone(read), hash: Some(hash.clone()) };
    let mut raw = BufReader::with_capacity(BUFFER, counting);
    let packing = Packing::of(raw.fill_buf().map_err(Error::io(path, "cannot read"))?);
    Ok((raw, packing, hash))
}

/// Opens the content from a byte on disk on: the file's, or that of a frame of Zstandard. Adds the bytes read from disk
/// to `read`.
pub fn open_at(
    path: &Path,
    offset: u64,
    packing: Option<Packing>,
    read: &Arc<AtomicU64>,
) -> Result<Box<dyn BufRead + Send>> {
    let mut file = File::open(path).map_err(Error::io(path, "cannot open"))?;
    file.seek(SeekFrom::Start(offset)).map_err(Error::io(path, "cannot read"))?;
    let counting = Counting { file, read: Arc::clone(read), hash: None };
    unpacked(BufReader::with_capacity(BUFFER, counting), packing, path)
}

fn unpacked(
    raw: BufReader<Counting>,
    packing: Option<Packing>,
    path: &Path,
) -> Result<Box<dyn BufRead + Send>> {
    Ok(match packing {
        None => Box::new(raw),
        Some(Packing::Gzip) => {
            Box::new(BufReader::with_capacity(BUFFER, flate2::bufread::MultiGzDecoder::new(raw)))
        }
        Some(Packing::Bzip2) => {
            Box::new(BufReader::with_capacity(BUFFER, bzip2::bufread::MultiBzDecoder::new(raw)))
        }
        Some(Packing::Zstandard) => {
            let mut decoder =
                zstd::Decoder::with_buffer(raw).map_err(Error::io(path, "cannot decompress"))?;
            decoder.window_log_max(ZSTD_WINDOW).map_err(Error::io(path, "cannot decompress"))?;
            Box::new(BufReader::with_capacity(BUFFER, decoder))
        }
        Some(Packing::Xz) => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)
                .map_err(|error| Error::io(path, "cannot decompress")(error.into()))?;
            Box::new(BufReader::with_capacity(BUFFER, XzDecoder::new_stream(raw, stream)))
        }
    })
}

fn is_zstd(head: &[u8]) -> bool {
    head.starts_with(ZSTD) || matches!(head, [0x50..=0x5f, rest @ ..] if rest.starts_with(SKIPPABLE))
}

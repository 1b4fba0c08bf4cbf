//! Splits a file into ranges of whole lines, so that several readers can read it.
//!
//! One reader goes through the file first: only so are the numbers of lines, the encoding and the SHA-256 those that a
//! single reader finds.

mod cutter;
mod frames;

use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use encoding_rs::Encoding;

use self::cutter::Lines;
use self::frames::Frames;
use super::documents::begin;
use super::format::{Format, SourceFile};
use super::json_array::begins_array;
use super::lines::ending_of;
use super::open::{BUFFER, Packing, open_packed};
use super::range::{FileRange, LineEncoding};
use super::read_error::ReadError;
use super::transcode::Transcoder;
use crate::{Error, Result};

/// Time between calls of `tick`.
const TICK: Duration = Duration::from_millis(100);

/// Result of looking for ranges.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// As many ranges as were asked for; one in which no line begins has no bytes.
    Ranges(Vec<FileRange>),
    /// The file is read by one reader, for this reason.
    Whole(Whole),
}

/// Reason why a file is not split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whole {
    /// Its documents are no lines.
    NoLines,
    /// Its lines cannot be decoded by themselves, or its encoding is not recognised.
    Encoding,
    /// It is compressed otherwise than with Zstandard, or its first frame is longer than a range.
    Compression,
    /// It holds what is no text, or is damaged.
    Damaged,
    /// The operating system does not open or read it.
    Unreadable,
}

/// Splits a file into `count` ranges. Range k begins with the first document that begins at or behind byte k × `size` on
/// disk; in a compressed file, at or behind a frame that does. A paragraph begins behind an empty line.
///
/// `encoding` is that of [`Documents::open`](super::Documents::open). Calls `tick` with the bytes read, several times a
/// second; its error ends the search.
pub fn split(
    file: &SourceFile,
    encoding: Option<&'static Encoding>,
    (size, count): (u64, usize),
    tick: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<Split> {
    let read = Arc::new(AtomicU64::new(0));
    let mut told = Instant::now();
    let mut tick = || {
        if told.elapsed() < TICK {
            return Ok(());
        }
        told = Instant::now();
        tick(read.load(Ordering::Relaxed))
    };
    Ok(match find(file, encoding, (size, count), &read, &mut tick) {
        Ok(ranges) => Split::Ranges(ranges),
        Err(Stop::Whole(why)) => Split::Whole(why),
        Err(Stop::Ended(error)) => return Err(error),
    })
}

/// End of looking for ranges.
enum Stop {
    Whole(Whole),
    Ended(Error),
}

impl From<Whole> for Stop {
    fn from(why: Whole) -> Self {
        Self::Whole(why)
    }
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Whole(if error == ReadError::Unreadable { Whole::Unreadable } else { Whole::Damaged })
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        ReadError::from(error).into()
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Ended(error)
    }
}

fn find(
    file: &SourceFile,
    encoding: Option<&'static Encoding>,
    (size, count): (u64, usize),
    read: &Arc<AtomicU64>,
    tick: &mut dyn FnMut() -> Result<()>,
) -> std::result::Result<Vec<FileRange>, Stop> {
    if !matches!(file.format, Format::JsonLines | Format::Paragraphs) {
        return Err(Whole::NoLines.into());
    }
    let (raw, packing, hash) = open_packed(&file.path, read).map_err(|_| Whole::Unreadable)?;
    let mut frames = None;
    let content: Box<dyn BufRead + Send> = match packing {
        None => Box::new(raw),
        Some(Packing::Zstandard) => {
            let (content, starts) = Frames::new(raw, size)?;
            frames = Some(starts);
            Box::new(BufReader::with_capacity(BUFFER, content))
        }
        Some(_) => return Err(Whole::Compression.into()),
    };
    let first = frames.clone();
    let refused = |stop: Stop| {
        if first.is_some_and(|first| first.first_is_too_long()) { Whole::Compression.into() } else { stop }
    };
    let (mut text, head) = begin(content, file.format, encoding)?;
    if file.format == Format::JsonLines && begins_array(&head) {
        return Err(Whole::NoLines.into());
    }
    let paragraphs = file.format == Format::Paragraphs;
    let mut lines = Lines::new(text.mark(), ending_of(&head), paragraphs, (size, count), frames);
    let encoding = scan(&mut text, &mut lines, tick).map_err(refused)?;
    Ok(lines.ranges(encoding, &hash.hex()))
}

/// Reads all lines and returns the encoding.
fn scan<R: BufRead>(
    text: &mut Transcoder<R>,
    lines: &mut Lines,
    tick: &mut dyn FnMut() -> Result<()>,
) -> std::result::Result<LineEncoding, Stop> {
    loop {
        match text.next_undecided() {
            Ok(None) => break,
            Ok(Some(ascii)) => lines.take(ascii),
            Err(error) => retried(error)?,
        }
        tick()?;
    }
    let encoding = text.decided().and_then(LineEncoding::of).ok_or(Whole::Encoding)?;
    let raw = text.raw();
    loop {
        let read = match raw.fill_buf() {
            Ok([]) => return Ok(encoding),
            Ok(bytes) => {
                lines.take(bytes);
                bytes.len()
            }
            Err(error) => {
                retried(error)?;
                0
            }
        };
        raw.consume(read);
        tick()?;
    }
}

/// Passes over an error behind which reading goes on.
fn retried(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::Interrupted { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests;

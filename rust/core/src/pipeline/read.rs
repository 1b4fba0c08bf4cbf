//! Reader: cuts files into batches of documents.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crossbeam_channel::{Receiver, Sender};

use super::options::{OnError, Options};
use super::parts::{Cut, PartCutter, RawHash};
use super::rejected::{RejectReason, Rejected};
use crate::source::{
    Documents, Extracted, FileHash, Input, Line, ReadError, SourceFile, Unread, parquet_columns,
};

/// A batch is full at this many bytes or documents, whichever comes first; at the end of a part, threads idle for at
/// most the time of one batch.
const BATCH_BYTES: usize = 1 << 18;
const BATCH_LINES: usize = 4096;

/// Documents processed together; small files share a batch.
pub struct Batch {
    /// Number in the input, from 0.
    pub number: u64,
    /// Number of its part, and the part's hash if it ends here.
    pub part: (u32, Option<RawHash>),
    /// JSON of the documents.
    pub bytes: Vec<u8>,
    /// The documents in order.
    pub entries: Vec<Entry>,
}

/// Document, or rejection of an unreadable one.
pub enum Entry {
    /// File, by number, line in it, and range of the batch's bytes.
    Line(usize, u64, Range<usize>),
    /// An unreadable document or file.
    Rejected(Rejected),
}

impl Entry {
    /// Number of its file.
    pub fn source(&self) -> usize {
        match self {
            Self::Line(source, ..) => *source,
            Self::Rejected(rejected) => rejected.source,
        }
    }

    /// Its end in the batch, or its length if unreadable.
    fn end(&self) -> u64 {
        match self {
            Self::Line(_, _, range) => range.end as u64,
            Self::Rejected(rejected) => rejected.bytes,
        }
    }
}

/// Findings of the reader at the end of the input.
#[derive(Default)]
pub struct WholeInput {
    /// SHA-256 of each file; none if the operating system refused it, or reading ended before.
    pub sha256: Vec<Option<String>>,
    /// Hash of the last part, unless it ended with its last batch.
    pub last_part: Option<RawHash>,
    /// Number of the file in which a finished part has changed.
    pub changed: Option<usize>,
    /// The extractor's output could not be read to its end.
    pub extraction_lost: bool,
}

/// Sends the batches of all files, each after a permit; ends early if the receiver is gone.
pub fn read(
    input: &Input<'_>,
    options: &Options,
    cutter: PartCutter<'_>,
    read: &Arc<AtomicU64>,
    permits: &Receiver<()>,
    batches: &Sender<Batch>,
) -> WholeInput {
    let mut batcher = Batcher {
        cutter,
        permits,
        batches,
        left: options.most_lines,
        number: 0,
        changed: None,
        extraction_lost: false,
        bytes: Vec::new(),
        entries: Vec::new(),
    };
    let mut whole = WholeInput { sha256: vec![None; input.files.len()], ..WholeInput::default() };
    let done = match input.extracted {
        Some(file) => read_extracted(file, input.files.len(), options, read, &mut batcher),
        None => input.files.iter().enumerate().try_for_each(|(source, file)| {
            whole.sha256[source] = read_file(source, file, options, read, &mut batcher)?;
            Ok(())
        }),
    };
    // The last batch is not full. An error means that nobody listens, or a change, which `changed` holds.
    if done.is_ok() || batcher.left == 0 {
        let _ = batcher.flush();
    }
    whole.changed = batcher.changed;
    whole.extraction_lost = batcher.extraction_lost;
    match batcher.cutter.finish() {
        Some(Cut::Work(_, hash)) => whole.last_part = hash,
        Some(Cut::Changed) => whole.changed = whole.changed.or(Some(input.files.len().saturating_sub(1))),
        Some(Cut::Skip) | None => {}
    }
    whole
}

/// Signals the end of reading.
struct Stopped;

/// Collects documents until a batch is full.
struct Batcher<'r, 'f> {
    cutter: PartCutter<'f>,
    permits: &'r Receiver<()>,
    batches: &'r Sender<Batch>,
    left: usize,
    number: u64,
    changed: Option<usize>,
    extraction_lost: bool,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl Batcher<'_, '_> {
    fn push(&mut self, entry: Entry) -> Result<(), Stopped> {
        if self.left == 0 {
            return Err(Stopped);
        }
        self.left -= 1;
        self.entries.push(entry);
        let full = self.bytes.len() >= BATCH_BYTES || self.entries.len() >= BATCH_LINES;
        if full { self.flush() } else { Ok(()) }
    }

    fn reject(&mut self, source: usize, line: u64, unread: Unread) -> Result<(), Stopped> {
        let Unread { why, bytes, is_document, names } = unread;
        let reason = RejectReason::Quarantined(why.into());
        self.push(Entry::Rejected(Rejected { source, line, bytes, is_document, reason, names }))
    }

    fn stop_at_change<T>(&mut self, source: usize) -> Result<T, Stopped> {
        self.changed = Some(source);
        Err(Stopped)
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        let (bytes, entries) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.entries));
        let Some(last) = entries.last().map(Entry::source) else { return Ok(()) };
        let ends = entries.iter().flat_map(|entry| [entry.source() as u64, entry.end()]);
        let part = match self.cutter.take(&bytes, ends) {
            Cut::Work(part, hash) => (part, hash),
            Cut::Skip => return Ok(()),
            Cut::Changed => return self.stop_at_change(last),
        };
        let batch = Batch { number: self.number, part, bytes, entries };
        self.number += 1;
        self.permits.recv().map_err(|_| Stopped)?;
        self.batches.send(batch).map_err(|_| Stopped)
    }
}

/// Reads a file; returns its SHA-256, damaged or not, if the operating system could read it.
fn read_file(
    source: usize,
    file: &SourceFile,
    options: &Options,
    read: &Arc<AtomicU64>,
    batcher: &mut Batcher<'_, '_>,
) -> Result<Option<String>, Stopped> {
    let opened = Documents::open(file, &options.text_field, options.encoding, options.longest_line, read);
    let mut documents = match opened {
        Ok(documents) => documents,
        Err(why) => {
            let stops = why == ReadError::MissingColumn && options.on_error == OnError::Stop;
            let names = if stops { parquet_columns(&file.path) } else { Vec::new() };
            batcher.reject(source, 0, Unread { why, bytes: 0, is_document: false, names })?;
            return Ok(hash_of_broken(file, why));
        }
    };
    loop {
        let start = batcher.bytes.len();
        let found = documents.next(&mut batcher.bytes);
        let begun = (batcher.bytes.len() - start) as u64;
        let line = documents.number();
        let (why, bytes) = match found {
            Ok(Line::End) if documents.changed() => return batcher.stop_at_change(source),
            Ok(Line::End) => return Ok(Some(documents.sha256())),
            // All of it could be decompressed when the file was split.
            Err(ReadError::Damaged) if file.range.is_some() => return batcher.stop_at_change(source),
            Ok(Line::Whole) => {
                let end = batcher.bytes.len();
                batcher.push(Entry::Line(source, line, start..end))?;
                continue;
            }
            Ok(Line::TooLong(bytes)) => (ReadError::TooLong, bytes),
            Ok(Line::Undecodable(bytes)) => (ReadError::Undecodable, bytes),
            Err(why) => {
                batcher.bytes.truncate(start);
                let (is_document, names) = (begun > 0, Vec::new());
                batcher.reject(source, line.max(1), Unread { why, bytes: begun, is_document, names })?;
                return Ok(hash_of_broken(file, why));
            }
        };
        batcher.reject(source, line, Unread { why, bytes, is_document: true, names: Vec::new() })?;
    }
}

/// Hashes a file that breaks; none if the operating system refused it.
fn hash_of_broken(file: &SourceFile, why: ReadError) -> Option<String> {
    (why != ReadError::Unreadable).then(|| FileHash::of_readable(&file.path)).flatten()
}

/// Reads the extractor's output for the input's `files`.
fn read_extracted(
    file: &SourceFile,
    files: usize,
    options: &Options,
    read: &Arc<AtomicU64>,
    batcher: &mut Batcher<'_, '_>,
) -> Result<(), Stopped> {
    // The file is not the user's, so it is never quarantined.
    let lost = |batcher: &mut Batcher<'_, '_>| {
        batcher.extraction_lost = true;
        Err(Stopped)
    };
    // The extractor has rejected documents that are too long.
    let opened = Documents::open(file, &options.text_field, None, usize::MAX, read);
    let Ok(mut documents) = opened else { return lost(batcher) };
    let mut line = Vec::new();
    loop {
        line.clear();
        match documents.next(&mut line) {
            Ok(Line::End) => return Ok(()),
            Ok(Line::Whole) => {}
            _ => return lost(batcher),
        }
        match Extracted::parse(&line).filter(|extracted| extracted.file < files) {
            Some(Extracted { file, place, found: Ok(range) }) => {
                let start = batcher.bytes.len();
                batcher.bytes.extend_from_slice(&line[range]);
                let end = batcher.bytes.len();
                batcher.push(Entry::Line(file, place, start..end))?;
            }
            Some(Extracted { file, place, found: Err(unread) }) => batcher.reject(file, place, unread)?,
            None => return lost(batcher),
        }
    }
}

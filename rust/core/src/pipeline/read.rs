//! Cuts files into batches of lines.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crossbeam_channel::{Receiver, Sender};

use super::parts::{Cut, PartCutter, RawHash};
use super::rejected::{QuarantineReason, Rejected, Why};
use super::run::Options;
use crate::source::{Line, LineReader, open};

/// A batch is full at this many bytes or lines, whichever comes first.
const BATCH_BYTES: usize = 1 << 20;
const BATCH_LINES: usize = 4096;

/// Lines of one file that are worked on together.
pub struct Batch {
    /// Its place in the input, from 0.
    pub number: u64,
    /// Which of the sources.
    pub source: usize,
    /// Which part it belongs to, and that part's hash if it ends here.
    pub part: (u32, Option<RawHash>),
    /// The lines' bytes.
    pub bytes: Vec<u8>,
    /// What the lines are, in order.
    pub entries: Vec<Entry>,
}

/// A line, or what stands for one that could not be read.
pub enum Entry {
    /// A line's number and place in the batch's bytes.
    Line(u64, Range<usize>),
    /// Something unreadable.
    Rejected(Rejected),
}

/// What a reader knows when it has read everything.
#[derive(Default)]
pub struct WholeInput {
    /// SHA-256 of each source that was read to its end.
    pub sha256: Vec<Option<String>>,
    /// The last part's hash, unless it ended with its last batch.
    pub last_part: Option<RawHash>,
    /// The source in which finished parts differ from what they were made of.
    pub changed: Option<usize>,
}

impl Entry {
    /// Where it ends in the batch, or how long it was.
    fn place(&self) -> u64 {
        match self {
            Self::Line(_, range) => range.end as u64,
            Self::Rejected(rejected) => rejected.bytes,
        }
    }
}

/// Sends the batches of all sources, each after a permit; ends early when nobody listens any more.
pub fn read(
    sources: &[PathBuf],
    options: &Options,
    mut cutter: PartCutter<'_>,
    read: &Arc<AtomicU64>,
    permits: &Receiver<()>,
    batches: &Sender<Batch>,
) -> WholeInput {
    let mut whole = WholeInput { sha256: vec![None; sources.len()], ..WholeInput::default() };
    let mut number = 0;
    let mut left = options.most_lines;
    let mut changed = None;
    let mut send = |source, bytes: Vec<u8>, mut entries: Vec<Entry>| {
        entries.truncate(left);
        left -= entries.len();
        if entries.is_empty() {
            return left > 0;
        }
        let places = std::iter::once(source as u64).chain(entries.iter().map(Entry::place));
        let part = match cutter.take(&bytes, places) {
            Cut::Work(part, hash) => (part, hash),
            Cut::Skip => return true,
            Cut::Changed => {
                changed = Some(source);
                return false;
            }
        };
        let sent =
            permits.recv().is_ok() && batches.send(Batch { number, source, part, bytes, entries }).is_ok();
        number += 1;
        sent
    };
    'sources: for (source, path) in sources.iter().enumerate() {
        let quarantined = |line, bytes, is_document, reason| {
            Entry::Rejected(Rejected { source, line, bytes, is_document, why: Why::Quarantined(reason) })
        };
        let (mut reader, hash) = match open(path, read) {
            Ok((input, hash)) => (LineReader::new(input, options.longest_line), hash),
            Err(_) => {
                if !send(source, Vec::new(), vec![quarantined(0, 0, false, QuarantineReason::UnreadableFile)])
                {
                    break 'sources;
                }
                continue;
            }
        };
        let (mut bytes, mut entries) = (Vec::new(), Vec::new());
        loop {
            let start = bytes.len();
            match reader.next(&mut bytes) {
                Ok(Line::Whole) => entries.push(Entry::Line(reader.number(), start..bytes.len())),
                Ok(Line::TooLong(length)) => {
                    entries.push(quarantined(reader.number(), length, true, QuarantineReason::LineTooLong));
                }
                Ok(Line::End) => {
                    whole.sha256[source] = Some(hash.hex());
                    break;
                }
                Err(_) => {
                    let begun = (bytes.len() - start) as u64;
                    bytes.truncate(start);
                    let line = reader.number().max(1);
                    entries.push(quarantined(line, begun, begun > 0, QuarantineReason::DamagedFile));
                    break;
                }
            }
            let full = bytes.len() >= BATCH_BYTES || entries.len() >= BATCH_LINES;
            if full && !send(source, std::mem::take(&mut bytes), std::mem::take(&mut entries)) {
                break 'sources;
            }
        }
        if !send(source, bytes, entries) {
            break 'sources;
        }
    }
    whole.changed = changed;
    match cutter.finish() {
        Some(Cut::Work(_, hash)) => whole.last_part = hash,
        Some(Cut::Changed) => whole.changed = whole.changed.or(sources.len().checked_sub(1)),
        Some(Cut::Skip) | None => {}
    }
    whole
}

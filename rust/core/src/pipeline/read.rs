//! Cuts files into batches of lines.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crossbeam_channel::{Receiver, Sender};

use super::rejected::{QuarantineReason, Rejected, Why};
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

/// Sends the batches of all sources, each after a permit; ends early when nobody listens any more.
///
/// Returns the SHA-256 of each source that was read to its end.
pub fn read(
    sources: &[PathBuf],
    longest_line: usize,
    read: &Arc<AtomicU64>,
    permits: &Receiver<()>,
    batches: &Sender<Batch>,
) -> Vec<Option<String>> {
    let mut hashes = vec![None; sources.len()];
    let mut number = 0;
    let mut send = |source, bytes, entries: Vec<Entry>| {
        if entries.is_empty() {
            return true;
        }
        let sent = permits.recv().is_ok() && batches.send(Batch { number, source, bytes, entries }).is_ok();
        number += 1;
        sent
    };
    for (source, path) in sources.iter().enumerate() {
        let quarantined = |line, bytes, is_document, reason| {
            Entry::Rejected(Rejected { source, line, bytes, is_document, why: Why::Quarantined(reason) })
        };
        let (mut reader, hash) = match open(path, read) {
            Ok((input, hash)) => (LineReader::new(input, longest_line), hash),
            Err(_) => {
                if !send(source, Vec::new(), vec![quarantined(0, 0, false, QuarantineReason::UnreadableFile)])
                {
                    return hashes;
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
                    hashes[source] = Some(hash.hex());
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
                return hashes;
            }
        }
        if !send(source, bytes, entries) {
            return hashes;
        }
    }
    hashes
}

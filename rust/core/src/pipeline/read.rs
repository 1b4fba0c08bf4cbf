//! Cuts files into batches of documents.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crossbeam_channel::{Receiver, Sender};

use super::rejected::{QuarantineReason, Rejected, Why};
use super::run::Options;
use crate::source::{Broken, Documents, Line, SourceFile};

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
    sources: &[SourceFile],
    options: &Options,
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
    for (source, file) in sources.iter().enumerate() {
        let quarantined = |line, bytes, is_document, reason| {
            Entry::Rejected(Rejected { source, line, bytes, is_document, why: Why::Quarantined(reason) })
        };
        let opened = Documents::open(file, &options.text_field, options.encoding, options.longest_line, read);
        let mut documents = match opened {
            Ok(documents) => documents,
            Err(broken) => {
                if !send(source, Vec::new(), vec![quarantined(0, 0, false, broken.into())]) {
                    return hashes;
                }
                continue;
            }
        };
        let (mut bytes, mut entries) = (Vec::new(), Vec::new());
        loop {
            let start = bytes.len();
            match documents.next(&mut bytes) {
                Ok(Line::Whole) => entries.push(Entry::Line(documents.number(), start..bytes.len())),
                Ok(Line::TooLong(length)) => {
                    entries.push(quarantined(
                        documents.number(),
                        length,
                        true,
                        QuarantineReason::LineTooLong,
                    ));
                }
                Ok(Line::End) => {
                    hashes[source] = Some(documents.sha256());
                    break;
                }
                Err(Broken::Undecodable(length)) => {
                    let reason = QuarantineReason::Undecodable;
                    entries.push(quarantined(documents.number(), length, true, reason));
                }
                Err(broken) => {
                    let begun = (bytes.len() - start) as u64;
                    bytes.truncate(start);
                    let line = documents.number().max(1);
                    entries.push(quarantined(line, begun, begun > 0, broken.into()));
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

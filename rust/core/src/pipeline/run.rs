//! Runs a job over the documents of files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::options::{OnError, Options};
use super::parts::{PartCutter, RawHash};
use super::read::{Batch, Entry, read};
use super::rejected::{DropReason, QuarantineReason, RejectReason, Rejected};
use crate::clean::Counts;
use crate::source::{Fields, Format, Input, Malformed, SourceFile, mended};
use crate::{Error, Result};

/// Batches in flight for each worker.
const BATCHES_PER_WORKER: usize = 4;
/// Interval of progress calls, which may stop the run.
const TICK: Duration = Duration::from_millis(100);

/// Document of the input.
pub struct Document<'a> {
    /// Number of its file.
    pub source: usize,
    /// Line in the file, counted from 1.
    pub line: u64,
    /// Members of its JSON object.
    pub fields: &'a Fields<'a>,
    /// Name of the text field.
    pub text_field: &'a str,
    /// Raw text.
    pub text: &'a str,
}

/// Fate of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// In the batch.
    Kept,
    /// Left out by a rule.
    Dropped(DropReason),
}

/// Work on every document.
pub trait Job: Sync {
    /// State of a thread.
    type Worker: Send;
    /// Result of a batch of documents.
    type Batch: Default + Send;

    /// Makes the state of a thread.
    fn worker(&self) -> Self::Worker;

    /// Adds a document to the batch or drops it; an error ends the run.
    fn document(
        &self,
        worker: &mut Self::Worker,
        document: &Document<'_>,
        batch: &mut Self::Batch,
    ) -> Result<Outcome>;

    /// Ends a batch; an error ends the run.
    fn finish(&self, _worker: &mut Self::Worker, _batch: &mut Self::Batch) -> Result<()> {
        Ok(())
    }

    /// Takes the counts of the cleaning rules since the last call.
    fn take_counts(_worker: &mut Self::Worker) -> Counts {
        Counts::default()
    }
}

/// Receiver of results, called on the caller's thread in input order. An error stops the run.
pub trait Output<B> {
    /// Takes the result of a batch.
    fn batch(&mut self, batch: B) -> Result<()>;

    /// Takes an unreadable document or file.
    fn quarantined(&mut self, _what: &Rejected) -> Result<()> {
        Ok(())
    }

    /// Ends a part.
    fn part(&mut self, _part: Part) -> Result<()> {
        Ok(())
    }

    /// Reports progress, several times a second.
    fn progress(&mut self, summary: &Summary) -> Result<()>;
}

/// Finished part.
pub struct Part {
    /// Number, counted from 0.
    pub number: u32,
    /// Hash of its lines.
    pub raw: RawHash,
    /// Summary of its documents.
    pub summary: Summary,
}

/// Summary of a run or a part: `documents` = `kept` + `dropped` + `quarantined`.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Summary {
    /// Documents read, broken ones included.
    pub documents: u64,
    /// Documents in the output.
    pub kept: u64,
    /// Documents that a rule dropped.
    pub dropped: u64,
    /// Documents that could not be read.
    pub quarantined: u64,
    /// Rejections by reason, damaged files included.
    pub reasons: BTreeMap<RejectReason, u64>,
    /// Documents of each file.
    pub source_documents: Vec<u64>,
    /// UTF-8 bytes of text read.
    pub text_bytes: u64,
    /// Bytes read from disk.
    pub read_bytes: u64,
    /// Edits of the cleaning rules.
    pub counts: Counts,
}

/// Result of a batch with its counts.
struct BatchResult<B> {
    number: u64,
    part: (u32, Option<RawHash>),
    batch: B,
    /// Documents kept of each file.
    kept: BTreeMap<usize, u64>,
    text_bytes: u64,
    rejected: Vec<Rejected>,
    counts: Counts,
}

/// Runs `job` over the documents of `input`, without the first parts if they are `finished`.
///
/// Returns the SHA-256 of each file as it is on disk; none for one that could not be read to its end.
/// The error is the first of `job` or `output`, with [`OnError::Stop`] the first unreadable line in input order, or
/// [`Error::Changed`] if the lines of finished parts are not those on disk.
pub fn run<J: Job>(
    job: &J,
    input: Input<'_>,
    options: &Options,
    finished: &[RawHash],
    output: &mut dyn Output<J::Batch>,
) -> Result<Vec<Option<String>>> {
    let sources = input.files;
    if input.extracted.is_none() && sources.iter().any(|file| file.format == Format::Extracted) {
        return Err(Error::internal("files without their extraction"));
    }
    let read_bytes = Arc::new(AtomicU64::new(0));
    let under_way = options.threads * BATCHES_PER_WORKER;
    let (permit, permits) = bounded(under_way);
    for _ in 0..under_way {
        // The channel has room for all and its receiver is below.
        let _ = permit.send(());
    }
    let (to_workers, batches) = bounded::<Batch>(under_way);
    let (to_output, results) = bounded::<Result<BatchResult<J::Batch>>>(under_way);
    std::thread::scope(|scope| {
        let counter = Arc::clone(&read_bytes);
        let cutter = PartCutter::new(options.part_bytes, finished);
        let reader = scope.spawn(move || read(&input, options, cutter, &counter, &permits, &to_workers));
        for _ in 0..options.threads {
            let (batches, to_output) = (batches.clone(), to_output.clone());
            scope.spawn(move || work(job, options, &batches, &to_output));
        }
        drop((batches, to_output));
        let mut collector =
            Collector { sources, options, output, all: Summary::of(sources), part: Summary::of(sources) };
        // On an error, dropping `permit` and `results` ends the other threads.
        let number = collector.collect(permit, results, &read_bytes)?;
        let whole = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        if let Some(source) = whole.changed {
            let file =
                sources.get(source).ok_or_else(|| Error::internal("a file changed that is not there"))?;
            return Err(Error::Changed { path: file.path.clone() });
        }
        if whole.extraction_lost {
            let file =
                input.extracted.ok_or_else(|| Error::internal("an extraction broke that is not there"))?;
            let message =
                "the extracted documents cannot be read; run again, with --restart if this stays so";
            return Err(Error::Input { path: file.path.clone(), line: 0, message: message.to_owned() });
        }
        if let Some(raw) = whole.last_part {
            collector.end_part(number, raw)?;
        }
        Ok(whole.sha256)
    })
}

fn work<J: Job>(
    job: &J,
    options: &Options,
    batches: &Receiver<Batch>,
    results: &Sender<Result<BatchResult<J::Batch>>>,
) {
    let mut worker = job.worker();
    for batch in batches {
        if results.send(one_batch(job, &mut worker, options, batch)).is_err() {
            return;
        }
    }
}

fn one_batch<J: Job>(
    job: &J,
    worker: &mut J::Worker,
    options: &Options,
    Batch { number, part, bytes, entries }: Batch,
) -> Result<BatchResult<J::Batch>> {
    let mut done = BatchResult {
        number,
        part,
        batch: J::Batch::default(),
        kept: BTreeMap::new(),
        text_bytes: 0,
        rejected: Vec::new(),
        counts: Counts::default(),
    };
    for entry in entries {
        match entry {
            Entry::Rejected(rejected) => done.rejected.push(rejected),
            Entry::Line(source, line, range) => {
                let bytes = &bytes[range];
                if bytes.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                match one_line(job, worker, options, (source, line), bytes, &mut done)? {
                    None => *done.kept.entry(source).or_default() += 1,
                    Some(reason) => {
                        let names = names_beside_missing(reason, options, bytes);
                        let bytes = bytes.len() as u64;
                        let is_document = true;
                        done.rejected.push(Rejected { source, line, bytes, is_document, reason, names });
                    }
                }
            }
        }
    }
    done.counts = J::take_counts(worker);
    job.finish(worker, &mut done.batch)?;
    Ok(done)
}

/// Returns the reason if the document is not kept.
fn one_line<J: Job>(
    job: &J,
    worker: &mut J::Worker,
    options: &Options,
    (source, line): (usize, u64),
    bytes: &[u8],
    done: &mut BatchResult<J::Batch>,
) -> Result<Option<RejectReason>> {
    let whole;
    let found = match read_fields(options, bytes) {
        Err(Malformed::MalformedJson) => {
            whole = mended(bytes);
            whole.as_deref().map_or(Err(Malformed::MalformedJson), |whole| read_fields(options, whole))
        }
        found => found,
    };
    let (fields, text_field, text) = match found {
        Ok(found) => found,
        Err(malformed) => return Ok(Some(RejectReason::Quarantined(malformed.into()))),
    };
    done.text_bytes += text.len() as u64;
    let document = Document { source, line, fields: &fields, text_field, text: &text };
    Ok(match job.document(worker, &document, &mut done.batch)? {
        Outcome::Kept => None,
        Outcome::Dropped(reason) => Some(RejectReason::Dropped(reason)),
    })
}

/// Returns the members of a line's object, the name of the one that holds the text, and the text.
fn read_fields<'t, 'o>(
    options: &'o Options,
    bytes: &'t [u8],
) -> std::result::Result<(Fields<'t>, &'o str, Cow<'t, str>), Malformed> {
    let fields = Fields::parse(bytes)?;
    let (text_field, text) = options.form.text(&fields, &options.text_field)?;
    Ok((fields, text_field, text))
}

/// Returns the names of the members of an object that lacks the text field, for the error that stops the run.
fn names_beside_missing(reason: RejectReason, options: &Options, bytes: &[u8]) -> Vec<String> {
    let missing = reason == RejectReason::Quarantined(QuarantineReason::MissingField);
    if !missing || options.on_error != OnError::Stop {
        return Vec::new();
    }
    // It was parsed before; a line that had to be mended names nothing.
    Fields::parse(bytes).map_or_else(|_| Vec::new(), |fields| fields.names())
}

/// Collects the results in input order.
struct Collector<'c, B> {
    sources: &'c [SourceFile],
    options: &'c Options,
    output: &'c mut dyn Output<B>,
    all: Summary,
    part: Summary,
}

impl<B> Collector<'_, B> {
    /// Returns the number of the part that the last batch belongs to.
    fn collect(
        &mut self,
        permit: Sender<()>,
        results: Receiver<Result<BatchResult<B>>>,
        read_bytes: &AtomicU64,
    ) -> Result<u32> {
        let mut waiting = BTreeMap::new();
        let (mut next, mut number) = (0, 0);
        loop {
            match results.recv_timeout(TICK) {
                Ok(done) => {
                    let done = done?;
                    waiting.insert(done.number, done);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) if waiting.is_empty() => return Ok(number),
                Err(RecvTimeoutError::Disconnected) => return Err(Error::internal("a batch was lost")),
            }
            while let Some(done) = waiting.remove(&next) {
                next += 1;
                number = done.part.0;
                // The reader may have ended: then no batch needs a permit.
                let _ = permit.send(());
                self.take(done)?;
            }
            self.all.read_bytes = read_bytes.load(Ordering::Relaxed);
            self.output.progress(&self.all)?;
        }
    }

    fn take(&mut self, done: BatchResult<B>) -> Result<()> {
        self.all.add_batch(&done);
        self.part.add_batch(&done);
        for rejected in &done.rejected {
            if let RejectReason::Quarantined(reason) = rejected.reason {
                if self.options.on_error == OnError::Stop {
                    return Err(rejected.to_error(&self.sources[rejected.source].path, reason));
                }
                self.output.quarantined(rejected)?;
            }
        }
        self.output.batch(done.batch)?;
        match done.part {
            (number, Some(raw)) => self.end_part(number, raw),
            (_, None) => Ok(()),
        }
    }

    fn end_part(&mut self, number: u32, raw: RawHash) -> Result<()> {
        let summary = std::mem::replace(&mut self.part, Summary::of(self.sources));
        self.output.part(Part { number, raw, summary })
    }
}

impl Summary {
    fn of(sources: &[SourceFile]) -> Self {
        Self { source_documents: vec![0; sources.len()], ..Self::default() }
    }

    fn add_batch<B>(&mut self, done: &BatchResult<B>) {
        for (&source, &kept) in &done.kept {
            self.documents += kept;
            self.source_documents[source] += kept;
            self.kept += kept;
        }
        for rejected in &done.rejected {
            *self.reasons.entry(rejected.reason).or_default() += 1;
            let one = u64::from(rejected.is_document);
            self.documents += one;
            self.source_documents[rejected.source] += one;
            match rejected.reason {
                RejectReason::Dropped(_) => self.dropped += one,
                RejectReason::Quarantined(_) => self.quarantined += one,
            }
        }
        self.text_bytes += done.text_bytes;
        self.counts.add(&done.counts);
    }
}

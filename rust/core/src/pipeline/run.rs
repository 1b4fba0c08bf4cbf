//! Runs a job over sources.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::options::{OnError, Options};
use super::parts::{PartCutter, RawHash};
use super::read::{Batch, Entry, read};
use super::rejected::{DropReason, RejectReason, Rejected};
use crate::clean::Counts;
use crate::source::{Fields, Input, SourceFile};
use crate::{Error, Result};

/// Batches under way, for each worker.
const BATCHES_PER_WORKER: usize = 4;
/// How often the caller hears of progress and can stop the run.
const TICK: Duration = Duration::from_millis(100);

/// One document of the input.
pub struct Document<'a> {
    /// Which of the sources it stands in.
    pub source: usize,
    /// Its line there, counted from 1.
    pub line: u64,
    /// The members of its JSON object.
    pub fields: &'a Fields<'a>,
    /// The name of the text field.
    pub text_field: &'a str,
    /// Its text, as it came.
    pub text: &'a str,
}

/// What is done with every document.
pub trait Job: Sync {
    /// What a thread keeps between documents.
    type Worker: Send;
    /// What a batch of documents becomes.
    type Batch: Default + Send;

    /// A worker for one thread.
    fn worker(&self) -> Self::Worker;

    /// Adds a document to the batch, or says why not.
    fn document(
        &self,
        worker: &mut Self::Worker,
        document: &Document<'_>,
        batch: &mut Self::Batch,
    ) -> std::result::Result<(), DropReason>;

    /// Ends a batch.
    fn finish(&self, _worker: &mut Self::Worker, _batch: &mut Self::Batch) -> std::io::Result<()> {
        Ok(())
    }

    /// Takes what the cleaning rules changed since the last call.
    fn take_counts(_worker: &mut Self::Worker) -> Counts {
        Counts::default()
    }
}

/// Where results go; called on the caller's thread, in input order. An error stops the run.
pub trait Output<B> {
    /// Takes the result of a batch.
    fn batch(&mut self, batch: B) -> Result<()>;

    /// Takes what could not be read.
    fn quarantined(&mut self, _what: &Rejected) -> Result<()> {
        Ok(())
    }

    /// Hears that a part ends here.
    fn part(&mut self, _part: Part) -> Result<()> {
        Ok(())
    }

    /// Hears how far the run is, several times a second.
    fn progress(&mut self, summary: &Summary) -> Result<()>;
}

/// A part that came to its end.
pub struct Part {
    /// Its number, counted from 0.
    pub number: u32,
    /// The hash of its lines.
    pub raw: RawHash,
    /// What was seen in it.
    pub summary: Summary,
}

/// What a run, or a part of it, saw. `documents` = `kept` + `dropped` + `quarantined`.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Summary {
    /// Documents read, broken ones included.
    pub documents: u64,
    /// Documents in the output.
    pub kept: u64,
    /// Documents that a rule left out.
    pub dropped: u64,
    /// Documents that could not be read.
    pub quarantined: u64,
    /// Everything that was left out, by reason; damaged files included.
    pub reasons: BTreeMap<RejectReason, u64>,
    /// Documents of each file.
    pub source_documents: Vec<u64>,
    /// UTF-8 bytes of text read.
    pub text_bytes: u64,
    /// Bytes read from disk.
    pub read_bytes: u64,
    /// What the cleaning rules changed.
    pub counts: Counts,
}

/// The result of a batch, and what happened in it.
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

/// Runs `job` over the documents of `input`, less the first parts if they are `finished`.
///
/// Returns the SHA-256 of each file as it is on disk; nothing for one that could not be read to its end.
/// The error is the first of `output`, or with [`OnError::Stop`] the first unreadable line in input order, or
/// [`Error::Changed`] if finished parts were made of other lines than are there now.
pub fn run<J: Job>(
    job: &J,
    input: Input<'_>,
    options: &Options,
    finished: &[RawHash],
    output: &mut dyn Output<J::Batch>,
) -> Result<Vec<Option<String>>> {
    let sources = input.files;
    let read_bytes = Arc::new(AtomicU64::new(0));
    let under_way = options.threads * BATCHES_PER_WORKER;
    let (permit, permits) = bounded(under_way);
    for _ in 0..under_way {
        let _ = permit.send(());
    }
    let (to_workers, batches) = bounded::<Batch>(under_way);
    let (to_output, results) = bounded::<std::io::Result<BatchResult<J::Batch>>>(under_way);
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
        // Dropping `permit` and `results` on an error is what ends the other threads.
        let number = collector.collect(permit, results, &read_bytes)?;
        let whole = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        if let Some(source) = whole.changed {
            return Err(Error::Changed { path: sources[source].path.clone() });
        }
        if let (true, Some(file)) = (whole.extraction_lost, input.extracted) {
            let message =
                "what was extracted cannot be read again; start once more, with --restart if it is damaged";
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
    results: &Sender<std::io::Result<BatchResult<J::Batch>>>,
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
) -> std::io::Result<BatchResult<J::Batch>> {
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
                match one_line(job, worker, options, (source, line), bytes, &mut done) {
                    Ok(()) => *done.kept.entry(source).or_default() += 1,
                    Err(why) => {
                        let bytes = bytes.len() as u64;
                        done.rejected.push(Rejected { source, line, bytes, is_document: true, why });
                    }
                }
            }
        }
    }
    done.counts = J::take_counts(worker);
    job.finish(worker, &mut done.batch)?;
    Ok(done)
}

fn one_line<J: Job>(
    job: &J,
    worker: &mut J::Worker,
    options: &Options,
    (source, line): (usize, u64),
    bytes: &[u8],
    done: &mut BatchResult<J::Batch>,
) -> std::result::Result<(), RejectReason> {
    let fields = Fields::parse(bytes).map_err(|malformed| RejectReason::Quarantined(malformed.into()))?;
    let found = options.form.text(&fields, &options.text_field);
    let (text_field, text) = found.map_err(|malformed| RejectReason::Quarantined(malformed.into()))?;
    done.text_bytes += text.len() as u64;
    let document = Document { source, line, fields: &fields, text_field, text: &text };
    job.document(worker, &document, &mut done.batch).map_err(RejectReason::Dropped)
}

/// Takes the results in input order.
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
        results: Receiver<std::io::Result<BatchResult<B>>>,
        read_bytes: &AtomicU64,
    ) -> Result<u32> {
        let mut waiting = BTreeMap::new();
        let (mut next, mut number) = (0, 0);
        loop {
            match results.recv_timeout(TICK) {
                Ok(done) => {
                    let done = done
                        .map_err(Error::io(&self.sources[0].path, "cannot compress what was made of it"))?;
                    waiting.insert(done.number, done);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while let Some(done) = waiting.remove(&next) {
                next += 1;
                number = done.part.0;
                let _ = permit.send(());
                self.take(done)?;
            }
            self.all.read_bytes = read_bytes.load(Ordering::Relaxed);
            self.output.progress(&self.all)?;
        }
        Ok(number)
    }

    fn take(&mut self, done: BatchResult<B>) -> Result<()> {
        self.all.add_batch(&done);
        self.part.add_batch(&done);
        for rejected in &done.rejected {
            if let RejectReason::Quarantined(reason) = rejected.why {
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
            *self.reasons.entry(rejected.why).or_default() += 1;
            let one = u64::from(rejected.is_document);
            self.documents += one;
            self.source_documents[rejected.source] += one;
            match rejected.why {
                RejectReason::Dropped(_) => self.dropped += one,
                RejectReason::Quarantined(_) => self.quarantined += one,
            }
        }
        self.text_bytes += done.text_bytes;
        self.counts.add(&done.counts);
    }
}

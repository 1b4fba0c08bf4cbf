//! Runs a job over sources.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use encoding_rs::Encoding;

use super::read::{Batch, Entry, read};
use super::rejected::{DropReason, Rejected, Why};
use crate::Result;
use crate::clean::Counts;
use crate::source::{Fields, Form, SourceFile, has_warning};

/// Batches under way, for each worker.
const BATCHES_PER_WORKER: usize = 4;
/// How often the caller hears of progress and can stop the run.
const TICK: Duration = Duration::from_millis(100);

/// One document of the input.
pub struct Document<'a> {
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

    /// Takes what the cleaning rules changed since the last call.
    fn take_counts(worker: &mut Self::Worker) -> Counts;
}

/// What to do with what cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// Stop with an error that says where it is.
    Stop,
    /// Set it aside and go on.
    Quarantine,
}

/// How to run.
pub struct Options {
    /// The member of each JSON object, or the column, that holds the text.
    pub text_field: String,
    /// The encoding of plain text; recognised file by file if there is none.
    pub encoding: Option<&'static Encoding>,
    /// The form of documents.
    pub form: Form,
    /// Documents with one of these quality warnings of OSCAR are dropped.
    pub quality_warnings: Vec<String>,
    /// Worker threads.
    pub threads: usize,
    /// The longest line or document that is read, in bytes.
    pub longest_line: usize,
    /// What to do with what cannot be read.
    pub on_error: OnError,
}

/// Where results go; called on the caller's thread, in input order. An error stops the run.
pub struct Handlers<'h, B> {
    /// Takes the result of a batch.
    pub batch: &'h mut dyn FnMut(B) -> Result<()>,
    /// Takes what did not become a document.
    pub rejected: &'h mut dyn FnMut(&Rejected) -> Result<()>,
    /// Hears how far the run is, several times a second.
    pub progress: &'h mut dyn FnMut(&Summary) -> Result<()>,
}

/// What a run saw. `documents` = `kept` + `dropped` + `quarantined`.
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
    pub reasons: BTreeMap<Why, u64>,
    /// Documents of each source.
    pub source_documents: Vec<u64>,
    /// SHA-256 of each source as it is on disk; nothing for one that could not be read to its end.
    pub source_sha256: Vec<Option<String>>,
    /// UTF-8 bytes of text read.
    pub text_bytes: u64,
    /// Bytes read from disk.
    pub read_bytes: u64,
    /// What the cleaning rules changed.
    pub counts: Counts,
}

/// The result of a batch, and what happened in it.
struct Done<B> {
    number: u64,
    source: usize,
    batch: B,
    kept: u64,
    text_bytes: u64,
    rejected: Vec<Rejected>,
    counts: Counts,
}

/// Runs `job` over the documents of `sources`.
///
/// Returns the first error of `handlers`, or with [`OnError::Stop`] the first unreadable line in input order.
pub fn run<J: Job>(
    job: &J,
    sources: &[SourceFile],
    options: &Options,
    handlers: Handlers<'_, J::Batch>,
) -> Result<Summary> {
    let read_bytes = Arc::new(AtomicU64::new(0));
    let under_way = options.threads * BATCHES_PER_WORKER;
    let (permit, permits) = bounded(under_way);
    for _ in 0..under_way {
        let _ = permit.send(());
    }
    let (to_workers, batches) = bounded::<Batch>(under_way);
    let (to_output, results) = bounded::<Done<J::Batch>>(under_way);
    std::thread::scope(|scope| {
        let counter = Arc::clone(&read_bytes);
        let reader = scope.spawn(move || read(sources, options, &counter, &permits, &to_workers));
        for _ in 0..options.threads {
            let (batches, to_output) = (batches.clone(), to_output.clone());
            scope.spawn(move || work(job, options, &batches, &to_output));
        }
        drop((batches, to_output));
        let summary = Summary { source_documents: vec![0; sources.len()], ..Summary::default() };
        // Dropping `permit` and `results` on an error is what ends the other threads.
        let mut summary = collect(summary, sources, options, handlers, permit, results, &read_bytes)?;
        summary.source_sha256 = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(summary)
    })
}

fn work<J: Job>(job: &J, options: &Options, batches: &Receiver<Batch>, results: &Sender<Done<J::Batch>>) {
    let mut worker = job.worker();
    for Batch { number, source, bytes, entries } in batches {
        let mut done = Done {
            number,
            source,
            batch: J::Batch::default(),
            kept: 0,
            text_bytes: 0,
            rejected: Vec::new(),
            counts: Counts::default(),
        };
        for entry in entries {
            match entry {
                Entry::Rejected(rejected) => done.rejected.push(rejected),
                Entry::Line(line, range) => {
                    let bytes = &bytes[range];
                    if bytes.iter().all(u8::is_ascii_whitespace) {
                        continue;
                    }
                    match one(job, &mut worker, options, bytes, &mut done) {
                        Ok(()) => done.kept += 1,
                        Err(why) => {
                            let bytes = bytes.len() as u64;
                            done.rejected.push(Rejected { source, line, bytes, is_document: true, why });
                        }
                    }
                }
            }
        }
        done.counts = J::take_counts(&mut worker);
        if results.send(done).is_err() {
            return;
        }
    }
}

fn one<J: Job>(
    job: &J,
    worker: &mut J::Worker,
    options: &Options,
    line: &[u8],
    done: &mut Done<J::Batch>,
) -> std::result::Result<(), Why> {
    let fields = Fields::parse(line).map_err(|malformed| Why::Quarantined(malformed.into()))?;
    let found = options.form.text(&fields, &options.text_field);
    let (text_field, text) = found.map_err(|malformed| Why::Quarantined(malformed.into()))?;
    done.text_bytes += text.len() as u64;
    if has_warning(&fields, &options.quality_warnings) {
        return Err(Why::Dropped(DropReason::QualityWarning));
    }
    let document = Document { fields: &fields, text_field, text: &text };
    job.document(worker, &document, &mut done.batch).map_err(Why::Dropped)
}

/// Takes the results in input order.
fn collect<B>(
    mut summary: Summary,
    sources: &[SourceFile],
    options: &Options,
    handlers: Handlers<'_, B>,
    permit: Sender<()>,
    results: Receiver<Done<B>>,
    read_bytes: &AtomicU64,
) -> Result<Summary> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    loop {
        match results.recv_timeout(TICK) {
            Ok(done) => {
                waiting.insert(done.number, done);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        while let Some(done) = waiting.remove(&next) {
            next += 1;
            let _ = permit.send(());
            add(&mut summary, &done);
            for rejected in &done.rejected {
                if let (Why::Quarantined(reason), OnError::Stop) = (rejected.why, options.on_error) {
                    return Err(rejected.to_error(&sources[rejected.source].path, reason));
                }
                (handlers.rejected)(rejected)?;
            }
            (handlers.batch)(done.batch)?;
        }
        summary.read_bytes = read_bytes.load(Ordering::Relaxed);
        (handlers.progress)(&summary)?;
    }
    Ok(summary)
}

fn add<B>(summary: &mut Summary, done: &Done<B>) {
    let mut documents = done.kept;
    for rejected in &done.rejected {
        *summary.reasons.entry(rejected.why).or_default() += 1;
        let one = u64::from(rejected.is_document);
        documents += one;
        match rejected.why {
            Why::Dropped(_) => summary.dropped += one,
            Why::Quarantined(_) => summary.quarantined += one,
        }
    }
    summary.documents += documents;
    summary.source_documents[done.source] += documents;
    summary.kept += done.kept;
    summary.text_bytes += done.text_bytes;
    summary.counts.add(&done.counts);
}

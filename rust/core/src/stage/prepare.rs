//! Prepares files of raw documents: parts of clean, dropped and quarantined ones.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::compress::compress;
use super::dropped::{Dropped, DroppedFiles, compress_rows};

use super::files::{FINGERPRINTS, PROVENANCE, QUARANTINE, TEXT};
use super::prepared::{Keep, write_prepared, write_provenance};
use crate::atomic_folder::{AtomicFolder, FileRecord, HashedFile};
use crate::clean::{Cleaner, CleaningOptions, Counts};
use crate::dedup::{self, Fingerprint, FingerprintWriter, Fingerprinter};
use crate::filter::{self, Filters, Verdict};
use crate::pipeline::{
    Document, DropReason, Job, Options, Outcome, Output, Part, RawHash, RejectReason, Rejected, RejectedRow,
    Summary, run,
};
use crate::source::{Input, OscarRules};
use crate::statistics::{Recorder, SeenKeys, Statistics};
use crate::{Error, Result};

/// Rules for the documents of a source.
pub struct Rules<'a> {
    /// Cleaning, private data included.
    pub cleaning: CleaningOptions,
    /// Filters of documents.
    pub filters: Filters<'a>,
    /// Rules on what OSCAR says of documents.
    pub oscar: OscarRules,
    /// Options of fingerprints; none if duplicates are not searched for.
    pub duplicates: Option<dedup::Options>,
    /// Other members of documents to keep.
    pub keep: Keep,
}

/// Files of one source, prepared together.
pub struct Task<'a> {
    /// Number in the run.
    pub number: usize,
    /// The files.
    pub input: Input<'a>,
    /// The rules.
    pub rules: Rules<'a>,
    /// Hashes of the finished parts, from the first on.
    pub finished: &'a [RawHash],
    /// Folder of the parts.
    pub folder: &'a Path,
}

/// Formats the name of a part's folder.
pub fn part_name(task: usize, part: u32) -> String {
    format!("{task:06}-{part:05}")
}

/// Writes the unfinished parts of a task.
///
/// Returns the SHA-256 of each file; the errors are those of [`run`].
pub fn prepare(
    task: &Task<'_>,
    options: &Options,
    progress: &mut dyn FnMut(&Summary) -> Result<()>,
) -> Result<Vec<Option<String>>> {
    let mut output = PartWriter { task, open: None, progress };
    let cleaner = Cleaner::new(&task.rules.cleaning)?;
    run(&Prepare { task, cleaner, seen: Arc::default() }, task.input, options, task.finished, &mut output)
}

struct Prepare<'a> {
    task: &'a Task<'a>,
    cleaner: Cleaner,
    seen: Arc<Mutex<SeenKeys>>,
}

struct Worker<'a> {
    cleaner: Cleaner,
    /// Cleaner of what repeated sentences may leave, which is no edit of the document.
    rest_cleaner: Cleaner,
    counts: Counts,
    filters: filter::Worker<'a>,
    fingerprinter: Option<Fingerprinter>,
    recorder: Recorder,
}

/// Batch of prepared documents; compressed at its end.
#[derive(Default)]
struct Prepared {
    text: Vec<u8>,
    provenance: Vec<u8>,
    dropped: Dropped,
    fingerprints: Vec<Fingerprint>,
    clean_bytes: u64,
    shortened_bytes: u64,
    statistics: Statistics,
}

impl<'a> Job for Prepare<'a> {
    type Worker = Worker<'a>;
    type Batch = Prepared;

    fn worker(&self) -> Worker<'a> {
        let rules = &self.task.rules;
        Worker {
            cleaner: self.cleaner.clone(),
            rest_cleaner: self.cleaner.clone(),
            counts: Counts::default(),
            filters: rules.filters.worker(),
            fingerprinter: rules.duplicates.as_ref().map(Fingerprinter::new),
            recorder: Recorder::sharing(&self.seen),
        }
    }

    fn document(
        &self,
        worker: &mut Worker<'a>,
        document: &Document<'_>,
        batch: &mut Prepared,
    ) -> Result<Outcome> {
        let Task { rules, input, .. } = self.task;
        let Worker { cleaner, rest_cleaner, counts, filters, fingerprinter, recorder } = worker;
        let file = input.files[document.source].path.to_string_lossy();
        recorder.read(document.text);
        let text = cleaner.clean(document.text);
        let verdict = if text.is_empty() {
            Err(DropReason::EmptyAfterCleaning)
        } else if let Some(reason) = rules.oscar.drop(document.fields) {
            Err(DropReason::Oscar(reason))
        } else {
            match filters.apply(text) {
                Verdict::Keep(kept) => Ok(kept),
                Verdict::Drop(reason) => Err(DropReason::Filter(reason)),
            }
        };
        let outcome = match verdict {
            Ok(kept) => {
                write_prepared(document, kept, &rules.keep, &mut batch.text)?;
                batch.clean_bytes += kept.len() as u64;
                batch.shortened_bytes += (text.len() - kept.len()) as u64;
                write_provenance(document, &mut batch.provenance);
                if let Some(fingerprinter) = fingerprinter {
                    let finish = |rest: &str| {
                        let rest = rest_cleaner.clean(rest);
                        (!rules.filters.is_too_short(rest)).then(|| rest.to_owned())
                    };
                    batch.fingerprints.push(fingerprinter.fingerprint(kept, finish));
                }
                // Kept text is counted once duplicates are gone.
                Outcome::Kept
            }
            Err(reason) => {
                let text = Some(text).filter(|text| !text.is_empty());
                let (line, why) = (document.line, RejectReason::Dropped(reason));
                RejectedRow { file: file.clone(), line, reason: why, bytes: None, first: None, text }
                    .write(batch.dropped.entry(reason).or_default())?;
                recorder.dropped(&file, line, reason.name(), text.unwrap_or_default());
                Outcome::Dropped(reason)
            }
        };
        let changed = cleaner.take_counts();
        recorder.cleaned(&file, document.line, document.text, cleaner.last(), &changed);
        counts.add(&changed);
        Ok(outcome)
    }

    fn finish(&self, worker: &mut Worker<'a>, batch: &mut Prepared) -> Result<()> {
        let failed = || Error::io(self.task.folder, "cannot compress for");
        for bytes in [&mut batch.text, &mut batch.provenance] {
            *bytes = compress(bytes).map_err(failed())?;
        }
        batch.statistics = worker.recorder.take();
        compress_rows(&mut batch.dropped).map_err(failed())
    }

    fn take_counts(worker: &mut Worker<'a>) -> Counts {
        std::mem::take(&mut worker.counts)
    }
}

/// Writes the folder of one part after another.
struct PartWriter<'a> {
    task: &'a Task<'a>,
    open: Option<OpenPart>,
    progress: &'a mut dyn FnMut(&Summary) -> Result<()>,
}

struct OpenPart {
    folder: AtomicFolder,
    text: HashedFile,
    provenance: HashedFile,
    dropped: DroppedFiles,
    quarantine: HashedFile,
    fingerprints: Option<FingerprintWriter>,
    clean_bytes: u64,
    shortened_bytes: u64,
    statistics: Statistics,
}

/// `part.json` of a prepared part.
#[derive(serde::Serialize)]
struct Record {
    raw: RawHash,
    files: Vec<FileRecord>,
    #[serde(flatten)]
    summary: Summary,
    clean_bytes: u64,
    shortened_bytes: u64,
    statistics: Statistics,
}

impl PartWriter<'_> {
    /// The open part, created if there is none; its number is known when it ends.
    fn open(&mut self) -> Result<&mut OpenPart> {
        match &mut self.open {
            Some(open) => Ok(open),
            none => Ok(none.insert(OpenPart::create(self.task)?)),
        }
    }
}

impl OpenPart {
    fn create(task: &Task<'_>) -> Result<Self> {
        let folder = AtomicFolder::create(task.folder)?;
        let fingerprints = match &task.rules.duplicates {
            None => None,
            Some(options) => Some(FingerprintWriter::create(&folder.folder(FINGERPRINTS)?, options)),
        };
        Ok(Self {
            text: folder.file(TEXT)?,
            provenance: folder.file(PROVENANCE)?,
            dropped: DroppedFiles::default(),
            quarantine: folder.file(QUARANTINE)?,
            fingerprints,
            clean_bytes: 0,
            shortened_bytes: 0,
            statistics: Statistics::default(),
            folder,
        })
    }
}

impl Output<Prepared> for PartWriter<'_> {
    fn batch(&mut self, batch: Prepared) -> Result<()> {
        let part = self.open()?;
        part.text.write(&batch.text)?;
        part.provenance.write(&batch.provenance)?;
        part.clean_bytes += batch.clean_bytes;
        part.shortened_bytes += batch.shortened_bytes;
        part.statistics.merge(batch.statistics);
        if let Some(fingerprints) = &mut part.fingerprints {
            batch.fingerprints.iter().try_for_each(|fingerprint| fingerprints.push(fingerprint))?;
        }
        part.dropped.write(&part.folder, batch.dropped)
    }

    fn quarantined(&mut self, what: &Rejected) -> Result<()> {
        let file = self.task.input.files[what.source].path.to_string_lossy();
        let bytes = Some(what.bytes);
        let row = RejectedRow { file, line: what.line, reason: what.reason, bytes, first: None, text: None };
        let mut line = Vec::new();
        row.write(&mut line)?;
        self.open()?.quarantine.write(&line)
    }

    fn part(&mut self, part: Part) -> Result<()> {
        let open = match self.open.take() {
            Some(open) => open,
            None => OpenPart::create(self.task)?,
        };
        let mut files = vec![open.text.finish()?, open.provenance.finish()?, open.quarantine.finish()?];
        files.extend(open.dropped.finish()?);
        if let Some(fingerprints) = open.fingerprints {
            fingerprints.finish()?;
        }
        let record = Record {
            raw: part.raw,
            files,
            summary: part.summary,
            clean_bytes: open.clean_bytes,
            shortened_bytes: open.shortened_bytes,
            statistics: open.statistics,
        };
        open.folder.publish(&part_name(self.task.number, part.number), &record)
    }

    fn progress(&mut self, summary: &Summary) -> Result<()> {
        (self.progress)(summary)
    }
}

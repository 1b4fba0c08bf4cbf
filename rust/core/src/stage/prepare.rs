//! Files of raw documents → parts of clean ones: what is kept, what is dropped, what could not be read.

use std::path::Path;

use super::dropped::{Dropped, DroppedFiles};
use super::folder::{FileRecord, NewFile, NewFolder};
use super::pack::pack;
use crate::clean::{Cleaner, Counts};
use crate::pipeline::{
    Document, DropReason, Job, Options, Output, Part, RawHash, Rejected, Row, Summary, Why, run,
};
use crate::source::{Input, has_warning};
use crate::{Error, Result};

/// Cleaned documents, JSON lines.
pub const TEXT: &str = "text.jsonl.zst";
/// Where each of them came from: the number of the file in the task, a tab, the line.
pub const PLACES: &str = "places.tsv.zst";
/// What could not be read: where, why and how long, never its text, which no privacy rule has seen.
pub const QUARANTINE: &str = "quarantine.jsonl";

/// Some files of one source, worked on together.
pub struct Task<'a> {
    /// Its number in the run.
    pub number: usize,
    /// Its files.
    pub input: Input<'a>,
    /// Documents with one of these quality warnings of OSCAR are dropped.
    pub quality_warnings: &'a [String],
    /// The hashes of the parts that are finished, from the first on.
    pub finished: &'a [RawHash],
    /// Where parts are written.
    pub folder: &'a Path,
    /// Whether documents keep their other members.
    pub keep_members: bool,
}

/// The name of a part's folder.
pub fn part_name(task: usize, part: u32) -> String {
    format!("{task:06}-{part:05}")
}

/// Writes the task's parts that are not finished yet.
///
/// Returns the SHA-256 of each file; the errors are those of [`run`].
pub fn prepare(
    task: &Task<'_>,
    options: &Options,
    progress: &mut dyn FnMut(&Summary) -> Result<()>,
) -> Result<Vec<Option<String>>> {
    let mut output = PartWriter { task, open: None, progress };
    run(&Prepare { task }, task.input, options, task.finished, &mut output)
}

struct Prepare<'a> {
    task: &'a Task<'a>,
}

/// What a batch of documents becomes; compressed when the batch is full.
#[derive(Default)]
struct Prepared {
    text: Vec<u8>,
    places: Vec<u8>,
    dropped: Dropped,
}

impl Job for Prepare<'_> {
    type Worker = Cleaner;
    type Batch = Prepared;

    fn worker(&self) -> Cleaner {
        Cleaner::default()
    }

    fn document(
        &self,
        cleaner: &mut Cleaner,
        document: &Document<'_>,
        batch: &mut Prepared,
    ) -> std::result::Result<(), DropReason> {
        let text = cleaner.clean(document.text);
        let verdict = if text.is_empty() {
            Err(DropReason::EmptyAfterCleaning)
        } else if has_warning(document.fields, self.task.quality_warnings) {
            Err(DropReason::QualityWarning)
        } else {
            Ok(text)
        };
        match verdict {
            Ok(text) => {
                document.write(text, self.task.keep_members, &mut batch.text);
                let place = format!("{}\t{}\n", document.source, document.line);
                batch.places.extend_from_slice(place.as_bytes());
                Ok(())
            }
            Err(reason) => {
                let file = self.task.input.files[document.source].path.to_string_lossy();
                let why = Why::Dropped(reason);
                let text = Some(text).filter(|text| !text.is_empty());
                Row { file, line: document.line, reason: why, bytes: None, text }
                    .write(batch.dropped.entry(reason).or_default());
                Err(reason)
            }
        }
    }

    fn finish(&self, _cleaner: &mut Cleaner, batch: &mut Prepared) -> std::io::Result<()> {
        for bytes in [&mut batch.text, &mut batch.places].into_iter().chain(batch.dropped.values_mut()) {
            *bytes = pack(bytes)?;
        }
        Ok(())
    }

    fn take_counts(cleaner: &mut Cleaner) -> Counts {
        cleaner.take_counts()
    }
}

/// Writes a part's folder while the part lasts.
struct PartWriter<'a> {
    task: &'a Task<'a>,
    open: Option<OpenPart>,
    progress: &'a mut dyn FnMut(&Summary) -> Result<()>,
}

struct OpenPart {
    folder: NewFolder,
    text: NewFile,
    places: NewFile,
    dropped: DroppedFiles,
    quarantine: NewFile,
}

/// `part.json` of a prepared part.
#[derive(serde::Serialize)]
struct Record {
    raw: RawHash,
    files: Vec<FileRecord>,
    #[serde(flatten)]
    summary: Summary,
}

impl PartWriter<'_> {
    /// The part that is being written; its number is not known before it ends.
    fn open(&mut self) -> Result<&mut OpenPart> {
        if self.open.is_none() {
            let folder = NewFolder::create(self.task.folder)?;
            self.open = Some(OpenPart {
                text: folder.file(TEXT)?,
                places: folder.file(PLACES)?,
                dropped: DroppedFiles::default(),
                quarantine: folder.file(QUARANTINE)?,
                folder,
            });
        }
        self.open.as_mut().ok_or(Error::Interrupted)
    }
}

impl Output<Prepared> for PartWriter<'_> {
    fn batch(&mut self, batch: Prepared) -> Result<()> {
        let part = self.open()?;
        part.text.write(&batch.text)?;
        part.places.write(&batch.places)?;
        part.dropped.write(&part.folder, batch.dropped)
    }

    fn quarantined(&mut self, what: &Rejected) -> Result<()> {
        let file = self.task.input.files[what.source].path.to_string_lossy();
        let row = Row { file, line: what.line, reason: what.why, bytes: Some(what.bytes), text: None };
        let mut line = Vec::new();
        row.write(&mut line);
        self.open()?.quarantine.write(&line)
    }

    fn part(&mut self, part: Part) -> Result<()> {
        self.open()?;
        let Some(OpenPart { folder, text, places, dropped, quarantine }) = self.open.take() else {
            return Ok(());
        };
        let mut files = vec![text.finish()?, places.finish()?, quarantine.finish()?];
        files.extend(dropped.finish()?);
        let name = part_name(self.task.number, part.number);
        folder.publish(&name, &Record { raw: part.raw, files, summary: part.summary })
    }

    fn progress(&mut self, summary: &Summary) -> Result<()> {
        (self.progress)(summary)
    }
}

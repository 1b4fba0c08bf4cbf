//! Writes prepared parts as text without duplicates.

use super::apply_dedup::{PreparedPart, RemovedSentences};
use super::dropped::{Dropped, DroppedFiles, compress_rows};

use super::compress::compress;
use super::files::TEXT;
use super::prepared::write_original;
use crate::atomic_folder::{AtomicFolder, FileRecord, HashedFile};
use crate::clean::Cleaner;
use crate::pipeline::{Document, Job, Options, Outcome, Output, Part, Summary, run};
use crate::source::{Input, SourceFile};
use crate::statistics::{Recorder, Statistics};
use crate::{Error, Result};

/// Writes a prepared part, each document as the JSON object of the input with its clean text.
pub fn write(
    part: &PreparedPart<'_>,
    options: &Options,
    progress: &mut dyn FnMut(&Summary) -> Result<()>,
) -> Result<()> {
    let new = AtomicFolder::create(part.folder)?;
    let mut output = TextWriter {
        text: new.file(TEXT)?,
        dropped: DroppedFiles::default(),
        folder: &new,
        bytes: 0,
        removed: RemovedSentences::default(),
        statistics: Statistics::default(),
        summary: Summary::default(),
        progress,
    };
    let input = [SourceFile::json_lines(part.text.to_owned())];
    let cleaner = Cleaner::new(&part.cleaning)?;
    run(&Write { part, cleaner }, Input::files(&input), options, &[], &mut output)?;
    let TextWriter { text, dropped, bytes, removed, statistics, summary, .. } = output;
    let mut files = vec![text.finish()?];
    files.extend(dropped.finish()?);
    new.publish(part.name, &Record { files, written_bytes: bytes, removed, statistics, summary })
}

struct Write<'a> {
    part: &'a PreparedPart<'a>,
    cleaner: Cleaner,
}

#[derive(Default)]
struct Text {
    bytes: u64,
    packed: Vec<u8>,
    dropped: Dropped,
    removed: RemovedSentences,
    statistics: Statistics,
}

impl Job for Write<'_> {
    type Worker = (Cleaner, Recorder);
    type Batch = Text;

    fn worker(&self) -> Self::Worker {
        (self.cleaner.clone(), Recorder::default())
    }

    fn document(
        &self,
        (cleaner, recorder): &mut Self::Worker,
        document: &Document<'_>,
        batch: &mut Text,
    ) -> Result<Outcome> {
        let Text { dropped, removed, .. } = batch;
        let text = match self.part.apply_dedup(document, cleaner, recorder, dropped, removed)? {
            Ok(text) => text,
            Err(reason) => return Ok(Outcome::Dropped(reason)),
        };
        write_original(document, &text, &mut batch.packed).map_err(|_| Error::damaged(self.part.text))?;
        recorder.kept(&text);
        Ok(Outcome::Kept)
    }

    fn finish(&self, (_, recorder): &mut Self::Worker, batch: &mut Text) -> Result<()> {
        batch.bytes = batch.packed.len() as u64;
        batch.statistics = recorder.take();
        compress(&batch.packed)
            .and_then(|packed| {
                batch.packed = packed;
                compress_rows(&mut batch.dropped)
            })
            .map_err(Error::io(self.part.folder, "cannot compress for"))
    }
}

struct TextWriter<'a> {
    text: HashedFile,
    dropped: DroppedFiles,
    folder: &'a AtomicFolder,
    bytes: u64,
    removed: RemovedSentences,
    statistics: Statistics,
    summary: Summary,
    progress: &'a mut dyn FnMut(&Summary) -> Result<()>,
}

/// `part.json` of a part of text.
#[derive(serde::Serialize)]
struct Record {
    files: Vec<FileRecord>,
    written_bytes: u64,
    #[serde(flatten)]
    removed: RemovedSentences,
    statistics: Statistics,
    #[serde(flatten)]
    summary: Summary,
}

impl Output<Text> for TextWriter<'_> {
    fn batch(&mut self, batch: Text) -> Result<()> {
        self.bytes += batch.bytes;
        self.removed.add(batch.removed);
        self.statistics.merge(batch.statistics);
        self.dropped.write(self.folder, batch.dropped)?;
        self.text.write(&batch.packed)
    }

    fn part(&mut self, part: Part) -> Result<()> {
        self.summary = part.summary;
        Ok(())
    }

    fn progress(&mut self, summary: &Summary) -> Result<()> {
        (self.progress)(summary)
    }
}

//! Parts of clean documents → parts of clean text without duplicates.

use super::apply_dedup::PreparedPart;
use super::dropped::{Dropped, DroppedFiles, compress_rows};

use super::compress::compress;
use super::files::TEXT;
use super::prepared::write_original;
use crate::Result;
use crate::atomic_folder::{AtomicFolder, FileRecord, HashedFile};
use crate::clean::Cleaner;
use crate::pipeline::{Document, DropReason, Job, Options, Output, Part, Summary, run};
use crate::source::{Input, SourceFile};
use crate::statistics::{Recorder, Statistics};

/// Writes the text of a part, each document as the object that it was in the input.
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
        statistics: Statistics::default(),
        summary: Summary::default(),
        progress,
    };
    let input = [SourceFile::json_lines(part.text.to_owned())];
    run(&Write { part }, Input::files(&input), options, &[], &mut output)?;
    let TextWriter { text, dropped, bytes, statistics, summary, .. } = output;
    let mut files = vec![text.finish()?];
    files.extend(dropped.finish()?);
    new.publish(part.name, &Record { files, written_bytes: bytes, statistics, summary })
}

struct Write<'a> {
    part: &'a PreparedPart<'a>,
}

#[derive(Default)]
struct Text {
    bytes: u64,
    packed: Vec<u8>,
    dropped: Dropped,
    statistics: Statistics,
}

impl Job for Write<'_> {
    type Worker = (Cleaner, Recorder);
    type Batch = Text;

    fn worker(&self) -> Self::Worker {
        (Cleaner::new(&self.part.cleaning), Recorder::default())
    }

    fn document(
        &self,
        (cleaner, recorder): &mut Self::Worker,
        document: &Document<'_>,
        batch: &mut Text,
    ) -> std::result::Result<(), DropReason> {
        let text = self.part.survivor(document, cleaner, recorder, &mut batch.dropped)?;
        write_original(document, &text, &mut batch.packed);
        recorder.kept(&text);
        Ok(())
    }

    fn finish(&self, (_, recorder): &mut Self::Worker, batch: &mut Text) -> std::io::Result<()> {
        batch.bytes = batch.packed.len() as u64;
        batch.packed = compress(&batch.packed)?;
        batch.statistics = recorder.take();
        compress_rows(&mut batch.dropped)
    }
}

struct TextWriter<'a> {
    text: HashedFile,
    dropped: DroppedFiles,
    folder: &'a AtomicFolder,
    bytes: u64,
    statistics: Statistics,
    summary: Summary,
    progress: &'a mut dyn FnMut(&Summary) -> Result<()>,
}

/// `part.json` of a part of text.
#[derive(serde::Serialize)]
struct Record {
    files: Vec<FileRecord>,
    written_bytes: u64,
    statistics: Statistics,
    #[serde(flatten)]
    summary: Summary,
}

impl Output<Text> for TextWriter<'_> {
    fn batch(&mut self, batch: Text) -> Result<()> {
        self.bytes += batch.bytes;
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

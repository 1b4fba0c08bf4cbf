//! Parts of clean documents → parts of clean text without duplicates.

use std::path::Path;

use super::folder::{FileRecord, NewFile, NewFolder};
use super::pack::pack;
use super::prepare::TEXT;
use crate::Result;
use crate::pipeline::{Document, DropReason, Job, Options, Output, Part, Summary, run};
use crate::source::{Input, SourceFile};

/// Writes what stays of one prepared part, the file `text`, into the folder `name` in `folder`.
pub fn write(
    text: &Path,
    options: &Options,
    folder: &Path,
    name: &str,
    progress: &mut dyn FnMut(&Summary) -> Result<()>,
) -> Result<()> {
    let new = NewFolder::create(folder)?;
    let mut output = TextWriter { text: new.file(TEXT)?, bytes: 0, summary: Summary::default(), progress };
    run(&Write, Input::files(&[SourceFile::json_lines(text.to_owned())]), options, &[], &mut output)?;
    let TextWriter { text, bytes, summary, .. } = output;
    let files = vec![text.finish()?];
    new.publish(name, &Record { files, written_bytes: bytes, summary })
}

struct Write;

#[derive(Default)]
struct Text {
    bytes: u64,
    packed: Vec<u8>,
}

impl Job for Write {
    type Worker = ();
    type Batch = Text;

    fn worker(&self) {}

    fn document(
        &self,
        (): &mut (),
        document: &Document<'_>,
        batch: &mut Text,
    ) -> std::result::Result<(), DropReason> {
        document.write(document.text, true, &mut batch.packed);
        Ok(())
    }

    fn finish(&self, (): &mut (), batch: &mut Text) -> std::io::Result<()> {
        batch.bytes = batch.packed.len() as u64;
        batch.packed = pack(&batch.packed)?;
        Ok(())
    }
}

struct TextWriter<'a> {
    text: NewFile,
    bytes: u64,
    summary: Summary,
    progress: &'a mut dyn FnMut(&Summary) -> Result<()>,
}

/// `part.json` of a part of text.
#[derive(serde::Serialize)]
struct Record {
    files: Vec<FileRecord>,
    written_bytes: u64,
    #[serde(flatten)]
    summary: Summary,
}

impl Output<Text> for TextWriter<'_> {
    fn batch(&mut self, batch: Text) -> Result<()> {
        self.bytes += batch.bytes;
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

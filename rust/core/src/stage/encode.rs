//! Parts of clean documents → parts of a dataset: ids, each document ended by `<|end_of_text|>`.

use std::path::Path;

use super::folder::{FileRecord, NewFile, NewFolder};
use crate::Result;
use crate::indexed::TokenType;
use crate::pipeline::{Document, DropReason, Job, Options, Output, Part, Summary, run};
use crate::source::{Input, SourceFile};
use crate::tokenizer::{Tokenizer, Worker};

/// Tokens as stored, document after document.
pub const TOKENS: &str = "tokens.bin";
/// The number of tokens of each document, 32-bit little-endian.
pub const LENGTHS: &str = "lengths.bin";

/// Encodes one prepared part, the file `text`, into the folder `name` in `folder`.
pub fn encode(
    text: &Path,
    tokenizer: &Tokenizer,
    options: &Options,
    folder: &Path,
    name: &str,
    progress: &mut dyn FnMut(&Summary) -> Result<()>,
) -> Result<()> {
    let token_type = TokenType::for_vocabulary(tokenizer.model().len());
    let new = NewFolder::create(folder)?;
    let mut output = EncodedWriter {
        tokens: new.file(TOKENS)?,
        lengths: new.file(LENGTHS)?,
        counted: Counted::default(),
        summary: Summary::default(),
        progress,
    };
    run(
        &Encode { tokenizer, token_type },
        Input::files(&[SourceFile::json_lines(text.to_owned())]),
        options,
        &[],
        &mut output,
    )?;
    let EncodedWriter { tokens, lengths, counted, summary, .. } = output;
    let files = vec![tokens.finish()?, lengths.finish()?];
    new.publish(name, &Record { files, counted, summary })
}

struct Encode<'t> {
    tokenizer: &'t Tokenizer,
    token_type: TokenType,
}

#[derive(Default)]
struct EncodedBatch {
    tokens: Vec<u8>,
    lengths: Vec<u8>,
    counted: Counted,
}

/// What was counted while encoding.
#[derive(Clone, Copy, Default, serde::Serialize)]
struct Counted {
    tokens: u64,
    morphemes: u64,
    unknown_tokens: u64,
}

impl Counted {
    fn add(&mut self, other: Self) {
        self.tokens += other.tokens;
        self.morphemes += other.morphemes;
        self.unknown_tokens += other.unknown_tokens;
    }
}

impl<'t> Job for Encode<'t> {
    type Worker = (Worker<'t>, Vec<u32>);
    type Batch = EncodedBatch;

    fn worker(&self) -> Self::Worker {
        (self.tokenizer.worker(), Vec::new())
    }

    fn document(
        &self,
        (worker, ids): &mut Self::Worker,
        document: &Document<'_>,
        batch: &mut EncodedBatch,
    ) -> std::result::Result<(), DropReason> {
        ids.clear();
        let morphemes = worker.encode_clean(document.text, ids);
        ids.push(self.tokenizer.end_of_text());
        let unknown = self.tokenizer.model().unknown();
        batch.counted.add(Counted {
            tokens: ids.len() as u64,
            morphemes,
            unknown_tokens: ids.iter().filter(|&&id| id == unknown).count() as u64,
        });
        batch.lengths.extend_from_slice(&(ids.len() as i32).to_le_bytes());
        self.token_type.push(ids, &mut batch.tokens);
        Ok(())
    }
}

struct EncodedWriter<'a> {
    tokens: NewFile,
    lengths: NewFile,
    counted: Counted,
    summary: Summary,
    progress: &'a mut dyn FnMut(&Summary) -> Result<()>,
}

/// `part.json` of an encoded part.
#[derive(serde::Serialize)]
struct Record {
    files: Vec<FileRecord>,
    #[serde(flatten)]
    counted: Counted,
    #[serde(flatten)]
    summary: Summary,
}

impl Output<EncodedBatch> for EncodedWriter<'_> {
    fn batch(&mut self, batch: EncodedBatch) -> Result<()> {
        self.counted.add(batch.counted);
        self.tokens.write(&batch.tokens)?;
        self.lengths.write(&batch.lengths)
    }

    fn part(&mut self, part: Part) -> Result<()> {
        self.summary = part.summary;
        Ok(())
    }

    fn progress(&mut self, summary: &Summary) -> Result<()> {
        (self.progress)(summary)
    }
}

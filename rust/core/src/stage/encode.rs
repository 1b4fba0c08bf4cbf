//! Encodes prepared parts into parts of a dataset: ids, each document between `<|begin_of_text|>`, if it is asked for,
//! and `<|end_of_text|>`.

use super::apply_dedup::{PreparedPart, RemovedSentences};
use super::dropped::{Dropped, DroppedFiles, compress_rows};
use super::files::{LENGTHS, TOKENS};

use crate::atomic_folder::{AtomicFolder, FileRecord, HashedFile};
use crate::clean::Cleaner;
use crate::pipeline::{Document, Job, Options, Outcome, Output, Part, Summary, run};
use crate::source::{Input, SourceFile};
use crate::statistics::{Recorder, Statistics};
use crate::token_type::TokenType;
use crate::tokenizer::{Tokenizer, Worker};
use crate::{Error, Result};

/// Encodes a prepared part into a folder of its name; `begin_of_text` puts that piece before each document.
pub fn encode(
    part: &PreparedPart<'_>,
    tokenizer: &Tokenizer,
    begin_of_text: bool,
    options: &Options,
    progress: &mut dyn FnMut(&Summary) -> Result<()>,
) -> Result<()> {
    let token_type = TokenType::for_vocabulary(tokenizer.model().len());
    let new = AtomicFolder::create(part.folder)?;
    let mut output = EncodedWriter {
        tokens: new.file(TOKENS)?,
        lengths: new.file(LENGTHS)?,
        dropped: DroppedFiles::default(),
        folder: &new,
        counted: Counted::default(),
        removed: RemovedSentences::default(),
        statistics: Statistics::default(),
        summary: Summary::default(),
        progress,
    };
    let input = [SourceFile::json_lines(part.text.to_owned())];
    let cleaner = Cleaner::new(&part.cleaning)?;
    let begin = begin_of_text.then(|| tokenizer.begin_of_text());
    let job = Encode { part, cleaner, tokenizer, begin, token_type };
    run(&job, Input::files(&input), options, &[], &mut output)?;
    let EncodedWriter { tokens, lengths, dropped, counted, removed, statistics, summary, .. } = output;
    let mut files = vec![tokens.finish()?, lengths.finish()?];
    files.extend(dropped.finish()?);
    new.publish(part.name, &Record { files, counted, removed, statistics, summary })
}

struct Encode<'t> {
    part: &'t PreparedPart<'t>,
    cleaner: Cleaner,
    tokenizer: &'t Tokenizer,
    /// The id before each document.
    begin: Option<u32>,
    token_type: TokenType,
}

struct EncodeWorker<'t> {
    tokenizer: Worker<'t>,
    cleaner: Cleaner,
    ids: Vec<u32>,
    recorder: Recorder,
}

#[derive(Default)]
struct EncodedBatch {
    tokens: Vec<u8>,
    lengths: Vec<u8>,
    dropped: Dropped,
    counted: Counted,
    removed: RemovedSentences,
    statistics: Statistics,
}

/// Counts of an encoded part.
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
    type Worker = EncodeWorker<'t>;
    type Batch = EncodedBatch;

    fn worker(&self) -> EncodeWorker<'t> {
        EncodeWorker {
            tokenizer: self.tokenizer.worker(),
            cleaner: self.cleaner.clone(),
            ids: Vec::new(),
            recorder: Recorder::default(),
        }
    }

    fn document(
        &self,
        worker: &mut EncodeWorker<'t>,
        document: &Document<'_>,
        batch: &mut EncodedBatch,
    ) -> Result<Outcome> {
        let EncodeWorker { tokenizer, cleaner, ids, recorder } = worker;
        let EncodedBatch { dropped, removed, .. } = batch;
        let text = match self.part.apply_dedup(document, cleaner, recorder, dropped, removed)? {
            Ok(text) => text,
            Err(reason) => return Ok(Outcome::Dropped(reason)),
        };
        ids.clear();
        ids.extend(self.begin);
        let morphemes = tokenizer.encode_clean(&text, ids);
        ids.push(self.tokenizer.end_of_text());
        let unknown = self.tokenizer.model().unknown();
        batch.counted.add(Counted {
            tokens: ids.len() as u64,
            morphemes,
            unknown_tokens: ids.iter().filter(|&&id| id == unknown).count() as u64,
        });
        let length = i32::try_from(ids.len()).map_err(|_| Error::Input {
            path: self.part.text.to_owned(),
            line: document.line,
            message: "the document has 2^31 tokens or more; cut it".to_owned(),
        })?;
        batch.lengths.extend_from_slice(&length.to_le_bytes());
        self.token_type.push(ids, &mut batch.tokens);
        recorder.kept(&text);
        recorder.encoded(&text, morphemes, ids);
        Ok(Outcome::Kept)
    }

    fn finish(&self, worker: &mut EncodeWorker<'t>, batch: &mut EncodedBatch) -> Result<()> {
        batch.statistics = worker.recorder.take();
        compress_rows(&mut batch.dropped).map_err(Error::io(self.part.folder, "cannot compress for"))
    }
}

struct EncodedWriter<'a> {
    tokens: HashedFile,
    lengths: HashedFile,
    dropped: DroppedFiles,
    folder: &'a AtomicFolder,
    counted: Counted,
    removed: RemovedSentences,
    statistics: Statistics,
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
    removed: RemovedSentences,
    #[serde(flatten)]
    summary: Summary,
    statistics: Statistics,
}

impl Output<EncodedBatch> for EncodedWriter<'_> {
    fn batch(&mut self, batch: EncodedBatch) -> Result<()> {
        self.counted.add(batch.counted);
        self.removed.add(batch.removed);
        self.statistics.merge(batch.statistics);
        self.dropped.write(self.folder, batch.dropped)?;
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

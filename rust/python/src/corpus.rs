//! Passes over a corpus: each function reads files, writes files and returns a summary in JSON.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use ncvc_core::indexed::{IndexedWriter, TokenType};
use ncvc_core::morph::Analyzer;
use ncvc_core::pipeline::{
    CleanText, CountMorphemes, Encode, EncodedBatch, Handlers, Job, OnError, Options, RejectWriter, Summary,
    run,
};
use ncvc_core::source::{Encoding, Format, SourceFile, encoding_named};
use ncvc_core::{Error, Result};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::to_python;
use crate::tokenizer::Tokenizer;

/// zstd's level for cleaned text.
const LEVEL: i32 = 3;

/// What every pass needs to know about its input, and whom it tells how far it is.
#[derive(FromPyObject)]
pub struct Input {
    #[pyo3(item)]
    sources: Vec<(PathBuf, String)>,
    #[pyo3(item)]
    text_field: String,
    #[pyo3(item)]
    encoding: Option<String>,
    #[pyo3(item)]
    form: String,
    #[pyo3(item)]
    quality_warnings: Vec<String>,
    #[pyo3(item)]
    threads: usize,
    #[pyo3(item)]
    longest_line: usize,
    #[pyo3(item)]
    quarantine: bool,
    #[pyo3(item)]
    progress: Option<Py<PyAny>>,
}

impl Input {
    /// Runs a job; `folder` gets `dropped.jsonl` and `quarantine.jsonl`.
    fn run<J: Job>(
        &self,
        job: &J,
        folder: &Path,
        batch: &mut dyn FnMut(J::Batch) -> Result<()>,
    ) -> PyResult<Summary> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let options = Options {
            text_field: self.text_field.clone(),
            encoding: self.encoding.as_deref().map(encoding).transpose()?,
            form: self.form.parse().map_err(|()| unknown("form", &self.form))?,
            quality_warnings: self.quality_warnings.clone(),
            threads: if self.threads == 0 { cores() } else { self.threads },
            longest_line: self.longest_line,
            on_error: if self.quarantine { OnError::Quarantine } else { OnError::Stop },
        };
        let sources = self.sources.iter().map(source_file).collect::<PyResult<Vec<_>>>()?;
        let mut rejects = RejectWriter::create(folder, &sources).map_err(to_python)?;
        let mut raised = None;
        let summary = run(
            job,
            &sources,
            &options,
            Handlers {
                batch,
                rejected: &mut |rejected| rejects.write(rejected),
                progress: &mut |summary| {
                    Python::attach(|py| self.tell(py, summary)).map_err(|error| {
                        raised = Some(error);
                        Error::Interrupted
                    })
                },
            },
        );
        let finished = summary.and_then(|summary| rejects.finish().map(|()| summary));
        // Ctrl-C, or what the callback raised, is what the caller wants to hear of.
        raised.map_or_else(|| finished.map_err(to_python), Err)
    }

    fn tell(&self, py: Python<'_>, summary: &Summary) -> PyResult<()> {
        py.check_signals()?;
        let Some(progress) = &self.progress else { return Ok(()) };
        let row = PyDict::new(py);
        row.set_item("documents", summary.documents)?;
        row.set_item("dropped", summary.dropped)?;
        row.set_item("quarantined", summary.quarantined)?;
        row.set_item("text_bytes", summary.text_bytes)?;
        row.set_item("read_bytes", summary.read_bytes)?;
        progress.call1(py, (row,)).map(|_| ())
    }
}

fn source_file((path, format): &(PathBuf, String)) -> PyResult<SourceFile> {
    let format: Format = format.parse().map_err(|()| unknown("format", format))?;
    Ok(SourceFile { path: path.clone(), format })
}

fn encoding(name: &str) -> PyResult<&'static Encoding> {
    encoding_named(name).ok_or_else(|| unknown("encoding", name))
}

fn unknown(what: &str, name: &str) -> PyErr {
    PyValueError::new_err(format!("unknown {what}: {name}"))
}

/// A summary with what this pass counted besides.
#[derive(serde::Serialize)]
struct Report<T> {
    #[serde(flatten)]
    summary: Summary,
    #[serde(flatten)]
    more: T,
}

fn report<T: serde::Serialize>(summary: Summary, more: T) -> PyResult<String> {
    serde_json::to_string(&Report { summary, more })
        .map_err(|error| pyo3::exceptions::PyRuntimeError::new_err(error.to_string()))
}

/// Encodes documents into `folder/name.bin` and `folder/name.idx`.
#[pyfunction]
pub fn encode_corpus(
    py: Python<'_>,
    source: Input,
    tokenizer: PyRef<'_, Tokenizer>,
    folder: PathBuf,
    name: &str,
) -> PyResult<String> {
    #[derive(serde::Serialize, Default)]
    struct Tokens {
        tokens: u64,
        morphemes: u64,
        unknown_tokens: u64,
    }
    let tokenizer = tokenizer.inner();
    py.detach(|| {
        let token_type = TokenType::for_vocabulary(tokenizer.model().len());
        let mut writer = IndexedWriter::create(&folder.join(name), token_type).map_err(to_python)?;
        let mut counted = Tokens::default();
        let summary =
            source.run(&Encode { tokenizer, token_type }, &folder, &mut |batch: EncodedBatch| {
                counted.morphemes += batch.morphemes;
                counted.unknown_tokens += batch.unknown;
                writer.write(&batch.tokens, &batch.lengths)
            })?;
        counted.tokens = writer.finish().map_err(to_python)?.tokens;
        report(summary, counted)
    })
}

/// Writes the documents with cleaned text to `folder/name.jsonl.zst`.
#[pyfunction]
pub fn clean_corpus(py: Python<'_>, source: Input, folder: PathBuf, name: &str) -> PyResult<String> {
    let path = folder.join(format!("{name}.jsonl.zst"));
    py.detach(|| {
        let file = File::create(&path).map_err(Error::io(&path, "cannot create")).map_err(to_python)?;
        let mut out = zstd::Encoder::new(file, LEVEL)
            .map_err(Error::io(&path, "cannot compress"))
            .map_err(to_python)?;
        let mut bytes = 0;
        let summary = source.run(&CleanText, &folder, &mut |batch: Vec<u8>| {
            bytes += batch.len() as u64;
            out.write_all(&batch).map_err(Error::io(&path, "cannot write"))
        })?;
        let file = out.finish().map_err(Error::io(&path, "cannot write")).map_err(to_python)?;
        file.sync_all().map_err(Error::io(&path, "cannot sync")).map_err(to_python)?;
        #[derive(serde::Serialize)]
        struct Written {
            written_bytes: u64,
        }
        report(summary, Written { written_bytes: bytes })
    })
}

/// Writes `folder/name`: a morpheme, a tab and how often it occurs a line, the most frequent first.
#[pyfunction]
pub fn count_morphemes(
    py: Python<'_>,
    source: Input,
    dictionary: PathBuf,
    folder: PathBuf,
    name: &str,
) -> PyResult<String> {
    let path = folder.join(name);
    py.detach(|| {
        let analyzer = Analyzer::load(&dictionary).map_err(to_python)?;
        let job = CountMorphemes { analyzer: &analyzer };
        let mut counts = <CountMorphemes<'_> as Job>::Batch::default();
        let summary = source.run(&job, &folder, &mut |batch| {
            for (morpheme, count) in batch {
                *counts.entry(morpheme).or_default() += count;
            }
            Ok(())
        })?;
        counts.remove("\n");
        let mut rows: Vec<(Box<str>, u64)> = counts.into_iter().collect();
        rows.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        write_counts(&path, &rows).map_err(Error::io(&path, "cannot write")).map_err(to_python)?;
        #[derive(serde::Serialize)]
        struct Morphemes {
            morphemes: u64,
            distinct_morphemes: u64,
        }
        let morphemes = rows.iter().map(|row| row.1).sum();
        report(summary, Morphemes { morphemes, distinct_morphemes: rows.len() as u64 })
    })
}

fn write_counts(path: &Path, rows: &[(Box<str>, u64)]) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for (morpheme, count) in rows {
        writeln!(out, "{morpheme}\t{count}")?;
    }
    out.flush()
}

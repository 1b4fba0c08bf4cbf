//! Stages of the corpus pass: each function reads files, writes files and returns counts in JSON.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use ncvc_core::clean::CleaningOptions;
use ncvc_core::dedup;
use ncvc_core::filter::{FilterOptions, Filters};
use ncvc_core::morph;
use ncvc_core::pipeline::{OnError, Options, RawHash, Summary};
use ncvc_core::source::{self, Encoding, Format, Input, OscarRules, SourceFile, encoding_named};
use ncvc_core::stage::{self, Keep, MorphemeCounts, Rules, Survivors, Task};
use ncvc_core::{Error, Result};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::analyzer::Analyzer;
use crate::errors::to_python;
use crate::tokenizer::Tokenizer;

/// Options of reading, and the progress callback.
#[derive(FromPyObject)]
pub struct Reading {
    #[pyo3(item)]
    text_field: String,
    #[pyo3(item)]
    encoding: Option<String>,
    #[pyo3(item)]
    form: String,
    #[pyo3(item)]
    quality_warnings: Vec<String>,
    #[pyo3(item)]
    categories: Vec<String>,
    #[pyo3(item)]
    least_harmful_pp: Option<f64>,
    #[pyo3(item)]
    threads: usize,
    #[pyo3(item)]
    longest_line: usize,
    #[pyo3(item)]
    quarantine: bool,
    #[pyo3(item)]
    part_bytes: usize,
    #[pyo3(item)]
    most_lines: usize,
    #[pyo3(item)]
    progress: Option<Py<PyAny>>,
}

impl Reading {
    fn options(&self) -> PyResult<Options> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Options {
            text_field: self.text_field.clone(),
            encoding: self.encoding.as_deref().map(encoding).transpose()?,
            form: self.form.parse().map_err(|()| unknown("form", &self.form))?,
            threads: if self.threads == 0 { cores() } else { self.threads },
            longest_line: self.longest_line,
            on_error: if self.quarantine { OnError::Quarantine } else { OnError::Stop },
            part_bytes: self.part_bytes,
            most_lines: self.most_lines,
        })
    }

    fn oscar(&self) -> OscarRules {
        OscarRules {
            quality_warnings: self.quality_warnings.clone(),
            categories: self.categories.clone(),
            least_harmful_pp: self.least_harmful_pp,
        }
    }

    /// Runs a stage with the options and the callback.
    fn run<T>(
        &self,
        stage: impl FnOnce(&Options, &mut dyn FnMut(&Summary) -> Result<()>) -> Result<T>,
    ) -> PyResult<T> {
        let mut raised = None;
        let done = stage(&self.options()?, &mut |summary| {
            Python::attach(|py| self.tell(py, summary)).map_err(|error| {
                raised = Some(error);
                Error::Interrupted
            })
        });
        // Ctrl-C, or the exception of the callback, goes before the error that it caused.
        raised.map_or_else(|| done.map_err(to_python), Err)
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

/// Path and name of the format of a source file.
type NamedFile = (PathBuf, String);

fn source_files(files: Vec<NamedFile>) -> PyResult<Vec<SourceFile>> {
    files.into_iter().map(source_file).collect()
}

fn source_file((path, format): NamedFile) -> PyResult<SourceFile> {
    let format: Format = format.parse().map_err(|()| unknown("format", &format))?;
    Ok(SourceFile::new(path, format))
}

fn encoding(name: &str) -> PyResult<&'static Encoding> {
    encoding_named(name).ok_or_else(|| unknown("encoding", name))
}

fn unknown(what: &str, name: &str) -> PyErr {
    PyValueError::new_err(format!("unknown {what}: {name}"))
}

/// Rules for the documents of a source, in the JSON that Python passes.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesOptions {
    cleaning: CleaningOptions,
    filters: FilterOptions,
    duplicates: Option<dedup::Options>,
}

fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn to_json(value: &impl serde::Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|_| to_python(Error::internal("a result has no JSON form")))
}

/// Splits a file into `count` ranges of lines of about `size` bytes on disk; JSON, see [`source::Split`].
#[pyfunction]
pub fn split_file(
    py: Python<'_>,
    reading: Reading,
    file: NamedFile,
    size: u64,
    count: usize,
) -> PyResult<String> {
    let file = source_file(file)?;
    let found = py.detach(|| {
        reading.run(|options, progress| {
            let mut tick = |read_bytes| progress(&Summary { read_bytes, ..Summary::default() });
            source::split(&file, options.encoding, (size, count), &mut tick)
        })
    })?;
    to_json(&found)
}

/// Cleans the files of a task into those parts of `folder` that are not finished; `finished` are the `raw` of those
/// that are. Reads `extracted`, the extractor's output for the files, if given, or `file_range` of the only file, in
/// JSON. Returns the SHA-256 of each file.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // One call from Python; PyO3 unpacks every argument.
pub fn prepare(
    py: Python<'_>,
    reading: Reading,
    number: usize,
    files: Vec<NamedFile>,
    file_range: Option<&str>,
    extracted: Option<PathBuf>,
    rules: &str,
    analyzer: Option<PyRef<'_, Analyzer>>,
    folder: PathBuf,
    finished: Vec<String>,
    keep_members: bool,
    kept_fields: Option<Vec<String>>,
) -> PyResult<Vec<Option<String>>> {
    let finished: Vec<RawHash> = finished
        .into_iter()
        .map(RawHash::try_from)
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    let mut files = source_files(files)?;
    if let (Some(range), [file]) = (file_range, files.as_mut_slice()) {
        file.range = Some(from_json(range)?);
    }
    let extracted = extracted.map(SourceFile::json_lines);
    let input = Input { files: &files, extracted: extracted.as_ref() };
    let RulesOptions { cleaning, filters, duplicates } = from_json(rules)?;
    let analyzer = analyzer.as_ref().map(|analyzer| &*analyzer.0);
    let filters = Filters::new(&filters, analyzer).map_err(to_python)?;
    let keep = match (keep_members, kept_fields) {
        (false, _) => Keep::TextAlone,
        (true, Some(names)) => Keep::Fields(names),
        (true, None) => Keep::All,
    };
    let rules = Rules { cleaning, filters, oscar: reading.oscar(), duplicates, keep };
    let task = Task { number, input, rules, finished: &finished, folder: &folder };
    py.detach(|| reading.run(|options, progress| stage::prepare(&task, options, progress)))
}

/// Prepared part to encode or write.
#[derive(FromPyObject)]
pub struct PreparedPart {
    #[pyo3(item)]
    text: PathBuf,
    #[pyo3(item)]
    cleaning: String,
    #[pyo3(item)]
    folder: PathBuf,
    #[pyo3(item)]
    name: String,
    /// File that lists all parts, the part's number in it, and the folder with the decisions on it.
    #[pyo3(item)]
    decisions: Option<(PathBuf, usize, PathBuf)>,
}

impl PreparedPart {
    fn finish(
        &self,
        reading: &Reading,
        stage: impl FnOnce(
            &stage::PreparedPart<'_>,
            &Options,
            &mut dyn FnMut(&Summary) -> Result<()>,
        ) -> Result<()>,
    ) -> PyResult<()> {
        let cleaning = from_json(&self.cleaning)?;
        let survivors = match &self.decisions {
            None => None,
            Some((origins, part, folder)) => {
                Some(Survivors::read(origins, *part, folder).map_err(to_python)?)
            }
        };
        let Self { text, folder, name, .. } = self;
        let part = stage::PreparedPart { text, survivors: survivors.as_ref(), cleaning, folder, name };
        reading.run(|options, progress| stage(&part, options, progress))
    }
}

/// Encodes a prepared part; `begin_of_text` puts that piece before each document.
#[pyfunction]
pub fn encode_part(
    py: Python<'_>,
    reading: Reading,
    part: PreparedPart,
    tokenizer: PyRef<'_, Tokenizer>,
    begin_of_text: bool,
) -> PyResult<()> {
    let tokenizer = tokenizer.inner();
    py.detach(|| {
        part.finish(&reading, |part, options, progress| {
            stage::encode(part, tokenizer, begin_of_text, options, progress)
        })
    })
}

/// Writes the text of a prepared part.
#[pyfunction]
pub fn write_part(py: Python<'_>, reading: Reading, part: PreparedPart) -> PyResult<()> {
    py.detach(|| part.finish(&reading, stage::write))
}

/// Merges the statistics of the prepared and the finished parts of a source; JSON.
#[pyfunction]
pub fn source_statistics(py: Python<'_>, prepared: Vec<PathBuf>, finished: Vec<PathBuf>) -> PyResult<String> {
    let statistics = py.detach(|| stage::source_statistics(&prepared, &finished)).map_err(to_python)?;
    to_json(&statistics)
}

/// Returns the `most` largest clusters of duplicates; JSON.
#[pyfunction]
pub fn clusters(py: Python<'_>, origins: PathBuf, decisions: Vec<PathBuf>, most: usize) -> PyResult<String> {
    let found = py.detach(|| stage::clusters(&origins, &decisions, most)).map_err(to_python)?;
    to_json(&found)
}

/// Counts morphemes and writes `path`: a line for each with a tab and its count, the most frequent first.
#[pyfunction]
pub fn count_morphemes(
    py: Python<'_>,
    reading: Reading,
    files: Vec<NamedFile>,
    dictionary: PathBuf,
    path: PathBuf,
) -> PyResult<String> {
    #[derive(serde::Serialize)]
    struct Report {
        #[serde(flatten)]
        summary: Summary,
        source_sha256: Vec<Option<String>>,
        morphemes: u64,
        distinct_morphemes: u64,
    }
    let files = source_files(files)?;
    py.detach(|| {
        let analyzer = morph::Analyzer::load(&dictionary).map_err(to_python)?;
        let (counts, summary, source_sha256) =
            reading.run(|options, progress| stage::count_morphemes(&analyzer, &files, options, progress))?;
        let (morphemes, distinct_morphemes) = (counts.values().sum(), counts.len() as u64);
        write_counts(&path, counts).map_err(Error::io(&path, "cannot write")).map_err(to_python)?;
        to_json(&Report { summary, source_sha256, morphemes, distinct_morphemes })
    })
}

fn write_counts(path: &Path, counts: MorphemeCounts) -> std::io::Result<()> {
    let mut rows: Vec<(Box<str>, u64)> = counts.into_iter().collect();
    rows.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut out = BufWriter::new(File::create(path)?);
    for (morpheme, count) in rows {
        writeln!(out, "{morpheme}\t{count}")?;
    }
    out.flush()
}

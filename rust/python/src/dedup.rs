//! Deduplication of all parts of a corpus.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use ncvc_core::dedup as core;
use ncvc_core::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::{NcvcError, to_python};

/// Parses options from JSON.
fn options(json: &str) -> PyResult<core::Options> {
    serde_json::from_str(json).map_err(|error| NcvcError::new_err(format!("duplicates: {error}")))
}

/// Splits a text into sentences, which together are the text.
#[pyfunction]
pub fn sentences(text: &str) -> Vec<&str> {
    core::sentences(text).collect()
}

/// Returns the version of deduplication.
#[pyfunction]
pub fn deduplication_version() -> u32 {
    core::VERSION
}

/// Writes the fingerprints of a part's clean text into a new folder; shorter rests of documents are too short.
#[pyfunction]
#[pyo3(signature = (text, text_field, options_json, folder, least_characters=0))]
pub fn fingerprint_part(
    py: Python<'_>,
    text: PathBuf,
    text_field: String,
    options_json: &str,
    folder: PathBuf,
    least_characters: usize,
) -> PyResult<()> {
    let options = options(options_json)?;
    py.detach(|| core::fingerprint_part(&text, &text_field, &options, least_characters, &folder))
        .map_err(to_python)
}

/// Deduplication of parts.
#[pyclass(frozen)]
pub struct Deduplication(core::Plan);

#[pymethods]
impl Deduplication {
    /// Plans for parts: the fingerprints, the clean text and the member that holds it of each.
    #[new]
    fn new(
        py: Python<'_>,
        parts: Vec<(PathBuf, PathBuf, String)>,
        options_json: &str,
        folder: PathBuf,
    ) -> PyResult<Self> {
        let options = options(options_json)?;
        let part = |(fingerprints, text, text_field)| core::Part { fingerprints, text, text_field };
        let parts = parts.into_iter().map(part).collect();
        py.detach(|| core::Plan::new(parts, options, &folder)).map(Self).map_err(to_python)
    }

    /// Lists the steps in order, each with its number of tasks.
    fn steps(&self) -> Vec<(&'static str, u32)> {
        core::Step::ALL.iter().map(|&step| (step.name(), self.0.tasks(step))).collect()
    }

    /// Runs one task of a step, unless its folder exists; `tell` is called every 100 ms, and may raise.
    #[pyo3(signature = (step, task, tell=None))]
    fn run_task(&self, py: Python<'_>, step: &str, task: u32, tell: Option<Py<PyAny>>) -> PyResult<()> {
        let found = core::Step::ALL.into_iter().find(|known| known.name() == step);
        match found.filter(|&found| task < self.0.tasks(found)) {
            Some(found) => interruptible(py, tell, |check| self.0.run(found, task, check)),
            None => {
                Err(NcvcError::new_err(format!("there is no task {task} of a step {step:?}; see steps()")))
            }
        }
    }

    /// Runs all steps on threads of this process.
    fn run(&self, py: Python<'_>, threads: usize) -> PyResult<()> {
        interruptible(py, None, |check| self.0.run_all(threads, check))
    }

    /// Returns the folder with the decisions on a part.
    fn decisions(&self, part: u32) -> PathBuf {
        self.0.task_folder(core::Step::Decide, part)
    }
}

/// Runs work that asks Python every 100 ms for Ctrl-C and for what `tell` raises, which is returned.
fn interruptible<T>(
    py: Python<'_>,
    tell: Option<Py<PyAny>>,
    work: impl FnOnce(core::Check<'_>) -> Result<T> + Send,
) -> PyResult<T>
where
    T: Send,
{
    const INTERVAL: Duration = Duration::from_millis(100);
    let asked = Mutex::new(Instant::now());
    let raised = Mutex::new(None);
    let ask = || {
        let mut asked = match asked.try_lock() {
            Ok(asked) => asked,
            Err(TryLockError::Poisoned(asked)) => asked.into_inner(),
            // Another thread is asking.
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        if asked.elapsed() < INTERVAL {
            return Ok(());
        }
        *asked = Instant::now();
        let answer = Python::attach(|py| {
            py.check_signals()?;
            tell.as_ref().map_or(Ok(()), |tell| tell.call1(py, (PyDict::new(py),)).map(|_| ()))
        });
        answer.map_err(|error| {
            raised.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            Error::Interrupted
        })
    };
    let done = py.detach(|| work(&ask));
    let raised = raised.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (raised, done) {
        (Some(error), Err(Error::Interrupted)) => Err(error),
        (_, done) => done.map_err(to_python),
    }
}

/// Dropped document: its number, the reason, part and number of the earlier document, their similarity.
type DropRow = (u32, &'static str, Option<(u32, u32)>, f64);

/// Decisions on a part.
#[pyclass(frozen)]
pub struct Decisions(core::Decisions);

#[pymethods]
impl Decisions {
    /// Reads the folder with the decisions.
    #[staticmethod]
    fn read(py: Python<'_>, folder: PathBuf) -> PyResult<Self> {
        py.detach(|| core::Decisions::read(&folder)).map(Self).map_err(to_python)
    }

    /// Lists the dropped documents in order.
    fn dropped(&self) -> Vec<DropRow> {
        let row = |drop: &core::Drop| {
            let earlier = drop.earlier.map(|place| (place.part, place.document));
            (drop.document, drop.reason.name(), earlier, drop.similarity)
        };
        self.0.dropped().iter().map(row).collect()
    }

    /// Number of sentences removed from documents that stay.
    #[getter]
    fn removed_sentences(&self) -> usize {
        self.0.removed_sentences()
    }

    /// Lists the numbers of the sentences that a document loses.
    fn sentences_of(&self, document: u32) -> Vec<u32> {
        self.0.sentences_of(document).to_vec()
    }

    /// Returns what stays of a document's clean text; None if it is dropped.
    fn apply(&self, document: u32, text: &str) -> Option<String> {
        self.0.apply(document, text).map(Into::into)
    }
}

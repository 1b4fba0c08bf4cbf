//! The analyser as a Python class.

use std::path::PathBuf;
use std::sync::Arc;

use ncvc_core::morph::{self, Engine};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::dictionary::header_dict;
use crate::errors::to_python;
use crate::idle::{AnalyzerWorker, Idle};
use crate::parallel;

/// Returns the engine of this name.
pub fn engine_named(name: &str) -> PyResult<Engine> {
    let found = Engine::NAMES.into_iter().find(|(known, _)| *known == name);
    found
        .map(|(_, engine)| engine)
        .ok_or_else(|| PyValueError::new_err(format!("engine {name:?}: write \"lattice\" or \"vibrato\"")))
}

/// A morphological analyser: the morphemes that MeCab finds.
#[pyclass(frozen, module = "ncvc")]
pub struct Analyzer(pub(crate) Arc<morph::Analyzer>, Idle<AnalyzerWorker>);

#[pymethods]
impl Analyzer {
    /// Loads a dictionary file.
    #[staticmethod]
    #[pyo3(signature = (path, engine = "lattice"))]
    fn load(py: Python<'_>, path: PathBuf, engine: &str) -> PyResult<Self> {
        let engine = engine_named(engine)?;
        py.detach(|| morph::Analyzer::load_for(engine, path))
            .map(|analyzer| Self::new(Arc::new(analyzer)))
            .map_err(to_python)
    }

    /// Returns the contents of the dictionary.
    #[getter]
    fn info(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        header_dict(py, self.0.header())
    }

    /// Returns the terms that were added, as a MeCab user dictionary in CSV.
    #[getter]
    fn terms(&self) -> &str {
        self.0.terms()
    }

    /// Splits `text` into morphemes, line by line.
    fn split(&self, py: Python<'_>, text: &str) -> Vec<String> {
        py.detach(|| self.1.call(&self.0, text, split))
    }

    /// Splits every text, on all cores.
    fn split_batch(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<Vec<Vec<String>>> {
        parallel::map(py, &texts, || self.0.worker(), split)
    }

    /// Pickles the path: whoever unpickles opens the file again.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let reopen = py.import("ncvc._native")?.getattr("reopen_analyzer")?;
        Ok((reopen, (self.0.path().to_owned(), self.0.engine().name(), self.0.checksum())))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: Bound<'_, PyAny>) -> Py<Self> {
        slf
    }
}

impl Analyzer {
    /// Wraps the engine's analyser.
    pub fn new(analyzer: Arc<morph::Analyzer>) -> Self {
        Self(analyzer, Idle::default())
    }
}

/// A function that opens an object again, and its arguments: path, engine, checksum.
pub type Reduced<'py> = (Bound<'py, PyAny>, (PathBuf, &'static str, u64));

/// Opens the dictionary file of a pickled analyser; raises `DictionaryError` if it changed since.
#[pyfunction]
pub fn reopen_analyzer(py: Python<'_>, path: PathBuf, engine: &str, checksum: u64) -> PyResult<Analyzer> {
    let engine = engine_named(engine)?;
    let analyzer = py.detach(|| morph::Analyzer::reopen(engine, &path, checksum)).map_err(to_python)?;
    Ok(Analyzer::new(Arc::new(analyzer)))
}

fn split(worker: &mut morph::Worker<'_>, text: &str) -> Vec<String> {
    let mut morphemes = Vec::new();
    for line in text.split('\n') {
        worker.split(line, |range| morphemes.push(line[range].to_owned()));
    }
    morphemes
}

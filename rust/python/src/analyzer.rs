//! The analyser as a Python class.

use std::path::PathBuf;
use std::sync::Arc;

use ncvc_core::morph::{self, Engine};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::dictionary::header_dict;
use crate::errors::to_python;
use crate::parallel;

/// Number of texts between checks for Ctrl-C.
const BLOCK: usize = 8192;

/// Returns the engine of this name.
pub fn engine_named(name: &str) -> PyResult<Engine> {
    let found = Engine::NAMES.into_iter().find(|(known, _)| *known == name);
    found
        .map(|(_, engine)| engine)
        .ok_or_else(|| PyValueError::new_err(format!("engine {name:?}: write \"lattice\" or \"vibrato\"")))
}

/// A morphological analyser: the morphemes that MeCab finds.
#[pyclass(frozen, module = "ncvc")]
pub struct Analyzer(pub(crate) Arc<morph::Analyzer>);

#[pymethods]
impl Analyzer {
    /// Loads a dictionary file.
    #[staticmethod]
    #[pyo3(signature = (path, engine = "lattice"))]
    fn load(py: Python<'_>, path: PathBuf, engine: &str) -> PyResult<Self> {
        let engine = engine_named(engine)?;
        py.detach(|| morph::Analyzer::load_for(engine, path))
            .map(|analyzer| Self(Arc::new(analyzer)))
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
        py.detach(|| split(&mut self.0.worker(), text))
    }

    /// Splits every text, on all cores.
    fn split_batch(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<Vec<Vec<String>>> {
        let mut morphemes = Vec::with_capacity(texts.len());
        for block in texts.chunks(BLOCK) {
            py.check_signals()?;
            morphemes.extend(py.detach(|| parallel::map(block, || self.0.worker(), split)));
        }
        Ok(morphemes)
    }
}

fn split(worker: &mut morph::Worker<'_>, text: &str) -> Vec<String> {
    let mut morphemes = Vec::new();
    for line in text.split('\n') {
        worker.split(line, |range| morphemes.push(line[range].to_owned()));
    }
    morphemes
}

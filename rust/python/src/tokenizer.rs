//! The tokenizer as a Python class.

use std::path::PathBuf;
use std::sync::Arc;

use ncvc_core::{Error, tokenizer};
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;

use crate::analyzer::{Analyzer, Reduced, engine_named};
use crate::errors::to_python;
use crate::idle::{Idle, TokenizerWorker};
use crate::parallel;

/// Encodes raw text as ids: cleaning, morphological analysis, pieces.
#[pyclass(frozen, module = "ncvc")]
pub struct Tokenizer(Arc<tokenizer::Tokenizer>, Idle<TokenizerWorker>);

#[pymethods]
impl Tokenizer {
    /// Loads a folder that `ncvc tokenizer train` wrote.
    #[staticmethod]
    #[pyo3(signature = (folder, engine = "lattice"))]
    fn load(py: Python<'_>, folder: PathBuf, engine: &str) -> PyResult<Self> {
        let engine = engine_named(engine)?;
        py.detach(|| tokenizer::Tokenizer::load(&folder, engine)).map(Self::new).map_err(to_python)
    }

    /// Returns the morphological analyser.
    #[getter]
    fn analyzer(&self) -> Analyzer {
        Analyzer::new(Arc::clone(self.0.analyzer()))
    }

    /// Returns the number of pieces.
    #[getter]
    fn vocab_size(&self) -> usize {
        self.0.model().len()
    }

    /// Returns the id of `<|begin_of_text|>`.
    #[getter]
    fn bos_id(&self) -> u32 {
        self.0.begin_of_text()
    }

    /// Returns the id of `<|end_of_text|>`.
    #[getter]
    fn eos_id(&self) -> u32 {
        self.0.end_of_text()
    }

    /// Returns the id of `<unk>`.
    #[getter]
    fn unk_id(&self) -> u32 {
        self.0.model().unknown()
    }

    /// Splits the cleaned text into morphemes; joined they are the cleaned text.
    fn split(&self, py: Python<'_>, text: &str) -> Vec<String> {
        py.detach(|| self.1.call(&self.0, text, split))
    }

    /// Splits every text, on all cores.
    fn split_batch(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<Vec<Vec<String>>> {
        parallel::map(py, &texts, || self.0.worker(), split)
    }

    /// Encodes a text.
    fn encode(&self, py: Python<'_>, text: &str) -> Vec<u32> {
        py.detach(|| self.1.call(&self.0, text, encode))
    }

    /// Encodes every text, on all cores.
    fn encode_batch(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<Vec<Vec<u32>>> {
        parallel::map(py, &texts, || self.0.worker(), encode)
    }

    /// Encodes texts that are analysed already (morphemes separated by U+001F), on all cores.
    fn encode_morphemes_batch(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<Vec<Vec<u32>>> {
        let encode = |worker: &mut tokenizer::Worker<'_>, text: &str| {
            let mut ids = Vec::new();
            worker.encode_morphemes(text, &mut ids);
            ids
        };
        parallel::map(py, &texts, || self.0.worker(), encode)
    }

    /// Splits a text into pieces.
    fn pieces(&self, py: Python<'_>, text: &str) -> PyResult<Vec<String>> {
        py.detach(|| self.names(&self.1.call(&self.0, text, encode))).map_err(to_python)
    }

    /// Splits every text into pieces, on all cores.
    fn pieces_batch(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<Vec<Vec<String>>> {
        let names = |worker: &mut tokenizer::Worker<'_>, text: &str| self.names(&encode(worker, text));
        let pieces = parallel::map(py, &texts, || self.0.worker(), names)?;
        pieces.into_iter().collect::<ncvc_core::Result<_>>().map_err(to_python)
    }

    /// Decodes ids to cleaned text, without begin and end of text.
    fn decode(&self, py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<String> {
        let ids = self.ids(ids)?;
        let text = py.detach(|| self.0.decode(&ids));
        text.ok_or_else(|| to_python(Error::internal("an id below the vocabulary's size has no piece")))
    }

    /// Decodes every list of ids.
    fn decode_batch(&self, py: Python<'_>, ids: Vec<Bound<'_, PyAny>>) -> PyResult<Vec<String>> {
        let decode = |ids: &Bound<'_, PyAny>| {
            py.check_signals()?;
            self.decode(py, ids)
        };
        ids.iter().map(decode).collect()
    }

    /// Pickles the path: whoever unpickles opens the folder again.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let reopen = py.import("ncvc._native")?.getattr("reopen_tokenizer")?;
        let engine = self.0.analyzer().engine().name();
        Ok((reopen, (self.0.folder().to_owned(), engine, self.0.checksum())))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    /// Returns the piece with this id, or `None`.
    fn id_to_piece(&self, piece_id: &Bound<'_, PyAny>) -> PyResult<Option<&str>> {
        match piece_id.extract() {
            Ok(id) => Ok(self.0.model().piece(id).map(|(piece, _)| piece)),
            Err(error) if error.is_instance_of::<PyOverflowError>(piece_id.py()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the id of this piece, or `None`.
    fn piece_to_id(&self, piece: &str) -> Option<u32> {
        self.0.model().id(piece)
    }
}

impl Tokenizer {
    fn new(tokenizer: tokenizer::Tokenizer) -> Self {
        Self(Arc::new(tokenizer), Idle::default())
    }

    /// Returns the engine's tokenizer.
    pub fn inner(&self) -> &tokenizer::Tokenizer {
        &self.0
    }

    /// Converts a sequence of ids; raises `ValueError` for anything in it that is no id.
    fn ids(&self, ids: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
        let size = self.vocab_size();
        let id = |item: PyResult<Bound<'_, PyAny>>| {
            let item = item?;
            let id = item.extract::<u32>().ok().filter(|&id| (id as usize) < size);
            id.ok_or_else(|| {
                let shown = item.repr().map_or_else(|_| "an object".to_owned(), |repr| repr.to_string());
                let shown: String = shown.chars().take(40).collect();
                PyValueError::new_err(format!(
                    "{shown} is no token id: ids are integers from 0 to {}",
                    size - 1
                ))
            })
        };
        ids.try_iter()?.map(id).collect()
    }

    fn names(&self, ids: &[u32]) -> ncvc_core::Result<Vec<String>> {
        let name = |&id: &u32| self.0.model().piece(id).map(|(piece, _)| piece.to_owned());
        let names = ids.iter().map(name).collect::<Option<_>>();
        names.ok_or_else(|| Error::internal("an id of the encoder has no piece"))
    }
}

/// Opens the folder of a pickled tokenizer; raises `TokenizerError` if it changed since.
#[pyfunction]
pub fn reopen_tokenizer(py: Python<'_>, folder: PathBuf, engine: &str, checksum: u64) -> PyResult<Tokenizer> {
    let engine = engine_named(engine)?;
    py.detach(|| tokenizer::Tokenizer::reopen(&folder, engine, checksum))
        .map(Tokenizer::new)
        .map_err(to_python)
}

fn split(worker: &mut tokenizer::Worker<'_>, text: &str) -> Vec<String> {
    let mut morphemes = Vec::new();
    worker.split(text, |morpheme| morphemes.push(morpheme.to_owned()));
    morphemes
}

fn encode(worker: &mut tokenizer::Worker<'_>, text: &str) -> Vec<u32> {
    let mut ids = Vec::new();
    worker.encode(text, &mut ids);
    ids
}

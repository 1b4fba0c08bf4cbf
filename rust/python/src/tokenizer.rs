//! The tokenizer as a Python class.

use std::path::PathBuf;
use std::sync::Arc;

use ncvc_core::{Error, tokenizer};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::analyzer::{Analyzer, engine_named};
use crate::errors::to_python;
use crate::parallel;

/// Encodes raw text as ids: cleaning, morphological analysis, pieces.
#[pyclass(frozen, module = "ncvc")]
pub struct Tokenizer(tokenizer::Tokenizer);

#[pymethods]
impl Tokenizer {
    /// Loads a folder that `ncvc tokenizer train` wrote.
    #[staticmethod]
    #[pyo3(signature = (folder, engine = "lattice"))]
    fn load(py: Python<'_>, folder: PathBuf, engine: &str) -> PyResult<Self> {
        let engine = engine_named(engine)?;
        py.detach(|| tokenizer::Tokenizer::load(&folder, engine)).map(Self).map_err(to_python)
    }

    /// Returns the morphological analyser.
    #[getter]
    fn analyzer(&self) -> Analyzer {
        Analyzer(Arc::clone(self.0.analyzer()))
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
        py.detach(|| split(&mut self.0.worker(), text))
    }

    /// Splits every text, on all cores.
    fn split_batch(&self, py: Python<'_>, texts: Vec<String>) -> Vec<Vec<String>> {
        py.detach(|| parallel::map(&texts, || self.0.worker(), split))
    }

    /// Encodes a text.
    fn encode(&self, py: Python<'_>, text: &str) -> Vec<u32> {
        py.detach(|| encode(&mut self.0.worker(), text))
    }

    /// Encodes every text, on all cores.
    fn encode_batch(&self, py: Python<'_>, texts: Vec<String>) -> Vec<Vec<u32>> {
        py.detach(|| parallel::map(&texts, || self.0.worker(), encode))
    }

    /// Encodes texts that are analysed already (morphemes separated by U+001F), on all cores.
    fn encode_morphemes_batch(&self, py: Python<'_>, texts: Vec<String>) -> Vec<Vec<u32>> {
        let encode = |worker: &mut tokenizer::Worker<'_>, text: &str| {
            let mut ids = Vec::new();
            worker.encode_morphemes(text, &mut ids);
            ids
        };
        py.detach(|| parallel::map(&texts, || self.0.worker(), encode))
    }

    /// Splits a text into pieces.
    fn pieces(&self, py: Python<'_>, text: &str) -> PyResult<Vec<String>> {
        py.detach(|| self.names(&encode(&mut self.0.worker(), text))).map_err(to_python)
    }

    /// Splits every text into pieces, on all cores.
    fn pieces_batch(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<Vec<Vec<String>>> {
        let names = |worker: &mut tokenizer::Worker<'_>, text: &str| self.names(&encode(worker, text));
        let pieces = py.detach(|| parallel::map(&texts, || self.0.worker(), names));
        pieces.into_iter().collect::<ncvc_core::Result<_>>().map_err(to_python)
    }

    /// Decodes ids to cleaned text, without begin and end of text.
    fn decode(&self, py: Python<'_>, ids: Vec<u32>) -> PyResult<String> {
        let size = self.vocab_size();
        let text = py.detach(|| self.0.decode(&ids));
        text.ok_or_else(|| PyValueError::new_err(format!("an id is not below the vocabulary's size, {size}")))
    }

    /// Decodes every list of ids.
    fn decode_batch(&self, py: Python<'_>, ids: Vec<Vec<u32>>) -> PyResult<Vec<String>> {
        ids.into_iter().map(|ids| self.decode(py, ids)).collect()
    }

    /// Returns the piece with this id, or `None`.
    fn id_to_piece(&self, piece_id: u32) -> Option<&str> {
        self.0.model().piece(piece_id).map(|(piece, _)| piece)
    }

    /// Returns the id of this piece, or `None`.
    fn piece_to_id(&self, piece: &str) -> Option<u32> {
        self.0.model().id(piece)
    }
}

impl Tokenizer {
    /// Returns the engine's tokenizer.
    pub fn inner(&self) -> &tokenizer::Tokenizer {
        &self.0
    }

    fn names(&self, ids: &[u32]) -> ncvc_core::Result<Vec<String>> {
        let name = |&id| self.id_to_piece(id).map(str::to_owned);
        let names = ids.iter().map(name).collect::<Option<_>>();
        names.ok_or_else(|| Error::internal("an id of the encoder has no piece"))
    }
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

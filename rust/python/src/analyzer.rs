//! `ncvc.Analyzer`.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ncvc_core::morph;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyList, PyString};

use crate::dictionary::header_dict;
use crate::errors::to_python;

/// Between blocks of this many texts Ctrl-C is looked for.
const BLOCK: usize = 8192;
/// A thread takes this many texts at a time.
const SHARE: usize = 32;

/// A morphological analyser: the morphemes that MeCab finds.
#[pyclass(frozen, module = "ncvc")]
pub struct Analyzer(Arc<morph::Analyzer>);

#[pymethods]
impl Analyzer {
    /// Loads a dictionary file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let analyzer = py.detach(|| morph::Analyzer::load(path)).map_err(to_python)?;
        Ok(Self(Arc::new(analyzer)))
    }

    /// What the dictionary was made of.
    #[getter]
    fn info(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        header_dict(py, self.0.header())
    }

    /// The terms that were added, as a MeCab user dictionary in CSV.
    #[getter]
    fn terms(&self) -> &str {
        self.0.terms()
    }

    /// The morphemes of `text`, line by line.
    fn split<'py>(&self, py: Python<'py>, text: PyBackedStr) -> PyResult<Bound<'py, PyList>> {
        let ranges = py.detach(|| split(&mut self.0.worker(), &text));
        surfaces(py, &text, &ranges)
    }

    /// The morphemes of each text, on all cores.
    fn split_batch<'py>(&self, py: Python<'py>, texts: Vec<PyBackedStr>) -> PyResult<Bound<'py, PyList>> {
        let lists = PyList::empty(py);
        for block in texts.chunks(BLOCK) {
            py.check_signals()?;
            let split = py.detach(|| split_all(&self.0, block));
            for (text, ranges) in block.iter().zip(&split) {
                lists.append(surfaces(py, text, ranges)?)?;
            }
        }
        Ok(lists)
    }
}

fn split(worker: &mut morph::Worker<'_>, text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        worker.split(line, |range| ranges.push(start + range.start..start + range.end));
        start += line.len() + 1;
    }
    ranges
}

/// Splits the texts on all cores; the answers are in the order of the texts.
fn split_all(analyzer: &morph::Analyzer, texts: &[PyBackedStr]) -> Vec<Vec<Range<usize>>> {
    let shares: Vec<_> = texts.chunks(SHARE).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut worker = analyzer.worker();
        let mut done = Vec::new();
        while let Some((i, share)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, shares.get(i)?)))
        {
            done.push((i, share.iter().map(|text| split(&mut worker, text)).collect::<Vec<_>>()));
        }
        done
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(shares.len());
    let mut done: Vec<(usize, Vec<_>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.sort_unstable_by_key(|&(i, _)| i);
    done.into_iter().flat_map(|(_, share)| share).collect()
}

fn surfaces<'py>(py: Python<'py>, text: &str, ranges: &[Range<usize>]) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, ranges.iter().map(|range| PyString::new(py, &text[range.clone()])))
}

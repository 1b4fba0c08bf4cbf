//! The filters as a Python class.

use ncvc_core::Error;
use ncvc_core::filter::{self, FilterOptions, Verdict, Worker};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::analyzer::Analyzer;
use crate::errors::to_python;
use crate::parallel;

/// The filters and the analyser that they use.
#[pyclass(frozen, module = "ncvc")]
pub struct Filters {
    options: FilterOptions,
    analyzer: Option<Py<Analyzer>>,
}

/// Text that stays, or reason why it goes.
type Outcome = (Option<String>, Option<String>);

#[pymethods]
impl Filters {
    /// Creates filters for these options in JSON.
    #[new]
    #[pyo3(signature = (options, analyzer = None))]
    fn new(options: &str, analyzer: Option<Py<Analyzer>>) -> PyResult<Self> {
        let options = serde_json::from_str(options).map_err(|e| PyValueError::new_err(e.to_string()))?;
        let filters = Self { options, analyzer };
        filters.engine().map_err(to_python)?;
        Ok(filters)
    }

    /// Judges one text.
    fn apply(&self, py: Python<'_>, text: &str) -> PyResult<Outcome> {
        py.detach(|| self.engine().map(|filters| apply(&mut filters.worker(), text))).map_err(to_python)
    }

    /// Judges all texts, on all cores.
    fn apply_batch(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<Vec<Outcome>> {
        let filters = py.detach(|| self.engine()).map_err(to_python)?;
        parallel::map(py, &texts, || filters.worker(), apply)
    }

    /// Returns the probability of high quality of each text, on all cores; None where the model gives none.
    fn quality(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<Vec<Option<f64>>> {
        let filters = py.detach(|| self.engine()).map_err(to_python)?;
        parallel::map(py, &texts, || filters.worker(), |worker, text| worker.quality(text))
    }

    /// Returns the counts of each filter on these texts, in JSON.
    fn count(&self, py: Python<'_>, texts: Vec<String>) -> PyResult<String> {
        let counts = py.detach(|| {
            self.engine().map(|filters| {
                let mut worker = filters.worker();
                for text in &texts {
                    worker.apply(text);
                }
                worker.take_counts()
            })
        });
        serde_json::to_string(&counts.map_err(to_python)?)
            .map_err(|_| to_python(Error::internal("counts have no JSON form")))
    }
}

impl Filters {
    /// Builds the engine's filters for each call, as they borrow the analyser; batches make up for it.
    fn engine(&self) -> ncvc_core::Result<filter::Filters<'_>> {
        filter::Filters::new(&self.options, self.analyzer.as_ref().map(|analyzer| &*analyzer.get().0))
    }
}

fn apply(worker: &mut Worker<'_>, text: &str) -> Outcome {
    match worker.apply(text) {
        Verdict::Keep(text) => (Some(text.to_owned()), None),
        Verdict::Drop(reason) => (None, Some(reason.name().to_owned())),
    }
}

/// Returns the version of the filters.
#[pyfunction]
pub fn filters_version() -> u32 {
    filter::VERSION
}

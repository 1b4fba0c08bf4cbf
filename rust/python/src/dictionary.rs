//! `ncvc.build_dictionary`.

use std::cell::RefCell;
use std::path::PathBuf;

use ncvc_core::Error;
use ncvc_core::clean::Cleaner;
use ncvc_core::dictionary::{Header, Plan, Step, build};
use pyo3::prelude::*;

use crate::errors::to_python;

/// Builds a dictionary file from a MeCab dictionary and the terms that were read from files.
#[pyfunction]
#[pyo3(signature = (output, *, base, base_name, terms = Vec::new(), licences = Vec::new(), progress = None))]
pub fn build_dictionary(
    py: Python<'_>,
    output: PathBuf,
    base: PathBuf,
    base_name: &str,
    terms: Vec<(PathBuf, Vec<String>)>,
    licences: Vec<PathBuf>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Py<PyAny>> {
    let mut raised = None;
    let mut report = |step: Step| {
        Python::attach(|py| {
            py.check_signals()?;
            progress.as_ref().map_or(Ok(()), |progress| progress.call1(py, in_words(step)).map(drop))
        })
        .map_err(|error| {
            raised = Some(error);
            Error::Interrupted
        })
    };
    let built = py.detach(|| {
        let cleaner = RefCell::new(Cleaner::default());
        let clean = |term: &str| cleaner.borrow_mut().clean(term).to_owned();
        let plan = Plan { base_name, base: &base, terms: &terms, licences: &licences, clean: &clean };
        build(&output, &plan, &mut report)
    });
    match raised {
        Some(error) => Err(error),
        None => header_dict(py, &built.map_err(to_python)?),
    }
}

/// Returns a step's name, the number done and the total (0 where nothing is counted).
fn in_words(step: Step) -> (&'static str, usize, usize) {
    match step {
        Step::ReadBase => ("reading the base", 0, 0),
        Step::CompileBase => ("compiling the base", 0, 0),
        Step::Price(done, total) => ("pricing the terms", done, total),
        Step::Compile => ("compiling", 0, 0),
        Step::Write => ("writing", 0, 0),
    }
}

/// Converts a header to a Python dict.
pub fn header_dict(py: Python<'_>, header: &Header) -> PyResult<Py<PyAny>> {
    Ok(py.import("json")?.call_method1("loads", (header.to_json(),))?.unbind())
}

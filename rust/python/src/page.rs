//! Main text of web pages, and what HTTP wraps them in.

use ncvc_core::page::{Coding, decompress, extract};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Extracts the main text and the title of a page; `None` if it is nested too deeply or has too many elements.
#[pyfunction]
pub fn extract_page(py: Python<'_>, html: &str) -> Option<(String, Option<String>)> {
    py.detach(|| extract(html)).ok().map(|page| (page.text, page.title))
}

/// Decompresses at most `most` bytes of a body in the coding `br` or `zstd`; raises `ValueError` if it is damaged.
#[pyfunction]
pub fn decompress_body<'py>(
    py: Python<'py>,
    body: &[u8],
    coding: &str,
    most: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let coding = match coding {
        "br" => Coding::Brotli,
        "zstd" => Coding::Zstd,
        _ => return Err(PyValueError::new_err("the coding is `br` or `zstd`")),
    };
    let data = py.detach(|| decompress(body, coding, most));
    data.map(|data| PyBytes::new(py, &data)).ok_or_else(|| PyValueError::new_err("damaged"))
}

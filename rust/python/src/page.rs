//! Main text of web pages.

use ncvc_core::page::extract;
use pyo3::prelude::*;

/// Extracts the main text and the title of a page; `None` if it is nested too deeply or has too many elements.
#[pyfunction]
pub fn extract_page(py: Python<'_>, html: &str) -> Option<(String, Option<String>)> {
    py.detach(|| extract(html)).ok().map(|page| (page.text, page.title))
}

//! Decoding of Japanese encodings, for extractors written in Python.

use ncvc_core::source::{Decoder, encoding_named};
use pyo3::prelude::*;

/// Decodes `data` in the encoding of this name, or in a detected one; `None` if it is not valid in that, or if there
/// is no encoding of this name: pages name all kinds of things.
#[pyfunction]
#[pyo3(signature = (data, encoding=None))]
pub fn decode_text(data: &[u8], encoding: Option<&str>) -> Option<String> {
    let encoding = match encoding {
        Some(name) => Some(encoding_named(name)?),
        None => None,
    };
    Decoder::new(encoding).decode(data).map(|text| text.into_owned())
}

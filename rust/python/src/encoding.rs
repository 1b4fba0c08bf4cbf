//! Text in the encodings of Japanese files, for extractors written in Python.

use ncvc_core::source::{Decoder, encoding_named};
use pyo3::prelude::*;

/// The text of `data` in the encoding of this name, or in one that is recognised; None if it is not text in that.
#[pyfunction]
#[pyo3(signature = (data, encoding=None))]
pub fn decode_text(data: &[u8], encoding: Option<&str>) -> Option<String> {
    let encoding = match encoding {
        Some(name) => Some(encoding_named(name)?),
        None => None,
    };
    Decoder::new(encoding).decode(data).map(|text| text.into_owned())
}

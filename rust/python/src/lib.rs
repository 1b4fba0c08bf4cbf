//! `ncvc._native`: the whole exported surface of the engine on one screen.

mod errors;

use pyo3::prelude::*;

/// The Rust engine behind `ncvc`.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::errors::{DatasetError, DictionaryError, InputError, NcvcError, TokenizerError};
}

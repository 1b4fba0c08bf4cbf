//! `ncvc._native`: the whole exported surface of the engine on one screen.

mod analyzer;
mod dictionary;
mod errors;

use pyo3::prelude::*;

/// The Rust engine behind `ncvc`.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::analyzer::Analyzer;
    #[pymodule_export]
    use super::dictionary::build_dictionary;
    #[pymodule_export]
    use super::errors::{DatasetError, DictionaryError, InputError, NcvcError, TokenizerError};
}

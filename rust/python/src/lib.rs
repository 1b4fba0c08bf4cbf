//! `ncvc._native`: the whole exported surface of the engine on one screen.

mod analyzer;
mod cleaning;
mod corpus;
mod dictionary;
mod errors;
mod filters;
mod parallel;
mod tokenizer;

use pyo3::prelude::*;

/// The Rust engine behind `ncvc`.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::analyzer::Analyzer;
    #[pymodule_export]
    use super::cleaning::{allowed_characters, clean, clean_batch, cleaning_rules, cleaning_version};
    #[pymodule_export]
    use super::corpus::{clean_corpus, count_morphemes, encode_corpus};
    #[pymodule_export]
    use super::dictionary::build_dictionary;
    #[pymodule_export]
    use super::errors::{DatasetError, DictionaryError, InputError, NcvcError, TokenizerError};
    #[pymodule_export]
    use super::filters::{Filters, filters_version};
    #[pymodule_export]
    use super::tokenizer::Tokenizer;
}

//! `ncvc._native`: all exports of the engine.

mod analyzer;
mod cleaning;
mod corpus;
mod dedup;
mod dictionary;
mod errors;
mod filters;
mod idle;
mod page;
mod parallel;
mod source;
mod tokenizer;

use pyo3::prelude::*;

/// The Rust engine behind `ncvc`.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::analyzer::{Analyzer, reopen_analyzer};
    #[pymodule_export]
    use super::cleaning::{
        allowed_characters, clean, clean_batch, clean_json_lines, clean_traced, cleaning_rules,
        cleaning_steps, cleaning_version, clinical_categories,
    };
    #[pymodule_export]
    use super::corpus::{
        clusters, count_morphemes, encode_part, prepare, source_statistics, split_file, write_part,
    };
    #[pymodule_export]
    use super::dedup::{Decisions, Deduplication, deduplication_version, fingerprint_part, sentences};
    #[pymodule_export]
    use super::dictionary::build_dictionary;
    #[pymodule_export]
    use super::errors::{DatasetError, DictionaryError, InputError, NcvcError, TokenizerError};
    #[pymodule_export]
    use super::filters::{Filters, filters_version};
    #[pymodule_export]
    use super::page::{decompress_body, extract_page};
    #[pymodule_export]
    use super::source::{SourceStream, compress, decode_text, first_rows};
    #[pymodule_export]
    use super::tokenizer::{Tokenizer, reopen_tokenizer};
}

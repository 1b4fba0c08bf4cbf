//! The text engine of ncvc: cleaning, morphological analysis, encoding and Megatron datasets.
//!
//! Everything done per byte, per sentence or per document is here, and nothing here knows Python.

mod atomic_folder;
pub mod clean;
mod code_points;
pub mod dedup;
pub mod dictionary;
pub mod error;
pub mod filter;
mod huge_array;
pub mod morph;
pub mod page;
pub mod pipeline;
pub mod source;
pub mod stage;
pub mod statistics;
mod token_type;
pub mod tokenizer;
pub mod unigram;

pub use error::{Error, Result};

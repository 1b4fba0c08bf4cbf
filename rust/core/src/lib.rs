//! The text engine of ncvc: cleaning, morphological analysis, encoding and Megatron datasets.
//!
//! Everything done per byte, per sentence or per document is here, and nothing here knows Python.

pub mod clean;
pub mod dictionary;
pub mod error;
pub mod morph;

pub use error::{Error, Result};

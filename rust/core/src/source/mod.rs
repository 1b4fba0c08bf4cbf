//! Where documents come from: files of JSON lines, plain or compressed.

mod json;
mod lines;
mod open;

pub use json::{Fields, Malformed};
pub use lines::{Line, LineReader};
pub use open::{FileHash, open};

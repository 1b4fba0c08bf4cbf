//! Input files: documents of every format become lines of JSON.

mod documents;
mod encoding;
mod extracted;
mod format;
mod json;
mod lines;
mod open;
mod parquet;
mod published;
mod read_error;
mod text;

pub use encoding_rs::Encoding;

pub use documents::Documents;
pub use encoding::{Decoder, encoding_named};
pub use extracted::{Extracted, Unread};
pub use format::{Format, Input, SourceFile};
pub use json::{Fields, Malformed};
pub use lines::{Line, LineReader};
pub use open::{FileHash, open};
pub use published::{Form, has_warning};
pub use read_error::ReadError;

//! Input files: documents of every format become lines of JSON.

mod ahead;
mod documents;
mod encoding;
mod extracted;
mod foreign;
mod format;
mod japanese;
mod json;
mod json_array;
mod lines;
mod open;
mod oscar;
mod parquet;
mod parquet_json;
mod parquet_pages;
mod published;
mod range;
mod read_error;
mod split;
mod text;
mod transcode;

pub use encoding_rs::Encoding;

pub use ahead::Ahead;
pub use documents::Documents;
pub use encoding::{WINDOW, decode, encoding_named, is_binary, recognise};
pub use extracted::{Extracted, Unread};
pub use format::{Format, Input, SourceFile};
pub use json::{Fields, Malformed, mended};
pub use lines::{Line, LineReader};
pub use open::{FileHash, open};
pub use oscar::{OscarReason, OscarRules};
pub use parquet::{parquet_columns, parquet_head};
pub use published::Form;
pub use range::{FileRange, LineEncoding};
pub use read_error::ReadError;
pub use split::{Split, Whole, split};
pub use transcode::Transcoder;

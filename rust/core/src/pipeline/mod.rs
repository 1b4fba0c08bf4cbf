//! One pass over files of documents on all cores, in memory that does not grow with them.
//!
//! A reader cuts the input into batches, workers turn each batch into a result, and the calling thread takes
//! the results in input order; so what comes out does not depend on the number of workers. A fixed number of
//! batches is under way at a time.

mod options;
mod parts;
mod read;
mod rejected;
mod run;

pub use options::{OnError, Options};
pub use parts::RawHash;
pub use rejected::{DropReason, Earlier, QuarantineReason, RejectReason, Rejected, RejectedRow};
pub use run::{Document, Job, Output, Part, Summary, run};

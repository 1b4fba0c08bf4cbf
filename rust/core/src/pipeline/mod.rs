//! One pass over files of documents on all cores, in memory that does not grow with them.
//!
//! A reader cuts the input into batches, workers turn each batch into a result, and the calling thread takes
//! the results in input order; so what comes out does not depend on the number of workers. A fixed number of
//! batches is under way at a time.

mod count;
mod encode;
mod read;
mod rejected;
mod run;
mod text;

pub use count::CountMorphemes;
pub use encode::{Encode, EncodedBatch};
pub use rejected::{DropReason, QuarantineReason, RejectWriter, Rejected, Why};
pub use run::{Document, Handlers, Job, OnError, Options, Summary, run};
pub use text::CleanText;

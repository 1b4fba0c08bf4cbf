//! Pass over files of documents on all cores, in constant memory.
//!
//! A reader cuts the input into batches, workers process them, and the calling thread collects the results in input
//! order; so the output does not depend on the number of workers. At most a fixed number of batches is in flight.

mod options;
mod parts;
mod read;
mod rejected;
mod run;

pub use options::{OnError, Options};
pub use parts::RawHash;
pub use rejected::{DropReason, Earlier, QuarantineReason, RejectReason, Rejected, RejectedRow};
pub use run::{Document, Job, Outcome, Output, Part, Summary, run};

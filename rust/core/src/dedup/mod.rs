//! Deduplication: documents with the same text, near-duplicate documents, and repeated sentences.
//!
//! Of all parts of a corpus at once, the first occurrence in input order stays. A part's fingerprints are made when
//! it is prepared; the steps of [`Plan`] then work on ranges of hashes, within a memory limit; the decisions on a part
//! are applied when it is encoded. They depend on the texts and the options alone, not on threads, buckets or memory.
//!
//! Hashes have 128 bits: among the 10^11 sentences of 10 TB, the odds that any two different ones have the same hash
//! are 10^22 / 2^129, below one in 10^16. Near-duplicates are compared by their texts, so hashes decide nothing there.

/// Version of deduplication; changes whenever a decision under the same options, or the form of fingerprints, does.
pub const VERSION: u32 = 2;

mod bitmap;
mod crowd;
mod decide;
mod exact;
mod external_sort;
mod fingerprint;
mod jaccard;
mod lsh;
mod minhash;
mod options;
mod plan;
mod record;
mod resolve;
mod run;
mod sentence;
mod shuffle;
mod sorted_file;
mod texts;

pub use decide::{Decisions, Drop, Duplicate};
pub use fingerprint::{Fingerprint, FingerprintWriter, Fingerprinter, fingerprint_part};
pub use options::{Check, Options};
pub use plan::{Part, Plan, Step};
pub use record::DocumentId;
pub use sentence::{sentences, without};
pub use texts::for_each_text;

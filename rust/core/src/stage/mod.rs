//! Stages of the corpus pass: each reads files and writes folders that appear whole, so that tasks of a stage can run
//! again, in any order, on any machine that sees the same disk.

mod apply_dedup;
mod clusters;
mod compress;
mod count;
mod dropped;
mod encode;
mod files;
mod prepare;
mod prepared;
mod summary;
mod write;

pub use apply_dedup::PreparedPart;
pub use clusters::{Cluster, clusters};
pub use compress::compress;
pub use count::{MorphemeCounts, count_morphemes};
pub use encode::encode;
pub use prepare::{Rules, Task, prepare};
pub use prepared::{Keep, Origin, Survivors};
pub use summary::source_statistics;
pub use write::write;

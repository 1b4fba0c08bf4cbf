//! Statistics of a pass, for the report: sums, histograms and a few examples.
//!
//! Sums are exact integers and samples keep the smallest hashed keys; so the statistics of the parts, merged in any
//! order, are those of the whole.

mod change;
mod excerpt;
mod histogram;
mod recorder;
mod sample;
mod script;
mod tokens;
mod totals;

pub use change::{Change, Tracer};
pub use excerpt::Excerpt;
pub use histogram::Histogram;
pub use recorder::{Recorder, SeenKeys};
pub use sample::{Sample, SampleKey};
pub use script::{SCRIPTS, Script, ScriptCounts};
pub use tokens::TokenStatistics;
pub use totals::{DropStatistics, RuleStatistics, Statistics, TextStatistics};

#[cfg(test)]
mod tests;

//! Statistics of a source: those of its parts, merged.

use std::path::{Path, PathBuf};

use crate::atomic_folder::RECORD;
use crate::statistics::Statistics;
use crate::{Error, Result};

#[derive(serde::Deserialize)]
struct Record {
    statistics: Statistics,
}

/// Merges the statistics of a source's parts: prepared ones count what was read and dropped, finished ones what was
/// kept.
pub fn source_statistics(prepared: &[PathBuf], finished: &[PathBuf]) -> Result<Statistics> {
    let mut all = Statistics::default();
    let mut parts = prepared.iter().chain(finished);
    parts.try_for_each(|part| read(part).map(|statistics| all.merge(statistics)))?;
    Ok(all)
}

fn read(part: &Path) -> Result<Statistics> {
    let path = part.join(RECORD);
    let json = std::fs::read(&path).map_err(Error::io(&path, "cannot read"))?;
    let record: Record = serde_json::from_slice(&json).map_err(|_| Error::damaged(&path))?;
    Ok(record.statistics)
}

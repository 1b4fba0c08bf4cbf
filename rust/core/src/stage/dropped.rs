//! Dropped documents, for people to read: one file for each reason.

use std::collections::BTreeMap;

use super::compress::compress;
use crate::Result;
use crate::atomic_folder::{AtomicFolder, FileRecord, HashedFile};
use crate::pipeline::DropReason;

/// Rows of a batch by reason; compressed at its end.
pub type Dropped = BTreeMap<DropReason, Vec<u8>>;

/// Compresses the rows of a batch.
pub fn compress_rows(rows: &mut Dropped) -> std::io::Result<()> {
    rows.values_mut().try_for_each(|rows| compress(rows).map(|packed| *rows = packed))
}

/// Files of a part: `dropped.REASON.jsonl.zst`.
#[derive(Default)]
pub struct DroppedFiles(BTreeMap<DropReason, HashedFile>);

impl DroppedFiles {
    /// Appends the rows of a batch.
    pub fn write(&mut self, folder: &AtomicFolder, rows: Dropped) -> Result<()> {
        for (reason, packed) in rows {
            let file = match self.0.entry(reason) {
                std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
                std::collections::btree_map::Entry::Vacant(vacant) => {
                    vacant.insert(folder.file(&format!("dropped.{}.jsonl.zst", reason.name()))?)
                }
            };
            file.write(&packed)?;
        }
        Ok(())
    }

    /// Syncs the files.
    pub fn finish(self) -> Result<Vec<FileRecord>> {
        self.0.into_values().map(HashedFile::finish).collect()
    }
}

//! External sort: a series of sorted files, each as large as memory allows.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::record::Record;
use super::sorted_file::{self, SortedFile};
use crate::Result;

/// Collects records in any order and spills them to `NAME.0`, `NAME.1`, … in a folder.
pub struct ExternalSorter<R> {
    folder: PathBuf,
    name: &'static str,
    most: usize,
    records: Vec<R>,
    files: u32,
}

impl<R: Record> ExternalSorter<R> {
    /// Begins the series `name`; writes a file whenever the records take `memory` bytes.
    pub fn new(folder: &Path, name: &'static str, memory: u64) -> Self {
        let most = (memory / size_of::<R>() as u64).max(1) as usize;
        Self { folder: folder.to_owned(), name, most, records: Vec::new(), files: 0 }
    }

    /// Adds a record.
    pub fn push(&mut self, record: R) -> Result<()> {
        if self.records.len() == self.most {
            self.write(false)?;
        }
        if self.records.len() == self.records.capacity() {
            // A vector would double past the limit.
            let more = self.records.len().max(256).min(self.most - self.records.len());
            self.records.reserve_exact(more);
        }
        self.records.push(record);
        Ok(())
    }

    /// Writes the last file of the series.
    pub fn finish(mut self) -> Result<()> {
        self.write(true)
    }

    fn write(&mut self, last: bool) -> Result<()> {
        self.records.sort_unstable();
        self.records.dedup();
        let path = self.folder.join(format!("{}.{}", self.name, self.files));
        self.files += 1;
        sorted_file::write(&path, &self.records, last)?;
        self.records.clear();
        Ok(())
    }
}

/// Open files of a series.
pub struct Series<R>(Vec<SortedFile<R>>);

impl<R: Record> Series<R> {
    /// Makes an empty series.
    pub fn empty() -> Self {
        Self(Vec::new())
    }

    /// Opens all files of a series.
    pub fn open(folder: &Path, name: &str) -> Result<Self> {
        let mut files = Vec::new();
        loop {
            let file = SortedFile::open(&folder.join(format!("{name}.{}", files.len())))?;
            let last = file.last;
            files.push(file);
            if last {
                return Ok(Self(files));
            }
        }
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.0.iter().map(SortedFile::len).sum()
    }

    /// Upper bound of the number of records in a range.
    pub fn most_in(&self, keys: &RangeInclusive<u64>) -> usize {
        self.0.iter().map(|file| file.most_in(keys)).sum()
    }

    /// Calls `each` with the records of a range: file after file, each in order.
    ///
    /// Records of the same key that were pushed in order come in order.
    pub fn for_each(&self, keys: &RangeInclusive<u64>, mut each: impl FnMut(R) -> Result<()>) -> Result<()> {
        self.0.iter().try_for_each(|file| file.for_each(keys, &mut each))
    }

    /// Reads the records of a range, sorted, without repetitions.
    pub fn sorted(&self, keys: &RangeInclusive<u64>) -> Result<Vec<R>> {
        let mut records = Vec::new();
        self.for_each(keys, |record| {
            records.push(record);
            Ok(())
        })?;
        records.sort_unstable();
        records.dedup();
        Ok(records)
    }
}

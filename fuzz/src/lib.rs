//! Parts of several targets: folders to write inputs to, and a small tokenizer.

pub mod dictionary;

use std::path::PathBuf;
use std::sync::LazyLock;

use tempfile::TempDir;

/// A folder for the whole run; every input writes over the files of the one before.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

/// Writes a file for code that reads files only.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = FOLDER.path().join(name);
    std::fs::write(&path, bytes).expect("the temporary folder can be written");
    path
}

/// An empty folder that goes with the value.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Takes the first byte off, which steers a target.
pub fn choice(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (*first, rest))
}

//! Folders that appear whole or not at all.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use crate::{Error, Result};

/// Fills a new folder beside `target` and gives it that name; does nothing if `target` is there.
///
/// `fill` syncs the files that it writes. If two do the same work at once, the first wins: both have the same content.
pub fn publish(target: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if target.exists() {
        return Ok(());
    }
    let parent = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(Error::io(parent, "cannot create"))?;
    let temporary = tempfile::Builder::new()
        .prefix(".partial-")
        .tempdir_in(parent)
        .map_err(Error::io(parent, "cannot create a folder in"))?;
    fill(temporary.path())?;
    sync_folder(temporary.path())?;
    match fs::rename(temporary.path(), target) {
        Ok(()) => {
            // It has another name now: nothing is there to be removed.
            let _ = temporary.keep();
            sync_folder(parent)
        }
        Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {
            Ok(())
        }
        Err(error) => Err(Error::io(target, "cannot rename to")(error)),
    }
}

/// Sees to it that the names in a folder are on disk.
fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io(folder, "cannot sync"))
}

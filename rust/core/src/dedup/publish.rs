//! The folder of a task, which appears whole or not at all.

use std::fs;
use std::path::Path;

use crate::stage::folder::NewFolder;
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
    let folder = NewFolder::create(parent)?;
    fill(folder.path())?;
    folder.name(target)
}

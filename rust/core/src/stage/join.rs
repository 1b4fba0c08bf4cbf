//! Joins files of the parts into the output; `ncvc/corpus/join.py` joins the datasets.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Concatenates files.
pub fn join_files(path: &Path, parts: &[PathBuf]) -> Result<()> {
    let mut out = File::create(path).map_err(Error::io(path, "cannot create"))?;
    for part in parts {
        let mut file = File::open(part).map_err(Error::io(part, "cannot open"))?;
        std::io::copy(&mut file, &mut out).map_err(Error::io(path, "cannot write"))?;
    }
    out.sync_all().map_err(Error::io(path, "cannot sync"))
}

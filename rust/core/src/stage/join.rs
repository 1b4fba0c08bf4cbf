//! Joins finished parts into the output.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::files::{LENGTHS, TOKENS};
use crate::indexed::{IndexedWriter, TokenType, Totals};
use crate::{Error, Result};

const BUFFER: usize = 1 << 20;

/// Joins encoded parts into the dataset `prefix.bin` and `prefix.idx`.
pub fn join_tokens(prefix: &Path, parts: &[PathBuf], token_type: TokenType) -> Result<Totals> {
    let mut writer = IndexedWriter::create(prefix, token_type)?;
    for part in parts {
        each_block(&part.join(TOKENS), |block| writer.write_tokens(block))?;
        each_block(&part.join(LENGTHS), |block| writer.write_lengths(block))?;
    }
    writer.finish()
}

/// Concatenates files.
pub fn join_files(path: &Path, parts: &[PathBuf]) -> Result<()> {
    let mut out = File::create(path).map_err(Error::io(path, "cannot create"))?;
    for part in parts {
        let mut file = File::open(part).map_err(Error::io(part, "cannot open"))?;
        std::io::copy(&mut file, &mut out).map_err(Error::io(path, "cannot write"))?;
    }
    out.sync_all().map_err(Error::io(path, "cannot sync"))
}

fn each_block(path: &Path, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut file = File::open(path).map_err(Error::io(path, "cannot open"))?;
    let mut block = vec![0; BUFFER];
    loop {
        match file.read(&mut block).map_err(Error::io(path, "cannot read"))? {
            0 => return Ok(()),
            read => take(&block[..read])?,
        }
    }
}

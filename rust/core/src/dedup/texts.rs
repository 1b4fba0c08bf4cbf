//! Clean texts of a part, and a file of the compared ones with random access.

use std::fs::File;
use std::io::{BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::external_sort::{ExternalSorter, Series};
use super::record::TextAt;
use super::record::series::INDEX;
use super::sorted_file::read_at;
use crate::source::{Fields, open};
use crate::{Error, Result};

const TEXTS: &str = "texts";

/// Calls `each` with the number and the text of every document of a part, JSON lines, plain or compressed.
pub fn for_each_text(path: &Path, field: &str, mut each: impl FnMut(u32, &str) -> Result<()>) -> Result<()> {
    let (mut lines, _) = open(path, &Default::default())?;
    let mut line = Vec::new();
    for number in 0u64.. {
        line.clear();
        if lines.read_until(b'\n', &mut line).map_err(Error::io(path, "cannot read"))? == 0 {
            break;
        }
        let text =
            Fields::parse(&line).and_then(|fields| fields.text(field)).map_err(|error| Error::Input {
                path: path.to_owned(),
                line: number + 1,
                message: format!(
                    "not clean text with a member {field:?} ({error:?}); prepare the part again"
                ),
            })?;
        each(u32::try_from(number).map_err(|_| Error::damaged(path))?, &text)?;
    }
    Ok(())
}

/// Writes the texts of some documents of a part, in ascending order, into an existing folder.
///
/// `each` is called with their numbers and texts.
pub fn extract(
    source: &Path,
    field: &str,
    wanted: &[u32],
    folder: &Path,
    mut each: impl FnMut(u32, &str) -> Result<()>,
) -> Result<()> {
    let path = folder.join(TEXTS);
    let file = File::create_new(&path).map_err(Error::io(&path, "cannot create"))?;
    let mut out = BufWriter::new(file);
    let mut index = ExternalSorter::new(folder, INDEX, 64 << 20);
    let mut offset = 0;
    let mut next = wanted.iter().copied().peekable();
    if !wanted.is_empty() {
        for_each_text(source, field, |document, text| {
            if next.next_if_eq(&document).is_none() {
                return Ok(());
            }
            each(document, text)?;
            out.write_all(text.as_bytes()).map_err(Error::io(&path, "cannot write"))?;
            let checksum = xxh3_64(text.as_bytes());
            let length = u32::try_from(text.len()).map_err(|_| Error::Input {
                path: source.to_owned(),
                line: u64::from(document) + 1,
                message: "the document has 4 GiB or more; cut it".to_owned(),
            })?;
            index.push(TextAt { document, length, offset, checksum })?;
            offset += text.len() as u64;
            Ok(())
        })?;
    }
    if next.peek().is_some() {
        // There are fingerprints of documents that the text lacks.
        return Err(Error::damaged(source));
    }
    let file = out.into_inner().map_err(|error| Error::io(&path, "cannot write")(error.into_error()))?;
    file.sync_all().map_err(Error::io(&path, "cannot sync"))?;
    index.finish()
}

/// Open file of texts.
pub struct Texts {
    path: PathBuf,
    file: File,
    index: Series<TextAt>,
}

impl Texts {
    /// Opens the folder that [`extract`] wrote.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(TEXTS);
        let file = File::open(&path).map_err(Error::io(&path, "cannot open"))?;
        Ok(Self { path, file, index: Series::open(folder, INDEX)? })
    }

    /// Reads the text of a document and checks it.
    pub fn get(&self, document: u32) -> Result<String> {
        let damaged = || Error::damaged(&self.path);
        let mut found = None;
        let key = u64::from(document);
        self.index.for_each(&(key..=key), |at| {
            found = Some(at);
            Ok(())
        })?;
        let at = found.ok_or_else(damaged)?;
        let bytes = read_at(&self.path, &self.file, at.offset, at.length as usize)?;
        if xxh3_64(&bytes) != at.checksum {
            return Err(damaged());
        }
        String::from_utf8(bytes).map_err(|_| damaged())
    }
}

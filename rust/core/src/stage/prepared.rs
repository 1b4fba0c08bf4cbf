//! Prepared documents: how they are written, and what deduplication leaves of them.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::files::PROVENANCE;
use crate::dedup::{Decisions, DocumentId};
use crate::pipeline::{Document, DropReason, Earlier, RejectReason, RejectedRow};
use crate::{Error, Result};

/// The JSON that stood before and behind the text, where documents keep their other members.
const BEFORE: &str = "before";
const AFTER: &str = "after";

#[derive(serde::Serialize)]
struct Line<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
}

/// Appends a document with its clean text.
pub fn write_prepared(document: &Document<'_>, text: &str, keep_members: bool, out: &mut Vec<u8>) {
    let around = if keep_members { document.fields.around(document.text_field).ok() } else { None };
    let (before, after) = around.as_ref().map(|(b, a)| (json(b), json(a))).unzip();
    // Writing to memory does not fail, and strings always have a JSON form.
    let line = Line { text, before, after };
    let _ = serde_json::to_writer(&mut *out, &line);
    out.push(b'\n');
}

/// JSON that was written into memory.
fn json(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Appends a prepared document as it was in the input, with another text.
pub fn write_original(document: &Document<'_>, text: &str, out: &mut Vec<u8>) {
    let around = |field| document.fields.text(field).unwrap_or_default();
    out.extend_from_slice(around(BEFORE).as_bytes());
    let _ = serde_json::to_writer(&mut *out, text);
    out.extend_from_slice(around(AFTER).as_bytes());
    out.push(b'\n');
}

/// Appends where a document came from: the number of its file in the task, a tab, its line.
pub fn write_provenance(document: &Document<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{}\t{}\n", document.source, document.line).as_bytes());
}

/// A prepared part: its folder and the files of its task.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The folder.
    pub folder: PathBuf,
    /// The files, as its places number them.
    pub files: Vec<PathBuf>,
}

/// A document's file, by number, and line.
pub(super) type FileLine = (u32, u64);

/// What deduplication leaves of a part.
pub struct Survivors {
    decisions: Decisions,
    origins: Vec<Origin>,
    part: usize,
    /// Where the documents of this part stand.
    places: Vec<FileLine>,
    /// Where the documents stand that they repeat.
    earlier: FxHashMap<DocumentId, FileLine>,
}

impl Survivors {
    /// The decisions in the folder `decisions` on a part; `origins`: a file with the list of all parts, in JSON.
    pub fn read(origins: &Path, part: usize, decisions: &Path) -> Result<Self> {
        let decisions = Decisions::read(decisions)?;
        let mut survivors =
            Self { decisions, origins: Vec::new(), part, places: Vec::new(), earlier: FxHashMap::default() };
        if survivors.decisions.dropped().is_empty() && survivors.decisions.removed_sentences() == 0 {
            return Ok(survivors);
        }
        survivors.origins = read_origins(origins)?;
        survivors.places = read_provenance(&survivors.origins[part].folder)?;
        let mut wanted: Vec<DocumentId> =
            survivors.decisions.dropped().iter().filter_map(|drop| drop.earlier).collect();
        wanted.sort_unstable();
        for wanted in wanted.chunk_by(|a, b| a.part == b.part) {
            let places = read_provenance(&survivors.origins[wanted[0].part as usize].folder)?;
            let found =
                wanted.iter().filter_map(|place| Some((*place, *places.get(place.document as usize)?)));
            survivors.earlier.extend(found);
        }
        Ok(survivors)
    }

    /// What stays of a prepared document.
    pub fn apply<'t>(&self, document: &Document<'t>) -> std::result::Result<Cow<'t, str>, DropReason> {
        let number = (document.line - 1) as u32;
        match self.decisions.drop_of(number) {
            Some(drop) => Err(DropReason::Duplicate(drop.reason)),
            None => Ok(self.decisions.apply(number, document.text).unwrap_or_default()),
        }
    }

    /// The file and line that a prepared document came from; nothing if no document of the part is dropped.
    pub fn place(&self, document: &Document<'_>) -> Option<(Cow<'_, str>, u64)> {
        let &(file, line) = self.places.get((document.line - 1) as usize)?;
        Some((self.name(self.part, file), line))
    }

    /// Appends a row for a document that was dropped.
    pub fn write_row(&self, document: &Document<'_>, reason: DropReason, out: &mut Vec<u8>) {
        let number = (document.line - 1) as usize;
        let Some((file, line)) = self.place(document) else { return };
        let first = self.decisions.drop_of(number as u32).and_then(|drop| {
            let place = drop.earlier?;
            let &(file, line) = self.earlier.get(&place)?;
            Some(Earlier { file: self.name(place.part as usize, file), line, similarity: drop.similarity })
        });
        let reason = RejectReason::Dropped(reason);
        RejectedRow { file, line, reason, bytes: None, first, text: Some(document.text) }.write(out);
    }

    fn name(&self, part: usize, file: u32) -> Cow<'_, str> {
        self.origins[part].files[file as usize].to_string_lossy()
    }
}

/// The parts that a file lists.
pub(super) fn read_origins(path: &Path) -> Result<Vec<Origin>> {
    let json = std::fs::read(path).map_err(Error::io(path, "cannot read"))?;
    serde_json::from_slice(&json).map_err(|_| Error::Damaged { path: path.to_owned() })
}

/// Where the documents of a part came from, in order.
pub(super) fn read_provenance(part: &Path) -> Result<Vec<FileLine>> {
    let path = part.join(PROVENANCE);
    let damaged = || Error::Damaged { path: path.clone() };
    let file = File::open(&path).map_err(Error::io(&path, "cannot open"))?;
    let reader = zstd::Decoder::new(file).map_err(Error::io(&path, "cannot decompress"))?;
    let row = |line: std::io::Result<String>| {
        let line = line.map_err(Error::io(&path, "cannot read"))?;
        let (file, line) = line.split_once('\t').ok_or_else(damaged)?;
        Ok((file.parse().map_err(|_| damaged())?, line.parse().map_err(|_| damaged())?))
    };
    BufReader::new(reader).lines().map(row).collect()
}

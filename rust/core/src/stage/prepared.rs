//! Prepared documents: their JSON lines, their provenance, and the decisions of deduplication on them.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::files::PROVENANCE;
use crate::dedup::{Decisions, DocumentId, Duplicate};
use crate::pipeline::{Document, DropReason, Earlier, RejectReason, RejectedRow};
use crate::source::Malformed;
use crate::{Error, Result};

/// Members with the JSON around the text, where documents keep their other members.
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

/// Members of documents that are kept besides the text.
pub enum Keep {
    /// None, not even the names around the text: it becomes tokens.
    TextAlone,
    /// Those of these names, which may be none.
    Fields(Vec<String>),
    /// All.
    All,
}

/// Appends a document with its clean text.
pub fn write_prepared(document: &Document<'_>, text: &str, keep: &Keep, out: &mut Vec<u8>) -> Result<()> {
    let unwritten = || Error::internal("a document has no JSON form");
    let around = |kept: Option<&[&str]>| document.fields.around(document.text_field, kept).map(Some);
    let around = match keep {
        Keep::TextAlone => Ok(None),
        Keep::Fields(names) => around(Some(&names.iter().map(String::as_str).collect::<Vec<_>>())),
        Keep::All => around(None),
    };
    let around = around.map_err(|_| unwritten())?;
    let (before, after) = match &around {
        None => (None, None),
        Some((before, after)) => (Some(utf8(before)?), Some(utf8(after)?)),
    };
    serde_json::to_writer(&mut *out, &Line { text, before, after }).map_err(|_| unwritten())?;
    out.push(b'\n');
    Ok(())
}

/// JSON in memory as text.
fn utf8(json: &[u8]) -> Result<&str> {
    std::str::from_utf8(json).map_err(|_| Error::internal("JSON is not UTF-8"))
}

/// Appends a prepared document as it was in the input, with another text; fails if it lacks its other members.
pub fn write_original(
    document: &Document<'_>,
    text: &str,
    out: &mut Vec<u8>,
) -> std::result::Result<(), Malformed> {
    let (before, after) = (document.fields.text(BEFORE)?, document.fields.text(AFTER)?);
    out.extend_from_slice(before.as_bytes());
    serde_json::to_writer(&mut *out, text).map_err(|_| Malformed::MalformedJson)?;
    out.extend_from_slice(after.as_bytes());
    out.push(b'\n');
    Ok(())
}

/// Appends a document's provenance: the number of its file in the task, a tab, its line.
pub fn write_provenance(document: &Document<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{}\t{}\n", document.source, document.line).as_bytes());
}

/// A prepared part's folder and the files of its task.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The part's folder.
    pub folder: PathBuf,
    /// The files, numbered as in the provenance of the part's documents.
    pub files: Vec<PathBuf>,
}

/// Input file, by number, and line of a document.
#[derive(Clone, Copy)]
pub(super) struct Provenance {
    file: u32,
    line: u64,
}

/// All prepared parts of a run, in the order in which deduplication numbers them.
pub(super) struct Origins {
    /// The file that lists them.
    path: PathBuf,
    parts: Vec<Origin>,
}

impl Origins {
    /// Reads the list, in JSON.
    pub fn read(path: &Path) -> Result<Self> {
        let json = std::fs::read(path).map_err(Error::io(path, "cannot read"))?;
        let parts = serde_json::from_slice(&json).map_err(|_| Error::damaged(path))?;
        Ok(Self { path: path.to_owned(), parts })
    }

    /// The folder of a part.
    pub fn folder(&self, part: u32) -> Result<&Path> {
        Ok(&self.part(part)?.folder)
    }

    /// The name and the line of the file of a document of a part.
    pub fn locate(&self, part: u32, provenance: Provenance) -> Result<(Cow<'_, str>, u64)> {
        let file = self.part(part)?.files.get(provenance.file as usize);
        let file = file.ok_or_else(|| Error::damaged(&self.path))?;
        Ok((file.to_string_lossy(), provenance.line))
    }

    fn part(&self, part: u32) -> Result<&Origin> {
        self.parts.get(part as usize).ok_or_else(|| Error::damaged(&self.path))
    }
}

/// Decisions of deduplication on a part, with the provenance of its documents and of those that they repeat.
pub struct Survivors {
    decisions: Decisions,
    part: u32,
    /// Empty, and the rest unread, if every document stays as it is.
    origins: Option<Origins>,
    provenance: Vec<Provenance>,
    /// Provenance of the documents that stay instead of a dropped one.
    earlier: FxHashMap<DocumentId, Provenance>,
}

impl Survivors {
    /// Reads the decisions on a part from the folder `decisions`; `origins` is the file that lists all parts.
    pub fn read(origins: &Path, part: usize, decisions: &Path) -> Result<Self> {
        let decisions = Decisions::read(decisions)?;
        let part = u32::try_from(part).map_err(|_| Error::internal("a part has no number"))?;
        if decisions.dropped().is_empty() && decisions.removed_sentences() == 0 {
            let (provenance, earlier) = Default::default();
            return Ok(Self { decisions, part, origins: None, provenance, earlier });
        }
        let origins = Origins::read(origins)?;
        let provenance = read_provenance(origins.folder(part)?)?;
        let mut wanted: Vec<DocumentId> =
            decisions.dropped().iter().filter_map(|drop| drop.earlier).collect();
        wanted.sort_unstable();
        let mut earlier = FxHashMap::default();
        for wanted in wanted.chunk_by(|a, b| a.part == b.part) {
            let folder = origins.folder(wanted[0].part)?;
            let provenance = read_provenance(folder)?;
            for &id in wanted {
                earlier.insert(id, provenance_of(&provenance, id.document, folder)?);
            }
        }
        Ok(Self { decisions, part, origins: Some(origins), provenance, earlier })
    }

    /// Returns what stays of a prepared document, or the reason why nothing does.
    pub fn apply<'t>(
        &self,
        document: &Document<'t>,
    ) -> Result<std::result::Result<Cow<'t, str>, DropReason>> {
        let number = number(document)?;
        Ok(match self.decisions.drop_of(number) {
            Some(drop) => Err(DropReason::Duplicate(drop.reason)),
            None => self
                .decisions
                .apply(number, document.text)
                .ok_or(DropReason::Duplicate(Duplicate::AllSentences)),
        })
    }

    /// Number of the sentences that a prepared document loses.
    pub fn removed_sentences(&self, document: &Document<'_>) -> Result<u64> {
        Ok(self.decisions.sentences_of(number(document)?).len() as u64)
    }

    /// The file and line of the input that a dropped document came from.
    pub fn provenance(&self, document: &Document<'_>) -> Result<(Cow<'_, str>, u64)> {
        let origins = self.origins()?;
        let folder = origins.folder(self.part)?;
        origins.locate(self.part, provenance_of(&self.provenance, number(document)?, folder)?)
    }

    /// Appends the row of a dropped document.
    pub fn write_row(&self, document: &Document<'_>, reason: DropReason, out: &mut Vec<u8>) -> Result<()> {
        let (file, line) = self.provenance(document)?;
        let drop = self.decisions.drop_of(number(document)?);
        let first = match drop.and_then(|drop| Some((drop.earlier?, drop.similarity))) {
            None => None,
            Some((id, similarity)) => {
                let earlier = self.earlier.get(&id);
                let &earlier = earlier.ok_or_else(|| Error::internal("a repeated document was not read"))?;
                let (file, line) = self.origins()?.locate(id.part, earlier)?;
                Some(Earlier { file, line, similarity })
            }
        };
        let reason = RejectReason::Dropped(reason);
        RejectedRow { file, line, reason, bytes: None, first, text: Some(document.text) }.write(out)
    }

    fn origins(&self) -> Result<&Origins> {
        self.origins.as_ref().ok_or_else(|| Error::internal("a document is dropped where all stay"))
    }
}

/// The number of a prepared document in its part, which is its line less one.
fn number(document: &Document<'_>) -> Result<u32> {
    let number = document.line.checked_sub(1).and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| Error::internal("a prepared document has no number"))
}

/// Provenance of a document among that of its part, which lies in `folder`.
pub(super) fn provenance_of(provenance: &[Provenance], document: u32, folder: &Path) -> Result<Provenance> {
    let found = provenance.get(document as usize).copied();
    found.ok_or_else(|| Error::damaged(folder.join(PROVENANCE)))
}

/// Reads the provenance of a part's documents, in order.
pub(super) fn read_provenance(part: &Path) -> Result<Vec<Provenance>> {
    let path = part.join(PROVENANCE);
    let file = File::open(&path).map_err(Error::io(&path, "cannot open"))?;
    let reader = zstd::Decoder::new(file).map_err(Error::io(&path, "cannot decompress"))?;
    let row = |line: std::io::Result<String>| {
        let line = line.map_err(Error::io(&path, "cannot read"))?;
        let (file, line) = line.split_once('\t').ok_or_else(|| Error::damaged(&path))?;
        let file = file.parse().map_err(|_| Error::damaged(&path))?;
        Ok(Provenance { file, line: line.parse().map_err(|_| Error::damaged(&path))? })
    };
    BufReader::new(reader).lines().map(row).collect()
}

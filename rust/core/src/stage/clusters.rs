//! The largest groups of documents that repeat one that stays, for the report.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::files::TEXT;
use super::prepared::{Origin, read_origins, read_provenance};
use crate::Result;
use crate::dedup::{Decisions, DocumentId, for_each_text};
use crate::statistics::Excerpt;

/// Members that are named of each group.
const NAMED: usize = 5;

/// Documents that are the same, or nearly.
#[derive(serde::Serialize)]
pub struct Cluster {
    /// How the one that stays begins.
    first: Excerpt,
    /// How many there are, the first included.
    size: u64,
    /// Some of the others, in input order.
    members: Vec<Member>,
}

#[derive(serde::Serialize)]
struct Member {
    file: String,
    document: u64,
    similarity: f64,
}

/// How many documents a group has, the first included, and some of the others with their similarity.
type Group = (u64, Vec<(DocumentId, f64)>);

/// The `most` largest groups, the largest first; `decisions` are the folders with the decisions on all parts, which
/// the file `origins` lists.
pub fn clusters(origins: &Path, decisions: &[PathBuf], most: usize) -> Result<Vec<Cluster>> {
    let origins = read_origins(origins)?;
    let mut groups: FxHashMap<DocumentId, Group> = FxHashMap::default();
    for (part, folder) in (0..).zip(decisions) {
        for drop in Decisions::read(folder)?.dropped() {
            let Some(earlier) = drop.earlier else { continue };
            let (size, members) = groups.entry(earlier).or_insert((1, Vec::new()));
            *size += 1;
            if members.len() < NAMED {
                members.push((DocumentId { part, document: drop.document }, drop.similarity));
            }
        }
    }
    let mut largest: Vec<(DocumentId, Group)> = groups.into_iter().collect();
    largest.sort_unstable_by_key(|(first, (size, _))| (std::cmp::Reverse(*size), *first));
    largest.truncate(most);
    let describe = |(first, (size, members)): (DocumentId, Group)| {
        let members = members.into_iter().map(|(place, similarity)| member(&origins, place, similarity));
        Ok(Cluster { first: beginning(&origins, first)?, size, members: members.collect::<Result<_>>()? })
    };
    largest.into_iter().map(describe).collect()
}

fn member(origins: &[Origin], place: DocumentId, similarity: f64) -> Result<Member> {
    let origin = &origins[place.part as usize];
    let (file, line) = read_provenance(&origin.folder)?[place.document as usize];
    let file = origin.files[file as usize].to_string_lossy().into_owned();
    Ok(Member { file, document: line, similarity })
}

fn beginning(origins: &[Origin], place: DocumentId) -> Result<Excerpt> {
    let mut found = Excerpt { text: String::new(), more: 0 };
    for_each_text(&origins[place.part as usize].folder.join(TEXT), "text", |document, text| {
        if document == place.document {
            found = Excerpt::beginning(text);
        }
        Ok(())
    })?;
    Ok(found)
}

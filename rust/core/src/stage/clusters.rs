//! Clusters: documents that stay with the duplicates that were dropped for them, the largest for the report.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::files::TEXT;
use super::prepared::{Origins, provenance_of, read_provenance};
use crate::dedup::{Decisions, DocumentId, for_each_text};
use crate::statistics::Excerpt;
use crate::{Error, Result};

/// Members listed of each cluster.
const NAMED: usize = 5;

/// A document that stays and its duplicates.
#[derive(serde::Serialize)]
pub struct Cluster {
    /// Beginning of the document that stays.
    first: Excerpt,
    /// Number of documents, the first included.
    size: u64,
    /// Some of the duplicates, in input order.
    members: Vec<Member>,
}

#[derive(serde::Serialize)]
struct Member {
    file: String,
    document: u64,
    similarity: f64,
}

/// Number of documents, the first included, and some of the duplicates with their similarity.
type Group = (u64, Vec<(DocumentId, f64)>);

/// Returns the `most` largest clusters, the largest first.
///
/// `decisions` are the folders with the decisions on all parts, which the file `origins` lists.
pub fn clusters(origins: &Path, decisions: &[PathBuf], most: usize) -> Result<Vec<Cluster>> {
    let origins = Origins::read(origins)?;
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
        let members = members.into_iter().map(|(id, similarity)| member(&origins, id, similarity));
        Ok(Cluster { first: beginning(&origins, first)?, size, members: members.collect::<Result<_>>()? })
    };
    largest.into_iter().map(describe).collect()
}

fn member(origins: &Origins, id: DocumentId, similarity: f64) -> Result<Member> {
    let folder = origins.folder(id.part)?;
    let provenance = provenance_of(&read_provenance(folder)?, id.document, folder)?;
    let (file, document) = origins.locate(id.part, provenance)?;
    Ok(Member { file: file.into_owned(), document, similarity })
}

fn beginning(origins: &Origins, id: DocumentId) -> Result<Excerpt> {
    let path = origins.folder(id.part)?.join(TEXT);
    let mut found = None;
    for_each_text(&path, "text", |document, text| {
        if document == id.document {
            found = Some(Excerpt::beginning(text));
        }
        Ok(())
    })?;
    found.ok_or_else(|| Error::damaged(path))
}

//! Exact comparison of candidates by the Jaccard similarity of their sets of n-grams.

use std::path::Path;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::crowd;
use super::external_sort::ExternalSorter;
use super::minhash::{Sketcher, gram_set, shared};
use super::options::Check;
use super::plan::{Part, Plan, Step};
use super::record::series::{CROWDED, MEMBERS, PAIRS, SIMILAR, SLOTS, VOTES};
use super::record::{Band, DocumentId, Pair, Record, Similar, Vote};
use super::texts::{self, Texts};
use crate::{Error, Result};

/// Files of texts open at a time.
const OPEN: usize = 64;

/// Writes the texts of a part's documents that are in any pair, and the slots of those in crowds.
pub(super) fn texts(plan: &Plan, part: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let members =
        plan.of_group::<DocumentId>(Step::Pairs, MEMBERS, part)?.sorted(&DocumentId::part_keys(part))?;
    let wanted: Vec<u32> = members.iter().map(|id| id.document).collect();
    let crowded =
        plan.of_group::<DocumentId>(Step::Pairs, CROWDED, part)?.sorted(&DocumentId::part_keys(part))?;
    let mut crowded = crowded.iter().map(|id| id.document).peekable();
    let mut slots = ExternalSorter::new(folder, SLOTS, plan.spill());
    let mut sketcher = Sketcher::new(plan.options.ngram, crowd::SKETCH);
    let Part { text, text_field, .. } = &plan.parts[part as usize];
    texts::extract(text, text_field, &wanted, folder, |document, text| {
        check()?;
        if crowded.next_if_eq(&document).is_none() {
            return Ok(());
        }
        crowd::keys(&sketcher.bands(text)).try_for_each(|hash| slots.push(Band { hash, document }))
    })?;
    slots.finish()
}

/// Writes the similar pairs whose later document is in a part.
pub(super) fn compare(plan: &Plan, part: u32, folder: &Path, check: Check<'_>) -> Result<()> {
    let Some(threshold) = plan.options.near else {
        return ExternalSorter::<Similar>::new(folder, SIMILAR, 0).finish();
    };
    let pairs = plan.of_group::<Pair>(Step::Pairs, PAIRS, part)?;
    let votes = plan.of_group::<Vote>(Step::Likely, VOTES, part)?;
    let all = DocumentId::part_keys(part);
    let bytes = pairs.most_in(&all) * Pair::BYTES + votes.most_in(&all) * Vote::BYTES;
    let mut sets = Sets { plan, sets: FxHashMap::default(), bytes: 0, texts: FxHashMap::default() };
    let mut similar = ExternalSorter::new(folder, SIMILAR, plan.spill());
    for keys in slices(plan, part, bytes) {
        let mut pairs = pairs.sorted(&keys)?;
        pairs.extend(crowd::likeliest(&votes.sorted(&keys)?));
        pairs.sort_unstable();
        pairs.dedup();
        for pair in pairs {
            check()?;
            let (later, earlier) = (sets.get(pair.later)?, sets.get(pair.earlier)?);
            let (less, more) = (later.len().min(earlier.len()), later.len().max(earlier.len()));
            // The ratio of the sizes bounds the similarity.
            if less as f64 / (more as f64) < threshold {
                continue;
            }
            let shared = shared(&later, &earlier);
            let all = less + more - shared;
            if shared as f64 / all as f64 >= threshold {
                let count = |n: usize| u32::try_from(n).map_err(|_| Error::internal("too many n-grams"));
                similar.push(Similar { pair, shared: count(shared)?, all: count(all)? })?;
            }
        }
    }
    similar.finish()
}

/// Ranges of a part's documents whose candidates, so many bytes in all, fit into the memory for spilling.
fn slices(plan: &Plan, part: u32, bytes: usize) -> impl Iterator<Item = std::ops::RangeInclusive<u64>> {
    let documents = plan.sizes[part as usize];
    let count = bytes as u64 / plan.spill().max(1) + 1;
    let step = (u64::from(documents) / count).max(1) as u32;
    (0..documents)
        .step_by(step as usize)
        .map(move |from| DocumentId::keys(part, from, from.saturating_add(step).min(documents)))
}

/// Cache of sets of n-grams, cleared when it reaches half of the memory.
struct Sets<'a> {
    plan: &'a Plan,
    sets: FxHashMap<DocumentId, Rc<[u128]>>,
    bytes: u64,
    texts: FxHashMap<u32, Texts>,
}

impl Sets<'_> {
    fn get(&mut self, id: DocumentId) -> Result<Rc<[u128]>> {
        if let Some(set) = self.sets.get(&id) {
            return Ok(Rc::clone(set));
        }
        if !self.texts.contains_key(&id.part) {
            if self.texts.len() == OPEN {
                self.texts.clear();
            }
            let texts = Texts::open(&self.plan.task_folder(Step::Texts, id.part))?;
            self.texts.insert(id.part, texts);
        }
        let text = self.texts[&id.part].get(id.document)?;
        let set: Rc<[u128]> = gram_set(&text, self.plan.options.ngram).into();
        let more = (size_of_val(&*set) + 64) as u64;
        if self.bytes + more > self.plan.options.memory / 2 {
            self.sets.clear();
            self.bytes = 0;
        }
        self.bytes += more;
        self.sets.insert(id, Rc::clone(&set));
        Ok(set)
    }
}

//! Prices terms so that each wins over its parts and takes nothing from its neighbours.
//!
//! The analyser takes the path of least cost, so a term must cost less than the best path through its parts, but not
//! much less: a term that is too cheap takes characters from its neighbours (ガン cuts スローガン in two). So each term
//! is analysed alone, and its cost is set [`MARGIN`] below that of the best path:
//!
//! > cost = best path from start to end of the line − connections of the term to both ends − [`MARGIN`]
//!
//! Terms hold other terms (急性心筋梗塞, 心筋梗塞). They are priced in order of length, each against the base *and* all
//! shorter terms, so that the longest term wins as well. Because its price is near that of its parts, a term changes
//! nothing where another segmentation of the line is better by more than the margin; lines without the term cannot
//! change at all.

use std::sync::Arc;

use super::compile::{lexicon, vibrato_error};
use super::matrix::BOUNDARY;
use super::mecab::{Base, Row};
use super::settings::vibrato_tokenizer;
use crate::{Error, Result};

/// Difference in cost between a term and its parts, in MeCab's units.
///
/// Chosen with ipadic and 81,216 disease and drug names on clinical text. "Whole": of the places where a term stands
/// between morphemes of the base, those where it comes out as one. "Across": of the places where it does, those where
/// it begins or ends inside a morpheme of the base; up to 3000 nearly all of them mend the base (鼻|づま|り → 鼻づまり),
/// at 6000 many are damage (HTML → HT|ML, 不可能|性 → 不|可能性).
///
/// | margin | whole | across |
/// | --- | --- | --- |
/// | 0 | 24.4 % | 0.9 % |
/// | 1000 | 57.9 % | 0.7 % |
/// | 2000 | 86.3 % | 0.6 % |
/// | 3000 | 94.9 % | 0.9 % |
/// | 4000 | 97.7 % | 1.3 % |
/// | 6000 | 98.9 % | 1.8 % |
pub const MARGIN: i32 = 3000;

/// Returns the terms as rows; `compiled` is the base as vibrato writes it, `step` gets the number of terms done.
pub fn price(
    base: &Base,
    compiled: &[u8],
    terms: impl IntoIterator<Item = String>,
    step: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<Vec<Row>> {
    let (left, right, class) = base.noun_class()?;
    let price = PriceList { base, compiled, left, right, class };
    let mut terms: Vec<(usize, String)> =
        terms.into_iter().map(|term| (term.chars().count(), term)).collect();
    terms.sort_unstable();
    let mut rows = Vec::with_capacity(terms.len());
    for same_length in terms.chunk_by(|a, b| a.0 == b.0) {
        price.add(&mut rows, same_length)?;
        step(rows.len())?;
    }
    Ok(rows)
}

struct PriceList<'a> {
    base: &'a Base,
    compiled: &'a [u8],
    left: u16,
    right: u16,
    class: Arc<str>,
}

impl PriceList<'_> {
    /// Prices `terms` against the base and `rows`, then adds them to `rows`.
    fn add(&self, rows: &mut Vec<Row>, terms: &[(usize, String)]) -> Result<()> {
        let folder = &self.base.folder;
        let shorter = lexicon(rows.iter(), false).map_err(Error::io(folder, "cannot write terms"))?;
        let mut dictionary = vibrato::Dictionary::read(self.compiled).map_err(vibrato_error(folder))?;
        if !rows.is_empty() {
            dictionary = dictionary
                .reset_user_lexicon_from_reader(Some(shorter.as_slice()))
                .map_err(vibrato_error(folder))?;
        }
        let tokenizer = vibrato_tokenizer(dictionary).map_err(vibrato_error(folder))?;
        let mut worker = tokenizer.new_worker();
        let matrix = &self.base.matrix;
        let ends = matrix.cost(BOUNDARY, self.left) + matrix.cost(self.right, BOUNDARY);
        for (_, term) in terms {
            worker.reset_sentence(term);
            worker.tokenize();
            let Some(last) = worker.num_tokens().checked_sub(1).map(|i| worker.token(i)) else {
                continue; // nothing but characters that the dictionary calls SPACE
            };
            let best_path = last.total_cost() + matrix.cost(last.right_id(), BOUNDARY);
            let cost = (best_path - ends - MARGIN).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            let part_of_speech = self.class.clone();
            rows.push(Row {
                surface: term.clone(),
                left: self.left,
                right: self.right,
                cost,
                part_of_speech,
            });
        }
        Ok(())
    }
}

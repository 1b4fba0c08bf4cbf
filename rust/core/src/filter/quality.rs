//! Documents of low quality, as a model judges that was trained on labels (technical report 2.1.1).
//!
//! Either the model runs here, or its scores are looked up:
//! - the linear model weighs every n-gram of characters. n-grams are hashed by MurmurHash3 into as many buckets as there
//!   are weights, and counted there with the sign of the hash; the counts of a document are scaled to length 1. That is
//!   scikit-learn's `HashingVectorizer` with its defaults, and the score is what its `LogisticRegression` gives;
//! - scores of a model that is too slow for the pass are read from a file, by the SHA-256 of the cleaned text.
//!
//! An n-gram is hashed as the UTF-32 of its characters. MurmurHash3 reads 4 bytes at a time, so the n-grams that end
//! at a character are made of those that end at the one before it, and every length costs one step.

use std::path::Path;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::options::{QualityModel, QualityOptions};
use super::reason::Reason;
use crate::code_points::for_each_code_point;
use crate::huge_array::HugeArray;
use crate::{Error, Result};

/// Longest n-gram, in characters.
const LONGEST: usize = 8;

/// Bytes of a row of the file of scores: the first 16 of the text's SHA-256, and the score as a 32-bit float.
const ROW: usize = 20;

/// A model, shared by all threads.
pub enum Quality {
    /// The linear model.
    Linear(Linear),
    /// Scores by text.
    Scores(FxHashMap<u128, f32>),
}

/// Weights of n-grams.
pub struct Linear {
    weights: HugeArray<f32>,
    intercept: f64,
    shortest: usize,
    longest: usize,
}

impl Quality {
    /// Reads the model's file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Filters`] if it is not the one that the options describe.
    pub fn load(options: &QualityOptions) -> Result<Self> {
        let (path, sha256) = options.model.file();
        let bytes = read(path, sha256)?;
        let model = match options.model {
            QualityModel::Linear { intercept, shortest, longest, .. } => {
                Linear::new(&bytes, intercept, shortest, longest).map(Self::Linear)
            }
            QualityModel::Scores { .. } => scores(&bytes).map(Self::Scores),
        };
        model.ok_or_else(|| {
            let path = path.display();
            let message = format!("{path}: not of the form that `ncvc quality` writes; fit or apply again");
            Error::Filters { message }
        })
    }

    /// A worker for one thread.
    pub fn worker(&self) -> Worker<'_> {
        match self {
            Self::Linear(model) => Worker::Linear(Counter::new(model)),
            Self::Scores(scores) => Worker::Scores(scores),
        }
    }
}

/// Scores texts; one a thread.
pub enum Worker<'q> {
    /// By the linear model.
    Linear(Counter<'q>),
    /// By those that are known.
    Scores(&'q FxHashMap<u128, f32>),
}

impl Worker<'_> {
    /// Returns the probability that a cleaned text is of high quality; none if it has no score.
    pub fn score(&mut self, text: &str) -> Option<f64> {
        match self {
            Self::Linear(counter) => Some(counter.score(text)),
            Self::Scores(scores) => scores.get(&text_id(text)).map(|&score| f64::from(score)),
        }
    }
}

/// Judges a score.
///
/// A score that was kept in 32 bits is compared with the threshold in 32 bits, so that 0.7 is not below 0.7.
pub fn judge(options: &QualityOptions, score: f64) -> std::result::Result<(), Reason> {
    let threshold = match options.model {
        QualityModel::Linear { .. } => options.threshold,
        QualityModel::Scores { .. } => f64::from(options.threshold as f32),
    };
    if score < threshold { Err(Reason::LowQuality) } else { Ok(()) }
}

impl Linear {
    /// Takes the weights from numpy's format; none if they, the intercept or the lengths are not possible.
    fn new(bytes: &[u8], intercept: f64, shortest: usize, longest: usize) -> Option<Self> {
        let weights = floats(bytes).filter(|weights| weights.len().is_power_of_two())?;
        // A score that is no number is below no threshold, and every document would stay.
        let is_number = intercept.is_finite() && weights.iter().all(|weight| weight.is_finite());
        let possible = is_number && (1..=longest).contains(&shortest) && longest <= LONGEST;
        possible.then(|| Self {
            weights: HugeArray::collect(weights.into_iter()),
            intercept,
            shortest,
            longest,
        })
    }
}

/// Counts the n-grams of one text after another.
pub struct Counter<'q> {
    model: &'q Linear,
    /// For each bucket the n-grams of positive sign less those of negative sign; zeros between two texts.
    counts: HugeArray<i32>,
    /// The buckets that the text has n-grams in; some more than once. A ring: if there are more, all are looked at.
    used: HugeArray<u32>,
}

impl<'q> Counter<'q> {
    fn new(model: &'q Linear) -> Self {
        let buckets = model.weights.len();
        Self { model, counts: HugeArray::zeros(buckets), used: HugeArray::zeros(buckets) }
    }

    fn score(&mut self, text: &str) -> f64 {
        let used = match (self.model.shortest, self.model.longest) {
            // The usual lengths have loops of their own, which the compiler unrolls.
            (1, 2) => self.count(text, 1, [0; 2]),
            (1, 3) => self.count(text, 1, [0; 3]),
            (2, 3) => self.count(text, 2, [0; 3]),
            (shortest, longest) => self.count_any(text, shortest, longest),
        };
        let Self { model, counts, used: places } = self;
        let (counts, places, weights): (&mut [i32], &[u32], &[f32]) = (counts, places, &model.weights);
        let (mut sum, mut squares) = (0.0, 0.0);
        let mut take = |place: usize| {
            // A bucket that comes again is empty.
            let count = f64::from(std::mem::take(&mut counts[place]));
            sum += count * f64::from(weights[place]);
            squares += count * count;
        };
        if used < places.len() {
            places[..used].iter().for_each(|&place| take(place as usize));
        } else {
            (0..places.len()).for_each(take);
        }
        let length = if squares > 0.0 { squares.sqrt() } else { 1.0 };
        1.0 / (1.0 + (-(sum / length + model.intercept)).exp())
    }

    #[inline(never)]
    fn count_any(&mut self, text: &str, shortest: usize, longest: usize) -> usize {
        let mut states = [0; LONGEST];
        self.count(text, shortest, &mut states[..longest])
    }

    /// Counts all n-grams, and returns the number of used buckets; `states` are as many zeros as the longest n-gram has
    /// characters.
    #[inline(always)]
    fn count(&mut self, text: &str, shortest: usize, mut states: impl AsMut<[u32]>) -> usize {
        let states = states.as_mut();
        let (counts, used): (&mut [i32], &mut [u32]) = (&mut self.counts, &mut self.used);
        let mask = counts.len() - 1;
        let mut next = 0;
        let mut characters = 0;
        for_each_code_point(text, |c| {
            let block = murmur::block(c);
            let mut before = 0;
            characters += 1;
            for (n, state) in (1..).zip(states.iter_mut()) {
                // The n-gram of n characters that ends here, if so many have been read.
                let ended = std::mem::replace(state, murmur::step(before, block));
                before = ended;
                if n >= shortest && characters >= n {
                    let hash = murmur::finish(*state, 4 * n as u32).cast_signed();
                    let place = hash.unsigned_abs() as usize & mask;
                    // Written in any case, and kept if the bucket is empty: a branch could not be predicted.
                    used[next & mask] = place as u32;
                    next += usize::from(counts[place] == 0);
                    counts[place] = counts[place].wrapping_add(hash >> 31 | 1);
                }
            }
        });
        next
    }
}

/// MurmurHash3 for 32 bits (Appleby, public domain), a block of 4 bytes at a time; seed 0.
mod murmur {
    /// Mixes a block, as far as that does not depend on those before it.
    #[inline(always)]
    pub fn block(block: u32) -> u32 {
        block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
    }

    /// Adds a mixed block to the hash of those before it.
    #[inline(always)]
    pub fn step(hash: u32, block: u32) -> u32 {
        (hash ^ block).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
    }

    /// Ends the hash of so many bytes.
    #[inline(always)]
    pub fn finish(hash: u32, bytes: u32) -> u32 {
        let hash = hash ^ bytes;
        let hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        let hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }
}

/// Returns the first 16 bytes of a text's SHA-256, its name in a file of scores.
fn text_id(text: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    digest.first_chunk().map_or(0, |&id| u128::from_be_bytes(id))
}

/// Reads a file that must have this SHA-256, in hexadecimal.
fn read(path: &Path, sha256: &str) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).map_err(Error::io(path, "cannot read"))?;
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found == sha256 { Ok(bytes) } else { Err(Error::Changed { path: path.to_owned() }) }
}

/// Reads one row of 32-bit floats in numpy's format 1.0 (numpy.lib.format); none if there is something else.
fn floats(bytes: &[u8]) -> Option<Vec<f32>> {
    let rest = bytes.strip_prefix(b"\x93NUMPY\x01\x00")?;
    let (&length, rest) = rest.split_first_chunk()?;
    let (header, data) = rest.split_at_checked(usize::from(u16::from_le_bytes(length)))?;
    let (values, rest) = data.as_chunks::<4>();
    let shape = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}", values.len());
    let whole = rest.is_empty() && header.trim_ascii() == shape.as_bytes();
    whole.then(|| values.iter().map(|&value| f32::from_le_bytes(value)).collect())
}

/// Reads rows of ids and scores; none if there is something else.
fn scores(bytes: &[u8]) -> Option<FxHashMap<u128, f32>> {
    let (rows, rest) = bytes.as_chunks::<ROW>();
    let read = |row: &[u8; ROW]| {
        let (&id, score) = row.split_first_chunk()?;
        let score = f32::from_le_bytes(*score.first_chunk()?);
        (0.0..=1.0).contains(&score).then_some((u128::from_be_bytes(id), score))
    };
    if rest.is_empty() { rows.iter().map(read).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// MurmurHash3_x86_32 as it is published, for whole blocks.
    fn murmur3(text: &[char]) -> u32 {
        let mut hash = 0u32;
        for &c in text {
            let mut k = u32::from(c).wrapping_mul(0xcc9e_2d51);
            k = k.rotate_left(15).wrapping_mul(0x1b87_3593);
            hash ^= k;
            hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
        }
        hash ^= 4 * text.len() as u32;
        hash ^= hash >> 16;
        hash = hash.wrapping_mul(0x85eb_ca6b);
        hash ^= hash >> 13;
        hash = hash.wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }

    fn model(shortest: usize, longest: usize) -> Linear {
        let weights = HugeArray::collect((0..16).map(|i| (i as f32 - 7.0) / 7.0));
        Linear { weights, intercept: -0.25, shortest, longest }
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // scikit-learn: murmurhash3_32("肺".encode("utf-32-le")), and of 肺炎.
        assert_eq!(murmur3(&['肺']), 1_162_739_397);
        assert_eq!(murmur3(&['肺', '炎']), 1_718_043_543);
    }

    proptest! {
        #[test]
        fn the_score_is_that_of_the_scaled_counts(
            texts in prop::collection::vec("[肺炎のa\n▁]{0,12}", 1..4), shortest in 1usize..4, more in 0usize..4,
        ) {
            let model = model(shortest, shortest + more);
            let mut counter = Counter::new(&model);
            for text in texts {
                let characters: Vec<char> = text.chars().collect();
                let mut counts = [0.0f64; 16];
                for n in shortest..=shortest + more {
                    for ngram in characters.windows(n) {
                        let hash = murmur3(ngram) as i32;
                        counts[hash.unsigned_abs() as usize % 16] += if hash < 0 { -1.0 } else { 1.0 };
                    }
                }
                let length = counts.iter().map(|count| count * count).sum::<f64>().sqrt();
                let sum: f64 = counts.iter().zip(model.weights.iter()).map(|(c, &w)| c * f64::from(w)).sum();
                let scaled = if length > 0.0 { sum / length } else { 0.0 };
                let expected = 1.0 / (1.0 + (0.25 - scaled).exp());
                prop_assert!((counter.score(&text) - expected).abs() < 1e-12);
            }
        }
    }

    fn array(descr: &str, shape: &str, values: [f32; 2]) -> Vec<u8> {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(format!("{text:<117}\n").bytes());
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    #[test]
    fn a_score_that_is_the_threshold_stays() {
        for hundredths in 0..=100u8 {
            let threshold = f64::from(hundredths) / 100.0;
            let model = QualityModel::Scores { scores: "scores.bin".into(), sha256: String::new() };
            let options = QualityOptions { model, threshold };
            let kept = threshold as f32;
            assert_eq!(judge(&options, f64::from(kept)), Ok(()));
            if hundredths > 0 {
                assert_eq!(judge(&options, f64::from(kept.next_down())), Err(Reason::LowQuality));
            }
        }
    }

    #[test]
    fn weights_and_scores_that_are_no_numbers_are_refused() {
        let linear =
            |values, intercept| Linear::new(&array("<f4", "(2,)", values), intercept, 1, 2).is_some();
        assert!(linear([1.0, -2.0], 0.5));
        for (values, intercept) in
            [([1.0, f32::NAN], 0.5), ([f32::NEG_INFINITY, 1.0], 0.5), ([1.0, 2.0], f64::NAN)]
        {
            assert!(!linear(values, intercept));
        }
        let rows = |score: f32| [vec![7; ROW - 4], score.to_le_bytes().to_vec()].concat();
        assert_eq!(scores(&rows(0.25)).map(|found| found.len()), Some(1));
        for score in [f32::NAN, -0.1, 1.5] {
            assert!(scores(&rows(score)).is_none());
        }
        assert!(scores(&rows(0.25)[1..]).is_none());
    }

    #[test]
    fn numpy_arrays_of_another_kind_are_refused() {
        let header = |descr: &str, shape: &str| array(descr, shape, [1.0, 2.0]);
        assert_eq!(floats(&header("<f4", "(2,)")), Some(vec![1.0, 2.0]));
        for bytes in
            [header("<f8", "(1,)"), header("<f4", "(3,)"), header("<f4", "(2, 1)"), b"\x93NUMPY".to_vec()]
        {
            assert_eq!(floats(&bytes), None);
        }
    }
}

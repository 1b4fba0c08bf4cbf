//! Fingerprints of documents, and the files of a part's fingerprints.
//!
//! | files | bytes a record | records |
//! | --- | --- | --- |
//! | `sizes.*` | 8 | documents |
//! | `documents.*` | 24 | documents |
//! | `bands.*` | 12 | bands; 16 a document at a threshold of 0.8 |
//! | `sentences.*` | 24 | sentences of at least `min_sentence_characters` |
//! | `rests.*` | 24 | documents with such sentences and shorter ones |
//!
//! The index of each takes another 0.02 %.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

use super::external_sort::ExternalSorter;
use super::minhash::{Shape, Sketcher};
use super::options::Options;
use super::record::series::{BANDS, DOCUMENTS, RESTS, SENTENCES, SIZES};
use super::record::{Band, Occurrence, Rest, Size};
use super::sentence::{is_blank, sentences, without};
use super::texts::for_each_text;
use crate::atomic_folder::write_folder;
use crate::{Error, Result};

/// Records of a series sorted in memory at a time, in bytes; the rest goes to further files.
const SORTED_AT_A_TIME: u64 = 64 << 20;

/// Hashes of a document's clean text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// XXH3-128 of the text.
    hash: u128,
    /// Number of sentences that are not blank.
    size: u32,
    /// Number and XXH3-128 of each long enough sentence, without the blanks at its ends.
    sentences: Vec<(u32, u128)>,
    /// [`Rest::hash`] of what is left without these; none if that is nothing, or all.
    rest: Option<u128>,
    /// Hashes of the bands of the sketch.
    bands: Vec<u64>,
}

/// Makes fingerprints; one for each thread.
pub struct Fingerprinter {
    options: Options,
    sketcher: Option<Sketcher>,
}

impl Fingerprinter {
    /// Prepares for the options.
    pub fn new(options: &Options) -> Self {
        let sketcher = options.near.map(|near| Sketcher::new(options.ngram, Shape::for_threshold(near)));
        Self { options: *options, sketcher }
    }

    /// Makes the fingerprint of a clean text.
    ///
    /// `finish` returns the rest of a document as it would be written, or none if it is too short for that.
    pub fn fingerprint(&mut self, text: &str, finish: impl FnOnce(&str) -> Option<String>) -> Fingerprint {
        let mut size = 0;
        let mut long: Vec<(u32, u128)> = Vec::new();
        if self.options.sentences {
            let shortest = self.options.min_sentence_characters as usize;
            for (number, sentence) in (0..).zip(sentences(text)) {
                let sentence = sentence.trim_matches(is_blank);
                size += u32::from(!sentence.is_empty());
                let counted = sentence.chars().filter(|&c| !is_blank(c)).take(shortest).count();
                if !sentence.is_empty() && counted == shortest {
                    long.push((number, xxh3_128(sentence.as_bytes())));
                }
            }
        }
        let mut rest = None;
        if !long.is_empty() && long.len() < size as usize {
            let numbers: Vec<u32> = long.iter().map(|&(number, _)| number).collect();
            rest = without(text, &numbers).and_then(|rest| match finish(&rest) {
                Some(written) if written.is_empty() => None,
                Some(written) => Some(xxh3_128(written.as_bytes())),
                None => Some(Rest::TOO_SHORT),
            });
        }
        Fingerprint {
            hash: xxh3_128(text.as_bytes()),
            size,
            sentences: long,
            rest,
            bands: self.sketcher.as_mut().map_or_else(Vec::new, |sketcher| sketcher.bands(text)),
        }
    }
}

/// Writes the fingerprints of one part into an existing folder.
pub struct FingerprintWriter {
    document: u32,
    sizes: ExternalSorter<Size>,
    documents: Option<ExternalSorter<Occurrence>>,
    /// Empty, as the next, for a source whose sentences take no part.
    sentences: ExternalSorter<Occurrence>,
    rests: ExternalSorter<Rest>,
    bands: Option<ExternalSorter<Band>>,
}

impl FingerprintWriter {
    /// Begins in `folder`, which the caller publishes.
    pub fn create(folder: &Path, options: &Options) -> Self {
        let occurrences = |name| ExternalSorter::new(folder, name, SORTED_AT_A_TIME);
        Self {
            document: 0,
            sizes: ExternalSorter::new(folder, SIZES, SORTED_AT_A_TIME),
            documents: options.documents.then(|| occurrences(DOCUMENTS)),
            sentences: occurrences(SENTENCES),
            rests: ExternalSorter::new(folder, RESTS, SORTED_AT_A_TIME),
            bands: options.near.map(|_| ExternalSorter::new(folder, BANDS, SORTED_AT_A_TIME)),
        }
    }

    /// Adds the next document.
    pub fn push(&mut self, fingerprint: &Fingerprint) -> Result<()> {
        let document = self.document;
        self.document =
            document.checked_add(1).ok_or_else(|| Error::internal("too many documents in a part"))?;
        self.sizes.push(Size { document, sentences: fingerprint.size })?;
        if let Some(documents) = &mut self.documents {
            documents.push(Occurrence { hash: fingerprint.hash, document, sentence: 0 })?;
        }
        for &(sentence, hash) in &fingerprint.sentences {
            self.sentences.push(Occurrence { hash, document, sentence })?;
        }
        if let Some(hash) = fingerprint.rest {
            let lost = u32::try_from(fingerprint.sentences.len());
            let lost = lost.map_err(|_| Error::internal("too many sentences in a document"))?;
            self.rests.push(Rest { document, lost, hash })?;
        }
        if let Some(bands) = &mut self.bands {
            fingerprint.bands.iter().try_for_each(|&hash| bands.push(Band { hash, document }))?;
        }
        Ok(())
    }

    /// Writes and syncs the rest.
    pub fn finish(self) -> Result<()> {
        self.sizes.finish()?;
        self.documents.map_or(Ok(()), ExternalSorter::finish)?;
        self.sentences.finish()?;
        self.rests.finish()?;
        self.bands.map_or(Ok(()), ExternalSorter::finish)
    }
}

/// Writes the fingerprints of a part's clean text, JSON lines, into the new folder `target`, on one thread.
///
/// Rests of fewer than `least` characters, blanks aside, are too short.
pub fn fingerprint_part(
    text: &Path,
    field: &str,
    options: &Options,
    least: usize,
    target: &Path,
) -> Result<()> {
    options.check()?;
    write_folder(target, |folder| {
        let mut fingerprinter = Fingerprinter::new(options);
        let mut writer = FingerprintWriter::create(folder, options);
        for_each_text(text, field, |_, text| {
            let finish = |rest: &str| {
                (rest.chars().filter(|&c| !is_blank(c)).count() >= least).then(|| rest.to_owned())
            };
            writer.push(&fingerprinter.fingerprint(text, finish))
        })?;
        writer.finish()
    })
}

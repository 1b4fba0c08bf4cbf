//! Fingerprints of documents, and the files of a part's fingerprints.
//!
//! | files | bytes a record | records |
//! | --- | --- | --- |
//! | `sizes.*` | 8 | documents |
//! | `documents.*` | 24 | documents |
//! | `bands.*` | 12 | bands; 16 a document at a threshold of 0.8 |
//! | `sentences.*` | 24 | sentences of at least `min_sentence_characters` |
//!
//! The index of each takes another 0.02 %.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

use super::external_sort::ExternalSorter;
use super::minhash::{Shape, Sketcher};
use super::options::Options;
use super::record::series::{BANDS, DOCUMENTS, SENTENCES, SIZES};
use super::record::{Band, Occurrence, Size};
use super::sentence::{is_blank, sentences};
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
    pub fn fingerprint(&mut self, text: &str) -> Fingerprint {
        let mut size = 0;
        let mut long = Vec::new();
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
        Fingerprint {
            hash: xxh3_128(text.as_bytes()),
            size,
            sentences: long,
            bands: self.sketcher.as_mut().map_or_else(Vec::new, |sketcher| sketcher.bands(text)),
        }
    }
}

/// Writes the fingerprints of one part into an existing folder.
pub struct FingerprintWriter {
    document: u32,
    sizes: ExternalSorter<Size>,
    documents: Option<ExternalSorter<Occurrence>>,
    sentences: Option<ExternalSorter<Occurrence>>,
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
            sentences: options.sentences.then(|| occurrences(SENTENCES)),
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
        if let Some(sentences) = &mut self.sentences {
            for &(sentence, hash) in &fingerprint.sentences {
                sentences.push(Occurrence { hash, document, sentence })?;
            }
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
        self.sentences.map_or(Ok(()), ExternalSorter::finish)?;
        self.bands.map_or(Ok(()), ExternalSorter::finish)
    }
}

/// Writes the fingerprints of a part's clean text, JSON lines, into the new folder `target`, on one thread.
pub fn fingerprint_part(text: &Path, field: &str, options: &Options, target: &Path) -> Result<()> {
    options.check()?;
    write_folder(target, |folder| {
        let mut fingerprinter = Fingerprinter::new(options);
        let mut writer = FingerprintWriter::create(folder, options);
        for_each_text(text, field, |_, text| writer.push(&fingerprinter.fingerprint(text)))?;
        writer.finish()
    })
}

//! Caches the ids of morphemes: few words make up most of a text (Zipf).

use rustc_hash::FxHashMap;

use crate::huge_array::HugeArray;
use crate::morph::Word;
use crate::unigram::{EncodeBuffer, Unigram};

/// Capacity of the cache of unknown words.
const MOST_OTHERS: usize = 1 << 17;

/// Flag in `words`: the other bits are a position in `ids`.
const SEVERAL: u32 = 1 << 31;

/// Turns morphemes into ids; one a thread, so that no thread waits for another.
///
/// The dictionary's words have a table by their number, which is filled as they occur: most texts use a small part of a
/// dictionary, and filling all of it would take as long as loading.
pub struct Encoder<'t> {
    model: &'t Unigram,
    buffer: EncodeBuffer,
    /// By number: 0 for a word that is not cached, its only id + 1, or [`SEVERAL`] + the position in `ids` of the
    /// number of its ids, which follow.
    words: HugeArray<u32>,
    /// By surface: position in `ids` of the number of its ids, which follow.
    others: FxHashMap<Box<str>, u32>,
    ids: Vec<u32>,
}

impl<'t> Encoder<'t> {
    /// Creates an encoder with an empty cache for `words` words.
    pub fn new(model: &'t Unigram, words: usize) -> Self {
        let (buffer, others) = (EncodeBuffer::default(), FxHashMap::default());
        Self { model, buffer, words: HugeArray::zeros(words), others, ids: Vec::new() }
    }

    /// Appends the cached ids of a word; returns false if it is not cached.
    #[inline]
    pub fn cached(&self, word: Word, out: &mut Vec<u32>) -> bool {
        let known = self.words[word as usize];
        if known & SEVERAL != 0 {
            out.extend_from_slice(self.several(known ^ SEVERAL));
        } else if known != 0 {
            out.push(known - 1);
        }
        known != 0
    }

    /// Appends the ids of a word and caches them; `surface` is one morpheme.
    pub fn encode_word(&mut self, word: Word, surface: &str, out: &mut Vec<u32>) {
        let before = out.len();
        self.model.encode(surface, &mut self.buffer, out);
        let known = match out[before..] {
            [id] => Some(id + 1),
            ref ids => self.cache(ids).map(|at| SEVERAL | at),
        };
        if let Some(known) = known {
            self.words[word as usize] = known;
        }
    }

    /// Appends the ids of any morpheme.
    pub fn encode(&mut self, morpheme: &str, out: &mut Vec<u32>) {
        if let Some(&at) = self.others.get(morpheme) {
            out.extend_from_slice(self.several(at));
            return;
        }
        let before = out.len();
        self.model.encode(morpheme, &mut self.buffer, out);
        if self.others.len() < MOST_OTHERS
            && let Some(at) = self.cache(&out[before..])
        {
            self.others.insert(morpheme.into(), at);
        }
    }

    fn several(&self, at: u32) -> &[u32] {
        let at = at as usize;
        &self.ids[at + 1..][..self.ids[at] as usize]
    }

    /// Appends to `ids`; `None` if the position would not fit below [`SEVERAL`], and the ids are not cached.
    fn cache(&mut self, ids: &[u32]) -> Option<u32> {
        let at = u32::try_from(self.ids.len()).ok().filter(|&at| at < SEVERAL)?;
        self.ids.push(u32::try_from(ids.len()).ok()?);
        self.ids.extend_from_slice(ids);
        Some(at)
    }
}

//! The ids of morphemes, remembered: few words make up most of a text (Zipf).

use rustc_hash::FxHashMap;

use crate::morph::Word;
use crate::unigram::{EncodeBuffer, Unigram};

/// Unknown words whose ids are remembered.
const REMEMBERED: usize = 1 << 17;

/// In `words`: the rest is a place in `ids`.
const SEVERAL: u32 = 1 << 31;

/// Turns morphemes into ids; one a thread, so that no thread waits for another.
///
/// The dictionary's words have a table by their number, which is filled as they are met: most texts use a small part
/// of a dictionary, and filling it all would take as long as loading does.
pub struct Encoder<'t> {
    model: &'t Unigram,
    buffer: EncodeBuffer,
    /// By number: 0 for a word not met yet, a word's only id + 1, or [`SEVERAL`] + where in `ids` its ids are, after
    /// their number.
    words: Vec<u32>,
    /// By surface: where in `ids` the ids are, after their number.
    others: FxHashMap<Box<str>, u32>,
    ids: Vec<u32>,
}

impl<'t> Encoder<'t> {
    /// An encoder that has met nothing yet, for `words` words.
    pub fn new(model: &'t Unigram, words: usize) -> Self {
        let (buffer, others) = (EncodeBuffer::default(), FxHashMap::default());
        Self { model, buffer, words: vec![0; words], others, ids: Vec::new() }
    }

    /// Appends the ids of a word that [`Encoder::learn`] was told; says whether it was.
    #[inline]
    pub fn known(&self, word: Word, out: &mut Vec<u32>) -> bool {
        let known = self.words[word as usize];
        if known & SEVERAL != 0 {
            out.extend_from_slice(self.several(known ^ SEVERAL));
        } else if known != 0 {
            out.push(known - 1);
        }
        known != 0
    }

    /// Appends the ids of a word and remembers them; `surface` is one morpheme.
    pub fn learn(&mut self, word: Word, surface: &str, out: &mut Vec<u32>) {
        let before = out.len();
        self.model.encode(surface, &mut self.buffer, out);
        self.words[word as usize] = match out[before..] {
            [id] => id + 1,
            ref ids => SEVERAL | self.remember(ids),
        };
    }

    /// Appends the ids of any morpheme.
    pub fn encode(&mut self, morpheme: &str, out: &mut Vec<u32>) {
        if let Some(&at) = self.others.get(morpheme) {
            out.extend_from_slice(self.several(at));
            return;
        }
        let before = out.len();
        self.model.encode(morpheme, &mut self.buffer, out);
        if self.others.len() < REMEMBERED {
            let at = self.remember(&out[before..]);
            self.others.insert(morpheme.into(), at);
        }
    }

    fn several(&self, at: u32) -> &[u32] {
        let at = at as usize;
        &self.ids[at + 1..][..self.ids[at] as usize]
    }

    fn remember(&mut self, ids: &[u32]) -> u32 {
        let at = self.ids.len() as u32;
        self.ids.push(ids.len() as u32);
        self.ids.extend_from_slice(ids);
        at
    }
}

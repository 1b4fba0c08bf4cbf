//! Encodes text as ids.

use super::id_cache::Encoder;
use super::split::{Splitter, morphemes};
use crate::clean;
use crate::morph::{Analyzer, Word};
use crate::unigram::Unigram;

/// Separator of morphemes in analysed text; cleaned text never has it.
pub const MORPHEME_SEPARATOR: char = '\u{1f}';

/// Encodes text as ids; one per thread.
pub struct Worker<'t> {
    splitter: Splitter<'t>,
    encoder: Encoder<'t>,
}

impl<'t> Worker<'t> {
    /// Creates a worker with an empty cache.
    pub(super) fn new(analyzer: &'t Analyzer, model: &'t Unigram) -> Self {
        Self { splitter: Splitter::new(analyzer), encoder: Encoder::new(model, analyzer.words()) }
    }

    /// Appends the ids of a raw text and returns the number of its morphemes.
    pub fn encode(&mut self, text: &str, ids: &mut Vec<u32>) -> u64 {
        let Self { splitter, encoder } = self;
        let mut count = 0;
        splitter.stretches(text, |stretch, word| count += encode(encoder, stretch, word, ids));
        count
    }

    /// Encodes text that is clean already; text that is not gets ids that no raw text has.
    pub fn encode_clean(&mut self, text: &str, ids: &mut Vec<u32>) -> u64 {
        let Self { splitter, encoder } = self;
        let mut count = 0;
        splitter.stretches_of_clean(text, |stretch, word| count += encode(encoder, stretch, word, ids));
        count
    }

    /// Appends the ids of morphemes separated by [`MORPHEME_SEPARATOR`].
    pub fn encode_morphemes(&mut self, morphemes: &str, ids: &mut Vec<u32>) {
        morphemes.split(MORPHEME_SEPARATOR).for_each(|morpheme| self.encoder.encode(morpheme, ids));
    }

    /// Calls `on_morpheme` for every morpheme of the cleaned text, as [`Splitter::split`].
    pub fn split(&mut self, text: &str, on_morpheme: impl FnMut(&str)) {
        self.splitter.split(text, on_morpheme);
    }

    /// Returns the cleaning counts since the last call and resets them.
    pub fn take_counts(&mut self) -> clean::Counts {
        self.splitter.take_counts()
    }
}

/// Appends the ids of a stretch and returns the number of its morphemes.
#[inline]
fn encode(encoder: &mut Encoder<'_>, stretch: &str, word: Option<Word>, ids: &mut Vec<u32>) -> u64 {
    if let Some(word) = word {
        if encoder.cached(word, ids) {
            return 1;
        }
        // A word with a space inside is several morphemes, and is not cached.
        if !stretch.contains(' ') {
            encoder.encode_word(word, stretch, ids);
            return 1;
        }
    }
    let mut count = 0;
    morphemes(stretch, |morpheme| {
        count += 1;
        encoder.encode(morpheme, ids);
    });
    count
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use proptest::prelude::*;

    use super::*;
    use crate::clean;
    use crate::dictionary::{self, Plan};
    use crate::morph::Engine;
    use crate::unigram::{EncodeBuffer, PieceKind};

    const FILES: [(&str, &str); 4] = [
        ("matrix.def", "1 1\n0 0 0\n"),
        ("char.def", "DEFAULT 0 1 0\nSPACE 0 1 0\nLATIN 1 1 0\n0x0020 SPACE\n0x0061..0x007A LATIN\n"),
        ("unk.def", "DEFAULT,0,0,9000,x\nSPACE,0,0,9000,x\nLATIN,0,0,9000,x\n"),
        (
            "lex.csv",
            "高血圧,0,0,10,x\n高,0,0,900,x\n血,0,0,900,x\n圧力,0,0,50,x\na a,0,0,-5000,x\nの,0,0,1,x\n",
        ),
    ];

    fn dictionary() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in FILES {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let clean = |text: &str| text.to_owned();
        let (base, file) = (folder.path(), folder.path().join("dictionary"));
        let plan = Plan { base_name: "test", base, terms: &[], licences: &[], clean: &clean };
        dictionary::build(&file, &plan, &mut |_| Ok(())).unwrap();
        (folder, file)
    }

    fn model() -> Unigram {
        let pieces = [
            ("▁", -1.0),
            ("高", -4.0),
            ("血圧", -3.0),
            ("高血", -5.0),
            ("圧", -4.0),
            ("a", -2.0),
            ("の", -1.0),
        ];
        let mut all = vec![
            ("<unk>".to_owned(), 0.0, PieceKind::Unknown),
            ("\n".to_owned(), 0.0, PieceKind::UserDefined),
        ];
        all.extend(pieces.map(|(piece, score)| (piece.to_owned(), score, PieceKind::Normal)));
        Unigram::new(all).unwrap()
    }

    fn load(engine: Engine, file: &Path) -> Analyzer {
        Analyzer::load_for(engine, file).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn ids_are_those_of_the_morphemes_one_by_one(
            texts in prop::collection::vec("(高血圧|高|血|圧力|の|a|a a|ab| |　|\n|𠮷){0,12}", 1..6),
        ) {
            let ((_folder, file), model) = (dictionary(), model());
            let (lattice, vibrato) = (load(Engine::Lattice, &file), load(Engine::Vibrato, &file));
            let mut worker = Worker::new(&lattice, &model);
            let mut reference = Splitter::new(&vibrato);
            // Twice: words that are not cached, then the same words from the cache.
            for text in texts.iter().chain(&texts) {
                let (mut expected, mut morphemes, mut analysed) = (Vec::new(), 0, Vec::new());
                reference.split(text, |morpheme| {
                    model.encode(morpheme, &mut EncodeBuffer::default(), &mut expected);
                    morphemes += 1;
                    analysed.push(morpheme.to_owned());
                });
                let mut ids = vec![7];
                prop_assert_eq!(worker.encode(text, &mut ids), morphemes);
                prop_assert_eq!(&ids[1..], &expected);
                ids.clear();
                prop_assert_eq!(worker.encode_clean(&clean::clean(text), &mut ids), morphemes);
                prop_assert_eq!(&ids, &expected);
                ids.clear();
                worker.encode_morphemes(&analysed.join("\u{1f}"), &mut ids);
                prop_assert_eq!(&ids, &expected);
            }
        }
    }
}

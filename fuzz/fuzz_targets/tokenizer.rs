//! Ids and back: `decode(encode(x)) == clean(x)`, with the morphemes of vibrato.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ncvc_core::clean::clean;
use ncvc_core::morph::{Analyzer, Engine};
use ncvc_core::tokenizer::{Splitter, Tokenizer};
use ncvc_core::unigram::EncodeBuffer;

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(ncvc_fuzz::dictionary::tokenizer);
static VIBRATO: LazyLock<Analyzer> = LazyLock::new(|| {
    let path = ncvc_fuzz::file("dictionary", &ncvc_fuzz::dictionary::bytes());
    Analyzer::load_for(Engine::Vibrato, path).expect("it was built")
});

fuzz_target!(|text: &str| {
    let cleaned = clean(text);
    let mut worker = TOKENIZER.worker();
    let mut ids = Vec::new();
    let count = worker.encode(text, &mut ids);
    assert_eq!(TOKENIZER.decode(&ids).as_deref(), Some(cleaned.as_str()));

    let mut again = Vec::new();
    assert_eq!(worker.encode_clean(&cleaned, &mut again), count);
    assert_eq!(again, ids, "words that are known by now, or cleaned text");

    let (mut expected, mut morphemes) = (Vec::new(), Vec::new());
    Splitter::new(&VIBRATO).split(text, |morpheme| {
        TOKENIZER.model().encode(morpheme, &mut EncodeBuffer::default(), &mut expected);
        morphemes.push(morpheme.to_owned());
    });
    assert_eq!(morphemes.concat(), cleaned);
    assert_eq!((morphemes.len() as u64, expected), (count, ids), "vibrato's morphemes");
});

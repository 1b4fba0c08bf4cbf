//! A small dictionary and a small tokenizer, as people would make them.

use std::path::Path;

use ncvc_core::clean::{self, META_SPACE, allowed_characters};
use ncvc_core::dictionary::{self, Header, Plan};
use ncvc_core::morph::{Analyzer, Engine};
use ncvc_core::tokenizer::{
    BEGIN_OF_TEXT, CLEANING_FILE, DICTIONARY_FILE, END_OF_TEXT, MODEL_FILE, Tokenizer,
};
use ncvc_core::{Result, unigram::PieceKind};

/// MeCab sources. No path of known words costs what one with unknown words does: see the target `lattice`.
pub const SOURCES: [(&str, &str); 4] = [
    ("matrix.def", "2 2\n0 0 0\n0 1 40\n1 0 -30\n1 1 700\n"),
    (
        "char.def",
        "DEFAULT 0 1 0\nSPACE 0 1 0\nLATIN 1 1 0\nKANJI 0 0 2\nKANA 1 1 2\n0x0020 SPACE\n0x0061..0x007A LATIN\n\
         0x4E00..0x9FFF KANJI\n0x3041..0x30FF KANA\n",
    ),
    (
        "unk.def",
        "DEFAULT,0,0,9001,記号\nSPACE,0,0,9001,記号\nLATIN,1,1,9003,名詞\nKANJI,1,1,9007,名詞\nKANA,0,0,9011,名詞\n",
    ),
    (
        "lex.csv",
        "高血圧,1,1,10,名詞\n高,1,1,900,名詞\n血,1,1,910,名詞\n圧力,1,1,50,名詞\na a,0,0,-5000,記号\nの,0,0,1,助詞\n\
         治療,1,1,20,名詞\nこの,0,1,30,連体詞\n。,0,0,5,記号\n",
    ),
];

/// Builds a dictionary file in `folder` from the sources that are there.
pub fn build(folder: &Path) -> Result<Header> {
    let clean = |text: &str| clean::clean(text);
    let plan = Plan { base_name: "fuzz", base: folder, terms: &[], licences: &[], clean: &clean };
    dictionary::build(&folder.join(DICTIONARY_FILE), &plan, &mut |_| Ok(()))
}

/// The bytes of the dictionary file of [`SOURCES`].
pub fn bytes() -> Vec<u8> {
    let folder = folder_with_dictionary();
    std::fs::read(folder.path().join(DICTIONARY_FILE)).expect("it was written")
}

/// The analyser of [`SOURCES`].
pub fn analyzer() -> Analyzer {
    Analyzer::load(folder_with_dictionary().path().join(DICTIONARY_FILE)).expect("it was written")
}

/// A tokenizer with a piece for every allowed character.
pub fn tokenizer() -> Tokenizer {
    let folder = folder_with_dictionary();
    let version = format!("{{\"version\": {}}}", clean::VERSION);
    std::fs::write(folder.path().join(CLEANING_FILE), version).expect("the folder can be written");
    std::fs::write(folder.path().join(MODEL_FILE), model()).expect("the folder can be written");
    Tokenizer::load(folder.path(), Engine::default()).expect("it was written")
}

fn folder_with_dictionary() -> tempfile::TempDir {
    let folder = crate::folder();
    for (name, text) in SOURCES {
        std::fs::write(folder.path().join(name), text).expect("the folder can be written");
    }
    build(folder.path()).expect("the sources are sound");
    folder
}

/// A SentencePiece model.
pub fn model() -> Vec<u8> {
    let special = [
        ("<unk>", PieceKind::Unknown),
        (BEGIN_OF_TEXT, PieceKind::Control),
        (END_OF_TEXT, PieceKind::Control),
    ];
    let mut model = Vec::new();
    special.iter().for_each(|(piece, kind)| push_piece(piece, 0.0, *kind, &mut model));
    push_piece("\n", 0.0, PieceKind::UserDefined, &mut model);
    for (c, i) in allowed_characters().into_iter().chain([META_SPACE]).zip(0u16..) {
        push_piece(c.encode_utf8(&mut [0; 4]), -8.0 - f32::from(i % 7), PieceKind::Normal, &mut model);
    }
    for piece in ["高血", "血圧", "治療", "この", "aa"] {
        push_piece(piece, -6.0, PieceKind::Normal, &mut model);
    }
    model
}

/// Field 1 of the model: a message of piece (1), score (2) and kind (3).
fn push_piece(piece: &str, score: f32, kind: PieceKind, model: &mut Vec<u8>) {
    let kind = match kind {
        PieceKind::Normal => 1,
        PieceKind::Unknown => 2,
        PieceKind::Control => 3,
        PieceKind::UserDefined => 4,
    };
    // Every length is below 128, so it takes one byte.
    let mut message = vec![0x0a, piece.len() as u8];
    message.extend_from_slice(piece.as_bytes());
    message.push(0x15);
    message.extend_from_slice(&score.to_le_bytes());
    message.extend_from_slice(&[0x18, kind]);
    model.extend_from_slice(&[0x0a, message.len() as u8]);
    model.extend_from_slice(&message);
}

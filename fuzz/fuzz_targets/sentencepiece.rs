//! SentencePiece models: damaged ones are refused, and any other gives the segmentation of a plain search.
#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use ncvc_core::unigram::{EncodeBuffer, PieceKind, Unigram};

const TEXTS: [&str; 5] = ["", "高血圧", "a▁a", "\0\u{10ffff}高高", "圧圧高"];

fuzz_target!(|data: &[u8]| {
    let Ok(model) = Unigram::from_bytes(data) else { return };
    let pieces: Vec<(&str, PieceKind)> = (0..model.len() as u32).filter_map(|id| model.piece(id)).collect();
    assert_eq!(pieces.len(), model.len());
    let known: HashMap<&str, u32> = pieces.iter().zip(0..).map(|((piece, _), id)| (*piece, id)).collect();
    for text in TEXTS {
        let mut ids = Vec::new();
        model.encode(text, &mut EncodeBuffer::default(), &mut ids);
        assert_eq!(ids.is_empty(), text.is_empty());
        // Pieces stand in the text in this order; between them is what is unknown, and that is never nothing.
        let mut rest = text;
        let mut unknown = false;
        for &id in &ids {
            if id == model.unknown() {
                assert!(!unknown, "neighbouring unknown characters are one");
                unknown = true;
                continue;
            }
            let (piece, kind) = pieces[id as usize];
            assert!(matches!(kind, PieceKind::Normal | PieceKind::UserDefined) && known.contains_key(piece));
            let from = if unknown { rest.chars().next().map_or(0, char::len_utf8) } else { 0 };
            let at = from + rest[from..].find(piece).expect("a piece of the text");
            assert!(unknown || at == 0);
            (rest, unknown) = (&rest[at + piece.len()..], false);
        }
        assert!(unknown || rest.is_empty() || ids.contains(&model.unknown()));
    }
});

//! Unigram models trained by SentencePiece: pieces, scores and the best segmentation of a morpheme.

mod model;
mod protobuf;

pub use model::{EncodeBuffer, PieceKind, Unigram};

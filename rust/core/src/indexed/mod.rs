//! Megatron's indexed dataset: `.bin` holds tokens back to back, `.idx` where each sequence lies.

mod writer;

pub use writer::{IndexedWriter, TokenType, Totals};

//! Names of the files that the stages write.

/// Clean documents of a part, JSON lines; of a finished part, its text.
pub const TEXT: &str = "text.jsonl.zst";
/// File and line of the input that each clean document came from.
pub const PROVENANCE: &str = "places.tsv.zst";
/// Folder with the fingerprints of the clean documents, if duplicates are searched for.
pub const FINGERPRINTS: &str = "fingerprints";
/// Unreadable documents: file, line, reason and size; never their text, which no privacy rule has seen.
pub const QUARANTINE: &str = "quarantine.jsonl";
/// Tokens as stored, document after document.
pub const TOKENS: &str = "tokens.bin";
/// Number of tokens of each document, 32-bit little-endian.
pub const LENGTHS: &str = "lengths.bin";

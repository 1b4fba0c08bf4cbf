//! Unpacks the files that are part of the engine.

use std::io::Read;

/// Unpacks zlib's format; `None` for damaged bytes.
pub fn inflate(packed: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    flate2::read::ZlibDecoder::new(packed).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

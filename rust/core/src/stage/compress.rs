//! Compresses what a batch became, in the thread that worked on it.

/// Fast enough not to be seen beside the analysis.
const LEVEL: i32 = 1;

/// Bytes as a Zstandard frame with a checksum; frames one after another are what the parts together are.
///
/// Nothing stays nothing, so that a file without rows is empty.
pub fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(bytes)
}

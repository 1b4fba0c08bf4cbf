//! Zstandard compression of a batch, on the thread that made it.

/// Level whose time does not show beside the analysis.
const LEVEL: i32 = 1;

/// Compresses bytes into a Zstandard frame with a checksum; frames one after another decompress to all of them.
///
/// Empty input gives no frame, so that a file without rows is empty.
pub fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(bytes)
}

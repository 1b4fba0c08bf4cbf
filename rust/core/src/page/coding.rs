//! Content codings of HTTP that Python does not have.

use std::io::Read;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Brotli, named `br`.
    Brotli,
    /// Zstandard, named `zstd`.
    Zstd,
}

/// Decompresses at most `most` bytes of a body; `None` if it is damaged before.
pub fn decompress(body: &[u8], coding: Coding, most: usize) -> Option<Vec<u8>> {
    let reader: Box<dyn Read + '_> = match coding {
        Coding::Brotli => Box::new(brotli::Decompressor::new(body, 1 << 14)),
        Coding::Zstd => Box::new(zstd::Decoder::new(body).ok()?),
    };
    let mut data = Vec::new();
    reader.take(u64::try_from(most).unwrap_or(u64::MAX)).read_to_end(&mut data).ok()?;
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_bounded_and_damage_is_seen() {
        let plain = "高血圧。".repeat(1000);
        let zstd = zstd::encode_all(plain.as_bytes(), 1).unwrap();
        let mut brotli = Vec::new();
        brotli::BrotliCompress(&mut plain.as_bytes(), &mut brotli, &Default::default()).unwrap();
        for (body, coding) in [(zstd, Coding::Zstd), (brotli, Coding::Brotli)] {
            assert_eq!(decompress(&body, coding, 1 << 20).as_deref(), Some(plain.as_bytes()));
            assert_eq!(decompress(&body, coding, 9).as_deref(), Some("高血圧".as_bytes()));
            assert_eq!(decompress(&body[..body.len() - 2], coding, 1 << 20), None);
            assert_eq!(decompress(b"<html>", coding, 100), None);
        }
    }
}

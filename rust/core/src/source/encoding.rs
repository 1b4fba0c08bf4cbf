//! Decodes the encodings of Japanese files to UTF-8, without replacement characters.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8};

/// Returns the encoding of a name of the Encoding Standard, like `shift_jis`, `cp932`, `euc-jp`, `utf-16le`.
pub fn encoding_named(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(name.as_bytes())
}

/// Decodes pieces of one file, all in the same encoding.
pub struct Decoder {
    encoding: Option<&'static Encoding>,
}

impl Decoder {
    /// Creates a decoder for this encoding; without one, the first piece that is not ASCII determines it.
    pub fn new(encoding: Option<&'static Encoding>) -> Self {
        Self { encoding }
    }

    /// Decodes a piece, without a byte order mark; `None` if it is not valid in the encoding.
    pub fn decode<'a>(&mut self, piece: &'a [u8]) -> Option<Cow<'a, str>> {
        // A byte order mark overrides the given encoding.
        let (encoding, piece) = match Encoding::for_bom(piece) {
            Some((encoding, length)) => (*self.encoding.insert(encoding), &piece[length..]),
            None => match self.encoding {
                Some(encoding) => (encoding, piece),
                None => (self.recognise(piece)?, piece),
            },
        };
        encoding.decode_without_bom_handling_and_without_replacement(piece)
    }

    fn recognise(&mut self, piece: &[u8]) -> Option<&'static Encoding> {
        // ISO-2022-JP has ASCII bytes only; its escapes reveal it.
        if piece.is_ascii() && !piece.contains(&0x1b) {
            return Some(UTF_8);
        }
        // Text with one torn character is damaged UTF-8, not Shift_JIS, although much of it would be valid there.
        if std::str::from_utf8(piece).is_err() && is_mostly_utf8(piece) {
            return None;
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
        detector.feed(piece, true);
        let guess = detector.guess(Some(b"jp"), Utf8Detection::Allow);
        let known = [UTF_8, SHIFT_JIS, EUC_JP, ISO_2022_JP].contains(&guess);
        known.then(|| *self.encoding.insert(guess))
    }
}

/// Tests whether at least half of the non-ASCII bytes belong to characters of UTF-8.
fn is_mostly_utf8(piece: &[u8]) -> bool {
    let all = piece.iter().filter(|byte| !byte.is_ascii()).count();
    let in_characters = piece.utf8_chunks().flat_map(|chunk| chunk.valid().bytes());
    in_characters.filter(|byte| !byte.is_ascii()).count() * 2 >= all
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "高血圧症の患者は、降圧薬を服用していた。ﾃｽﾄ①";

    fn decoded(encoding: Option<&'static Encoding>, bytes: &[u8]) -> Option<String> {
        Decoder::new(encoding).decode(bytes).map(Cow::into_owned)
    }

    #[test]
    fn japanese_encodings_are_recognised() {
        for encoding in [UTF_8, SHIFT_JIS, EUC_JP] {
            let (bytes, _, lossy) = encoding.encode(TEXT);
            assert!(!lossy);
            assert_eq!(decoded(None, &bytes).as_deref(), Some(TEXT), "{}", encoding.name());
        }
        // Bytes of Python's "iso2022_jp" codec.
        assert_eq!(decoded(None, b"\x1b$B7l05\x1b(B").as_deref(), Some("血圧"));
    }

    #[test]
    fn a_byte_order_mark_goes_before_everything() {
        assert_eq!(decoded(Some(SHIFT_JIS), "\u{feff}熱".as_bytes()).as_deref(), Some("熱"));
        assert_eq!(decoded(None, b"\xff\xfe\xb1\x71").as_deref(), Some("熱"));
    }

    #[test]
    fn no_character_is_made_up() {
        for torn in 1..TEXT.len() {
            let bytes = [&TEXT.as_bytes()[..torn], &TEXT.as_bytes()[torn + 1..], TEXT.as_bytes()].concat();
            if std::str::from_utf8(&bytes).is_err() {
                assert_eq!(decoded(None, &bytes), None, "without byte {torn}");
            }
        }
        assert_eq!(decoded(Some(SHIFT_JIS), b"\x82\xa0\x82"), None);
        assert_eq!(decoded(Some(UTF_8), &SHIFT_JIS.encode(TEXT).0), None);
        let mut decoder = Decoder::new(None);
        assert!(decoder.decode("発熱あり。".as_bytes()).is_some());
        assert!(decoder.decode(&EUC_JP.encode(TEXT).0).is_none(), "a file has one encoding");
    }
}

//! Decodes the encodings of Japanese files to UTF-8, without replacement characters.

use std::borrow::Cow;

use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

use super::foreign;
use super::japanese::{bits, bits_in, bits_of_utf8};

/// Bytes from the first that is not ASCII on by which an encoding is recognised.
pub const WINDOW: usize = 1 << 13;
/// Bytes that are not ASCII above which valid UTF-8 can be nothing else.
const SURELY_UTF_8: usize = 60;
const UTF_32_MARK: &[u8] = &[0xff, 0xfe, 0, 0];

/// Encodings that `recognise` tells apart by costs, with the cost in bits of the assumption itself.
const CANDIDATES: [(&Encoding, u32); 4] = [(SHIFT_JIS, 8), (EUC_JP, 7), (UTF_16LE, 24), (UTF_16BE, 24)];

/// Returns the encoding of a name of the Encoding Standard, like `shift_jis`, `cp932`, `euc-jp`, `utf-16le`.
pub fn encoding_named(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(name.as_bytes())
}

/// Decodes a whole text, in this encoding or, without one, in the one that is recognised.
///
/// A byte order mark goes before both and is left out. Returns `None` if the text is not valid in its encoding: a
/// character is never guessed.
pub fn decode<'t>(text: &'t [u8], encoding: Option<&'static Encoding>) -> Option<Cow<'t, str>> {
    let (encoding, text) = match Encoding::for_bom(text) {
        Some(_) if text.starts_with(UTF_32_MARK) => return None,
        Some((marked, length)) => (marked, &text[length..]),
        None => (encoding.or_else(|| recognise(text, 0))?, text),
    };
    if encoding != ISO_2022_JP && encoding.is_ascii_compatible() && has_iso_2022_escape(text) {
        return None;
    }
    encoding.decode_without_bom_handling_and_without_replacement(text)
}

/// Recognises the encoding of a text, or of the beginning of one; `None` if it is none of Japanese text.
///
/// A text with escape sequences of ISO 2022 is ISO-2022-JP, other ASCII is UTF-8. Otherwise the text is read in every
/// encoding, and the cost of each reading in bits is compared with that of readings in other languages. Damaged bytes
/// cost bits as well, so that a damaged text is recognised as what it was. Another reading than UTF-8 must cost
/// `margin` bits less.
pub fn recognise(text: &[u8], margin: u32) -> Option<&'static Encoding> {
    if let Some((marked, _)) = Encoding::for_bom(text) {
        return (!text.starts_with(UTF_32_MARK)).then_some(marked);
    }
    recognise_unmarked(text, margin)
}

/// Recognises the encoding of a text from its middle on, where the bytes of a byte order mark are none.
pub fn recognise_unmarked(text: &[u8], margin: u32) -> Option<&'static Encoding> {
    if has_iso_2022_escape(text) {
        return Some(ISO_2022_JP);
    }
    let Some(first) = text.iter().position(|byte| !byte.is_ascii()) else { return Some(UTF_8) };
    let piece = &text[first..];
    if piece.iter().filter(|byte| !byte.is_ascii()).take(SURELY_UTF_8 + 1).count() > SURELY_UTF_8
        && std::str::from_utf8(piece).is_ok()
    {
        return Some(UTF_8);
    }
    let whole = piece.len() <= WINDOW;
    let piece = &piece[..piece.len().min(WINDOW)];
    let mut best = (bits_in(UTF_8, piece, whole, bits_of_utf8).saturating_sub(margin), Some(UTF_8));
    for (encoding, prior) in CANDIDATES {
        let cost = prior + bits_in(encoding, piece, whole, bits);
        if cost < best.0 {
            best = (cost, encoding.is_ascii_compatible().then_some(encoding));
        }
    }
    if foreign::least_bits(piece, whole) < best.0 { None } else { best.1 }
}

/// Tests for an escape sequence of ISO 2022 that makes the ASCII bytes after it other characters.
pub fn has_iso_2022_escape(text: &[u8]) -> bool {
    memchr::memchr_iter(0x1b, text).any(|at| {
        matches!(&text[at + 1..], [b'$', b'@' | b'A' | b'B' | b'(' | b')', ..] | [b'(', b'I' | b'J', ..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{BIG5, EUC_KR, GB18030, WINDOWS_1251, WINDOWS_1252};

    const TEXT: &str = "高血圧症の患者は、降圧薬を服用していた。ﾃｽﾄ①";

    fn decoded(encoding: Option<&'static Encoding>, bytes: &[u8]) -> Option<String> {
        decode(bytes, encoding).map(Cow::into_owned)
    }

    #[test]
    fn short_japanese_texts_are_recognised() {
        let texts = [
            TEXT,
            "術後は順調に経過し,術後第18病日に退院となった",
            "風邪気味なのでとりあえず解熱剤を飲んだ。",
            "発熱",
            "体温37.2℃",
            "ｱﾚﾙｷﾞｰﾅｼ",
            "BT 36.8 熱感(-)",
            "カロナール200mg 3錠",
            "不眠。",
            "# note: 文",
        ];
        for text in texts {
            for encoding in [UTF_8, SHIFT_JIS, EUC_JP] {
                let (bytes, _, lossy) = encoding.encode(text);
                assert!(!lossy);
                assert_eq!(decoded(None, &bytes).as_deref(), Some(text), "{}", encoding.name());
            }
        }
        // Bytes of Python's "iso2022_jp" codec.
        assert_eq!(decoded(None, b"\x1b$B7l05\x1b(B").as_deref(), Some("血圧"));
    }

    #[test]
    fn other_languages_are_refused() {
        let texts = [
            (GB18030, "患者因发热三天入院，无咳嗽。"),
            (GB18030, "病人今天没有发烧"),
            (BIG5, "病人今天沒有發燒，血壓正常。"),
            (EUC_KR, "환자는 오늘 열이 없습니다."),
            (WINDOWS_1252, "Le patient a été opéré à l'hôpital."),
            (WINDOWS_1251, "Пациент жалуется на головную боль."),
        ];
        for (encoding, text) in texts {
            let (bytes, _, lossy) = encoding.encode(text);
            assert!(!lossy);
            assert_eq!(decoded(None, &bytes), None, "{text}");
        }
        assert_eq!(decoded(None, b"\x1b$)C\x0e!!\x0f"), None, "ISO-2022-KR");
    }

    #[test]
    fn iso_2022_jp_is_read_as_nothing_else() {
        let bytes = b"\x1b$B7l05\x1b(B 120/80";
        assert_eq!(decoded(Some(UTF_8), bytes), None);
        assert_eq!(decoded(Some(SHIFT_JIS), bytes), None);
        assert_eq!(decoded(None, b"\x1b[31mred\x1b(B\x1b[m").as_deref(), Some("\x1b[31mred\x1b(B\x1b[m"));
    }

    #[test]
    fn a_byte_order_mark_goes_before_everything() {
        assert_eq!(decoded(Some(SHIFT_JIS), "\u{feff}熱".as_bytes()).as_deref(), Some("熱"));
        assert_eq!(decoded(None, b"\xff\xfe\xb1\x71").as_deref(), Some("熱"));
        assert_eq!(decoded(None, b"\xff\xfe\0\0\xb1\x71\0\0"), None, "UTF-32");
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
    }
}

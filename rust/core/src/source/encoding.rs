//! Decodes the encodings of Japanese files to UTF-8, without replacement characters.

use std::borrow::Cow;

use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

use super::foreign;
use super::japanese::{Piece, bits, bits_in, bits_of_utf8};

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

/// Bits below which Shift_JIS and EUC-JP are not told apart: half-width katakana of one are kanji of the other.
const UNDECIDED: u32 = 5;
/// Costs of the assumption of UTF-16 without a byte order mark, of text with ASCII in it and without.
const WITH_ASCII: u32 = 12;
const WITHOUT_ASCII: u32 = 24;
/// Cost of the assumption that a file in an encoding of single bytes is no text.
const NO_TEXT: u32 = 16;
/// Bits a byte of which UTF-16 with ASCII in it costs less.
const BITS_OF_BYTE: usize = 7;
/// Control characters from which on a file is no text, and one in how many bytes.
const CONTROLS: usize = 4;
const CONTROLS_IN: usize = 16;

/// Decodes a whole text, in this encoding or, without one, in the one that is recognised.
///
/// A byte order mark goes before both and is left out. Returns `None` if the text is not valid in its encoding, or if
/// none is clearly the likeliest: a character is never guessed.
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
/// `margin` bits less. `None` as well for what is no text, and where two readings are as likely.
pub fn recognise(text: &[u8], margin: u32) -> Option<&'static Encoding> {
    if let Some((marked, _)) = Encoding::for_bom(text) {
        return (!text.starts_with(UTF_32_MARK)).then_some(marked);
    }
    match unmarked_utf_16(text) {
        None if has_controls(text) => None,
        None => recognise_unmarked(text, b'\n', margin),
        utf_16 => utf_16,
    }
}

/// Tests whether the beginning of a file is that of no text in this encoding, or in any: of a program or a database.
pub fn is_binary(head: &[u8], encoding: Option<&'static Encoding>) -> bool {
    let marked = Encoding::for_bom(head).map(|(marked, _)| marked);
    let encoding = marked.or(encoding).or_else(|| unmarked_utf_16(head));
    encoding.is_none_or(Encoding::is_ascii_compatible) && has_controls(head)
}

/// Tests whether many bytes of the first line are control characters other than white space, escapes and backspaces.
///
/// Later lines do not count: a damaged line costs no other one.
fn has_controls(text: &[u8]) -> bool {
    let head = &text[..text.len().min(WINDOW)];
    let line = &head[..memchr::memchr(b'\n', head).unwrap_or(head.len())];
    let is_control = |byte: &&u8| matches!(byte, 0..=7 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    let controls = line.iter().filter(is_control).count();
    controls >= CONTROLS && controls * CONTROLS_IN > line.len()
}

/// Recognises UTF-16 without a byte order mark from the beginning of a text.
///
/// With ASCII in it, it has NULs, which other text does not have; without, it must be likelier than every other reading.
pub fn unmarked_utf_16(text: &[u8]) -> Option<&'static Encoding> {
    let head = &text[..text.len().min(WINDOW)];
    let has_nul = head.contains(&0);
    if !head.len().is_multiple_of(2) || (head.is_ascii() && !has_nul) {
        return None;
    }
    let piece = Piece { bytes: head, previous: b'\n', whole: text.len() <= WINDOW };
    let costs = [UTF_16LE, UTF_16BE].map(|encoding| (bits_in(encoding, piece, bits), encoding));
    let (cost, encoding) = costs.into_iter().min_by_key(|(cost, _)| *cost)?;
    if has_nul {
        let most = u32::try_from(head.len() * BITS_OF_BYTE).unwrap_or(u32::MAX);
        return (cost + WITH_ASCII <= most).then_some(encoding);
    }
    let japanese = [SHIFT_JIS, EUC_JP].map(|other| bits_in(other, piece, bits));
    let others =
        [bits_in(UTF_8, piece, bits_of_utf8), foreign::least_bits(piece), foreign::bits_of_any_bytes(head)];
    japanese
        .into_iter()
        .chain(others)
        .min()
        .is_some_and(|other| cost + WITHOUT_ASCII < other)
        .then_some(encoding)
}

/// Recognises the encoding of a text from its middle on, behind the byte `previous` of ASCII, where the bytes of a byte
/// order mark are none.
pub fn recognise_unmarked(text: &[u8], previous: u8, margin: u32) -> Option<&'static Encoding> {
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
    let piece = Piece {
        bytes: &piece[..piece.len().min(WINDOW)],
        previous: text[..first].last().copied().unwrap_or(previous),
        whole: piece.len() <= WINDOW,
    };
    let mut best = (bits_in(UTF_8, piece, bits_of_utf8).saturating_sub(margin), Some(UTF_8));
    let costs = CANDIDATES.map(|(encoding, prior)| (prior + bits_in(encoding, piece, bits), encoding));
    let [(shift_jis, _), (euc_jp, _), ..] = costs;
    for (cost, encoding) in costs {
        if cost < best.0 {
            best = (cost, encoding.is_ascii_compatible().then_some(encoding));
        }
    }
    let undecided = best.0 == shift_jis.min(euc_jp) && shift_jis.abs_diff(euc_jp) < UNDECIDED;
    let other = foreign::least_bits(piece).min(NO_TEXT + foreign::bits_of_any_bytes(piece.bytes));
    if undecided || other < best.0 { None } else { best.1 }
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
    fn short_clinical_words_are_no_half_width_katakana() {
        for text in [
            "失禁他量",
            "脳梗塞",
            "自己喀出不可",
            "足背動脈触知可能",
            "熱発",
            "表1",
            "膀胱炎",
            "両側",
            "喘鳴+",
            "疾病",
        ] {
            for encoding in [UTF_8, SHIFT_JIS, EUC_JP] {
                assert_eq!(
                    decoded(None, &encoding.encode(text).0).as_deref(),
                    Some(text),
                    "{}",
                    encoding.name()
                );
            }
        }
        for text in ["37.5±0.3", "38.2°C", "β遮断薬", "¥500", "Sjögren", "dharmaparyāya"] {
            assert_eq!(decoded(None, text.as_bytes()).as_deref(), Some(text));
        }
        // Half-width katakana of Shift_JIS are kanji of EUC-JP: what may be either is refused rather than read as another.
        for (encoding, text) in [(SHIFT_JIS, "ﾏﾏｺﾞﾄ"), (SHIFT_JIS, "ｱﾚﾙｷﾞｰ+"), (EUC_JP, "心乗")]
        {
            assert!(decoded(None, &encoding.encode(text).0).is_none_or(|found| found == text), "{text}");
        }
    }

    #[test]
    fn utf_16_is_read_without_a_mark() {
        for text in ["id,note\n1,肺炎の疑い。\n", "発熱、咳嗽あり。肺炎を疑う。", "CRP 12.3\n", "不眠。\n"]
        {
            let units: Vec<u16> = text.encode_utf16().collect();
            let little: Vec<u8> = units.iter().copied().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = units.iter().copied().flat_map(u16::to_be_bytes).collect();
            assert_eq!(decoded(None, &little).as_deref(), Some(text), "LE");
            assert_eq!(decoded(None, &big).as_deref(), Some(text), "BE");
            assert!(!is_binary(&little, None) && !is_binary(&big, None));
        }
    }

    #[test]
    fn binary_data_is_no_text() {
        let database =
            [b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20".as_slice(), &[0; 80], b"\nCREATE"].concat();
        let program =
            [b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".as_slice(), &[0; 40], b"DOS\r\r\n$"].concat();
        let folder = b"\0\0\0\x01Bud1\0\0\x10\0\0\0\x08\0\0\0\x10\0".to_vec();
        for binary in [database, program, folder] {
            assert!(is_binary(&binary, None) && is_binary(&binary, Some(SHIFT_JIS)));
            assert_eq!(decoded(None, &binary), None);
        }
        for text in ["熱\0", "熱発\n\0\0\0\0\0\0\0\0\n", "\u{1b}[31m\tred\u{8}\r\n", "", "改頁\u{c}あり"]
        {
            assert!(!is_binary(text.as_bytes(), None), "{text:?}");
            assert_eq!(decoded(None, text.as_bytes()).as_deref(), Some(text));
        }
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

//! Decodes the charsets of MeCab dictionaries as MeCab's compiler encodes them, which is by iconv.

use encoding_rs::{EUC_JP, Encoding, SHIFT_JIS};

/// Charset of a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// EUC-JP.
    EucJp,
    /// Shift_JIS.
    ShiftJis,
}

/// EUC-JP of the characters that iconv reads by JIS X 0208, but the Web's encodings as Windows does: ～ ∥ － ￠ ￡ ￢.
const JIS: [([u8; 2], char); 6] = [
    ([0xa1, 0xc1], '〜'),
    ([0xa1, 0xc2], '‖'),
    ([0xa1, 0xdd], '−'),
    ([0xa1, 0xf1], '¢'),
    ([0xa1, 0xf2], '£'),
    ([0xa2, 0xcc], '¬'),
];

/// The same in Shift_JIS.
const JIS_SHIFTED: [([u8; 2], char); 6] = [
    ([0x81, 0x60], '〜'),
    ([0x81, 0x61], '‖'),
    ([0x81, 0x7c], '−'),
    ([0x81, 0x91], '¢'),
    ([0x81, 0x92], '£'),
    ([0x81, 0xca], '¬'),
];

impl Charset {
    /// Finds a charset by a name that MeCab knows it by (`decode_charset` in utils.cpp), or that the Web does.
    pub fn named(name: &[u8]) -> Option<Self> {
        let is_one_of =
            |names: &[&str]| names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
        if is_one_of(&["utf8", "utf_8", "utf-8", "ascii"]) {
            Some(Self::Utf8)
        } else if is_one_of(&["euc", "euc_jp", "euc-jp"]) || Encoding::for_label(name) == Some(EUC_JP) {
            Some(Self::EucJp)
        } else if is_one_of(&["cp932"]) || Encoding::for_label(name) == Some(SHIFT_JIS) {
            Some(Self::ShiftJis)
        } else {
            None
        }
    }

    /// Decodes `bytes`; `None` if they are not valid.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::EucJp => decode(EUC_JP, &JIS, bytes, |lead| match lead {
                0x8e | 0xa1.. => 2,
                0x8f => 3,
                _ => 1,
            }),
            Self::ShiftJis => decode(SHIFT_JIS, &JIS_SHIFTED, bytes, |lead| match lead {
                0x81..=0x9f | 0xe0.. => 2,
                _ => 1,
            }),
        }
    }
}

/// Lists the characters of JIS X 0212, which take three bytes in EUC-JP.
pub fn jis_x_0212() -> impl Iterator<Item = char> {
    let codes = (0xa1..=0xfe).flat_map(|row| (0xa1..=0xfe).map(move |cell| [0x8f, row, cell]));
    codes.filter_map(|code| Charset::EucJp.decode(&code)?.chars().next())
}

/// Decodes by `encoding`, but the characters in `special` by that table; `length` gives the bytes of a character.
///
/// The table cannot be applied to decoded text: there are codes beside these, in JIS X 0212, for ～.
fn decode(
    encoding: &'static Encoding,
    special: &[([u8; 2], char)],
    bytes: &[u8],
    length: impl Fn(u8) -> usize,
) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let (mut from, mut at) = (0, 0);
    while let Some(&lead) = bytes.get(at) {
        let end = (at + length(lead)).min(bytes.len());
        if let Some((_, character)) = special.iter().find(|(code, _)| code == &bytes[at..end]) {
            text += &encoding.decode_without_bom_handling_and_without_replacement(&bytes[from..at])?;
            text.push(*character);
            from = end;
        }
        at = end;
    }
    text += &encoding.decode_without_bom_handling_and_without_replacement(&bytes[from..])?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_characters_are_those_of_jis() {
        let euc = b"\xa1\xc1\xa1\xc2\xa1\xdd\xa1\xf1\xa1\xf2\xa2\xcc\xb4\xc1a\x8e\xb1";
        assert_eq!(Charset::EucJp.decode(euc).unwrap(), "〜‖−¢£¬漢aｱ");
        let shifted = b"\x81\x60\x81\x61\x81\x7c\x81\x91\x81\x92\x81\xca\x8a\xbfa\xb1";
        assert_eq!(Charset::ShiftJis.decode(shifted).unwrap(), "〜‖−¢£¬漢aｱ");
    }

    #[test]
    fn a_code_is_known_by_its_place() {
        // The second byte of one character and the first of the next are no character; JIS X 0212 has a ～ of its own.
        assert_eq!(Charset::EucJp.decode(b"\xb0\xa1\xc1\xa1\x8f\xa2\xb7").unwrap(), "亜繊～");
        assert_eq!(Charset::ShiftJis.decode(b"\x89\x81\x60").as_deref(), Some("堰`"));
    }

    #[test]
    fn jis_x_0212_is_whole() {
        let characters: Vec<char> = jis_x_0212().collect();
        assert_eq!(characters.len(), 6067);
        assert!(characters.contains(&'瘙') && !characters.contains(&'痒'));
    }

    #[test]
    fn invalid_bytes_are_none() {
        for bytes in [b"\xb4".as_slice(), b"a\xff\xff", b"\xa1\xc1\xb4", b"\x8f\xa2"] {
            assert_eq!(Charset::EucJp.decode(bytes), None, "{bytes:?}");
        }
        assert_eq!(Charset::Utf8.decode(b"\xe3\x81"), None);
    }

    #[test]
    fn names_are_those_of_mecab() {
        for (name, charset) in [
            ("UTF8", Charset::Utf8),
            ("utf-8", Charset::Utf8),
            ("EUC-JP", Charset::EucJp),
            ("euc_jp", Charset::EucJp),
            ("euc", Charset::EucJp),
            ("SHIFT-JIS", Charset::ShiftJis),
            ("sjis", Charset::ShiftJis),
            ("CP932", Charset::ShiftJis),
        ] {
            assert_eq!(Charset::named(name.as_bytes()), Some(charset), "{name}");
        }
        assert_eq!(Charset::named(b"utf-16"), None);
    }
}

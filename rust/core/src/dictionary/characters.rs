//! Character categories, which define the candidates for unknown words.

use std::collections::HashMap;

/// MeCab knows the characters of the Basic Multilingual Plane; the others are treated like U+0000.
const CHARACTERS: usize = 1 << 16;
/// MeCab keeps a character's set of categories in 18 bits.
const MAX_CATEGORIES: u8 = 18;

/// Category of characters, with its treatment of unknown words (`char.def`).
#[derive(Clone, Debug, PartialEq)]
pub struct Category {
    /// Its name, as in `KATAKANA`.
    pub name: String,
    /// Unknown words are proposed even where the dictionary has a word.
    pub invoke: bool,
    /// A run of such characters is one candidate.
    pub group: bool,
    /// Candidates of 1 to this many characters are proposed (at most 15).
    pub length: u8,
}

/// The categories of a character.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kind {
    /// Index of the category that defines the unknown words that begin with it.
    own: u8,
    /// All its categories, as bits.
    set: u32,
}

impl Kind {
    /// Tests for the category with this bit.
    #[inline]
    pub fn has(self, bit: u32) -> bool {
        self.set & bit != 0
    }

    /// Tests whether both can be in one unknown word.
    #[inline]
    pub fn shares_category(self, other: Self) -> bool {
        self.set & other.set != 0
    }
}

/// The categories and which of them each character has.
#[derive(Clone, Debug, PartialEq)]
pub struct Characters {
    /// The categories.
    pub categories: Vec<Category>,
    /// By code point.
    of: Vec<Kind>,
}

impl Characters {
    /// Reads `char.bin`: u32 number of categories, 32 bytes a name, then u32 bit fields a character from U+0000 to
    /// U+FFFE: set of categories 18, own category 8, length 4, group 1, invoke 1.
    pub fn from_binary(bytes: &[u8]) -> Option<Self> {
        let (count, rest) = bytes.split_first_chunk::<4>()?;
        let count =
            u8::try_from(u32::from_le_bytes(*count)).ok().filter(|n| (1..=MAX_CATEGORIES).contains(n))?;
        let (names, table) = rest.split_at_checked(32 * usize::from(count))?;
        if table.len() != 4 * (CHARACTERS - 1) {
            return None;
        }
        let mut categories = names
            .chunks_exact(32)
            .map(|name| {
                let name = name.split(|&b| b == 0).next().and_then(|name| std::str::from_utf8(name).ok())?;
                Some(Category { name: name.to_owned(), invoke: false, group: false, length: 0 })
            })
            .collect::<Option<Vec<_>>>()?;
        let mut of = Vec::with_capacity(CHARACTERS);
        for field in table.chunks_exact(4) {
            let field = u32::from_le_bytes([field[0], field[1], field[2], field[3]]);
            let own = u8::try_from(field >> 18 & 0xff).ok()?;
            let category = categories.get_mut(usize::from(own))?;
            category.length = u8::try_from(field >> 26 & 0xf).ok()?;
            category.group = field >> 30 & 1 == 1;
            category.invoke = field >> 31 == 1;
            of.push(Kind { own, set: field & 0x3ffff & ((1 << count) - 1) | 1 << own });
        }
        let default = u8::try_from(categories.iter().position(|c| c.name == "DEFAULT")?).ok()?;
        of.push(Kind { own: default, set: 1 << default }); // U+FFFF, which char.bin leaves out, is no character
        Some(Self { categories, of })
    }

    /// Reads `char.def`: lines `NAME invoke group length` and `0xFROM[..0xTO] OWN [OTHER]…`, comments after `#`.
    ///
    /// An error is the line (from 1) and what is wrong with it.
    pub fn from_text(text: &str) -> Result<Self, (u64, String)> {
        let mut categories: Vec<Category> = Vec::new();
        let mut ids = HashMap::new();
        let mut ranges = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            let line = line.split_once('#').map_or(line, |(before, _)| before);
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [] => {}
                [range, ref names @ ..] if range.starts_with("0x") => {
                    ranges.push((number, range, names.to_vec()))
                }
                [name, invoke, group, length, ..] => {
                    let category = category(name, invoke, group, length).ok_or_else(|| {
                        (number, "write `NAME invoke group length`: 0 or 1, 0 or 1, 0 to 15".to_owned())
                    })?;
                    let id = u8::try_from(categories.len()).ok().filter(|&id| id < MAX_CATEGORIES);
                    if id.is_none_or(|id| ids.insert(name, id).is_some()) {
                        return Err((
                            number,
                            format!("{name} is defined twice or beyond {MAX_CATEGORIES} categories"),
                        ));
                    }
                    categories.push(category);
                }
                _ => return Err((number, "write `NAME invoke group length` or `0xFROM..0xTO NAME…`".into())),
            }
        }
        let Some(&default) = ids.get("DEFAULT") else {
            return Err((1, "the category DEFAULT is missing; define it".into()));
        };
        let mut of = vec![Kind { own: default, set: 1 << default }; CHARACTERS];
        for (number, range, names) in ranges {
            let known = names.iter().map(|name| ids.get(name).copied()).collect::<Option<Vec<_>>>();
            let (Some(range), Some([own, others @ ..])) = (code_points(range), known.as_deref()) else {
                return Err((
                    number,
                    "write `0xFROM..0xTO NAME…`: at most 0xFFFF, and only defined categories".into(),
                ));
            };
            let set = others.iter().fold(1 << own, |set, other| set | 1 << other);
            of[range].fill(Kind { own: *own, set });
        }
        Ok(Self { categories, of })
    }

    /// Gives `characters` the categories of U+0000, which stands for those that MeCab does not know.
    pub fn forget(&mut self, characters: impl Iterator<Item = char>) {
        let unknown = self.of[0];
        for c in characters {
            if let Some(kind) = self.of.get_mut(c as usize) {
                *kind = unknown;
            }
        }
    }

    /// Tests whether `c` has the category `name`.
    pub fn has(&self, c: char, name: &str) -> bool {
        self.bit(name).is_some_and(|bit| self.kind(c).has(bit))
    }

    /// The categories of `c`.
    #[inline]
    pub fn kind(&self, c: char) -> Kind {
        self.of.get(c as usize).copied().unwrap_or(self.of[0])
    }

    /// Returns the category that defines the unknown words beginning with characters of `kind`, and its index.
    #[inline]
    pub fn own(&self, kind: Kind) -> (usize, &Category) {
        (kind.own.into(), &self.categories[usize::from(kind.own)])
    }

    /// The bit of the category `name` in [`Kind`].
    pub fn bit(&self, name: &str) -> Option<u32> {
        self.categories.iter().position(|category| category.name == name).map(|id| 1 << id)
    }

    /// Returns an equivalent `char.def`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for Category { name, invoke, group, length } in &self.categories {
            text += &format!("{name} {} {} {length}\n", u8::from(*invoke), u8::from(*group));
        }
        let mut from = 0;
        while from < CHARACTERS {
            let Kind { own, set } = self.of[from];
            let run = self.of[from..].iter().take_while(|&&kind| kind == Kind { own, set }).count();
            let name = &self.categories[usize::from(own)].name;
            text += &format!("0x{from:04X}..0x{:04X} {name}", from + run - 1);
            for (id, category) in self.categories.iter().enumerate() {
                if id != usize::from(own) && set >> id & 1 == 1 {
                    text.push(' ');
                    text += &category.name;
                }
            }
            text.push('\n');
            from += run;
        }
        text
    }
}

fn category(name: &str, invoke: &str, group: &str, length: &str) -> Option<Category> {
    let flag = |word| match word {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    };
    let length = length.parse().ok().filter(|&length| length < 16)?;
    Some(Category { name: name.to_owned(), invoke: flag(invoke)?, group: flag(group)?, length })
}

fn code_points(range: &str) -> Option<std::ops::Range<usize>> {
    let (from, to) = range.split_once("..").unwrap_or((range, range));
    let code = |word: &str| usize::from_str_radix(word.trim_start_matches("0x"), 16).ok();
    let (from, to) = (code(from)?, code(to)?);
    (from <= to && to < CHARACTERS).then_some(from..to + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "DEFAULT 0 1 0\nSPACE 0 1 0 # blank\nKANJI 0 0 2\nNUMBER 1 1 15\n\n# ranges\n0x0020 SPACE\n\
                        0x4E00..0x9FFF KANJI\n0x4E00 NUMBER KANJI\n";

    #[test]
    fn text_is_read_and_written() {
        let characters = Characters::from_text(TEXT).unwrap();
        assert_eq!(
            characters.categories[3],
            Category { name: "NUMBER".into(), invoke: true, group: true, length: 15 }
        );
        assert_eq!(characters.of[0x4E00], Kind { own: 3, set: 0b1100 });
        assert_eq!(characters.of[0x4E01], Kind { own: 2, set: 0b100 });
        assert_eq!(characters.of[0x20], Kind { own: 1, set: 0b10 });
        assert_eq!(Characters::from_text(&characters.text()).unwrap(), characters);
    }

    #[test]
    fn a_forgotten_character_is_as_one_beyond_the_plane() {
        let mut characters = Characters::from_text(TEXT).unwrap();
        characters.forget(['\u{4E00}', '𠮷'].into_iter());
        assert_eq!(characters.kind('\u{4E00}'), characters.kind('𠮷'));
        assert!(characters.has('\u{4E01}', "KANJI"));
    }

    #[test]
    fn bit_fields_are_where_mecab_puts_them() {
        let mut bytes = 2u32.to_le_bytes().to_vec();
        for name in ["DEFAULT", "KANJI"] {
            let mut field = [0; 32];
            field[..name.len()].copy_from_slice(name.as_bytes());
            bytes.extend(field);
        }
        for c in 0..0xffffu32 {
            // 'A' is KANJI and DEFAULT: invoked, not grouped, length 3.
            let field: u32 = if c == 0x41 { 1 << 31 | 3 << 26 | 1 << 18 | 0b11 } else { 1 << 30 | 1 };
            bytes.extend(field.to_le_bytes());
        }
        let expected = "DEFAULT 0 1 0\nKANJI 1 0 3\n0x0041 KANJI DEFAULT\n";
        assert_eq!(Characters::from_binary(&bytes).unwrap(), Characters::from_text(expected).unwrap());
        assert_eq!(Characters::from_binary(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Characters::from_binary(b"\xff\xff\xff\xff"), None);
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, line) in [
            ("KANJI 0 0 2\n", 1),
            ("DEFAULT 0 1 0\nKANJI 0 2 2\n", 2),
            ("DEFAULT 0 1 16\n", 1),
            ("DEFAULT 0 1\n", 1),
            ("DEFAULT 0 1 0\n0x0020 SPACE\n", 2),
            ("DEFAULT 0 1 0\n0x0021..0x0020 DEFAULT\n", 2),
            ("DEFAULT 0 1 0\n0x10000 DEFAULT\n", 2),
            ("DEFAULT 0 1 0\nDEFAULT 0 1 0\n", 2),
        ] {
            assert_eq!(Characters::from_text(text).unwrap_err().0, line, "{text:?}");
        }
    }
}

//! The words of the dictionary among which names are told apart: packed by `tools/name_words.py`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::inflate::inflate;
use super::lists::VARIANTS;
use super::readings::Readings;
use crate::dictionary::trie::{Match, Trie, Walk};
use crate::{Error, Result};

/// The packed words.
static PACKED: &[u8] = include_bytes!("words.bin");

/// Part of speech of a word, as far as names need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 名詞,固有名詞,人名,姓
    Surname,
    /// 名詞,固有名詞,人名,名
    Given,
    /// 名詞,固有名詞,人名,一般: names of other languages, and of persons whole.
    Person,
    /// 名詞,固有名詞,地域 and 名詞,接尾,地域
    Place,
    /// 名詞,固有名詞,組織
    Organisation,
    /// Any other word of the dictionary.
    Other,
    /// Characters that are no word.
    Unknown,
}

/// MeCab's ids of the classes that the rule names.
pub mod id {
    pub const OUTER: u16 = 0;
    pub const ADVERB: u16 = 1281;
    pub const VERBAL_NOUN: u16 = 1283;
    pub const NOUN: u16 = 1285;
    pub const PROPER_NOUN: u16 = 1288;
    pub const SURNAME: u16 = 1290;
    pub const GIVEN: u16 = 1291;
    pub const HONORIFIC: u16 = 1302;
}

/// Cost from which a surname is one of the many rare ones, as `tools/name_words.py` writes it.
const RAREST: i16 = 9_500;

/// Cost from which a noun was hardly seen.
const RARE_NOUN: i16 = 5_600;

/// Cost by which another word is much likelier than a given name.
const MUCH_LESS: i16 = 2_700;

/// Number of a class in the packed words.
pub type Class = u8;

/// One reading of a surface.
#[derive(Clone, Copy)]
pub struct Reading {
    pub class: Class,
    pub cost: i16,
}

/// The words, their classes and the costs between these.
pub struct Words {
    trie: Trie,
    readings: Vec<Reading>,
    kinds: Vec<Kind>,
    ids: Vec<u16>,
    costs: Vec<i16>,
    /// Readings of names.
    pub readings_of_names: Readings,
    /// Surnames of two or three characters that begin and that end with each character.
    ends_of_surnames: FxHashMap<char, [u16; 2]>,
}

static WORDS: LazyLock<Option<Words>> = LazyLock::new(|| Words::unpack(&inflate(PACKED)?));

/// Returns the words, which are unpacked at the first call.
///
/// # Errors
///
/// [`Error::Internal`] if they are damaged: without them names would stay.
pub fn words() -> Result<&'static Words> {
    WORDS.as_ref().ok_or_else(|| Error::internal("the words of the clinical names rule are damaged"))
}

/// Takes the first `N` bytes off the front.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*head)
}

impl Words {
    fn unpack(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        let n = usize::from(u16::from_le_bytes(take(bytes)?));
        let ids: Vec<u16> = (0..n).map(|_| take(bytes).map(u16::from_le_bytes)).collect::<Option<_>>()?;
        let costs = (0..n * n).map(|_| take(bytes).map(i16::from_le_bytes)).collect::<Option<_>>()?;
        let mut surface = Vec::new();
        let mut surfaces = Vec::new();
        let kinds: Vec<_> = ids.iter().map(|&id| kind(id)).collect();
        let mut ends_of_surnames: FxHashMap<char, [u16; 2]> = FxHashMap::default();
        let mut readings: Vec<Reading> = Vec::new();
        while !bytes.is_empty() {
            let [shared, length] = take(bytes)?;
            surface.truncate(usize::from(shared));
            surface.extend_from_slice(bytes.split_off(..usize::from(length))?);
            let [count] = take(bytes)?;
            let first = u32::try_from(readings.len()).ok()?;
            for _ in 0..count {
                let [class] = take(bytes)?;
                let cost = i16::from_le_bytes(take(bytes)?);
                readings.push(Reading { class, cost });
            }
            let surface = String::from_utf8(surface.clone()).ok()?;
            let is_surname = readings[first as usize..].iter().any(|reading| {
                kinds.get(usize::from(reading.class)) == Some(&Kind::Surname) && reading.cost < RAREST
            });
            if is_surname && (2..=3).contains(&surface.chars().count()) {
                for (end, c) in
                    [surface.chars().next()?, surface.chars().next_back()?].into_iter().enumerate()
                {
                    ends_of_surnames.entry(c).or_default()[end] += 1;
                }
            }
            surfaces.push((surface, first, u32::from(count)));
        }
        let keys: Vec<_> =
            surfaces.iter().map(|(surface, first, count)| (surface.as_str(), *first, *count)).collect();
        let mut trie = Trie::build(&keys)?;
        for pair in VARIANTS.words() {
            let mut characters = pair.chars();
            trie.alias(characters.next()?, characters.next()?);
        }
        let readings_of_names = Readings::unpack()?;
        Some(Self { trie, readings, kinds, ids, costs, readings_of_names, ends_of_surnames })
    }

    /// The class with MeCab's `id`.
    pub fn class(&self, id: u16) -> Class {
        self.ids.binary_search(&id).ok().and_then(|i| u8::try_from(i).ok()).unwrap_or(0)
    }

    /// MeCab's id of a class.
    pub fn id(&self, class: Class) -> u16 {
        self.ids[usize::from(class)]
    }

    /// The kind of a class.
    pub fn kind(&self, class: Class) -> Kind {
        self.kinds[usize::from(class)]
    }

    /// The cost of a word of the class `right` behind one of the class `left`.
    pub fn connection(&self, left: Class, right: Class) -> i32 {
        i32::from(self.costs[usize::from(left) * self.ids.len() + usize::from(right)])
    }

    /// Finds the words at every position of `text`; returns the number of characters.
    pub fn find(&self, text: &str, walk: &mut Walk) -> usize {
        walk.codes.clear();
        walk.codes.extend(text.chars().map(|c| self.trie.code(c)));
        let length = walk.codes.len();
        walk.codes.push(0);
        self.trie.find(walk);
        length
    }

    /// The words that begin at a position: length in characters, and readings.
    pub fn at<'a>(&'a self, walk: &'a Walk, position: usize) -> impl Iterator<Item = (usize, &'a [Reading])> {
        let mut next = walk.heads[position];
        std::iter::from_fn(move || {
            let Match { next: behind, length, first, count } = *walk.matches.get(next as usize)?;
            next = behind;
            let first = first as usize;
            Some((length as usize, &self.readings[first..first + count as usize]))
        })
    }

    /// The readings of `text` as a word.
    fn readings(&self, text: &str) -> &[Reading] {
        self.trie.get(text).map_or(&[], |(first, count)| &self.readings[first as usize..][..count as usize])
    }

    /// The cost of `text` as a surname before an honorific, above that of the cheapest other reading; `None` if it is
    /// no surname.
    pub fn surname_excess(&self, text: &str) -> Option<i32> {
        let honorific = self.class(id::HONORIFIC);
        let (mut surname, mut other) = (None, None);
        for reading in self.readings(text) {
            let cost = self.connection(self.class(id::OUTER), reading.class)
                + i32::from(reading.cost)
                + self.connection(reading.class, honorific);
            let best = if self.kind(reading.class) == Kind::Surname { &mut surname } else { &mut other };
            *best = Some(best.map_or(cost, |best: i32| best.min(cost)));
        }
        surname.map(|surname| other.map_or(0, |other| surname - other))
    }

    /// Tests for two or three characters of which at least `most` surnames end and a quarter as many begin with these.
    pub fn looks_like_surname(&self, text: &str, most: u16) -> bool {
        let count = |c: Option<char>, end: usize| {
            c.and_then(|c| self.ends_of_surnames.get(&c)).map_or(0, |counts| counts[end])
        };
        (2..=3).contains(&text.chars().count())
            && count(text.chars().next_back(), 1) >= most
            && count(text.chars().next(), 0) >= most / 4
    }

    /// Tests for a surname of two characters or more that is no other word, place or organisation.
    pub fn is_only_surname(&self, text: &str) -> bool {
        text.chars().nth(1).is_some()
            && self.is(text, &[Kind::Surname])
            && !self.is(text, &[Kind::Place, Kind::Organisation])
            && !self.is_ordinary(text)
    }

    /// The least cost of `text` as a word of the kind.
    fn least(&self, text: &str, kind: Kind) -> Option<i16> {
        let of_kind = |r: &&Reading| self.kind(r.class) == kind && self.id(r.class) != id::PROPER_NOUN;
        self.readings(text).iter().filter(of_kind).map(|r| r.cost).min()
    }

    /// Tests for a surname that costs less than it does as a place.
    pub fn is_surname_first(&self, text: &str) -> bool {
        let place = self.least(text, Kind::Place);
        self.least(text, Kind::Surname).is_some_and(|surname| place.is_none_or(|place| surname < place))
    }

    /// Tests for a given name that costs less as a place, or much less as another word: 三山, 時代.
    pub fn is_given_last(&self, text: &str) -> bool {
        let given = self.least(text, Kind::Given).unwrap_or(i16::MIN);
        let less = |kind, by| self.least(text, kind).is_some_and(|cost| cost.saturating_add(by) < given);
        less(Kind::Place, 0) || less(Kind::Other, MUCH_LESS)
    }

    /// Tests for a noun that the text behind the dictionary's costs hardly had, and that is no other word.
    pub fn is_rare_noun(&self, text: &str) -> bool {
        let mut ordinary = self
            .readings(text)
            .iter()
            .filter(|r| self.kind(r.class) == Kind::Other && self.id(r.class) != id::PROPER_NOUN);
        let first = ordinary.next();
        first.is_some_and(|r| self.id(r.class) == id::NOUN && r.cost >= RARE_NOUN)
            && ordinary.next().is_none()
    }

    /// Tests for a surname that is none of the many rare ones.
    pub fn is_usual_surname(&self, text: &str) -> bool {
        self.readings(text).iter().any(|r| self.kind(r.class) == Kind::Surname && r.cost < RAREST)
    }

    /// Tests for a noun of what is done.
    pub fn is_verbal(&self, text: &str) -> bool {
        self.readings(text).iter().any(|r| self.id(r.class) == id::VERBAL_NOUN)
    }

    /// Tests for a word that is no proper noun.
    pub fn is_ordinary(&self, text: &str) -> bool {
        let ordinary = |r: &Reading| self.kind(r.class) == Kind::Other && self.id(r.class) != id::PROPER_NOUN;
        self.readings(text).iter().any(ordinary)
    }

    /// Tests for a name of a person.
    pub fn is_name(&self, text: &str) -> bool {
        self.is(text, &[Kind::Surname, Kind::Given, Kind::Person])
    }

    /// Tests whether `text` is a word with a reading of one of the kinds.
    pub fn is(&self, text: &str, kinds: &[Kind]) -> bool {
        self.readings(text).iter().any(|r| kinds.contains(&self.kind(r.class)))
    }
}

fn kind(id: u16) -> Kind {
    match id {
        id::SURNAME => Kind::Surname,
        id::GIVEN => Kind::Given,
        1289 => Kind::Person,
        1293 | 1294 | 1303 => Kind::Place,
        1292 => Kind::Organisation,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_the_kinds_of_the_dictionary() {
        let words = words().unwrap();
        for (word, kind) in [
            ("長谷川", Kind::Surname),
            ("花子", Kind::Given),
            ("山口", Kind::Place),
            ("同様", Kind::Other),
            ("ヘルパー", Kind::Other),
        ] {
            assert!(words.is(word, &[kind]), "{word}");
        }
        assert!(!words.is("胃癌様", &[Kind::Other]) && !words.is("", &[Kind::Other]));
    }

    #[test]
    fn damaged_words_are_refused() {
        for bytes in [&b""[..], &[1, 0], &[0, 0, 0, 1], &[0, 0, 0, 1, 255, 0]] {
            assert!(Words::unpack(bytes).is_none(), "{bytes:?}");
        }
    }
}

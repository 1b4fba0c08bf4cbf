//! What the files of deduplication hold: small records of a fixed size, each with a key that it is found by.

use std::ops::RangeInclusive;

/// A record of `BYTES` bytes. Its order begins with its key.
pub trait Record: Copy + Ord {
    /// Bytes of one record in a file.
    const BYTES: usize;

    /// What ranges of a file are chosen by.
    fn key(&self) -> u64;

    /// Appends exactly `BYTES` bytes, little-endian.
    fn write(&self, out: &mut Vec<u8>);

    /// The record in exactly `BYTES` bytes.
    fn read(bytes: &[u8]) -> Self;
}

/// A document among all: the part's place in input order, and the document's in its part, both from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The part.
    pub part: u32,
    /// The document.
    pub document: u32,
}

impl Place {
    /// The keys of documents `from..to` of a part, which must not be empty.
    pub fn keys(part: u32, from: u32, to: u32) -> RangeInclusive<u64> {
        Self { part, document: from }.key()..=Self { part, document: to - 1 }.key()
    }

    /// The keys of all documents of a part.
    pub fn part_keys(part: u32) -> RangeInclusive<u64> {
        Self { part, document: 0 }.key()..=Self { part, document: u32::MAX }.key()
    }
}

/// The sentence of a document; the whole document is its sentence 0. 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// XXH3-128 of the text.
    pub hash: u128,
    /// The document in its part.
    pub document: u32,
    /// The sentence in its document.
    pub sentence: u32,
}

/// A band of a document's sketch. 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Band {
    /// XXH3-64 of the band's slots, with the band's number for a seed.
    pub hash: u64,
    /// The document in its part.
    pub document: u32,
}

/// How many sentences a document has. 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// The document in its part.
    pub document: u32,
    /// Sentences that are not blank.
    pub sentences: u32,
}

/// Two documents that are, or may be, alike. 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The one that comes later in input order.
    pub later: Place,
    /// The other.
    pub earlier: Place,
}

/// Two documents with their Jaccard similarity, `shared / all`. 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Similar {
    /// The documents.
    pub pair: Pair,
    /// N-grams that both have.
    pub shared: u32,
    /// N-grams that either has.
    pub all: u32,
}

/// Which of 64 documents are dropped. 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mask {
    /// The first of them.
    pub place: Place,
    /// A bit for each.
    pub bits: u64,
}

/// A sentence that occurred before. 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repeat {
    /// The document.
    pub place: Place,
    /// The sentence in its document.
    pub sentence: u32,
}

/// Where a document's text is in a file of texts. 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextAt {
    /// The document in its part.
    pub document: u32,
    /// Its bytes.
    pub length: u32,
    /// Where they begin.
    pub offset: u64,
    /// XXH3-64 of them.
    pub checksum: u64,
}

/// Implements `Record` for a struct whose fields are written in turn: integers or records.
macro_rules! record {
    ($type:ident { $($field:ident: $kind:ty),* }, $bytes:expr, |$self:ident| $key:expr) => {
        impl Record for $type {
            const BYTES: usize = $bytes;

            fn key(&self) -> u64 {
                let $self = self;
                $key
            }

            fn write(&self, out: &mut Vec<u8>) {
                $(<$kind as Field>::write_field(self.$field, out);)*
            }

            fn read(mut bytes: &[u8]) -> Self {
                Self { $($field: <$kind as Field>::read_field(&mut bytes)),* }
            }
        }
    };
}

trait Field: Copy {
    fn write_field(self, out: &mut Vec<u8>);
    fn read_field(bytes: &mut &[u8]) -> Self;
}

macro_rules! integer {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn write_field(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn read_field(bytes: &mut &[u8]) -> Self {
                let mut own = [0; size_of::<Self>()];
                let (head, rest) = bytes.split_at(own.len());
                own.copy_from_slice(head);
                *bytes = rest;
                Self::from_le_bytes(own)
            }
        }
    )*};
}

macro_rules! nested {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn write_field(self, out: &mut Vec<u8>) {
                self.write(out);
            }

            fn read_field(bytes: &mut &[u8]) -> Self {
                let (head, rest) = bytes.split_at(Self::BYTES);
                *bytes = rest;
                Self::read(head)
            }
        }
    )*};
}

integer!(u32, u64, u128);
nested!(Place, Pair);
record!(Place { part: u32, document: u32 }, 8, |r| (u64::from(r.part) << 32) | u64::from(r.document));
record!(Occurrence { hash: u128, document: u32, sentence: u32 }, 24, |r| (r.hash >> 64) as u64);
record!(Band { hash: u64, document: u32 }, 12, |r| r.hash);
record!(Size { document: u32, sentences: u32 }, 8, |r| u64::from(r.document));
record!(Pair { later: Place, earlier: Place }, 16, |r| r.later.key());
record!(Similar { pair: Pair, shared: u32, all: u32 }, 24, |r| r.pair.key());
record!(Mask { place: Place, bits: u64 }, 16, |r| r.place.key());
record!(Repeat { place: Place, sentence: u32 }, 12, |r| r.place.key());
record!(TextAt { document: u32, length: u32, offset: u64, checksum: u64 }, 24, |r| u64::from(r.document));

//! Records in the files of deduplication: fixed size, found by key; names of their series; sizes in hash tables.

use std::ops::RangeInclusive;

/// Names of the series of records, which their files begin with.
pub mod series {
    /// Fingerprints: [`Size`](super::Size), by document.
    pub const SIZES: &str = "sizes";
    /// Fingerprints: [`Occurrence`](super::Occurrence) of whole documents, by hash.
    pub const DOCUMENTS: &str = "documents";
    /// Fingerprints: [`Occurrence`](super::Occurrence) of sentences, by hash.
    pub const SENTENCES: &str = "sentences";
    /// Fingerprints: [`Rest`](super::Rest), by document.
    pub const RESTS: &str = "rests";
    /// Fingerprints: [`Band`](super::Band), by hash.
    pub const BANDS: &str = "bands";
    /// Exact duplicates: [`Pair`](super::Pair) of documents or [`Repeat`](super::Repeat) of sentences.
    pub const REPEATED: &str = "repeated";
    /// Candidates: [`Pair`](super::Pair) of documents that share a band.
    pub const PAIRS: &str = "pairs";
    /// Candidates: the [`DocumentId`](super::DocumentId) of documents in a band that too many share.
    pub const CROWDED: &str = "crowded";
    /// Fingerprints of these: [`Band`](super::Band) of one slot or of more than in `BANDS`, by hash.
    pub const SLOTS: &str = "slots";
    /// Candidates among these: [`Vote`](super::Vote).
    pub const VOTES: &str = "votes";
    /// Candidates: the [`DocumentId`](super::DocumentId) of both documents of every pair.
    pub const MEMBERS: &str = "members";
    /// Compared candidates: [`Similar`](super::Similar) above the threshold.
    pub const SIMILAR: &str = "similar";
    /// Near-duplicates: the [`Similar`](super::Similar) that drops a document.
    pub const NEAR: &str = "near";
    /// Bitmaps: [`Mask`](super::Mask).
    pub const MARKS: &str = "marks";
    /// Documents that lost all but short sentences: [`Fragment`](super::Fragment), by hash.
    pub const FRAGMENTS: &str = "fragments";
    /// Positions of texts: [`TextAt`](super::TextAt).
    pub const INDEX: &str = "index";
    /// Decisions: dropped documents.
    pub const DROPPED: &str = "dropped";
}

/// Bytes of a hash table for each record, at most: twice the capacity while half of it moves.
pub mod table_bytes {
    /// A 128-bit hash with a document.
    pub const DOCUMENT: usize = 113;
    /// A 128-bit hash.
    pub const SENTENCE: usize = 59;
    /// A band with its group of documents.
    pub const BAND: usize = 160;
}

/// A record of `BYTES` bytes. Its order begins with its key.
pub trait Record: Copy + Ord {
    /// Bytes of one record in a file.
    const BYTES: usize;

    /// Key by which ranges of a file are read.
    fn key(&self) -> u64;

    /// Appends exactly `BYTES` bytes, little-endian.
    fn write(&self, out: &mut Vec<u8>);

    /// Decodes exactly `BYTES` bytes.
    fn read(bytes: &[u8]) -> Self;
}

/// Identifies a document: the number of its part in input order, and its number in the part, both from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId {
    /// Number of the part.
    pub part: u32,
    /// Number of the document in its part.
    pub document: u32,
}

impl DocumentId {
    /// Range of keys of the documents `from..to` of a part, which must not be empty.
    pub fn keys(part: u32, from: u32, to: u32) -> RangeInclusive<u64> {
        Self { part, document: from }.key()..=Self { part, document: to - 1 }.key()
    }

    /// Range of keys of all documents of a part.
    pub fn part_keys(part: u32) -> RangeInclusive<u64> {
        Self { part, document: 0 }.key()..=Self { part, document: u32::MAX }.key()
    }
}

/// Occurrence of a sentence; a whole document is its sentence 0. 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// XXH3-128 of the text.
    pub hash: u128,
    /// Number of the document in its part.
    pub document: u32,
    /// Number of the sentence in its document.
    pub sentence: u32,
}

/// Band of a document's sketch. 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Band {
    /// XXH3-64 of the band's slots, with the band's number for a seed.
    pub hash: u64,
    /// Number of the document in its part.
    pub document: u32,
}

/// Number of sentences of a document. 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// Number of the document in its part.
    pub document: u32,
    /// Sentences that are not blank.
    pub sentences: u32,
}

/// Rest of a document that lost every sentence that can be lost, and holds others. 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rest {
    /// Number of the document in its part.
    pub document: u32,
    /// Number of the sentences that can be lost.
    pub lost: u32,
    /// XXH3-128 of the rest; [`Rest::TOO_SHORT`] if it is too short to stay.
    pub hash: u128,
}

impl Rest {
    /// Stands for a rest that the length filter drops; no text has this hash but by a chance of 2^-128.
    pub const TOO_SHORT: u128 = 0;
}

/// Document that lost every sentence that can be lost. 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fragment {
    /// XXH3-128 of its rest.
    pub hash: u128,
    /// The document.
    pub id: DocumentId,
}

/// Two documents that are, or may be, similar. 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The later one in input order.
    pub later: DocumentId,
    /// The earlier one.
    pub earlier: DocumentId,
}

/// Slot or longer band that two documents share. 20 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vote {
    /// The documents.
    pub pair: Pair,
    /// Half of its hash.
    pub key: u32,
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

/// Bits of 64 documents. 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mask {
    /// The first of the documents.
    pub id: DocumentId,
    /// One bit for each, the first lowest.
    pub bits: u64,
}

/// Repeated sentence. 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repeat {
    /// The document.
    pub id: DocumentId,
    /// Number of the sentence in its document.
    pub sentence: u32,
}

/// Position of a document's text in a file of texts. 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextAt {
    /// Number of the document in its part.
    pub document: u32,
    /// Length in bytes.
    pub length: u32,
    /// Offset of the first byte.
    pub offset: u64,
    /// XXH3-64 of the text.
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
nested!(DocumentId, Pair);
record!(DocumentId { part: u32, document: u32 }, 8, |r| (u64::from(r.part) << 32) | u64::from(r.document));
record!(Occurrence { hash: u128, document: u32, sentence: u32 }, 24, |r| (r.hash >> 64) as u64);
record!(Band { hash: u64, document: u32 }, 12, |r| r.hash);
record!(Rest { document: u32, lost: u32, hash: u128 }, 24, |r| u64::from(r.document));
record!(Fragment { hash: u128, id: DocumentId }, 24, |r| (r.hash >> 64) as u64);
record!(Size { document: u32, sentences: u32 }, 8, |r| u64::from(r.document));
record!(Pair { later: DocumentId, earlier: DocumentId }, 16, |r| r.later.key());
record!(Vote { pair: Pair, key: u32 }, 20, |r| r.pair.key());
record!(Similar { pair: Pair, shared: u32, all: u32 }, 24, |r| r.pair.key());
record!(Mask { id: DocumentId, bits: u64 }, 16, |r| r.id.key());
record!(Repeat { id: DocumentId, sentence: u32 }, 12, |r| r.id.key());
record!(TextAt { document: u32, length: u32, offset: u64, checksum: u64 }, 24, |r| u64::from(r.document));

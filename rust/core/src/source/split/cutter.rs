//! Cuts the content of a file into ranges at beginnings of lines.

use memchr::memchr;
use xxhash_rust::xxh3::Xxh3;

use super::super::range::{FileRange, LineEncoding};
use super::frames::FrameStarts;

/// Counts lines and cuts ranges at their beginnings.
pub struct Lines {
    ending: u8,
    paragraphs: bool,
    size: u64,
    count: usize,
    frames: Option<FrameStarts>,
    /// Bytes of content so far.
    position: u64,
    /// Beginning of the last line, or of the one that comes next.
    line_start: u64,
    /// The next byte is the first of a line.
    at_start: bool,
    /// The line before is empty, or there is none.
    after_empty: bool,
    lines: u64,
    last_byte: u8,
    hash: Xxh3,
    cuts: Vec<Cut>,
}

/// Beginning of a range, and hash of its content once it ends.
struct Cut {
    position: u64,
    offset: u64,
    skip: u64,
    lines: u64,
    hash: u64,
}

impl Lines {
    /// Begins behind the `mark` bytes of a byte order mark; lines end at `ending`, and documents at empty lines if they
    /// are `paragraphs`.
    pub fn new(
        mark: u64,
        ending: u8,
        paragraphs: bool,
        (size, count): (u64, usize),
        frames: Option<FrameStarts>,
    ) -> Self {
        Self {
            ending,
            paragraphs,
            size,
            count,
            frames,
            position: mark,
            line_start: mark,
            at_start: true,
            after_empty: true,
            lines: 0,
            last_byte: 0,
            hash: Xxh3::new(),
            cuts: Vec::new(),
        }
    }

    /// Takes the next bytes of the content.
    pub fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // Only with its first byte are all frames known that end before a line.
            if self.at_start && (self.after_empty || !self.paragraphs) {
                self.cut();
            }
            let end = memchr(self.ending, bytes);
            let (piece, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            self.hash.update(piece);
            self.position += piece.len() as u64;
            self.at_start = end.is_some();
            if self.at_start {
                self.end_line(piece);
            }
            self.last_byte = piece.last().copied().unwrap_or(self.last_byte);
            bytes = rest;
        }
        if let Some(frames) = &self.frames {
            // No later line begins before; the frames before are forgotten.
            frames.last_before(self.position);
        }
    }

    /// Ends a line, of which this is the last piece.
    fn end_line(&mut self, piece: &[u8]) {
        let length = self.position - 1 - self.line_start;
        let last = piece.len().checked_sub(2).map_or(self.last_byte, |at| piece[at]);
        self.after_empty = length == 0 || (length == 1 && last == b'\r');
        self.lines += 1;
        self.line_start = self.position;
    }

    /// Returns where on disk the line that begins now can be reached, and the bytes of content in between.
    fn reached(&self) -> (u64, u64) {
        self.frames.as_ref().map_or((self.line_start, 0), |frames| frames.last_before(self.line_start))
    }

    /// Begins all ranges that begin with the line that begins now.
    fn cut(&mut self) {
        let (offset, skip) = self.reached();
        while self.cuts.len() < self.count && offset >= self.cuts.len() as u64 * self.size {
            self.end_range();
            self.cuts.push(Cut { position: self.line_start, offset, skip, lines: self.lines, hash: 0 });
        }
    }

    fn end_range(&mut self) {
        if let Some(last) = self.cuts.last_mut() {
            last.hash = self.hash.digest();
            self.hash.reset();
        }
    }

    /// Returns the ranges, the missing ones without content, at the end of the file.
    pub fn ranges(mut self, encoding: LineEncoding, sha256: &str) -> Vec<FileRange> {
        self.end_range();
        let hash = self.hash.digest();
        let nothing = || Cut { position: self.position, offset: 0, skip: 0, lines: self.lines, hash };
        self.cuts.resize_with(self.count, nothing);
        let ends = self.cuts.iter().skip(1).map(|cut| cut.position).chain([self.position]);
        let ranges = self.cuts.iter().zip(ends).map(|(cut, end)| FileRange {
            offset: cut.offset,
            skip: cut.skip,
            bytes: end - cut.position,
            lines: cut.lines,
            hash: cut.hash,
            zstd: self.frames.is_some(),
            encoding,
            ending: self.ending,
            sha256: sha256.to_owned(),
        });
        ranges.collect()
    }
}

//! What an extractor made of other files: a line a document, each with the place that it comes from.
//!
//! A line is `FILE \t PLACE \t {…}` or, where a document could not be read, `FILE \t PLACE \t REASON \t BYTES \t
//! IS_DOCUMENT`. FILE is the number of the file among those that were extracted, PLACE a line, a row or an offset
//! in it, BYTES a length, IS_DOCUMENT 1, or 0 for what is no document but the rest of a file.

use std::ops::Range;

use super::Broken;

/// A line of an extracted file.
#[derive(Debug, PartialEq, Eq)]
pub struct Extracted {
    /// Which of the files it comes from.
    pub file: usize,
    /// Where in that file.
    pub place: u64,
    /// Where its JSON object stands in the line; or why there is none.
    pub found: Result<Range<usize>, Unread>,
}

/// What could not be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Unread {
    /// Why.
    pub why: Broken,
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether it counts as a document.
    pub is_document: bool,
}

impl Extracted {
    /// Reads a line; nothing if no extractor of ours wrote it.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let mut ends = memchr::memchr_iter(b'\t', line);
        let (first, second) = (ends.next()?, ends.next()?);
        let number = |range: Range<usize>| std::str::from_utf8(&line[range]).ok()?.parse().ok();
        let (file, place) = (number(0..first)? as usize, number(first + 1..second)?);
        let begin = second + 1;
        if line.get(begin) == Some(&b'{') {
            return Some(Self { file, place, found: Ok(begin..line.len()) });
        }
        let (third, fourth) = (ends.next()?, ends.next()?);
        let why = match &line[begin..third] {
            b"undecodable" => Broken::Undecodable,
            b"line_too_long" => Broken::TooLong,
            b"damaged_file" => Broken::Damaged,
            b"unreadable_file" => Broken::Unreadable,
            b"malformed_page" => Broken::MalformedPage,
            _ => return None,
        };
        let (bytes, is_document) = (number(third + 1..fourth)?, &line[fourth + 1..] == b"1");
        Some(Self { file, place, found: Err(Unread { why, bytes, is_document }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_where_they_come_from() {
        let document = Extracted::parse(b"3\t120\t{\"text\":\"a\\tb\"}").expect("it is a line");
        assert_eq!(document, Extracted { file: 3, place: 120, found: Ok(6..19) });
        let unread = Extracted::parse(b"0\t9\tdamaged_file\t17\t0").expect("it is a line");
        let why = Unread { why: Broken::Damaged, bytes: 17, is_document: false };
        assert_eq!(unread, Extracted { file: 0, place: 9, found: Err(why) });
        for other in ["", "{}", "1\t2", "1\t2\t[", "1\tx\t{}", "-1\t2\t{}", "1\t2\tbad\t3\t1"] {
            assert_eq!(Extracted::parse(other.as_bytes()), None, "{other}");
        }
    }
}

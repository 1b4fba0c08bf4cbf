//! Lines of an extractor's output: one per document, with its provenance.
//!
//! A line is `FILE \t PLACE \t {…}` or, where a document could not be read, `FILE \t PLACE \t REASON \t BYTES \t
//! IS_DOCUMENT \t NAMES`. FILE is the number of the file among those that were extracted, PLACE a line, a row or an offset
//! in it, BYTES a length, IS_DOCUMENT 1, or 0 for what is no document but the rest of a file,
//! NAMES the columns of a file that lacks one, a JSON array.

use std::ops::Range;

use super::read_error::ReadError;

/// A line of an extracted file.
#[derive(Debug, PartialEq, Eq)]
pub struct Extracted {
    /// Index of the file that it comes from.
    pub file: usize,
    /// Its place in that file.
    pub place: u64,
    /// Its JSON object's range in the line; or the reason why there is none.
    pub found: Result<Range<usize>, Unread>,
}

/// A document, or rest of a file, that could not be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Unread {
    /// Reason.
    pub why: ReadError,
    /// Its length in bytes.
    pub bytes: u64,
    /// True if it counts as a document.
    pub is_document: bool,
    /// Names of the columns that there are, where one is missing.
    pub names: Vec<String>,
}

impl Extracted {
    /// Parses a line; `None` if it is not the output of an extractor.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let mut ends = memchr::memchr_iter(b'\t', line);
        let (first, second) = (ends.next()?, ends.next()?);
        let number = |range: Range<usize>| std::str::from_utf8(&line[range]).ok()?.parse::<u64>().ok();
        let (file, place) = (usize::try_from(number(0..first)?).ok()?, number(first + 1..second)?);
        let begin = second + 1;
        if line.get(begin) == Some(&b'{') {
            return Some(Self { file, place, found: Ok(begin..line.len()) });
        }
        let (third, fourth, fifth) = (ends.next()?, ends.next()?, ends.next()?);
        let why = match &line[begin..third] {
            b"undecodable" => ReadError::Undecodable,
            b"line_too_long" => ReadError::TooLong,
            b"damaged_file" => ReadError::Damaged,
            b"unreadable_file" => ReadError::Unreadable,
            b"malformed_page" => ReadError::MalformedPage,
            b"page_too_complex" => ReadError::PageTooComplex,
            b"malformed_row" => ReadError::MalformedRow,
            b"missing_column" => ReadError::MissingColumn,
            b"no_text" => ReadError::NoText,
            b"not_text" => ReadError::NotText,
            b"encrypted" => ReadError::Encrypted,
            _ => return None,
        };
        let is_document = match &line[fourth + 1..fifth] {
            b"0" => false,
            b"1" => true,
            _ => return None,
        };
        let bytes = number(third + 1..fourth)?;
        let names = serde_json::from_slice(&line[fifth + 1..]).ok()?;
        Some(Self { file, place, found: Err(Unread { why, bytes, is_document, names }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_where_they_come_from() {
        let document = Extracted::parse(b"3\t120\t{\"text\":\"a\\tb\"}").expect("it is a line");
        assert_eq!(document, Extracted { file: 3, place: 120, found: Ok(6..21) });
        let unread = Extracted::parse(b"0\t9\tmissing_column\t17\t0\t[\"a\tb\"]");
        assert_eq!(unread, None, "a tab is escaped in JSON");
        let unread = Extracted::parse(b"0\t9\tmissing_column\t17\t0\t[\"a\\tb\"]").expect("it is a line");
        let names = vec!["a\tb".to_owned()];
        let why = Unread { why: ReadError::MissingColumn, bytes: 17, is_document: false, names };
        assert_eq!(unread, Extracted { file: 0, place: 9, found: Err(why) });
        for other in [
            "",
            "{}",
            "1\t2",
            "1\t2\t[",
            "1\tx\t{}",
            "-1\t2\t{}",
            "1\t2\tbad\t3\t1\t[]",
            "1\t2\tdamaged_file\t3\t2\t[]",
            "1\t2\tdamaged_file\t3\t1",
        ] {
            assert_eq!(Extracted::parse(other.as_bytes()), None, "{other}");
        }
    }
}

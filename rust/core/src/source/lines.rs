//! Lines of bounded length.

use std::io::BufRead;

/// Result of reading a line or a document.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A line is in the buffer, without its ending.
    Whole,
    /// A line longer than the bound was skipped; its length in bytes.
    TooLong(u64),
    /// A document was skipped that is not valid in its encoding, or whose encoding is not recognised; its length in
    /// bytes.
    Undecodable(u64),
    /// The end of the file.
    End,
}

/// Returns the byte that ends lines: the carriage return if `head`, the beginning of the file, has only those.
pub fn ending_of(head: &[u8]) -> u8 {
    if !head.contains(&b'\n') && head.contains(&b'\r') { b'\r' } else { b'\n' }
}

/// Reads lines and counts them.
pub struct LineReader<R> {
    input: R,
    longest: usize,
    ending: u8,
    number: u64,
}

impl<R: BufRead> LineReader<R> {
    /// Creates a reader of lines of at most `longest` bytes.
    pub fn new(input: R, longest: usize) -> Self {
        Self { input, longest, ending: b'\n', number: 0 }
    }

    /// Reads the lines of a file from the middle on: this byte ends them, and `before` lines are before them.
    pub fn within(self, ending: u8, before: u64) -> Self {
        Self { ending, number: before, ..self }
    }

    /// Returns the reader of the bytes.
    pub fn input(&self) -> &R {
        &self.input
    }

    /// Returns the number of the last line, counted from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Appends the next line to `buffer`. On an error the beginning of the broken line may be there.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> std::io::Result<Line> {
        let start = buffer.len();
        let mut length = 0_u64;
        let mut any = false;
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.number += u64::from(any);
                    return Err(error);
                }
            };
            if available.is_empty() {
                break;
            }
            if !any {
                any = true;
            }
            let end = memchr::memchr(self.ending, available);
            let piece = &available[..end.unwrap_or(available.len())];
            length += piece.len() as u64;
            if length <= self.longest as u64 {
                buffer.extend_from_slice(piece);
            } else {
                buffer.truncate(start);
            }
            let consumed = piece.len() + usize::from(end.is_some());
            self.input.consume(consumed);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(Line::End);
        }
        self.number += 1;
        Ok(if length <= self.longest as u64 { Line::Whole } else { Line::TooLong(length) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_line_feeds_and_at_the_end() {
        let mut reader = LineReader::new(&b"one\n\nthree"[..], 100);
        let mut found = Vec::new();
        loop {
            let mut buffer = Vec::new();
            if reader.next(&mut buffer).expect("memory does not fail") == Line::End {
                break;
            }
            found.push(buffer);
        }
        assert_eq!(found, [&b"one"[..], b"", b"three"]);
        assert_eq!(reader.number(), 3);
    }

    #[test]
    fn lines_end_at_carriage_returns_where_there_is_no_line_feed() {
        let lines = |input: &[u8]| {
            let mut reader = LineReader::new(input, 100).within(ending_of(input), 0);
            let mut count = 0;
            while reader.next(&mut Vec::new()).expect("memory does not fail") != Line::End {
                count += 1;
            }
            count
        };
        assert_eq!(lines(b"one\rtwo\r\rfour"), 4);
        assert_eq!(lines(b"one\rtwo\r\nthree"), 2);
    }

    #[test]
    fn a_line_over_the_bound_is_passed_over() {
        let input = std::io::BufReader::with_capacity(4, &b"0123456789\nok\n"[..]);
        let mut reader = LineReader::new(input, 5);
        let mut buffer = Vec::new();
        assert_eq!(reader.next(&mut buffer).expect("memory does not fail"), Line::TooLong(10));
        assert!(buffer.is_empty());
        assert_eq!(reader.next(&mut buffer).expect("memory does not fail"), Line::Whole);
        assert_eq!(buffer, b"ok");
    }
}

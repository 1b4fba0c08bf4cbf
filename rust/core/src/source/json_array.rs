//! A file that is one JSON array of objects, an element a document.

use std::io::{BufRead, ErrorKind};

use super::lines::Line;
use super::read_error::ReadError;

/// Tests whether the beginning of a file is that of an array of objects; lines of JSON begin otherwise.
pub fn begins_array(head: &[u8]) -> bool {
    let inside = head.trim_ascii_start().strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    inside.is_some_and(|inside| inside.first() == Some(&b'{'))
}

/// Reads the elements of arrays, one array after another.
pub struct JsonArray<R> {
    input: R,
    longest: usize,
    number: u64,
    /// An array is open.
    inside: bool,
}

/// The place in an element.
#[derive(Default)]
struct Place {
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl<R: BufRead> JsonArray<R> {
    /// Creates a reader of elements of at most `longest` bytes.
    pub fn new(input: R, longest: usize) -> Self {
        Self { input, longest, number: 0, inside: false }
    }

    /// Returns the number of the last element, counted from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the reader of the bytes.
    pub fn input(&self) -> &R {
        &self.input
    }

    /// Appends the next element to `buffer`, white space between tokens as spaces. A file that ends inside an array is damaged.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Line, ReadError> {
        if !self.skip_to_element()? {
            return Ok(Line::End);
        }
        self.number += 1;
        let start = buffer.len();
        let (mut length, mut place) = (0_u64, Place::default());
        loop {
            let available = available(&mut self.input)?;
            if available.is_empty() {
                return Err(ReadError::Damaged);
            }
            let mut read = 0;
            let mut ended = false;
            for &byte in available {
                ended = place.ends_before(byte);
                if ended {
                    break;
                }
                read += 1;
                length += 1;
                if length <= self.longest as u64 {
                    buffer.push(if place.in_string || !byte.is_ascii_whitespace() { byte } else { b' ' });
                }
            }
            self.input.consume(read);
            if length > self.longest as u64 {
                buffer.truncate(start);
            }
            if ended {
                let too_long = length > self.longest as u64;
                return Ok(if too_long { Line::TooLong(length) } else { Line::Whole });
            }
        }
    }

    /// Moves to the next element; returns false behind the last array.
    fn skip_to_element(&mut self) -> Result<bool, ReadError> {
        while let Some(&byte) = available(&mut self.input)?.first() {
            match byte {
                b'[' if !self.inside => self.inside = true,
                b']' if self.inside => self.inside = false,
                b',' if self.inside => {}
                _ if byte.is_ascii_whitespace() => {}
                _ if self.inside => return Ok(true),
                _ => return Err(ReadError::Damaged),
            }
            self.input.consume(1);
        }
        if self.inside { Err(ReadError::Damaged) } else { Ok(false) }
    }
}

/// Returns the bytes that are there to read; none at the end.
fn available(input: &mut impl BufRead) -> std::io::Result<&[u8]> {
    while let Err(error) = input.fill_buf() {
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
    input.fill_buf()
}

impl Place {
    /// Tests whether an element ends before this byte; moves behind the byte otherwise.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.in_string {
            self.in_string = self.escaped || byte != b'"';
            self.escaped = byte == b'\\' && !self.escaped;
            return false;
        }
        match byte {
            b',' | b']' if self.depth == 0 => return true,
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(input: &str, longest: usize) -> Vec<String> {
        let mut reader = JsonArray::new(std::io::BufReader::with_capacity(3, input.as_bytes()), longest);
        let mut found = Vec::new();
        loop {
            let mut buffer = Vec::new();
            match reader.next(&mut buffer) {
                Ok(Line::End) => return found,
                Ok(Line::Whole) => found.push(String::from_utf8(buffer).expect("it was text")),
                Ok(other) => found.push(format!("{other:?}")),
                Err(error) => {
                    found.push(format!("{error:?}"));
                    return found;
                }
            }
        }
    }

    #[test]
    fn elements_are_found() {
        let array = "[\n {\"text\": \"a, ]\\\"\\\\\",\r\n\"m\": [1, {}]} ,{}, 3\n]\n[{\"b\":1}]";
        let expected = ["{\"text\": \"a, ]\\\"\\\\\",  \"m\": [1, {}]} ", "{}", "3 ", "{\"b\":1}"];
        assert_eq!(elements(array, 100), expected);
        assert_eq!(elements("[{\"a\":\"0123456789\"},{}]", 9), ["TooLong(18)", "{}"]);
        assert_eq!(elements("[{}, {\"a", 9), ["{}", "Damaged"]);
        assert_eq!(elements("[{}] x", 9), ["{}", "Damaged"]);
    }

    #[test]
    fn arrays_of_objects_are_known_by_their_beginning() {
        assert!(begins_array(b" [\n {\"a\""));
        for other in ["{}", "[1]", "[]", "[[", "", "["] {
            assert!(!begins_array(other.as_bytes()), "{other}");
        }
    }
}

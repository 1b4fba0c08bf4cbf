//! Plain text: a document per file, or documents separated by blank lines.

use std::io::{BufRead, Read};

use encoding_rs::Encoding;

use super::encoding::decode;
use super::lines::{Line, LineReader};
use super::read_error::ReadError;

/// Writes documents as JSON objects with one member.
pub struct ToJson {
    head: Vec<u8>,
}

impl ToJson {
    /// Creates a writer; the member's name is `text_field`.
    pub fn new(text_field: &str) -> Self {
        let mut head = b"{".to_vec();
        push_json(text_field, &mut head);
        head.push(b':');
        Self { head }
    }

    fn push(&self, text: &str, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(&self.head);
        push_json(text, buffer);
        buffer.push(b'}');
    }
}

fn push_json(text: &str, out: &mut Vec<u8>) {
    // Writing to memory does not fail, and a string always has a JSON form.
    let _ = serde_json::to_writer(out, text);
}

/// Reads a file that is one document.
pub struct WholeText<R> {
    input: Option<R>,
    encoding: Option<&'static Encoding>,
    longest: u64,
    to_json: ToJson,
}

impl<R: BufRead> WholeText<R> {
    /// A document of at most `longest` bytes, in this encoding or in one that is recognised.
    pub fn new(input: R, encoding: Option<&'static Encoding>, longest: usize, to_json: ToJson) -> Self {
        Self { input: Some(input), encoding, longest: longest as u64, to_json }
    }

    /// Appends the document to `buffer`.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Line, ReadError> {
        let Some(mut input) = self.input.take() else { return Ok(Line::End) };
        let mut piece = Vec::new();
        input.by_ref().take(self.longest + 1).read_to_end(&mut piece)?;
        let length = piece.len() as u64;
        if length > self.longest {
            let rest = std::io::copy(&mut input, &mut std::io::sink())?;
            return Ok(Line::TooLong(length + rest));
        }
        let Some(text) = decode(&piece, self.encoding) else { return Ok(Line::Undecodable(length)) };
        self.to_json.push(&text, buffer);
        Ok(Line::Whole)
    }
}

/// Reads documents of UTF-8 that are separated by blank lines.
pub struct Paragraphs<R> {
    lines: LineReader<R>,
    longest: u64,
    to_json: ToJson,
    piece: Vec<u8>,
    first_line: u64,
}

impl<R: BufRead> Paragraphs<R> {
    /// Documents of at most `longest` bytes.
    pub fn new(lines: LineReader<R>, longest: usize, to_json: ToJson) -> Self {
        Self { lines, longest: longest as u64, to_json, piece: Vec::new(), first_line: 0 }
    }

    /// The line on which the last document begins, counted from 1.
    pub fn number(&self) -> u64 {
        self.first_line
    }

    /// Appends the next document to `buffer`.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Line, ReadError> {
        self.piece.clear();
        match self.take()? {
            0 => Ok(Line::End),
            length if length > self.longest => Ok(Line::TooLong(length)),
            length => match std::str::from_utf8(&self.piece) {
                Ok(text) => {
                    self.to_json.push(text, buffer);
                    Ok(Line::Whole)
                }
                Err(_) => Ok(Line::Undecodable(length)),
            },
        }
    }

    /// Fills `piece` with the lines up to the next blank one, unless they are too long; returns their length.
    fn take(&mut self) -> std::io::Result<u64> {
        let mut length = 0;
        loop {
            let start = self.piece.len();
            let bytes = match self.lines.next(&mut self.piece)? {
                Line::End => return Ok(length),
                Line::TooLong(bytes) | Line::Undecodable(bytes) => bytes,
                Line::Whole if is_blank(&self.piece[start..]) => {
                    self.piece.truncate(start);
                    if length > 0 {
                        return Ok(length);
                    }
                    continue;
                }
                Line::Whole => (self.piece.len() - start) as u64,
            };
            if length == 0 {
                self.first_line = self.lines.number();
            }
            length += bytes + 1;
            self.piece.push(b'\n');
            if length > self.longest {
                self.piece.clear();
            }
        }
    }
}

/// Tests for a line of white space alone, the ideographic space included.
fn is_blank(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok_and(|line| line.trim_start().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraphs(input: &[u8], longest: usize) -> Vec<(u64, String)> {
        let mut reader = Paragraphs::new(LineReader::new(input, longest), longest, ToJson::new("text"));
        let mut found = Vec::new();
        loop {
            let mut buffer = Vec::new();
            match reader.next(&mut buffer) {
                Ok(Line::End) => return found,
                Ok(Line::Whole) => found.push((reader.number(), String::from_utf8(buffer).expect("JSON"))),
                other => found.push((reader.number(), format!("{other:?}"))),
            }
        }
    }

    #[test]
    fn blank_lines_separate_documents() {
        let found = paragraphs("\n高血圧\n\"糖尿病\"\n 　\r\n\n喘息".as_bytes(), 100);
        let expected =
            [(2, r#"{"text":"高血圧\n\"糖尿病\"\n"}"#.to_owned()), (6, r#"{"text":"喘息\n"}"#.to_owned())];
        assert_eq!(found, expected);
        assert_eq!(paragraphs(b"", 100), []);
    }

    #[test]
    fn what_cannot_be_read_does_not_take_its_neighbours_along() {
        let found = paragraphs("熱\n\n\u{7ffff}\n0123456789\n\nok".as_bytes(), 9);
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3, 6]);
        assert_eq!(found[1].1, "Ok(TooLong(16))");
        let found = paragraphs(b"\xe7\x86\xb1\n\n\xe7\x97\n\nok", 100);
        assert_eq!(found[1], (3, "Ok(Undecodable(3))".to_owned()));
        assert_eq!(found[2], (5, r#"{"text":"ok\n"}"#.to_owned()));
    }

    #[test]
    fn a_file_is_one_document_however_short() {
        let read = |input: &[u8], longest| {
            let mut reader = WholeText::new(input, None, longest, ToJson::new("body"));
            let mut buffer = Vec::new();
            let first = reader.next(&mut buffer);
            assert_eq!(reader.next(&mut Vec::new()), Ok(Line::End));
            (first, String::from_utf8(buffer).expect("JSON"))
        };
        assert_eq!(read("熱\n\n咳".as_bytes(), 8), (Ok(Line::Whole), r#"{"body":"熱\n\n咳"}"#.to_owned()));
        assert_eq!(read(b"", 8), (Ok(Line::Whole), r#"{"body":""}"#.to_owned()));
        assert_eq!(read(b"0123456789", 8), (Ok(Line::TooLong(10)), String::new()));
    }
}

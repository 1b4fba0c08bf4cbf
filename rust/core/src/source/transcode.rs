//! Reads a file in any encoding of Japanese text as UTF-8.

use std::io::{BufRead, Read, Result};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use super::ahead::Ahead;
use super::encoding::{WINDOW, has_iso_2022_escape, recognise_unmarked, unmarked_utf_16};

/// Byte that stands for bytes which the encoding does not have; no UTF-8 holds it, so that its line is refused.
pub const DAMAGE: u8 = 0xff;
/// Bytes that are decoded at a time.
const PIECE: usize = 1 << 16;
const ESCAPE: u8 = 0x1b;

/// Decodes what it reads, without the byte order mark; UTF-8 is passed on as it is, valid or not.
///
/// Without a given encoding, a byte order mark or the first bytes that are not ASCII decide for the whole file.
pub struct Transcoder<R> {
    input: Ahead<R>,
    state: State,
    buffer: Vec<u8>,
    consumed: usize,
    transcodes: bool,
    margin: u32,
    /// The last byte of ASCII that was passed on.
    previous: u8,
    /// Bytes of the byte order mark.
    mark: u64,
}

enum State {
    Start(Option<&'static Encoding>),
    /// All bytes so far were ASCII.
    Ascii,
    /// The file is UTF-8, or its encoding is not known and it is not valid UTF-8.
    Utf8,
    /// The encoding is not known and the file is valid UTF-8 by chance: of its characters only ASCII is passed on.
    Unknown,
    Other(Box<Decoder>),
    Ended,
}

impl<R: BufRead> Transcoder<R> {
    /// Creates a reader of a file in this encoding, or in one that is recognised; see [`recognise`](super::encoding::recognise) on `margin`.
    pub fn new(input: R, encoding: Option<&'static Encoding>, margin: u32) -> Self {
        let (input, state) = (Ahead::new(input), State::Start(encoding));
        Self {
            input,
            state,
            buffer: Vec::new(),
            consumed: 0,
            transcodes: false,
            margin,
            previous: b'\n',
            mark: 0,
        }
    }

    /// Creates a reader of a file from the middle on, whose encoding is known.
    pub fn within(input: R, encoding: &'static Encoding) -> Self {
        let mut reader = Self::new(input, None, 0);
        reader.decide(encoding);
        reader
    }

    /// Returns the first bytes of the file as they are stored, without a byte order mark, before anything is read.
    pub fn head(&mut self, count: usize) -> &[u8] {
        self.start();
        self.input.peek(count)
    }

    /// Tests whether the file is in another encoding than UTF-8, as far as it was read.
    pub fn transcodes(&self) -> bool {
        self.transcodes
    }

    /// Returns the next bytes as they are stored, without the byte order mark, as long as all are ASCII and do not decide
    /// on the encoding; none from then on, and at the end.
    pub fn next_undecided(&mut self) -> Result<Option<&[u8]>> {
        self.start();
        self.consumed = self.buffer.len();
        while matches!(self.state, State::Ascii) {
            self.pass_ascii()?;
            if self.consumed < self.buffer.len() {
                return Ok(Some(&self.buffer[self.consumed..]));
            }
        }
        Ok(None)
    }

    /// Returns the encoding behind [`Self::next_undecided`]; none if it is not recognised.
    pub fn decided(&self) -> Option<&'static Encoding> {
        match &self.state {
            State::Ascii | State::Utf8 | State::Ended => Some(UTF_8),
            State::Other(decoder) => Some(decoder.encoding()),
            State::Start(_) | State::Unknown => None,
        }
    }

    /// Returns the reader of the bytes as they are stored, behind [`Self::next_undecided`].
    pub fn raw(&mut self) -> &mut impl BufRead {
        &mut self.input
    }

    /// Returns the number of bytes of the byte order mark, behind [`Self::head`].
    pub fn mark(&self) -> u64 {
        self.mark
    }

    fn start(&mut self) {
        let State::Start(given) = self.state else { return };
        match Encoding::for_bom(self.input.peek(3)) {
            Some((marked, length)) => {
                self.mark = length as u64;
                self.input.consume(length);
                self.decide(marked);
            }
            None => match given {
                Some(encoding) => self.decide(encoding),
                None => match unmarked_utf_16(self.input.peek(WINDOW + 1)) {
                    Some(encoding) => self.decide(encoding),
                    None => self.state = State::Ascii,
                },
            },
        }
    }

    fn decide(&mut self, encoding: &'static Encoding) {
        self.transcodes = encoding != UTF_8;
        self.state = if self.transcodes {
            State::Other(Box::new(encoding.new_decoder_without_bom_handling()))
        } else {
            State::Utf8
        };
    }

    /// Passes on the ASCII before the byte that decides on the encoding, or decides.
    fn pass_ascii(&mut self) -> Result<()> {
        let next = self.input.fill_buf()?;
        let ascii = next.iter().position(|&byte| !byte.is_ascii() || byte == ESCAPE).unwrap_or(next.len());
        if next.is_empty() {
            self.state = State::Ended;
            return Ok(());
        }
        if ascii > 0 {
            self.buffer.clear();
            self.buffer.extend_from_slice(&next[..ascii]);
            self.previous = next[ascii - 1];
            self.consumed = 0;
            self.input.consume(ascii);
            return Ok(());
        }
        let piece = self.input.peek(WINDOW + 1);
        if piece[0] == ESCAPE && !has_iso_2022_escape(&piece[..piece.len().min(4)]) {
            self.buffer.clear();
            self.buffer.push(ESCAPE);
            self.consumed = 0;
            self.input.consume(1);
        } else {
            // The last character may be cut off.
            let valid = std::str::from_utf8(piece).map_or_else(|error| error.error_len().is_none(), |_| true);
            match recognise_unmarked(piece, self.previous, self.margin) {
                Some(encoding) => self.decide(encoding),
                None => self.state = if valid { State::Unknown } else { State::Utf8 },
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Transcoder<R> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        loop {
            if self.consumed < self.buffer.len() {
                return Ok(&self.buffer[self.consumed..]);
            }
            match &mut self.state {
                State::Start(_) => self.start(),
                State::Ascii => self.pass_ascii()?,
                State::Utf8 => return self.input.fill_buf(),
                State::Ended => return Ok(&[]),
                State::Unknown => {
                    let next = self.input.fill_buf()?;
                    self.buffer.clear();
                    self.buffer.extend(next.iter().map(|&byte| if byte.is_ascii() { byte } else { DAMAGE }));
                    self.consumed = 0;
                    let read = next.len();
                    self.input.consume(read);
                    if read == 0 {
                        self.state = State::Ended;
                    }
                }
                State::Other(decoder) => {
                    let next = self.input.fill_buf()?;
                    let next = &next[..next.len().min(PIECE)];
                    let (result, read) = decode_piece(decoder, next, &mut self.buffer);
                    self.consumed = 0;
                    let at_end = next.is_empty();
                    self.input.consume(read);
                    match result {
                        DecoderResult::Malformed(..) => self.buffer.push(DAMAGE),
                        DecoderResult::InputEmpty if at_end => self.state = State::Ended,
                        DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
                    }
                }
            }
        }
    }

    fn consume(&mut self, count: usize) {
        if self.consumed < self.buffer.len() {
            self.consumed += count;
        } else {
            self.input.consume(count);
        }
    }
}

/// Replaces `buffer` by decoded bytes; an empty piece is the end. Returns the number of bytes read too.
fn decode_piece(decoder: &mut Decoder, piece: &[u8], buffer: &mut Vec<u8>) -> (DecoderResult, usize) {
    let longest = decoder.max_utf8_buffer_length_without_replacement(piece.len());
    buffer.resize(longest.unwrap_or(4 * PIECE), 0);
    let (result, read, written) = decoder.decode_to_utf8_without_replacement(piece, buffer, piece.is_empty());
    buffer.truncate(written);
    (result, read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{EUC_JP, SHIFT_JIS};

    fn read(bytes: &[u8], encoding: Option<&'static Encoding>) -> Vec<u8> {
        let mut text = Vec::new();
        // A buffer of three bytes tears every character.
        let mut reader = Transcoder::new(std::io::BufReader::with_capacity(3, bytes), encoding, 0);
        reader.read_to_end(&mut text).expect("memory does not fail");
        text
    }

    #[test]
    fn a_file_is_read_in_the_encoding_that_its_first_characters_have() {
        let text = "id,note\r\n1,肺炎の疑い。\r\n2,ﾃｽﾄ\r\n".repeat(2000);
        for encoding in [UTF_8, SHIFT_JIS, EUC_JP] {
            let (bytes, ..) = encoding.encode(&text);
            assert_eq!(read(&bytes, None), text.as_bytes(), "{}", encoding.name());
            assert_eq!(read(&bytes, Some(encoding)), text.as_bytes(), "{}", encoding.name());
        }
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&[&b"\xfe\xff"[..], &utf_16].concat(), Some(SHIFT_JIS)), text.as_bytes());
        assert_eq!(read(&[&b"\xef\xbb\xbf"[..], text.as_bytes()].concat(), None), text.as_bytes());
        assert_eq!(read("a\x1b[1mb\n\x1b$B7l05\x1b(Bc".as_bytes(), None), "a\x1b[1mb\n血圧c".as_bytes());
        assert_eq!(read(b"", None), b"");
    }

    #[test]
    fn a_mark_in_the_middle_is_damage() {
        for mark in [&b"\xff\xfe"[..], b"\xfe\xff"] {
            let text = [b"a\n", mark, "\n肺炎の疑い。\n".repeat(20).as_bytes()].concat();
            assert_eq!(read(&text, None), text);
        }
    }

    #[test]
    fn what_is_not_decided_is_not_utf_8_by_chance() {
        // EUC-KR, whose two bytes are a letter of UTF-8.
        let text = b"a\n\xc7\xaf\xc7\xaf\xc7\xaf\xc7\xaf\nb";
        let expected = [b"a\n".as_slice(), &[DAMAGE; 8], b"\nb"].concat();
        match recognise_unmarked(&text[2..], b'\n', 0) {
            None => assert_eq!(read(text, None), expected),
            Some(encoding) => assert_ne!(encoding, UTF_8),
        }
    }

    #[test]
    fn damage_stays_where_it_is() {
        let torn =
            [&SHIFT_JIS.encode("高血圧\n").0, &b"\x82\n"[..], &SHIFT_JIS.encode("糖尿病\n").0, b"\x82"]
                .concat();
        let expected = ["高血圧\n".as_bytes(), &[DAMAGE], "\n糖尿病\n".as_bytes(), &[DAMAGE]].concat();
        assert_eq!(read(&torn, None), expected);
        assert_eq!(read(b"\xe7\x86\xb1\xe7\x97\nok", None), b"\xe7\x86\xb1\xe7\x97\nok");
    }
}

//! Looks at the beginning of what is read before it is read.

use std::io::{BufRead, Error, Read, Result};

/// A reader whose next bytes can be looked at.
pub struct Ahead<R> {
    input: R,
    bytes: Vec<u8>,
    consumed: usize,
    /// The error that ended looking ahead; reported when the bytes before it are read.
    failed: Option<Error>,
}

impl<R: BufRead> Ahead<R> {
    /// Wraps a reader.
    pub fn new(input: R) -> Self {
        Self { input, bytes: Vec::new(), consumed: 0, failed: None }
    }

    /// Returns the next `count` bytes; fewer only where the input ends or fails.
    pub fn peek(&mut self, count: usize) -> &[u8] {
        self.bytes.drain(..std::mem::take(&mut self.consumed));
        let missing = count.saturating_sub(self.bytes.len());
        if missing > 0 && self.failed.is_none() {
            self.failed = self.input.by_ref().take(missing as u64).read_to_end(&mut self.bytes).err();
        }
        &self.bytes[..self.bytes.len().min(count)]
    }
}

impl<R: BufRead> Read for Ahead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Ahead<R> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.consumed < self.bytes.len() {
            return Ok(&self.bytes[self.consumed..]);
        }
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.input.fill_buf(),
        }
    }

    fn consume(&mut self, count: usize) {
        if self.consumed < self.bytes.len() {
            self.consumed += count;
        } else {
            self.input.consume(count);
        }
    }
}

//! Decompresses Zstandard and notes where its frames begin.

use std::collections::VecDeque;
use std::io::{BufRead, Error, ErrorKind, Read, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zstd::stream::raw::{DParameter, Decoder, Operation};

use super::super::open::ZSTD_WINDOW;

/// Beginnings of frames, from the last on that was asked for.
#[derive(Clone, Default)]
pub struct FrameStarts(Arc<Mutex<Starts>>);

#[derive(Default)]
struct Starts {
    queue: VecDeque<FrameStart>,
    first_is_too_long: bool,
}

/// Beginning of a frame.
#[derive(Clone, Copy)]
struct FrameStart {
    /// Byte on disk.
    offset: u64,
    /// Bytes of content before it.
    position: u64,
}

impl FrameStarts {
    /// Returns the byte on disk of the last frame that begins at or before a position of the content, and the bytes of
    /// content between the two. Positions must not fall from call to call.
    pub fn last_before(&self, position: u64) -> (u64, u64) {
        let queue = &mut self.locked().queue;
        while queue.get(1).is_some_and(|next| next.position <= position) {
            queue.pop_front();
        }
        queue.front().map_or((0, position), |start| (start.offset, position - start.position))
    }

    /// Tests whether the first frame was longer than it may be, which ended reading.
    pub fn first_is_too_long(&self) -> bool {
        self.locked().first_is_too_long
    }

    fn locked(&self) -> MutexGuard<'_, Starts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the content of frames that follow each other, unless the first is so long that it may be the only one.
pub struct Frames<R> {
    input: R,
    decoder: Decoder<'static>,
    starts: FrameStarts,
    /// The end of what was read.
    end: FrameStart,
    /// A frame has begun that has not ended.
    inside: bool,
    /// Bytes on disk that the first frame may have; none once it has ended.
    longest_first: Option<u64>,
}

impl<R: BufRead> Frames<R> {
    /// Creates a reader of content whose first frame has at most `longest_first` bytes on disk.
    pub fn new(input: R, longest_first: u64) -> Result<(Self, FrameStarts)> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW))?;
        let starts = FrameStarts::default();
        let end = FrameStart { offset: 0, position: 0 };
        starts.locked().queue.push_back(end);
        let longest_first = Some(longest_first);
        Ok((Self { input, decoder, starts: starts.clone(), end, inside: false, longest_first }, starts))
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            let input = self.input.fill_buf()?;
            let at_end = input.is_empty();
            if at_end && !self.inside {
                return Ok(0);
            }
            let done = self.decoder.run_on_buffers(input, buffer)?;
            self.input.consume(done.bytes_read);
            self.end.offset += done.bytes_read as u64;
            self.end.position += done.bytes_written as u64;
            self.inside = done.remaining != 0;
            if self.longest_first.is_some_and(|longest| self.end.offset > longest) {
                self.starts.locked().first_is_too_long = true;
                return Err(Error::from(ErrorKind::InvalidData));
            }
            if !self.inside {
                self.longest_first = None;
                self.starts.locked().queue.push_back(self.end);
                self.decoder.reinit()?;
            }
            if done.bytes_written > 0 {
                return Ok(done.bytes_written);
            }
            if at_end && self.inside {
                return Err(Error::from(ErrorKind::UnexpectedEof));
            }
        }
    }
}

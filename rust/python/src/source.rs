//! Parts of the engine that readers written in Python need: decompressed bytes, decoding, compression.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use ncvc_core::source::{
    Ahead, ReadError, Transcoder, WINDOW, decode, encoding_named, is_binary, open, parquet_head,
};
use ncvc_core::{Error, stage};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::to_python;

/// Decodes `data` in the encoding of this name, or in a detected one; `None` if it is not valid in that, or if there
/// is no encoding of this name: pages name all kinds of things.
#[pyfunction]
#[pyo3(signature = (data, encoding=None))]
pub fn decode_text(data: &[u8], encoding: Option<&str>) -> Option<String> {
    let encoding = match encoding {
        Some(name) => Some(encoding_named(name)?),
        None => None,
    };
    decode(data, encoding).map(|text| text.into_owned())
}

/// Compresses bytes into a Zstandard frame; frames one after another decompress to all of them.
#[pyfunction]
pub fn compress<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let packed = py
        .detach(|| stage::compress(data))
        .map_err(|error| to_python(Error::io(Path::new("memory"), "cannot compress")(error)))?;
    Ok(PyBytes::new(py, &packed))
}

/// Returns the number of rows of a Parquet file, and the first of them as JSON objects; raises `OSError` for a file
/// that does not open, and `ValueError` for one that is damaged or not Parquet.
#[pyfunction(name = "parquet_head")]
pub fn first_rows(
    py: Python<'_>,
    path: PathBuf,
    text_field: &str,
    most: usize,
) -> PyResult<(u64, Vec<String>)> {
    py.detach(|| parquet_head(&path, text_field, most)).map_err(|error| match error {
        ReadError::Unreadable => PyOSError::new_err("cannot be opened"),
        _ => PyValueError::new_err("damaged, or not Parquet"),
    })
}

/// Bytes of a file, decompressed if it begins like gzip, bzip2, xz or Zstandard.
#[pyclass(frozen)]
pub struct SourceStream {
    path: PathBuf,
    input: Mutex<Box<dyn BufRead + Send>>,
}

#[pymethods]
impl SourceStream {
    /// Opens a file; raises `OSError`.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let (input, _) = py.detach(|| open(&path, &Arc::new(AtomicU64::new(0)))).map_err(to_python)?;
        Ok(Self { path, input: Mutex::new(input) })
    }

    /// Opens a file of text in the encoding of this name, or in a recognised one, as UTF-8; raises `OSError`, and
    /// `ValueError` if it is no text. Bytes that are not valid in the encoding become a byte that UTF-8 does not have.
    #[staticmethod]
    #[pyo3(signature = (path, encoding=None))]
    fn open_text(py: Python<'_>, path: PathBuf, encoding: Option<&str>) -> PyResult<Self> {
        let unknown = || PyValueError::new_err("unknown encoding");
        let encoding = encoding.map(|name| encoding_named(name).ok_or_else(unknown)).transpose()?;
        let (input, _) = py.detach(|| open(&path, &Arc::new(AtomicU64::new(0)))).map_err(to_python)?;
        let mut input = Ahead::new(input);
        if is_binary(input.peek(WINDOW), encoding) {
            return Err(PyValueError::new_err("the file is no text"));
        }
        let input = Box::new(Transcoder::new(input, encoding, 0));
        Ok(Self { path, input: Mutex::new(input) })
    }

    /// Reads at most `size` bytes; none at the end. Raises `OSError`, without an `errno` for damaged compressed data.
    fn read<'py>(&self, py: Python<'py>, size: usize) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py
            .detach(|| {
                let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
                loop {
                    match input.fill_buf() {
                        Ok(available) => {
                            let bytes = available[..available.len().min(size)].to_vec();
                            input.consume(bytes.len());
                            return Ok(bytes);
                        }
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
            })
            .map_err(|error| to_python(Error::io(&self.path, "cannot read")(error)))?;
        Ok(PyBytes::new(py, &bytes))
    }
}

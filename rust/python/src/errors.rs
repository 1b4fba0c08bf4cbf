//! Engine errors as Python exceptions.

use ncvc_core::Error;
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyKeyboardInterrupt, PyOSError, PyRuntimeError};
use pyo3::types::PyAnyMethods;
use pyo3::{PyErr, Python};

create_exception!(ncvc, NcvcError, PyException, "Something the user can mend; the base of all others.");
create_exception!(ncvc, InputError, NcvcError, "A line of an input file cannot be read.");
create_exception!(ncvc, DictionaryError, NcvcError, "A dictionary cannot be built or loaded.");
create_exception!(ncvc, TokenizerError, NcvcError, "A tokenizer folder cannot be loaded.");
create_exception!(ncvc, DatasetError, NcvcError, "An indexed dataset cannot be read or written.");

/// Converts an engine error to its Python exception, which has the file as `path` where it is about one; a bug of the
/// engine to `RuntimeError`.
pub fn to_python(error: Error) -> PyErr {
    let message = error.to_string();
    let path = error.path().map(|path| path.to_owned());
    let exception = match error {
        Error::Io { source, .. } => match source.raw_os_error() {
            Some(code) => PyOSError::new_err((code, message)),
            None => PyOSError::new_err(message),
        },
        Error::Input { .. } | Error::Changed { .. } => InputError::new_err(message),
        Error::Dictionary { .. } => DictionaryError::new_err(message),
        Error::Tokenizer { .. } => TokenizerError::new_err(message),
        Error::Damaged { .. } | Error::Option { .. } => NcvcError::new_err(message),
        Error::Filters { .. } => NcvcError::new_err(message),
        Error::Internal { .. } => PyRuntimeError::new_err(message),
        Error::Interrupted => PyKeyboardInterrupt::new_err(()),
    };
    if let Some(path) = path {
        // An exception without it still says the path.
        let _ = Python::attach(|py| exception.value(py).setattr("path", path));
    }
    exception
}

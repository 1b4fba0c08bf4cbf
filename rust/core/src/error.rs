//! The engine's error type. Every variant names the fault, its place and the remedy.

use std::panic::Location;
use std::path::{Path, PathBuf};

/// Result of the engine's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;

/// Errors of the engine: what the user can mend, and [`Internal`](Self::Internal) for bugs.
///
/// No variant carries document text: messages end up in logs, and the text may be private.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused to open, read, write, sync or rename a file.
    #[error("{}: {action}: {}", path.display(), reason(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The failed action, as in "cannot open".
        action: &'static str,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A line of an input file is not what it should be.
    #[error("{}:{line}: {message}", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// Fault and remedy, in one sentence.
        message: String,
    },
    /// A dictionary cannot be built or loaded.
    #[error("{}: {message}", path.display())]
    Dictionary {
        /// The dictionary or one of its sources.
        path: PathBuf,
        /// Fault and remedy, in one sentence.
        message: String,
    },
    /// A tokenizer folder cannot be loaded.
    #[error("{}: {message}", path.display())]
    Tokenizer {
        /// The folder or the file in it.
        path: PathBuf,
        /// Fault and remedy, in one sentence.
        message: String,
    },
    /// An input differs from the one that the finished parts of this run were made of.
    #[error("{}: changed since this run was begun; put the file back, or begin anew with --restart", path.display())]
    Changed {
        /// The file in which the change was noticed.
        path: PathBuf,
    },
    /// An intermediate file of a run holds what the engine never writes.
    #[error("{}: damaged, or not of this run; remove it and run again", path.display())]
    Damaged {
        /// The file, or its folder.
        path: PathBuf,
    },
    /// An option has a value that cannot be used.
    #[error("{message}")]
    Option {
        /// The values that the option takes.
        message: &'static str,
    },
    /// The filters cannot be set up.
    #[error("{message}")]
    Filters {
        /// Fault and remedy, in one sentence.
        message: String,
    },
    /// A state that the engine rules out: a bug.
    #[error("internal error at {place}: {state}; this is a bug of ncvc: please report it")]
    Internal {
        /// The state.
        state: &'static str,
        /// The line of source that noticed it.
        place: &'static Location<'static>,
    },
    /// The caller asked the work to stop (Ctrl-C).
    #[error("interrupted")]
    Interrupted,
}

/// Returns the reason alone, without the number and the path that the standard library and tempfile append.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error ").next().unwrap_or(&text).to_owned()
}

impl Error {
    /// Turns an I/O error into one that names the file and the action.
    pub fn io(path: impl AsRef<Path>, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { path, action, source }
    }

    /// Returns the file or folder that the error is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Io { path, .. }
            | Self::Input { path, .. }
            | Self::Dictionary { path, .. }
            | Self::Tokenizer { path, .. }
            | Self::Changed { path }
            | Self::Damaged { path } => Some(path),
            Self::Option { .. } | Self::Filters { .. } | Self::Internal { .. } | Self::Interrupted => None,
        }
    }

    /// Reports damage in an intermediate file.
    pub fn damaged(path: impl AsRef<Path>) -> Self {
        Self::Damaged { path: path.as_ref().to_owned() }
    }

    /// Reports an impossible state, with the caller's line of source.
    #[track_caller]
    pub fn internal(state: &'static str) -> Self {
        Self::Internal { state, place: Location::caller() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_error_names_its_line() {
        let (error, line) = (Error::internal("two and two are five"), line!());
        let place = format!("error.rs:{line}:");
        assert!(error.to_string().contains(&place) && error.to_string().contains("two and two"), "{error}");
    }
}

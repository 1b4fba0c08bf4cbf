//! The one error type of the engine. Every variant says what is wrong, where, and what to do.

use std::path::{Path, PathBuf};

/// What the engine's fallible functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// Something the user can mend; never a bug of ours (those panic).
///
/// No variant carries document text: messages end up in logs, and the text may be private.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused to open, read, write, sync or rename a file.
    #[error("{}: {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done, as in "cannot open".
        action: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// An input file holds something that cannot be read as what it should be.
    #[error("{}:{line}: {message}", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it and what to do.
        message: String,
    },
    /// A dictionary cannot be built or loaded.
    #[error("{}: {message}", path.display())]
    Dictionary {
        /// The dictionary or one of its sources.
        path: PathBuf,
        /// What is wrong with it and what to do.
        message: String,
    },
    /// A tokenizer folder cannot be loaded.
    #[error("{}: {message}", path.display())]
    Tokenizer {
        /// The folder or the file in it.
        path: PathBuf,
        /// What is wrong with it and what to do.
        message: String,
    },
    /// An indexed dataset cannot be read or written.
    #[error("{}: {message}", path.display())]
    Dataset {
        /// The `.bin` or `.idx` file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        message: String,
    },
    /// An input is no longer what the finished parts of this run were made of.
    #[error("{}: changed since this run was begun; put the file back, or begin anew with --restart", path.display())]
    Changed {
        /// The file in which the change was noticed.
        path: PathBuf,
    },
    /// A file of deduplication is not as it was written.
    #[error("{}: damaged, or not of this run; remove it and run again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// An option has a value that cannot be used.
    #[error("{message}")]
    Option {
        /// What the option may be.
        message: &'static str,
    },
    /// The filters cannot be set up.
    #[error("{message}")]
    Filters {
        /// What is wrong and what to do.
        message: String,
    },
    /// The caller asked the work to stop (Ctrl-C).
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// Turns an I/O error into one that names the file and the action.
    pub fn io(path: impl AsRef<Path>, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { path, action, source }
    }
}

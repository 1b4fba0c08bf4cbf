//! Compares the files of a tokenizer folder with its manifest.

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::{Error, Result};

const MANIFEST_FILE: &str = "manifest.json";

/// Digests of the files of a folder; a folder from elsewhere may have none.
pub struct Manifest(Option<Contents>);

#[derive(serde::Deserialize)]
struct Contents {
    files: HashMap<String, File>,
}

#[derive(serde::Deserialize)]
struct File {
    sha256: String,
}

impl Manifest {
    /// Reads the manifest of `folder`.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(MANIFEST_FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self(None)),
            Err(error) => return Err(Error::io(&path, "cannot read")(error)),
        };
        serde_json::from_slice(&bytes).map(|contents| Self(Some(contents))).map_err(|_| Error::Tokenizer {
            path,
            message: "damaged; copy the tokenizer again, or train it again".to_owned(),
        })
    }

    /// Checks that `bytes` are those of the file `name` when the folder was written.
    pub fn check(&self, folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
        let Some(contents) = &self.0 else { return Ok(()) };
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if contents.files.get(name).is_some_and(|file| file.sha256 == digest) {
            return Ok(());
        }
        let message = "damaged or changed: not what its manifest.json says; copy the tokenizer again, or train it again";
        Err(Error::Tokenizer { path: folder.join(name), message: message.to_owned() })
    }
}

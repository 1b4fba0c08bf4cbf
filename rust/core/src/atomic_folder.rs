//! Folders that appear whole or not at all: written under a temporary name, synced, then renamed.

use std::fs::{File, Permissions};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{Error, Result};

/// The file with the record of a folder's contents, written last.
pub const RECORD: &str = "part.json";

const BUFFER: usize = 1 << 20;

/// A folder under a temporary name; removed when dropped unless published.
pub struct AtomicFolder {
    partial: TempDir,
    parent: PathBuf,
}

/// A file of an [`AtomicFolder`], hashed while it is written.
pub struct HashedFile {
    name: String,
    path: PathBuf,
    out: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

/// Name, size and checksum of a finished file.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FileRecord {
    /// File name in the folder.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Publishes `target`, filled by `fill`, which syncs the files that it writes; does nothing if `target` exists.
///
/// If two processes do the same work at once, the first to finish wins; both write the same content.
pub fn write_folder(target: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if target.try_exists().map_err(Error::io(target, "cannot look for"))? {
        return Ok(());
    }
    let parent = match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(parent).map_err(Error::io(parent, "cannot create"))?;
    let folder = AtomicFolder::create(parent)?;
    fill(folder.path())?;
    folder.rename(target)
}

impl AtomicFolder {
    /// Creates a temporary folder in `parent`.
    pub fn create(parent: &Path) -> Result<Self> {
        // Every attempt has a name of its own: a process that was given up may still be writing.
        let partial = tempfile::Builder::new()
            .prefix(".partial-")
            .permissions(Permissions::from_mode(0o777))
            .tempdir_in(parent)
            .map_err(Error::io(parent, "cannot create a folder in it"))?;
        Ok(Self { partial, parent: parent.to_owned() })
    }

    /// The temporary path.
    pub fn path(&self) -> &Path {
        self.partial.path()
    }

    /// Creates a file in the folder.
    pub fn file(&self, name: &str) -> Result<HashedFile> {
        let path = self.path().join(name);
        let file = File::create(&path).map_err(Error::io(&path, "cannot create"))?;
        let out = BufWriter::with_capacity(BUFFER, file);
        Ok(HashedFile { name: name.to_owned(), path, out, hash: Sha256::new(), bytes: 0 })
    }

    /// Creates a subfolder; its writer syncs the files in it.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.path().join(name);
        std::fs::create_dir(&path).map_err(Error::io(&path, "cannot create"))?;
        Ok(path)
    }

    /// Writes the record and renames the folder to `name`.
    pub fn publish(self, name: &str, record: &impl serde::Serialize) -> Result<()> {
        let mut file = self.file(RECORD)?;
        let json = serde_json::to_vec(record)
            .map_err(|error| Error::io(&file.path, "cannot write")(error.into()))?;
        file.write(&json)?;
        file.finish()?;
        let folder = self.parent.join(name);
        self.rename(&folder)
    }

    /// Syncs the folder and renames it to `target`; keeps the folder of another attempt that was first.
    fn rename(self, target: &Path) -> Result<()> {
        sync_folder(self.path())?;
        match std::fs::rename(self.path(), target) {
            Ok(()) => {
                // The temporary name is gone: nothing is left to remove.
                let _ = self.partial.keep();
            }
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {
            }
            Err(error) => return Err(Error::io(target, "cannot rename to")(error)),
        }
        sync_folder(&self.parent)
    }
}

impl HashedFile {
    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(Error::io(&self.path, "cannot write"))
    }

    /// Flushes and syncs the file.
    pub fn finish(self) -> Result<FileRecord> {
        let Self { name, path, out, hash, bytes } = self;
        let file = out.into_inner().map_err(|e| Error::io(&path, "cannot write")(e.into_error()))?;
        file.sync_all().map_err(Error::io(&path, "cannot sync"))?;
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(FileRecord { name, bytes, sha256 })
    }
}

fn sync_folder(path: &Path) -> Result<()> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(Error::io(path, "cannot sync"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let parent = tempfile::tempdir().expect("there is room");
        let folder = parent.path().join("000");
        let write = || {
            let new = AtomicFolder::create(parent.path())?;
            let mut file = new.file("text")?;
            file.write("高血圧".as_bytes())?;
            let record = file.finish()?;
            Ok::<_, Error>((new, record))
        };
        let (new, record) = write().expect("there is room");
        assert!(!folder.exists());
        assert_eq!((record.name.as_str(), record.bytes), ("text", 9));
        drop(new);
        assert_eq!(std::fs::read_dir(parent.path()).expect("it is there").count(), 0);
        let (first, record) = write().expect("there is room");
        let (second, _) = write().expect("there is room");
        first.publish("000", &record).expect("there is room");
        second.publish("000", &record).expect("the first stays");
        assert_eq!(std::fs::read(folder.join("text")).expect("it is there"), "高血圧".as_bytes());
        assert_eq!(std::fs::read_dir(parent.path()).expect("it is there").count(), 1);
        let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode();
        let plain = parent.path().join("plain");
        std::fs::create_dir(&plain).expect("there is room");
        assert_eq!(mode(&folder), mode(&plain), "others may read what the umask lets them");
    }
}

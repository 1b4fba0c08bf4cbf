//! A folder that gets its name when everything in it is on disk.

use std::fs::{File, Permissions};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{Error, Result};

/// What the folder holds, written last.
pub const RECORD: &str = "part.json";

const BUFFER: usize = 1 << 20;

/// A folder that is being written under another name; it is removed if it is never published.
pub struct NewFolder {
    partial: TempDir,
    parent: PathBuf,
}

/// A file in it, hashed as it is written.
pub struct NewFile {
    path: PathBuf,
    out: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

/// What a finished file holds.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FileRecord {
    /// Its name in the folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl NewFolder {
    /// Begins a folder in `parent`.
    pub fn create(parent: &Path) -> Result<Self> {
        // No two attempts share a name: a machine that was given up may still be writing.
        let partial = tempfile::Builder::new()
            .prefix(".partial-")
            .permissions(Permissions::from_mode(0o777))
            .tempdir_in(parent)
            .map_err(Error::io(parent, "cannot create a folder in it"))?;
        Ok(Self { partial, parent: parent.to_owned() })
    }

    /// Where it is written until then.
    pub fn path(&self) -> &Path {
        self.partial.path()
    }

    /// Begins a file in it.
    pub fn file(&self, name: &str) -> Result<NewFile> {
        let path = self.path().join(name);
        let file = File::create(&path).map_err(Error::io(&path, "cannot create"))?;
        Ok(NewFile { path, out: BufWriter::with_capacity(BUFFER, file), hash: Sha256::new(), bytes: 0 })
    }

    /// Begins a folder in it, whose files whoever writes them syncs.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.path().join(name);
        std::fs::create_dir(&path).map_err(Error::io(&path, "cannot create"))?;
        Ok(path)
    }

    /// Writes the record and gives the folder its name.
    pub fn publish(self, name: &str, record: &impl serde::Serialize) -> Result<()> {
        let mut file = self.file(RECORD)?;
        let json = serde_json::to_vec(record)
            .map_err(|error| Error::io(&file.path, "cannot write")(error.into()))?;
        file.write(&json)?;
        file.finish()?;
        let folder = self.parent.join(name);
        self.name(&folder)
    }

    /// Gives the folder its name, once its files are on disk; if another attempt was first, that one stays.
    pub fn name(self, folder: &Path) -> Result<()> {
        sync_folder(self.path())?;
        match std::fs::rename(self.path(), folder) {
            Ok(()) => {
                // It has another name now and is not to be removed.
                let _ = self.partial.keep();
            }
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {
            }
            Err(error) => return Err(Error::io(folder, "cannot rename to")(error)),
        }
        sync_folder(&self.parent)
    }
}

impl NewFile {
    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(Error::io(&self.path, "cannot write"))
    }

    /// Sees to it that the file is on disk.
    pub fn finish(self) -> Result<FileRecord> {
        let Self { path, out, hash, bytes } = self;
        let file = out.into_inner().map_err(|e| Error::io(&path, "cannot write")(e.into_error()))?;
        file.sync_all().map_err(Error::io(&path, "cannot sync"))?;
        Ok(FileRecord {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            bytes,
            sha256: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        })
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
            let new = NewFolder::create(parent.path())?;
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

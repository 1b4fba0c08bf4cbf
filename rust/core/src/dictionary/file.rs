//! The dictionary file: everything that an [`Analyzer`](crate::morph::Analyzer) needs, in one file.
//!
//! | bytes | what |
//! | --- | --- |
//! | 16 | `ncvc dictionary` and a line feed |
//! | 8 | XXH3 of all that follows |
//! | 8 | length of the header |
//! | 8 | length of the terms |
//! | 8 | length of the lattice |
//! | … | the header, JSON |
//! | … | the terms, as a MeCab user dictionary in CSV: `mecab-dict-index` takes it |
//! | … | the lattice, compressed: the analyser of our own |
//! | … | vibrato's own serialisation: the reference |
//!
//! Integers are little-endian. The checksum detects damage before vibrato reads it; it does not authenticate the file.

use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::mecab::{InputFile, error};
use super::settings::Settings;
use crate::{Error, Result};

const MAGIC: &[u8; 16] = b"ncvc dictionary\n";
const FORMAT: u32 = 2;
/// Offset of the header.
const START: usize = 48;

/// Contents of a dictionary file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the file format.
    pub format: u32,
    /// The name of the base dictionary.
    pub base: String,
    /// Rows of the base, without those left out.
    pub rows: u64,
    /// Terms added.
    pub terms: u64,
    /// Reason → number of terms, or of rows of the base, left out for it.
    pub skipped: BTreeMap<String, u64>,
    /// The analyser's settings.
    pub analyser: Settings,
    /// The files read: the base, then the lists of terms.
    pub inputs: Vec<InputFile>,
    /// The licence notices of the base and the terms.
    pub licences: Vec<Licence>,
}

/// A licence notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// The name of the file it was in.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Header {
    /// Creates a header of the current format.
    pub fn new(base: &str, rows: usize, inputs: Vec<InputFile>, licences: Vec<Licence>) -> Self {
        Self {
            format: FORMAT,
            base: base.to_owned(),
            rows: rows as u64,
            terms: 0,
            skipped: BTreeMap::new(),
            analyser: Settings::default(),
            inputs,
            licences,
        }
    }

    /// Returns the header as in the file.
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

/// The parts of a dictionary file.
pub struct Parts<'a> {
    /// The file's checksum; not used when it is written.
    pub checksum: u64,
    /// Its contents.
    pub header: Header,
    /// The terms: rows of a MeCab user dictionary.
    pub terms: &'a str,
    /// The lattice.
    pub lattice: &'a [u8],
    /// vibrato's serialisation.
    pub vibrato: &'a [u8],
}

/// Returns the error for a damaged file.
pub(crate) fn damaged(path: &Path) -> Error {
    error(path, "damaged or cut short; copy it again, or make it again with `ncvc dictionary build`")
}

/// Parses the bytes of a dictionary file; `path` is for messages.
pub fn parse<'a>(bytes: &'a [u8], path: &Path) -> Result<Parts<'a>> {
    if !bytes.starts_with(MAGIC) {
        let message = "not an ncvc dictionary; make one with `ncvc dictionary build`";
        return Err(error(path, message));
    }
    let damaged = || damaged(path);
    let length = |at| number(bytes, at).and_then(|n| usize::try_from(n).ok());
    let checksum = number(bytes, 16).filter(|&checksum| bytes.get(24..).map(xxh3_64) == Some(checksum));
    let (Some(checksum), Some(header), Some(terms), Some(lattice)) =
        (checksum, length(24), length(32), length(40))
    else {
        return Err(damaged());
    };
    let (header, rest) = bytes.get(START..).and_then(|b| b.split_at_checked(header)).ok_or_else(damaged)?;
    let (terms, rest) = rest.split_at_checked(terms).ok_or_else(damaged)?;
    let (lattice, vibrato) = rest.split_at_checked(lattice).ok_or_else(damaged)?;
    let value: serde_json::Value = serde_json::from_slice(header).map_err(|_| damaged())?;
    if value["format"] != FORMAT {
        let message = format!(
            "a dictionary of format {}, and this ncvc reads format {FORMAT}; make it again with `ncvc dictionary build`",
            value["format"]
        );
        return Err(error(path, message));
    }
    let header = serde_json::from_value(value).map_err(|_| damaged())?;
    let terms = std::str::from_utf8(terms).map_err(|_| damaged())?;
    Ok(Parts { checksum, header, terms, lattice, vibrato })
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Reads a dictionary file, but no other one: its beginning must be that of a dictionary as long as the file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut file = File::open(path).map_err(Error::io(path, "cannot read"))?;
    let length = file.metadata().map_err(Error::io(path, "cannot read"))?.len();
    let mut bytes = Vec::new();
    let mut read_to = |end: u64, bytes: &mut Vec<u8>| {
        Read::by_ref(&mut file)
            .take(end - bytes.len() as u64)
            .read_to_end(bytes)
            .map_err(Error::io(path, "cannot read"))
    };
    read_to(START as u64, &mut bytes)?;
    let parts = [24, 32, 40].map(|at| number(&bytes, at));
    if bytes.starts_with(MAGIC)
        && let [Some(header), Some(terms), Some(lattice)] = parts
    {
        let end = [header, terms, lattice].into_iter().try_fold(START as u64, u64::checked_add);
        if header == 0 || lattice == 0 || end.is_none_or(|end| end > length) {
            return Err(damaged(path));
        }
        read_to(length, &mut bytes)?;
    }
    Ok(bytes)
}

/// Writes a dictionary file: under a temporary name in the same folder, synced, then renamed.
pub fn write(path: &Path, parts: &Parts) -> Result<()> {
    let header = parts.header.to_json();
    let Parts { terms, lattice, vibrato, .. } = parts;
    let lengths = [header.len(), terms.len(), lattice.len()].map(|n| (n as u64).to_le_bytes()).concat();
    let contents = [lengths.as_slice(), header.as_bytes(), terms.as_bytes(), lattice, vibrato];
    let mut hash = Xxh3::new();
    contents.iter().for_each(|part| hash.update(part));
    let checksum = hash.digest().to_le_bytes();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name =
        path.file_name().ok_or_else(|| error(path, "names no file; give the dictionary a file name"))?;
    std::fs::create_dir_all(folder).map_err(Error::io(folder, "cannot create"))?;
    let written = (|| {
        // A new name each time: whatever stands under another one is somebody else's.
        let mut file = tempfile::Builder::new()
            .prefix(&format!(".{}.", name.to_string_lossy()))
            .suffix(".partial")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)?;
        for part in [MAGIC.as_slice(), &checksum].into_iter().chain(contents) {
            file.write_all(part)?;
        }
        file.as_file().sync_all()?;
        file.persist(path)?;
        File::open(folder)?.sync_all()
    })();
    written.map_err(Error::io(path, "cannot write"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/dictionary");
        let licence = Licence { name: "COPYING".into(), text: "無保証".into() };
        let header = Header::new("test", 3, Vec::new(), vec![licence]);
        let terms = "胃癌,1,1,5,名詞\n";
        write(&path, &Parts { checksum: 0, header, terms, lattice: b"lattice", vibrato: b"vibrato" })
            .unwrap();
        assert_eq!(
            std::fs::read_dir(folder.path().join("new")).unwrap().count(),
            1,
            "no temporary file stays"
        );
        std::fs::read(path).unwrap()
    }

    #[test]
    fn parts_come_back() {
        let bytes = written();
        let parts = parse(&bytes, Path::new("d")).unwrap();
        assert_eq!(
            (parts.header.base.as_str(), parts.header.rows, parts.terms),
            ("test", 3, "胃癌,1,1,5,名詞\n")
        );
        assert_eq!(parts.header.licences[0].text, "無保証");
        assert_eq!((parts.lattice, parts.vibrato), (b"lattice".as_slice(), b"vibrato".as_slice()));
    }

    #[test]
    fn only_a_dictionary_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let bytes = written();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read(&path).unwrap(), bytes);
        // A file of 4 GB of zeros, of which the disk has none.
        for beginning in [b"".as_slice(), MAGIC] {
            std::fs::write(&path, beginning).unwrap();
            File::options().write(true).open(&path).unwrap().set_len(1 << 32).unwrap();
            assert!(read(&path).is_err() || read(&path).unwrap().len() == START);
        }
        std::fs::write(&path, b"short").unwrap();
        assert_eq!(read(&path).unwrap(), b"short");
    }

    #[test]
    fn any_changed_or_missing_byte_is_found() {
        let bytes = written();
        for i in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[i] ^= 0x10;
            assert!(parse(&changed, Path::new("d")).is_err(), "byte {i}");
            assert!(parse(&bytes[..i], Path::new("d")).is_err(), "length {i}");
        }
    }

    #[test]
    fn another_format_says_so() {
        let mut bytes = written();
        let at = bytes.windows(10).position(|w| w == b"\"format\":2").unwrap();
        bytes[at + 9] = b'1';
        let checksum = xxh3_64(&bytes[24..]).to_le_bytes();
        bytes[16..24].copy_from_slice(&checksum);
        let message = parse(&bytes, Path::new("d")).err().unwrap().to_string();
        assert!(message.contains("format 1, and this ncvc reads format 2"), "{message}");
    }
}

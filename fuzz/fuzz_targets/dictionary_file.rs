//! The dictionary file: whatever its bytes are, with their checksum made right, it is refused or can be used.
//!
//! vibrato's part is behind the checksum and no parser of ours; only our own analyser is loaded.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ncvc_core::dictionary::file::{Parts, parse, write};
use ncvc_core::morph::{Analyzer, Engine};
use xxhash_rust::xxh3::xxh3_64;

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(ncvc_fuzz::dictionary::bytes);

fuzz_target!(|data: &[u8]| {
    let (head, data) = ncvc_fuzz::choice(data);
    let path = Path::new("dictionary");
    match head % 3 {
        0 => load(data),
        1 => load(&with_checksum(data)),
        _ => {
            // The lattice of a sound dictionary with some of its bytes changed.
            let Parts { checksum, header, terms, lattice, vibrato } =
                parse(&SOUND, path).expect("it was built");
            let mut bytes = zstd::decode_all(lattice).expect("it was built");
            for change in data.chunks_exact(4) {
                let at = u32::from_le_bytes([change[0], change[1], change[2], 0]) as usize % bytes.len();
                bytes[at] = change[3];
            }
            let lattice = &zstd::encode_all(bytes.as_slice(), 1).expect("memory can be written");
            let changed = ncvc_fuzz::file("changed", b"");
            write(&changed, &Parts { checksum, header, terms, lattice, vibrato })
                .expect("the folder can be written");
            load(&std::fs::read(changed).expect("it was written"));
        }
    }
});

fn load(bytes: &[u8]) {
    let Ok(analyzer) = Analyzer::from_bytes(Engine::Lattice, bytes, Path::new("dictionary")) else { return };
    let mut worker = analyzer.worker();
    for line in ["高血圧の治療。", "aa a  あ𠮷\u{10ffff}"] {
        let mut end = 0;
        worker.split(line, |range| {
            assert!(range.start >= end);
            end = range.end;
        });
        assert!(line.get(..end).is_some());
    }
}

fn with_checksum(data: &[u8]) -> Vec<u8> {
    let mut bytes = SOUND[..16].to_vec();
    bytes.extend_from_slice(&xxh3_64(data).to_le_bytes());
    bytes.extend_from_slice(data);
    bytes
}

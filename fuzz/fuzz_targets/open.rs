//! Compressed files: whole ones come back, damaged ones end in an error and never in a crash.
#![no_main]

use std::io::{Read, Write};

use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use ncvc_core::source::open;

/// More than this is not read of one input: a few bytes can stand for gigabytes.
const MOST: u64 = 1 << 22;

fuzz_target!(|data: &[u8]| {
    let (head, data) = ncvc_fuzz::choice(data);
    let cut = usize::from(head >> 4) * data.len() / 16;
    match head & 3 {
        0 => {
            let _ = read(data);
        }
        kind => {
            // Two members one after another, the first of them perhaps empty.
            let packed = [pack(kind, &data[..cut]), pack(kind, &data[cut..])].concat();
            assert_eq!(read(&packed).as_deref(), Some(data));
            if head & 4 != 0 && data.len() > 8 {
                damage(packed, data);
            }
        }
    }
});

/// Everything in a file, if it ends as it should.
fn read(bytes: &[u8]) -> Option<Vec<u8>> {
    let path = ncvc_fuzz::file("packed", bytes);
    let (input, _) = open(&path, &Default::default()).ok()?;
    let mut out = Vec::new();
    input.take(MOST).read_to_end(&mut out).ok()?;
    Some(out)
}

/// A file that is cut off gives an error; one with a flipped bit an error or, in a header's unused bits, the same.
fn damage(mut packed: Vec<u8>, data: &[u8]) {
    let at = (usize::from(data[0]) << 8 | usize::from(data[1])) % packed.len();
    if let Some(found) = read(&packed[..at]) {
        assert!(data.starts_with(&found) || found == packed[..at], "cut off after {at}");
    }
    packed[at] ^= 1 << (data[2] & 7);
    let _ = read(&packed);
}

fn pack(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let done = match kind {
        1 => {
            let mut out = GzEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(bytes).and_then(|()| out.finish())
        }
        2 => {
            let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            out.write_all(bytes).and_then(|()| out.finish())
        }
        _ => zstd::encode_all(bytes, 1),
    };
    done.expect("memory can be written")
}

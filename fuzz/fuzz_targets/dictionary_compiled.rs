//! Compiled MeCab dictionaries: a damaged file is an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ncvc_core::dictionary::Base;

const MAGIC: u32 = 0xef71_8f77;

fuzz_target!(|data: &[u8]| {
    let (head, data) = ncvc_fuzz::choice(data);
    let folder = ncvc_fuzz::folder();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("the folder can be written");
    };
    let middle = data.len() * usize::from(head >> 4) / 16;
    let (lexicon, unknown) = data.split_at(middle);
    // The size that the first number tells is made right, or hardly any input would get further.
    write("sys.dic", &with_size(lexicon));
    write("unk.dic", &with_size(unknown));
    write(
        "matrix.bin",
        &[2, 0, 2, 0, 1, 0, 2, 0, 3, 0, 4, 0][..if head & 1 == 0 { 12 } else { data.len().min(12) }],
    );
    write("char.bin", &characters(head, data));
    if let Ok(base) = Base::read(folder.path()) {
        assert!(base.rows.iter().all(|row| row.left < 2 && row.right < 2));
        let _ = base.noun_class();
    }
});

fn with_size(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let size = bytes.len() as u32 ^ MAGIC;
    if let Some(first) = bytes.first_chunk_mut() {
        *first = size.to_le_bytes();
    }
    bytes
}

/// A `char.bin` of two categories; some characters have a field of the input.
fn characters(head: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = 2u32.to_le_bytes().to_vec();
    for name in ["DEFAULT", "SPACE"] {
        let mut padded = [0; 32];
        padded[..name.len()].copy_from_slice(name.as_bytes());
        bytes.extend_from_slice(&padded);
    }
    let plain = [1, 0, 0, 0];
    let other = data.first_chunk::<4>().filter(|_| head & 2 != 0).unwrap_or(&plain);
    for character in 0..0xffff {
        bytes.extend_from_slice(if character % 97 == 0 { other } else { &plain });
    }
    bytes
}

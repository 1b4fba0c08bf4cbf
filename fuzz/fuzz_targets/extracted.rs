//! Lines of extracted pages: whatever they hold, and those that an extractor writes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ncvc_core::source::Extracted;

fuzz_target!(|line: &[u8]| {
    if let Some(Extracted { found: Ok(range), .. }) = Extracted::parse(line) {
        assert_eq!((line[range.start], range.end), (b'{', line.len()));
        assert_eq!(line[..range.start].iter().filter(|&&byte| byte == b'\t').count(), 2);
    }
    let (file, place) = (line.len(), line.iter().map(|&byte| u64::from(byte)).sum());
    let head = format!("{file}\t{place}\t").into_bytes();
    let found = Extracted::parse(&[&head, b"{".as_slice(), line].concat()).expect("it is a line");
    assert_eq!(found, Extracted { file, place, found: Ok(head.len()..head.len() + 1 + line.len()) });
});

//! Lines of bounded length, through buffers of any size, against splitting what is in memory.
#![no_main]

use std::io::BufReader;

use libfuzzer_sys::fuzz_target;
use ncvc_core::source::{Line, LineReader};

fuzz_target!(|data: &[u8]| {
    let (head, data) = ncvc_fuzz::choice(data);
    let (longest, capacity) = (usize::from(head >> 3), 1 + usize::from(head & 7));
    let mut lines = LineReader::new(BufReader::with_capacity(capacity, data), longest);
    let mut expected: Vec<&[u8]> = data.split(|&byte| byte == b'\n').collect();
    expected.pop_if(|last| last.is_empty());
    for (line, number) in expected.into_iter().zip(1..) {
        let mut buffer = b"before".to_vec();
        let found = lines.next(&mut buffer).expect("memory can be read");
        assert_eq!(lines.number(), number);
        if line.len() > longest {
            assert_eq!((found, buffer.as_slice()), (Line::TooLong(line.len() as u64), b"before".as_slice()));
        } else {
            assert_eq!((found, &buffer[6..]), (Line::Whole, line));
        }
    }
    assert_eq!(lines.next(&mut Vec::new()).expect("memory can be read"), Line::End);
});

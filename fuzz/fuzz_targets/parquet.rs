//! Parquet: a damaged file is an error; what comes out are JSON objects, and no more than the file says.
#![no_main]

use std::panic;

use libfuzzer_sys::fuzz_target;
use ncvc_core::source::{Documents, Format, Line, SourceFile};
use serde_json::Value;

/// More rows are not read of one input: repeated values make millions of a few bytes.
const MOST: u64 = 2000;

fuzz_target!(
    init: {
        // The library panics on some damage, which the reader catches; by default a panic ends the run even so.
        // One that is not caught ends it still.
        panic::set_hook(Box::new(|_| {}));
    },
    |data: &[u8]| {
        let path = ncvc_fuzz::file("a.parquet", data);
        let file = SourceFile::new(path, Format::Parquet);
        let Ok(mut rows) = Documents::open(&file, "text", None, 1 << 16, &Default::default()) else { return };
        let mut buffer = Vec::new();
        while rows.number() < MOST {
            buffer.clear();
            match rows.next(&mut buffer) {
                Ok(Line::Whole) => {
                    let row: Value = serde_json::from_slice(&buffer).expect("a row is JSON");
                    assert!(row.is_object());
                }
                Ok(Line::TooLong(bytes)) => assert!(bytes > 1 << 16 && buffer.is_empty()),
                Ok(Line::Undecodable(_)) => unreachable!("columns of text are UTF-8"),
                Ok(Line::End) | Err(_) => break,
            }
        }
    }
);

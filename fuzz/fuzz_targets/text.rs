//! Plain text in any encoding: exactly, or not at all.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ncvc_core::source::{Documents, Encoding, Format, Line, SourceFile, encoding_named};
use serde_json::Value;

/// Beginnings of compressed data, which is the target `open`'s.
const COMPRESSED: [&[u8]; 3] = [b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd"];
const ENCODINGS: [&str; 6] = ["utf-8", "shift_jis", "euc-jp", "iso-2022-jp", "utf-16le", "utf-16be"];

fuzz_target!(|data: &[u8]| {
    let (head, data) = ncvc_fuzz::choice(data);
    if COMPRESSED.iter().any(|beginning| data.starts_with(beginning)) {
        return;
    }
    let name = ENCODINGS.get(usize::from(head & 7)).copied();
    let encoding = name.map(|name| encoding_named(name).expect("it is known"));
    let longest = if head & 8 == 0 { 1 << 20 } else { usize::from(head >> 4) };
    let whole = documents(Format::Text, data, encoding, longest);
    assert_eq!(whole.len(), 1, "a file is one document");
    if let (Ok(text), Some(encoding)) = (&whole[0], encoding) {
        // A byte order mark goes before everything.
        if Encoding::for_bom(data).is_none() {
            let (expected, replaced) = encoding.decode_without_bom_handling(data);
            assert!(!replaced);
            assert_eq!(*text, expected);
        }
    }
    if let (Ok(expected), Some("utf-8")) = (std::str::from_utf8(data), name)
        && data.len() <= longest
    {
        let expected = expected.strip_prefix('\u{feff}').unwrap_or(expected);
        assert_eq!(whole[0].as_deref(), Ok(expected));
        let paragraphs = documents(Format::Paragraphs, data, encoding, 1 << 20);
        let joined: String = paragraphs.into_iter().map(|text| text.expect("it is UTF-8")).collect();
        let marks = |text: &str| text.replace(['\u{feff}'], "");
        if !data.contains(&b'\n') && data.contains(&b'\r') {
            return; // Lines end at carriage returns.
        }
        let blank = |line: &&str| !line.trim_start().is_empty();
        let lines: Vec<&str> = std::str::from_utf8(data).expect("it is").split('\n').filter(blank).collect();
        let lines: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        assert_eq!(marks(&joined), marks(&lines));
    } else {
        documents(Format::Paragraphs, data, encoding, longest);
    }
});

/// The texts of the documents of a file, or the lengths of what is none.
fn documents(
    format: Format,
    data: &[u8],
    encoding: Option<&'static Encoding>,
    longest: usize,
) -> Vec<Result<String, u64>> {
    let file = SourceFile::new(ncvc_fuzz::file("a.txt", data), format);
    let mut documents =
        Documents::open(&file, "text", encoding, longest, &Default::default()).expect("it is there");
    let mut found = Vec::new();
    loop {
        let mut buffer = Vec::new();
        match documents.next(&mut buffer) {
            Ok(Line::Whole) => {
                let value: Value = serde_json::from_slice(&buffer).expect("a document is JSON");
                found.push(Ok(value["text"].as_str().expect("its text is a string").to_owned()));
            }
            Ok(Line::TooLong(bytes) | Line::Undecodable(bytes)) => found.push(Err(bytes)),
            Ok(Line::End) => return found,
            Err(_) => return vec![Err(0)],
        }
    }
}

//! OSCAR and Wiki-40B by their form: no marker stays, nothing else goes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ncvc_core::source::{Fields, Form};

/// Markers, and what does not make one of a neighbour: markers that overlap have no meaning to compare with.
const WORDS: [&str; 11] = [
    "_START_ARTICLE_",
    "_START_SECTION_",
    "_START_PARAGRAPH_",
    "_NEWLINE_",
    "\n",
    " ",
    "熱",
    "_",
    "START",
    "\u{3000}",
    "\r",
];
const OSCAR: &str = r#","warc_headers":{},"metadata":{"quality_warnings":["noisy"]}"#;

fuzz_target!(|data: &[u8]| {
    let (head, data) = ncvc_fuzz::choice(data);
    let text: String = data.iter().map(|&byte| WORDS[usize::from(byte) % WORDS.len()]).collect();
    let member = if head & 1 == 0 { "text" } else { "content" };
    let quoted = serde_json::to_string(&text).expect("a string has a JSON form");
    let line = format!("{{\"{member}\":{quoted}{}}}", if head & 2 == 0 { "" } else { OSCAR });
    let fields = Fields::parse(line.as_bytes()).expect("it is an object");
    for form in [Form::Plain, Form::Oscar, Form::Recognise, Form::Wiki40B] {
        let Ok((name, found)) = form.text(&fields, "text") else { continue };
        assert_eq!(name, member);
        let marked = match form {
            Form::Plain | Form::Oscar => false,
            Form::Recognise => name == "text" && text.trim_ascii_start().starts_with(WORDS[0]),
            Form::Wiki40B => true,
        };
        if !marked {
            assert_eq!(found, text);
            continue;
        }
        assert!(WORDS[..4].iter().all(|marker| !found.contains(marker)));
        assert!(found.is_empty() || found.split('\n').all(|line| !line.trim_ascii().is_empty()));
        assert_eq!(letters(&found), letters(&without(&text)));
    }
});

/// The text without markers, found one by one from left to right: none of them overlaps another's end.
fn without(mut text: &str) -> String {
    let mut out = String::new();
    while let Some(c) = text.chars().next() {
        if let Some(marker) = WORDS[..4].iter().find(|marker| text.starts_with(**marker)) {
            text = &text[marker.len()..];
            continue;
        }
        out.push(c);
        text = &text[c.len_utf8()..];
    }
    out
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_whitespace()).collect()
}

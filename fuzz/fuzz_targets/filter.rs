//! Filters: what they keep is part of the text, and with none of them everything stays.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ncvc_core::clean::clean;
use ncvc_core::filter::{FilterOptions, Filters, Verdict};
use ncvc_core::morph::Analyzer;
use serde_json::json;

static ANALYZER: LazyLock<Analyzer> = LazyLock::new(ncvc_fuzz::dictionary::analyzer);

fuzz_target!(|data: &[u8]| {
    let (head, data) = ncvc_fuzz::choice(data);
    let raw = String::from_utf8_lossy(data);
    let text = if head & 1 == 0 { clean(&raw) } else { raw.into_owned() };
    let options = options(head);
    let filters = Filters::new(&options, Some(&ANALYZER)).expect("the options are sound");
    let mut worker = filters.worker();
    let kept = match worker.apply(&text) {
        Verdict::Keep(kept) => kept.to_owned(),
        Verdict::Drop(_) => return,
    };
    let mut rest = text.chars();
    assert!(kept.chars().all(|c| rest.any(|other| other == c)), "the rest is no part of the text");
    if head & 6 == 0 {
        assert_eq!(kept, text, "no filter that shortens runs");
    }
});

/// Every filter on or off by a bit; 2 and 4 are those that shorten.
fn options(head: u8) -> FilterOptions {
    let on =
        |bit: u8, value: serde_json::Value| if head & bit == 0 { serde_json::Value::Null } else { value };
    let options = json!({
        "copyright_notices": on(2, json!({"remove": "line"})),
        "unfinished_sentences": on(4, json!({"remove": "sentence", "most_cut_off": 0.5, "most_unended": 0.9})),
        "too_short": on(8, json!({"least_characters": 3})),
        "japanese": on(16, json!({"least_japanese": 0.2, "least_hiragana": 0.01, "hiragana_from": 100})),
        "repetition": on(32, json!({
            "least_characters": 10, "most_lines": 0.3, "most_line_characters": 0.2, "most_paragraphs": 0.3,
            "most_paragraph_characters": 0.2, "frequent_length": 5, "most_frequent_characters": 0.2,
            "repeated_length": 8, "most_repeated_characters": 0.5,
        })),
        "adult_words": on(64, json!({
            "list_name": "list", "list": "高血圧 3\nの 1\n", "least_weight": 3.0, "least_words": 1,
        })),
    });
    serde_json::from_value(options).expect("the names are those of the options")
}

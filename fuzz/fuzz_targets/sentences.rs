//! Sentences together are the text, and taking some out takes nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ncvc_core::dedup::{sentences, without};

fuzz_target!(|input: (u64, &str)| {
    let (removed, text) = input;
    let all: Vec<&str> = sentences(text).collect();
    assert_eq!(all.concat(), text);
    assert!(all.iter().all(|sentence| !sentence.is_empty()));
    let numbers: Vec<u32> = (0..all.len() as u32).filter(|i| removed >> (i % 64) & 1 == 1).collect();
    let kept = all.iter().zip(0..).filter(|(_, i)| !numbers.contains(i)).map(|(sentence, _)| *sentence);
    let left = without(text, &numbers).unwrap_or_default();
    assert_eq!(letters(&left), letters(&kept.collect::<String>()));
});

fn letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '▁').collect()
}

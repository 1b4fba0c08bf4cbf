//! Cleaning alone, one thread: `cleaning_speed JSON_LINES [ROUNDS]` (Linux).
//!
//! Prints MB of text per CPU-second for the cleaner, and for the same rules one after the other over every whole
//! document, by turns; and whether both give the same text. CPU time for the same work varies by up to 1.8 on
//! shared machines, so only the ratio within one run means something; give it 20 MB, as CPU time may come in steps
//! of 4 ms.

use std::hint::black_box;

use ncvc_core::clean::{Cleaner, META_SPACE, Output, RULES};

/// CPU seconds of this thread.
fn cpu() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).map_or(f64::NAN, |ns| ns / 1e9)
}

/// The rules over the whole document until none changes anything.
fn by_rules(document: &str) -> String {
    let mut text = document.replace(META_SPACE, " ");
    let mut next = Output::default();
    loop {
        let mut changed = false;
        for rule in &RULES {
            next.clear();
            if (rule.apply)(&text, &mut next) > 0 {
                std::mem::swap(&mut text, &mut next.text);
                changed = true;
            }
        }
        if !changed {
            return text;
        }
    }
}

/// CPU seconds of cleaning all documents.
fn round(documents: &[String], mut clean: impl FnMut(&str)) -> f64 {
    let start = cpu();
    documents.iter().for_each(|document| clean(document));
    cpu() - start
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, lines, rounds @ ..] = arguments.as_slice() else {
        return Err("cleaning_speed JSON_LINES [ROUNDS]".into());
    };
    let rounds = rounds.first().map_or(Ok(5), |n| n.parse::<usize>())?;
    let mut documents = Vec::new();
    for line in std::fs::read_to_string(lines)?.lines() {
        let line: serde_json::Value = serde_json::from_str(line)?;
        documents.push(line["text"].as_str().ok_or("a line has no text")?.to_owned());
    }
    let megabytes = documents.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    let mut cleaner = Cleaner::default();
    let different = documents.iter().filter(|d| cleaner.clean_with_spaces(d) != by_rules(d)).count();
    println!("{} documents, {megabytes:.1} MB, {different} differ", documents.len());
    for _ in 0..rounds {
        let cleaner_seconds = round(&documents, |document| {
            black_box(cleaner.clean(document));
        });
        let rules_seconds = round(&documents, |document| {
            black_box(by_rules(document));
        });
        let (cleaner, rules) = (megabytes / cleaner_seconds, megabytes / rules_seconds);
        println!("cleaner {cleaner:.1} MB/s, rule by rule {rules:.1} MB/s, ratio {:.1}", cleaner / rules);
    }
    Ok(())
}

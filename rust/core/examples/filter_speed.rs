//! All filters on one thread: `filter_speed DICTIONARY OPTIONS.json TEXTS.json [ROUNDS]` (Linux), where TEXTS is a JSON
//! list of cleaned documents.
//!
//! Prints MB of cleaned text per CPU-second of all filters and of each alone, the best of the rounds.

use std::hint::black_box;

use ncvc_core::filter::{FilterOptions, Filters};
use ncvc_core::morph::Analyzer;

/// CPU seconds of this thread.
fn cpu() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).map_or(f64::NAN, |ns| ns / 1e9)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, dictionary, options, texts, rounds @ ..] = arguments.as_slice() else {
        return Err("filter_speed DICTIONARY OPTIONS.json TEXTS.json [ROUNDS]".into());
    };
    let rounds = rounds.first().map_or(Ok(5), |n| n.parse::<usize>())?;
    let analyzer = Analyzer::load(dictionary)?;
    let texts: Vec<String> = serde_json::from_str(&std::fs::read_to_string(texts)?)?;
    let all: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&std::fs::read_to_string(options)?)?;
    let bytes: usize = texts.iter().map(String::len).sum();
    let names = std::iter::once("all").chain(all.keys().map(String::as_str));
    for name in names {
        let mut on = all.clone();
        on.iter_mut()
            .filter(|(key, _)| name != "all" && *key != name)
            .for_each(|(_, value)| *value = ().into());
        let options: FilterOptions = serde_json::from_value(on.into())?;
        let filters = Filters::new(&options, Some(&analyzer))?;
        let mut worker = filters.worker();
        let mut best = f64::INFINITY;
        for _ in 0..rounds {
            let start = cpu();
            for text in &texts {
                black_box(worker.apply(text));
            }
            best = best.min(cpu() - start);
        }
        println!("{name}: {:.0} MB/s", bytes as f64 / 1e6 / best);
    }
    Ok(())
}

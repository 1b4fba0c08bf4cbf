//! The engine's stages one by one, one thread, by turns: `stage_speed TOKENIZER TEXT [ROUNDS]` (Linux).
//!
//! Prints MB of `TEXT` per CPU-second, the median of the rounds, and how many times as fast as vibrato that is. CPU
//! time for the same work varies by up to 1.8 on shared machines, so only the ratios within one run mean something.

use std::hint::black_box;
use std::path::Path;

use ncvc_core::clean::Cleaner;
use ncvc_core::morph::{Analyzer, Engine};
use ncvc_core::tokenizer::{DICTIONARY_FILE, Tokenizer};

type Stage<'a> = (&'static str, Box<dyn Fn() + 'a>);

/// CPU seconds of this thread.
fn cpu() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).map_or(f64::NAN, |ns| ns / 1e9)
}

fn analyze(analyzer: &Analyzer, text: &str) {
    let mut worker = analyzer.worker();
    for line in text.lines() {
        worker.split(line, |range| {
            black_box(range);
        });
    }
}

fn clean(text: &str) -> String {
    let mut cleaner = Cleaner::default();
    text.lines().flat_map(|line| [cleaner.clean(line).to_owned(), "\n".to_owned()]).collect()
}

fn encode_clean(tokenizer: &Tokenizer, text: &str) {
    let (mut worker, mut ids) = (tokenizer.worker(), Vec::new());
    for line in text.lines() {
        ids.clear();
        black_box(worker.encode_clean(line, &mut ids));
    }
}

fn encode(tokenizer: &Tokenizer, text: &str) {
    let (mut worker, mut ids) = (tokenizer.worker(), Vec::new());
    for line in text.lines() {
        ids.clear();
        black_box(worker.encode(line, &mut ids));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, text, rounds @ ..] = arguments.as_slice() else {
        return Err("stage_speed TOKENIZER TEXT [ROUNDS]".into());
    };
    let rounds = rounds.first().map_or(Ok(5), |n| n.parse::<usize>())?;
    let (folder, raw) = (Path::new(folder), std::fs::read_to_string(text)?);
    let tokenizer = Tokenizer::load(folder, Engine::default())?;
    let vibrato = Analyzer::load_for(Engine::Vibrato, folder.join(DICTIONARY_FILE))?;
    let lattice = Analyzer::load(folder.join(DICTIONARY_FILE))?;
    let cleaned = clean(&raw);
    let spaced = cleaned.replace('▁', " ");
    let stages: Vec<Stage<'_>> = vec![
        ("analysis by vibrato", Box::new(|| analyze(&vibrato, &spaced))),
        ("analysis", Box::new(|| analyze(&lattice, &spaced))),
        ("analysis, ids", Box::new(|| encode_clean(&tokenizer, &cleaned))),
        ("cleaning", Box::new(|| drop(black_box(clean(&raw))))),
        ("cleaning, analysis, ids", Box::new(|| encode(&tokenizer, &raw))),
    ];
    let mut seconds = vec![Vec::new(); stages.len()];
    for _ in 0..rounds {
        for ((_, stage), seconds) in stages.iter().zip(&mut seconds) {
            let start = cpu();
            stage();
            seconds.push(cpu() - start);
        }
    }
    let speeds = seconds.into_iter().map(|mut seconds| {
        seconds.sort_by(f64::total_cmp);
        raw.len() as f64 / 1e6 / seconds[rounds / 2]
    });
    let speeds: Vec<f64> = speeds.collect();
    for ((name, _), speed) in stages.iter().zip(&speeds) {
        println!("{name:24} {speed:7.2} MB/s {:5.2}", speed / speeds[0]);
    }
    Ok(())
}

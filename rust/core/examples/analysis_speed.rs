//! Analysis alone, one thread, both engines by turns: `analysis_speed DICTIONARY TEXT [ROUNDS]` (Linux).
//!
//! Prints load times, MB of text per CPU-second of each round, and the ratio of the medians. CPU time for the same
//! work varies by up to 1.8 on shared machines, so only the ratio within one run means something.

use std::hint::black_box;
use std::time::Instant;

use ncvc_core::morph::{Analyzer, Engine};

/// CPU seconds of this thread.
fn cpu() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).map_or(f64::NAN, |ns| ns / 1e9)
}

fn round(analyzer: &Analyzer, text: &str) -> f64 {
    let mut worker = analyzer.worker();
    let start = cpu();
    for line in text.lines() {
        worker.split(line, |range| {
            black_box(range);
        });
    }
    text.len() as f64 / 1e6 / (cpu() - start)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, dictionary, text, rounds @ ..] = arguments.as_slice() else {
        return Err("analysis_speed DICTIONARY TEXT [ROUNDS]".into());
    };
    let rounds = rounds.first().map_or(Ok(5), |n| n.parse::<usize>())?;
    let text = std::fs::read_to_string(text)?;
    let mut analyzers = Vec::new();
    for (name, engine) in Engine::NAMES {
        let start = Instant::now();
        analyzers.push(Analyzer::load_for(engine, dictionary)?);
        println!("{name}: loaded in {:.2} s", start.elapsed().as_secs_f64());
    }
    let mut speeds = vec![Vec::new(); analyzers.len()];
    for _ in 0..rounds {
        for (((name, _), analyzer), speeds) in Engine::NAMES.iter().zip(&analyzers).zip(&mut speeds) {
            speeds.push(round(analyzer, &text));
            println!("{name}: {:.2} MB/s", speeds[speeds.len() - 1]);
        }
    }
    let medians: Vec<f64> = speeds
        .into_iter()
        .map(|mut speeds| {
            speeds.sort_by(f64::total_cmp);
            speeds[speeds.len() / 2]
        })
        .collect();
    println!("lattice/vibrato {:.2}", medians[0] / medians[1]);
    Ok(())
}

//! Parallel map over a list of texts; callers release the GIL.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Texts taken by a thread at a time.
const CHUNK: usize = 64;

/// Maps `work` over texts on all cores, with one state for each thread; keeps the order.
pub fn map<S, R: Send>(
    texts: &[String],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &str) -> R + Sync,
) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(texts.len().div_ceil(CHUNK)).max(1);
    if threads == 1 {
        let mut state = state();
        return texts.iter().map(|text| work(&mut state, text)).collect();
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let mut state = state();
        let mut done = Vec::new();
        loop {
            let from = next.fetch_add(CHUNK, Ordering::Relaxed);
            if from >= texts.len() {
                return done;
            }
            let chunk = &texts[from..texts.len().min(from + CHUNK)];
            done.push((from, chunk.iter().map(|text| work(&mut state, text)).collect::<Vec<R>>()));
        }
    };
    let mut chunks: Vec<(usize, Vec<R>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    });
    chunks.sort_unstable_by_key(|&(from, _)| from);
    chunks.into_iter().flat_map(|(_, results)| results).collect()
}

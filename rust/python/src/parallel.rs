//! Parallel map over a list of texts, which Ctrl-C stops.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use pyo3::prelude::*;

/// Texts taken by a thread at a time.
const CHUNK: usize = 64;
/// Bytes of text up to which starting a thread takes longer than the work.
const SMALL: usize = 1 << 14;
/// Time between looks for a signal.
const INTERVAL: Duration = Duration::from_millis(50);

/// Maps `work` over texts on all cores without the GIL, with one state for each thread; keeps the order.
///
/// # Errors
///
/// The exception of a signal's handler, `KeyboardInterrupt` for one, soon after the texts that threads are at.
pub fn map<S, R: Send>(
    py: Python<'_>,
    texts: &[String],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &str) -> R + Sync,
) -> PyResult<Vec<R>> {
    if texts.iter().map(String::len).sum::<usize>() <= SMALL {
        return Ok(py.detach(|| {
            let mut state = state();
            texts.iter().map(|text| work(&mut state, text)).collect()
        }));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(texts.len().div_ceil(CHUNK));
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let run = || {
        let mut state = state();
        let mut done = Vec::new();
        loop {
            let from = next.fetch_add(CHUNK, Ordering::Relaxed);
            if from >= texts.len() {
                return done;
            }
            let chunk = &texts[from..texts.len().min(from + CHUNK)];
            let going = chunk.iter().take_while(|_| !stop.load(Ordering::Relaxed));
            done.push((from, going.map(|text| work(&mut state, text)).collect::<Vec<R>>()));
        }
    };
    let (mut chunks, signal) = py.detach(|| {
        std::thread::scope(|scope| {
            let (working, all_done) = mpsc::channel::<()>();
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    let working = working.clone();
                    scope.spawn(|| {
                        let done = run();
                        drop(working); // when the last one is dropped, all are done
                        done
                    })
                })
                .collect();
            drop(working);
            let mut signal = Ok(());
            while all_done.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if signal.is_ok() {
                    signal = Python::attach(|py| py.check_signals());
                    stop.store(signal.is_err(), Ordering::Relaxed);
                }
            }
            let join = |worker: std::thread::ScopedJoinHandle<'_, _>| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            (workers.into_iter().flat_map(join).collect::<Vec<(usize, Vec<R>)>>(), signal)
        })
    });
    signal?;
    chunks.sort_unstable_by_key(|&(from, _)| from);
    Ok(chunks.into_iter().flat_map(|(_, results)| results).collect())
}

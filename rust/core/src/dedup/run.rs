//! Runs the tasks of a plan.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::options::Check;
use super::plan::{Plan, Step};
use super::{crowd, decide, exact, jaccard, lsh, resolve, shuffle};
use crate::Result;
use crate::atomic_folder::write_folder;

impl Plan {
    /// Runs a task, unless its folder exists.
    pub fn run(&self, step: Step, task: u32, check: Check<'_>) -> Result<()> {
        write_folder(&self.task_folder(step, task), |folder| match step {
            Step::Documents => exact::documents(self, task, folder, check),
            Step::Repeated => shuffle::repeated(self, task, folder, check),
            Step::Candidates => lsh::candidates(self, task, folder, check),
            Step::Pairs => shuffle::pairs(self, task, folder, check),
            Step::Texts => jaccard::texts(self, task, folder, check),
            Step::Votes => crowd::votes(self, task, folder, check),
            Step::Likely => shuffle::likely(self, task, folder, check),
            Step::Compare => jaccard::compare(self, task, folder, check),
            Step::Resolve => resolve::resolve(self, folder, check),
            Step::Dropped => shuffle::dropped(self, task, folder, check),
            Step::Sentences => exact::sentences(self, task, folder, check),
            Step::Removed => shuffle::removed(self, task, folder, check),
            Step::Fragments => exact::fragments(self, task, folder, check),
            Step::Equal => shuffle::equal(self, task, folder, check),
            Step::Decide => decide::decide(self, task, folder),
        })
    }

    /// Runs all steps, `threads` tasks at a time.
    pub fn run_all(&self, threads: usize, check: Check<'_>) -> Result<()> {
        for step in Step::ALL {
            let tasks = self.tasks(step) as usize;
            let next = AtomicUsize::new(0);
            let work = || -> Result<()> {
                loop {
                    let task = next.fetch_add(1, Ordering::Relaxed);
                    if task >= tasks {
                        return Ok(());
                    }
                    check()?;
                    // Below the number of tasks, which is 32 bits wide.
                    self.run(step, task as u32, check)
                        .inspect_err(|_| next.store(tasks, Ordering::Relaxed))?;
                }
            };
            std::thread::scope(|scope| {
                let workers: Vec<_> =
                    (0..threads.clamp(1, tasks.max(1))).map(|_| scope.spawn(work)).collect();
                let join = |worker: std::thread::ScopedJoinHandle<'_, _>| {
                    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                // All threads are joined before the first error is returned.
                workers.into_iter().map(join).collect::<Vec<Result<()>>>().into_iter().collect::<Result<()>>()
            })?;
        }
        Ok(())
    }
}

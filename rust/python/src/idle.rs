//! Workers that wait for the next call: making one takes longer than analysing a sentence.

use std::sync::{Arc, Mutex, PoisonError};

use ncvc_core::morph::{Analyzer, Worker as Analyzing};
use ncvc_core::tokenizer::{Tokenizer, Worker as Encoding};
use self_cell::self_cell;

/// Bytes of text above which a worker is made for the call, so that no large buffer waits.
const LONGEST: usize = 1 << 14;

self_cell!(
    /// A worker with the analyser that it borrows.
    pub struct AnalyzerWorker {
        owner: Arc<Analyzer>,
        #[not_covariant]
        dependent: Analyzing,
    }
);

self_cell!(
    /// A worker with the tokenizer that it borrows.
    pub struct TokenizerWorker {
        owner: Arc<Tokenizer>,
        #[not_covariant]
        dependent: Encoding,
    }
);

/// The workers that no thread uses: at most as many as calls ran at once.
pub struct Idle<W>(Mutex<Vec<W>>);

impl<W> Default for Idle<W> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<W> Idle<W> {
    /// Calls `work` with a worker that waits, or a new one, which waits after it unless the text is long.
    fn run<R>(&self, text: &str, create: impl FnOnce() -> W, work: impl FnOnce(&mut W) -> R) -> R {
        if text.len() > LONGEST {
            return work(&mut create());
        }
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = waiting.unwrap_or_else(create);
        let result = work(&mut worker);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        result
    }
}

impl Idle<AnalyzerWorker> {
    /// Calls `work` with a worker of the analyser and the text.
    pub fn call<R>(
        &self,
        analyzer: &Arc<Analyzer>,
        text: &str,
        work: fn(&mut Analyzing<'_>, &str) -> R,
    ) -> R {
        let create = || AnalyzerWorker::new(Arc::clone(analyzer), |analyzer| analyzer.worker());
        self.run(text, create, |worker| worker.with_dependent_mut(|_, worker| work(worker, text)))
    }
}

impl Idle<TokenizerWorker> {
    /// Calls `work` with a worker of the tokenizer and the text.
    pub fn call<R>(
        &self,
        tokenizer: &Arc<Tokenizer>,
        text: &str,
        work: fn(&mut Encoding<'_>, &str) -> R,
    ) -> R {
        let create = || TokenizerWorker::new(Arc::clone(tokenizer), |tokenizer| tokenizer.worker());
        self.run(text, create, |worker| worker.with_dependent_mut(|_, worker| work(worker, text)))
    }
}

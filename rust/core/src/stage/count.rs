//! Counts of morphemes, all that the training of a tokenizer needs of a corpus.

use rustc_hash::FxHashMap;

use crate::Result;
use crate::clean::Counts;
use crate::morph::Analyzer;
use crate::pipeline::{Document, DropReason, Job, Options, Outcome, Output, Part, Summary, run};
use crate::source::{Input, SourceFile};
use crate::tokenizer::Splitter;

/// Number of occurrences of each morpheme; white space is one, a line feed is none.
pub type MorphemeCounts = FxHashMap<Box<str>, u64>;

/// Counts the morphemes of all documents.
///
/// Returns the counts, the summary of the pass, and the SHA-256 of each file.
pub fn count_morphemes(
    analyzer: &Analyzer,
    files: &[SourceFile],
    options: &Options,
    progress: &mut dyn FnMut(&Summary) -> Result<()>,
) -> Result<(MorphemeCounts, Summary, Vec<Option<String>>)> {
    let mut output = Counter { counts: MorphemeCounts::default(), all: Summary::default(), progress };
    let sha256 = run(&CountMorphemes { analyzer }, Input::files(files), options, &[], &mut output)?;
    output.counts.remove("\n");
    Ok((output.counts, output.all, sha256))
}

struct CountMorphemes<'a> {
    analyzer: &'a Analyzer,
}

impl<'a> Job for CountMorphemes<'a> {
    type Worker = Splitter<'a>;
    type Batch = MorphemeCounts;

    fn worker(&self) -> Splitter<'a> {
        Splitter::new(self.analyzer)
    }

    fn document(
        &self,
        splitter: &mut Splitter<'a>,
        document: &Document<'_>,
        batch: &mut MorphemeCounts,
    ) -> Result<Outcome> {
        let mut any = false;
        splitter.split(document.text, |morpheme| {
            any = true;
            match batch.get_mut(morpheme) {
                Some(count) => *count += 1,
                None => {
                    batch.insert(morpheme.into(), 1);
                }
            }
        });
        Ok(if any { Outcome::Kept } else { Outcome::Dropped(DropReason::EmptyAfterCleaning) })
    }

    fn take_counts(splitter: &mut Splitter<'a>) -> Counts {
        splitter.take_counts()
    }
}

struct Counter<'a> {
    counts: MorphemeCounts,
    all: Summary,
    progress: &'a mut dyn FnMut(&Summary) -> Result<()>,
}

impl Output<MorphemeCounts> for Counter<'_> {
    fn batch(&mut self, batch: MorphemeCounts) -> Result<()> {
        for (morpheme, count) in batch {
            *self.counts.entry(morpheme).or_default() += count;
        }
        Ok(())
    }

    fn part(&mut self, part: Part) -> Result<()> {
        self.all = part.summary;
        Ok(())
    }

    fn progress(&mut self, summary: &Summary) -> Result<()> {
        (self.progress)(summary)
    }
}

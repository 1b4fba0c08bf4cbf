//! Splits a line: one that is too long for one lattice is searched in windows.
//!
//! At the end of a window the paths that are still open have grown together up to some morpheme, nearly always a few
//! characters back: all of them begin with the same morphemes, which are settled, and the next window begins after them
//! with that morpheme as its left neighbour. So the answer is that of the whole line.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Node, Worker};
use crate::dictionary::lattice::Dictionary;
use crate::dictionary::{BOUNDARY, LONGEST_LINE, MAX_GROUPING_LEN, MAX_SURFACE};

/// A stretch of a long line, in characters.
#[derive(Clone, Copy)]
struct Window {
    /// All of it.
    length: usize,
    /// Its end, in which no morpheme begins: room for the longest surface and the longest unknown word.
    ahead: usize,
}

/// Windows grow up to this many times where open paths share nothing: those through all even places of ああああ… never
/// meet those through the odd ones.
const GROWTH: usize = 16;

const WINDOW: Window = Window { length: LONGEST_LINE, ahead: MAX_SURFACE + 2 * MAX_GROUPING_LEN };

impl Worker<'_> {
    /// Calls `on_morpheme` with the byte range of each morpheme of `line` and, if it is a surface of the dictionary,
    /// the surface's first entry.
    pub fn split(&mut self, line: &str, on_morpheme: impl FnMut(Range<usize>, Option<u32>)) {
        // Every character has at least one byte, so this settles nearly all lines.
        if line.len() > WINDOW.length {
            return self.split_in_windows(WINDOW, line, on_morpheme);
        }
        self.read(line.char_indices(), line.len());
        let end = self.search(BOUNDARY, self.kinds.len());
        let last = self.last(end);
        self.report(last, 0, on_morpheme);
    }

    /// Splits a line of any length as [`Worker::split`].
    fn split_in_windows(
        &mut self,
        window: Window,
        line: &str,
        mut on_morpheme: impl FnMut(Range<usize>, Option<u32>),
    ) {
        let (mut from, mut right) = (0, BOUNDARY);
        let mut length = window.length;
        loop {
            let whole = self.read_window(length, &line[from..]);
            if whole {
                let end = self.search(right, self.kinds.len());
                let last = self.last(end);
                return self.report(last, from, on_morpheme);
            }
            let end = self.search(right, self.kinds.len() - window.ahead);
            let shared = self.shared(end);
            if shared == 0 && length < GROWTH * window.length {
                length *= 2;
                continue;
            }
            let settled = if shared == 0 { self.halfway(end) } else { shared };
            self.report(settled, from, &mut on_morpheme);
            let settled = self.nodes[settled as usize];
            from += self.offsets[settled.end as usize] as usize;
            right = settled.right;
            length = window.length;
        }
    }

    /// Returns the last node that all paths share which are open at `end`; node 0 if they share none.
    fn shared(&self, end: usize) -> u32 {
        let mut open: BTreeSet<u32> = self.open(end).collect();
        // A node comes after the one before it on its path.
        while open.len() > 1
            && let Some(latest) = open.pop_last()
        {
            open.insert(self.nodes[latest as usize].previous);
        }
        open.first().copied().unwrap_or_default()
    }

    /// Returns a node in the middle of the best path that is open at `end`.
    fn halfway(&self, end: usize) -> u32 {
        let best = self.open(end).min_by_key(|&node| self.nodes[node as usize].cost);
        let mut node = best.unwrap_or_default();
        while let Node { previous, end: node_end, .. } = self.nodes[node as usize]
            && previous != 0
            && node_end as usize > end / 2
        {
            node = previous;
        }
        node
    }

    /// Reads the first `length` characters of `line` as [`Worker::read`], and returns whether these are all.
    ///
    /// Of more spaces in a row than a surface can hold, the others count as part of the last: only that there are some
    /// matters, and a window of nothing but spaces would settle nothing.
    fn read_window(&mut self, length: usize, line: &str) -> bool {
        let Dictionary { characters, space, .. } = self.dictionary;
        let mut spaces = 0;
        let mut kept = line.char_indices().filter(|&(_, c)| {
            spaces = if characters.kind(c).has(*space) { spaces + 1 } else { 0 };
            spaces <= MAX_SURFACE
        });
        let first: Vec<_> = kept.by_ref().take(length).collect();
        let next = kept.next().map(|(offset, _)| offset);
        self.read(first.into_iter(), next.unwrap_or(line.len()));
        next.is_none()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dictionary::Base;

    const CHARACTERS: &str = "DEFAULT 0 1 0\nSPACE 0 1 0\nKANA 1 1 2\n0x0020 SPACE\n0x3041..0x3096 KANA\n";
    const UNKNOWN: &str = "DEFAULT,0,0,900,x\nSPACE,0,0,900,x\nKANA,1,2,400,x\nKANA,2,1,400,x\n";
    const MATRIX: &str = "3 3\n0 1 -50\n1 1 60\n1 2 -30\n2 1 -30\n2 2 60\n2 0 100\n";

    fn dictionary(rows: &str) -> Dictionary {
        let folder = tempfile::tempdir().unwrap();
        let files =
            [("matrix.def", MATRIX), ("char.def", CHARACTERS), ("unk.def", UNKNOWN), ("lex.csv", rows)];
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Dictionary::build(&Base::read(folder.path()).unwrap(), &[]).unwrap()
    }

    fn split(dictionary: &Dictionary, window: Window, line: &str) -> Vec<(Range<usize>, Option<u32>)> {
        let mut morphemes = Vec::new();
        let mut worker = Worker::new(dictionary);
        worker.split_in_windows(window, line, |range, word| morphemes.push((range, word)));
        morphemes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn windows_change_nothing(line in "(あ|い|う|漢|字|a| |   |漢字|あいう){0,120}") {
            let dictionary = dictionary(
                "あ,1,1,300,x\nい,2,2,300,x\nあい,1,2,500,x\nいう,2,1,500,x\nうあ,1,1,500,x\n漢字,1,1,100,x\n\
                 漢,2,2,50,x\n字,1,2,50,x\nあいう,2,2,700,x\nあいう,1,1,700,x\n字 漢,1,1,90,x\n",
            );
            let whole = split(&dictionary, Window { length: usize::MAX, ahead: 0 }, &line);
            let mut worker = Vec::new();
            Worker::new(&dictionary).split(&line, |range, word| worker.push((range, word)));
            prop_assert_eq!(&worker, &whole);
            // The lookahead of 40 characters is longer than any word here.
            for length in [60, 64, 100] {
                prop_assert_eq!(&split(&dictionary, Window { length, ahead: 40 }, &line), &whole);
            }
        }
    }

    #[test]
    fn any_number_of_spaces_is_one_gap() {
        let dictionary = dictionary("あ,1,1,300,x\nい,2,2,300,x\n");
        let line = format!("あ{}い", " ".repeat(3 * LONGEST_LINE));
        let mut morphemes = Vec::new();
        Worker::new(&dictionary).split(&line, |range, _| morphemes.push(&line[range]));
        assert_eq!(morphemes, ["あ", "い"]);
    }

    #[test]
    fn paths_that_never_meet_are_cut_in_the_end() {
        // Behind 字 and behind 字漢 there are words of two characters only, so the paths never meet. 字漢 is cheaper,
        // and at the very end of the line one character too long.
        let dictionary = dictionary("字,1,1,100,x\n字漢,1,1,50,x\n漢漢,1,1,1,x\n");
        let window = Window { length: 100, ahead: 40 };
        for (count, same) in [(1000, true), (5000, false)] {
            let line = format!("字{}", "漢".repeat(count));
            let (cut, whole) = (
                split(&dictionary, window, &line),
                split(&dictionary, Window { length: usize::MAX, ahead: 0 }, &line),
            );
            assert_eq!(cut == whole, same, "{count}");
            let ends = cut.iter().map(|(range, _)| range.end).chain([line.len()]);
            let starts = std::iter::once(0).chain(ends);
            assert!(cut.iter().zip(starts).all(|((range, _), end)| range.start == end));
        }
    }
}

//! Searches the path of least cost from left to right (Viterbi), with MeCab's unknown words and ties.
//!
//! Gives the same morphemes as vibrato, faster: the trie is walked for all positions of a line at once
//! (`Trie::find`), and at each position the best left neighbour is searched once per
//! left id, among one candidate per right id ([`Neighbours`]).
//!
//! If paths cost the same, MeCab takes of the morphemes that end at a position the one that begins last; of those
//! that begin there too, a known one before an unknown one, and of these the first row. So nodes are made in the
//! opposite order, and of equals the latest wins.
//!
//! A line that is too long for one lattice is searched in windows. At the end of a window the paths that are still open
//! have grown together up to some morpheme, nearly always a few characters back: all of them begin with the same
//! morphemes, which are settled, and the next window begins after them with that morpheme as its left neighbour. So the
//! answer is that of the whole line.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::ops::Range;

use super::neighbours::{Neighbours, cost_and_node, key};
use crate::dictionary::lattice::{Dictionary, Entry};
use crate::dictionary::{BOUNDARY, Kind, LONGEST_LINE, MAX_GROUPING_LEN, MAX_SURFACE, NONE, Walk};

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

/// A candidate morpheme with the best path to its end.
#[derive(Clone, Copy)]
struct Node {
    /// The node made before this one that ends at the same position, or [`NONE`].
    next: u32,
    /// The node before this one on the path.
    previous: u32,
    /// Its first character.
    start: u32,
    /// The character after its last one.
    end: u32,
    /// The cost of the path.
    cost: i32,
    right: u16,
}

/// Splits lines; one a thread.
pub struct Worker<'a> {
    dictionary: &'a Dictionary,
    /// Byte offset of each character; then the length of the line.
    offsets: Vec<u32>,
    kinds: Vec<Kind>,
    /// Number of characters from each one on of which each shares a category with the next.
    runs: Vec<u32>,
    walk: Walk,
    nodes: Vec<Node>,
    /// The latest node that ends at each position, or [`NONE`].
    ends: Vec<u32>,
    neighbours: Neighbours,
    path: Vec<u32>,
}

impl<'a> Worker<'a> {
    /// A worker with empty buffers.
    pub fn new(dictionary: &'a Dictionary) -> Self {
        Self {
            dictionary,
            offsets: Vec::new(),
            kinds: Vec::new(),
            runs: Vec::new(),
            walk: Walk::default(),
            nodes: Vec::new(),
            ends: Vec::new(),
            neighbours: Neighbours::new(&dictionary.matrix),
            path: Vec::new(),
        }
    }

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

    /// Calls `on_morpheme` for the morphemes of the path that ends with the node `last`; `offset` is that of the text.
    fn report(&mut self, last: u32, offset: usize, mut on_morpheme: impl FnMut(Range<usize>, Option<u32>)) {
        self.path.clear();
        let mut node = last;
        while node != 0 {
            self.path.push(node);
            node = self.nodes[node as usize].previous;
        }
        for &node in self.path.iter().rev() {
            let Node { start, end, .. } = self.nodes[node as usize];
            let range =
                offset + self.offsets[start as usize] as usize..offset + self.offsets[end as usize] as usize;
            on_morpheme(range, self.surface(start, end - start));
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

    /// Lists the nodes that end at `end` or later.
    fn open(&self, end: usize) -> impl Iterator<Item = u32> {
        self.ends[end..].iter().flat_map(move |&latest| {
            let known = |at: u32| (at != NONE).then_some(at);
            std::iter::successors(known(latest), move |&at| known(self.nodes[at as usize].next))
        })
    }

    /// Subtracts the least cost from that of all nodes that end at `end` or later, which others are added to.
    fn rebase(&mut self, end: usize) {
        let open: Vec<u32> = self.open(end).collect();
        let least = open.iter().map(|&node| self.nodes[node as usize].cost).min().unwrap_or_default();
        open.into_iter().for_each(|node| self.nodes[node as usize].cost -= least);
    }

    /// Returns the first entry of the surface that begins at `start` and has `length` characters.
    #[inline]
    fn surface(&self, start: u32, length: u32) -> Option<u32> {
        let mut at = self.walk.heads[start as usize];
        while at != NONE {
            let found = &self.walk.matches[at as usize];
            if found.length == length {
                return Some(found.first);
            }
            at = found.next;
        }
        None
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

    /// Computes offset, categories and trie code of each character, the runs of shared categories and the surfaces.
    fn read(&mut self, characters: impl Iterator<Item = (usize, char)>, length: usize) {
        self.offsets.clear();
        self.kinds.clear();
        self.walk.codes.clear();
        for (offset, c) in characters {
            self.offsets.push(offset as u32);
            self.kinds.push(self.dictionary.characters.kind(c));
            self.walk.codes.push(self.dictionary.trie.code(c));
        }
        self.offsets.push(length as u32);
        self.walk.codes.push(0);
        self.runs.clear();
        self.runs.resize(self.kinds.len(), 1);
        for i in (1..self.kinds.len()).rev() {
            if self.kinds[i - 1].shares_category(self.kinds[i]) {
                self.runs[i - 1] = self.runs[i] + 1;
            }
        }
        self.dictionary.trie.find(&mut self.walk);
        // Prefetches the entries: these loads overlap, those of the search would wait for each other.
        for found in &self.walk.matches {
            black_box(self.dictionary.entries[found.first as usize]);
        }
    }

    /// Creates the nodes that begin before `limit`, with a first left neighbour of this right id, which is node 0.
    ///
    /// Returns the end of the last neighbours: paths are open to the nodes that end there or later.
    fn search(&mut self, right: u16, limit: usize) -> usize {
        self.nodes.clear();
        self.nodes.push(Node { next: NONE, previous: NONE, start: 0, end: 0, cost: 0, right });
        self.ends.clear();
        self.ends.resize(self.kinds.len() + 1, NONE);
        self.ends[0] = 0;
        // End of the neighbours and, behind spaces, start of the next morpheme.
        let (mut end, mut start, mut rebased) = (0, 0, 0);
        while start < limit {
            if start - rebased >= LONGEST_LINE {
                self.rebase(end);
                rebased = start;
            }
            if self.ends[end] != NONE {
                if self.kinds[end].has(self.dictionary.space) {
                    start += self.runs[end] as usize;
                }
                if start >= limit {
                    break;
                }
                self.collect(end);
                self.extend(start);
            }
            start += 1;
            end = start;
        }
        end
    }

    /// Returns the last node of the best path to the end of the line, whose neighbours end at `end`.
    fn last(&mut self, end: usize) -> u32 {
        self.collect(end);
        cost_and_node(self.neighbours.best(&self.dictionary.matrix, BOUNDARY)).1
    }

    /// Collects the nodes that end at `end` as left neighbours.
    fn collect(&mut self, end: usize) {
        self.neighbours.clear();
        let mut at = self.ends[end];
        while at != NONE {
            let node = &self.nodes[at as usize];
            self.neighbours.add(node.right, key(node.cost, at));
            at = node.next;
        }
    }

    /// Creates the nodes that begin at `start`.
    fn extend(&mut self, start: usize) {
        let dictionary = self.dictionary;
        let mut at = self.walk.heads[start];
        self.unknown(start, at != NONE);
        while at != NONE {
            let found = self.walk.matches[at as usize];
            let entries = &dictionary.entries[found.first as usize..(found.first + found.count) as usize];
            self.add(entries, start, start + found.length as usize);
            at = found.next;
        }
    }

    /// Creates the nodes of unknown words: the run of the same category, and its first 1, 2, … characters.
    fn unknown(&mut self, start: usize, known: bool) {
        let kind = self.kinds[start];
        let (own, category) = self.dictionary.characters.own(kind);
        if known && !category.invoke {
            return;
        }
        let entries = &self.dictionary.unknown[own];
        let run = self.runs[start] as usize;
        let mut any = known;
        if category.group && run <= MAX_GROUPING_LEN + 1 {
            self.add(entries, start, start + run);
            any = true;
        }
        for length in 1..=usize::from(category.length).min(run) {
            // The whole run was added above, or is too long to be one word.
            if !(category.group && length == run) {
                self.add(entries, start, start + length);
                any = true;
            }
        }
        if !any {
            self.add(entries, start, start + 1);
        }
    }

    #[inline]
    fn add(&mut self, entries: &[Entry], start: usize, end: usize) {
        let Self { dictionary, neighbours, nodes, ends, .. } = self;
        let latest = &mut ends[end];
        for entry in entries {
            let (cost, previous) = cost_and_node(neighbours.best(&dictionary.matrix, entry.left));
            let next = std::mem::replace(latest, nodes.len() as u32);
            nodes.push(Node {
                next,
                previous,
                start: start as u32,
                end: end as u32,
                cost: cost + i32::from(entry.cost),
                right: entry.right,
            });
        }
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

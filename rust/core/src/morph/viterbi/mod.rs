//! Searches the path of least cost from left to right (Viterbi), with MeCab's unknown words and ties.
//!
//! Gives the same morphemes as vibrato, faster: the trie is walked for all positions of a line at once
//! (`Trie::find`), and at each position the best left neighbour is searched once per
//! left id, among one candidate per right id ([`Neighbours`]).
//!
//! If paths cost the same, MeCab takes of the morphemes that end at a position the one that begins last; of those
//! that begin there too, a known one before an unknown one, and of these the first row. So nodes are made in the
//! opposite order, and of equals the latest wins.

mod windows;

use std::hint::black_box;
use std::ops::Range;

use super::neighbours::{Neighbours, cost_and_node, key};
use crate::dictionary::lattice::{Dictionary, Entry};
use crate::dictionary::{BOUNDARY, Kind, LONGEST_LINE, MAX_GROUPING_LEN, NONE, Walk};

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

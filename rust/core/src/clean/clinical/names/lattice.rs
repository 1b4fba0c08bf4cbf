//! The cheapest way to read a run of kanji as words (Viterbi over the dictionary's costs).

use std::ops::Range;

use super::known::KnownRuns;
use super::words::{Class, Kind, Words, id};
use crate::dictionary::trie::Walk;

/// One word of the cheapest reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its bytes in the run.
    pub range: Range<usize>,
    /// Its length in characters.
    pub length: usize,
    pub kind: Kind,
    /// MeCab's id of its class.
    pub id: u16,
    /// True if the dictionary has it as a surname too.
    pub surname: bool,
    /// True if the dictionary has it as a given name too.
    pub given: bool,
}

/// Cost of characters that are no word (名詞,一般 of KANJI in ipadic's unk.def).
const UNKNOWN: i32 = 11_426;

struct Node {
    start: usize,
    length: usize,
    class: Class,
    kind: Kind,
    total: i32,
    /// The node before; `usize::MAX` at the beginning.
    before: usize,
}

/// Buffers of the analysis, and what is known of runs.
#[derive(Default)]
pub struct Lattice {
    walk: Walk,
    nodes: Vec<Node>,
    /// Nodes that end at each position.
    ends: Vec<Vec<usize>>,
    /// Runs that were read before.
    pub known: KnownRuns,
}

impl Clone for Lattice {
    /// Returns new buffers.
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Words around the run, and whether its reading may contain names.
#[derive(Clone, Copy)]
pub struct Surroundings {
    /// MeCab's id of the word before.
    pub left: u16,
    /// MeCab's id of the word behind.
    pub right: u16,
    /// False to leave names out.
    pub names: bool,
}

impl Lattice {
    /// Finds the words of a run; tells whether a name may be in it: a surname of two characters, one of a character
    /// at either end, a given name at the end.
    pub fn load(&mut self, words: &Words, run: &str, is_single: fn(char) -> bool) -> bool {
        let length = words.find(run, &mut self.walk);
        let mut characters = run.chars();
        let ends = [characters.next(), characters.next_back()];
        if ends.iter().flatten().any(|&c| is_single(c)) {
            return true;
        }
        (0..length).any(|at| {
            words.at(&self.walk, at).any(|(n, readings)| {
                let given = at == 0 || at + n == length;
                readings.iter().any(|r| match words.kind(r.class) {
                    Kind::Surname => n > 1,
                    Kind::Given => given,
                    _ => false,
                })
            })
        })
    }

    /// Tests for a word of the run that the name at `start` would cut: 安静 in 上安|静, 沢山 in 沢|山出.
    pub fn overlaps(&self, words: &Words, start: usize, surname: usize, name: usize) -> bool {
        (start..start + surname).any(|at| {
            words.at(&self.walk, at).any(|(n, readings)| {
                let cut = if at == start { n > surname } else { n > 1 && at + n == start + name };
                cut && readings.iter().any(|r| words.kind(r.class) == Kind::Other)
            })
        })
    }

    /// Reads the run that was loaded; returns its words and their cost.
    pub fn read(&mut self, words: &Words, run: &str, around: Surroundings) -> (Vec<Token>, i32) {
        let length = self.walk.heads.len();
        self.nodes.clear();
        self.ends.resize_with(self.ends.len().max(length + 1), Vec::new);
        self.ends[..=length].iter_mut().for_each(Vec::clear);
        let left = words.class(around.left);
        let Self { walk, nodes, ends, .. } = self;
        let mut paths = Paths { words, left, nodes, ends };
        for start in 0..length {
            if start > 0 && paths.ends[start].is_empty() {
                continue;
            }
            let mut known = false;
            for (n, readings) in words.at(walk, start) {
                for reading in readings {
                    let kind = words.kind(reading.class);
                    if !around.names && matches!(kind, Kind::Surname | Kind::Given) {
                        continue;
                    }
                    known = true;
                    let node = Node {
                        start,
                        length: n,
                        class: reading.class,
                        kind,
                        total: i32::from(reading.cost),
                        before: 0,
                    };
                    paths.push(node);
                }
            }
            if !known {
                let class = words.class(id::NOUN);
                for n in 1..=2.min(length - start) {
                    let node =
                        Node { start, length: n, class, kind: Kind::Unknown, total: UNKNOWN, before: 0 };
                    paths.push(node);
                }
            }
        }
        let right = words.class(around.right);
        let last =
            ends[length].iter().map(|&i| (nodes[i].total + words.connection(nodes[i].class, right), i)).min();
        let Some((cost, mut at)) = last else { return (Vec::new(), 0) };
        let bytes: Vec<usize> = run.char_indices().map(|(i, _)| i).chain([run.len()]).collect();
        let mut tokens = Vec::new();
        while let Some(node) = nodes.get(at) {
            let range = bytes[node.start]..bytes[node.start + node.length];
            let mut token = Token {
                range,
                length: node.length,
                kind: node.kind,
                id: words.id(node.class),
                surname: false,
                given: false,
            };
            let readings = words.at(walk, node.start).filter(|&(n, _)| n == node.length);
            for reading in readings.flat_map(|(_, readings)| readings) {
                token.surname |= words.kind(reading.class) == Kind::Surname;
                token.given |= words.kind(reading.class) == Kind::Given;
            }
            tokens.push(token);
            at = node.before;
        }
        tokens.reverse();
        (tokens, cost)
    }
}

/// The cheapest paths to each position.
struct Paths<'a> {
    words: &'a Words,
    left: Class,
    nodes: &'a mut Vec<Node>,
    ends: &'a mut Vec<Vec<usize>>,
}

impl Paths<'_> {
    /// Adds a node behind the cheapest one that ends where it begins.
    fn push(&mut self, mut node: Node) {
        let before = self.ends[node.start]
            .iter()
            .map(|&i| (self.nodes[i].total + self.words.connection(self.nodes[i].class, node.class), i))
            .min()
            .unwrap_or((self.words.connection(self.left, node.class), usize::MAX));
        node.total += before.0;
        node.before = before.1;
        self.ends[node.start + node.length].push(self.nodes.len());
        self.nodes.push(node);
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    const AROUND: Surroundings = Surroundings { left: id::OUTER, right: id::OUTER, names: true };

    /// The run's words with a letter for the kind of each.
    fn read(run: &str, around: Surroundings) -> String {
        let words = words().unwrap();
        let mut lattice = Lattice::default();
        lattice.load(words, run, |_| false);
        let (tokens, _) = lattice.read(words, run, around);
        let letter = |kind| match kind {
            Kind::Surname => "S",
            Kind::Given => "G",
            Kind::Person => "N",
            Kind::Place => "P",
            Kind::Organisation => "O",
            Kind::Other => "-",
            Kind::Unknown => "?",
        };
        tokens
            .iter()
            .map(|t| format!("{}{}", &run[t.range.clone()], letter(t.kind)))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn runs_are_read_as_words() {
        for (run, expected) in [
            ("山田太郎", "山田S 太郎G"),
            ("山田様来院", "山田S 様- 来院-"),
            ("同様来院", "同様- 来院-"),
            ("長谷川先生指示", "長谷川S 先生- 指示-"),
            ("山口県宇部市", "山口P 県P 宇部P 市P"),
            ("主治医山田", "主治医- 山田S"),
        ] {
            assert_eq!(read(run, AROUND), expected);
        }
    }

    #[test]
    fn names_can_be_left_out() {
        let around = Surroundings { names: false, ..AROUND };
        assert_eq!(read("山田", around), "山田-");
        assert!(!read("山田太郎", around).contains(['S', 'G']));
    }
}

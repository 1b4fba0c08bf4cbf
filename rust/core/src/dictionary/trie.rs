//! A double-array trie over characters, which finds the surfaces of the dictionary at each position of a line.
//!
//! A node is an index into the array. Its child for a character with code `c` is unit `base ^ c`, if that unit's
//! `check` is the node (Aoe 1989; codes by frequency as in crawdad). The root is unit 0 with base 0, so the root's
//! children are units 1, 2, … in order of frequency, and share few cache lines.
//!
//! Nearly every step of a walk misses the cache. The walks from all positions of a line are independent, so they go
//! level by level, and the loads of one level, made in a loop without branches, overlap.

use std::collections::HashMap;

use super::arrays::{Reader, put};
use crate::huge_array::HugeArray;

/// No match, no unit.
pub const NONE: u32 = u32::MAX;
/// Number of units tried for a node with several children beyond which these units are left to only children.
const TRIES: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Unit {
    base: u32,
    check: u32,
    /// First entry of the surface that ends here.
    first: u32,
    /// Number of its entries.
    count: u32,
}

impl Unit {
    fn fields(self) -> [u32; 4] {
        [self.base, self.check, self.first, self.count]
    }

    #[inline]
    fn of([base, check, first, count]: [u32; 4]) -> Self {
        Self { base, check, first, count }
    }
}

const FREE: Unit = Unit { base: 0, check: NONE, first: 0, count: 0 };

/// The surfaces of a dictionary.
#[derive(Debug, PartialEq)]
pub struct Trie {
    /// Code point → code; 0 for characters that no surface has.
    codes: Vec<u32>,
    /// Units as [`Unit::fields`].
    units: HugeArray<[u32; 4]>,
}

/// A surface that begins at some position.
#[derive(Clone, Copy)]
pub struct Match {
    /// The next match from the same position, or [`NONE`].
    pub next: u32,
    /// Its length in characters.
    pub length: u32,
    /// Its first entry.
    pub first: u32,
    /// Its number of entries.
    pub count: u32,
}

/// Buffers of a walk, and what it found.
#[derive(Default)]
pub struct Walk {
    /// The code of each character of the line; a 0 ends it.
    pub codes: Vec<u32>,
    /// All matches.
    pub matches: Vec<Match>,
    /// The first match of each position, or [`NONE`].
    pub heads: Vec<u32>,
    active: Vec<Step>,
    units: Vec<Unit>,
}

#[derive(Clone, Copy)]
struct Step {
    start: u32,
    unit: u32,
    parent: u32,
}

impl Trie {
    /// Builds a trie of distinct surfaces with the first and the number of their entries; `None` if it would have more
    /// units than u32 counts.
    pub fn build(surfaces: &[(&str, u32, u32)]) -> Option<Self> {
        let codes = codes(surfaces.iter().flat_map(|(surface, ..)| surface.chars()));
        let mut keys: Vec<Key> = surfaces
            .iter()
            .map(|&(surface, first, count)| {
                (surface.chars().map(|c| codes[c as usize]).collect(), first, count)
            })
            .collect();
        keys.sort_unstable();
        let units = Builder::new(block(&codes))?.build(&keys)?;
        Some(Self { units: HugeArray::collect(units.into_iter().map(Unit::fields)), codes })
    }

    /// The code of `c`.
    #[inline]
    pub fn code(&self, c: char) -> u32 {
        self.codes.get(c as usize).copied().unwrap_or(0)
    }

    /// Reads `other`, which no surface has, as `c`.
    pub fn alias(&mut self, other: char, c: char) {
        let code = self.code(c);
        let size = self.codes.len().max(other as usize + 1);
        self.codes.resize(size, 0);
        self.codes[other as usize] = code;
    }

    /// Returns the first entry of the surface `text`, and the number of its entries.
    pub fn get(&self, text: &str) -> Option<(u32, u32)> {
        let (mut node, mut base) = (0, 0);
        let mut found = FREE;
        for c in text.chars() {
            let code = self.code(c);
            if code == 0 || node != 0 && base == 0 {
                return None;
            }
            let child = base ^ code;
            found =
                self.units.get(child as usize).copied().map(Unit::of).filter(|unit| unit.check == node)?;
            (node, base) = (child, found.base);
        }
        (found.count > 0).then_some((found.first, found.count))
    }

    /// Finds the surfaces at all positions of the line whose codes are in `walk`.
    pub fn find(&self, walk: &mut Walk) {
        let Walk { codes, matches, heads, active, units } = walk;
        let all: &[[u32; 4]] = &self.units;
        matches.clear();
        heads.clear();
        heads.resize(codes.len() - 1, NONE);
        active.clear();
        let starts = codes.iter().zip(0..).filter(|&(&code, _)| code != 0);
        active.extend(starts.map(|(&unit, start)| Step { start, unit, parent: 0 }));
        for length in 1u32.. {
            if active.is_empty() {
                break;
            }
            units.clear();
            let unit = |step: &Step| all.get(step.unit as usize).copied().map_or(FREE, Unit::of);
            units.extend(active.iter().map(unit));
            let mut kept = 0;
            for (i, unit) in units.iter().enumerate() {
                let Step { start, unit: node, parent } = active[i];
                if unit.check != parent {
                    continue;
                }
                if unit.count > 0 {
                    let head = &mut heads[start as usize];
                    let next = std::mem::replace(head, matches.len() as u32);
                    matches.push(Match { next, length, first: unit.first, count: unit.count });
                }
                let code = codes[(start + length) as usize];
                if unit.base != 0 && code != 0 {
                    active[kept] = Step { start, unit: unit.base ^ code, parent: node };
                    kept += 1;
                }
            }
            active.truncate(kept);
        }
    }

    /// Appends the trie to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        put(out, self.codes.iter().map(|code| code.to_le_bytes()));
        put(out, self.units.iter().map(|&fields| bytes_of(fields)));
    }

    /// Reads the trie that [`Trie::write`] wrote; `None` if it is damaged or points beyond `entries` entries.
    pub fn read(reader: &mut Reader, entries: usize) -> Option<Self> {
        let codes = reader.array(u32::from_le_bytes)?;
        let units = HugeArray::collect(reader.items(|bytes: [u8; 16]| {
            let field = |i: usize| u32::from_le_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
            [field(0), field(4), field(8), field(12)]
        })?);
        // Blocks are whole, so a base in the array has its children in it too.
        let whole = !units.is_empty() && units.len().is_multiple_of(block(&codes));
        let inside = |&fields: &[u32; 4]| {
            let unit = Unit::of(fields);
            (unit.base as usize) < units.len()
                && u64::from(unit.first) + u64::from(unit.count) <= entries as u64
        };
        (whole && units.iter().all(inside)).then_some(Self { codes, units })
    }
}

fn bytes_of(fields: [u32; 4]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (to, field) in bytes.chunks_exact_mut(4).zip(fields) {
        to.copy_from_slice(&field.to_le_bytes());
    }
    bytes
}

/// Assigns codes from 1, the most frequent character first.
fn codes(characters: impl Iterator<Item = char>) -> Vec<u32> {
    let mut counts: HashMap<char, u64> = HashMap::new();
    for c in characters {
        *counts.entry(c).or_default() += 1;
    }
    let mut order: Vec<(char, u64)> = counts.into_iter().collect();
    order.sort_unstable_by_key(|&(c, count)| (std::cmp::Reverse(count), c));
    let size = order.iter().map(|&(c, _)| c as usize + 1).max().unwrap_or(0);
    let mut codes = vec![0; size];
    for ((c, _), code) in order.into_iter().zip(1..) {
        codes[c as usize] = code;
    }
    codes
}

/// Returns the size of a block: the power of two above every code, so that `base ^ code` is in the same block as `base`.
fn block(codes: &[u32]) -> usize {
    codes.iter().max().map_or(1, |&code| (code as usize + 1).next_power_of_two())
}

/// The codes of a surface, its first entry, their number.
type Key = (Vec<u32>, u32, u32);

/// Places nodes; free units are a doubly linked ring through unit 0, which is the root and never free.
struct Builder {
    units: Vec<Unit>,
    next: Vec<u32>,
    previous: Vec<u32>,
    /// Start of the search for room for nodes with several children.
    cursor: u32,
    /// See [`block`].
    block: usize,
}

impl Builder {
    fn new(block: usize) -> Option<Self> {
        let root = Unit { check: 0, ..FREE };
        let mut builder = Self { units: vec![root], next: vec![0], previous: vec![0], cursor: 1, block };
        builder.grow(block - 1)?;
        Some(builder)
    }

    /// Adds `more` free units at the end; `None` if their numbers do not fit u32.
    fn grow(&mut self, more: usize) -> Option<()> {
        let (from, to) = (self.units.len(), self.units.len().checked_add(more)?);
        for unit in u32::try_from(from).ok()?..u32::try_from(to).ok()? {
            let last = self.previous[0];
            self.units.push(FREE);
            self.next.push(0);
            self.previous.push(last);
            self.next[last as usize] = unit;
            self.previous[0] = unit;
        }
        Some(())
    }

    /// Places the nodes of `keys`, which are sorted.
    fn build(mut self, keys: &[Key]) -> Option<Vec<Unit>> {
        let mut stack = vec![(0u32, keys, 0)];
        while let Some((node, mut keys, depth)) = stack.pop() {
            if let Some((codes, first, count)) = keys.first()
                && codes.len() == depth
            {
                self.units[node as usize].first = *first;
                self.units[node as usize].count = *count;
                keys = &keys[1..];
            }
            let children: Vec<&[Key]> = keys.chunk_by(|a, b| a.0[depth] == b.0[depth]).collect();
            let codes: Vec<u32> = children.iter().map(|keys| keys[0].0[depth]).collect();
            if codes.is_empty() {
                continue;
            }
            let base = if node == 0 { 0 } else { self.place(&codes)? };
            self.units[node as usize].base = base;
            for (&code, keys) in codes.iter().zip(children) {
                let child = base ^ code;
                self.take(child, node);
                stack.push((child, keys, depth + 1));
            }
        }
        Some(self.units)
    }

    /// Returns a base whose units for `codes` are all free; not 0, which means that there are no children.
    ///
    /// An only child takes the first free unit. Nodes with more children would try the same gaps repeatedly, so they
    /// begin where the last one that tried many found room; giving up after some tries left 27 of 28 units empty.
    fn place(&mut self, codes: &[u32]) -> Option<u32> {
        let mut free = if codes.len() == 1 { self.next[0] } else { self.next_free(self.cursor) };
        let mut tries = 0;
        while free != 0 {
            let base = free ^ codes[0];
            if base != 0 && codes.iter().all(|&code| self.units[(base ^ code) as usize].check == NONE) {
                if tries > TRIES {
                    self.cursor = free;
                }
                return Some(base);
            }
            free = self.next[free as usize];
            tries += 1;
        }
        let base = u32::try_from(self.units.len()).ok()?;
        self.grow(self.block)?;
        Some(base)
    }

    /// The first free unit from `unit` on, or 0.
    fn next_free(&self, unit: u32) -> u32 {
        let mut units = self.units[unit as usize..].iter().zip(unit..);
        units.find(|(unit, _)| unit.check == NONE).map_or(0, |(_, unit)| unit)
    }

    fn take(&mut self, unit: u32, parent: u32) {
        self.units[unit as usize].check = parent;
        let (before, after) = (self.previous[unit as usize], self.next[unit as usize]);
        self.next[before as usize] = after;
        self.previous[after as usize] = before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// (position, length, first entry) of each match.
    fn found(trie: &Trie, line: &str) -> BTreeSet<(usize, u32, u32)> {
        let mut walk = Walk { codes: line.chars().map(|c| trie.code(c)).collect(), ..Walk::default() };
        walk.codes.push(0);
        trie.find(&mut walk);
        let mut all = BTreeSet::new();
        for (position, &head) in walk.heads.iter().enumerate() {
            let mut at = head;
            while at != NONE {
                let Match { next, length, first, .. } = walk.matches[at as usize];
                assert!(all.insert((position, length, first)), "found twice");
                at = next;
            }
        }
        all
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            words in prop::collection::btree_set("[あいうア漢𠮷😀\u{10ffff}a]{1,5}", 1..60),
            line in "[あいうア漢𠮷😀\u{10ffff}ab字]{0,40}",
        ) {
            let surfaces: Vec<(&str, u32, u32)> =
                words.iter().zip(0..).map(|(word, i)| (word.as_str(), i, 1)).collect();
            let trie = Trie::build(&surfaces).unwrap();
            let mut expected = BTreeSet::new();
            for (position, (at, _)) in line.char_indices().enumerate() {
                for &(word, first, _) in &surfaces {
                    if line[at..].starts_with(word) {
                        expected.insert((position, word.chars().count() as u32, first));
                    }
                }
            }
            prop_assert_eq!(found(&trie, &line), expected);
            let whole = words.iter().position(|word| *word == line);
            prop_assert_eq!(trie.get(&line), whole.map(|first| (first as u32, 1)));
            for &(word, first, count) in &surfaces {
                prop_assert_eq!(trie.get(word), Some((first, count)));
            }
            let mut bytes = Vec::new();
            trie.write(&mut bytes);
            prop_assert_eq!(Trie::read(&mut Reader::new(&bytes), words.len()), Some(trie));
            prop_assert_eq!(Trie::read(&mut Reader::new(&bytes), words.len() - 1), None);
        }
    }
}

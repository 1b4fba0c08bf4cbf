//! Finds the best left neighbour among the morphemes that end at a position.

use crate::dictionary::Matrix;

/// The best path to a morpheme that ends at the position: its cost in the upper 32 bits; in the lower ones the
/// complement of its node, so that of equally cheap ones the latest is the least, as in MeCab. A comparison is one
/// instruction, and adding a connection cost keeps the node.
pub type Key = i64;

/// Returns the key of a node.
pub fn key(cost: i32, node: u32) -> Key {
    i64::from(cost) << 32 | i64::from(!node)
}

/// Returns the cost and the node in a key.
pub fn cost_and_node(key: Key) -> (i32, u32) {
    ((key >> 32) as i32, !(key as u32))
}

/// The left neighbours at one position.
pub struct Neighbours {
    /// Number of the current position; entries with another number belong to an earlier position.
    position: u64,
    rights: Vec<u16>,
    keys: Vec<Key>,
    /// By right id: a position and the index of the id in `rights`.
    index: Vec<(u64, u32)>,
    /// By left id: a position and the best key there.
    best: Vec<(u64, Key)>,
}

impl Neighbours {
    /// Creates an empty set for the ids of the matrix.
    pub fn new(matrix: &Matrix) -> Self {
        Self {
            position: 0,
            rights: Vec::new(),
            keys: Vec::new(),
            index: vec![(0, 0); usize::from(matrix.rights)],
            best: vec![(0, 0); usize::from(matrix.lefts)],
        }
    }

    /// Moves to another position.
    pub fn clear(&mut self) {
        self.position += 1;
        self.rights.clear();
        self.keys.clear();
    }

    /// Adds a morpheme that ends at the position. Of those with the same right id, only the best one matters.
    #[inline]
    pub fn add(&mut self, right: u16, key: Key) {
        let (position, index) = &mut self.index[usize::from(right)];
        if *position == self.position {
            let best = &mut self.keys[*index as usize];
            *best = key.min(*best);
        } else {
            (*position, *index) = (self.position, self.keys.len() as u32);
            self.rights.push(right);
            self.keys.push(key);
        }
    }

    /// Returns the key of the best path to a morpheme with this left id that begins at the position.
    #[inline]
    pub fn best(&mut self, matrix: &Matrix, left: u16) -> Key {
        let (position, best) = &mut self.best[usize::from(left)];
        if *position != self.position {
            *position = self.position;
            let row = matrix.row(left);
            let keys = self.rights.iter().zip(&self.keys);
            let keys = keys.map(|(&right, &key)| key + (i64::from(row[usize::from(right)]) << 32));
            *best = keys.fold(Key::MAX, Key::min);
        }
        *best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equally_cheap_neighbours_the_latest_is_best() {
        let matrix = Matrix::from_text("3 2\n1 1 -7\n2 1 1\n").unwrap();
        let mut neighbours = Neighbours::new(&matrix);
        neighbours.clear();
        for (node, (right, cost)) in
            [(0, -5), (1, 3), (1, 2), (2, -6), (1, 2), (0, -5)].into_iter().enumerate()
        {
            neighbours.add(right, key(cost, node as u32));
        }
        assert_eq!(cost_and_node(neighbours.best(&matrix, 0)), (-6, 3));
        assert_eq!(cost_and_node(neighbours.best(&matrix, 1)), (-5, 5));
        assert_eq!(cost_and_node(neighbours.best(&matrix, 1)), (-5, 5));
        neighbours.clear();
        neighbours.add(1, key(i32::MIN / 2, 7));
        assert_eq!(cost_and_node(neighbours.best(&matrix, 1)), (i32::MIN / 2 - 7, 7));
    }
}

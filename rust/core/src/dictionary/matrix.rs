//! The connection matrix: costs of a morpheme behind another.

use std::io::{self, Read};

use crate::huge_array::HugeArray;

/// Costs of (right id of the left morpheme, left id of the right morpheme).
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Number of right ids.
    pub rights: u16,
    /// Number of left ids.
    pub lefts: u16,
    /// `costs[left * rights + right]`.
    costs: HugeArray<i16>,
}

/// The id at both ends of a line.
pub const BOUNDARY: u16 = 0;

impl Matrix {
    /// Reads `matrix.bin`: u16 rights, u16 lefts, then the i16 costs, little-endian.
    pub fn from_binary(bytes: &[u8]) -> Result<Self, String> {
        let Some((head, body)) = bytes.split_at_checked(4) else {
            return Err("too short for a matrix.bin".into());
        };
        let (rights, lefts) =
            (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
        if body.len() != 2 * usize::from(rights) * usize::from(lefts) || body.is_empty() {
            return Err(format!(
                "damaged or not a matrix.bin: {rights} × {lefts} costs do not fit its size; install the dictionary again"
            ));
        }
        let costs = HugeArray::collect(body.chunks_exact(2).map(|c| i16::from_le_bytes([c[0], c[1]])));
        Ok(Self { rights, lefts, costs })
    }

    /// Tests whether a file of this length that begins so may be a `matrix.bin`.
    pub fn may_be(beginning: &[u8], length: u64) -> bool {
        let Some(&[a, b, c, d]) = beginning.first_chunk() else { return false };
        let costs = u64::from(u16::from_le_bytes([a, b])) * u64::from(u16::from_le_bytes([c, d]));
        costs > 0 && length == 4 + 2 * costs
    }

    /// Reads `matrix.def`: a line `rights lefts`, then lines `right left cost`; costs not given are 0.
    ///
    /// An error is the line (from 1) and what is wrong with it.
    pub fn from_text(text: &str) -> Result<Self, (u64, String)> {
        let mut lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        let (first, number) = lines.next().ok_or((1, "empty; write `rights lefts` first".to_owned()))?;
        let Some([rights, lefts]) = integers::<u16, 2>(first).filter(|sizes| !sizes.contains(&0)) else {
            return Err((number, "write the numbers of right and left ids, as in `1316 1316`".into()));
        };
        let mut costs = HugeArray::zeros(usize::from(rights) * usize::from(lefts));
        for (line, number) in lines {
            let Some([right, left, cost]) = integers::<i32, 3>(line) else {
                return Err((number, "write three integers: right id, left id, cost".into()));
            };
            let id = |id: i32, ids: u16| u16::try_from(id).ok().filter(|&id| id < ids);
            let (Some(right), Some(left), Ok(cost)) =
                (id(right, rights), id(left, lefts), i16::try_from(cost))
            else {
                return Err((
                    number,
                    format!("ids must be below {rights} and {lefts}, the cost within ±32767"),
                ));
            };
            costs[usize::from(left) * usize::from(rights) + usize::from(right)] = cost;
        }
        Ok(Self { rights, lefts, costs })
    }

    /// Returns the cost of `left` after `right`; both must be within the matrix.
    pub fn cost(&self, right: u16, left: u16) -> i32 {
        i32::from(self.costs[usize::from(left) * usize::from(self.rights) + usize::from(right)])
    }

    /// Returns the costs of `left`, by right id.
    #[inline]
    pub fn row(&self, left: u16) -> &[i16] {
        let rights = usize::from(self.rights);
        &self.costs[usize::from(left) * rights..][..rights]
    }

    /// Returns the bytes of a `matrix.bin`.
    pub fn to_binary(&self) -> Vec<u8> {
        let sizes = [self.rights, self.lefts].map(u16::to_le_bytes);
        let costs = self.costs.iter().map(|cost| cost.to_le_bytes());
        sizes.into_iter().chain(costs).flatten().collect()
    }

    /// Returns the text of a `matrix.def`, generated row by row: for UniDic it is half a gigabyte.
    pub fn text(&self) -> impl Read + '_ {
        MatrixText {
            matrix: self,
            rights: (0..self.rights).map(|right| format!("{right} ")).collect(),
            next_left: 0,
            buffer: format!("{} {}\n", self.rights, self.lefts).into(),
            read: 0,
        }
    }
}

fn integers<T: std::str::FromStr, const N: usize>(line: &str) -> Option<[T; N]> {
    let mut words = line.split_ascii_whitespace().map(|word| word.parse().ok());
    let numbers = [(); N].map(|()| words.next().flatten());
    if words.next().is_some() || numbers.iter().any(Option::is_none) {
        return None;
    }
    numbers.into_iter().collect::<Option<Vec<T>>>()?.try_into().ok()
}

struct MatrixText<'a> {
    matrix: &'a Matrix,
    /// Each right id and a space; with `write!` the text takes longer than vibrato takes to read it.
    rights: Vec<String>,
    next_left: u16,
    buffer: Vec<u8>,
    read: usize,
}

impl Read for MatrixText<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read == self.buffer.len() && self.next_left < self.matrix.lefts {
            self.buffer.clear();
            self.read = 0;
            let left = format!("{} ", self.next_left);
            let row = usize::from(self.next_left) * usize::from(self.matrix.rights);
            let mut digits = itoa::Buffer::new();
            for (right, &cost) in self.rights.iter().zip(&self.matrix.costs[row..]) {
                if cost != 0 {
                    for part in [right, left.as_str(), digits.format(cost), "\n"] {
                        self.buffer.extend_from_slice(part.as_bytes());
                    }
                }
            }
            // A reader takes 0 bytes for the end, so a row of zeros must not be empty.
            self.buffer.push(b'\n');
            self.next_left += 1;
        }
        let n = (&self.buffer[self.read..]).read(out)?;
        self.read += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_and_text_agree() {
        // 2 right ids, 3 left ids.
        let mut bytes = vec![2, 0, 3, 0];
        for cost in [1i16, -2, 0, 0, 300, -32768] {
            bytes.extend(cost.to_le_bytes());
        }
        let matrix = Matrix::from_binary(&bytes).unwrap();
        assert_eq!((matrix.cost(1, 0), matrix.cost(0, 2), matrix.cost(1, 2)), (-2, 300, -32768));
        assert_eq!((matrix.row(2), matrix.to_binary()), ([300, -32768].as_slice(), bytes));
        let mut text = String::new();
        matrix.text().read_to_string(&mut text).unwrap();
        assert_eq!(text, "2 3\n0 0 1\n1 0 -2\n\n\n0 2 300\n1 2 -32768\n\n");
        assert_eq!(Matrix::from_text(&text).unwrap(), matrix);
    }

    #[test]
    fn mistakes_name_their_line() {
        assert!(Matrix::from_binary(&[2, 0, 3, 0, 1]).is_err());
        for (text, line) in
            [("", 1), ("1\n", 1), ("1 1\n\n0 0\n", 3), ("1 1\n0 1 5\n", 2), ("1 1\n0 0 40000\n", 2)]
        {
            assert_eq!(Matrix::from_text(text).unwrap_err().0, line, "{text:?}");
        }
    }
}

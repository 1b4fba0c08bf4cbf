//! Walks a Darts double array: the trie in which a compiled MeCab dictionary keeps its surfaces.
//!
//! An array of pairs (base, check). A node is known by its base `b`; its child for byte `c` is unit `b + c + 1` if
//! that unit's check is `b`. A node ends a key if unit `b` checks to `b` and its base is negative; the key's value is
//! then `-base - 1`. The root's base is that of unit 0. (darts.h in MeCab 0.996.)

/// Returns the keys and values of the double array in `bytes` (little-endian i32 base, u32 check), by key.
///
/// `None` if the array is damaged: every unit has one parent, so a walk that takes more steps than there are units
/// goes in circles.
pub fn entries(bytes: &[u8]) -> Option<Vec<(Vec<u8>, u32)>> {
    let (units, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return None;
    }
    let units: Vec<(i32, u32)> = units.iter().map(unit).collect();
    let mut entries = Vec::new();
    let mut steps_left = units.len();
    // (base, length of the key, its last byte); children are pushed last byte first, so that they are popped in order.
    let mut stack = vec![(units.first()?.0, 0, None)];
    let mut key = Vec::new();
    while let Some((base, length, last)) = stack.pop() {
        steps_left = steps_left.checked_sub(1)?;
        key.truncate(length);
        key.extend(last);
        let node = u32::try_from(base).ok()?;
        if let Some(&(value, check)) = units.get(node as usize)
            && check == node
            && value < 0
        {
            entries.push((key.clone(), u32::try_from(-(i64::from(value)) - 1).ok()?));
        }
        for byte in (0..=u8::MAX).rev() {
            if let Some(&(child, check)) = units.get(node as usize + usize::from(byte) + 1)
                && check == node
                && child > 0
            {
                stack.push((child, key.len(), Some(byte)));
            }
        }
    }
    Some(entries)
}

fn unit(&[a, b, c, d, e, f, g, h]: &[u8; 8]) -> (i32, u32) {
    (i32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of a double array written out by hand: unit number → (base, check).
    fn array(units: &[(usize, i32, u32)]) -> Vec<u8> {
        let mut bytes = vec![0; 8 * (units.iter().map(|u| u.0).max().unwrap() + 1)];
        for &(at, base, check) in units {
            bytes[8 * at..8 * at + 4].copy_from_slice(&base.to_le_bytes());
            bytes[8 * at + 4..8 * at + 8].copy_from_slice(&check.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn keys_come_in_byte_order_with_their_values() {
        // "a" → 5, "ab" → 7, "b" → 0. Root base 1: children at 1 + byte + 1.
        let (a, b) = (usize::from(b'a'), usize::from(b'b'));
        let units = [
            (0, 1, 0),
            (1 + a + 1, 300, 1),   // "a" is node 300
            (300, -6, 300),        // and ends a key: value 5
            (300 + b + 1, 2, 300), // "ab" is node 2
            (2, -8, 2),
            (1 + b + 1, 3, 1), // "b" is node 3
            (3, -1, 3),
        ];
        let expected = vec![(b"a".to_vec(), 5), (b"ab".to_vec(), 7), (b"b".to_vec(), 0)];
        assert_eq!(entries(&array(&units)), Some(expected));
    }

    #[test]
    fn a_circle_is_damage() {
        let a = usize::from(b'a');
        assert_eq!(entries(&array(&[(0, 1, 0), (1 + a + 1, 1, 1)])), None);
        assert_eq!(entries(&[]), None);
    }
}

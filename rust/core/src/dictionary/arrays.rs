//! Serialises arrays of fixed-size items: a u64 number of items, then the items, little-endian.

/// Appends an array to `out`.
pub fn put<const N: usize>(out: &mut Vec<u8>, items: impl ExactSizeIterator<Item = [u8; N]>) {
    out.extend_from_slice(&(items.len() as u64).to_le_bytes());
    out.extend(items.flatten());
}

/// Reads arrays one after the other.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of all of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Returns the next array's bytes, of items of `size` bytes; `None` if they are cut short.
    pub fn bytes(&mut self, size: usize) -> Option<&'a [u8]> {
        let (count, rest) = self.0.split_first_chunk()?;
        let length = usize::try_from(u64::from_le_bytes(*count)).ok()?.checked_mul(size)?;
        let (items, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(items)
    }

    /// Returns the next array, each item made by `item`.
    pub fn array<T, const N: usize>(&mut self, item: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
        Some(self.items(item)?.collect())
    }

    /// Returns the items of the next array, each made by `item`.
    pub fn items<T, const N: usize>(
        &mut self,
        item: impl Fn([u8; N]) -> T,
    ) -> Option<impl ExactSizeIterator<Item = T>> {
        let (items, _) = self.bytes(N)?.as_chunks();
        Some(items.iter().map(move |&bytes| item(bytes)))
    }

    /// Tests whether all bytes were read.
    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_beyond_the_bytes_is_refused() {
        let mut bytes = Vec::new();
        put(&mut bytes, [[1u8; 16], [2; 16]].into_iter());
        let read = |bytes: &[u8]| Reader::new(bytes).array(|item: [u8; 16]| item[0]);
        assert_eq!(read(&bytes), Some(vec![1, 2]));
        assert_eq!(read(&[0; 8]), Some(Vec::new()));
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "{length}");
        }
        // 2^60 items have 2^64 bytes, and one more has 16 modulo 2^64.
        for count in [3, u64::from(u32::MAX), 1 << 32, 1 << 60, (1 << 60) + 1, 1 << 63, u64::MAX] {
            bytes[..8].copy_from_slice(&count.to_le_bytes());
            assert_eq!(read(&bytes), None, "{count}");
        }
    }
}

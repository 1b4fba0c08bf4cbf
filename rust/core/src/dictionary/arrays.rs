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

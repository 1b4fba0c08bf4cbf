//! Arrays in huge pages, for tables that are read everywhere.
//!
//! Nearly every access to a dictionary is to another page: with pages of 4 KB the processor looks up where the page is
//! more slowly than it reads the cell.

use std::alloc::{Layout, handle_alloc_error};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;
use memmap2::MmapMut;

/// Bytes of a huge page (x86-64, and AArch64 with pages of 4 KB).
const HUGE_PAGE: usize = 2 << 20;

/// An array whose memory Linux gives in huge pages, where the system lets programs ask for them.
#[derive(Debug)]
pub struct HugeArray<T> {
    map: MmapMut,
    length: usize,
    items: PhantomData<T>,
}

impl<T: Pod> HugeArray<T> {
    /// Creates an array of zeros. Aborts as `Vec` does if there is no memory.
    pub fn zeros(length: usize) -> Self {
        let bytes = length.saturating_mul(size_of::<T>());
        // A huge page that the array only begins would not be one.
        let room = bytes.checked_next_multiple_of(HUGE_PAGE).unwrap_or(bytes).max(HUGE_PAGE);
        let layout = || Layout::array::<T>(length).unwrap_or(Layout::new::<T>());
        let map = MmapMut::map_anon(room).unwrap_or_else(|_| handle_alloc_error(layout()));
        #[cfg(target_os = "linux")]
        // A system without huge pages gives small ones.
        let _ = map.advise(memmap2::Advice::HugePage);
        Self { map, length, items: PhantomData }
    }

    /// Collects the items.
    pub fn collect(items: impl ExactSizeIterator<Item = T>) -> Self {
        let mut array = Self::zeros(items.len());
        array.iter_mut().zip(items).for_each(|(place, item)| *place = item);
        array
    }
}

impl<T: Pod> Deref for HugeArray<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        bytemuck::cast_slice(&self.map[..self.length * size_of::<T>()])
    }
}

impl<T: Pod> DerefMut for HugeArray<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.map[..self.length * size_of::<T>()])
    }
}

impl<T: Pod + PartialEq> PartialEq for HugeArray<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Pod> Clone for HugeArray<T> {
    fn clone(&self) -> Self {
        Self::collect(self.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_a_vec_holds() {
        for length in [0, 1, 1000, HUGE_PAGE + 1] {
            let items: Vec<u16> = (0..length).map(|i| i as u16).collect();
            let mut array = HugeArray::collect(items.iter().copied());
            assert_eq!((*array).to_vec(), items);
            assert_eq!(array.clone(), array);
            assert_eq!((*HugeArray::<[u32; 4]>::zeros(length)).to_vec(), vec![[0; 4]; length]);
            if let Some(last) = array.last_mut() {
                *last = last.wrapping_add(1);
                assert_ne!(array, HugeArray::collect(items.into_iter()));
            }
        }
    }
}

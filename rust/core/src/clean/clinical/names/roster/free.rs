//! Room for a name among those that were found.

use std::ops::Range;

use super::super::super::category::Place;

/// Tests whether `range` meets none of the places, which are in order.
pub fn is_free(range: &Range<usize>, names: &[Place]) -> bool {
    let i = names.partition_point(|place| place.whole.end <= range.start);
    names.get(i).is_none_or(|place| place.whole.start >= range.end)
}

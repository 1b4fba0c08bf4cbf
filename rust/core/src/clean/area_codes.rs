//! Japanese area codes (市外局番), to tell a fixed line from another number of ten digits.
//!
//! Two, three and five digits are listed; four digits are libphonenumber's fixed-line ranges for JP
//! (metadata, `fixed_line`). An area code and the exchange behind it have six digits together.

/// Area codes of three digits, without their leading 0.
const THREE: [u8; 48] = [
    11, 15, 17, 18, 19, 22, 23, 24, 25, 26, 27, 28, 29, 42, 43, 44, 45, 46, 47, 48, 49, 52, 53, 54, 55, 58,
    59, 72, 73, 75, 76, 77, 78, 79, 82, 83, 84, 86, 87, 88, 89, 92, 93, 95, 96, 97, 98, 99,
];

/// Area codes of five digits, without their leading 0.
const FIVE: [u16; 42] = [
    1267, 1372, 1374, 1377, 1392, 1397, 1398, 1456, 1457, 1466, 1547, 1558, 1564, 1586, 1587, 1632, 1634,
    1635, 1648, 1654, 1655, 1656, 1658, 4992, 4994, 4996, 4998, 5769, 5979, 7468, 8387, 8388, 8389, 8396,
    8477, 8512, 8514, 9496, 9802, 9912, 9913, 9969,
];

/// Tests whether the first `length` digits of a national number (`digits`, each 0–9, the first 0) are an area code.
pub fn is_area_code(digits: &[u8], length: usize) -> bool {
    let value = digits.iter().take(length).fold(0u16, |value, &digit| value * 10 + u16::from(digit));
    match length {
        2 => matches!(value, 3 | 4 | 6),
        3 => u8::try_from(value).is_ok_and(|value| THREE.contains(&value)),
        4 => is_four_digit_range(value / 100, value / 10 % 10, value % 10),
        5 => FIVE.contains(&value),
        _ => false,
    }
}

/// Tests the second, third and fourth digit against the ranges of fixed lines.
fn is_four_digit_range(second: u16, third: u16, fourth: u16) -> bool {
    match (second, third) {
        (1, 1) => matches!(fourth, 1..=3 | 5..=8),
        (1, 2) => matches!(fourth, 3..=6),
        (1, 3) => fourth >= 3,
        (1, 4) => matches!(fourth, 2..=6),
        (1, 5 | 8) => matches!(fourth, 2..=8),
        (1, 6) => matches!(fourth, 2..=7),
        (1, 7) => fourth >= 2,
        (1, 9) => fourth >= 1,
        (2, 2..=9) => true,
        (4, 6) => matches!(fourth, 0 | 2..=8),
        (4, 9) => matches!(fourth, 2..=5 | 9),
        (4, 2..=5 | 7 | 8) | (5, 2..=5 | 8 | 9) | (7, 2 | 5..=9) | (8, 2 | 6 | 7 | 9) => true,
        (5, 6) | (8, 5) | (9, 6 | 7 | 9) => fourth >= 1,
        (5, 7) => matches!(fourth, 2..=8),
        (7, 3) => fourth >= 4,
        (7, 4) => fourth != 1,
        (8, 3) => fourth >= 2,
        (8, 4) => fourth >= 5,
        (8, 8) => matches!(fourth, 0 | 3..=9),
        (9, 2..=5 | 8) => true,
        _ => false,
    }
}

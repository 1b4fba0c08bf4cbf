//! Check digits by the official rules, from memory.

/// Tests the check digit, the last one: weights 2, 1 from the right, digit sums, modulus 10.
///
/// 保険者番号, 公費負担者番号, 受給者番号 and 医療機関コード (診療報酬請求書等の記載要領) use it; it is also ISO/IEC
/// 7812's (Luhn).
pub fn is_valid_modulus_10(digits: &[u8]) -> bool {
    let sum = |(i, &digit): (usize, &u8)| {
        let weighted = digit * (1 + (i % 2) as u8);
        u32::from(weighted / 10 + weighted % 10)
    };
    !digits.is_empty() && digits.iter().rev().enumerate().map(sum).sum::<u32>() % 10 == 0
}

/// Tests the check digit, the last of the twelve digits of an individual number (総務省令 85 of 2014, article 5).
pub fn is_valid_individual_number(digits: &[u8]) -> bool {
    let Some((&check, rest)) = digits.split_last() else { return false };
    let weight = |n: usize| if n <= 6 { n + 1 } else { n - 5 };
    let sum: usize =
        rest.iter().rev().enumerate().map(|(i, &digit)| usize::from(digit) * weight(i + 1)).sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder,
    };
    rest.len() == 11 && usize::from(check) == expected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|b| b - b'0').collect()
    }

    #[test]
    fn published_numbers_are_right_and_their_neighbours_wrong() {
        // Sample numbers of public forms: an individual number, 協会けんぽ 東京, ISO/IEC 7812's example.
        assert!(is_valid_individual_number(&digits("123456789018")));
        for number in ["01130012", "79927398713"] {
            assert!(is_valid_modulus_10(&digits(number)), "{number}");
        }
        for i in 0..12 {
            let mut changed = digits("123456789018");
            changed[i] = (changed[i] + 1) % 10;
            assert!(!is_valid_individual_number(&changed), "{i}");
        }
        for i in 0..8 {
            let mut changed = digits("01130012");
            changed[i] = (changed[i] + 1) % 10;
            assert!(!is_valid_modulus_10(&changed), "{i}");
        }
    }
}

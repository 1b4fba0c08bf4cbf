//! Dates with the month in English: 5 Mar 1955, 05-Mar-1955, March 5, 1955.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Returns the rest behind a date with the month in English.
pub fn written_month(rest: &str) -> Option<&str> {
    if let Some((_, behind)) = digits(rest, 2) {
        let behind =
            joint(["st", "nd", "rd", "th"].iter().find_map(|end| behind.strip_prefix(end)).unwrap_or(behind));
        return year(joint(month(behind)?));
    }
    let (_, behind) = digits(joint(month(rest)?), 2)?;
    year(joint(behind))
}

/// Returns the rest behind the marks between two parts of a date.
fn joint(rest: &str) -> &str {
    rest.trim_start_matches([' ', ',', '-', '.', '/'])
}

fn digits(rest: &str, longest: usize) -> Option<(u32, &str)> {
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let value = rest[..length].parse().ok()?;
    (length <= longest).then(|| (value, &rest[length..]))
}

fn year(rest: &str) -> Option<&str> {
    let (year, behind) = digits(rest, 4)?;
    (1850..=2100).contains(&year).then_some(behind)
}

/// Returns the rest behind a month's name or its first three or four letters.
fn month(rest: &str) -> Option<&str> {
    let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = rest[..length].to_ascii_lowercase();
    let is_month =
        MONTHS.iter().any(|month| word == *month || (3..=4).contains(&length) && month.starts_with(&word));
    is_month.then(|| &rest[length..])
}

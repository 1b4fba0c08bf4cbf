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
        let behind = joint(ordinal(behind));
        let behind = behind.strip_prefix("of ").unwrap_or(behind);
        return year(joint(month(behind)?));
    }
    if let Some(behind) = digits(rest, 4).and_then(|_| year(rest)) {
        // 1952-Apr-10
        let (_, behind) = digits(joint(month(joint(behind))?), 2)?;
        return Some(behind);
    }
    let (_, behind) = digits(joint(month(rest)?), 2)?;
    year(joint(ordinal(behind)))
}

/// Strips the ending of an ordinal number.
fn ordinal(rest: &str) -> &str {
    ["st", "nd", "rd", "th"].iter().find_map(|end| rest.strip_prefix(end)).unwrap_or(rest)
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

/// Returns the rest behind a year of four digits, or of two: 10-Apr-52.
fn year(rest: &str) -> Option<&str> {
    let (year, behind) = digits(rest.strip_prefix('\'').unwrap_or(rest), 4)?;
    let two = rest.len() - behind.len() == 2 && !behind.starts_with(|c: char| c.is_ascii_alphabetic());
    (two || (1850..=2100).contains(&year)).then_some(behind)
}

/// Returns the rest behind a month's name or its first three or four letters.
fn month(rest: &str) -> Option<&str> {
    let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = rest[..length].to_ascii_lowercase();
    let is_month =
        MONTHS.iter().any(|month| word == *month || (3..=4).contains(&length) && month.starts_with(&word));
    is_month.then(|| &rest[length..])
}

//! Dates as clinical text writes them.

use super::written_month::written_month;

/// Years of the Japanese calendar, and their letters.
const ERAS: [&str; 25] = [
    "MEIJI", "TAISHO", "SHOWA", "HEISEI", "REIWA", "Meiji", "Taisho", "Showa", "Heisei", "Reiwa", "明治",
    "大正", "昭和", "平成", "令和", "明", "大", "昭", "平", "令", "M", "T", "S", "H", "R",
];

/// Least precise date that counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    Day,
    Month,
    Year,
}

/// Marks between the numbers of a date.
const SEPARATORS: [char; 5] = ['/', '.', '-', ',', '・'];

/// The most white space between two parts of a date, in characters.
const MOST_GAP: usize = 4;

/// Returns the end of the date that begins at `at`: 1970-01-02, 昭和50年1月2日, S50.1.2, 19700102, 2/1/1970.
pub fn date(text: &str, at: usize, least: Precision) -> Option<usize> {
    let rest = &text[at..];
    let end = year_first(rest, least).or_else(|| year_last(rest)).or_else(|| written_month(rest))?;
    let closed = text[..text.len() - end.len()].ends_with('日');
    let goes_on = end.chars().next().is_some_and(|c| c.is_ascii_digit());
    (!goes_on || closed).then_some(text.len() - end.len())
}

/// Returns the rest behind a date that begins with its year.
fn year_first(rest: &str, least: Precision) -> Option<&str> {
    let rest = skip_gap(rest.strip_prefix("西暦").unwrap_or(rest));
    let rest = match ERAS.iter().find_map(|era| rest.strip_prefix(era)) {
        Some(behind) => {
            let behind = behind.strip_prefix(')').unwrap_or(behind);
            let behind = skip_gap(behind.strip_prefix(['.', '-', '・', ':', '/']).unwrap_or(behind));
            if let Some(end) = compact_date(behind, 6) {
                return Some(end);
            }
            behind.strip_prefix('元').or_else(|| number(behind, 2, 1..=64))?
        }
        None => match compact_date(rest, 8) {
            Some(end) => return Some(end),
            None => number(rest, 4, 1850..=2100)?,
        },
    };
    let year = skip_other_calendar(rest);
    if let Some(end) = skip_gap(year).strip_prefix('年').and_then(named_day) {
        return Some(end);
    }
    let (separator, month) = match skip_gap(year).strip_prefix('年') {
        Some(behind) => ('月', skip_other_calendar(skip_no(behind))),
        None => {
            let separator = skip_gap(year).chars().next().filter(|c| SEPARATORS.contains(c));
            let separator = separator.or_else(|| year.starts_with(' ').then_some(' '))?;
            (separator, skip_gap(year).trim_start_matches(separator))
        }
    };
    let day = number(skip_gap(month), 2, 1..=12).and_then(|behind| match separator {
        ' ' => behind.strip_prefix(' '),
        separator => skip_gap(behind).strip_prefix(separator).map(skip_no),
    });
    let end = day.and_then(|day| number(skip_gap(day), 2, 1..=31));
    if let Some(end) = end {
        return Some(skip_gap(end).strip_prefix('日').unwrap_or(end));
    }
    // A month without its day, a year without its month: after 年 and 月 only.
    let to_month = day.filter(|_| separator == '月' && least != Precision::Day);
    to_month.or((separator == '月' && least == Precision::Year).then_some(month))
}

/// Returns the rest behind the name of a day of the year: 元日, 大晦日.
fn named_day(rest: &str) -> Option<&str> {
    let rest = skip_no(rest);
    ["元日", "元旦", "大晦日", "大みそか"].iter().find_map(|day| rest.strip_prefix(day))
}

/// Returns the end of a date at `at` whose year has neither era nor century: 51年の5月25日.
pub fn year_without_era(text: &str, at: usize) -> Option<usize> {
    let month = skip_no(number(&text[at..], 2, 1..=64)?.strip_prefix('年')?);
    month_and_day(text, text.len() - month.len())
}

/// Strips の between two parts: 1952年の4月10日.
fn skip_no(rest: &str) -> &str {
    rest.strip_prefix('の').unwrap_or(rest)
}

/// Returns the rest behind a date that ends in its year: 02/01/1970.
fn year_last(rest: &str) -> Option<&str> {
    let behind = number(rest, 2, 1..=31)?;
    let separator = behind.chars().next().filter(|c| SEPARATORS.contains(c) || *c == ' ')?;
    let behind = number(behind[separator.len_utf8()..].trim_start_matches(' '), 2, 1..=31)?;
    number(behind.strip_prefix(separator)?, 4, 1850..=2100)
}

/// Returns the end of a month and a day at `at`: 3月5日.
pub fn month_and_day(text: &str, at: usize) -> Option<usize> {
    let behind = skip_gap(number(&text[at..], 2, 1..=12)?).strip_prefix('月')?;
    let behind = skip_gap(number(skip_gap(behind), 2, 1..=31)?).strip_prefix('日')?;
    Some(text.len() - behind.len())
}

/// Returns the end of a month and a day with a mark between them at `at`: 4/10.
pub fn marked_month_and_day(text: &str, at: usize) -> Option<usize> {
    let behind = number(&text[at..], 2, 1..=12)?.strip_prefix(['/', '.', '-'])?;
    let behind = number(behind, 2, 1..=31)?;
    let goes_on = behind.starts_with(|c: char| c.is_ascii_alphanumeric() || "/.-%℃γμ".contains(c));
    (!goes_on).then_some(text.len() - behind.len())
}

/// Returns the end of a date whose year has two digits: 70/01/31; behind a label 31/01/70 and 700131 too.
pub fn short_year(text: &str, at: usize, labelled: bool) -> Option<usize> {
    let rest = text[at..].strip_prefix('\'').unwrap_or(&text[at..]);
    let parts = |ranges: [std::ops::RangeInclusive<u32>; 3]| {
        let [first, second, third] = ranges;
        let rest = number(rest, 2, first)?;
        let separator = rest.chars().next().filter(|c| SEPARATORS.contains(c) || *c == '年')?;
        let month = number(&rest[separator.len_utf8()..], 2, second)?;
        let day = month.strip_prefix(if separator == '年' { '月' } else { separator })?;
        let end = number(day, 2, third)?;
        Some(if separator == '年' { end.strip_prefix('日')? } else { end })
    };
    let mut end = parts([0..=99, 1..=12, 1..=31]);
    if labelled {
        end = end
            .or_else(|| parts([1..=31, 1..=12, 0..=99]))
            .or_else(|| parts([1..=12, 1..=31, 0..=99]))
            .or_else(|| compact_date(rest, 6));
    }
    let end = end.filter(|end| !end.starts_with(|c: char| c.is_ascii_digit()))?;
    Some(text.len() - end.len())
}

/// Returns the rest behind a year, a month and a day in `length` digits.
fn compact_date(rest: &str, length: usize) -> Option<&str> {
    let digits = rest.get(..length)?;
    let value = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u16>().ok();
    let year = value(0..length - 4)?;
    let (month, day) = (value(length - 4..length - 2)?, value(length - 2..length)?);
    let is_year = if length == 8 { (1850..=2100).contains(&year) } else { (0..=99).contains(&year) };
    let right = is_year && (1..=12).contains(&month) && (1..=31).contains(&day);
    (right && digits.bytes().all(|b| b.is_ascii_digit())).then(|| &rest[length..])
}

/// Returns the rest behind a number of at most `longest` ASCII digits, or of kanji, within `range`.
fn number(rest: &str, longest: usize, range: std::ops::RangeInclusive<u32>) -> Option<&str> {
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    if length > 0 {
        let value = rest[..length].parse().ok()?;
        return (length <= longest && range.contains(&value)).then(|| &rest[length..]);
    }
    let (mut value, mut length) = (0, 0);
    for c in rest.chars().take(4) {
        match "〇一二三四五六七八九".chars().position(|numeral| numeral == c) {
            // 五十二 is 5 × 10 + 2, 一九七〇 is written digit by digit.
            Some(digit) if value > 0 && value % 10 == 0 && value < 100 && c != '〇' => value += digit as u32,
            Some(digit) => value = value * 10 + digit as u32,
            None if c == '十' => value = if value == 0 { 10 } else { value * 10 },
            None => break,
        }
        length += c.len_utf8();
    }
    (length > 0 && range.contains(&value)).then(|| &rest[length..])
}

/// Strips leading spaces and line breaks.
fn skip_gap(rest: &str) -> &str {
    let skipped = rest.bytes().take(MOST_GAP).take_while(|b| matches!(b, b' ' | b'\n' | b'\r')).count();
    &rest[skipped..]
}

/// Strips the same year in the other calendar: 1975年(昭和50年)1月2日, 昭和50(1975)年1月2日.
fn skip_other_calendar(rest: &str) -> &str {
    let inner = skip_gap(rest).strip_prefix('(').and_then(|behind| {
        let close = behind.bytes().take(20).position(|b| b == b')')?;
        Some((&behind[..close], &behind[close + 1..]))
    });
    match inner {
        Some((inner, behind))
            if year_first(inner, Precision::Year) == Some("")
                || inner.len() == 4 && number(inner, 4, 1850..=2100) == Some("") =>
        {
            behind
        }
        _ => rest,
    }
}

//! Writes the values of a Parquet file as JSON.
//!
//! Numbers, truth values and text are what they are in JSON, lists arrays, structures and maps objects. A date is
//! `"2024-01-31"`, a time `"09:30:00.000001"`, a timestamp `"2024-01-31T09:30:00.5"`, with a Z behind it if it is in
//! UTC, a decimal number a string with all its digits, a UUID a string, other bytes base64. What is no number is null.

use ::parquet::basic::{LogicalType, TimeUnit};
use ::parquet::record::{Field, Row};
use ::parquet::schema::types::Type;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// Appends a row as a JSON object; `names` leads to the text, whose bytes are UTF-8. Returns false if they are not.
pub fn push_row(row: &Row, columns: &Type, names: &[&str], out: &mut Vec<u8>) -> bool {
    let mut decoded = true;
    out.push(b'{');
    for (i, (name, field)) in row.get_column_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        push_json(name, out);
        out.push(b':');
        let column = columns.get_fields().iter().find(|column| column.name() == name);
        let inner = names.split_first().filter(|(first, _)| *first == name).map(|(_, inner)| inner);
        match (field, inner) {
            (Field::Bytes(bytes), Some([])) => match std::str::from_utf8(bytes.data()) {
                Ok(text) => push_json(text, out),
                Err(_) => decoded = false,
            },
            (Field::Group(row), Some(inner @ [_, ..])) if column.is_some() => {
                decoded &= column.is_some_and(|column| push_row(row, column, inner, out));
            }
            _ => push_value(field, column.map(AsRef::as_ref), out),
        }
    }
    out.push(b'}');
    decoded
}

fn push_json(value: &(impl serde::Serialize + ?Sized), out: &mut Vec<u8>) {
    // Writing to memory does not fail, and these values all have a JSON form.
    let _ = serde_json::to_writer(out, value);
}

fn push_value(field: &Field, column: Option<&Type>, out: &mut Vec<u8>) {
    let logical = column.and_then(|column| column.get_basic_info().logical_type_ref());
    match (field, logical) {
        (Field::Str(text), _) => push_json(text, out),
        (Field::Date(days), _) => push_json(&date(i64::from(*days)), out),
        (Field::TimeMillis(value), _) => push_json(&time(i64::from(*value) * (SECOND / 1_000), 3), out),
        (Field::TimeMicros(value), _) => push_json(&time(value.saturating_mul(SECOND / 1_000_000), 6), out),
        (Field::Long(value), Some(LogicalType::Time(_))) => push_json(&time(*value, 9), out),
        (Field::TimestampMillis(value), _) => push_json(&timestamp(*value, 3, logical), out),
        (Field::TimestampMicros(value), _) => push_json(&timestamp(*value, 6, logical), out),
        (Field::Long(value), Some(LogicalType::Timestamp(stamp)))
            if matches!(stamp.unit, TimeUnit::NANOS) =>
        {
            push_json(&timestamp(*value, 9, logical), out);
        }
        (Field::Bytes(bytes), Some(LogicalType::Uuid)) => push_json(&uuid(bytes.data()), out),
        (Field::Group(row), _) => {
            let names = row.get_column_iter().map(|(name, field)| (name.as_str(), field));
            let types = |name: &str| column?.get_fields().iter().find(|column| column.name() == name);
            push_members(
                names.map(|(name, field)| (name.to_owned(), field, types(name).map(AsRef::as_ref))),
                out,
            );
        }
        (Field::ListInternal(list), _) => {
            let element = column.and_then(element);
            out.push(b'[');
            for (i, field) in list.elements().iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                push_value(field, element, out);
            }
            out.push(b']');
        }
        (Field::MapInternal(map), _) => {
            let value = column.and_then(entry);
            push_members(map.entries().iter().map(|(key, field)| (key_name(key), field, value)), out);
        }
        (other, _) => push_json(&other.to_json_value(), out),
    }
}

fn push_members<'v>(members: impl Iterator<Item = (String, &'v Field, Option<&'v Type>)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (i, (name, field, column)) in members.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        push_json(&name, out);
        out.push(b':');
        push_value(field, column, out);
    }
    out.push(b'}');
}

fn key_name(key: &Field) -> String {
    let mut json = Vec::new();
    push_value(key, None, &mut json);
    serde_json::from_slice(&json).unwrap_or_else(|_| String::from_utf8_lossy(&json).into_owned())
}

/// Returns the type of a list's elements: that in the repeated group, or the repeated one itself.
fn element(list: &Type) -> Option<&Type> {
    let repeated = list.is_group().then(|| list.get_fields().first())??;
    match repeated.is_group().then(|| repeated.get_fields()) {
        Some([element]) => Some(element),
        _ => Some(repeated),
    }
}

/// Returns the type of a map's values.
fn entry(map: &Type) -> Option<&Type> {
    let entries = map.is_group().then(|| map.get_fields().first())??;
    entries.is_group().then(|| entries.get_fields().get(1))?.map(AsRef::as_ref)
}

/// Formats the days since 1970 in the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
/// algorithms").
fn date(days: i64) -> String {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", year_of_era + era * 400 + next)
}

/// Formats nanoseconds since midnight with so many digits of the second.
fn time(nanoseconds: i64, digits: usize) -> String {
    let seconds = nanoseconds.div_euclid(SECOND);
    let fraction = format!("{:09}", nanoseconds.rem_euclid(SECOND));
    format!("{:02}:{:02}:{:02}.{}", seconds / 3_600, seconds / 60 % 60, seconds % 60, &fraction[..digits])
}

/// Formats a time since 1970 in units of so many digits of the second.
fn timestamp(value: i64, digits: usize, logical: Option<&LogicalType>) -> String {
    let units = match digits {
        3 => 1_000,
        6 => 1_000_000,
        _ => SECOND,
    };
    let seconds = value.div_euclid(units);
    let of_day = seconds.rem_euclid(DAY) * SECOND + value.rem_euclid(units) * (SECOND / units);
    // Files of old writers have no logical type; their timestamps are in UTC.
    let in_utc = !matches!(logical, Some(LogicalType::Timestamp(stamp)) if !stamp.is_adjusted_to_u_t_c);
    format!("{}T{}{}", date(seconds.div_euclid(DAY)), time(of_day, digits), if in_utc { "Z" } else { "" })
}

fn uuid(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match bytes.len() {
        16 => [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"),
        _ => hex,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_those_of_the_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (18_321, "2020-02-29"),
            (18_322, "2020-03-01"),
            (-719_528, "0000-01-01"),
        ] {
            assert_eq!(date(days), expected);
        }
        assert_eq!(time(45_296 * SECOND + 1_000, 6), "12:34:56.000001");
        assert_eq!(timestamp(-1, 3, None), "1969-12-31T23:59:59.999Z");
        let local = LogicalType::timestamp(false, TimeUnit::NANOS);
        assert_eq!(timestamp(1_577_836_800 * SECOND + 1, 9, Some(&local)), "2020-01-01T00:00:00.000000001");
    }
}

//! Columns of tables whose header says what they hold, and fields of JSON, XML and HL7.

use std::ops::Range;

use super::calendar::{Precision, date};
use super::names::{self, is_field_name};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Kind of data in a column.
#[derive(Clone, Copy, PartialEq)]
pub enum Held {
    Name,
    Number,
    Birth,
}

/// Headers of columns with names, keys of fields with names.
const NAMES: [&str; 34] = [
    "氏名",
    "患者名",
    "患者氏名",
    "患者",
    "名前",
    "姓名",
    "主治医",
    "担当医",
    "担当医師",
    "担当",
    "担当者",
    "担当看護師",
    "受持",
    "受持医",
    "受け持ち",
    "執刀",
    "執刀医",
    "術者",
    "麻酔",
    "麻酔医",
    "医師",
    "医師名",
    "看護師",
    "当直",
    "当直医",
    "記録者",
    "記載者",
    "name",
    "patient",
    "patient_name",
    "dr",
    "doctor",
    "physician",
    "attending",
];

/// Headers of columns with numbers of patients.
const NUMBERS: [&str; 14] = [
    "id",
    "患者id",
    "患者番号",
    "id番号",
    "患者no",
    "カルテ番号",
    "カルテno",
    "診察券番号",
    "診察券",
    "診療録番号",
    "mrn",
    "patient_id",
    "patientid",
    "pt_id",
];

/// The longest header, in bytes.
const LONGEST_HEADER: usize = 240;

/// Marks between the cells of a row.
const MARKS: [char; 3] = ['|', '\t', ','];

/// Finds the cells of named columns and the values of named fields.
pub fn cells(words: &names::Words, text: &str) -> Vec<(Held, Range<usize>)> {
    let mut found = Vec::new();
    columns(words, text, &mut found);
    neighbours(text, &mut found);
    fields(words, text, &mut found);
    found.sort_by_key(|(_, range)| range.start);
    found.dedup_by(|(_, b), (_, a)| b.start < a.end);
    found
}

/// A header: the mark between its cells, their number and the columns that it names.
struct Header {
    mark: char,
    cells: usize,
    columns: Vec<(usize, Held)>,
}

fn columns(words: &names::Words, text: &str, found: &mut Vec<(Held, Range<usize>)>) {
    let mut header: Option<Header> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        if let Some(of_line) = header_of(line) {
            header = Some(of_line);
            continue;
        }
        let Some(Header { mark, cells, columns }) = &header else { continue };
        if line.matches(*mark).count() + 1 != *cells {
            header = None;
            continue;
        }
        let mut from = start;
        for (i, cell) in line.split(*mark).enumerate() {
            let held = columns.iter().find(|(column, _)| *column == i).map(|(_, held)| *held);
            let value = bare(cell);
            let range = || {
                let lead = value.as_ptr() as usize - cell.as_ptr() as usize;
                from + lead..from + lead + value.len()
            };
            let fits = match held {
                Some(Held::Name) => is_field_name(words, value, true),
                Some(Held::Number) => is_number(value),
                Some(Held::Birth) | None => false,
            };
            if let Some(held) = held.filter(|_| fits) {
                found.push((held, range()));
            }
            from += cell.len() + mark.len_utf8();
        }
    }
}

/// Cells that say a person's sex.
const SEXES: [&str; 8] = ["M", "F", "男", "女", "男性", "女性", "male", "female"];

/// Headers of cells with dates of birth.
const BIRTHS: [&str; 5] = ["生年月日", "誕生日", "dob", "birthday", "birth_date"];

/// Finds values in rows of quoted cells without a header, by the cell beside them: "ID","0072911"; "19630407","M".
fn neighbours(text: &str, found: &mut Vec<(Held, Range<usize>)>) {
    for (at, between) in text.match_indices("\",\"") {
        let Some(left) = before(text, at, '"') else { continue };
        let start = at + between.len();
        let Some(length) = head(&text[start..]).find('"') else { continue };
        let right = start..start + length;
        let (a, b) = (&text[left.clone()], &text[right.clone()]);
        let key = a.to_ascii_lowercase();
        if NUMBERS.contains(&&*key) && is_number(b) {
            found.push((Held::Number, right));
        } else if BIRTHS.contains(&&*key) && is_date(b) {
            found.push((Held::Birth, right));
        } else if SEXES.contains(&b) && is_old_date(a) {
            found.push((Held::Birth, left));
        } else if SEXES.contains(&a) && is_old_date(b) {
            found.push((Held::Birth, right));
        }
    }
}

fn is_date(value: &str) -> bool {
    date(value, 0, Precision::Day) == Some(value.len())
}

/// Tests for a date of the last century, as few of today's visits have.
fn is_old_date(value: &str) -> bool {
    let year = value.get(..4).and_then(|year| year.parse::<u16>().ok());
    let old = value.starts_with(['S', 'T', '昭', '大']) || year.is_some_and(|year| year / 100 == 19);
    old && is_date(value)
}

/// Strips spaces and quotation marks around a cell.
fn bare(cell: &str) -> &str {
    cell.trim_matches([' ', '"', '\'', '\u{3000}'])
}

/// Reads a header, which names a column and holds no digit.
fn header_of(line: &str) -> Option<Header> {
    if line.len() > LONGEST_HEADER || line.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let mark = MARKS.into_iter().find(|&mark| line.contains(mark))?;
    let held = |cell: &str| {
        let cell = bare(cell).to_ascii_lowercase();
        if NAMES.contains(&&*cell) {
            return Some(Held::Name);
        }
        NUMBERS.contains(&&*cell).then_some(Held::Number)
    };
    let columns: Vec<_> =
        line.split(mark).enumerate().filter_map(|(i, cell)| Some((i, held(cell)?))).collect();
    let cells = line.matches(mark).count() + 1;
    (!columns.is_empty()).then_some(Header { mark, cells, columns })
}

/// The fewest digits of a patient's number in a column.
const FEWEST: usize = 5;

/// Tests for a number of a patient: no date.
fn is_number(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let date = value.len() == 10 && value.matches('-').count() == 2;
    value.len() <= 20
        && digits >= FEWEST
        && !date
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The longest key or value of a field, in bytes.
const LONGEST_FIELD: usize = 40;

fn fields(words: &names::Words, text: &str, found: &mut Vec<(Held, Range<usize>)>) {
    for (at, _) in text.match_indices("\":") {
        let key = before(text, at, '"').filter(|key| is_key(&text[key.clone()]));
        let rest = text[at + 2..].trim_start_matches(' ');
        if let Some(rest) = rest.strip_prefix('"').filter(|_| key.is_some())
            && let Some(length) = head(rest).find('"')
        {
            let start = text.len() - rest.len();
            push(words, text, start..start + length, found);
        }
    }
    for (at, _) in text.match_indices("</") {
        let Some(length) = head(&text[at + 2..]).find('>') else { continue };
        if is_key(&text[at + 2..at + 2 + length])
            && let Some(value) = before(text, at, '>')
        {
            push(words, text, value, found);
        }
    }
    // HL7 and DICOM: 山田^太郎.
    for (at, _) in text.match_indices('^') {
        let of_name = |c: char| is_kanji(c) || is_hiragana(c) || is_katakana(c);
        let count = |part: &mut dyn Iterator<Item = char>| -> usize {
            part.take(LONGEST_PART).take_while(|&c| of_name(c)).map(char::len_utf8).sum()
        };
        let surname = count(&mut text[..at].chars().rev());
        let given = count(&mut text[at + 1..].chars());
        let range = at - surname..at + 1 + given;
        let closed = !text[range.end..].starts_with(of_name) && !text[..range.start].ends_with(of_name);
        if surname > 0 && given > 0 && closed && text[at - surname..at].starts_with(is_kanji) {
            found.push((Held::Name, range));
        }
    }
}

/// The longest part of a name with ^ beside it, in characters.
const LONGEST_PART: usize = 5;

fn push(words: &names::Words, text: &str, value: Range<usize>, found: &mut Vec<(Held, Range<usize>)>) {
    if is_field_name(words, &text[value.clone()], false) {
        found.push((Held::Name, value));
    }
}

fn is_key(key: &str) -> bool {
    NAMES.contains(&&*key.to_ascii_lowercase())
}

/// The first bytes of `text`, as many as a field may have.
fn head(text: &str) -> &str {
    let end = (0..=LONGEST_FIELD.min(text.len())).rev().find(|&i| text.is_char_boundary(i));
    &text[..end.unwrap_or(0)]
}

/// Returns what stands between the nearest `mark` before `at` and `at`.
fn before(text: &str, at: usize, mark: char) -> Option<Range<usize>> {
    let from = (at.saturating_sub(LONGEST_FIELD)..=at).find(|&i| text.is_char_boundary(i))?;
    let start = from + text[from..at].rfind(mark)? + mark.len_utf8();
    Some(start..at)
}

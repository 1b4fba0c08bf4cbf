//! Patient numbers, and other numbers that a hospital's records assign to a person.

use std::ops::Range;

use super::category::{Category, Place};
use super::code::labelled_code;
use super::noun::{is_personal, noun_before};
use super::reading::{after_marks, begins_word, char_before, labelled};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "patient_id",
    tag: "〔*患者番号〕",
    what: "a code of three to fourteen digits behind 患者ID, カルテ番号, 診察券番号, 受付番号 and the like",
    source: "hospitals' own numbering; the labels are those of 退院時要約 and 診療情報提供書 (HL7 FHIR JP Core: patient identifier)",
    words: &[
        "患者id",
        "患者番号",
        "患者no",
        "患者コード",
        "患者識別番号",
        "患者#",
        "患者 #",
        "患者♯",
        "patient_id",
        "patient-id",
        "patientid",
        "patient_no",
        "studyid",
        "study_id",
        "subjectid",
        "subject_id",
        "seriesid",
        "caseid",
        "case_id",
        "pid",
        "旧id",
        "新id",
        "統合前id",
        "統合後id",
        "移行前id",
        "移行後id",
        "院内id",
        "他院id",
        "当院id",
        "診察カード",
        "診察カード番号",
        "患者カード番号",
        "カルテナンバー",
        "患者ナンバー",
        "受診no",
        "登録患者番号",
        "個人番号id",
        "患者識別子",
        "患者登録番号",
        "カルテ番号",
        "カルテno",
        "カルテid",
        "カルテ",
        "診察券番号",
        "診察券no",
        "診察券id",
        "診察券",
        "診察番号",
        "診療録番号",
        "診療番号",
        "受付番号",
        "受付no",
        "受診番号",
        "受診者番号",
        "受診者id",
        "入院番号",
        "入院id",
        "外来番号",
        "病歴番号",
        "病歴no",
        "整理番号",
        "id番号",
        "処方箋番号",
        "処方せん番号",
        "予約番号",
        "オーダ番号",
        "オーダー番号",
        "検体番号",
        "検体id",
        "剖検番号",
        "病理番号",
        "標本番号",
        "mrn",
        "patient id",
        "patient no",
        "診察no",
        "pat-id",
        "pat id",
        "pat no",
        "pat.no",
        "pat. no",
        "hosp#",
        "hosp #",
        "case#",
        "case #",
        "acct#",
        "acct #",
        "patient#",
        "patient #",
        "pt#",
        "pt #",
        "pt.#",
        "pt no",
        "pt.no",
        "pt. no",
        "入所者no",
        "入所者 no",
        "入所者id",
        "入所者#",
        "入居者no",
        "入居者 no",
        "入居者id",
        "利用者no",
        "利用者 no",
        "利用者#",
        "受診者no",
        "園児no",
        "園児番号",
        "生徒no",
        "児童no",
        "カンジャバンゴウ",
        "カンジャid",
        "カルテバンゴウ",
        "シンサツケン",
        "シンサツケンバンゴウ",
        "pt id",
        "pt.id",
        "ptid",
        "chart no",
        "chart#",
        "chart #",
        "pid-3",
        "pid.3",
        "pt=",
        "id",
    ],
    read,
    examples: &[
        Example { before: "患者ID:0012345678 65歳", after: " 65歳", why: "digits" },
        Example { before: "カルテNo. A-12345", after: "", why: "a letter" },
        Example {
            before: "【診察券番号】12-3456-7", after: "", why: "groups, and the label's brackets"
        },
        Example { before: "(ID: 1234567)", after: "()", why: "ID alone, with five digits or more" },
        Example { before: "ID 1234", after: "ID 1234", why: "too short for a bare ID" },
        Example {
            before: "PMID: 12345678、Gene ID 12345",
            after: "PMID: 12345678、Gene ID 12345",
            why: "other books",
        },
        Example {
            before: "受付番号 120分待ち", after: "受付番号 120分待ち", why: "a duration"
        },
    ],
};

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    if !begins_word(text, word.start) {
        return None;
    }
    let label = &text[word.clone()];
    let bare = label.eq_ignore_ascii_case("id");
    let read = || labelled_code(text, &word, 2).map(|place| place.value);
    let Some(value) = digits_apart(text, &word).or_else(read) else {
        let before = || number_before(text, &word).filter(|_| !bare);
        return before().or_else(|| pointed_at(text, &word));
    };
    let is_digit = |c: &char| c.is_ascii_digit() || "〇一二三四五六七八九零".contains(*c);
    let digits = text[value.clone()].chars().filter(is_digit).count();
    // PT=12 is a prothrombin time, Pt#4 the fourth of a study.
    let time = label.ends_with('=') && digits < 6
        || label.ends_with('#') && label.is_ascii() && !label.starts_with(['c', 'C']) && digits < 4
        || label.to_ascii_lowercase().starts_with("case") && label.ends_with('#') && digits < 4;
    let weak = time || bare && !is_persons(text, word.start, digits);
    // A loose word needs a mark behind it: カルテ3冊, 診察券1234 is no label.
    let grouped = label == "診察券" && digits >= 5 && text[value.clone()].contains('-');
    let loose = matches!(label, "カルテ" | "診察券") && !grouped && (digits < 5 || value.start == word.end);
    (!weak && !loose).then(|| labelled(text, &word, value))
}

/// The fewest digits of a number with a space behind each of them.
const FEWEST_APART: usize = 5;

/// Reads a number with a space behind each of its digits: ID0 0 4 7 7 1 2.
fn digits_apart(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    let start = after_marks(text, word.end);
    let mut bytes = text.as_bytes()[start..].iter().take(2 * MOST_APART);
    let mut length = 0_usize;
    while let Some(digit) = bytes.next()
        && digit.is_ascii_digit()
    {
        length += 2;
        if bytes.next() != Some(&b' ') {
            break;
        }
    }
    let end = start + length.checked_sub(1)?;
    let closes =
        !text[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-'));
    ((2 * FEWEST_APART..2 * MOST_APART).contains(&length) && closes).then_some(start..end)
}

/// The digits of a number with spaces between them that are read, one more than one has.
const MOST_APART: usize = 15;

/// The longest number before its label, in bytes.
const LONGEST: usize = 20;

/// Reads the number that a sign joins with its label behind it, or の with the card: 0312-7781-04=患者ID, 00-2784-91の診察券.
fn number_before(text: &str, word: &Range<usize>) -> Option<Place> {
    let label = &text[word.clone()];
    let held = matches!(label, "診察券" | "診察カード" | "カルテ");
    let head = text[..word.start].strip_suffix('=');
    let head = head.or_else(|| text[..word.start].strip_suffix('の').filter(|_| held))?;
    let of_code = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'-';
    let length = head.as_bytes().iter().rev().take(LONGEST + 1).take_while(of_code).count();
    let value = head.len() - length..head.len();
    let digits = text[value.clone()].bytes().filter(u8::is_ascii_digit).count();
    let code = &text[value.clone()];
    // 2024-03-04のカルテ
    let dated = code.starts_with("19") || code.starts_with("20");
    let fits = digits >= 5 && length <= LONGEST;
    if held {
        let apart = !text[..value.start].ends_with(['/', '.', '_']);
        let sure = apart && !dated && (label != "カルテ" || code.contains('-'));
        return (fits && sure).then_some(Place { whole: value.clone(), value });
    }
    fits.then_some(Place { whole: value.start..word.end, value })
}

/// Words before a label that point at a number before it on the line.
const POINTERS: [&str; 8] = ["左は", "左の番号は", "左の数字は", "左記は", "左が", "←", "← ", "←は"];

/// The longest text between a number and the label that points at it, in bytes.
const LONGEST_POINTED: usize = 120;

/// Finds the number that the label points at: (0073821-6) 胸部CT ←左は患者番号.
fn pointed_at(text: &str, word: &Range<usize>) -> Option<Place> {
    let head = POINTERS.iter().find_map(|pointer| text[..word.start].strip_suffix(pointer))?;
    let lowest = head.len().saturating_sub(LONGEST_POINTED);
    let lowest = (lowest..=head.len()).find(|&at| head.is_char_boundary(at))?;
    let line = head[lowest..].rfind('\n').map_or(lowest, |at| lowest + at + 1);
    let of_code = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut at = line;
    while let Some(from) = head[at..].find(|c: char| c.is_ascii_digit()).map(|i| at + i) {
        let end = from + head[from..].find(|c: char| !of_code(c)).unwrap_or(head.len() - from);
        let digits = head[from..end].bytes().filter(u8::is_ascii_digit).count();
        let apart = !head[..from].ends_with(|c: char| of_code(c) || matches!(c, '.' | '/' | '_'));
        if digits >= 5 && end - from <= LONGEST && apart && !head[end..].starts_with(['/', '.']) {
            return Some(Place { whole: from..end, value: from..end });
        }
        at = end;
    }
    None
}

/// Tests whether ID with so many digits is a person's: Gene ID, 遺伝子ID and ID 1234 are not.
fn is_persons(text: &str, start: usize, digits: usize) -> bool {
    let before = text[..start].trim_end_matches([' ', '_', '-']).len();
    if char_before(text, before).is_some_and(|c| c.is_ascii_alphabetic()) {
        return digits >= 3 && is_personal(noun_before(text, before));
    }
    let noun = noun_before(text, start);
    if noun.is_empty() { digits >= 5 } else { digits >= 4 && is_personal(noun) }
}

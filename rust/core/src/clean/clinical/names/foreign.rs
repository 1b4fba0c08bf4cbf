//! Names of other languages with nothing beside them: グエン・ヴァン・アン, Nguyen Van Anh, 張偉.

use super::given_kanji::{is_given, is_given_kanji};
use super::lists::{BELONGS, FOREIGN_LATIN, GIVEN_LATIN, GOES_ON, NO_NAME_BEFORE, VISITS, is_other};
use super::titles::{age_behind, honorific};
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Chinese and Korean surnames that begin hardly any word of Japanese.
const KANJI: &str = "張王李劉陳楊趙呉徐郭羅鄭梁宋韓馮鄧曹彭蕭蔡魏朴崔姜尹";

/// Words that the dictionary lacks, or has as names.
const NO_NAMES: [&str; 6] = ["郭清", "張力", "王冠", "陳旧", "羅患", "宋朝"];

/// Tests for parts of a name in katakana, each a name of the dictionary, and none of them part of an eponym.
pub fn in_katakana(words: &Words, parts: &[&str], behind: &str) -> bool {
    let known = |part: &str| words.is_name(part);
    if parts.len() < 2 {
        return false;
    }
    let named = parts.iter().filter(|part| known(part)).count();
    let connecting = |part: &str| part.chars().count() <= 2;
    named * 2 >= parts.len()
        && known(parts[0])
        && (parts[0].chars().count() > 2 || named == parts.len())
        && parts.iter().all(|part| known(part) || connecting(part) || !words.is(part, &[Kind::Other]))
        && is_closed(behind)
}

/// Tests that no eponym goes on behind a name.
fn is_closed(behind: &str) -> bool {
    match behind.chars().next() {
        Some(c) if is_kanji(c) => {
            honorific(behind).is_some() || [&VISITS, &BELONGS].iter().any(|list| list.begins(behind))
        }
        Some(c) if is_katakana(c) || matches!(c, 'ー' | '・' | '-') => false,
        // ハリス・ベネディクトの式
        Some(c) if is_hiragana(c) => {
            let long = |rest| NO_NAME_BEFORE.at_start(rest).any(|word| word.chars().nth(1).is_some());
            let of_thing = behind.strip_prefix('の').is_some_and(|rest| rest.starts_with('式') || long(rest));
            GOES_ON.begins(behind) && !of_thing
        }
        _ => true,
    }
}

/// Words of eponyms behind a name.
const EPONYMS: [&str; 8] = ["病", "症", "法", "分類", "徴候", "試験", "スコア", "型"];

/// Returns the end of a surname and one to three given names in Latin letters at `start`.
pub fn in_latin(text: &str, start: usize, ends: &[usize]) -> Option<usize> {
    let [first, .., end] = *ends else { return None };
    let surname = &text[start..first];
    let given = || text[first..end].split(' ').filter(|part| !part.is_empty());
    let capitalised = |part: &str| {
        part.len() > 1
            && part.starts_with(|c: char| c.is_ascii_uppercase())
            && part[1..].bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    };
    let capitals = |part: &str| part.len() > 1 && part.bytes().all(|b| b.is_ascii_uppercase());
    // DAO VAN MINH 28M
    if FOREIGN_LATIN.contains(&surname.to_ascii_lowercase())
        && capitals(surname)
        && given().all(|part| capitals(part) && !is_other(part))
        && (age_behind(&text[end..]) || has_age_and_sex(&text[end..]))
    {
        return Some(end);
    }
    let lower = surname.to_ascii_lowercase();
    let western = || ends.len() == 2 && GIVEN_LATIN.contains(&lower) && given().all(|part| part.len() > 2);
    let behind = &text[end..];
    let rest = behind.trim_start_matches(' ');
    let closed = || {
        !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
            && !behind.starts_with(['-', '/', '.'])
            && (!behind.starts_with(|c: char| is_kanji(c) || is_katakana(c)) || honorific(behind).is_some())
            && !EPONYMS.iter().any(|word| rest.starts_with(word))
    };
    ((FOREIGN_LATIN.contains(&lower) || western())
        && !text[..start].ends_with(['-', '/', '.', '_', '@'])
        && capitalised(surname)
        && given().next().is_some()
        && given().all(|part| capitalised(part) && !is_other(part))
        && closed())
    .then_some(end)
}

/// Returns the end of a surname, a comma and a given name before an age and the sex: Patel, Anjali 34F.
pub fn with_age(text: &str, start: usize, first: usize) -> Option<usize> {
    let rest = text[first..].strip_prefix(", ")?;
    let from = text.len() - rest.len();
    let length = rest.bytes().take(LONGEST_PART).take_while(u8::is_ascii_alphabetic).count();
    let name = |part: &str| {
        part.len() > 2
            && part.starts_with(|c: char| c.is_ascii_uppercase())
            && part[1..].bytes().all(|b| b.is_ascii_lowercase())
            && !is_other(part)
    };
    let behind = rest[length..].strip_prefix(' ')?;
    let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
    let sex = behind[digits..].strip_prefix(['M', 'F'])?;
    let aged = (1..=3).contains(&digits) && !sex.starts_with(|c: char| c.is_ascii_alphanumeric());
    (aged && name(&text[start..first]) && name(&rest[..length])).then_some(from + length)
}

/// The longest part of a name that is read, in letters.
const LONGEST_PART: usize = 16;

/// Tests for an age and the letter of the sex behind a name: 28M.
fn has_age_and_sex(behind: &str) -> bool {
    let rest = behind.trim_start_matches([' ', ',']);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (1..=3).contains(&digits) && rest[digits..].starts_with(['M', 'F'])
}

/// Tests for a run of two or three kanji, a surname of one and a given name, that is no word.
pub fn in_kanji(words: &Words, run: &str, behind: &str) -> bool {
    let mut characters = run.chars();
    let surname = characters.next().is_some_and(|c| KANJI.contains(c));
    let given = characters.as_str();
    let closed = || {
        behind.is_empty()
            || behind
                .starts_with([' ', '\n', '、', '。', '(', ')', ',', '/', 'は', 'が', 'の', 'に', 'を', 'と'])
            || honorific(behind).is_some()
    };
    surname
        && (is_given(given) && given.chars().count() == 2 || is_given_kanji(given))
        && closed()
        && !NO_NAMES.contains(&run)
        && (!run.ends_with(['代', '朝', '国', '文']) || run.chars().count() == 3 && age_behind(behind))
        && !words.is(run, &[Kind::Other, Kind::Place, Kind::Organisation])
}

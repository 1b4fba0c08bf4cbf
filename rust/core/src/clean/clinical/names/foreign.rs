//! Names of other languages with nothing beside them: グエン・ヴァン・アン, Nguyen Van Anh, 張偉.

use std::ops::Range;

use super::super::category::Place;
use super::given_kanji::{is_given, is_given_kanji};
use super::honoured::LIKE;
use super::lists::{BELONGS, FOREIGN_LATIN, GIVEN_LATIN, GOES_ON, NO_NAME_BEFORE, VISITS, is_other};
use super::runs::{behind_spaces, run_end};
use super::shape::begins_phrase;
use super::titles::{age_behind, honorific};
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Tests for a Chinese or Korean surname that begins hardly any word of Japanese.
fn is_surname(c: char) -> bool {
    matches!(
        c,
        '張' | '王'
            | '李'
            | '劉'
            | '陳'
            | '楊'
            | '趙'
            | '呉'
            | '徐'
            | '郭'
            | '羅'
            | '鄭'
            | '梁'
            | '宋'
            | '韓'
            | '馮'
            | '鄧'
            | '曹'
            | '彭'
            | '蕭'
            | '蔡'
            | '魏'
            | '朴'
            | '崔'
            | '姜'
            | '尹'
    )
}

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
    // Maria Cristina Reyes, 41F
    let aged = || has_age_and_sex(behind) && (is_known_latin(surname) || given().any(is_known_latin));
    ((FOREIGN_LATIN.contains(&lower) || western() || aged())
        && !text[..start].ends_with(['-', '/', '.', '_', '@'])
        && capitalised(surname)
        && given().next().is_some()
        && given().all(|part| capitalised(part) && !is_other(part))
        && closed())
    .then_some(end)
}

/// Tests for a surname or a given name of the lists, in small or capital letters.
fn is_known_latin(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    FOREIGN_LATIN.contains(&part) || GIVEN_LATIN.contains(&part)
}

/// Words of English that are given names behind others.
const WORDS_AND_NAMES: [&str; 6] = ["Rose", "Hope", "May", "June", "Dawn", "Faith"];

/// The most given names behind a surname that are read.
const MOST_GIVEN: usize = 3;

/// Returns the end of a surname and given names behind the word for a patient, one of them known: Patient Smith, Emily Rose.
pub fn behind_patient(text: &str, start: usize, first: usize) -> Option<usize> {
    if !text[..start].ends_with(' ')
        || !["Patient ", "patient ", "Pt ", "Pt. ", "Pt: "].iter().any(|word| text[..start].ends_with(word))
    {
        return None;
    }
    let mut end = first;
    let mut named = is_known_latin(&text[start..first]);
    for i in 0..MOST_GIVEN {
        let gaps: &[&str] = if i == 0 { &[", ", " "] } else { &[" "] };
        let Some(rest) = gaps.iter().find_map(|gap| text[end..].strip_prefix(gap)) else { break };
        let length = rest.bytes().take(LONGEST_PART).take_while(u8::is_ascii_alphabetic).count();
        let part = &rest[..length];
        let lower = part.len() > 1 && part[1..].bytes().all(|b| b.is_ascii_lowercase());
        let other = is_other(part) && !(named && WORDS_AND_NAMES.contains(&part));
        if !lower || !part.starts_with(|c: char| c.is_ascii_uppercase()) || other {
            break;
        }
        named |= is_known_latin(part);
        end = text.len() - rest.len() + length;
    }
    (named && end > first && !is_other(&text[start..first])).then_some(end)
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

/// Tests for a Chinese or Korean surname that begins other words too.
fn begins_others(c: char) -> bool {
    matches!(
        c,
        '白' | '金'
            | '申'
            | '黄'
            | '高'
            | '孫'
            | '沈'
            | '林'
            | '安'
            | '全'
            | '文'
            | '河'
            | '池'
            | '任'
            | '元'
            | '車'
            | '玄'
            | '石'
            | '閔'
            | '呂'
            | '辛'
            | '洪'
            | '権'
            | '柳'
            | '兪'
    )
}

/// Surnames of two kanji, in both forms of their characters.
const LONG: [&str; 8] = ["歐陽", "欧陽", "諸葛", "司馬", "司徒", "上官", "皇甫", "鮮于"];

/// Honorifics behind a name of another language.
const HONORIFICS: [&str; 5] = ["様", "さん", "氏", "殿", "先生"];

/// Finds the name that the run of kanji at `run` is or begins.
pub fn in_kanji(words: &Words, text: &str, run: &Range<usize>) -> Option<Place> {
    let part = &text[run.clone()];
    if is_whole(words, part, &text[run.end..]) {
        return Some(Place { whole: run.clone(), value: run.clone() });
    }
    honoured(words, text, run).or_else(|| spaced(text, run))
}

/// Finds a surname and a given name of two kanji before an honorific: 白承煥様, 歐陽菲菲様.
fn honoured(words: &Words, text: &str, run: &Range<usize>) -> Option<Place> {
    let part = &text[run.clone()];
    let first = part.chars().next()?;
    let long = || LONG.iter().any(|surname| part.starts_with(surname));
    // Three to six kanji, the honorific among them.
    if !(9..=18).contains(&part.len()) || !begins_others(first) && !long() {
        return None;
    }
    let inner = HONORIFICS.iter().find_map(|word| part.strip_suffix(word));
    let outer = || HONORIFICS.iter().any(|word| text[run.end..].starts_with(word)).then_some(part);
    let name = inner.or_else(outer)?;
    let surname =
        LONG.iter().find(|surname| name.starts_with(**surname)).map_or('王'.len_utf8(), |long| long.len());
    let (surname, given) = name.split_at_checked(surname)?;
    let long = surname.chars().nth(1).is_some();
    let count = given.chars().count();
    let end = run.start + name.len();
    let length = honorific(&text[end..])?;
    let apart =
        || text[end + length..].is_empty() || text[end + length..].starts_with(['、', '(', ' ', '。', '\n']);
    let korean = || {
        let border = &name[..surname.len() + given.chars().next().map_or(0, char::len_utf8)];
        count == 2
            && surname.chars().all(begins_others)
            && (apart() || given.chars().any(|c| is_given_kanji(c.encode_utf8(&mut [0; 4]))))
            && !words.is(given, &[Kind::Other, Kind::Place, Kind::Organisation])
            && !words.is_ordinary(border)
    };
    let behind = text[end..].strip_prefix('様').map(|behind| behind.trim_start_matches(' '));
    let like = behind.is_some_and(|behind| LIKE.iter().any(|word| behind.starts_with(word)));
    ((long && (1..=2).contains(&count) || korean())
        && !like
        && !words.is(name, &[Kind::Other, Kind::Place, Kind::Organisation]))
    .then_some(Place { whole: run.start..end + length, value: run.start..end })
}

/// Finds a surname of one kanji and a given name behind a space, which an honorific follows: 王 建国 様.
fn spaced(text: &str, run: &Range<usize>) -> Option<Place> {
    let surname = &text[run.clone()];
    if surname.len() != '王'.len_utf8() {
        return None;
    }
    let start = behind_spaces(text, run.end)?;
    if !surname.starts_with(is_surname) || !begins_phrase(&text[..run.start]) {
        return None;
    }
    let given = &text[start..run_end(text, start)];
    let lengths = given.char_indices().map(|(i, c)| i + c.len_utf8()).take(2);
    lengths.into_iter().find_map(|length| {
        let end = start + length;
        let honorific = honorific(&text[end..])?;
        let fits = is_given(&given[..length]) || is_given_kanji(&given[..length]);
        fits.then_some(Place { whole: run.start..end + honorific, value: run.start..end })
    })
}

/// The most characters of another script between a name and its reading.
const MOST_FOREIGN: usize = 6;

/// Finds a name whose reading in katakana stands in brackets before an honorific: 朴 성호(パク ソンホ)氏; `last` is the end of
/// the name before.
pub fn reading_in_brackets(text: &str, start: usize, end: usize, last: Option<usize>) -> Option<Place> {
    let behind = text[end..].strip_prefix(')')?;
    let head = text[..start].strip_suffix('(')?;
    let honorific = HONORIFICS.iter().find(|word| behind.starts_with(**word))?;
    if !text[start..end].contains([' ', '・']) {
        return None;
    }
    let hangul = |c: char| matches!(c, '가'..='힣') || c == ' ';
    let foreign: usize =
        head.chars().rev().take(MOST_FOREIGN).take_while(|&c| hangul(c)).map(char::len_utf8).sum();
    let head = &head[..head.len() - foreign];
    let kanji: usize = head.chars().rev().take(5).take_while(|&c| is_kanji(c)).map(char::len_utf8).sum();
    let from = head.len() - kanji;
    let free = last.is_none_or(|last| last <= from);
    let name = (1..=4).contains(&(kanji / '王'.len_utf8())) && free && head[from..].starts_with(is_surname);
    let whole = if name { from } else { start };
    let close = end + ')'.len_utf8();
    let value = if name { from..close } else { start..end };
    Some(Place { whole: whole..close + honorific.len(), value })
}

/// Tests for a run of two or three kanji, a surname of one and a given name, that is no word.
fn is_whole(words: &Words, run: &str, behind: &str) -> bool {
    let mut characters = run.chars();
    let surname = characters.next().is_some_and(is_surname);
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

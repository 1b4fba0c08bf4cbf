//! Names of other languages with nothing beside them: グエン・ヴァン・アン, Nguyen Van Anh, 張偉.

use std::ops::Range;

use super::super::category::Place;
use super::given_kanji::{is_given, is_given_kanji};
use super::honoured::LIKE;
use super::lists::{BELONGS, GOES_ON, NO_KATAKANA, NO_NAME_BEFORE, VISITS};
use super::person::{is_person_behind, is_status_before};
use super::runs::{behind_spaces, is_katakana_word, run_before, run_end, run_of, run_up_to};
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

/// Tests for a name of another language that is no other word, of three characters or more.
pub fn is_foreign(words: &Words, word: &str) -> bool {
    word.chars().nth(2).is_some()
        && words.is(word, &[Kind::Person])
        && !words.is(word, &[Kind::Other, Kind::Organisation, Kind::Place])
        && !NO_KATAKANA.contains(word)
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
    let described = || is_described(words, part, &text[run.end..]);
    honoured(words, text, run)
        .or_else(|| spaced(words, text, run))
        .or_else(|| described().then(|| Place { whole: run.clone(), value: run.clone() }))
}

/// Tests for a surname that begins other words too and a given name of two kanji before an age, the sex or an origin:
/// 金秀賢 31歳.
fn is_described(words: &Words, part: &str, behind: &str) -> bool {
    let Some((first, given)) = part.chars().next().map(|c| (c, &part[c.len_utf8()..])) else { return false };
    let border = || part.char_indices().nth(2).map_or(part, |(i, _)| &part[..i]);
    part.len() == "金秀賢".len()
        && (begins_others(first) || is_rare_surname(first))
        && is_given(given)
        && is_person_behind(behind)
        && !words.is_ordinary(border())
        && !words.is(given, &[Kind::Other, Kind::Place, Kind::Organisation])
        && !words.is(part, &[Kind::Other, Kind::Place, Kind::Organisation])
}

/// Tests for a further Chinese or Korean surname, which Japanese text has in other words or not at all.
fn is_rare_surname(c: char) -> bool {
    "何馬周許謝唐蒋丁方余葉蘇盧胡朱范鄒熊秦顧孟龍万段雷侯銭湯黎武賀頼龔杜袁潘于董傅田姚廖邱詹簡曽阮曾南奉裵裴具諸卓吉成延禹明表都秋丘邵欧莫游毛江史邢甘艾葛\
     夏戴薛閻"
        .contains(c)
}

/// Finds a surname and a given name of two kanji before an honorific: 白承煥様, 歐陽菲菲様.
fn honoured(words: &Words, text: &str, run: &Range<usize>) -> Option<Place> {
    let part = &text[run.clone()];
    let first = part.chars().next()?;
    let long = || LONG.iter().any(|surname| part.starts_with(surname));
    // Three to six kanji, the honorific among them.
    if !(9..=18).contains(&part.len()) || !begins_others(first) && !is_surname(first) && !long() {
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
            && surname.chars().all(|c| begins_others(c) || is_surname(c))
            && (apart() || given.chars().any(|c| is_given_kanji(c.encode_utf8(&mut [0; 4]))))
            && (!words.is(given, &[Kind::Other, Kind::Place, Kind::Organisation])
                || is_given(given) && (is_surname(first) || is_status_before(&text[..run.start])))
            && !words.is_ordinary(border)
    };
    let behind = text[end..].strip_prefix('様').map(|behind| behind.trim_start_matches(' '));
    let like = behind.is_some_and(|behind| LIKE.iter().any(|word| behind.starts_with(word)));
    ((long && (1..=2).contains(&count) || korean())
        && !like
        && !words.is(name, &[Kind::Other, Kind::Place, Kind::Organisation]))
    .then_some(Place { whole: run.start..end + length, value: run.start..end })
}

/// Finds a surname of one kanji and a given name behind a space, which an honorific, an age, the sex or an origin follows:
/// 王 建国 様, 周 杰 男性.
fn spaced(words: &Words, text: &str, run: &Range<usize>) -> Option<Place> {
    let surname = &text[run.clone()];
    let long = LONG.contains(&surname);
    if surname.len() != '王'.len_utf8() && !long {
        return None;
    }
    if let Some(place) = with_katakana(words, text, run) {
        return Some(place);
    }
    let start = behind_spaces(text, run.end)?;
    let sure = long || surname.starts_with(is_surname);
    let may_be = || surname.starts_with(|c| begins_others(c) || is_rare_surname(c));
    if !sure && !may_be() || !begins_phrase(&text[..run.start]) {
        return None;
    }
    let end = run_end(text, start);
    let given = &text[start..end];
    let joined = || format!("{surname}{given}");
    // 高 血圧
    let other = |given: &str, honorific: &str| {
        !sure
            && (words.is_ordinary(given)
                && !matches!(honorific.trim_start_matches(' '), "氏" | "さん" | "先生" | "殿")
                || words.is_ordinary(&joined()))
    };
    let is_name = |given: &str| {
        is_given(given)
            || is_given_kanji(given)
            || sure
            || !words.is(given, &[Kind::Other]) && given.chars().nth(1).is_none()
    };
    let lengths = given.char_indices().map(|(i, c)| i + c.len_utf8()).take(2);
    let honoured = lengths.into_iter().find_map(|length| {
        let end = start + length;
        let honorific = honorific(&text[end..])?;
        let fits = is_name(&given[..length]) && !other(&given[..length], &text[end..end + honorific]);
        fits.then_some(Place { whole: run.start..end + honorific, value: run.start..end })
    });
    honoured.or_else(|| {
        let short = (1..=2).contains(&given.chars().count());
        let before = &text[..run.start];
        // Behind a name alone in a list another one follows, of which each would begin the line in its turn.
        let goes_on_in_words = || {
            let next = text[end..].strip_prefix(' ');
            next.is_some_and(|next| {
                next[run_end(next, 0)..].is_empty() || run_end(next, 0) != '王'.len_utf8()
            })
        };
        // 何 文傑 溶血性貧血
        let opens = || {
            given.chars().nth(1).is_some()
                && (before.is_empty() || before.ends_with('\n'))
                && (text[end..].is_empty() || text[end..].starts_with(['、', '\n']) || goes_on_in_words())
                && is_given(given)
                && !words.is(given, &[Kind::Other, Kind::Place, Kind::Organisation, Kind::Surname])
        };
        let described = || is_person_behind(&text[end..]) || is_read_behind(&text[end..]) || opens();
        (short && is_name(given) && !other(given, "") && described())
            .then_some(Place { whole: run.start..end, value: run.start..end })
    })
}

/// Finds a surname of one kanji and a given name in katakana before an honorific: 尹ヘジン先生.
fn with_katakana(words: &Words, text: &str, run: &Range<usize>) -> Option<Place> {
    let surname = text[run.clone()].chars().next()?;
    let end = run_of(text, run.end, is_katakana_word);
    let given = &text[run.end..end];
    let honorific = HONORIFICS.iter().find(|word| text[end..].starts_with(**word))?;
    let fits = (2..=5).contains(&given.chars().count())
        && (is_surname(surname) || begins_others(surname))
        && begins_phrase(&text[..run.start])
        && *honorific != "様"
        && !words.is(given, &[Kind::Other, Kind::Place, Kind::Organisation])
        && !NO_KATAKANA.ends(given);
    fits.then_some(Place { whole: run.start..end + honorific.len(), value: run.start..end })
}

/// Tests for a reading in katakana in brackets, of two parts: (チョウ レイ).
fn is_read_behind(behind: &str) -> bool {
    let Some(inner) = behind.strip_prefix('(') else { return false };
    let length = run_up_to(LONGEST_READING, inner, 0, |c| is_katakana(c) || matches!(c, 'ー' | ' ' | '・'));
    inner[..length].contains([' ', '・']) && inner[length..].starts_with([')', '/'])
}

/// The longest reading in brackets, in characters.
const LONGEST_READING: usize = 14;

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
    let head = &head[..run_before(MOST_FOREIGN, head, hangul)];
    let from = run_before(5, head, is_kanji);
    let kanji = head.len() - from;
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
        && (!run.ends_with(['代', '朝', '国', '文'])
            || run.chars().count() == 3 && (age_behind(behind) || honorific(behind).is_some()))
        && !words.is(run, &[Kind::Other, Kind::Place, Kind::Organisation])
}

//! House numbers and buildings: 2丁目8番1号, 1-2-3, 1234番地の5, 北1条西2丁目, コーポ青葉203号室.

use super::reading::char_at;
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// A house number.
pub struct HouseNumber {
    /// Its end.
    pub end: usize,
    /// Count of numbers in it.
    pub count: usize,
    /// True if one of its units is used in addresses only.
    pub sure: bool,
}

/// Units behind a number, longest first.
const UNITS: [&str; 13] =
    ["番外地", "丁目", "番地", "番町", "号室", "号地", "街区", "地割", "番", "号", "条", "線", "丁"];

/// The most numbers that a house number has: 北1条西2丁目3番地4-5.
const MOST_NUMBERS: usize = 6;

/// Words in the names of buildings in which people live.
pub const HOMES: [&str; 22] = [
    "マンション",
    "アパート",
    "ハイツ",
    "コーポ",
    "メゾン",
    "荘",
    "レジデンス",
    "パレス",
    "タワー",
    "団地",
    "ハウス",
    "ヴィラ",
    "ビラ",
    "グラン",
    "シャトー",
    "ガーデン",
    "ハイム",
    "カーサ",
    "プラザ",
    "コート",
    "ロイヤル",
    "住宅",
];

/// Further words in the names of buildings.
const BUILDINGS: [&str; 12] = [
    "ビル",
    "ヒルズ",
    "寮",
    "フラット",
    "サンハイツ",
    "ドエル",
    "エステート",
    "キャッスル",
    "棟",
    "館",
    "アーバン",
    "ステージ",
];

/// Reads the house number that begins at `at`.
pub fn house_number(text: &str, at: usize) -> Option<HouseNumber> {
    let mut number = HouseNumber { end: at, count: 0, sure: false };
    let mut rest = &text[at..];
    loop {
        let length = number_length(rest);
        if length == 0 || number.count == MOST_NUMBERS {
            break;
        }
        rest = &rest[length..];
        number.count += 1;
        number.end = text.len() - rest.len();
        if let Some((unit, behind)) = UNITS.iter().find_map(|unit| Some((unit, rest.strip_prefix(unit)?))) {
            number.sure |=
                matches!(*unit, "丁目" | "番地" | "番町" | "番外地" | "街区" | "地割") || number.count > 1;
            rest = behind;
            number.end = text.len() - rest.len();
        }
        rest = joint(rest);
    }
    // 2-13-2F: a floor closes it.
    let floor = text[number.end..].strip_prefix('F').filter(|_| number.count >= 3);
    if floor.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric())) {
        number.end += 1;
    }
    let written = &text[at..number.end];
    let ascii = written.is_ascii();
    let unit = char_at(text, number.end).is_some_and(|c| {
        c.is_ascii_alphanumeric() || "年月日時分秒歳才回人例件名個本度倍割点錠週〜%℃/.:,".contains(c)
    });
    let unit = unit
        || ["か月", "か所", "か国", "かい", "階", "床"]
            .iter()
            .any(|unit| text[number.end..].starts_with(unit));
    let plain = ascii && (number.count > 4 || is_date(written) || unit);
    (number.count > 0 && !plain).then_some(number)
}

/// Returns the length in bytes of up to five ASCII digits, or of kanji numerals before a unit, at the start.
fn number_length(rest: &str) -> usize {
    let digits = rest.bytes().take(6).take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        return if digits <= 5 { digits } else { 0 };
    }
    let numerals = rest.chars().take(5).take_while(|&c| "〇一二三四五六七八九十百".contains(c)).count();
    let length = 3 * numerals;
    let unit = UNITS.iter().any(|unit| rest[length..].starts_with(unit));
    // 二の七の四, 三-一-七, 二二一一
    let is_numeral = |rest: &str| rest.starts_with(|c| "〇一二三四五六七八九".contains(c));
    let joined = ["-", "の"].iter().any(|joint| rest[length..].strip_prefix(joint).is_some_and(is_numeral));
    let goes_on = rest[length..].starts_with(|c: char| is_kanji(c));
    if numerals <= 4
        && (unit
            || numerals > 0 && joined
            || numerals > 0 && !goes_on && numerals != 1
            || numerals == 1 && last_of(rest, length))
    {
        length
    } else {
        0
    }
}

/// Tests that nothing but a particle or a sign follows one numeral, as behind the last joint of 二の七の四.
fn last_of(rest: &str, length: usize) -> bool {
    let behind = &rest[length..];
    behind.is_empty() || behind.starts_with([' ', '、', '。', ')', '」', 'と', 'の', 'に', 'へ', 'で'])
}

/// Strips the joint between two numbers; returns `rest` unchanged where no number follows.
fn joint(rest: &str) -> &str {
    let joined = rest.trim_start_matches([' ', '\n']);
    let joined = ["-", "の", "ノ"].iter().find_map(|joint| joined.strip_prefix(joint)).unwrap_or(joined);
    let joined = joined.trim_start_matches(['\n']);
    // Spaces alone join only what a unit has closed: 2丁目 8番.
    let spaces_only = joined.len() < rest.len() && rest[..rest.len() - joined.len()].trim().is_empty();
    if number_length(joined) > 0 && (!spaces_only || closes(joined)) {
        return joined;
    }
    // 北1条西2丁目: a direction stands before the next number.
    let direction = rest.strip_prefix(['東', '西', '南', '北']).filter(|behind| number_length(behind) > 0);
    direction.unwrap_or(rest)
}

/// Tests for a unit or a dash behind the number at the start.
fn closes(rest: &str) -> bool {
    let behind = &rest[number_length(rest)..];
    behind.starts_with('-') || UNITS.iter().any(|unit| behind.starts_with(unit))
}

/// Tests whether digits with dashes are a date.
fn is_date(written: &str) -> bool {
    let mut parts = written.split('-').map(|part| part.parse::<u16>().unwrap_or(0));
    let (year, month) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    (1850..=2100).contains(&year) && (1..=12).contains(&month)
}

/// Units of rooms, floors and houses of an estate, longest first.
const ROOM_UNITS: [&str; 9] = ["号室", "号棟", "号館", "号", "棟", "階", "室", "館", "F"];

/// Buildings without a name, of which a floor tells nothing: アパート2階.
const NAMELESS: [&str; 4] = ["アパート", "マンション", "団地", "住宅"];

/// Returns the end of building and room behind a house number that ends at `end`; `end` if there is none.
pub fn building_end(text: &str, end: usize) -> usize {
    if let Some(end) = unnamed_end(text, end).or_else(|| katakana_end(text, end)) {
        return end;
    }
    let rest = text[end..].strip_prefix([' ', '\n']).unwrap_or(&text[end..]);
    let is_name =
        |c: char| is_kanji(c) || is_katakana(c) || c == 'ー' || c == '・' || c.is_ascii_alphabetic();
    let length: usize = rest.chars().take(20).take_while(|&c| is_name(c)).map(char::len_utf8).sum();
    let named = HOMES.iter().chain(&BUILDINGS).any(|building| rest[..length].contains(building));
    let length = if named { Some(length) } else { kana_building(rest) };
    let (name, behind) = rest.split_at(length.unwrap_or(0));
    let from = if name.is_empty() { end } else { text.len() - behind.len() };
    let mut room = from + kana_before_room(&text[from..], named);
    let mut rooms = 0;
    while let Some((behind, unit)) = room_at(text, room).filter(|_| rooms < 3) {
        let floor_only = rooms == 0 && unit == "階" && NAMELESS.contains(&name);
        let alone = name.is_empty() && rooms == 0 && !matches!(unit, "号室" | "号棟");
        if floor_only || alone {
            return end;
        }
        (room, rooms) = (behind, rooms + 1);
    }
    if rooms > 0 { room } else { from }
}

/// The fewest characters of katakana that begin the name of a building without a word for one.
const SHORTEST_BUILDING: usize = 3;

/// Returns the end of a building and its room of three digits or more, whose name begins in katakana: コスモ栄259,
/// プレサンス805号.
fn katakana_end(text: &str, end: usize) -> Option<usize> {
    let rest = text[end..].strip_prefix(' ').unwrap_or(&text[end..]);
    let kana = |c: &char| is_katakana(*c) || *c == 'ー';
    let begins = rest.chars().take_while(kana).count() >= SHORTEST_BUILDING;
    let is_name = |c: &char| kana(c) || is_kanji(*c);
    let length: usize = rest.chars().take(16).take_while(is_name).map(char::len_utf8).sum();
    let digits = rest[length..].bytes().take_while(u8::is_ascii_digit).count();
    let behind = &rest[length + digits..];
    let behind = behind.strip_prefix("号室").or_else(|| behind.strip_prefix('号')).unwrap_or(behind);
    let closed = behind.is_empty() || behind.starts_with([' ', '、', '。', ')', '\n', 'の', 'に', 'へ']);
    (begins && (3..=4).contains(&digits) && closed).then(|| text.len() - behind.len())
}

/// Returns the end of a house of an estate and its room behind a comma: 2-14、4号棟205.
fn unnamed_end(text: &str, end: usize) -> Option<usize> {
    let rest = text[end..].strip_prefix('、')?;
    let rest = rest.strip_prefix('第').unwrap_or(rest);
    let digits = |rest: &str| rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let house = digits(rest);
    let behind = rest[house..].strip_prefix("号棟").filter(|_| house > 0)?;
    let behind = &behind[digits(behind)..];
    let behind = behind.strip_prefix("号室").unwrap_or(behind);
    Some(text.len() - behind.len())
}

/// Length of the rest of a building's name in hiragana before a room: ハイツ|みどり|101.
fn kana_before_room(rest: &str, named: bool) -> usize {
    let length: usize = rest.chars().take(6).take_while(|&c| is_hiragana(c)).map(char::len_utf8).sum();
    let room = rest[length..].starts_with(|c: char| c.is_ascii_digit());
    if named && room && length >= 2 * 'あ'.len_utf8() && !rest.starts_with(['に', 'で', 'の', 'へ']) {
        length
    } else {
        0
    }
}

/// Returns the end of the number of a room or a house at `at`, behind a space at most, and its unit.
fn room_at(text: &str, at: usize) -> Option<(usize, &'static str)> {
    let rest = text[at..].strip_prefix(' ').unwrap_or(&text[at..]);
    let letter = usize::from(rest.starts_with(|c: char| c.is_ascii_uppercase()));
    let letter = letter + usize::from(letter > 0 && rest[letter..].starts_with('-'));
    let is_room = |b: &u8| b.is_ascii_digit() || *b == b'-';
    let digits = rest[letter..].bytes().take(9).take_while(is_room).count();
    let behind = &rest[letter + digits..];
    if digits == 0 || !rest[letter..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let unit = ROOM_UNITS.iter().find(|unit| behind.starts_with(**unit));
    let unit = unit.copied().unwrap_or("");
    let quantity = unit.is_empty()
        && behind.starts_with(|c: char| c.is_ascii_alphanumeric() || "人名歳才年月日時回%.".contains(c));
    (!quantity).then(|| (text.len() - behind.len() + unit.len(), unit))
}

/// Returns the end of a building whose name has hiragana or a number: 第3ひかり荘, みどりハイツ2号棟.
fn kana_building(rest: &str) -> Option<usize> {
    let is_name = |c: char| {
        is_kanji(c)
            || is_katakana(c)
            || c == 'ー'
            || c.is_ascii_alphanumeric()
            || is_hiragana(c) && !"にはをでがへとの".contains(c)
    };
    let length: usize = rest.chars().take(14).take_while(|&c| is_name(c)).map(char::len_utf8).sum();
    let name = &rest[..length];
    HOMES.iter().chain(&BUILDINGS).filter_map(|building| Some(name.find(building)? + building.len())).min()
}

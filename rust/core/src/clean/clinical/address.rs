//! Street addresses.

use std::ops::Range;
use std::sync::LazyLock;

use super::category::{Category, Place};
use super::house_number::{HOMES, building_end, house_number};
use super::list::List;
use super::lot::{is_lot, lived_in, lot};
use super::reading::{after_label, labelled};
use super::street;
use super::{address_kana, address_latin, address_words};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "address",
    tag: "〔*住所〕",
    what: "prefecture, city or town with a house number (丁目, 番地, 1-2-3) and a building; anything with a city behind 住所",
    source: "住居表示に関する法律 2; 地方自治法 1-3 (prefectures, cities, wards, towns, villages)",
    words: address_words::WORDS,
    read,
    examples: &[
        Example { before: "東京都新宿区西新宿2-8-1に在住", after: "に在住", why: "dashes" },
        Example {
            before: "札幌市中央区北1条西2丁目3番4号、独居", after: "、独居", why: "no prefecture"
        },
        Example {
            before: "神奈川県横浜市西区みなとみらい1-2-3 コーポ青葉203号室",
            after: "",
            why: "kana in the town, and a building",
        },
        Example {
            before: "大字下田1234番地の5に転居", after: "に転居", why: "a town and 番地"
        },
        Example {
            before: "住所:埼玉県さいたま市浦和区 夫と同居",
            after: " 夫と同居",
            why: "a label, no number",
        },
        Example {
            before: "東京都の病院、東京都新宿区で2021-03-04に発症、市中肺炎、区域4-5",
            after: "東京都の病院、東京都新宿区で2021-03-04に発症、市中肺炎、区域4-5",
            why: "no house number",
        },
    ],
};

/// Cities whose name is in hiragana, which the way back from 市 would not reach.
static KANA_CITIES: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "南あわじ さいたま つくばみらい つくば いわき ひたちなか かすみがうら みどり いすみ うるま みやま うきは えびの たつの さぬき かほく にかほ \
         つがる むつ みよし あわら",
    )
});

/// Particles and phrases in kana with which a sentence goes on behind the name of a place.
static PHRASES: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "では には から まで より にて での とは における において によ にあ である でも にも として という だけ など について および",
    )
});

/// The longest name of a town, in characters.
const LONGEST_TOWN: usize = 24;

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    match &text[word.clone()] {
        "丁目" | "番地" => before_unit(text, &word).or_else(|| lot(text, &word)),
        turn if street::TURNS.contains(&turn) => street::around(text, &word),
        "号室" => apartment(text, &word),
        "団地" | "営住宅" => estate(text, &word),
        "市" | "区" | "郡" => {
            let start = place_start(text, word.start);
            let end = rest_of_address(text, word.end).or_else(|| lived_in(text, &word))?;
            (start < word.start).then_some(Place { whole: start..end, value: start..end })
        }
        label if label.starts_with(is_katakana) => address_kana::around(text, &word),
        label if label.starts_with('-') => address_latin::around(text, &word),
        label if label.ends_with(['所', '地', '籍', '先']) || label.is_ascii() => {
            behind_label(text, &word)
        }
        _ => {
            let end = rest_of_address(text, word.end)?;
            let start = postal_code_start(text, word.start);
            Some(Place { whole: start..end, value: start..end })
        }
    }
}

/// Ends of labels before a postal code.
const LABELS_OF_CODES: [&str; 10] = ["〒", "〠", "番号", "コード", "は", "code", "Code", "zip", "ZIP", "Zip"];

/// Returns the start of a postal code without its mark before an address; `at` if there is none.
fn postal_code_start(text: &str, at: usize) -> usize {
    let head = text[..at].trim_end_matches([' ', '\n']);
    let is_code = |b: &&u8| b.is_ascii_digit() || **b == b'-';
    let length = head.as_bytes().iter().rev().take(9).take_while(is_code).count();
    let code = &head[head.len() - length..];
    let fits = code.len() == 8 && code.find('-') == Some(3) && code.rfind('-') == Some(3);
    let head = &head[..head.len() - length];
    let apart = !head.ends_with(|c: char| c.is_ascii_alphanumeric() || "./".contains(c));
    // A code behind its mark or label is a category of its own.
    let label = head.trim_end_matches([' ', ':', '(', '】', '\n']);
    let marked = LABELS_OF_CODES.iter().any(|end| label.ends_with(end));
    if fits && apart && !marked { head.len() } else { at }
}

/// Behind a label: an address, or a place down to its city.
fn behind_label(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_label(text, word.end);
    if start == word.end {
        return None;
    }
    // 所在地の市町村長 goes on as a sentence.
    let destination = text[..word.end].ends_with('先') && text[word.end..start].contains('は');
    let sentence = text[word.end..start].ends_with('の') || destination;
    let end = rest_of_address(text, start).or_else(|| {
        if sentence {
            return None;
        }
        let length: usize =
            text[start..].chars().take(LONGEST_TOWN).take_while(|&c| is_town(c)).map(char::len_utf8).sum();
        let place = &text[start..start + length];
        let place = &place[..place.rfind(['都', '道', '府', '県', '市', '区', '町', '村'])?];
        (!place.is_empty()).then(|| number_after(text, start + length))
    })?;
    Some(labelled(text, word, start..end))
}

/// Returns the end of a house number and a building right behind a place; `end` if there is none.
fn number_after(text: &str, end: usize) -> usize {
    let number = house_number(text, end).filter(|number| !text[number.end..].starts_with(['名', '世']));
    number.map_or(end, |number| building_end(text, number.end))
}

/// The address around 丁目 or 番地.
fn before_unit(text: &str, word: &Range<usize>) -> Option<Place> {
    let digits = number_start(text, word.start);
    let start = place_start(text, digits);
    let end = building_end(text, house_number(text, digits)?.end);
    (digits < word.start && text[start..digits].chars().count() >= 2)
        .then_some(Place { whole: start..end, value: start..end })
}

/// The building and the number of the room before 号室: コーポ青葉203号室.
fn apartment(text: &str, word: &Range<usize>) -> Option<Place> {
    let digits = text[..word.start].bytes().rev().take(4).take_while(u8::is_ascii_digit).count();
    let at = word.start - digits;
    let is_name = |c: char| is_kanji(c) || is_katakana(c) || is_hiragana(c) || c == 'ー';
    let length: usize =
        text[..at].chars().rev().take(16).take_while(|&c| is_name(c)).map(char::len_utf8).sum();
    let name = &text[at - length..at];
    let homes = HOMES.iter().chain(&["ライオンズ", "シティ"]);
    let first = homes.filter_map(|home| name.find(home)).min()?;
    let closes = name.ends_with(['荘', '地', '宅']);
    let start = if closes { at - length } else { at - length + first };
    (digits >= 2).then_some(Place { whole: start..word.end, value: start..word.end })
}

/// The house and the room behind an estate: 都営若葉台団地5-14-302.
fn estate(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = place_start(text, word.start);
    let name = text[start..word.end].chars().nth(3).is_some();
    let number = house_number(text, word.end).filter(|number| number.count >= 3 && name)?;
    Some(Place { whole: start..number.end, value: start..number.end })
}

/// Returns the start of the digits or numerals that end at `end`.
fn number_start(text: &str, end: usize) -> usize {
    let is_number = |c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c);
    text[..end].char_indices().rev().take(6).take_while(|&(_, c)| is_number(c)).last().map_or(end, |(i, _)| i)
}

/// Returns the start of the place name that ends at `end`: kanji and katakana, or a city in hiragana.
fn place_start(text: &str, end: usize) -> usize {
    let is_place = |c: char| is_kanji(c) || is_katakana(c) || c == 'ー' || c.is_ascii_digit();
    let run = text[..end].char_indices().rev().take(LONGEST_TOWN).take_while(|&(_, c)| is_place(c));
    let start = run.last().map_or(end, |(i, _)| i);
    let digits = text[start..end].bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        return start + digits;
    }
    let kana = KANA_CITIES.at_end(&text[..start]).next().filter(|_| text[start..].starts_with('市'));
    kana.map_or(start, |city| start - city.len())
}

/// Returns the end of the address (town, house number, building) that follows the place name before `at`.
fn rest_of_address(text: &str, at: usize) -> Option<usize> {
    let (town_end, particle) = town_end(text, at)?;
    let number = house_number(text, town_end)?;
    let town = text[at..town_end].trim_matches(' ');
    if ["域", "分", "間", "画", "切", "別"].iter().any(|other| town.starts_with(other)) {
        return None;
    }
    // One number, where a city and a town with its own ending stand before it.
    let single = number.count == 1
        && !particle
        && town.chars().count() >= 2
        && !text[number.end..].starts_with(|c: char| is_kanji(c) && !"在番号居宅方付".contains(c))
        && !town.contains(['\n', ' '])
        && town.chars().all(|c| is_kanji(c) || "るりルノヶのイロハニホヘト".contains(c))
        && (is_lot(text, town, town_end, number.end)
            || is_whole(&text[..at], town, &text[number.end..])
            || town.ends_with(['条', '通', '甲', '乙', '丙'])
            || town.contains(['町', '字', '村', '郡'])
            || ["在住", "居住", "に在住", "に居住", "に住"]
                .iter()
                .any(|lives| text[number.end..].starts_with(lives)));
    let sure = single
        || number.sure
        || number.count >= 3 && !particle
        || number.count == 2 && !particle && !town.is_empty();
    sure.then(|| building_end(text, number.end))
}

/// Ends of words for institutions behind the name of a city, which are no towns.
const INSTITUTIONS: &str = "院所館店社会校園署庁局科室部駅団課係棟医内";

/// Tests for a town behind its prefecture and city, whose number closes the phrase: 兵庫県姫路市飾磨区英賀保73.
fn is_whole(before: &str, town: &str, behind: &str) -> bool {
    let name = town.rfind(['市', '区', '郡', '町', '村']).map_or("", |i| &town[i..]);
    before.ends_with(['都', '道', '府', '県'])
        && name.chars().count() > 2
        && !name.ends_with(|c| INSTITUTIONS.contains(c))
        && (behind.is_empty() || behind.starts_with([' ', '、', '。', ')', '\n', '番', '号']))
}

/// Returns the start of the first number behind a town name, and true if a lone kana is in the name.
fn town_end(text: &str, at: usize) -> Option<(usize, bool)> {
    let mut particle = false;
    let mut kana = at;
    let mut spaces = 0;
    for (i, c) in text[at..].char_indices().take(LONGEST_TOWN) {
        let here = at + i;
        if !is_hiragana(c) {
            particle |= !is_town_kana(&text[kana..here], c);
            if here - kana >= 6 && PHRASES.begins(&text[kana..]) {
                return None;
            }
            kana = here + c.len_utf8();
        }
        let numeral = "一二三四五六七八九十".contains(c);
        let kanji_number = || {
            house_number(text, here).is_some_and(|number| {
                number.sure
                    || number.count >= 3
                    || text[here..number.end].chars().count() >= 4
                    || text[here..number.end].ends_with('丁')
            })
        };
        if c.is_ascii_digit() || numeral && kanji_number() {
            return Some((here, particle));
        }
        match c {
            ' ' | '\n' if spaces < 2 => spaces += 1,
            c if is_town(c) => {}
            _ => return None,
        }
    }
    None
}

/// Tests whether hiragana before `next` are part of a town name: none, a word of three, が in 緑が丘.
fn is_town_kana(kana: &str, next: char) -> bool {
    kana.is_empty()
        || kana.chars().count() >= 3
        || kana == "の" && (next.is_ascii_digit() || "内宮庄里丘木森浜上下山手台町原谷島坂塚".contains(next))
        || matches!(kana, "る" | "り") // 下る, 上る, 通り
        || kana == "が" && "丘谷浜原台関峰崎池島森塚瀬岳根野".contains(next)
}

fn is_town(c: char) -> bool {
    is_kanji(c) || is_katakana(c) || is_hiragana(c) || matches!(c, 'ー' | '々')
}

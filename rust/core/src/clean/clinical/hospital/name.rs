//! Names before a word for an institution.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::category::TAG_BEGIN;
use super::super::list::List;
use super::super::names::{Words as Names, is_known_word, is_place_or_name, is_single};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

pub static GENERAL: LazyLock<List> = LazyLock::new(|| List::read(include_str!("lists/general.txt")));
static LEADING: LazyLock<List> = LazyLock::new(|| List::read(include_str!("lists/leading.txt")));

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 12;

/// Particles at which a name in hiragana is cut off from the words before it.
const PARTICLES: [char; 12] = ['に', 'を', 'は', 'が', 'で', 'と', 'へ', 'の', 'も', 'り', 'ら', 'て'];

/// Strips general words of `least` characters or more off the end of `text`.
pub fn strip_general(mut text: &str, least: usize) -> &str {
    let long = |word: &&str| word.chars().count() >= least;
    while let Some(length) = GENERAL.at_end(text).filter(long).map(str::len).max() {
        text = &text[..text.len() - length];
    }
    text
}

/// Ends of names of places that follow kana: みなみ野, くるみ台.
const ENDS_OF_PLACES: &str = "野台丘里森杜浜原町谷沢川上坂島山塚池";

/// Takes the hiragana before a name's kanji: みなみ野, 桔梗が丘, やすらぎの丘.
fn mixed_start(names: &Names, text: &str, start: usize, at: usize, from: usize) -> usize {
    let head = &text[from..start];
    let name = &text[start..at];
    let joined = name.starts_with(|c| ENDS_OF_PLACES.contains(c)) && name.chars().count() <= 2;
    if !joined || !head.ends_with(is_hiragana) {
        return start;
    }
    if let Some(rest) = head.strip_suffix(['が', 'の', 'つ']) {
        let is_part = |c: &char| is_kanji(*c) || is_katakana(*c);
        let length: usize = rest.chars().rev().take(6).take_while(is_part).map(char::len_utf8).sum();
        if length > 0 {
            return from + rest.len() - length;
        }
        let kana = hiragana_start(names, text, from + rest.len(), from);
        return if kana < from + rest.len() { kana } else { start };
    }
    hiragana_start(names, text, start, from)
}

/// Returns the start of the name that ends at `at`; `at` if there is none.
pub fn name_start(names: &Names, text: &str, at: usize, from: usize) -> usize {
    let rest = &text[from..at];
    let Some(last) = rest.chars().next_back() else { return at };
    if is_hiragana(last) {
        return hiragana_start(names, text, at, from);
    }
    let in_name = |c: char| {
        is_kanji(c)
            || is_katakana(c)
            || matches!(c, 'ー' | '○' | '◯' | '●' | 'ヶ' | 'ノ')
            || c.is_ascii_uppercase()
    };
    let length: usize =
        rest.chars().rev().take(LONGEST_NAME).take_while(|&c| in_name(c)).map(char::len_utf8).sum();
    let mut start = at - length;
    while let Some(length) = LEADING.at_start(&text[start..at]).map(str::len).max() {
        start += length;
    }
    // 虹の橋病院: の is within the name where one kanji follows.
    let single = text[start..at].chars().count() == 1
        && text[start..at].starts_with(|c| "風橋丘森里杜家郷園泉花空海星木道葉音虹門宮子実浦沢".contains(c));
    if single && let Some(rest) = text[from..start].strip_suffix('の') {
        let in_part = |c: &char| is_kanji(*c) || is_hiragana(*c) || is_katakana(*c);
        let length: usize = rest.chars().rev().take(4).take_while(in_part).map(char::len_utf8).sum();
        return from + rest.len() - length;
    }
    start
}

/// Kanji with which a name of a practice or a home goes on in hiragana.
const NATURE: &str = "陽花虹風森海空星月光桜梅桃里丘木緑若朝夕水";

fn hiragana_start(names: &Names, text: &str, at: usize, from: usize) -> usize {
    let rest = &text[from..at];
    let length: usize = rest
        .chars()
        .rev()
        .take(LONGEST_NAME)
        .take_while(|&c| is_hiragana(c) || c == 'ー')
        .map(char::len_utf8)
        .sum();
    let run = &text[at - length..at];
    // 陽だまり
    if let Some(kanji) = text[from..at - length].chars().next_back().filter(|&c| NATURE.contains(c))
        && (2..=4).contains(&run.chars().count())
        && !run.starts_with(|c| PARTICLES.contains(&c))
    {
        let start = at - length - kanji.len_utf8();
        if start == 0 || text[..start].ends_with([' ', '\n', '(', '「', ':', '、', '。']) {
            return start;
        }
    }
    // 柳通り, 菜の花通り
    if run == "り" && text[..at].ends_with("通り") {
        return name_start(names, text, at - "通り".len(), from);
    }
    let mut starts = run.char_indices().map(|(i, _)| i).filter(|&i| run[i..].chars().count() >= 2);
    let before = text[..at - length].chars().next_back();
    let whole = before.is_none_or(|c| !is_kanji(c))
        && !run.starts_with(|c| PARTICLES.contains(&c))
        && run.chars().count() <= 7;
    if whole {
        return at - length;
    }
    let known = starts.find(|&i| {
        is_known_word(names, &run[i..]) && (i == 0 || run[..i].ends_with(|c| PARTICLES.contains(&c)))
    });
    let cut = || {
        run.char_indices()
            .find(|&(i, c)| i < 9 && PARTICLES.contains(&c) && run[i + c.len_utf8()..].chars().count() >= 3)
            .map(|(i, c)| i + c.len_utf8())
    };
    known.or_else(cut).map_or(at, |i| at - length + i)
}

/// Finds a name before the word at `word`; `from` is the end of the one before.
pub fn before(names: &Names, text: &str, word: Range<usize>, from: usize) -> Option<Range<usize>> {
    if text[..word.start].ends_with(TAG_BEGIN) {
        return None;
    }
    // 松本 and 東都 end in what is general by itself.
    let at = from + strip_general(&text[from..word.start], 2).len();
    let start = mixed_start(names, text, name_start(names, text, at, from), at, from);
    let proper = strip_general(&text[start..at], 2);
    // 泉医院: a surname of one kanji.
    let practice =
        ["医院", "クリニック", "診療所", "歯科", "薬局"].iter().any(|end| text[word.clone()].ends_with(end));
    let single = practice
        && proper == &text[start..at]
        && (is_single(proper)
            || text[..start].is_empty()
            || text[..start].ends_with([' ', '\n', '、', '。', '(', '「', ':']))
        && !"前後古新東西南北中当他同各本某両近医院内外上下左右元".contains(proper)
        && !text[..start].ends_with(is_kanji);
    if is_score(&text[word.end..]) {
        return None;
    }
    if single {
        return Some(start..forward(text, word.end));
    }
    if proper.is_empty() || !begins_name(proper) || GENERAL.contains(proper) || is_phrase(proper) {
        return None;
    }
    let start = with_owner(text, start, from);
    Some(start..forward(text, word.end))
}

/// Tests for a scale or a method that has the name of an institution.
fn is_score(behind: &str) -> bool {
    let start: usize = behind.chars().take(6).map(char::len_utf8).sum();
    ["スコア", "分類", "スケール", "尺度"].iter().any(|word| {
        behind.find(word).is_some_and(|at| {
            at <= start && behind[..at].chars().all(|c| is_kanji(c) || is_katakana(c) || c == 'ー')
        })
    })
}

/// Finds the name before a word for an institution in brackets: やすらぎの里(特養).
pub fn bracketed(names: &Names, text: &str, word: &Range<usize>, from: usize) -> Option<Range<usize>> {
    let rest = text[from..word.start].strip_suffix('(')?;
    if !text[word.end..].starts_with(')') {
        return None;
    }
    let at = from + rest.len();
    let start = mixed_start(names, text, name_start(names, text, at, from), at, from);
    let name = strip_general(&text[start..at], 2);
    let ends = name.ends_with(|c| "苑園荘館家里郷舎邸庵亭丘森風杜会町".contains(c));
    let kana = name.contains(|c: char| is_katakana(c) || is_hiragana(c));
    let known = || is_place_or_name(names, name);
    (name.chars().count() >= 2 && (ends || kana || known())).then_some(start..at)
}

/// Tests for kana that end a phrase rather than a name: ために, した, くの.
pub fn is_phrase(name: &str) -> bool {
    static ENDS: LazyLock<List> = LazyLock::new(|| {
        List::read(
            "ために たら だったら から した もつ くの など まま ここ ここは ここが この こちらの しばらく ながら なく ため のため された られた できる \
             する いる ある なら ので のに また させ われ なり はなく そろそろ そのことは いるのは その あの どの こと もの よう より まで のみ だけ",
        )
    });
    let kana: usize = name.chars().rev().take_while(|&c| is_hiragana(c)).map(char::len_utf8).sum();
    let kana = &name[name.len() - kana..];
    ENDS.at_end(kana).any(|end| end.len() == kana.len() || end.chars().count() > 2)
        || matches!(name, "明日" | "半年間" | "月間" | "内服" | "学校" | "矯正" | "認定")
}

/// Tests that a word may be a name: it is no numeral and no single kanji of a general word.
fn begins_name(name: &str) -> bool {
    let single = name.chars().count() == 1 && name.starts_with(is_kanji);
    !single && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Takes what belongs to a name before it: 県立, 国立病院機構.
pub fn with_owner(text: &str, mut start: usize, from: usize) -> usize {
    static OWNERS: LazyLock<List> = LazyLock::new(|| {
        List::read(
            "済生会 徳洲会 赤十字 地域医療機能推進機構 国家公務員共済組合連合会 学校法人 県立 市立 国立 町立 都立 府立 区立 村立 公立 私立 国立病院機構 \
             独立行政法人 JA厚生連 厚生連 日本 JCHO",
        )
    });
    loop {
        let head = &text[from..start];
        let apart = head.strip_suffix(' ').unwrap_or(head);
        if let Some(length) = OWNERS.at_end(apart).map(str::len).max() {
            start = from + apart.len() - length;
            continue;
        }
        let is_part = |c: &char| is_kanji(*c) || is_katakana(*c);
        let length: usize = apart.chars().rev().take(8).take_while(is_part).map(char::len_utf8).sum();
        let owner = &apart[apart.len() - length..];
        let is_owner = owner.ends_with(['会', '団'])
            && owner.chars().count() > 2
            && !["医師会", "学会", "委員会", "研究会", "カンファ会"]
                .iter()
                .any(|other| owner.ends_with(other));
        if !is_owner {
            return start;
        }
        start = from + apart.len() - length;
    }
}

/// Takes a further word for an institution behind one: 医院, 病院 in 内科循環器科医院.
pub fn forward(text: &str, mut end: usize) -> usize {
    const FURTHER: [&str; 10] =
        ["医院", "クリニック", "病院", "循環器科", "内科", "外科", "小児科", "眼科", "分院", "本院"];
    while let Some(word) = FURTHER.iter().find(|word| text[end..].starts_with(**word)) {
        if !text[..end].ends_with('科') && *word != "分院" && *word != "本院" {
            break;
        }
        end += word.len();
    }
    end
}

/// Takes words that begin with a capital before a word in Latin letters.
pub fn in_latin(names: &Names, text: &str, word: Range<usize>, from: usize) -> Option<Range<usize>> {
    let short = word.len() <= 4;
    if text[word.end..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    if text[from..word.start]
        .ends_with(|c: char| is_kanji(c) || is_hiragana(c) || is_katakana(c) || c == 'ー')
    {
        // Hp is Helicobacter pylori too: the name is one of the dictionary.
        let place = before(names, text, word.clone(), from)?;
        let name = strip_general(&text[place.start..word.start], 1);
        return (!short || is_place_or_name(names, name)).then_some(place);
    }
    if short {
        return None;
    }
    const GENERAL: [&str; 13] = [
        "THE",
        "GENERAL",
        "UNIVERSITY",
        "LOCAL",
        "THIS",
        "OUR",
        "A",
        "AT",
        "IN",
        "OUTPATIENT",
        "PRIVATE",
        "COMMUNITY",
        "MEDICAL",
    ];
    if !text[word.clone()].starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let mut start = word.start;
    let mut named = false;
    while let Some(rest) = text[from..start].strip_suffix(' ') {
        let part = rest.rsplit([' ', '\n', '、', '。', ':', '(']).next().unwrap_or(rest);
        if !part.starts_with(|c: char| c.is_ascii_uppercase()) || !part.is_ascii() {
            break;
        }
        named |= !GENERAL.contains(&part.to_ascii_uppercase().as_str());
        start = from + rest.len() - part.len();
    }
    named.then_some(start..word.end)
}

/// Tests for what follows the name of a home: the end, a sign, a particle, or a word for who lives there.
pub fn closes(behind: &str) -> bool {
    static BEHIND: LazyLock<List> =
        LazyLock::new(|| List::read("に へ より から の を で 入所 退所 入居 デイ ショート さん 様"));
    behind.is_empty() || behind.starts_with(['、', '。', ' ', '\n', '(', ')', '」']) || BEHIND.begins(behind)
}

/// Finds a home by the ending of its name, in a phrase of its own.
pub fn home(names: &Names, text: &str, word: Range<usize>, from: usize) -> Option<Range<usize>> {
    let start = name_start(names, text, word.start, from);
    let length = text[start..word.start].chars().count();
    let ends = closes(&text[word.end..]);
    let apart = !text[..start].ends_with(|c: char| is_kanji(c));
    let name = &text[start..word.start];
    // 公園, 保育園: a home in kanji is announced by its kind.
    let kana = name.ends_with(is_hiragana);
    let fits = !matches!(&text[word.clone()], "園" | "寮" | "邸")
        || kana
        || text[word.clone()].starts_with('寮') && is_place_or_name(names, name);
    ((2..=6).contains(&length) && ends && apart && fits).then_some(start..word.end)
}

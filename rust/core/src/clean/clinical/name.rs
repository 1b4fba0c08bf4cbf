//! Names behind a label.

use std::ops::Range;

use super::category::{Category, Place};
use super::people::{begins_with_other_word, is_person, is_surname};
use super::reading::{begins_word, char_at, char_before, labelled};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "name",
    tag: "〔*氏名〕",
    what: "a name behind 患者氏名, 氏名, 主治医, フリガナ and the like; without a colon only one with a common surname",
    source: "labels of 診療情報提供書, 退院時要約 and consent forms",
    words: &[
        "患者氏名",
        "患者様氏名",
        "患者名",
        "患者様のお名前",
        "ご氏名",
        "氏名",
        "お名前",
        "名前",
        "姓名",
        "本人氏名",
        "患者カナ氏名",
        "カナ氏名",
        "氏名カナ",
        "氏名(カナ)",
        "氏名(漢字)",
        "フリガナ",
        "ふりがな",
        "家族氏名",
        "保護者氏名",
        "保護者名",
        "保護者",
        "代諾者",
        "代理人",
        "連絡者",
        "緊急連絡先氏名",
        "キーパーソン",
        "被保険者氏名",
        "世帯主氏名",
        "世帯主",
        "届出人",
        "署名",
        "記名",
        "主治医氏名",
        "主治医",
        "担当医氏名",
        "担当医師",
        "担当医",
        "担当看護師",
        "担当薬剤師",
        "担当者",
        "受持医",
        "受け持ち医",
        "受け持ち看護師",
        "受持看護師",
        "紹介医",
        "紹介元医師",
        "執刀医",
        "執刀者",
        "術者",
        "第一助手",
        "第二助手",
        "助手",
        "麻酔科医",
        "麻酔医",
        "記載者",
        "記録者",
        "報告者",
        "説明者",
        "同席者",
        "入力者",
        "承認者",
        "指導医",
        "読影医",
        "診断医",
        "病理医",
        "検査者",
        "処方医",
        "医師氏名",
        "医師名",
        "薬剤師名",
        "看護師名",
        "patient name",
        "name of patient",
        "患者name",
    ],
    read,
    examples: &[
        Example { before: "患者氏名:山田太郎 65歳", after: " 65歳", why: "kanji" },
        Example { before: "氏名 佐藤 花子 女性", after: " 女性", why: "two parts, no colon" },
        Example { before: "フリガナ:ヤマダ タロウ", after: "", why: "katakana" },
        Example { before: "Patient name: Taro Yamada, 65M", after: ", 65M", why: "Latin letters" },
        Example {
            before: "【氏名】高橋のぞみ様", after: "", why: "kana behind kanji; the honorific"
        },
        Example { before: "主治医:鈴木が説明", after: "が説明", why: "a particle ends it" },
        Example {
            before: "氏名:不詳、主治医が説明", after: "氏名:不詳、主治医が説明", why: "no name"
        },
        Example {
            before: "薬剤の名前を確認", after: "薬剤の名前を確認", why: "no mark behind the word"
        },
    ],
};

/// The longest run of kanji and of katakana or letters that is a part of a name.
const LONGEST_KANJI: usize = 7;
const LONGEST_KANA: usize = 12;

const HONORIFICS: [&str; 12] =
    ["様", "さま", "さん", "殿", "氏", "君", "くん", "ちゃん", "先生", "医師", "看護師", "薬剤師"];

/// Particles that may follow a name in hiragana.
const PARTICLES: [&str; 8] = ["より", "から", "が", "は", "を", "へ", "と", "に"];

/// Endings of runs of hiragana that are not part of a name.
const PHRASES: [&str; 22] = [
    "から",
    "まで",
    "より",
    "です",
    "のみ",
    "など",
    "にて",
    "ともに",
    "により",
    "による",
    "である",
    "では",
    "には",
    "とは",
    "への",
    "する",
    "した",
    "され",
    "です",
    "ます",
    "いる",
    "ない",
];

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    if !begins_word(text, word.start) {
        return None;
    }
    let (start, mark) = after_mark(text, word.end);
    let end = person_end(text, start)?;
    let sure = match mark {
        Mark::Colon => true,
        Mark::Space => {
            is_person(&text[start..end].replace([' ', '\n'], "")) || has_surname_part(&text[start..end])
        }
        Mark::None => return None,
    };
    if !sure {
        return None;
    }
    let mut place = labelled(text, &word, start..end);
    let behind = text[end..].strip_prefix(' ').unwrap_or(&text[end..]);
    if let Some(rest) = HONORIFICS.iter().find_map(|honorific| behind.strip_prefix(honorific))
        && !rest.starts_with(is_kanji)
    {
        place.whole.end = place.whole.end.max(text.len() - rest.len());
    }
    Some(place)
}

/// Mark between a label and a name: the evidence that a name follows.
#[derive(PartialEq)]
enum Mark {
    Colon,
    Space,
    None,
}

/// Returns the start of the name behind a label that ends at `end`, and the mark between them.
fn after_mark(text: &str, end: usize) -> (usize, Mark) {
    let mut mark = Mark::None;
    let mut at = end;
    while let Some(c) = char_at(text, at).filter(|_| at < end + 12) {
        match c {
            ':' | '】' | '〕' | ']' | '=' | '→' => mark = Mark::Colon,
            ')' | '」' if mark == Mark::None => mark = Mark::Colon,
            '(' | '「' | ' ' | '\n' | '\r' | 'は' => {
                if mark == Mark::None {
                    mark = Mark::Space;
                }
            }
            _ => break,
        }
        at += c.len_utf8();
    }
    (at, mark)
}

/// Tests whether the first of two parts is a common surname.
fn has_surname_part(name: &str) -> bool {
    name.split_once([' ', '\n']).is_some_and(|(surname, _)| is_surname(surname))
}

/// Returns the end of the name at `start`.
fn person_end(text: &str, start: usize) -> Option<usize> {
    let first = char_at(text, start)?;
    if begins_with_other_word(&text[start..]) {
        return None;
    }
    if is_kanji(first) {
        return kanji_name_end(text, start);
    }
    let is_part: fn(char) -> bool = match first {
        c if is_katakana(c) => |c| is_katakana(c) || matches!(c, 'ー' | '・'),
        c if is_hiragana(c) => is_hiragana,
        'A'..='Z' => |c| c.is_ascii_alphabetic() || matches!(c, '\'' | '-' | '.'),
        _ => return None,
    };
    let run = |at: usize| text[at..].chars().take(LONGEST_KANA + 1).take_while(|&c| is_part(c)).count();
    let bytes = |at: usize, count: usize| text[at..].chars().take(count).map(char::len_utf8).sum::<usize>();
    let length = run(start);
    if !(2..=LONGEST_KANA).contains(&length)
        || PHRASES.iter().any(|p| text[start..start + bytes(start, length)].ends_with(p))
    {
        return None;
    }
    let mut end = start + bytes(start, length);
    let next = text[end..].strip_prefix(", ").or_else(|| text[end..].strip_prefix(' '));
    if let Some(next) = next {
        let at = text.len() - next.len();
        let length = run(at);
        let capital = !first.is_ascii() || next.starts_with(|c: char| c.is_ascii_uppercase());
        if (2..=LONGEST_KANA).contains(&length) && capital && !begins_with_other_word(next) {
            end = at + bytes(at, length);
        }
    }
    let digits = char_at(text, end).is_some_and(|c| {
        c.is_ascii_digit() || is_kanji(c) && !HONORIFICS.iter().any(|h| text[end..].starts_with(h))
    });
    (!digits).then_some(end)
}

/// Returns the end of a surname with its given name, in kanji with kana behind them, with or without a space.
fn kanji_name_end(text: &str, start: usize) -> Option<usize> {
    let (end, length) = kanji_run(text, start);
    if length > LONGEST_KANJI || end == start {
        return None;
    }
    let kana = given_in_kana(text, end);
    if kana > end {
        return Some(kana);
    }
    // A space behind what can be a surname: the given name may follow.
    let first = &text[start..end];
    let incomplete = is_surname(first) || length <= 4 && !is_person(first);
    if let Some(next) =
        text[end..].strip_prefix(' ').filter(|next| incomplete && !begins_with_other_word(next))
    {
        let at = text.len() - next.len();
        let (given_end, given) = kanji_run(text, at);
        let after_kana = given_in_kana(text, given_end);
        if (1..=4).contains(&given) || after_kana > given_end {
            return Some(after_kana.max(given_end));
        }
        let katakana = next.chars().take(6).take_while(|&c| is_katakana(c) || c == 'ー').count();
        if (2..=5).contains(&katakana) {
            return Some(at + 3 * katakana);
        }
    }
    Some(end)
}

/// Returns the end of the kanji at `start`, before an honorific or another kind of character, and their number.
fn kanji_run(text: &str, start: usize) -> (usize, usize) {
    let (mut end, mut length) = (start, 0);
    for c in text[start..]
        .chars()
        .take(LONGEST_KANJI + 1)
        .take_while(|&c| is_kanji(c) || matches!(c, 'ヶ' | 'ケ' | 'ノ'))
    {
        let rest = &text[end..];
        if length > 0
            && HONORIFICS.iter().any(|h| rest.starts_with(h) && !rest[h.len()..].starts_with(is_kanji))
        {
            break;
        }
        end += c.len_utf8();
        length += 1;
    }
    (end, length)
}

/// Returns the end of a given name of two to four hiragana at `at`, without particles; `at` if there is none.
fn given_in_kana(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let length = rest.chars().take(LONGEST_KANA).take_while(|&c| is_hiragana(c)).count();
    let kana = &rest[..rest.chars().take(length).map(char::len_utf8).sum()];
    // A particle may stand behind it: 羽生 のぞみが来院.
    let particle = PARTICLES.iter().find_map(|particle| kana.strip_suffix(particle)).unwrap_or(kana);
    let honorific = HONORIFICS.iter().find_map(|h| kana.strip_suffix(h)).unwrap_or(particle);
    let phrase = PHRASES.iter().any(|phrase| honorific.ends_with(phrase))
        || honorific.starts_with(['は', 'が', 'を', 'に', 'で', 'と', 'へ']);
    let name = (2..=4).contains(&honorific.chars().count()) && !phrase;
    let apart = honorific.len() < kana.len()
        || !rest[kana.len()..].starts_with(|c| is_kanji(c) || is_katakana(c))
        || HONORIFICS.iter().any(|h| rest[kana.len()..].starts_with(h));
    let after_kanji = char_before(text, at).is_some_and(|c| is_kanji(c) || c == ' ');
    if name && apart && after_kanji { at + honorific.len() } else { at }
}

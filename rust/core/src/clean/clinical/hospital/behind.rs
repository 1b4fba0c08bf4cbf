//! Names behind a word for an institution: homes, stations of care, owners.

use std::ops::Range;

use super::super::names::{Words as Names, is_known_word, is_place_or_name};
use super::name::LONGEST_NAME;
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Finds a name behind the word: kana, or kanji that end as names of homes do.
pub fn behind(names: &Names, text: &str, word: Range<usize>) -> Option<Range<usize>> {
    const ENDS: &str = "園苑荘館家里郷舎邸庵亭花丘森風杜会";
    const NO_NAMES: [&str; 14] = [
        "センター",
        "スタッフ",
        "サービス",
        "ステーション",
        "リハビリ",
        "ケア",
        "プラン",
        "スペース",
        "フロア",
        "ナース",
        "ヘルパー",
        "ケアマネ",
        "ショート",
        "デイ",
    ];
    if let Some(place) = quoted(text, &word).or_else(|| mixed(text, &word)) {
        return Some(place);
    }
    let start = word.end
        + usize::from(text[word.end..].starts_with([' ', '「']))
        + if text[word.end..].starts_with('「') { '「'.len_utf8() - 1 } else { 0 };
    let run = |is: fn(char) -> bool| {
        start
            + text[start..]
                .chars()
                .take(LONGEST_NAME)
                .take_while(|&c| is(c))
                .map(char::len_utf8)
                .sum::<usize>()
    };
    let close = |end: usize| if text[end..].starts_with('」') { end + '」'.len_utf8() } else { end };
    let katakana = run(|c| is_katakana(c) || c == 'ー');
    if katakana > start + 3 {
        let name = &text[start..katakana];
        let kanji: usize =
            text[katakana..].chars().take(3).take_while(|&c| is_kanji(c)).map(char::len_utf8).sum();
        // ケアリッツ白金
        let place = is_place_or_name(names, &text[katakana..katakana + kanji]);
        let general = |rest: &str| rest.is_empty() || NO_NAMES.iter().any(|other| rest.starts_with(other));
        let other = NO_NAMES
            .iter()
            .any(|other| name.strip_prefix(other).is_some_and(|rest| *other != "ケア" || general(rest)));
        let end = if place { katakana + kanji } else { home(text, katakana) };
        return (!other).then(|| word.start..close(end));
    }
    let hiragana = run(is_hiragana);
    if hiragana > start {
        let name = &text[start..hiragana];
        let closing = name.ends_with('の')
            && name.chars().count() > 2
            && text[hiragana..].starts_with(['里', '家', '郷', '丘', '森', '杜', '園', '村', '庭']);
        let homes = if closing { hiragana + '里'.len_utf8() } else { home(text, hiragana) };
        if homes > hiragana && name.chars().count() >= 2 {
            return Some(word.start..close(homes));
        }
        let mut ends =
            name.char_indices().map(|(i, c)| i + c.len_utf8()).filter(|&i| name[..i].chars().count() >= 2);
        let known = ends.rfind(|&i| is_known_word(names, &name[..i]));
        let particle = name.starts_with(|c| "にをはがでとへのもやかだ".contains(c))
            || name.starts_with("まで")
            || name.starts_with("より");
        return known.filter(|&i| !particle || i > 6).map(|i| word.start..close(start + i)).or_else(|| {
            let cut = PARTICLES.iter().filter_map(|particle| name.strip_suffix(particle)).map(str::len).min();
            let length = cut.unwrap_or(name.len());
            (!particle && name[..length].chars().count() >= 3).then(|| word.start..close(start + length))
        });
    }
    let kanji = run(|c| is_kanji(c) || matches!(c, 'の' | 'ヶ'));
    let name = &text[start..kanji];
    let end = name
        .char_indices()
        .filter(|&(i, c)| i > 0 && ENDS.contains(c))
        .map(|(i, c)| i + c.len_utf8())
        .next()?;
    Some(word.start..close(start + end))
}

/// Particles behind a name in hiragana.
const PARTICLES: [&str; 15] =
    ["で", "に", "を", "は", "が", "へ", "の", "と", "も", "や", "から", "より", "まで", "にて", "など"];

/// Takes a name in quotation marks behind the word: ケアハウス『みのりの郷』.
fn quoted(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    const GENERAL: [&str; 8] = ["入所", "退所", "入居", "申込", "待機", "希望", "予定", "併設"];
    let rest = &text[word.end..];
    let (open, close) =
        [('「', '」'), ('『', '』'), ('【', '】')].into_iter().find(|&(open, _)| rest.starts_with(open))?;
    let (name, _) = rest[open.len_utf8()..].split_once(close)?;
    let fits = (2..=LONGEST_NAME).contains(&name.chars().count())
        && !GENERAL.iter().any(|other| name.contains(other));
    fits.then(|| word.start..word.end + open.len_utf8() + name.len() + close.len_utf8())
}

/// Takes a name of one kanji and hiragana behind the word: サ高住花みずき.
fn mixed(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    const NATURE: &str = "花虹風森海空星月光桜梅桃陽緑朝";
    let rest = text[word.end..].strip_prefix(' ').unwrap_or(&text[word.end..]);
    let start = text.len() - rest.len();
    let first = rest.chars().next().filter(|&c| NATURE.contains(c))?;
    let hiragana: usize =
        rest[first.len_utf8()..].chars().take(8).take_while(|&c| is_hiragana(c)).map(char::len_utf8).sum();
    let run = &rest[first.len_utf8()..first.len_utf8() + hiragana];
    let cut = PARTICLES.iter().filter_map(|particle| run.strip_suffix(particle)).map(str::len).min();
    let length = cut.unwrap_or(run.len());
    (run[..length].chars().count() >= 2).then_some(word.start..start + first.len_utf8() + length)
}

/// Finds the name behind a practice whose own word says its kind alone: こどもクリニックぽぽ, 在宅クリニック杜の風.
pub fn branch(text: &str, word: Range<usize>) -> Option<Range<usize>> {
    const KINDS: [&str; 2] = ["クリニック", "薬局"];
    if !KINDS.iter().any(|kind| text[word.clone()].ends_with(kind)) || word.len() <= "クリニック".len() {
        return None;
    }
    let rest = &text[word.end..];
    if PARTICLES.iter().any(|particle| rest.starts_with(particle)) {
        return None;
    }
    let hiragana: usize =
        rest.chars().take(LONGEST_NAME).take_while(|&c| is_hiragana(c)).map(char::len_utf8).sum();
    if hiragana > 0 {
        let run = &rest[..hiragana];
        let cut = PARTICLES.iter().filter_map(|particle| run.strip_suffix(particle)).map(str::len).min();
        let length = cut.unwrap_or(hiragana);
        return (length > 3).then_some(word.start..word.end + length);
    }
    let kanji = |at: usize| -> usize {
        rest[at..].chars().take(4).take_while(|&c| is_kanji(c)).map(char::len_utf8).sum()
    };
    let first = kanji(0);
    if rest[..first].ends_with('通') && rest[first..].starts_with('り') {
        return Some(word.start..word.end + first + 'り'.len_utf8());
    }
    let behind = rest[first..].strip_prefix(['の', 'が', 'ヶ'])?;
    let second = kanji(rest.len() - behind.len());
    (first > 0
        && second > 0
        && behind.starts_with(['風', '丘', '森', '里', '杜', '家', '郷', '園', '空', '海', '木', '道']))
    .then_some(word.start..word.end + rest.len() - behind.len() + behind.chars().next()?.len_utf8())
}

/// Takes the ending of a home's name at `at`: やすらぎ苑, さくらの家.
fn home(text: &str, at: usize) -> usize {
    ["苑", "園", "荘", "館", "家", "の家", "の里", "の郷", "の丘", "の森", "ホーム", "の杜", "センター"]
        .iter()
        .find(|end| text[at..].starts_with(**end))
        .map_or(at, |end| at + end.len())
}

/// Takes the name of a legal person behind its form, up to 会 or 団, else up to the first ending that others have.
pub fn owner(text: &str, word: Range<usize>) -> Option<Range<usize>> {
    let start = word.end + usize::from(text[word.end..].starts_with(' '));
    let mut length = 0;
    for c in text[start..].chars().take(LONGEST_NAME) {
        if !(is_kanji(c) || is_katakana(c) || is_hiragana(c) || c == 'ー') {
            break;
        }
        length += c.len_utf8();
        if "会団".contains(c) && length > c.len_utf8() {
            return Some(word.start..start + length);
        }
    }
    let named = ["の里", "の家", "の園", "の丘", "の森", "の郷", "の杜", "学園", "の村"];
    named
        .iter()
        .filter_map(|end| {
            text[start..start + length].find(end).filter(|&i| i > 0).map(|i| start + i + end.len())
        })
        .min()
        .map(|end| word.start..end)
}

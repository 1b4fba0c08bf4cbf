//! Universities, with their hospitals.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::list::List;
use super::super::names::{Words as Names, is_known_word, is_place_or_name};
use super::name::{name_start, strip_general};
use crate::clean::characters::{is_kanji, is_katakana};

/// Kinds of universities, and words before one that are no name.
static GENERAL: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "医科 歯科 薬科 看護 短期 女子 工業 教育 体育 音楽 国立 私立 公立 県立 市立 都立 府立 地方 総合 単科 外国 海外 有名 名門 通信制 年制 \
         志望 志願 出身 卒業 在籍 近隣 進学先 農業 商科 医療",
    )
});

/// Words behind it that are part of the name.
static PARTS: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "医学部 歯学部 薬学部 附属 付属 総合 医療センター がんセンター 病院 歯科病院 救命救急センター 分院 本院 大学院 医学研究所 第一 第二 第三 記念 \
         リハビリテーションセンター",
    )
});

/// Words behind the name of a university by which it is a scale's or a method's.
const THINGS: [&str; 8] = ["スコア", "式", "分類", "基準", "方式", "スケール", "尺度", "法"];

/// Finds the name of a university before the word at `word`; `from` is the end of the name before.
pub fn university(names: &Names, text: &str, word: Range<usize>, from: usize) -> Option<Range<usize>> {
    let head = &text[from..word.start];
    if !head.ends_with(|c: char| is_kanji(c) || is_katakana(c) || c == 'ー') {
        return None;
    }
    let start = name_start(names, text, word.start, from);
    let mut proper = strip_general(&text[start..word.start], 2);
    while let Some(kind) = GENERAL.at_end(proper).next() {
        proper = &proper[..proper.len() - kind.len()];
    }
    let kind = &text[start + proper.len()..word.start];
    let count = proper.chars().count();
    let of_medicine = ["医科", "歯科", "薬科", "医療", "女子", "看護"].iter().any(|of| kind.contains(of));
    let named = count >= 2
        && !proper.starts_with(|c: char| c.is_ascii_digit())
        && (of_medicine || count > 3 || is_place_or_name(names, proper) || !is_known_word(names, proper));
    let behind = &text[word.end..];
    if !named || THINGS.iter().any(|thing| behind.starts_with(thing)) {
        return None;
    }
    let mut end = word.end;
    while let Some(length) = PARTS.at_start(&text[end..]).map(str::len).max() {
        end += length;
    }
    Some(start..end)
}

//! Addresses with one number or none: 熊川1602から, 「1842番地」, 杉並区阿佐谷南在住.

use std::ops::Range;
use std::sync::LazyLock;

use super::category::Place;
use super::list::List;
use crate::clean::characters::is_kanji;

/// Reads a lot of two digits or more whose town is not named: 「1842番地」.
pub fn lot(text: &str, word: &Range<usize>) -> Option<Place> {
    let digits = text[..word.start].bytes().rev().take(5).take_while(u8::is_ascii_digit).count();
    let start = word.start - digits;
    let apart = !text[..start].ends_with(['-', '.', '/']) && &text[word.clone()] == "番地";
    (digits >= 2 && apart).then_some(Place { whole: start..word.end, value: start..word.end })
}

/// Returns the end of a town behind a city or a ward in which somebody lives: 杉並区阿佐谷南|在住.
pub fn lived_in(text: &str, word: &Range<usize>) -> Option<usize> {
    let is_part = |c: char| is_kanji(c) || matches!(c, 'ヶ' | 'ノ' | '々');
    let length: usize =
        text[word.end..].chars().take(10).take_while(|&c| is_part(c)).map(char::len_utf8).sum();
    let run = &text[word.end..word.end + length];
    let town = ["在住", "居住"].iter().filter_map(|lives| run.find(lives)).min().or_else(|| {
        let behind = &text[word.end + length..];
        ["に在住", "に居住", "に住", "の自宅", "の実家", "の長男宅", "の長女宅"]
            .iter()
            .any(|lives| behind.starts_with(lives))
            .then_some(length)
    })?;
    let name = &run[..town];
    let other =
        ["内", "外", "域", "部", "役所", "営", "立", "民"].iter().any(|other| name.starts_with(other));
    (name.chars().nth(1).is_some() && !other).then_some(word.end + town)
}

/// Tests for a number of a lot or a block behind a town, and not for a quantity: 熊川1602から, 竹の塚3番, 茶山台二丁の.
pub fn is_lot(text: &str, town: &str, start: usize, end: usize) -> bool {
    static QUANTITIES: LazyLock<List> = LazyLock::new(|| {
        List::read(
            "人口 面積 標高 海抜 総数 世帯 合計 平均 患者 感染 死者 年間 病床 人員 定員 予算 約 計 全 第 総 年度",
        )
    });
    let number = &text[start..end];
    let unit = number.ends_with(['番', '号', '丁']);
    let letter = town.ends_with(['イ', 'ロ', 'ハ', 'ニ', 'ホ', 'ヘ', 'ト']);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let numerals = number.chars().filter(|&c| "〇一二三四五六七八九".contains(c)).count();
    let behind = &text[end..];
    let closes = behind.is_empty()
        || behind.starts_with([' ', '\n', '、', '。', ')', '」'])
        || ["の", "から", "に", "へ", "で", "と", "在住", "居住", "宅", "番"]
            .iter()
            .any(|word| behind.starts_with(word));
    let long = (3..=5).contains(&digits) || numerals >= 4 || letter && digits > 0 || unit;
    closes && long && !QUANTITIES.ends(town)
}

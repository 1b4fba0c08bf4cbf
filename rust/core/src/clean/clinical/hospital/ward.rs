//! Wards.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::list::List;
use crate::clean::characters::{is_kanji, is_katakana};

/// Finds a ward: numbers, letters and points of the compass before 病棟, a storey behind 棟, a name in brackets.
pub fn ward(text: &str, word: Range<usize>, from: usize) -> Option<Range<usize>> {
    let is_number =
        |c: char| c.is_ascii_alphanumeric() || "東西南北階第号新旧本別館棟中一二三四五六七八九十".contains(c);
    let length: usize =
        text[from..word.start].chars().rev().take(8).take_while(|&c| is_number(c)).map(char::len_utf8).sum();
    let start = word.start - length;
    let before = &text[start..word.start];
    let numeral = before
        .strip_prefix('第')
        .is_some_and(|rest| rest.starts_with(|c| "一二三四五六七八九十".contains(c)));
    let numbered = numeral || before.contains(|c: char| c.is_ascii_digit());
    let whole = text[word.clone()].starts_with('病');
    let compass = whole
        && matches!(
            before,
            "東" | "西" | "南" | "北" | "新" | "A" | "B" | "C" | "D" | "E" | "本館" | "新館" | "別館"
        );
    let quoted = text[word.end..]
        .strip_prefix('「')
        .and_then(|rest| rest.split_once('」'))
        .map(|(name, _)| name.len())
        .filter(|&n| n <= 30);
    if let Some(length) = quoted.filter(|_| whole) {
        // The kind of the ward goes along, so that nothing of its name is left.
        let kind: usize = text[from..word.start]
            .chars()
            .rev()
            .take(8)
            .take_while(|&c| is_kanji(c) || is_katakana(c))
            .map(char::len_utf8)
            .sum();
        return Some(word.start - kind..word.end + 2 * '「'.len_utf8() + length);
    }
    let storey = text[word.end..].bytes().take_while(u8::is_ascii_digit).count();
    if storey > 0 && text[word.end + storey..].starts_with('階') && length > 0 && before.chars().count() <= 3
    {
        return Some(start..word.end + storey + '階'.len_utf8());
    }
    if text[word.clone()].starts_with('館') {
        return None;
    }
    let is_ward = whole && numbered && !before.contains("ICU") || compass;
    is_ward.then_some(start..word.end)
}

/// Names of wards in kana: flowers, trees and the like.
static NAMES: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "さくら もも うめ ひまわり すずらん たんぽぽ すみれ つばき あやめ ゆり ばら はぎ きく あじさい なでしこ れんげ つくし わかば あおば みどり \
         いずみ あおぞら そよかぜ ひだまり やすらぎ こもれび ほほえみ のぞみ ひかり あすか にじ そら ほし かえで けやき くすのき いちょう ぽぷら \
         やまびこ こすもす あさがお ききょう ふじ まつ たけ こぶし もくれん さつき つつじ ぼたん りんどう かりん やまぶき くるみ どんぐり めばえ みらい \
         きぼう いこい ふれあい ゆうゆう なごみ さざんか コスモス パンジー チューリップ ラベンダー ハーモニー オリーブ ポプラ マーガレット カトレア \
         クローバー",
    )
});

/// Finds a ward called by a flower or the like: ひまわり病棟.
pub fn named(text: &str, word: &Range<usize>, from: usize) -> Option<Range<usize>> {
    let head = &text[from..word.start];
    let length = NAMES.at_end(head).map(str::len).max()?;
    let whole = text[word.clone()].starts_with('病');
    whole.then(|| word.start - length..word.end)
}

/// Finds the number, letter or point of the compass behind a unit for intensive care: HCU2, NICU第二, GCU東.
pub fn unit(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    const COUNTERS: &str = "日泊床名人週時回例度月年歳件%";
    if text[..word.start].ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let rest = &text[word.end..];
    let inner = rest.strip_prefix(['-', ' ']).unwrap_or(rest);
    let inner = inner.strip_prefix('第').unwrap_or(inner);
    let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
    let length = if (1..=2).contains(&digits) {
        digits
    } else {
        let mark = inner.chars().next()?;
        let numeral = "一二三四五".contains(mark) && inner.len() < rest.len();
        let side = "東西南北".contains(mark);
        let letter = matches!(mark, 'A'..='F') && inner.len() == rest.len();
        if !(numeral || side || letter) {
            return None;
        }
        mark.len_utf8()
    };
    let end = text.len() - inner.len() + length;
    let behind = &text[end..];
    let goes_on = behind.starts_with(|c: char| {
        COUNTERS.contains(c) || c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | ':')
    });
    let spaced = rest.starts_with(' ') && digits > 0;
    (!goes_on && !spaced).then_some(word.start..end)
}

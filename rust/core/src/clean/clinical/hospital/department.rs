//! Practices that are named by their department: 青葉眼科, 小川循環器内科.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::list::List;
use super::super::names::{Words as Names, is_known_word, is_place_or_name, is_verbal};
use super::name::{GENERAL, forward, is_phrase, name_start, strip_general, with_owner};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Strips specialities off the end of a practice's name: 循環器, リウマチ科.
fn strip_kinds(mut name: &str) -> &str {
    const KINDS: [&str; 26] = [
        "循環器",
        "消化器",
        "呼吸器",
        "腎臓",
        "糖尿病",
        "リウマチ科",
        "リウマチ",
        "神経",
        "脳神経",
        "血液",
        "内分泌",
        "胃腸科",
        "胃腸",
        "肛門",
        "心臓血管",
        "総合",
        "整形",
        "小児",
        "ペイン",
        "漢方",
        "乳腺",
        "アレルギー",
        "腎",
        "透析",
        "内科",
        "外科",
    ];
    while let Some(rest) = KINDS.iter().find_map(|kind| name.strip_suffix(kind)) {
        name = rest;
    }
    name
}

/// Finds a practice named by its department: its name begins a phrase, and no word for a part of the body is in it.
pub fn department(names: &Names, text: &str, word: Range<usize>, from: usize) -> Option<Range<usize>> {
    const NO_NAME: &str = "器臓腺骨脳神経血液管心肺胃腸肝胆膵腎尿歯口腔鼻耳咽喉皮膚眼科児童産婦人精内外形麻酔放射線救急総合一般専門高齢老年臨床病院医同各当他前院術部学";
    static BEHIND: LazyLock<List> = LazyLock::new(|| {
        List::read(
            "学 会 医 疾患 領域 系 的 手術 外来 病棟 部 入院 専門 救急 治療 医師 へ コンサルト 対診 用 検査 術",
        )
    });
    let start = name_start(names, text, word.start, from);
    // 小川循環器内科
    let name = strip_kinds(&text[start..word.start]);
    let special = start + name.len() < word.start;
    let practice = ["医院", "クリニック"].iter().any(|end| text[word.end..].starts_with(end));
    let fits = (2..=6).contains(&name.chars().count())
        && !name.contains(|c| NO_NAME.contains(c))
        && !GENERAL.contains(name)
        && name.chars().any(|c| is_kanji(c) || is_hiragana(c) || is_katakana(c) && name.chars().count() > 2);
    let general = strip_general(name, 1).is_empty() || is_phrase(name);
    let closed = !BEHIND.begins(&text[word.end..]);
    let visited = ["通院", "受診", "にて", "より", "から", "へ紹介", "に紹介", "かかりつけ", "へ転", "に転"]
        .iter()
        .any(|word_behind| text[word.end..].starts_with(word_behind));
    let begins = text[..start].is_empty() || text[..start].ends_with([' ', '\n', '、', '。', '(', '「', ':']);
    let known = is_place_or_name(names, name)
        || is_known_word(names, name) && !special
        || name.ends_with("通り")
        || visited && name.chars().count() > 2
        || begins
            && (visited
                || ["に", "で", "の処方", "さん"]
                    .iter()
                    .any(|word_behind| text[word.end..].starts_with(word_behind)))
            && !is_verbal(names, name)
            && (!is_known_word(names, name) || name.chars().all(is_katakana));
    (fits && !general && (practice || closed && known))
        .then(|| with_owner(text, start, from)..forward_practice(text, word.end))
}

fn forward_practice(text: &str, end: usize) -> usize {
    let end = forward(text, end);
    ["医院", "クリニック"]
        .iter()
        .find(|word| text[end..].starts_with(**word))
        .map_or(end, |word| end + word.len())
}

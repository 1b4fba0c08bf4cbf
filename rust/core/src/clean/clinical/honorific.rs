//! Names before an honorific or a profession.
//!
//! さん, 様 and 殿 follow many words that are no names (患者さん, 皆様), and 様 means "-like" in findings (感冒様).
//! A name is taken if it begins with a common surname; before さん and 様 also any two or three kanji that do not
//! end like a word for a person, and for 様 only where a sentence cannot go on with "-like".

use std::ops::Range;

use super::category::{Category, Place};
use super::people::{is_person, is_surname};
use super::reading::char_at;
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "name_with_honorific",
    tag: "〔*氏名〕",
    what: "a name in kanji before さん, 様, 殿, 氏, 君, 先生, 医師, 看護師 and the like",
    source: "surnames by frequency, from memory; no list of persons",
    words: &[
        "様",
        "さん",
        "さま",
        "殿",
        "氏",
        "君",
        "くん",
        "ちゃん",
        "先生",
        "医師",
        "看護師",
        "薬剤師",
        "教授",
        "技師",
        "師長",
        "療法士",
    ],
    read,
    examples: &[
        Example { before: "山田さんに説明", after: "に説明", why: "a common surname" },
        Example {
            before: "本日佐藤花子様が来院", after: "本日が来院", why: "a word before the name stays"
        },
        Example { before: "鈴木 一郎 様", after: "", why: "spaces" },
        Example { before: "薄衣さんと面談", after: "と面談", why: "a rare surname" },
        Example { before: "田中先生、高橋看護師", after: "、", why: "professions" },
        Example {
            before: "お母さん、患者さん、皆様、神様、奥様、お子さん、王様",
            after: "お母さん、患者さん、皆様、神様、奥様、お子さん、王様",
            why: "no names",
        },
        Example {
            before: "感冒様症状、結節様の陰影、多様な、仕様、沈殿、臀部、摂氏、当直医師",
            after: "感冒様症状、結節様の陰影、多様な、仕様、沈殿、臀部、摂氏、当直医師",
            why: "other words with these characters",
        },
        Example { before: "森田様の長女", after: "の長女", why: "a surname before 様の" },
    ],
};

/// The longest name in kanji.
const LONGEST: usize = 7;

/// Words of kanji before さん or 様 that are no names, and endings of such words.
const WORDS: [&str; 62] = [
    "皆", "今日", "本日", "巫女", "女将", "板前", "台風", "不動", "源", "平", "宮", "何", "誰", "神", "仏",
    "王", "奥", "貴", "同", "多", "一", "両", "異", "模", "仕", "各", "有", "今", "何々", "皆々", "息子",
    "双子", "弟子", "王子", "女子", "男子", "迷子", "親子", "芸妓", "舞妓", "旦那", "大工", "隣", "仲間",
    "友達", "彼女", "相手", "巡査", "常連", "姫", "殿", "若", "閻魔", "如来", "観音", "菩薩", "氏神", "先方",
    "御前", "叔父", "伯父", "坊主",
];
const ENDINGS: &str = "女将居舗食者師士員人手家長主客屋親母父兄姉妹弟娘嫁孫婿婆爺僧侶官婦院科局社店校園部課係室庁所署省党会団組班隊衆方達\
    等族生職側殿様症病炎腫瘤瘍疹斑節状性血膿液痛熱咳作攣梗塞影質膜腺癌球核肉骨脂毛囊嚢胞泡菌糸粉石粒線層板網環塊";

/// Characters that may follow 様 behind an uncommon name.
const BEHIND_SAMA: &str = "はがをへもとよか宛ご宅方御、。,.()「」:;!?/";

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let honorific = &text[word.clone()];
    let next = char_at(text, word.end);
    let goes_on = next.is_some_and(|c| is_kanji(c) && !"宅方宛御".contains(c) || is_katakana(c));
    if goes_on && honorific != "さん" || next == Some('々') {
        return None;
    }
    let name_end = text[..word.start].trim_end_matches(' ').len();
    if word.start - name_end > 1 {
        return None;
    }
    let start = name_start(text, name_end, honorific, next)?;
    Some(Place { whole: start..word.end, value: start..name_end })
}

/// Returns the start of the name that ends at `end`.
fn name_start(text: &str, end: usize, honorific: &str, next: Option<char>) -> Option<usize> {
    let run_start = kanji_run_start(text, end);
    let run = &text[run_start..end];
    let spaced = text[end..].starts_with(' ');
    if run.is_empty() {
        return None;
    }
    // A given name behind a surname and a space; the given name may be any.
    if let Some(before) = text[..run_start].strip_suffix(' ') {
        let surname = kanji_run_start(text, before.len());
        if is_surname(&text[surname..before.len()])
            && !is_inside_word(text, surname)
            && run.chars().count() <= 4
        {
            return Some(surname);
        }
    }
    if WORDS.contains(&run) {
        return None;
    }
    // The longest end of the run that is a name with a common surname: 本日佐藤花子.
    let starts = run.char_indices().map(|(i, _)| run_start + i);
    let tail =
        starts.clone().find(|&start| is_person(&text[start..end]) && !WORDS.contains(&&text[start..end]));
    if let Some(start) = tail {
        let sure =
            text[start..end].chars().count() >= 2 || (start == run_start && !is_after_kana_word(text, start));
        return sure.then_some(start);
    }
    let by_form = match honorific {
        "さん" | "さま" => !spaced,
        "様" => !spaced && next.is_none_or(|c| c.is_whitespace() || BEHIND_SAMA.contains(c)),
        _ => false,
    };
    let uncommon = (2..=3).contains(&run.chars().count()) && !run.ends_with(|c| ENDINGS.contains(c));
    (by_form && uncommon && !is_after_kana_word(text, run_start)).then_some(run_start)
}

/// Returns the start of the kanji that end at `end`, within the length of a name.
fn kanji_run_start(text: &str, end: usize) -> usize {
    let run = text[..end].char_indices().rev().take_while(|&(_, c)| is_kanji(c) || c == 'ヶ');
    run.take(LONGEST + 4).last().map_or(end, |(i, _)| i)
}

/// Tests for a kanji before `at`: the name would be the end of a longer word.
fn is_inside_word(text: &str, at: usize) -> bool {
    text[..at].ends_with(is_kanji)
}

/// Tests for お, ご or katakana before `at`, as in お子さん, ヘビ年さん.
fn is_after_kana_word(text: &str, at: usize) -> bool {
    let mut before = text[..at].chars().rev();
    match before.next() {
        Some('お' | 'ご') => !before.next().is_some_and(is_hiragana),
        Some(c) => is_katakana(c) || c == 'ー',
        None => false,
    }
}

//! Dates of birth. An age stays, and a year that stands alone outside of a label too.

use std::ops::Range;

use super::birth_beside::{OLD_ERAS, beside_sex, corrected, day_of, initial, listed};
use super::birth_phrase::born_at;
use super::calendar::{Precision, date, marked_month_and_day, month_and_day, short_year, year_without_era};
use super::category::{Category, Place};
use super::reading::{after_marks, begins_word, char_at, char_before, labelled};
use crate::clean::characters::{is_kanji, is_katakana};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "birth_date",
    tag: "〔*生年月日〕",
    what: "a date behind 生年月日, 誕生日, DOB and the like, or before 生 and 生まれ",
    source: "JIS X 0301 (dates, with M T S H R); labels of 診療情報提供書",
    words: &[
        "生年月日(西暦)",
        "生年月日(和暦)",
        "生年月日・年齢",
        "生年月日/年齢",
        "生年月日、年齢",
        "生年月日及び年齢",
        "生年月日と年齢",
        "年齢・生年月日",
        "生年月日 明・大・昭・平",
        "生年月日 明・大・昭・平・令",
        "生年月日 大・昭・平・令",
        "生年月日 m・t・s・h・r",
        "生年月日",
        "セイネンガッピ",
        "セイネンガツピ",
        "タンジョウビ",
        "ウマレ",
        "bd",
        "生:",
        "生 :",
        "生れ:",
        "生れ :",
        "うまれ",
        "お誕生",
        "出生:",
        "出生 :",
        "geburtsdatum",
        "geb.",
        "né le",
        "fecha de nacimiento",
        "誕生年",
        "誕生月日",
        "生年月日コード",
        "出生年月日",
        "誕生年月日",
        "出生日時",
        "出生年月",
        "生まれた日",
        "生まれ",
        "お生まれ",
        "生日",
        "born on",
        "born in",
        "born",
        "b.d.",
        "b/d",
        "生年月",
        "誕生日",
        "お誕生日",
        "バースデー",
        "バースデイ",
        "出生日",
        "生年",
        "dob",
        "(生)",
        "d.o.b.",
        "d.o.b",
        "d/o/b",
        "d o b",
        "生 年 月 日 明・大・昭・平・令",
        "生 年 月 日 明・大・昭・平",
        "生 年 月 日",
        "date of birth",
        "date birth",
        "birth date",
        "birth-date",
        "birthdate",
        "birthday",
        "birth",
        "出生",
        "誕生",
        "生誕",
        "生",
        "明大昭平令",
        "明・大・昭・平・令",
        "明大昭平",
        "b.",
        "に訂正",
        "が正しい",
        "男",
        "女",
        "♂",
        "♀",
    ],
    read,
    examples: &[
        Example { before: "生年月日:昭和50年1月2日(49歳)", after: "(49歳)", why: "the age stays" },
        Example { before: "DOB: 1970/01/02 M", after: " M", why: "the Western calendar" },
        Example { before: "生年月日 S50.1.2", after: "", why: "the era's letter" },
        Example { before: "1970年1月2日生まれの女性", after: "の女性", why: "before the word" },
        Example {
            before: "昭30.3.5生、DOB 5 Mar 1955", after: "、", why: "one kanji for the era; English"
        },
        Example {
            before: "誕生日は3月5日、1962年12月24日出生", after: "、", why: "no year; 出生"
        },
        Example { before: "(H5.3.4生)", after: "()", why: "before 生" },
        Example {
            before: "2021年3月4日生検施行", after: "2021年3月4日生検施行", why: "a biopsy"
        },
        Example { before: "1950年生まれ", after: "1950年生まれ", why: "a year alone" },
        Example { before: "生年月日不詳", after: "生年月日不詳", why: "no date" },
    ],
};

/// Numerals of dates in kanji.
const NUMERALS: &str = "〇一二三四五六七八九十零";

/// Longest distance of the start of a date from 生, in characters.
const LONGEST: usize = 28;

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let label = &text[word.clone()];
    if matches!(label, "うまれ" | "ウマレ") {
        return before_birth(text, word.clone()).or_else(|| born_at(text, &word));
    }
    if matches!(label, "男" | "女" | "♂" | "♀") {
        return beside_sex(text, &word);
    }
    if matches!(label, "に訂正" | "が正しい") {
        return corrected(text, &word);
    }
    if label.eq_ignore_ascii_case("b.") {
        return initial(text, &word);
    }
    if (label.ends_with("誕生日") || label == "生年月日")
        && let Some(place) = day_of(text, &word).or_else(|| listed(text, &word))
    {
        return Some(place);
    }
    if label.starts_with("生") && label.ends_with(':') && text[..word.start].ends_with(is_kanji) {
        return None;
    }
    if label.eq_ignore_ascii_case("birth") && dated(text, after_marks(text, word.end), label).is_none() {
        return before_birth(text, word);
    }
    if matches!(label, "出生" | "生")
        && let Some(place) = behind_space(text, &word)
    {
        return Some(place);
    }
    if matches!(label, "生まれ" | "お生まれ")
        && !text[word.end..].starts_with([':', ' ', '=', '→', '/', 'は'])
        || matches!(label, "生" | "出生" | "誕生" | "生誕")
    {
        return before_birth(text, word.clone()).or_else(|| born_at(text, &word));
    }
    if !begins_word(text, word.start) || goes_on(text, &word) {
        return None;
    }
    let start = after_marks(text, word.end);
    let end = if label.ends_with("平") || label.ends_with("令") {
        era_chosen(text, start)?
    } else {
        match dated(text, start, label).or_else(|| coded(text, start, label)) {
            Some(end) => end,
            None if matches!(label, "生まれ" | "お生まれ") => return before_birth(text, word),
            None => return near(text, &word),
        }
    };
    let mut place = labelled(text, &word, start..end);
    if place.whole.end == end {
        place.whole.end = birth_word(text, end).unwrap_or(end);
    }
    Some(place)
}

/// Tests for a longer word of letters than the label: birthweight.
fn goes_on(text: &str, word: &Range<usize>) -> bool {
    text[..word.end].ends_with(|c: char| c.is_ascii_alphabetic())
        && text[word.end..].starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Returns the end of the date at `start` behind a label.
fn dated(text: &str, start: usize, label: &str) -> Option<usize> {
    let birthday = label.ends_with("誕生日")
        || label.starts_with("バースデ")
        || label == "タンジョウビ"
        || label.eq_ignore_ascii_case("birthday")
        || label == "生まれた日";
    date(text, start, Precision::Year).or_else(|| short_year(text, start, true)).or_else(|| {
        let yearless = || month_and_day(text, start).or_else(|| marked_month_and_day(text, start));
        (birthday || label.ends_with("日") || label.to_ascii_lowercase().starts_with("d"))
            .then(yearless)
            .flatten()
    })
}

/// Returns the end of a date of birth as insurers write it, the era's number, year, month and day: 3-480615.
fn coded(text: &str, start: usize, label: &str) -> Option<usize> {
    if !label.starts_with("生年月日") {
        return None;
    }
    let rest = text[start..].strip_prefix(['1', '2', '3', '4', '5'])?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let month = rest
        .get(2..4)
        .and_then(|month| month.parse::<u8>().ok())
        .is_some_and(|month| (1..=12).contains(&month));
    let day =
        rest.get(4..6).and_then(|day| day.parse::<u8>().ok()).is_some_and(|day| (1..=31).contains(&day));
    (digits == 6 && month && day).then(|| text.len() - rest.len() + 6)
}

/// Reads the date that a space parts from the word for birth before it: 出生 2024年3月3日; of an old era or a year of
/// the last century behind 生, which begins a phrase: 生 S44/10/10, 生 '52.3.28.
fn behind_space(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = word.end + text[word.end..].strip_prefix(' ').map(|_| 1)?;
    let begins = text[..word.start].chars().next_back().is_none_or(|c| " \n(、。/:|".contains(c));
    let old = || OLD_ERAS.iter().any(|era| text[start..].starts_with(era)) || text[start..].starts_with("19");
    let fits = begins && (&text[word.clone()] == "出生" || old());
    let short = || short_year(text, start, false).filter(|_| begins && text[start..].starts_with('\''));
    let end = fits.then(|| date(text, start, Precision::Day)).flatten().or_else(short)?;
    (!text[end..].starts_with('生')).then_some(Place { whole: start..end, value: start..end })
}

/// Longest distance between 生年月日 and its date, in characters.
const NEAR: usize = 12;

/// Reads the date that a few words part from its label: 生年月日を確認(1952/4/10).
fn near(text: &str, word: &Range<usize>) -> Option<Place> {
    if !text[word.clone()].starts_with("生年月日") {
        return None;
    }
    let mut apart = true;
    for (i, c) in text[word.end..].char_indices().take(NEAR) {
        let at = word.end + i;
        if "、。;\n不未無〔〕".contains(c) {
            return None;
        }
        // 宝暦13年5月5日
        let no_era = || (!text[..at].ends_with(is_kanji)).then(|| year_without_era(text, at)).flatten();
        let read = || date(text, at, Precision::Day).or_else(no_era);
        if apart && let Some(end) = read() {
            return Some(Place { whole: at..end, value: at..end });
        }
        apart = !c.is_ascii_alphanumeric();
    }
    None
}

/// The date behind a list of eras, one of which was ringed: 明・大・昭・平 40年6月7日.
fn era_chosen(text: &str, at: usize) -> Option<usize> {
    if let Some(end) = date(text, at, Precision::Day) {
        return Some(end);
    }
    let dated = format!("昭{}", text[at..].chars().take(LONGEST).collect::<String>());
    Some(at + date(&dated, 0, Precision::Day)? - "昭".len())
}

/// Returns the end of 生, 生れ or 生まれ at `at`; 生検 and the like are other words.
fn birth_word(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].strip_prefix('生')?;
    let rest = rest.strip_prefix("まれ").or_else(|| rest.strip_prefix('れ')).unwrap_or(rest);
    let end = text.len() - rest.len();
    let person = ["男", "女", "児", "満", "当", "現在"].iter().any(|word| rest.starts_with(word));
    let other = char_at(text, end).is_some_and(|c| is_kanji(c) || is_katakana(c));
    (person || !other).then_some(end)
}

/// Words between a date and the word for birth: 1952年4月10日に出生, 10日 3時45分出生.
fn before_birth_word(text: &str, start: usize) -> usize {
    let head = text[..start].trim_end_matches(' ');
    let head = head.strip_suffix(['に', 'の', 'で']).unwrap_or(head).trim_end_matches(' ');
    let head = head.strip_suffix('頃').or_else(|| head.strip_suffix("ごろ")).unwrap_or(head);
    let is_time = |c: char| c.is_ascii_digit() || matches!(c, ':' | '時' | '分');
    let time = head.trim_end_matches(is_time);
    let timed = head.len() > time.len() && head[time.len()..].contains([':', '時']);
    let head = if timed {
        time.strip_suffix("午前").or_else(|| time.strip_suffix("午後")).unwrap_or(time)
    } else {
        head
    };
    let head = head.trim_end_matches(' ');
    // The day of the week and the age: 1952年4月10日(木)出生, 昭和27年4月10日(72歳)生.
    match head.strip_suffix(')').and_then(|inner| Some((inner, inner.rfind('(')?))) {
        Some((inner, open)) if inner[open..].chars().count() <= 5 => {
            inner[..open].trim_end_matches(' ').len()
        }
        _ => head.len(),
    }
}

/// The date before 生, 出生 or 誕生.
fn before_birth(text: &str, word: Range<usize>) -> Option<Place> {
    let short = text[word.clone()].starts_with(['生', 'お']) && &text[word.clone()] != "生誕";
    let from = word.start + if text[word.clone()].starts_with('お') { 'お'.len_utf8() } else { 0 };
    let whole_end = if short { birth_word(text, from)? } else { word.end };
    if !short
        && text[word.end..].starts_with([
            '率', '数', '前', '後', '届', '地', '証', '1', '2', '3', '4', '5', '6', '7', '8', '9', '百',
        ])
    {
        return None;
    }
    let end = before_birth_word(text, word.start);
    if !char_before(text, end)
        .is_some_and(|c| c.is_ascii_digit() || "日月旦".contains(c) || NUMERALS.contains(c))
    {
        return None;
    }
    let starts = text[..end].char_indices().rev().take(LONGEST).map(|(i, _)| i);
    let begins = |&start: &usize| match char_at(text, start) {
        Some(c) if c.is_whitespace() => false,
        Some(c) if c.is_ascii_alphanumeric() || NUMERALS.contains(c) => !char_before(text, start)
            .is_some_and(|c| {
                c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/') || NUMERALS.contains(c)
            }),
        _ => true,
    };
    let read = |read: &dyn Fn(usize) -> Option<usize>| {
        starts.clone().filter(begins).filter(|&start| read(start) == Some(end)).last()
    };
    let least = if short { Precision::Month } else { Precision::Day };
    let start = read(&|start| date(text, start, least))
        .or_else(|| read(&|start| short_year(text, start, false)))
        .or_else(|| {
            let part = |start: usize| text[..start].ends_with(['年', ')', '元']);
            read(&|start| month_and_day(text, start).filter(|_| !part(start)))
        })?;
    Some(Place { whole: start..whole_end, value: start..end })
}

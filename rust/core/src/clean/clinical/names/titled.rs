//! Names that the dictionary lacks, or has as places, behind a title or in a list of names: 研修医館林が, 今野・綿引.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::list::List;
use super::candidate::is_titled_single;
use super::chains::is_chain;
use super::closing::closes;
use super::lists::{GIVEN_SINGLE, NO_LABEL_VALUES};
use super::places::{is_unsettled, is_well_known};
use super::shape::{is_known, may_be_surname};
use super::titles::{Tie, honorific, is_family, title};
use super::words::{Kind, Words};

/// Ends of words for offices and persons, which no name has.
const NO_ENDS: &str = "家手役主世代下上左右持月火水木金土日科室部課棟院長員者師士医会班係所局署側宅様方等達中後前時内外用的性化式型法病症";

/// The fewest surnames with the same first or last character as a name that the dictionary lacks.
pub const ALIKE: u16 = 10;
/// The same behind a title.
const ALIKE_TITLED: u16 = 3;

/// Finds the name in the run of kanji at `run`; `last` is the end of the name before.
pub fn name(words: &Words, text: &str, run: &Range<usize>, last: Option<usize>) -> Option<Range<usize>> {
    if !closes(&text[run.end..]) {
        return None;
    }
    let part = &text[run.clone()];
    let follows = last.and_then(|last| text.get(last..run.start)).is_some_and(is_chain);
    if follows && part.chars().count() == 2 && is_lacking(words, part, ALIKE) {
        return Some(run.clone());
    }
    let sentence = text[run.end..].starts_with('の') || part == "今";
    if !sentence
        && is_titled_single(part)
        && text[..run.start].ends_with(['.', ':', ' ', '》', '】', '〉'])
        && is_titled(&text[..run.start])
    {
        return Some(run.clone());
    }
    if let Some(range) = known(words, text, run) {
        return Some(range);
    }
    if is_full_of_place(words, part)
        && matches!(title(&text[..run.start]), Some(Tie::Mark | Tie::Loose))
        && !sentence
    {
        return Some(run.clone());
    }
    let starts = part.char_indices().map(|(i, _)| i);
    let mut names = starts.filter(|&i| {
        let name = &part[i..];
        (2..=3).contains(&name.chars().count())
            && (is_lacking(words, name, ALIKE_TITLED) || is_place(words, name))
            && is_titled(&text[..run.start + i])
    });
    names.next().map(|i| run.start + i..run.end)
}

/// Tests for a place of two characters, which is a surname too, with a given name behind it: 岩沼豪.
fn is_full_of_place(words: &Words, part: &str) -> bool {
    let Some((at, _)) = part.char_indices().nth(2) else { return false };
    let (surname, given) = part.split_at(at);
    let single = given.chars().nth(1).is_none();
    words.is(surname, &[Kind::Place])
        && !words.is_ordinary(surname)
        && !words.is(part, &[Kind::Other, Kind::Place, Kind::Organisation])
        && (single && GIVEN_SINGLE.contains(given) && !"守亮司頭佐介".contains(given)
            || !single
                && given.chars().nth(2).is_none()
                && words.is(given, &[Kind::Given])
                && !words.is_ordinary(given))
}

/// Finds a surname, of the dictionary or like one, behind a title, a task, a day or a shift that ends the run's words before it.
fn known(words: &Words, text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let part = &text[run.clone()];
    let behind = &text[run.end..];
    let starts = part.char_indices().map(|(i, _)| i).filter(|&i| part[i..].chars().nth(1).is_some());
    let at = starts.into_iter().find(|&i| {
        let (before, name) = (&text[..run.start + i], &part[i..]);
        let proper = || {
            i == 0
                && name.chars().nth(2).is_none()
                && words.is(name, &[Kind::Other])
                && !words.is_ordinary(name)
                && !is_well_known(name)
                && title(before) == Some(Tie::Mark)
        };
        let announced = match title(before) {
            Some(Tie::Mark) => !behind.starts_with('の'),
            Some(Tie::Direct) => is_titled(before) || i > 0,
            Some(Tie::Loose) => !before.ends_with(['の', 'は', 'が']) || is_titled(before),
            Some(Tie::Role) => true,
            _ => {
                let ends = || behind.is_empty() || SHIFT_ENDS.iter().any(|end| behind.starts_with(end));
                i > 0 && is_shift(before) && ends() && !begins_surname(words, part)
            }
        };
        announced
            && name.chars().nth(4).is_none()
            && (may_be_surname(words, name) || proper())
            && !NO_LABEL_VALUES.begins(name)
    })?;
    Some(run.start + at..run.end)
}

/// Tests for a surname of two characters at the start: 木村 in 木村竹本.
fn begins_surname(words: &Words, part: &str) -> bool {
    part.char_indices().nth(2).is_some_and(|(i, _)| is_known(words, &part[..i]))
}

/// Words of rosters for when and where somebody works, right before a name.
static SHIFTS: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "早出 遅出 早番 遅番 中番 日勤 夜勤 準夜 深夜 当直 日直 宿直 午前 午後 外科 内科 麻酔 麻酔科 小児 整形 産科 眼科 皮膚科 記入 記録 洗浄 \
         検査 聴取 一次 二次 三次 当番 主催 応援 \
         薬剤 栄養 送迎 書記 司会 参加 欠席 遅刻 早退 搬送 器械 放射線 透析",
    )
});

/// Signs and particles behind a name of a roster.
const SHIFT_ENDS: [&str; 14] =
    ["、", "。", " ", "\n", "(", ")", "/", "・", ",", "より", "から", "が", "に", "印"];

/// Tests for a word of a roster, a day or a numbered day, class or bed at the end of `before`.
fn is_shift(before: &str) -> bool {
    let day = before.strip_suffix(['月', '火', '水', '木', '金', '土', '日']);
    let numbered = before.strip_suffix(['日', '班', '番', '床', '組', '階']);
    SHIFTS.ends(before)
        || day.is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', ':', '、', '\n', '/', '(']))
        || numbered.is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()))
}

/// Tests whether the end of a run may be a name that the dictionary lacks, or has as a place.
pub fn has_name(words: &Words, run: &str) -> bool {
    let ends = run.char_indices().rev().take(3).skip(1).map(|(i, _)| &run[i..]);
    is_full_of_place(words, run)
        || ends.into_iter().any(|name| is_lacking(words, name, ALIKE_TITLED) || is_place(words, name))
}

/// Tests for a title of a person right before, behind a mark, a space or の.
fn is_titled(before: &str) -> bool {
    let rest = before.trim_end_matches([' ', ':', '.', 'の', '(', '・', '/']);
    let task = || {
        before.ends_with(':')
            && ["担当", "受持", "受持ち", "受け持ち", "執刀"].iter().any(|word| rest.ends_with(word))
    };
    let of_person =
        rest.ends_with(|c: char| "医師士員者長婦授".contains(c) || c.is_ascii_alphabetic()) || task();
    of_person && matches!(title(before), Some(Tie::Direct | Tie::Loose | Tie::Mark))
}

/// Tests for characters that are no word of the dictionary and are like a surname.
pub fn is_lacking(words: &Words, name: &str, alike: u16) -> bool {
    const KINDS: [Kind; 5] = [Kind::Other, Kind::Place, Kind::Organisation, Kind::Given, Kind::Person];
    may_be(name)
        && !words.is(name, &KINDS)
        && words.looks_like_surname(name, alike)
        && !holds_a_word(words, name)
}

/// Tests for an ordinary word of two characters in one of three: 機能 in 腎機能.
fn holds_a_word(words: &Words, name: &str) -> bool {
    let middle: Vec<usize> = name.char_indices().skip(1).map(|(i, _)| i).collect();
    let [second, third] = middle[..] else { return false };
    words.is_ordinary(&name[..third]) || words.is_ordinary(&name[second..])
}

/// Tests for a place that is no well-known town.
fn is_place(words: &Words, name: &str) -> bool {
    may_be(name) && !words.is(name, &[Kind::Organisation]) && is_unsettled(words, name)
}

fn may_be(name: &str) -> bool {
    !name.ends_with(|c| NO_ENDS.contains(c))
        && !NO_LABEL_VALUES.begins(name)
        && !is_family(name)
        && honorific(name).is_none()
}

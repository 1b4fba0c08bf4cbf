//! Given names by the marks around them: 早産児"はな", 海斗(6)転落, 陸(りく)4か月, 杏奈&玲奈(一卵性), 兄弟:空・海, 2床:楓.

use std::ops::Range;

use super::family::NO_GIVEN;
use super::given_alone::{is_read, is_sure, is_usual, may_be};
use super::given_context::{closes, is_sure_single, is_told};
use super::given_kana::is_long_given;
use super::given_kanji::{is_given, is_given_kanji};
use super::lists::{FAMILY, GIVEN_KATAKANA};
use super::runs::{run_before, run_end, run_up_to};
use super::shape::is_person;
use super::titles::age_behind;
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Tests for the beginning of an entry.
fn begins(before: &str) -> bool {
    before.is_empty() || before.ends_with(['\n', '。'])
}

/// Tests the run of kanji at `run` for a given name.
pub fn in_kanji(words: &Words, text: &str, run: &Range<usize>) -> bool {
    let (before, name, behind) = (&text[..run.start], &text[run.clone()], &text[run.end..]);
    let sure = || is_sure(words, name) || is_told(words, name);
    begins(before) && (is_young(behind) || is_relation(behind)) && sure()
        || begins(before) && is_read_behind(words, behind)
        || is_colon(before, behind) && sure()
        || is_quoted(before, behind) && may_be(words, name)
        || in_ward(before) && closes(behind) && (sure() || is_sure_single(name))
        || in_pair(words, text, run)
}

/// Finds the given name that is the run of kana from `start` to `end`.
pub fn in_kana(words: &Words, text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let (before, run, behind) = (&text[..start], &text[start..end], &text[end..]);
    // Most runs have nothing of these beside them.
    if !before.is_empty()
        && !before.ends_with(['"', ':', ' ', '\n', '。'])
        && !behind.starts_with(['婆', '爺', '姉', '兄'])
    {
        return None;
    }
    let katakana = run.starts_with(is_katakana);
    let apart = !before.ends_with(|c: char| is_katakana(c) || is_hiragana(c) || c == 'ー');
    let usual = || is_usual(words, run) || katakana && GIVEN_KATAKANA.contains(run);
    let fits = is_quoted(before, behind) && is_read(words, run)
        || katakana && apart && is_elder(behind) && usual()
        || katakana
            && begins(before)
            && is_ill(behind)
            && is_read(words, run)
            && !words.is(run, &[Kind::Other])
        || in_ward(before) && closes(behind) && usual()
        || begins(before) && is_nickname(words, run, behind);
    fits.then_some(start..end)
}

/// Words for a person before a name in quotation marks.
const PERSONS: [&str; 12] =
    ["Baby", "baby", "BABY", "Mother", "mother", "Father", "father", "Boy", "Girl", "boy", "girl", "生児"];

/// Tests for quotation marks of English around a name, behind a word for a person: Baby "Sora".
pub fn is_quoted(before: &str, behind: &str) -> bool {
    let head = before.strip_suffix('"').filter(|_| behind.starts_with('"'));
    head.map(|head| head.trim_end_matches(' '))
        .is_some_and(|head| FAMILY.ends(head) || PERSONS.iter().any(|word| head.ends_with(word)))
}

/// Tests for the age of a child in brackets: (6).
fn is_young(behind: &str) -> bool {
    let Some(inner) = behind.strip_prefix('(') else { return false };
    let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &inner[digits..];
    (1..=2).contains(&digits) && rest.starts_with([')', '歳', 'か', 'ヶ', '才', 'm', '、'])
}

/// Tests for a sign and a member of the family behind a name: 由美子=妻.
fn is_relation(behind: &str) -> bool {
    behind.strip_prefix(['=', '→']).is_some_and(|rest| {
        FAMILY.at_start(rest).any(|word| {
            rest[word.len()..].is_empty() || rest[word.len()..].starts_with(['、', ' ', '(', '。', '\n', ','])
        })
    })
}

/// The longest reading of a given name, in characters.
const LONGEST_READING: usize = 6;

/// Tests for the reading of a given name in brackets before an age or a visit of a child: (りく)4か月健診.
fn is_read_behind(words: &Words, behind: &str) -> bool {
    let Some(inner) = behind.strip_prefix('(') else { return false };
    let length = run_up_to(LONGEST_READING, inner, 0, is_hiragana);
    inner[length..].strip_prefix(')').is_some_and(|rest| {
        words.readings_of_names.given.has(&inner[..length])
            && (age_behind(rest)
                || ["日齢", "生後", "修正", "在胎"]
                    .iter()
                    .any(|word| rest.trim_start_matches(' ').starts_with(word)))
    })
}

/// Tests for a name before a colon, where an entry or a remark in brackets begins: (拓郎:大腸癌で死亡).
fn is_colon(before: &str, behind: &str) -> bool {
    behind.starts_with(':') && (begins(before) || before.ends_with('('))
}

/// Tests for a number of a bed or a room at the end of `before`: 2床:.
fn in_ward(before: &str) -> bool {
    let rest = before.strip_suffix([':', ' ']);
    rest.and_then(|rest| ["床", "号室", "ベッド", "号"].iter().find_map(|word| rest.strip_suffix(word)))
        .is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()))
}

/// Tests for one of two given names with a mark between them at the beginning of an entry: 杏奈&玲奈(一卵性).
fn in_pair(words: &Words, text: &str, run: &Range<usize>) -> bool {
    let sure = |name: &str| name.chars().count() == 2 && (is_sure(words, name) || is_told(words, name));
    if !text[run.end..].starts_with('&') && !text[..run.start].ends_with('&') || !sure(&text[run.clone()]) {
        return false;
    }
    if let Some(rest) = text[run.end..].strip_prefix('&') {
        let end = run_end(rest, 0);
        return begins(&text[..run.start]) && sure(&rest[..end]);
    }
    let head = text[..run.start].strip_suffix('&');
    head.is_some_and(|head| {
        let start = head.char_indices().rev().nth(1).map_or(0, |(i, _)| i);
        begins(&head[..start]) && sure(&head[start..])
    })
}

/// Words for children before a list of their names.
const CHILDREN: [&str; 9] =
    ["兄弟", "姉妹", "きょうだい", "同胞", "子供", "子ども", "三つ子", "双子", "お子さん"];

/// The longest list of names of children that is read, in characters.
const LONGEST_LIST: usize = 12;

/// Tests the run of kanji at `run` for one of the names of children behind a label: 兄弟:空・海・大地, 双子の陽菜・陽太.
pub fn of_children(text: &str, run: &Range<usize>) -> bool {
    let (before, name, behind) = (&text[..run.start], &text[run.clone()], &text[run.end..]);
    // Most runs have no such mark beside them.
    if !before.ends_with('・') && !behind.starts_with('・') {
        return false;
    }
    let (head, list) = before.split_at(run_before(LONGEST_LIST, before, |c| c == '・' || is_kanji(c)));
    let Some(label) = head.strip_suffix([':', 'の', '(']) else { return false };
    let single = head.ends_with(':');
    let is_name = |name: &str| {
        (single && is_given_kanji(name) || is_given(name)) && !is_person(name) && !NO_GIVEN.contains(&name)
    };
    (!list.is_empty() || behind.starts_with('・'))
        && CHILDREN.iter().any(|word| label.ends_with(word))
        && list.split_terminator('・').all(is_name)
        && (list.is_empty() || list.ends_with('・'))
        && is_name(name)
        && closes(behind)
}

/// Tests for a nickname with which a message among colleagues begins: めぐみん、.
fn is_nickname(words: &Words, run: &str, behind: &str) -> bool {
    let stem = ["ん", "っち", "りん", "ぴー", "たん"].iter().find_map(|end| run.strip_suffix(end));
    behind.starts_with(['、', '!'])
        && stem.is_some_and(|stem| {
            stem.chars().nth(2).is_some() && is_long_given(words, stem) && !words.is(run, &[Kind::Other])
        })
}

/// Tests for a word for an elder right behind a name: スミ婆ちゃん, マキ姉.
fn is_elder(behind: &str) -> bool {
    [
        "婆ちゃん",
        "爺ちゃん",
        "婆さん",
        "爺さん",
        "姉さん",
        "兄さん",
        "姉ちゃん",
        "兄ちゃん",
        "姉、",
        "兄、",
        "姉が",
        "兄が",
        "姉は",
        "兄は",
    ]
    .iter()
    .any(|word| behind.starts_with(word))
}

/// Tests for what ails a child, behind a space: 発熱3日目.
fn is_ill(behind: &str) -> bool {
    let rest = behind.strip_prefix([' ', '、', '→']);
    rest.is_some_and(|rest| {
        [
            "発熱",
            "高熱",
            "嘔吐",
            "下痢",
            "発疹",
            "水痘",
            "予防接種",
            "喘息",
            "けいれん",
            "機嫌",
            "哺乳",
            "ミルク",
            "保育園",
        ]
        .iter()
        .any(|word| rest.starts_with(word))
    })
}

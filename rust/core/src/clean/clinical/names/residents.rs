//! Names in katakana that no list has, by the sentence around them: ガーナ出身クワメさん, タマン家の次女, 双子オリバーとノア.

use super::lists::{FAMILY, NO_KATAKANA};
use super::person::{has_language_behind, is_country, is_status_before};
use super::runs::{closed_bracket, is_katakana_word, run_before};
use super::words::{Kind, Words};

/// Ends of words for who somebody is, right before a name.
const NEWCOMERS: [&str; 9] =
    ["新人", "出身", "国籍", "残留孤児", "実習生", "留学生", "研修生", "技能生", "同僚"];

/// Tests for where somebody is from, or what for, at the end of `before`: ガーナ出身.
pub fn is_newcomer(before: &str) -> bool {
    NEWCOMERS.iter().any(|word| before.ends_with(word)) || is_status_before(before)
}

/// Tests for an honorific of persons alone.
pub fn is_honoured(behind: &str) -> bool {
    ["さん", "様", "くん", "ちゃん", "氏"].iter().any(|word| behind.starts_with(word))
}

/// Returns the end of the name that begins at `start`, the parts of which end at `ends`.
pub fn place(words: &Words, text: &str, start: usize, ends: &[usize]) -> Option<usize> {
    let (before, first) = (&text[..start], *ends.first()?);
    let behind = &text[first..];
    let name = &text[start..first];
    let opens = before.is_empty() || before.ends_with('\n');
    let whole = *ends.last()?;
    if opens && ends.len() > 1 {
        // レザー・ホセイニ ペルシャ語, ヌル ハリマ ハラール食
        let told = [first, whole].into_iter().chain(ends.get(1).copied()).find(|&end| {
            end > first
                && (has_language_behind(&text[end..])
                    || text[start..end].contains('・') && is_from(&text[end..]))
        });
        if let Some(end) = told {
            let parts = || text[start..end].split(['・', ' ', '=']);
            let others = parts().filter(|part| is_other(words, part)).count();
            return (others * 2 <= parts().count() && !NO_KATAKANA.ends(&text[start..end])).then_some(end);
        }
    }
    // Most words have neither beside them.
    if !behind.starts_with(['家', '様', '(', 'と', '・', '、', '&'])
        && !before.ends_with(['と', '・', '、', '&'])
    {
        return None;
    }
    name.chars().nth(1)?;
    let other = || is_other(words, name) || NO_KATAKANA.ends(name);
    let home = || behind.strip_prefix("家の").is_some_and(|rest| FAMILY.begins(rest));
    let addressed = || {
        let rest = behind.strip_prefix('様');
        // スリガラス様, コアグラ様
        let likeness = || LIKE_ENDS.iter().any(|end| name.ends_with(end));
        let closes = |rest: &str| rest.starts_with('、') && !likeness();
        let of_person = |rest: &str| {
            rest.starts_with(')')
                && before.strip_suffix('(').is_some_and(|head| head.ends_with(['性', '人', '者', '児', '生']))
        };
        name.chars().nth(3).is_some() && rest.is_some_and(|rest| opens && closes(rest) || of_person(rest))
    };
    ((home() || addressed() || is_pair(before, behind, opens)) && !other()).then_some(first)
}

/// Ends of words in katakana for diseases and materials, which stand before 様 too.
const LIKE_ENDS: [&str; 12] =
    ["ス", "グ", "グラ", "ム", "ル", "ワー", "ジア", "ソン", "リン", "マ", "ポリープ", "ド"];

/// Tests for a word that is no person.
fn is_other(words: &Words, name: &str) -> bool {
    NO_KATAKANA.contains(name)
        || words.is(name, &[Kind::Other, Kind::Place, Kind::Organisation]) && !words.is(name, &[Kind::Person])
}

/// Children of one birth, before their names.
const TOGETHER: [&str; 10] =
    ["双子", "三つ子", "双胎", "双生児", "兄弟", "姉妹", "兄妹", "姉弟", "きょうだい", "ふたご"];

/// Tests for one of two names: those of children of one birth, or of a mother and a child.
fn is_pair(before: &str, behind: &str, opens: bool) -> bool {
    let together = |head: &str| {
        let head = head.strip_suffix(['の', '(', ':']).unwrap_or(head);
        TOGETHER.iter().any(|word| head.ends_with(word))
    };
    let closes = |rest: &str| {
        rest.is_empty() || rest.starts_with(['、', ' ', ')', '。', '\n', 'が', 'は', 'を', 'に', 'の', '('])
    };
    let first = behind.strip_prefix(['と', '・', '、', '&']);
    if first.is_some_and(|rest| rest.starts_with(is_katakana_word)) && together(before) {
        return true;
    }
    // The second one: 双子オリバーとノア
    if let Some(head) = before.strip_suffix(['と', '・', '、', '&']) {
        let start = run_before(MOST, head, is_katakana_word);
        if start < head.len() && together(&head[..start]) && closes(behind) {
            return true;
        }
    }
    let relation = |rest: &str| {
        let inner = rest.strip_prefix('(');
        inner.is_some_and(|inner| {
            FAMILY.at_start(inner).any(|word| inner[word.len()..].starts_with([')', '・', '、']))
        })
    };
    relation(behind)
        && (opens && is_followed(behind)
            || before
                .strip_suffix(['と', '、', '・'])
                .and_then(|head| head.strip_suffix(')'))
                .is_some_and(|head| FAMILY.ends(head)))
}

/// Tests for another word in katakana behind the member of the family in brackets: (母)とビラル. One alone may be a drug.
fn is_followed(behind: &str) -> bool {
    let rest = behind.strip_prefix('(').and_then(|inner| closed_bracket(inner, MOST)).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.strip_prefix(['と', '、', '・']))
        .is_some_and(|rest| rest.starts_with(is_katakana_word))
}

/// Tests for a country alone in brackets at the start of `behind`.
fn is_from(behind: &str) -> bool {
    behind
        .strip_prefix('(')
        .and_then(|inner| closed_bracket(inner, LONGEST_COUNTRY))
        .is_some_and(|(inner, _)| is_country(inner))
}

/// The longest country, in characters.
const LONGEST_COUNTRY: usize = 9;

/// The longest name of two, in characters.
const MOST: usize = 8;

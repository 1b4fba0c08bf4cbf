//! Names by their shape, where the lattice reads the kanji otherwise: 財前田光枝, 昨夜及能裕二が, 巽照男は.
//!
//! A surname may be one of the dictionary that costs more than the words it is made of, one of the dictionary with a
//! further kanji (財前|田), or a place that is no town. A given name of the dictionary behind it closes the run.

use std::ops::Range;

use super::candidate::{NO_SURNAMES, is_titled_single};
use super::closing::closes;
use super::given_kana::given_in_kana;
use super::given_kanji;
use super::lists::{BELONGS, COMMON, GIVEN_SINGLE, NO_FULL, VISITS};
use super::other_names::is_other_name;
use super::places::is_unsettled;
use super::runs::{behind_spaces, run_end};
use super::titles::{Tie, age_behind, family, honorific, is_family};
use super::words::{Kind, Words};
use crate::clean::characters::is_kanji;

/// Kanji with which a longer surname goes on behind a shorter one.
const CLOSING: &str = "田川谷野木山原島嶋沢澤井村本下口内間上路戸坂崎﨑浦森池橋倉瀬岡松江塚城津渕林藤場";

/// Kanji before a shorter surname with which a longer one begins.
const OPENING: &str = "上下中大小東西南北新古前後";

/// The longest surname, in characters.
const LONGEST_SURNAME: usize = 4;

/// Tests for a surname of the dictionary that is no ordinary word.
pub fn is_known(words: &Words, name: &str) -> bool {
    name.chars().nth(1).is_some() && words.is(name, &[Kind::Surname]) && !words.is_ordinary(name)
}

/// Tests for a surname of the dictionary, or a place, with a further kanji at either end.
pub fn is_derived(words: &Words, name: &str) -> bool {
    let count = name.chars().count();
    let base = |base: &str| is_known(words, base) || is_unsettled(words, base);
    if !(3..=LONGEST_SURNAME).contains(&count) || words.is_ordinary(name) {
        return false;
    }
    let closed = name.char_indices().next_back().filter(|&(_, c)| CLOSING.contains(c));
    let opened = name.chars().next().filter(|&c| OPENING.contains(c));
    closed.is_some_and(|(i, _)| base(&name[..i]))
        || opened.is_some_and(|c| is_known(words, &name[c.len_utf8()..]))
}

/// Tests for kanji that may be a surname beside a given name, an honorific, a title or another name.
pub fn may_be_surname(words: &Words, name: &str) -> bool {
    let proper = || {
        name.chars().count() == 3
            && name.ends_with(|c| CLOSING.contains(c) || c == '寺')
            && !words.is_ordinary(name)
            && words.is(name, &[Kind::Other])
    };
    // The dictionary goes first, as few words of a text are names in it.
    (is_known(words, name) || is_unsettled(words, name) || is_derived(words, name) || proper())
        && !is_family(name)
        && honorific(name).is_none()
        && !NO_FULL.contains(name)
        && !NO_SURNAMES.contains(&name)
        && !name.chars().all(|c| "月火水木金土日".contains(c))
        && !is_office(name)
}

/// Tests for a usual surname of two characters with one kanji behind it that may be a rare given name: 国吉辰.
pub fn is_rare_full(words: &Words, name: &str) -> bool {
    let Some((at, given)) = name.char_indices().nth(2) else { return false };
    name.chars().nth(3).is_none()
        && is_known(words, &name[..at])
        && words.is_usual_surname(&name[..at])
        && !words.is(name, &[Kind::Other, Kind::Place, Kind::Organisation])
        && !"都道府県市区町村郡島駅港橋山川湖川家様殿氏君科室棟部課係病院医師士者員会班組名町方側内外前後上下中的性式型法"
            .contains(given)
}

/// Tests whether the end of the run, or what stands before an honorific in it, may be a surname or a given name.
pub fn has_shape(words: &Words, run: &str) -> bool {
    let ends = run.char_indices().skip(2).map(|(i, _)| i).filter(|&i| honorific(&run[i..]).is_some());
    let single = run.chars().nth(1).is_none();
    if single {
        return is_titled_single(run);
    }
    let bare = run.strip_suffix(['家', '宅']);
    if run.chars().nth(3).is_none() && words.is(run, &[Kind::Surname]) {
        return true;
    }
    ends.map(|end| &run[..end]).chain([run]).chain(bare).any(|run| {
        let starts = run.char_indices().rev().take(LONGEST_SURNAME).map(|(i, _)| &run[i..]);
        starts.into_iter().any(|end| match end.chars().nth(1) {
            None => GIVEN_SINGLE.contains(end),
            Some(_) => {
                may_be_surname(words, end)
                    || is_rare_word(words, end)
                    || is_given(words, end)
                    || is_composed(end)
                    || words.is(end, &[Kind::Given, Kind::Other]) && !words.is_ordinary(end)
            }
        })
    })
}

/// Tests for an office, a shop, a temple's school or a house of three characters or more: 越後守, 山城屋, 高野宗.
fn is_office(name: &str) -> bool {
    name.chars().nth(2).is_some()
        && name.ends_with(['守', '屋', '宗', '家', '国', '市', '町', '村', '郡', '駅', '島', '州'])
        && !name.ends_with("ヶ島")
}

/// Finds a surname and a given name that close the run of kanji at `run`, or stand before an honorific in it.
pub fn full(words: &Words, text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let part = &text[run.clone()];
    let behind = &text[run.end..];
    if let Some(end) = with_kana(words, text, run) {
        return Some(end);
    }
    if let Some(end) = with_space(words, text, run) {
        return Some(end);
    }
    part.chars().nth(2)?;
    let inner = part.char_indices().map(|(i, _)| i).skip(3).find(|&i| honorific(&part[i..]).is_some());
    let ends = closes(behind) || honorific(behind).is_some();
    let end = inner.or_else(|| ends.then_some(part.len()))?;
    let name = &part[..end];
    let given = [3, 2].into_iter().filter_map(|n| Some(name.char_indices().rev().nth(n - 1)?.0));
    for at in given.filter(|&at| at > 0) {
        let ordinary = !is_given(words, &name[at..]);
        // 盛栄 and 賢人 are other words too, 塩釜 a place and a word.
        let fits = |start: &usize| {
            let surname = &name[*start..at];
            if ordinary {
                let long = surname.chars().nth(2).is_some() && may_be_surname(words, surname);
                let marked =
                    || family(&text[..run.start]) == Some(Tie::Mark) && given_kanji::is_given(&name[at..]);
                (is_known(words, surname) && words.is_usual_surname(surname) || long)
                    && (is_composed(&name[at..])
                        || words.is(&name[at..], &[Kind::Given]) && words.is_rare_noun(&name[at..])
                        || marked())
                    && !is_person(&name[at..])
            } else {
                surname.chars().nth(1).is_none()
                    || may_be_surname(words, surname)
                    || words.is(&name[at..], &[Kind::Given])
            }
        };
        let is_name = |&start: &usize| {
            inner.is_some()
                || honorific(behind).is_some()
                || !is_other_name(words, &name[start..], at - start, behind)
        };
        if let Some(start) = surname_start(words, text, run.start, &name[..at]).filter(fits).filter(is_name) {
            return Some(run.start + start..run.start + end);
        }
    }
    // 午前上杉野様
    if inner.is_some()
        && let Some(start) = long_start(words, name).filter(|&i| i > 0 && name[i..].chars().nth(2).is_some())
    {
        return Some(run.start + start..run.start + end);
    }
    let (at, _) = name.char_indices().next_back()?;
    let has = || !name.ends_with('守') && behind.strip_prefix('の').is_some_and(|rest| BELONGS.begins(rest));
    let aged = || inner.is_some() || behind.starts_with(['、', '(', ' ']) || age_behind(behind) || has();
    let single = GIVEN_SINGLE.contains(&name[at..])
        && !words.is(name, &[Kind::Other, Kind::Place])
        && !cuts(words, name, at)
        && aged();
    let start = single.then(|| long_start(words, &name[..at])).flatten()?;
    Some(run.start + start..run.start + end)
}

/// Tests for an ordinary word of two characters that a border at `at` cuts: 安静 in 上安|静.
fn cuts(words: &Words, name: &str, at: usize) -> bool {
    let before = name[..at].char_indices().next_back().map_or(at, |(i, _)| i);
    let behind = name[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    words.is_ordinary(&name[before..behind])
}

/// Tests for a given name of two characters or more that is no other word.
pub fn is_given(words: &Words, name: &str) -> bool {
    let person = || words.is(name, &[Kind::Given, Kind::Person]);
    name.chars().nth(1).is_some()
        && (person() || is_composed(name))
        && !words.is_ordinary(name)
        && !words.is(name, &[Kind::Organisation])
        && (!words.is(name, &[Kind::Place]) || person())
        && !is_person(name)
}

/// Last characters of given names that are other words too.
const ENDS: &str = "子美江恵枝雄男夫郎吉一二三介助太平治司樹香菜奈希花華乃音織里紀也哉斗人真弓栄広宏博典浩重";

/// Tests for kanji of given names, the last of which closes many of them.
fn is_composed(name: &str) -> bool {
    given_kanji::is_given(name) && name.ends_with(|c| ENDS.contains(c))
}

/// Tests for a word for somebody, or for what persons do and have.
pub fn is_person(name: &str) -> bool {
    const PERSONS: [&str; 29] = [
        "昭和", "平成", "令和", "大正", "明治", "慶応", "慶應", "本人", "友人", "知人", "夫人", "主人",
        "美人", "愛人", "老人", "病人", "新人", "役人", "一人", "二人", "三人", "成人", "大人", "恋人",
        "同一", "唯一", "統一", "万一", "平和",
    ];
    PERSONS.contains(&name) || is_family(name) || VISITS.contains(name) || BELONGS.contains(name)
}

/// Returns the start of the surname that closes `name`, which begins at `at`: at its own start or behind a word.
fn surname_start(words: &Words, text: &str, at: usize, name: &str) -> Option<usize> {
    if words.is(name, &[Kind::Organisation]) && !words.is(name, &[Kind::Place]) {
        return None;
    }
    if name.chars().nth(1).is_none() {
        let numbered = || {
            let number = text[..at].strip_suffix('.');
            number.is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()))
        };
        let whole = is_titled_single(name) && (begins_phrase(&text[..at]) || numbered());
        return whole.then_some(0);
    }
    long_start(words, name)
}

/// Returns the start of the surname of two characters or more that closes `name`.
fn long_start(words: &Words, name: &str) -> Option<usize> {
    let count = name.chars().count();
    let starts = name.char_indices().map(|(i, _)| i).skip(count.saturating_sub(LONGEST_SURNAME));
    starts.take_while(|&i| name[i..].chars().nth(1).is_some()).find(|&i| {
        (may_be_surname(words, &name[i..]) || is_rare_word(words, &name[i..]))
            && (i == 0 || ends_in_word(words, &name[..i]))
    })
}

/// Tests for a place that is another noun too, but a rare one.
pub fn is_rare_word(words: &Words, name: &str) -> bool {
    words.is(name, &[Kind::Place, Kind::Surname]) && words.is_rare_noun(name)
}

/// Tests for an ordinary word of two characters or more, or a counter, at the end of `text`.
fn ends_in_word(words: &Words, text: &str) -> bool {
    let single = text.chars().nth(1).is_none() && text.contains(|c| "番号室床歳時日階例男女故".contains(c));
    single
        || text
            .char_indices()
            .any(|(i, _)| text[i..].chars().nth(1).is_some() && words.is_ordinary(&text[i..]))
}

/// Tests for the beginning of a line or of a phrase at the end of `before`.
pub fn begins_phrase(before: &str) -> bool {
    before.is_empty()
        || before.ends_with([' ', '\n', '、', '。', '(', '「', ':', '/', '→', '・', ',', '】', ')', 'と'])
        || before.ends_with(|c| matches!(c, '①'..='⑳'))
}

/// Takes the run as a surname where a given name in kana stands behind it: 及川田みな子, 岸リョウは.
fn with_kana(words: &Words, text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let behind = &text[run.end..];
    let kana = behind.trim_start_matches(' ').starts_with(|c| matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ'));
    let part = &text[run.clone()];
    if !kana || part.chars().nth(LONGEST_SURNAME).is_some() {
        return None;
    }
    let single = part.chars().nth(1).is_none();
    let fits = if single {
        is_titled_single(part) && begins_phrase(&text[..run.start])
    } else {
        may_be_surname(words, part)
    };
    let end = if fits { given_in_kana(words, text, run.end) } else { run.end };
    if end == run.end {
        return None;
    }
    let given = text[run.end..end].trim_start_matches(' ');
    // 東アジア, 林の: two characters at least, and nothing goes on.
    let rest = &text[end..];
    let closed = !rest.starts_with(|c: char| matches!(c, 'ァ'..='ヺ' | 'ー'))
        && (!rest.starts_with(is_kanji)
            || honorific(rest).is_some()
            || [&VISITS, &BELONGS].iter().any(|list| list.begins(rest)));
    let kanji_closes = given.ends_with(is_kanji);
    // 風がどう, 青森おでん
    let other = single
        && given.starts_with(['が', 'は', 'に', 'の', 'と', 'も', 'で', 'へ', 'を', 'か', 'や'])
        || words.is_ordinary(given) && !words.is(part, &[Kind::Surname]);
    let long = given.chars().nth(2).is_some() && !(single && kanji_closes);
    let katakana = given.starts_with(|c| matches!(c, 'ァ'..='ヺ')) && given.chars().nth(1).is_some();
    let spaced = !single && behind.starts_with(' ') && given.chars().nth(1).is_some();
    ((long || katakana || spaced) && closed && !other).then_some(run.start..end)
}

/// Takes the run as a surname where a given name in kanji stands behind a space: 倉吉 未央, 芦刈 剛さん.
fn with_space(words: &Words, text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let start = behind_spaces(text, run.end)?;
    let part = &text[run.clone()];
    let end = run_end(text, start);
    let given = &text[start..end];
    let before = &text[..run.start];
    // 夫 森 武
    let single = || {
        part.chars().nth(1).is_none()
            && is_titled_single(part)
            && (family(before) == Some(Tie::Loose) || before.ends_with("本人 "))
            && (GIVEN_SINGLE.contains(given) || is_given(words, given))
            && !text[end..].starts_with(is_kanji)
    };
    // (薬袋 千鶴)
    let bracketed = || {
        before.ends_with('(')
            && text[end..].starts_with(')')
            && words.is(part, &[Kind::Surname])
            && is_given(words, given)
    };
    if end > start && (single() || bracketed()) {
        return Some(run.start..end);
    }
    if end == start
        || !(2..=LONGEST_SURNAME).contains(&part.chars().count())
        || !may_be_surname(words, part) && !is_rare_word(words, part)
    {
        return None;
    }
    let short = given.char_indices().map(|(i, c)| start + i + c.len_utf8()).take(3);
    let honoured = short.into_iter().find(|&at| {
        let name = &text[start..at];
        honorific(&text[at..]).is_some() && (is_given(words, name) || GIVEN_SINGLE.contains(name))
    });
    let closed = || {
        let rest = &text[end..];
        let single = GIVEN_SINGLE.contains(given)
            && (rest.is_empty() || rest.starts_with(['、', '(', ' ', '\n', '。', '】', '/', '→', ')']));
        closes(rest) && (is_given(words, given) || single)
    };
    honoured.or_else(|| closed().then_some(end)).map(|end| run.start..end)
}

/// Tests for a surname that may stand beside others in a list; places do where `places` says so.
pub fn is_listed(words: &Words, name: &str, places: bool) -> bool {
    let place = || words.is(name, &[Kind::Place, Kind::Organisation]) && !words.is_surname_first(name);
    COMMON.contains(name)
        || may_be_surname(words, name) && name.chars().count() <= LONGEST_SURNAME && (places || !place())
}

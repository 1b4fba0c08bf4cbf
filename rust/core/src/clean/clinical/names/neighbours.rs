//! Names beside those that were found: the rest of a list (安食・海野・江守), a surname before a given name.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::category::Place;
use super::candidate::{NO_SINGLES, NO_SURNAMES, is_single};
use super::lists::{GIVEN_SINGLE, NO_LABEL_VALUES};
use super::runs::{closed_bracket, run_before, run_end, run_of, run_up_to};
use super::shape::{begins_phrase, is_derived, is_given, is_known, is_listed, may_be_surname};
use super::titled::{ALIKE, is_lacking};
use super::titles::{Tie, family, honorific, in_brackets, is_family, title};
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji};

/// Marks between the names of a list.
const MARKS: [char; 9] = ['、', '・', '/', '&', '→', '+', ',', ' ', '□'];

/// The most characters between two names of a list: a time, a value, a remark.
const MOST_BETWEEN: usize = 12;

/// Start of each part of the text that is a name, and where it ends.
#[derive(Default)]
struct Taken(BTreeMap<usize, usize>);

impl Taken {
    fn add(&mut self, range: &Range<usize>) {
        self.0.insert(range.start, range.end.max(self.end_before(range.start)));
    }

    /// Returns the end of what begins before `at`.
    fn end_before(&self, at: usize) -> usize {
        self.0.range(..at).next_back().map_or(0, |(_, &end)| end)
    }

    fn is_free(&self, range: &Range<usize>) -> bool {
        self.end_before(range.end) <= range.start
    }
}

/// Adds the neighbours of the names in `found`, which are in order.
pub fn add(words: &Words, text: &str, found: &mut Vec<Place>) {
    let sorted = found.len();
    let mut taken = Taken::default();
    found.iter().for_each(|place| taken.add(&place.whole));
    let mut at = 0;
    while at < found.len() {
        extend(words, text, &mut found[at], &taken);
        extend_forward(words, text, &mut found[at], &taken);
        let place = found[at].whole.clone();
        taken.add(&place);
        let next = found[..sorted].get(at + 1).map(|next| next.whole.start).filter(|&next| next > place.end);
        let between = || next.and_then(|next| between(words, text, place.end, next));
        let given = || given_behind(words, text, &found[at].value);
        let behind = behind(words, text, &place).or_else(between).or_else(given);
        let again = again(text, &found[at].value);
        for name in [before(words, text, place.start), behind, again].into_iter().flatten() {
            if taken.is_free(&name) {
                taken.add(&name);
                found.push(Place { whole: name.clone(), value: name });
            }
        }
        at += 1;
    }
    found.sort_by_key(|place| place.whole.start);
}

/// Finds a name that is called twice: 「洋子、洋子」, 「まさこー、まさこー」.
fn again(text: &str, name: &Range<usize>) -> Option<Range<usize>> {
    let head = &text[..name.start];
    let rest = &text[name.end..];
    let called =
        head.ends_with(['「', '『']).then(|| rest.trim_start_matches(['ー', '!', '、', ' ', '…']))?;
    let start = text.len() - called.len();
    let behind =
        called.strip_prefix(&text[name.clone()]).filter(|_| (1..=12).contains(&(start - name.end)))?;
    (!behind.starts_with(is_kanji)).then(|| start..text.len() - behind.len())
}

/// Takes the surname right before a given name that was found, and the given name behind a surname.
fn extend(words: &Words, text: &str, place: &mut Place, taken: &Taken) {
    let start = place.value.start;
    let limit = taken.end_before(place.whole.start);
    let head = text[..start].strip_suffix(' ').unwrap_or(&text[..start]);
    let run = run_before(4, head, is_kanji);
    let given = is_given(words, &text[place.value.clone()]);
    if !given || run < limit || run == head.len() {
        return;
    }
    let apart = head.len() < start;
    let starts = head[run..].char_indices().map(|(i, _)| run + i);
    let surname = starts.into_iter().find(|&i| {
        let name = &head[i..];
        let fits = if apart {
            may_be_surname(words, name)
        } else {
            is_derived(words, name) || is_known(words, name)
        };
        name.chars().nth(1).is_some() && fits && !text[..i].ends_with(is_kanji)
            || is_derived(words, name) && i > run
    });
    let single = || single_surname(text, place, run..head.len()).filter(|_| apart);
    if let Some(surname) = surname.or_else(single) {
        place.value.start = surname;
        place.whole.start = surname;
    }
}

/// Single kanji before an honoured given name that say who, where or when.
const NO_SURNAME: &str = "男女夫妻父母兄姉弟妹孫子娘嫁婿児姑舅故様殿氏号室階棟床科等歳才朝昼夕夜前後新旧同次月火水木金土日時分年回件番名方宅";

/// Finds a surname of one kanji before a given name with an honorific, a space between them: 骨 修一様.
fn single_surname(text: &str, place: &Place, head: Range<usize>) -> Option<usize> {
    let honoured = ["様", "さん", "殿", "氏"]
        .iter()
        .any(|word| text[place.value.end..place.whole.end].trim_start_matches(' ') == *word);
    let surname = &text[head.clone()];
    let fits = surname.chars().nth(1).is_none() && !NO_SURNAME.contains(surname);
    (honoured && fits && begins_phrase(&text[..head.start])).then_some(head.start)
}

/// Takes the given name behind a surname that was found, a space or a dot between them: 鈴鹿 拓人, 中井・孝雄.
fn extend_forward(words: &Words, text: &str, place: &mut Place, taken: &Taken) {
    let Range { start, end } = place.value;
    if place.whole.end > end || !may_be_surname(words, &text[start..end]) {
        return;
    }
    let rest = &text[end..];
    let Some(inner) = rest.strip_prefix([' ', '・']) else { return };
    let from = text.len() - inner.len();
    let to = run_end(text, from);
    if to > from && taken.is_free(&(from..to)) && is_given(words, &text[from..to]) {
        place.value.end = to;
        place.whole.end = to;
    }
}

/// The most bytes from a name to the next but one.
const LONGEST_BETWEEN: usize = 60;

/// Finds the surname between two names of a list, at `start` and `end`, which may be another word too: 秋吉(PT) 上倉(OT)
/// 堂本(ST).
fn between(words: &Words, text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    if end - start > LONGEST_BETWEEN {
        return None;
    }
    let parted = |mark: &str| {
        let value = |c: char| c.is_ascii_alphanumeric() || ":()①②③④⑤⑥⑦⑧⑨⑩".contains(c);
        mark.contains(MARKS) && mark.chars().all(|c| MARKS.contains(&c) || value(c))
    };
    let inner = &text[start..end];
    let from = start + inner.find(is_kanji)?;
    let to = run_end(text, from);
    let name = text.get(from..to).filter(|_| to <= end)?;
    let fits = (2..=4).contains(&name.chars().count())
        && (words.is(name, &[Kind::Surname])
            || is_derived(words, name)
            || is_lacking(words, name, ALIKE)
            || in_brackets(&text[to..]) && words.looks_like_surname(name, ALIKE))
        && !words.is_verbal(name)
        && !NO_SURNAMES.contains(&name)
        && !is_family(name)
        && honorific(name).is_none()
        && !NO_LABEL_VALUES.begins(name);
    (fits && parted(&text[start..from]) && parted(&text[to..end])).then_some(from..to)
}

/// Longest remark in brackets behind a given name, in characters.
const LONGEST_REMARK: usize = 8;

/// Finds the next given name of a family, an age or a remark in brackets behind each: 子:陸(8)、芽依(5).
fn given_behind(words: &Words, text: &str, name: &Range<usize>) -> Option<Range<usize>> {
    let inside = |rest: &str| {
        let (remark, _) = closed_bracket(rest.strip_prefix('(')?, LONGEST_REMARK)?;
        Some(remark.len() + "()".len())
    };
    let remark = inside(&text[name.end..])?;
    if family(&text[..name.start]).is_none() && !text[..name.start].ends_with(")、") {
        return None;
    }
    let rest = text[name.end + remark..].strip_prefix(['、', '・', ',', '/', ' '])?;
    let start = text.len() - rest.len();
    let kanji = run_end(text, start);
    let end = if kanji > start { kanji } else { run_of(text, start, is_hiragana) };
    let next = &text[start..end];
    let fits = if kanji > start {
        is_given(words, next) || GIVEN_SINGLE.contains(next)
    } else {
        next.chars().nth(1).is_some() && words.readings_of_names.given.has(next)
    };
    (fits && inside(&text[end..]).is_some()).then_some(start..end)
}

/// Strips what numbers the items of a list, or says when: ②, 2., 702.
fn without_number(head: &str) -> &str {
    let rest = head.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | '①'..='⑳'));
    if rest.ends_with(' ') { rest } else { head }
}

/// Finds the name of a list before the one at `start`.
fn before(words: &Words, text: &str, start: usize) -> Option<Range<usize>> {
    let items = without_number(&text[..start]);
    let numbered = items.len() < start;
    let head = items.strip_suffix(MARKS).filter(|head| !head.ends_with(' '))?;
    let spaced = text[..start].ends_with(' ');
    let run = run_before(6, head, is_kanji);
    let name = &head[run..];
    let opens = begins_phrase(&text[..run]) || text[..run].ends_with(['□', '+', '&', '班']);
    let listed = text[..run].is_empty() || text[..run].ends_with([':', '→', '□', '\n', '班']);
    let own = without_number(&text[..run]).len() < run || text[..run].ends_with(|c| matches!(c, '①'..='⑳'));
    // 検印 前島 中込
    let titled = || title(&text[..run]).is_some_and(|tie| tie != Tie::Topic);
    let apart = if numbered { own } else { !spaced || titled() };
    // 辻、島袋両医師
    let single = || {
        listed
            && is_single(name)
            && !numbered
            && !NO_SINGLES.contains(name)
            && text[head.len()..].starts_with(['、', '・', '/'])
    };
    if !name.is_empty() && single() {
        return Some(run..head.len());
    }
    (!name.is_empty() && apart && (opens || numbered) && is_name(words, name, listed || numbered))
        .then_some(run..head.len())
}

/// Finds the name of a list behind the one at `place`.
fn behind(words: &Words, text: &str, place: &Range<usize>) -> Option<Range<usize>> {
    let rest = &text[place.end..];
    let between = |c: char| MARKS.contains(&c) || c.is_ascii_alphanumeric() || "():.様①②③④⑤⑥⑦⑧⑨⑩".contains(c);
    let length = run_up_to(MOST_BETWEEN, rest, 0, between);
    let number = |c: char| c.is_ascii_digit() || matches!(c, '①'..='⑳');
    let counted = rest[..length].contains(' ') && rest[..length].contains(number);
    let mark = rest[..length].contains(['、', '・', '/', '&', '→', '+', ',', '□']) || counted;
    if !mark {
        return None;
    }
    let start = place.end + length;
    let end = run_end(text, start);
    let name = &text[start..end];
    let together =
        ["両名", "両医師", "両先生", "両氏", "ペア", "組"].iter().find_map(|word| name.strip_suffix(word));
    let name = together.unwrap_or(name);
    let behind = &text[start + name.len()..];
    let ends = together.is_some()
        || behind.is_empty()
        || behind.starts_with(|c: char| {
            MARKS.contains(&c) || c.is_ascii_alphanumeric() || "()\n。※」の".contains(c)
        })
        || ["が", "に", "は", "と", "を", "より", "から", "ペア"].iter().any(|word| behind.starts_with(word));
    // 江原140 大津98: each has a value.
    let both = counted
        && (behind.starts_with(|c: char| c.is_ascii_digit())
            || rest[..length].starts_with(' ') && text[..place.start].ends_with(number));
    let valued =
        rest[..length].contains('、') && rest[..length].contains(|c: char| c.is_ascii_digit()) || both;
    let listed = valued || rest[..length].contains(['/', '→', '□', '+', '&']);
    (!name.is_empty() && ends && is_name(words, name, listed)).then_some(start..start + name.len())
}

/// Tests for a surname in a list, also one that is a place where `places` says so.
fn is_name(words: &Words, name: &str, places: bool) -> bool {
    name.chars().nth(1).is_some()
        && is_listed(words, name, places)
        && honorific(name).is_none()
        && !NO_LABEL_VALUES.begins(name)
}

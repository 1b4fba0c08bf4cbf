//! Names behind a label.

use std::ops::Range;

use super::super::category::{Category, Place};
use super::super::reading::{begins_word, char_at, labelled};
use super::candidate::{Candidate, Form, candidates};
use super::closing::closes;
use super::foreign_latin::is_known_latin;
use super::given_kana::given_in_kana;
use super::join::join_given;
use super::katakana::is_ordinary;
use super::label_words;
use super::latin;
use super::lattice::Lattice;
use super::lists::{NO_LABEL_VALUES, NO_NAME_ENDS, is_other};
use super::places::is_unsettled;
use super::runs::{run_end, run_up_to};
use super::shape;
use super::titles::{honorific, is_family};
use super::words::{Kind, Words, id, words};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "name",
    tag: "〔*氏名〕",
    what: "a name behind 患者氏名, 氏名, 主治医, フリガナ and the like; without a colon only one of the dictionary",
    source: "labels of 診療情報提供書, 退院時要約 and consent forms",
    words: label_words::WORDS,
    read,
    examples: &[
        Example { before: "患者氏名:山田太郎 65歳", after: " 65歳", why: "kanji" },
        Example { before: "氏名 佐藤 花子 女性", after: " 女性", why: "two parts, no colon" },
        Example { before: "フリガナ:ヤマダ タロウ", after: "", why: "katakana" },
        Example { before: "Patient name: Taro Yamada, 65M", after: ", 65M", why: "Latin letters" },
        Example {
            before: "【氏名】高橋のぞみ様", after: "", why: "kana behind kanji; the honorific"
        },
        Example { before: "主治医:鈴木が説明", after: "が説明", why: "a particle ends it" },
        Example {
            before: "氏名:不詳、主治医が説明", after: "氏名:不詳、主治医が説明", why: "no name"
        },
        Example {
            before: "薬剤の名前を確認", after: "薬剤の名前を確認", why: "no mark behind the word"
        },
    ],
};

/// The ends of labels for the reading of a name.
const KANA_ENDS: [&str; 14] = [
    "カナ",
    "ガナ",
    "がな",
    "かな",
    "よみ",
    "ヨミ",
    "シメイ",
    "(カナ)",
    "(フリガナ)",
    "読み方",
    "読みかた",
    "カナ名",
    "セイ",
    "メイ",
];

/// The longest part of a name, in characters.
const LONGEST: usize = 12;
/// The longest name in kanji behind PT, which is a therapist's label too, in characters.
const LONGEST_OF_PATIENT: usize = 4;
/// The longest name in kanji that the dictionary lacks, in characters.
const LONGEST_KANJI: usize = 6;

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let inside = text[..word.start].ends_with(|c| is_hiragana(c) || is_katakana(c));
    if !begins_word(text, word.start)
        || inside && matches!(&text[word.clone()], "かな" | "カナ" | "よみ" | "ヨミ")
    {
        return None;
    }
    let label = &text[word.clone()];
    // 「カナ」のみ読める
    if text[..word.start].ends_with('「') && text[word.end..].starts_with('」') {
        return None;
    }
    let closed = label.ends_with(')').then_some((word.end, Mark::Colon));
    let (start, mark) = after_mark(text, word.end).or(closed)?;
    // カナは走る: a person of that name.
    if matches!(label, "カナ" | "かな" | "よみ" | "ヨミ" | "メイ" | "セイ")
        && text[word.end..].starts_with('は')
    {
        return None;
    }
    // PT:平行棒内歩行: what a therapist writes.
    let long = || text[start..run_end(text, start)].chars().nth(LONGEST_OF_PATIENT).is_some();
    let patient = label.eq_ignore_ascii_case("pt") && !long();
    let names_itself = ["名", "名前"].iter().any(|end| label.ends_with(end)) || patient;
    let of_person = names_itself || label.ends_with(['者', '医', '師', '士', '員', '人']);
    let is_kana = KANA_ENDS.iter().any(|end| label.ends_with(end)) || label.starts_with("カナ");
    if mark == Mark::Space && matches!(label, "セイ" | "メイ" | "カタカナ" | "ひらがな" | "読み方")
    {
        return None;
    }
    let end = name_end(words().ok()?, text, start, Evidence { mark, names_itself, of_person, is_kana })?;
    let mut place = labelled(text, &word, start..end);
    if let Some(length) = honorific(&text[end..]) {
        place.whole.end = place.whole.end.max(end + length);
    }
    Some(place)
}

/// Mark between a label and a name: the evidence that a name follows.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Colon,
    Space,
}

/// Returns the start of the name behind a label that ends at `end`, and the mark between them.
fn after_mark(text: &str, end: usize) -> Option<(usize, Mark)> {
    let mut mark = None;
    let mut at = end;
    while let Some(c) = char_at(text, at).filter(|_| at < end + 12) {
        match c {
            ':' | '】' | '〕' | ']' | '=' | '→' => mark = Some(Mark::Colon),
            ')' | '」' if mark.is_none() => mark = Some(Mark::Colon),
            // Somebody speaks: 指導医:「心雑音は」.
            '「' if mark.is_some() => return None,
            '(' | '「' | ' ' | '\t' | '\n' | '\r' | 'は' => mark = mark.or(Some(Mark::Space)),
            _ => break,
        }
        at += c.len_utf8();
    }
    mark.map(|mark| (at, mark))
}

/// Evidence of a label about the text behind it.
#[derive(Clone, Copy)]
struct Evidence {
    mark: Mark,
    /// The label is one for names: 氏名, 患者名.
    names_itself: bool,
    /// The label ends as words for persons do: 患者, 主治医.
    of_person: bool,
    /// The label is one for the reading of a name: フリガナ.
    is_kana: bool,
}

/// Returns the end of the name at `start`.
fn name_end(words: &Words, text: &str, start: usize, evidence: Evidence) -> Option<usize> {
    let first = char_at(text, start)?;
    if NO_LABEL_VALUES.begins(&text[start..]) || evidence.mark == Mark::Space && is_disease(text, start) {
        return None;
    }
    match first {
        c if is_kanji(c) => kanji(words, text, start, evidence),
        c if is_katakana(c) => {
            kana(words, text, start, evidence, |c| is_katakana(c) || c == 'ー' || c == '・')
        }
        c if is_hiragana(c) => kana(words, text, start, evidence, is_hiragana),
        'A'..='Z' if evidence.mark == Mark::Colon => in_latin(text, start),
        _ => None,
    }
}

/// Tests for three kanji or more that end as names of diseases do: 本人 高脂血症.
fn is_disease(text: &str, start: usize) -> bool {
    let run = &text[start..run_end(text, start)];
    run.chars().nth(2).is_some() && run.ends_with(['症', '病', '炎', '癌', '腫', '瘤', '塞', '圧'])
}

/// Returns the end of a name in kanji: one with a surname of the dictionary, else a run that is no other word.
fn kanji(words: &Words, text: &str, start: usize, evidence: Evidence) -> Option<usize> {
    let mut lattice = Lattice::default();
    let end = run_end(text, start);
    let mut run = start..end;
    let first = candidates(words, &mut lattice, text, run.clone(), id::OUTER).into_iter().next();
    if let Some(mut name) = first.filter(|name| {
        name.range.start == start && !is_family(&text[name.range.clone()]) && accepts(text, name, evidence)
    }) {
        if name.form == Form::Surname && name.range.end == end {
            join_given(words, &mut lattice, text, &mut name, &mut run, true);
        }
        let kana = given_in_kana(words, text, name.range.end);
        return Some(if name.form == Form::Surname { kana } else { name.range.end });
    }
    if let Some(full) = shape::full(words, text, &run).filter(|full| full.start == start) {
        return Some(full.end);
    }
    if evidence.of_person && evidence.mark == Mark::Colon && shape::is_rare_full(words, &text[run.clone()]) {
        return closes(&text[end..]).then_some(end);
    }
    // 担当:鞍馬
    let rare = || {
        end - start > '字'.len_utf8()
            && words.is_rare_noun(&text[run.clone()])
            && words.is(&text[run.clone()], &[Kind::Surname, Kind::Place])
    };
    if evidence.mark == Mark::Colon && closes(&text[end..]) && rare() {
        return Some(end);
    }
    let sure = evidence.names_itself && evidence.mark == Mark::Colon;
    let (tokens, ordinary, unread) = unknown(words, &mut lattice, &text[start..end]);
    let length = text[start..end].chars().count();
    let shaped = evidence.mark == Mark::Colon && words.looks_like_surname(&text[start..end], 20);
    let shaped =
        shaped || evidence.mark == Mark::Colon && (2..=3).contains(&length) && (tokens == length || unread);
    let is = |kinds: &[Kind]| words.is(&text[start..end], kinds);
    let place = evidence.of_person && evidence.mark == Mark::Colon && is_unsettled(words, &text[start..end]);
    let sure = sure || place || shaped && !is(&[Kind::Other, Kind::Place, Kind::Organisation]);
    let ordinary = ordinary && !place;
    if !sure || ordinary || tokens == 0 || length > LONGEST_KANJI {
        return None;
    }
    let kana = run_up_to(LONGEST + 1, text, end, is_hiragana);
    let given = (2..=4).contains(&text[end..kana].chars().count()) && !text[kana..].starts_with(is_kanji);
    let given = given && !text[end..kana].starts_with(['は', 'が', 'を', 'に', 'で', 'と', 'の', 'へ']);
    if given && !NO_NAME_ENDS.ends(&text[end..kana]) {
        return Some(kana);
    }
    Some(end)
}

/// Tests whether a label makes a candidate a name.
fn accepts(text: &str, name: &Candidate, evidence: Evidence) -> bool {
    let honoured = honorific(&text[name.range.end..]).is_some();
    match name.form {
        Form::Full => true,
        Form::Likely => evidence.mark == Mark::Colon || name.ends || honoured,
        Form::Surname => name.whole || name.ends || honoured,
        Form::Given => evidence.mark == Mark::Colon && name.whole,
    }
}

/// Counts the words of a run; tells whether all are ordinary words of two characters or more, and whether any is none.
fn unknown(words: &Words, lattice: &mut Lattice, run: &str) -> (usize, bool, bool) {
    lattice.load(words, run, |_| false);
    let around = super::lattice::Surroundings { left: id::OUTER, right: id::OUTER, names: true };
    let (tokens, _) = lattice.read(words, run, around);
    let ordinary = tokens.iter().all(|t| t.length >= 2 && matches!(t.kind, Kind::Other | Kind::Organisation));
    let unread = tokens.iter().any(|token| token.kind == Kind::Unknown);
    (tokens.len(), ordinary || words.is(run, &[Kind::Other]), unread)
}

/// Returns the end of a name of up to four parts in kana.
fn kana(words: &Words, text: &str, start: usize, evidence: Evidence, is: fn(char) -> bool) -> Option<usize> {
    let mut end = run_up_to(LONGEST + 1, text, start, is);
    let mut parts = Vec::from([Range { start, end }]);
    while parts.len() < 4 {
        let gap = text[end..].chars().take_while(|&c| c == ' ').count();
        let next = run_up_to(LONGEST + 1, text, end + gap, is);
        if !(1..=2).contains(&gap) || next == end + gap {
            break;
        }
        parts.push(end + gap..next);
        end = next;
    }
    let lengths_fit = |part: &Range<usize>| (1..=LONGEST).contains(&text[part.clone()].chars().count());
    // ひより ends as a phrase does.
    let is_reading =
        |part: &Range<usize>| evidence.is_kana && words.readings_of_names.has(&text[part.clone()]);
    let is_phrase = |part: &Range<usize>| {
        !is_reading(part) && NO_NAME_ENDS.ends(&text[part.clone()])
            || NO_LABEL_VALUES.begins(&text[part.clone()])
    };
    while let Some(last) = parts.last()
        && parts.len() > 1
        && (!lengths_fit(last)
            || is_phrase(last)
            || text[last.end..].starts_with(is_kanji) && honorific(&text[last.end..]).is_none())
    {
        parts.pop();
    }
    let end = parts.last()?.end;
    let whole = text[start..end].chars().count();
    if !parts.iter().all(lengths_fit) || parts.iter().any(is_phrase) || whole < 2 {
        return None;
    }
    let goes_on = char_at(text, end)
        .is_some_and(|c| c.is_ascii_digit() || is_kanji(c) && honorific(&text[end..]).is_none());
    let several = parts.len() > 1 || text[start..end].contains('・');
    let ordinary = parts.iter().any(|part| is_ordinary(words, &text[part.clone()]));
    let read = parts.iter().all(|part| words.readings_of_names.has(&text[part.clone()]));
    let surname = || {
        whole > 2
            && words.readings_of_names.surnames.has(&text[start..end])
            && !words.is(&text[start..end], &[Kind::Other])
    };
    if !goes_on && read && (several || is_katakana(char_at(text, start)?) && surname()) {
        return Some(end);
    }
    let kind = if evidence.is_kana {
        true
    } else {
        evidence.mark == Mark::Colon && (!ordinary || evidence.names_itself && several)
            || evidence.names_itself && several && !ordinary
    };
    (kind && (evidence.is_kana || !goes_on)).then_some(end)
}

/// Returns the end of a name of up to three parts in Latin letters, the first with a capital.
fn in_latin(text: &str, start: usize) -> Option<usize> {
    let part = |at: usize| {
        run_up_to(LONGEST + 1, text, at, |c| c.is_ascii_alphabetic() || matches!(c, '\'' | '-' | '.' | '^'))
    };
    let mut end = part(start);
    if end - start < 2 || is_other(&text[start..end]) {
        return None;
    }
    for i in 0..4 {
        let next = [", ", " "].iter().find_map(|gap| text[end..].strip_prefix(gap).map(|_| end + gap.len()));
        let Some(next) = next.filter(|&next| text[next..].starts_with(|c: char| c.is_ascii_uppercase()))
        else {
            break;
        };
        let next_end = part(next);
        // M and F alone are the sex.
        if next_end == next + 1
            || is_other(&text[next..next_end])
            || i > 1 && !is_known_latin(&text[next..next_end])
        {
            break;
        }
        end = next_end;
    }
    let end = latin::behind_surname(text, end).unwrap_or(end);
    (!char_at(text, end)
        .is_some_and(|c| c.is_ascii_digit() || is_kanji(c) && honorific(&text[end..]).is_none()))
    .then_some(end)
}

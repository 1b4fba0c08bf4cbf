//! A surname with nothing that announces it: 田中来院, 鈴木は微熱, 5号室 高橋.
//!
//! It begins a word, and what follows is what persons do and have. A word for a disease, a method, a scale, a place or a
//! company behind it makes it part of another word.

use super::candidate::{Candidate, Form};
use super::closing::begins_inflected;
use super::lists::{ALONE_BEHIND, BELONGS, COMPANIES, FAMILY, NO_NAME_BEFORE, SPEAKS_WITH, TOWNS, VISITS};
use super::runs::{is_katakana_word, run_up_to};
use super::usual::{is_common, is_sure};
use super::words::{Kind, Words, id};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Particles that follow persons, and places hardly.
const OF_PERSONS: [&str; 9] = ["は", "が", "も", "を", "と", "です", "だと", "って", "ら"];

/// Words behind の for whom a neighbour or a helper speaks of.
const ELDERS: [&str; 8] =
    ["おばあ", "おじい", "ばあちゃん", "じいちゃん", "おばさん", "おじさん", "奥さん", "旦那さん"];

/// Particles that follow places too.
const OF_PLACES: [&str; 6] = ["に", "へ", "で", "から", "より", "まで"];

/// Ends of words for diseases, methods and scales, in a run that a surname begins.
const THINGS: &str = "病症炎腫瘤斑疹法式型術類点徴候基準表図像窩靱帯帯管腺筋膜節体説論賞杯線株語弁流派器具材剤薬錠散湯液軟膏鉗鈎";

/// Tests a surname of two characters or more for a person by what stands around it.
pub fn is_alone(words: &Words, text: &str, candidate: &Candidate) -> bool {
    let may_be = candidate.form == Form::Surname
        && candidate.begins
        && !candidate.behind_name
        && !matches!(candidate.next_id, id::SURNAME | id::GIVEN);
    if !may_be {
        return false;
    }
    let range = candidate.range.clone();
    let (before, name, behind) = (&text[..range.start], &text[range.clone()], &text[range.end..]);
    // 小規模な入江, すべての小島
    if words.is_ordinary(name) && before.ends_with(['な', 'い', 'た', 'る', 'の']) {
        return false;
    }
    let common = is_sure(words, name) && (!is_house(name) || is_common(name));
    (common || is_likely(words, before, name, behind))
        && begins(before, is_common(name) || words.is_only_surname(name))
        && !is_linked(before, behind)
        && !names_a_thing(behind, candidate)
        && !is_solution(name, behind)
        && follows(name, behind, candidate, common)
}

/// Tests a rare surname, which is no ordinary word, for a person: it is no place, stands by itself, or does something.
fn is_likely(words: &Words, before: &str, name: &str, behind: &str) -> bool {
    if words.is_ordinary(name) {
        return false;
    }
    let closes = behind.is_empty() || behind.starts_with([' ', '\n', ':', '/', '→', ')']);
    // (木祖)
    let remark = before.strip_suffix('(').is_some_and(|rest| !rest.is_empty() && !rest.ends_with(is_kanji));
    let bracketed = remark && behind.starts_with(')');
    !words.is(name, &[Kind::Place, Kind::Organisation]) && words.is_usual_surname(name) && !is_house(name)
        || !TOWNS.contains(name) && opens(before) && closes && !bracketed
        || has(behind)
        || behind.starts_with(is_hiragana) && ALONE_BEHIND.begins(behind)
}

/// Tests for the beginning of a line, an entry or a bracket.
fn opens(before: &str) -> bool {
    before.is_empty() || before.ends_with(|c: char| c.is_ascii_digit() || " \n:→/(①②③④⑤⑥⑦⑧⑨⑩".contains(c))
}

/// Tests for a temple or a household: 金光寺, 山階宮.
fn is_house(name: &str) -> bool {
    name.ends_with(['寺', '院', '家', '宮', '社', '堂'])
}

/// Surnames of one character that begin hardly any word.
const SINGLE: &str = "林森辻堀菅柳岡泉堤関岸星梶";

/// Tests a surname of one character at the beginning of a phrase, behind which stands what a person does.
pub fn is_alone_single(before: &str, name: &str, behind: &str, next_id: u16) -> bool {
    SINGLE.contains(name)
        && (before.is_empty() || before.ends_with(['\n', '。', '、', ' ']))
        && next_id == id::VERBAL_NOUN
        && VISITS.begins(behind)
}

/// Tests that a word may begin here.
fn begins(before: &str, common: bool) -> bool {
    let Some(last) = before.chars().next_back() else { return true };
    match last {
        'お' | 'ご' | '○' | '@' | '_' | '#' => false,
        c if is_katakana(c) || c == 'ー' || c.is_ascii_alphabetic() => common,
        _ => true,
    }
}

/// Tests for a mark that joins the surname with other words of an eponym: 津守・稲毛式, フォークト・小柳・原田病.
fn is_linked(before: &str, behind: &str) -> bool {
    let joins = |c: char| matches!(c, '・' | '-' | '=');
    let word = |c: char| is_kanji(c) || is_katakana(c) || c == 'ー' || joins(c) || c.is_ascii_alphabetic();
    let forward = run_up_to(24, behind, 0, word);
    let whole = &behind[..forward];
    let foreign = before
        .strip_suffix(joins)
        .is_some_and(|rest| rest.ends_with(|c: char| is_katakana(c) || c == 'ー' || c.is_ascii_alphabetic()));
    foreign
        || whole.starts_with(joins)
            && whole.split(joins).skip(1).any(|part| {
                part.starts_with(is_katakana)
                    || is_latin_word(part)
                    || part.ends_with(|c| THINGS.contains(c))
                    || part.char_indices().any(|(i, _)| NO_NAME_BEFORE.at_start(&part[i..]).any(is_long))
            })
}

/// Tests for a word in Latin letters that is no title: Barbara.
fn is_latin_word(part: &str) -> bool {
    let letters = part.bytes().take_while(u8::is_ascii_alphabetic).count();
    letters > 3 && part.as_bytes()[1].is_ascii_lowercase()
}

/// Tests for two characters or more.
fn is_long(word: &str) -> bool {
    word.chars().nth(1).is_some()
}

/// Tests for a word behind it that makes it part of another one.
fn names_a_thing(behind: &str, candidate: &Candidate) -> bool {
    let rest = behind.strip_prefix(['の', '氏']).unwrap_or(behind);
    let rest = rest.strip_prefix('式').unwrap_or(rest);
    let stripped = rest.len() < behind.len();
    if stripped && NO_NAME_BEFORE.at_start(rest).any(is_long) || is_clinic(behind) {
        return true;
    }
    if NO_NAME_BEFORE.at_start(behind).any(|word| candidate.next_length <= word.chars().count()) {
        return true;
    }
    let next: usize = behind.chars().take(candidate.next_length).map(char::len_utf8).sum();
    candidate.next_length <= 2 && !has(behind) && behind[..next].ends_with(|c| THINGS.contains(c))
}

/// Longest departments with the word for a clinic behind them, in characters.
const LONGEST_CLINIC: usize = 14;

/// Tests for a clinic, which bears the name of its doctor: 佐藤内科クリニック.
fn is_clinic(behind: &str) -> bool {
    let length = run_up_to(LONGEST_CLINIC, behind, 0, |c| is_kanji(c) || is_katakana_word(c));
    let run = &behind[..length];
    ["医院", "クリニック", "病院", "診療所"]
        .iter()
        .any(|clinic| run.find(clinic).is_some_and(|at| run[..at].ends_with(['科', '形'])))
}

/// Tests for a solution by the company that makes it: 大塚生食注.
fn is_solution(name: &str, behind: &str) -> bool {
    COMPANIES.contains(name) && ["生食", "蒸留水", "糖液"].iter().any(|word| behind.starts_with(word))
}

/// Tests what follows for what persons do and have.
fn follows(name: &str, behind: &str, candidate: &Candidate, common: bool) -> bool {
    let Some(first) = behind.chars().next() else { return true };
    let (town, company) = (TOWNS.contains(name), COMPANIES.contains(name));
    match first {
        c if is_kanji(c) && common && (is_inflected(behind) || BEGINS_VERBAL.contains(c)) => true,
        c if is_kanji(c) => match candidate.next_id {
            id::VERBAL_NOUN => !is_operation(behind, candidate.next_length),
            id::ADVERB | 1282 | 1284 | 1287 | 1314 | 575..=1129 => true,
            id::NOUN | 1306 => common && !company && has(behind),
            _ => false,
        },
        c if is_hiragana(c) => {
            if ALONE_BEHIND.begins(behind) {
                return true;
            }
            if let Some(rest) = behind.strip_prefix('の') {
                return common && !company && (has(rest) || ELDERS.iter().any(|word| rest.starts_with(word)));
            }
            if let Some(particle) = OF_PLACES.iter().find(|word| behind.starts_with(**word)) {
                let rest = behind[particle.len()..].trim_start_matches('、');
                let signs =
                    matches!(*particle, "より" | "から") && (rest.is_empty() || rest.starts_with('\n'));
                return common && (signs || !town && SPEAKS_WITH.begins(rest));
            }
            let acts = |rest: &str| {
                is_common(name)
                    || has(rest)
                    || [&SPEAKS_WITH, &ALONE_BEHIND].iter().any(|list| list.begins(rest))
            };
            let mut particles = OF_PERSONS.iter().filter_map(|word| behind.strip_prefix(*word));
            !company && particles.any(|rest| acts(rest.strip_prefix('、').unwrap_or(rest)))
        }
        c if is_katakana(c) => common && ALONE_BEHIND.begins(behind),
        c if c.is_ascii_alphabetic() => common && !company && !is_grade(behind),
        ')' => !town && !behind[1..].starts_with('様'),
        _ => !town && !company,
    }
}

/// First characters of what is done to a person: 再入院, 要介助.
const BEGINS_VERBAL: &str = "再要即";

/// Tests for one kanji with the ending of a verb or an adjective: 食べてない.
fn is_inflected(behind: &str) -> bool {
    let mut characters = behind.chars();
    characters.next();
    let rest = characters.as_str();
    begins_inflected(rest) && !rest.starts_with('な')
}

/// Tests for what a person has at the start of `text`.
fn has(text: &str) -> bool {
    [&VISITS, &FAMILY, &BELONGS].iter().any(|list| list.begins(text))
}

/// Tests for a verbal noun that goes on as an operation or a method: 切除術, 固定法.
fn is_operation(behind: &str, length: usize) -> bool {
    let next: usize = behind.chars().take(length).map(char::len_utf8).sum();
    behind[next..]
        .starts_with(['術', '法', '式', '型', '器', '液', '剤', '板', '株', '論', '線', '食', '所', '社'])
}

/// Tests for a numeral with a word for a class behind it: IV型.
fn is_grade(behind: &str) -> bool {
    let rest = behind.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-');
    rest.starts_with(['型', '期', '度', '式', '法', '分', '病', '症', '群'])
}

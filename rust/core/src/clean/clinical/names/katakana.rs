//! Names in katakana beside an honorific, a title, a member of the family or the same name in kanji.

use super::super::category::Place;
use super::foreign::{self, is_foreign};
use super::given_alone;
use super::given_context;
use super::given_structure;
use super::joined;
use super::lists::{BELONGS, GIVEN_KATAKANA, GOES_ON, NO_KATAKANA, VISITS};
use super::person::{has_country_behind, is_country, is_person_behind, is_status_before};
use super::residents;
use super::runs::{is_katakana_word, run_of};
use super::titles::{Tie, age_behind, family, honorific, title};
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji};

/// The longest name in katakana, in parts.
const MOST_PARTS: usize = 4;

/// The marks between the parts of a name.
const BETWEEN: [char; 3] = ['・', ' ', '='];

/// Names in katakana that begin at `start`, where a run of katakana begins; returns the end of the run too.
pub fn katakana(words: &Words, text: &str, start: usize, last: Option<usize>) -> (Option<Place>, usize) {
    let ends = part_ends(text, start);
    if let Some(place) = given_alone::in_kana(words, text, start, ends[0]) {
        let end = place.value.end;
        return (Some(place), end);
    }
    let given = given_context::in_kana(words, text, start, ends[0]);
    if let Some(name) = given.or_else(|| given_structure::in_kana(words, text, start, ends[0])) {
        return (Some(Place { whole: name.clone(), value: name }), ends[0]);
    }
    if let Some(place) = foreign::reading_in_brackets(text, start, ends[ends.len() - 1], last) {
        let end = place.value.end;
        return (Some(place), end);
    }
    let before = &text[..start];
    let tie = title(before).or_else(|| family(before));
    let person = || ends.len() > 1 && before.ends_with(['婦', '性', '児', '生', '人', '名', '者', '氏']);
    let apart = last == Some(start)
        || !before.ends_with(|c: char| is_kanji(c))
        || tie.is_some()
        || person()
        || residents::is_honoured(&text[ends[0]..]) && residents::is_newcomer(before);
    if !apart {
        return (None, ends[0]);
    }
    if let Some(end) = residents::place(words, text, start, &ends) {
        let length = honorific(&text[end..]).unwrap_or(0);
        return (Some(Place { whole: start..end + length, value: start..end }), end);
    }
    // ケビン 40歳, 妻リエン(ベトナム)
    let alone = || {
        let behind = &text[ends[0]..];
        let name = &text[start..ends[0]];
        behind.starts_with([' ', '(', '、'])
            && age_behind(behind)
            && is_foreign(words, name)
            && !before.ends_with(['・', 'ー'])
            || behind.starts_with('(')
                && has_country_behind(behind)
                && tie.is_some()
                && name.chars().nth(1).is_some()
                && !words.is(name, &[Kind::Other, Kind::Organisation])
    };
    if ends.len() == 1 && alone() {
        return (Some(Place { whole: start..ends[0], value: start..ends[0] }), ends[0]);
    }
    let follows = last.is_some_and(|last| last < start && start - last <= 3);
    for &end in ends.iter().rev() {
        // What makes it a name is looked for first, as few words have any of it.
        if tie.is_none() && !follows && end == ends[0] && honorific(&text[end..]).is_none() {
            if let Some(place) = joined::name(words, text, start, end) {
                return (Some(place), end);
            }
            continue;
        }
        let name = Name { words, text, start, end, parts: text[start..end].split(BETWEEN).collect() };
        if name.is_other() || !(2..=24).contains(&text[start..end].chars().count()) {
            continue;
        }
        if let Some(length) = name.honoured() {
            return (Some(Place { whole: start..end + length, value: start..end }), end);
        }
        if name.titled(tie)
            || name.reads(last)
            || name.is_full()
            || name.is_described()
            || foreign::in_katakana(words, &name.parts, &text[end..])
        {
            return (Some(Place { whole: start..end, value: start..end }), end);
        }
    }
    let said =
        joined::said(words, text, start, ends[0]).map(|name| Place { whole: name.clone(), value: name });
    (said, ends[0])
}

/// The ends of the parts of the name that may begin at `start`.
fn part_ends(text: &str, start: usize) -> Vec<usize> {
    let mut end = run_of(text, start, is_katakana_word);
    let mut ends = vec![end];
    while ends.len() < MOST_PARTS {
        let Some(mark) = text[end..].chars().next().filter(|c| BETWEEN.contains(c)) else { break };
        let next = end + mark.len_utf8();
        end = run_of(text, next, is_katakana_word);
        if end == next {
            break;
        }
        ends.push(end);
    }
    ends
}

/// The shortest surname with a given name that needs nothing beside it, in characters with the mark between them.
const SHORTEST_FULL: usize = 6;

/// Longest further parts of an eponym, in characters.
const LONGEST_EPONYM: usize = 30;

/// Possible name.
struct Name<'a> {
    words: &'a Words,
    text: &'a str,
    start: usize,
    end: usize,
    parts: Vec<&'a str>,
}

impl Name<'_> {
    /// Tests for words that are no name.
    fn is_other(&self) -> bool {
        let name = &self.text[self.start..self.end];
        if name.contains('・') {
            // ブライアン・コール先生
            let behind = &self.text[self.end..];
            let honoured = || {
                !behind.starts_with(['様', ' '])
                    && honorific(behind).is_some()
                    && self.words.is_name(self.parts[0])
            };
            let foreign = || {
                is_foreign(self.words, self.parts[0])
                    && self.parts.iter().all(|part| self.words.is_name(part))
            };
            return NO_KATAKANA.ends(name) && !honoured() && !foreign();
        }
        self.parts.iter().any(|part| is_ordinary(self.words, part))
    }

    /// The length of the honorific behind the name.
    fn honoured(&self) -> Option<usize> {
        let behind = &self.text[self.end..];
        let several = self.parts.len() > 1;
        let spaced = || {
            let part = self.parts[0];
            let after = |words: &[&str]| words.iter().any(|word| behind[1..].starts_with(word));
            behind.starts_with([' '])
                && (after(&["サマ", "様", "サン"])
                    && (joined::is_name(self.words, part) || joined::is_full_beside(self.words, part))
                    || after(&["さん", "様", "氏", "くん", "ちゃん"]) && is_foreign(self.words, part))
        };
        let length = honorific(behind).filter(|_| !behind.starts_with(' ') || several || spaced())?;
        let behind = behind.trim_start_matches(' ');
        let fits = if behind.starts_with('様') {
            // スリガラス様陰影 is no person.
            let rest = &behind['様'.len_utf8()..];
            let visits = VISITS.begins(rest);
            let unknown = || {
                visits
                    && self.text[self.start..self.end].chars().count() > 3
                    && !self.words.is(self.parts[0], &[Kind::Other])
            };
            several
                || self
                    .parts
                    .iter()
                    .all(|part| is_name(self.words, part) || joined::is_full_beside(self.words, part))
                || unknown()
        } else {
            behind.starts_with(is_kanji)
                || behind.starts_with([
                    'さ', 'ち', 'く', 'D', 'N', 'レ', 'B', 'ベ', 'べ', 'b', 'お', 'ば', 'じ', 'サ', 'ク',
                    'チ',
                ])
        };
        fits.then_some(length)
    }

    /// Tests whether the title or the member of the family before it makes it a name.
    fn titled(&self, tie: Option<Tie>) -> bool {
        let behind = &self.text[self.end..];
        let closed = !behind.starts_with(|c: char| is_kanji(c) || is_hiragana(c)) && !self.begins_eponym()
            || self.parts.len() == 1 && GOES_ON.begins(behind);
        let person = || {
            self.parts.iter().all(|part| {
                let surname = || part.chars().count() > 2 && self.words.readings_of_names.surnames.has(part);
                GIVEN_KATAKANA.contains(part)
                    || joined::is_full_beside(self.words, part)
                    || is_name(self.words, part)
                        && !self.words.is(part, &[Kind::Other])
                        && (surname() || !self.words.is(part, &[Kind::Organisation]))
            })
        };
        match tie {
            Some(Tie::Mark) => {
                self.bracketed() && family(&self.text[..self.start]).is_some()
                    || closed
                        && (self.text[self.start..self.end].contains('・')
                            || person()
                            || self.behind_latin_title()
                            || self.several_foreign())
            }
            // 患者様はリリカを: a drug.
            Some(Tie::Topic) => {
                self.text[..self.start].ends_with('が')
                    && behind.starts_with(['に', 'を', 'と', 'へ'])
                    && self.parts.iter().all(|part| is_foreign(self.words, part))
                    || (behind.is_empty() || behind.starts_with(['、', '。', ' ', '\n', ',', 'で']))
                        && person()
            }
            Some(Tie::Loose | Tie::Weak | Tie::Role) => {
                closed && (person() || self.text[..self.start].ends_with(' ') && self.holds_name())
            }
            Some(Tie::Direct) => {
                !behind.starts_with(is_kanji)
                    && (person() || self.dotted() && (closed || GOES_ON.begins(behind)))
            }
            None => false,
        }
    }

    /// Tests for the first parts of an eponym: ニーマン in ニーマン・ピック病.
    fn begins_eponym(&self) -> bool {
        let further =
            self.text[self.end..].strip_prefix('・').filter(|rest| rest.starts_with(is_katakana_word));
        further.is_some_and(|further| {
            let part = |c: &char| *c == '・' || is_katakana_word(*c);
            let parts: usize =
                further.chars().take(LONGEST_EPONYM).take_while(part).map(char::len_utf8).sum();
            let rest = &further[parts..];
            rest.starts_with(is_kanji) && ![&VISITS, &BELONGS].iter().any(|list| list.begins(rest))
        })
    }

    /// Tests for parts with a dot between them, fewer than half of which are ordinary words, or half where the first is none.
    fn dotted(&self) -> bool {
        let other = |part: &&&str| is_ordinary(self.words, part) || self.words.is(part, &[Kind::Other]);
        self.text[self.start..self.end].contains('・')
            && self.parts.len() > 1
            && self.parts.iter().filter(other).count() * 2
                < self.parts.len() + usize::from(!other(&&self.parts[0]))
    }

    /// Tests for a title in Latin letters with its dot before one word that the dictionary lacks: Dr.チャウ.
    fn behind_latin_title(&self) -> bool {
        let rest = self.text[..self.start].strip_suffix('.');
        rest.is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_alphabetic()))
            && self.parts.len() == 1
            && !self.words.is(self.parts[0], &[Kind::Other, Kind::Organisation])
    }

    /// Tests for parts with a dot between them before an age or an origin: アレハンドロ・ルイス(41歳), パク・ソヨン(留学生).
    fn is_described(&self) -> bool {
        let ordinary = |part: &&&str| is_ordinary(self.words, part) || self.words.is(part, &[Kind::Other]);
        let others = self.parts.iter().filter(ordinary).count();
        let last = self.parts.last().is_some_and(|last| !ordinary(&last));
        self.text[self.start..self.end].contains('・')
            && self.parts.len() > 1
            && others * 2 <= self.parts.len()
            && (last || self.dotted())
            && (is_person_behind(&self.text[self.end..])
                || is_status_before(&self.text[..self.start]) && !self.text[self.end..].starts_with(is_kanji))
    }

    /// Tests for several parts, the first of which is a name of the dictionary: グエン ティ ホア.
    fn several_foreign(&self) -> bool {
        self.parts.len() > 1
            && self.words.is_name(self.parts[0])
            && self.parts[1..]
                .iter()
                .all(|part| self.words.is_name(part) || !self.words.is(part, &[Kind::Other]))
    }

    /// Tests for parts with a space between them, one of which is a name and none another word: スザ アマンダ.
    fn holds_name(&self) -> bool {
        let other = |part: &&&str| {
            self.words.is(part, &[Kind::Other, Kind::Place, Kind::Organisation]) && !self.words.is_name(part)
        };
        self.parts.len() > 1
            && self.parts.iter().any(|part| self.words.is_name(part))
            && !self.parts.iter().any(|part| other(&part))
    }

    fn bracketed(&self) -> bool {
        [('(', ')'), ('【', '】'), ('[', ']'), ('〔', '〕'), ('「', '」'), ('<', '>')].iter().any(
            |&(open, close)| {
                self.text[..self.start].ends_with(open) && self.text[self.end..].starts_with([close, '/'])
            },
        )
    }

    /// Tests for a surname and a given name, each with its reading: ヤマダ タロウ.
    fn is_full(&self) -> bool {
        let readings = &self.words.readings_of_names;
        let [surname, given] = self.parts[..] else { return false };
        let is_other = |part| self.words.is(part, &[Kind::Other]);
        readings.surnames.has(surname)
            && readings.given.has(given)
            && !(is_other(surname) && is_other(given))
            && self.text[self.start..self.end].chars().count() >= SHORTEST_FULL
            && !self.text[self.end..].starts_with(is_kanji)
    }

    /// Tests for the reading of the name that ends at `last`: 山田太郎(ヤマダ タロウ).
    fn reads(&self, last: Option<usize>) -> bool {
        let Some(between) = last.and_then(|last| self.text.get(last..self.start)) else { return false };
        if is_country(&self.text[self.start..self.end]) {
            return false;
        }
        let known = || self.parts.iter().all(|part| self.words.readings_of_names.has(part));
        between.trim_matches(' ').is_empty() && !between.is_empty() && between.len() <= 2 && known()
            || self.bracketed()
                && between.trim_matches(' ').chars().count() == 1
                && (known()
                    || self.parts.len() > 1
                    || !self.parts.iter().any(|part| is_compound(self.words, part)))
    }
}

/// Tests for two ordinary words: ダブルチェック.
fn is_compound(words: &Words, word: &str) -> bool {
    let other = [Kind::Other];
    let mut ends = word.char_indices().map(|(i, _)| i).skip(2);
    ends.any(|i| words.is(&word[..i], &other) && words.is(&word[i..], &other))
}

/// Tests for a name of the dictionary, or the reading of one.
fn is_name(words: &Words, word: &str) -> bool {
    words.is_name(word) || words.readings_of_names.has(word)
}

/// Tests for a word that is no name.
pub fn is_ordinary(words: &Words, word: &str) -> bool {
    // The ends of compounds have three characters or more: ウン is no end of ブラウン.
    NO_KATAKANA.at_end(word).any(|end| end.len() == word.len() || end.chars().count() > 2)
        || words.is(word, &[Kind::Other, Kind::Organisation]) && !is_name(words, word)
}

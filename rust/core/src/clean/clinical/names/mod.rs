//! Names in the text: the dictionary's surnames and given names, where their surroundings make them a person's.
//!
//! A run of kanji is read as words at the least cost, as MeCab does it, so 同様 is no surname before 様 and 山口県 a
//! place. A surname with a given name is a name anywhere; one of the two where an honorific, a profession, a title, a
//! member of the family, an age or another name stands beside it.

mod alone;
mod candidate;
mod chains;
mod closing;
mod english;
mod evidence;
mod family;
mod foreign;
mod foreign_latin;
mod given_alone;
mod given_context;
mod given_kana;
mod given_kanji;
mod given_structure;
mod hiragana;
mod honoured;
mod inflate;
mod join;
mod joined;
mod katakana;
mod known;
pub mod label;
mod label_words;
mod latin;
mod lattice;
mod lists;
mod neighbours;
mod nickname;
mod other_names;
mod person;
mod places;
mod quotation;
mod readings;
mod residents;
mod romaji;
mod roster;
pub mod runs;
mod shape;
mod spaced;
mod speaker;
mod speaker_kana;
mod syllables;
mod titled;
mod titles;
mod titles_latin;
mod unknown;
mod usual;
mod words;

use std::ops::Range;

use super::category::{Category, Place, TAG_BEGIN};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};
use crate::clean::rule::Example;

pub use candidate::is_single;
use candidate::{Form, candidates};
use evidence::decide;
use join::join_given;
pub use lattice::Lattice;
use runs::{behind_spaces, run_end, run_of};
use titles::honorific;
use unknown::by_form;
use words::{Kind, id};
pub use words::{Words, words};

pub const CATEGORY: Category = Category {
    name: "name_in_text",
    tag: "〔*氏名〕",
    what: "a surname with a given name; one of them beside an honorific, a profession, a title, a member of the family or an age; a surname with what persons do behind it",
    source: "surnames and given names of the dictionary ipadic (名詞,固有名詞,人名), read at the least cost as MeCab does",
    words: &[],
    read: |_, _| None,
    examples: &[
        Example { before: "山田さんに説明", after: "に説明", why: "an honorific" },
        Example {
            before: "山田様来院、鈴木先生指示",
            after: "来院、指示",
            why: "kanji behind the honorific",
        },
        Example {
            before: "本日佐藤花子様が来院", after: "本日が来院", why: "a word before the name stays"
        },
        Example {
            before: "田中来院、吉川食べてない", after: "来院、食べてない", why: "what a person does"
        },
        Example {
            before: "三男剛と娘のあゆみに連絡", after: "三男と娘のに連絡", why: "given names"
        },
        Example {
            before: "グエン・ヴァン・アン、K.T.様", after: "、", why: "other languages; initials"
        },
        Example {
            before: "上田式、山田IV型、小川の水、A氏",
            after: "上田式、山田IV型、小川の水、A氏",
            why: "what makes a surname part of another word",
        },
        Example { before: "鈴木 一郎 様", after: "", why: "spaces" },
        Example { before: "山 田 太 郎", after: "", why: "a space behind each character" },
        Example {
            before: "既往歴を山田太郎に確認", after: "既往歴をに確認", why: "a full name anywhere"
        },
        Example {
            before: "主治医山田、担当の鈴木が", after: "主治医、担当のが", why: "titles"
        },
        Example { before: "長男(太郎)が同席", after: "長男()が同席", why: "the family" },
        Example { before: "田中先生、高橋看護師", after: "、", why: "professions" },
        Example {
            before: "グエンさん来院、Dr. Smith指示", after: "来院、Dr. 指示", why: "foreign names"
        },
        Example {
            before: "お母さん、患者さん、皆様、神様、奥様、お子さん、王様",
            after: "お母さん、患者さん、皆様、神様、奥様、お子さん、王様",
            why: "no names",
        },
        Example {
            before: "感冒様症状、満月様顔貌、前回同様、苦悶様。多様な、仕様、沈殿、摂氏、当直医師",
            after: "感冒様症状、満月様顔貌、前回同様、苦悶様。多様な、仕様、沈殿、摂氏、当直医師",
            why: "other words with these characters",
        },
        Example {
            before: "橋本病、川崎病、田中ビネー、長谷川式、山口県、武田薬品",
            after: "橋本病、川崎病、田中ビネー、長谷川式、山口県、武田薬品",
            why: "eponyms, places, companies",
        },
    ],
};

/// Tests for a noun of the dictionary, or a given name in kana.
pub fn is_known_word(words: &Words, word: &str) -> bool {
    words.is(word, &[Kind::Other, Kind::Place, Kind::Organisation, Kind::Given])
        || words.readings_of_names.has(word)
}

/// Tests for a noun of what is done: 受診, 通院.
pub fn is_verbal(words: &Words, word: &str) -> bool {
    words.is_verbal(word)
}

/// Tests for kanji that may be a surname.
pub fn may_be_name(words: &Words, word: &str) -> bool {
    shape::may_be_surname(words, word)
}

/// Tests for a name in a cell or a field for names: a surname, and kanji or kana behind it; a place
/// is none unless `places` says so.
pub fn is_field_name(words: &Words, value: &str, places: bool) -> bool {
    roster::is_whole_name(words, value, places)
}

/// Tests for a place or a name of the dictionary.
pub fn is_place_or_name(words: &Words, word: &str) -> bool {
    words.is(word, &[Kind::Place, Kind::Organisation, Kind::Surname, Kind::Given, Kind::Person])
}

/// Finds the names in `text`, in order; `labelled` are the names behind labels, in order.
pub fn find(words: &Words, lattice: &mut Lattice, text: &str, labelled: &[Range<usize>]) -> Vec<Place> {
    let mut finder = Finder { words, text, lattice, last: None, found: Vec::new() };
    let mut labelled = labelled.iter().peekable();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        while let Some(label) = labelled.next_if(|label| label.end <= at) {
            finder.last = finder.last.max(Some(label.end));
        }
        at = match c {
            c if is_kanji(c) => finder.kanji(at),
            c if is_katakana(c) => finder.other(katakana::katakana(words, text, at, finder.last)),
            'A'..='Z' => finder.other(latin::latin(words, text, at, finder.last)),
            c if foreign_latin::is_accented(c) => finder.accented(at),
            c if is_hiragana(c) => finder.other(hiragana::hiragana(words, text, at, finder.last)),
            c if c.is_ascii_alphabetic() => finder.lower_case(at),
            c => at + c.len_utf8(),
        };
    }
    let mut found = finder.found;
    neighbours::add(words, text, &mut found);
    roster::add(words, text, &mut found);
    found
}

fn skip_letters(text: &str, at: usize) -> usize {
    at + text.as_bytes()[at..].iter().take_while(|b| b.is_ascii_alphabetic()).count()
}

struct Finder<'a> {
    words: &'a Words,
    text: &'a str,
    lattice: &'a mut Lattice,
    /// The end of the last name with its honorific.
    last: Option<usize>,
    found: Vec<Place>,
}

impl Finder<'_> {
    fn push(&mut self, place: Place) {
        self.last = Some(place.whole.end);
        self.found.push(place);
    }

    fn other(&mut self, (place, end): (Option<Place>, usize)) -> usize {
        match place {
            Some(place) => {
                let end = place.whole.end;
                self.push(place);
                end
            }
            None => end,
        }
    }

    /// Reads a word that begins with a letter with an accent: Đặng Thị Hoa.
    fn accented(&mut self, at: usize) -> usize {
        let end = run_of(self.text, at, foreign_latin::is_letter).max(at + 'é'.len_utf8());
        self.other((foreign_latin::place(self.words, self.text, at, self.last), end))
    }

    /// Reads a word in small letters before an honorific: kazuyoさん.
    fn lower_case(&mut self, at: usize) -> usize {
        let end = skip_letters(self.text, at);
        let behind = &self.text[end..];
        let readings = &self.words.readings_of_names;
        let name = &self.text[at..end];
        let honoured = ["さん", "様", "くん", "ちゃん", "先生", "_san", "-san"]
            .iter()
            .find(|word| behind.starts_with(**word));
        if let Some(honorific) = honoured
            && end - at >= 4
            && !lists::is_other(name)
            && (readings.given.has_latin(name) || readings.surnames.has_latin(name))
        {
            self.push(Place { whole: at..end + honorific.len(), value: at..end });
        }
        end
    }

    /// Reads the run of kanji at `start`; returns where to go on.
    fn kanji(&mut self, start: usize) -> usize {
        let text = self.text;
        let end = run_end(text, start);
        if text[..start].ends_with(TAG_BEGIN) {
            return end;
        }
        if let Some((place, end)) = self.spaced(start, end) {
            self.push(place);
            return end;
        }
        let run = start..end;
        let part = &text[run.clone()];
        let mut known = self.lattice.known.get(part);
        let before = known;
        let followed = usize::from(honorific(&text[end..]).is_some());
        let candidates = if known.nameless[followed] {
            Vec::new()
        } else {
            candidates(self.words, self.lattice, text, run.clone(), id::OUTER)
        };
        known.nameless[followed] = candidates.is_empty();
        let mut go_on = end;
        let mut any = false;
        for mut candidate in candidates {
            let mut run = run.clone();
            if candidate.form == Form::Surname && candidate.range.end == end {
                join_given(self.words, self.lattice, text, &mut candidate, &mut run, false);
            }
            if let Some(place) = decide(self.words, text, &run, &candidate, self.last) {
                go_on = go_on.max(place.whole.end);
                any = true;
                self.push(place);
            }
        }
        if !any && let Some(place) = by_form(self.words, self.lattice, text, &run) {
            go_on = go_on.max(place.whole.end);
            self.push(place);
            any = true;
        }
        let shaped = !any
            && *known.shaped.get_or_insert_with(|| {
                titled::has_name(self.words, part) || shape::has_shape(self.words, part)
            });
        let given = !any && *known.given.get_or_insert_with(|| given_context::may_be_given(self.words, part));
        if known != before {
            self.lattice.known.set(part, known);
        }
        if any {
            return go_on;
        }
        if let Some(place) = shaped.then(|| self.by_shape(&run)).flatten() {
            go_on = go_on.max(place.whole.end);
            self.push(place);
        } else if let Some(place) = foreign::in_kanji(self.words, text, &run) {
            go_on = go_on.max(place.whole.end);
            self.push(place);
        } else if let Some(range) = given_alone::in_kanji(self.words, text, &run)
            .or_else(|| given.then(|| self.given(&run)).flatten())
            .or_else(|| given_structure::of_children(text, &run).then(|| run.clone()))
        {
            go_on = go_on.max(range.end);
            self.push(Place { whole: range.clone(), value: range });
        } else if let Some(range) = family::given(self.words, text, &run) {
            self.push(Place { whole: range.clone(), value: range });
        } else if let Some(end) = family::given_by_form(self.words, text, &run) {
            self.push(Place { whole: run.start..end, value: run.start..end });
        }
        go_on
    }

    /// Finds the given name that is the run of kanji `run`, which may be one.
    fn given(&self, run: &Range<usize>) -> Option<Range<usize>> {
        let Self { words, text, .. } = *self;
        given_context::in_kanji(words, text, run)
            .or_else(|| given_structure::in_kanji(words, text, run).then(|| run.clone()))
    }

    /// Finds a name by the shape of its run, where the lattice reads the kanji otherwise.
    fn by_shape(&self, run: &Range<usize>) -> Option<Place> {
        let Self { words, text, last, .. } = *self;
        if let Some(range) = shape::full(words, text, run) {
            let end = range.end + honorific(&text[range.end..]).unwrap_or(0);
            return Some(Place { whole: range.start..end, value: range });
        }
        let name = speaker::spoken(words, text, run)
            .or_else(|| speaker::of_home(words, text, run))
            .or_else(|| speaker::of_task(words, text, run))
            .or_else(|| titled::name(words, text, run, last))?;
        Some(Place { whole: name.clone(), value: name })
    }

    /// Reads a name with a space behind each of its characters: 山 田 太 郎.
    fn spaced(&mut self, start: usize, end: usize) -> Option<(Place, usize)> {
        let text = self.text;
        let first = text[start..].chars().next()?;
        if end - start != first.len_utf8() {
            return None;
        }
        behind_spaces(text, end)?;
        if let Some(end) = spaced::with_kana(self.words, text, start) {
            return Some((Place { whole: start..end, value: start..end }, end));
        }
        let mut ends = vec![end];
        let mut joined = String::from(first);
        while let Some(next) = behind_spaces(text, ends[ends.len() - 1]).filter(|_| ends.len() < 6) {
            let next_end = run_end(text, next);
            if text[next..next_end].chars().count() != 1 {
                break;
            }
            joined.push_str(&text[next..next_end]);
            ends.push(next_end);
        }
        while ends.len() >= 3 {
            let names = candidates(self.words, self.lattice, &joined, 0..joined.len(), id::OUTER);
            if let [name] = &names[..]
                && matches!(name.form, Form::Full | Form::Likely)
                && name.whole
            {
                let end = ends[ends.len() - 1];
                return Some((Place { whole: start..end, value: start..end }, end));
            }
            ends.pop();
            joined.pop();
        }
        None
    }
}

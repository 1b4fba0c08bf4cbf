//! Names of other languages in Latin letters: Nguyen Van Anh, DELA CRUZ, JENNIFER, Ahmad Fauzi (M/30), Trần Thị Hoa.
//!
//! Words in capitals or with a capital stand beside each other; lists say which of them are names. All of them, or
//! some of them before an age, an origin or an honorific, are a person.

use std::cell::OnceCell;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::super::category::Place;
use super::english::{is_closed, is_english};
use super::lists::{FOREIGN_LATIN, GIVEN_LATIN, NO_LATIN_PARTS, WEAK_LATIN, is_other};
use super::person::{has_country_behind, has_sex_and_age, is_person_behind};
use super::runs::run_up_to;
use super::syllables::is_syllables;
use super::titles::honorific;
use super::words::Words;
use crate::clean::characters::is_kanji;

/// The longest name, in parts.
const MOST_PARTS: usize = 6;

/// The longest part of a name, in letters.
const LONGEST_PART: usize = 16;

/// Words in small letters within a name.
const PARTICLES: [&str; 16] = [
    "de", "da", "do", "dos", "das", "del", "dela", "la", "las", "los", "van", "von", "bin", "binti", "al",
    "el",
];

/// Part of a possible name.
struct Part {
    range: Range<usize>,
    /// True for a surname or a given name of the lists, or a Japanese one.
    known: bool,
    /// True for one of the lists.
    listed: bool,
    /// True for a name that is a word of English or an abbreviation too.
    weak: bool,
    /// True for letters that are all capitals.
    capitals: bool,
    /// True for an initial, or a word in small letters within a name.
    small: bool,
    /// True if a comma stands before it.
    comma: bool,
    /// It in small letters without accents; empty for a small part.
    lower: String,
    syllables: OnceCell<bool>,
}

impl Part {
    /// Tests for syllables of which given names of Chinese and Korean are made.
    fn is_syllables(&self) -> bool {
        *self.syllables.get_or_init(|| is_syllables(&self.lower))
    }
}

/// Tests for a letter of a name, also one with an accent.
pub fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || is_accented(c)
}

/// Tests for a Latin letter with an accent.
pub fn is_accented(c: char) -> bool {
    matches!(c, 'À'..='ɏ' | 'Ḁ'..='ỿ') && !matches!(c, '×' | '÷')
}

/// Writes a part in small letters without accents.
fn plain(part: &str) -> String {
    if part.is_ascii() {
        return part.to_ascii_lowercase();
    }
    let letters = part.nfd().filter(|c| !is_combining_mark(*c));
    letters.map(|c| if matches!(c, 'Đ' | 'đ') { 'd' } else { c.to_ascii_lowercase() }).collect()
}

/// Finds the name that begins at `start`; the honorific behind it goes along. `last` is the end of the name before.
pub fn place(words: &Words, text: &str, start: usize, last: Option<usize>) -> Option<Place> {
    let end = full(words, text, start, last)?;
    Some(Place { whole: start..end + honorific(&text[end..]).unwrap_or(0), value: start..end })
}

/// Returns the end of the name that begins at `start`.
fn full(words: &Words, text: &str, start: usize, last: Option<usize>) -> Option<usize> {
    let joined = |c: char| is_letter(c) || matches!(c, '-' | '/' | '.' | '_' | '@' | '\'');
    // 張偉(チョウ イ/ZHANG WEI)
    let reads = || last.is_some_and(|last| text.get(last..start) == Some("/"));
    if text[..start].ends_with(joined) && !reads() {
        return None;
    }
    if !may_begin(text, start) {
        return None;
    }
    let parts = parts(words, text, start);
    if let [part] = &parts[..] {
        return is_alone(part, text).then_some(part.range.end);
    }
    (2..=parts.len()).rev().find_map(|count| {
        let name = &parts[..count];
        let last = name.last().filter(|last| !(last.small && last.range.len() > 2))?;
        is_name(text, name, parts.get(count), reads()).then_some(last.range.end)
    })
}

/// Tests by a look at the letters whether a name of several parts may begin at `start`, or one before a person's age:
/// most words in Latin letters have neither.
fn may_begin(text: &str, start: usize) -> bool {
    let bytes = &text.as_bytes()[start..];
    let letter = |b: &&u8| b.is_ascii_alphabetic() || matches!(**b, b'\'' | b'-');
    let length = bytes.iter().take(LONGEST_PART + 1).take_while(letter).count();
    let rest = &text[start + length..];
    if rest.starts_with(is_accented) {
        return true;
    }
    let gap = [", ", " ", ",", ". "].iter().find(|gap| rest.starts_with(**gap));
    let further = gap.is_some_and(|gap| {
        let next = &rest[gap.len()..];
        next.starts_with(|c: char| c.is_ascii_uppercase() || is_accented(c))
            || next.starts_with(['d', 'v', 'b', 'l', 'a'])
                && PARTICLES.iter().any(|word| next.starts_with(word))
    });
    let capitalised = || length > 2 && bytes[1].is_ascii_lowercase();
    further || rest.starts_with([' ', '(', ',']) && capitalised() && begins_line(&text[..start])
}

/// Tests for a given name of the lists before an origin, an age or what somebody is: Daniel (カナダ人ALT).
fn is_alone(part: &Part, text: &str) -> bool {
    let behind = &text[part.range.end..];
    part.listed
        && !(part.weak || part.capitals)
        && behind.starts_with([' ', '(', ','])
        && begins_line(&text[..part.range.start])
        && is_person_behind(behind)
}

/// Reads the parts of the name that may begin at `start`.
fn parts(words: &Words, text: &str, start: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut at, mut comma) = (start, false);
    while parts.len() < MOST_PARTS {
        let Some(part) = part(words, text, at, parts.is_empty(), comma) else { break };
        let end = part.range.end;
        let commas = parts.iter().filter(|part: &&Part| part.comma).count();
        parts.push(part);
        let rest = &text[end..];
        let gap = [", ", " ", ","].iter().find(|gap| rest.starts_with(**gap));
        let Some(gap) = gap else { break };
        comma = gap.starts_with(',');
        if comma && (commas > 0 || parts.len() > 2) {
            break;
        }
        at = end + gap.len();
    }
    parts
}

/// Reads the part at `at`.
fn part(words: &Words, text: &str, at: usize, first: bool, comma: bool) -> Option<Part> {
    let end = run_up_to(LONGEST_PART + 1, text, at, |c| is_letter(c) || matches!(c, '\'' | '-'));
    let word = text[at..end].trim_end_matches(['-', '\'']);
    let end = at + word.len();
    let count = word.chars().count();
    if count == 0
        || count > LONGEST_PART
        || text[end..].starts_with(|c: char| c.is_ascii_digit() || matches!(c, '_' | '@'))
    {
        return None;
    }
    let upper = word.starts_with(char::is_uppercase);
    let small = |end: usize| Part {
        range: at..end,
        known: true,
        listed: false,
        weak: true,
        capitals: false,
        small: true,
        comma,
        lower: String::new(),
        syllables: OnceCell::new(),
    };
    if !first && !upper {
        return PARTICLES.contains(&word).then(|| small(end));
    }
    if !upper {
        return None;
    }
    if count == 1 {
        // M and F alone are the sex.
        let dotted = text[end..].starts_with('.');
        let further =
            || text[end..].strip_prefix(' ').is_some_and(|rest| rest.starts_with(char::is_uppercase));
        let fits = !first && (dotted || further() && !matches!(word, "M" | "F"));
        return fits.then(|| small(end + usize::from(dotted)));
    }
    let lower = plain(word);
    // Md. Shahin Alam
    if first && lower == "md" {
        let rest = text[end..].strip_prefix('.').unwrap_or(&text[end..]);
        return rest.starts_with(' ').then(|| small(text.len() - rest.len()));
    }
    let capitals = word.chars().filter(|&c| is_letter(c)).all(char::is_uppercase);
    let halves = || word.split(['-', '\'']).filter(|half| !half.is_empty());
    let capitalised = halves().all(|half| half.chars().skip(1).all(char::is_lowercase)) || is_celtic(word);
    if !capitals && !capitalised {
        return None;
    }
    let readings = &words.readings_of_names;
    let listed = |name: &str| FOREIGN_LATIN.contains(name) || GIVEN_LATIN.contains(name);
    let japanese = || count > 3 && (readings.surnames.has_latin(&lower) || readings.given.has_latin(&lower));
    let several = || word.contains('-') && lower.split('-').all(|half| listed(half) || is_syllables(half));
    let other = is_other(&lower);
    let listed = listed(&lower) || several();
    let known = listed || !other && japanese();
    let no_part = || NO_LATIN_PARTS.contains(&lower);
    if !known && (other || no_part()) {
        return None;
    }
    let weak = count <= 3 || WEAK_LATIN.contains(&lower) || NO_LATIN_PARTS.contains(&lower) || other;
    let syllables = OnceCell::new();
    Some(Part { range: at..end, known, listed, weak, capitals, small: false, comma, lower, syllables })
}

/// Tests for a capital behind Mc or Mac: McDonald.
fn is_celtic(word: &str) -> bool {
    let rest = word.strip_prefix("Mc").or_else(|| word.strip_prefix("Mac"));
    rest.is_some_and(|rest| rest.len() > 2 && rest[1..].bytes().all(|b| b.is_ascii_lowercase()))
}

/// Tests whether parts are a name by themselves, or by what stands around them; `reads` tells that they are how the name
/// before is read.
fn is_name(text: &str, name: &[Part], next: Option<&Part>, reads: bool) -> bool {
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return false };
    let behind = &text[last.range.end..];
    let parts: Vec<&Part> = name.iter().filter(|part| !part.small).collect();
    let count = parts.len();
    if count == 0 || !is_closed(behind) {
        return false;
    }
    // 張 Wei, KIM Min: syllables of the language of the surname are given names.
    let asian = parts.iter().any(|part| part.known && FOREIGN_LATIN.contains(&part.lower));
    let is_known = |part: &&&Part| part.known || asian && part.is_syllables();
    let known = parts.iter().filter(is_known).count();
    let sure = parts.iter().filter(|part| part.listed && !part.weak).count();
    let long = parts.iter().filter(|part| is_known(part) && (!part.weak || part.range.len() > 3)).count();
    // Behind another name stands no age and no origin.
    let person = !next.is_some_and(|next| next.listed && !next.small) && is_person_behind(behind);
    // SOUZA Leandro
    let family_first = first.capitals && parts[1..].iter().all(|part| !part.capitals);
    let same_form = parts.iter().all(|part| part.capitals == parts[0].capitals) || family_first;
    let ending = || parts.iter().any(|part| !is_known(&part) && is_english(&part.lower));
    if person {
        let aged = || has_sex_and_age(behind.trim_start_matches([' ', ',', '(', '、']));
        return (sure > 0 || known == count && (count > 2 || long > 0) || known > 0 && count > 1 && aged())
            && (known * 2 >= count || sure > 0)
            && !ending()
            || count > 1
                && same_form
                && begins_line(&text[..first.range.start])
                && is_unlisted(&parts, behind);
    }
    let country = has_country_behind(behind);
    // LIMA LAD is no name; the parts of one in capitals are longer.
    let two =
        || name.len() == 2 && asian && !parts[0].capitals && !parts[1].comma && parts[1].range.len() > 4;
    let evident = sure > 0 && (long > 1 || count > 2) || is_vietnamese(&parts) || country && long > 0;
    let evident = evident || reads || known == count && two();
    // SOUZA Leandro → 右環指末節切断
    let listed_first = || {
        parts.len() == 2
            && family_first
            && first.listed
            && !first.weak
            && last.lower.chars().count() > 3
            && !is_english(&last.lower)
            && begins_line(&text[..first.range.start])
            && !behind.trim_start_matches(' ').starts_with(|c: char| c.is_ascii_alphanumeric())
    };
    let most = known == count || known + 1 == count && count > 2 && sure > 1 && !ending();
    count > 1 && same_form && (most && evident || is_western(name) || listed_first())
}

/// Tests for a given name of the lists before a surname that they lack: Robert Hatley.
fn is_western(name: &[Part]) -> bool {
    let (first, second) = match name {
        [first, second] => (first, second),
        [first, middle, second] if middle.small => (first, second),
        _ => return false,
    };
    let word = &second.lower;
    GIVEN_LATIN.contains(&first.lower)
        && !name.iter().any(|part| part.comma)
        && !(first.weak || first.capitals || second.known)
        && word.len() > 2
        && !is_english(word)
}

/// Tests for parts that no list has before an age with the sex, none of them a word of English.
fn is_unlisted(parts: &[&Part], behind: &str) -> bool {
    let rest = behind.trim_start_matches([' ', ',', '(', '、']);
    let fits = |part: &&Part| {
        let lower = &part.lower;
        lower.len() > 2 && !is_english(lower) && lower.contains(['a', 'e', 'i', 'o', 'u', 'y'])
    };
    parts.len() < 5
        && parts.iter().all(fits)
        && (!parts[0].capitals && (has_sex_and_age(rest) || honorific(behind).is_some())
            || !rest.starts_with(|c: char| c.is_ascii()))
}

/// Tests for a Vietnamese surname and a middle name: LE THI HA, Vo Van An.
fn is_vietnamese(parts: &[&Part]) -> bool {
    parts.len() > 2
        && FOREIGN_LATIN.contains(&parts[0].lower)
        && parts[1..parts.len() - 1].iter().any(|part| matches!(&part.lower[..], "thi" | "van"))
}

/// Tests for the beginning of a line, or what stands behind a label or a bracket.
fn begins_line(before: &str) -> bool {
    let rest = before.trim_end_matches(' ');
    rest.is_empty()
        || rest.ends_with(['\n', ':', '】', '。', '>', '|', '、', '・', '①', '②', '③'])
        || rest.ends_with(is_kanji) && rest.len() < before.len()
}

/// Words of English that are given names behind others.
const WORDS_AND_NAMES: [&str; 6] = ["Rose", "Hope", "May", "June", "Dawn", "Faith"];

/// The most given names behind a surname that are read.
const MOST_GIVEN: usize = 3;

/// Tests for a surname or a given name of the lists, in small or capital letters.
pub fn is_known_latin(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    FOREIGN_LATIN.contains(&part) || GIVEN_LATIN.contains(&part)
}

/// Returns the end of a surname and given names behind the word for a patient, one of them known: Patient Smith, Emily Rose.
pub fn behind_patient(text: &str, start: usize, first: usize) -> Option<usize> {
    if !text[..start].ends_with(' ')
        || !["Patient ", "patient ", "Pt ", "Pt. ", "Pt: "].iter().any(|word| text[..start].ends_with(word))
    {
        return None;
    }
    let mut end = first;
    let mut named = is_known_latin(&text[start..first]);
    for i in 0..MOST_GIVEN {
        let gaps: &[&str] = if i == 0 { &[", ", " "] } else { &[" "] };
        let Some(rest) = gaps.iter().find_map(|gap| text[end..].strip_prefix(gap)) else { break };
        let length = rest.bytes().take(LONGEST_PART).take_while(u8::is_ascii_alphabetic).count();
        let part = &rest[..length];
        let lower = part.len() > 1 && part[1..].bytes().all(|b| b.is_ascii_lowercase());
        let other = is_other(part) && !(named && WORDS_AND_NAMES.contains(&part));
        if !lower || !part.starts_with(|c: char| c.is_ascii_uppercase()) || other {
            break;
        }
        named |= is_known_latin(part);
        end = text.len() - rest.len() + length;
    }
    (named && end > first && !is_other(&text[start..first])).then_some(end)
}

//! Names in Latin letters behind a title or before an honorific.

use super::super::category::Place;
use super::foreign_latin;
use super::given_structure::is_quoted;
use super::lists::{FOREIGN_LATIN, is_other};
use super::runs::run_of;
use super::titles::{Tie, age_behind, family, honorific, title};
use super::titles_latin::{label_latin, title_latin, title_loose};
use super::words::Words;

/// The longest name in Latin letters, in parts.
const MOST_PARTS: usize = 5;

/// Names in Latin letters that begin at `start`, with a capital behind no letter; returns the end of the word too.
pub fn latin(words: &Words, text: &str, start: usize, last: Option<usize>) -> (Option<Place>, usize) {
    let ends = part_ends(text, start);
    // UedaDr.
    if let Some(name) = text[start..ends[0]].strip_suffix("Dr")
        && name.len() > 3
        && words.readings_of_names.surnames.has_latin(name)
    {
        let end = start + name.len();
        return (Some(Place { whole: start..end, value: start..end }), ends[0]);
    }
    let place_to = |end| Place { whole: start..end, value: start..end };
    let place = if title_latin(&text[..start]) {
        titled(words, text, start, &ends).map(place_to).or_else(|| initials(text, start))
    } else {
        let honoured = ends.iter().rev().find_map(|&end| {
            let length = honoured(words, text, start, end)?;
            Some(Place { whole: start..end + length, value: start..end })
        });
        honoured
            .or_else(|| foreign_latin::place(words, text, start, last))
            .or_else(|| japanese::name(words, text, start, last).map(place_to))
            .or_else(|| initials(text, start))
            .or_else(|| quoted(words, text, start, ends[0]).then(|| place_to(ends[0])))
            .or_else(|| of_address(text, &ends).map(place_to))
            .or_else(|| foreign_latin::behind_patient(text, start, ends[0]).map(place_to))
    };
    let end = place.as_ref().map_or(ends[0], |place| place.value.end);
    (place, end)
}

/// The ends of the parts of the name that may begin at `start`.
fn part_ends(text: &str, start: usize) -> Vec<usize> {
    let word = |at: usize| run_of(text, at, |c| c.is_ascii_alphabetic() || matches!(c, '\'' | '-'));
    let mut end = word(start);
    let mut ends = vec![end];
    while ends.len() < MOST_PARTS {
        let rest = &text[end..];
        let gap = if rest.starts_with(". ") { 2 } else { usize::from(rest.starts_with([' ', '.'])) };
        let next = end + gap;
        if gap == 0
            || !text[next..].starts_with(|c: char| c.is_ascii_uppercase())
            || word(next) == next + 1 && !text[next + 1..].starts_with('.')
        {
            break;
        }
        end = word(next);
        ends.push(end);
    }
    ends
}

/// Returns the end of the name behind a title: its parts up to the first that is none.
fn titled(words: &Words, text: &str, start: usize, ends: &[usize]) -> Option<usize> {
    let mut end = start;
    for &to in ends {
        let part = text[end..to].trim_start_matches([' ', '.']);
        if part.len() != 1 && (part.is_empty() || is_other(part)) {
            break;
        }
        // Mr. Takeshi Ogino. HbA1c
        if end > start && text[to..].starts_with(|c: char| c.is_ascii_digit()) {
            break;
        }
        end = to;
    }
    if let Some(initial) = behind_surname(text, end).filter(|_| end > start) {
        end = initial;
    }
    // Tanaka, Yuma
    if let Some(rest) = text[end..].strip_prefix(", ").filter(|_| end > start) {
        let given = run_of(rest, 0, |c| c.is_ascii_alphabetic());
        if rest.starts_with(|c: char| c.is_ascii_uppercase())
            && words.readings_of_names.given.has_latin(&rest[..given])
            && !is_other(&rest[..given])
        {
            end += 2 + given;
        }
    }
    let long = text[start..end].split([' ', '.']).any(|part| part.len() >= 2);
    (long && !text[end..].starts_with(|c: char| c.is_ascii_digit())).then_some(end)
}

/// Returns the length of the honorific behind the name in capitals that ends at `end`.
fn honoured(words: &Words, text: &str, start: usize, end: usize) -> Option<usize> {
    let name = &text[start..end];
    let behind = &text[end..];
    let after = behind.strip_prefix(' ').unwrap_or(behind);
    if end - start >= 3
        && let Some(length) = honorific(behind)
        && text.as_bytes()[start + 1].is_ascii_lowercase()
        && !is_other(name)
        && words.readings_of_names.surnames.has_latin(name)
    {
        return Some(length);
    }
    let honorific = ["様", "氏", "先生", "さん", "さま", "殿", "医師", "看護師", "君", "くん", "ちゃん"]
        .into_iter()
        .find(|word| after.starts_with(word) && !after.starts_with("氏病"))?;
    let several = name.contains([' ', '.']);
    // The first part alone, of as many characters as this one, is tested for another word.
    let capitalised = name.split([' ', '.']).all(|part| {
        part.len() >= 2
            && part[1..].bytes().all(|b| !b.is_ascii_uppercase())
            && !is_other(&text[start..start + part.len()])
    });
    let surname = || words.readings_of_names.surnames.has_latin(name);
    // LI NA様, LEE NAYOUNG様
    let parts = || name.split([' ', '.']);
    let capitals = several
        && honorific != "先生"
        && parts()
            .all(|part| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_alphabetic()) && !is_other(part))
        && (FOREIGN_LATIN.contains(&parts().next().unwrap_or_default().to_ascii_lowercase())
            || is_addressed(after, honorific) && parts().all(|part| part.len() > 3));
    if capitals {
        return Some(behind.len() - after.len() + honorific.len());
    }
    // Lee先生
    let alone = capitalised || name.len() >= 3 && is_addressed(after, honorific);
    let foreign = || alone && !several && FOREIGN_LATIN.contains(&name.to_ascii_lowercase());
    let fits = (several || honorific != "様") && capitalised && name.len() >= 4
        || (surname() || foreign()) && name.len() >= 3;
    fits.then(|| behind.len() - after.len() + honorific.len())
}

/// Tests for an honorific of persons at the start of `text` that means no likeness: 殿, or 様 and then nothing or a space.
fn is_addressed(text: &str, honorific: &str) -> bool {
    let behind = &text[honorific.len()..];
    matches!(honorific, "殿" | "氏" | "さん")
        || honorific == "様" && (behind.is_empty() || behind.starts_with([' ', '\n', '、', '(', 'の']))
}

/// Initial of a given name behind a surname.
struct Initial {
    letter: char,
    dotted: bool,
    /// The end of the letter and its dot.
    end: usize,
}

/// Reads the initial behind one of `gaps` at `at`; nothing may go on behind it.
fn initial(text: &str, at: usize, gaps: &[&str]) -> Option<Initial> {
    let rest = gaps.iter().find_map(|gap| text[at..].strip_prefix(gap))?;
    let letter = rest.chars().next().filter(char::is_ascii_uppercase)?;
    let dotted = rest[1..].starts_with('.');
    let behind = &rest[1 + usize::from(dotted)..];
    let goes_on = behind.starts_with(|c: char| c.is_ascii_alphanumeric());
    (!goes_on).then_some(Initial { letter, dotted, end: text.len() - behind.len() })
}

/// Returns the end of the initial behind the surname that ends at `at`: Saito R.; M and F are the sex.
pub fn behind_surname(text: &str, at: usize) -> Option<usize> {
    let initial = initial(text, at, &[" "])?;
    (initial.dotted || !matches!(initial.letter, 'M' | 'F')).then_some(initial.end)
}

/// Tests for a given name in quotation marks behind a word for a person: Mother "Emi".
fn quoted(words: &Words, text: &str, start: usize, end: usize) -> bool {
    is_quoted(&text[..start], &text[end..])
        && (words.readings_of_names.given.has_latin(&text[start..end])
            || foreign_latin::is_known_latin(&text[start..end]))
}

/// The longest e-mail address that is read, in bytes.
const LONGEST_ADDRESS: usize = 80;

/// Returns the end of a name before an e-mail address in angle brackets: Taro Yamada <taro@example.com>.
fn of_address(text: &str, ends: &[usize]) -> Option<usize> {
    let &end = ends.last()?;
    let rest = text[end..].strip_prefix('"').unwrap_or(&text[end..]).trim_start_matches(' ');
    // An initial closes it: Sato Y.
    let initial = rest.chars().next().filter(char::is_ascii_uppercase);
    let behind = if initial.is_some() { rest[1..].trim_start_matches(['.', '"', ' ']) } else { rest };
    let inner = behind.strip_prefix('<')?;
    let close = inner.bytes().take(LONGEST_ADDRESS).position(|b| b == b'>')?;
    let address = &inner[..close];
    let end = if initial.is_some() { text.len() - rest.len() + 1 } else { end };
    (address.contains('@') && !address.contains(' ')).then_some(end)
}

/// Abbreviations of two letters that are no initials.
const NO_INITIALS: [&str; 32] = [
    "AB", "BC", "CD", "DE", "XY", "YZ", "CS", "BP", "PO", "IV", "IM", "SC", "NA", "US", "UK", "EU", "DM",
    "HR", "RR", "BT", "PR", "QD", "CC", "BW", "ID", "OK", "AM", "PM", "OP", "PS", "AD", "BM",
];

/// Labels for initials.
const INITIALS: [&str; 3] = ["イニシャル", "頭文字", "略号"];

/// Finds the two initials of a name, with a dot behind each or one between them, beside an honorific, which goes along, a
/// title, a label or an age: K.T.様, 患者K・S、68歳.
fn initials(text: &str, start: usize) -> Option<Place> {
    let before = &text[..start];
    if before.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    if before.ends_with('.') && !title(before).is_some_and(|tie| tie == Tie::Mark) {
        return None;
    }
    // イニシャル KMT
    let capitals = run_of(text, start, |c| c.is_ascii_uppercase());
    let label = before.trim_end_matches([':', ' ', '=', '】', ']', ')', '(']);
    if (2..=3).contains(&(capitals - start))
        && label.len() < start
        && INITIALS[..2].iter().any(|word| label.ends_with(word))
        && !text[capitals..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.')
    {
        return Some(Place { whole: start..capitals, value: start..capitals });
    }
    let first = initial_at(text, start)?;
    let rest = &text[start + 1..];
    let (gap, middle) = if rest.starts_with(". ") {
        (2, false)
    } else if rest.starts_with('.') {
        (1, false)
    } else if rest.starts_with('・') {
        ('・'.len_utf8(), true)
    } else {
        return None;
    };
    let at = start + 1 + gap;
    let second = initial_at(text, at)?;
    let dotted = text[at + 1..].starts_with('.');
    let end = at + 1 + usize::from(dotted);
    let behind = &text[end..];
    if behind.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '・' | '.' | '-')) {
        return None;
    }
    // 患者A・B are two.
    let series = matches!((first, second), ('A', 'B') | ('B', 'C') | ('C', 'D') | ('X', 'Y') | ('Y', 'Z'));
    let other = if middle {
        series
    } else {
        NO_INITIALS.iter().any(|other| other.starts_with(first) && other.ends_with(second))
    };
    let whole = |length: usize| Some(Place { whole: start..end + length, value: start..end });
    if let Some(length) =
        honorific(behind).filter(|&length| !behind[..length].ends_with(|c: char| c.is_ascii()))
    {
        return if middle && series { None } else { whole(length) };
    }
    let labelled = INITIALS.iter().any(|word| label.ends_with(word));
    // K.Y.、女性
    let sexed = || {
        let rest = behind.strip_prefix(['、', ' ', '(', ',']);
        let sexes = ["女性", "男性", "女児", "男児"];
        dotted && !other && rest.is_some_and(|rest| sexes.iter().any(|sex| rest.starts_with(sex)))
    };
    if labelled || age_behind(behind) && (dotted || !other) || sexed() {
        return whole(0);
    }
    let titled = title(before).is_some_and(|tie| tie != Tie::Topic) || family(before).is_some();
    let from = ["from", "to", "cc", "op", "OP", "From", "To"]
        .iter()
        .any(|word| before.trim_end_matches([' ', ':', '.']).ends_with(word));
    (titled && !other && !from).then_some(Place { whole: start..end, value: start..end })
}

/// The capital at `at`.
fn initial_at(text: &str, at: usize) -> Option<char> {
    text[at..].chars().next().filter(char::is_ascii_uppercase)
}

/// Japanese names, known by how the dictionary's names are read.
mod japanese {
    use crate::clean::clinical::names::latin::*;

    /// Degrees behind the name of a physician.
    const DEGREES: [&str; 6] = ["MD", "M.D", "PhD", "Ph.D", "RN", "R.N"];

    /// Returns the end of the name at `start`: a surname and a given name, a surname and an initial behind a label or
    /// before a degree, a surname alone behind a label.
    pub fn name(words: &Words, text: &str, start: usize, last: Option<usize>) -> Option<usize> {
        let between = last.and_then(|last| text.get(last..start)).map(|between| between.trim_matches(' '));
        let follows = between.is_some_and(|between| matches!(between, "/" | "," | "、" | "・" | "&"));
        if !follows
            && text[..start].ends_with(['-', '/', '.', '_', '@'])
            && !text[..start].ends_with("t.")
            && !text[..start].ends_with("Ns.")
            && !text[..start].ends_with("w/")
        {
            return None;
        }
        let first = word(text, start)?;
        let label = || {
            follows
                || label_latin(&text[..start])
                || title_loose(&text[..start])
                || title(&text[..start]).is_some_and(|tie| tie != Tie::Direct)
        };
        if first > start + 3
            && !text[..start].ends_with(|c: char| c.is_ascii_alphanumeric())
            && family(&text[..start]).is_some()
            && words.readings_of_names.given.has_latin(&text[start..first])
            && !is_other(&text[start..first])
        {
            return Some(first);
        }
        if first == start + 1 {
            let gap = text[first..].len() - text[first..].trim_start_matches(['.', ' ']).len();
            let next = word(text, first + gap).filter(|_| (1..=2).contains(&gap))?;
            let surname = is_surname(words, &text[first + gap..next]);
            return (surname && (label() || degree(text, next) || text[first..].starts_with('.')))
                .then_some(next);
        }
        if let Some(next) = second(text, first) {
            let (a, b) = (&text[start..first], &text[next.0..next.1]);
            let readings = &words.readings_of_names;
            let either = |a, b| readings.surnames.has_latin(a) && readings.given.has_latin(b);
            if a.len() + b.len() >= SHORTEST_FULL
                && b.len() > 1
                && !is_other(a)
                && !is_other(b)
                && (either(a, b) || either(b, a))
            {
                return Some(next.1);
            }
        }
        // SARA behind a label is a scale.
        let capitals = first > start + 1 && text.as_bytes()[start + 1].is_ascii_uppercase();
        let surname = || !capitals && is_surname(words, &text[start..first]);
        let end = closed_initial(text, first).unwrap_or(first);
        let initialled = end > first && first >= start + 4;
        let closed = !text[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        let san = ["-san", "-sensei", "-sama", "-kun", "-chan", "_san", " san", " sensei", " sama"]
            .iter()
            .any(|san| text[end..].starts_with(san));
        ((closed && (initialled || label() || degree(text, end)) || san) && surname()).then_some(end)
    }

    /// Returns the end of the initial behind the surname that ends at `at`: Saito R., Goto, S.; alone a dot or a comma closes it.
    fn closed_initial(text: &str, at: usize) -> Option<usize> {
        let initial = initial(text, at, &[", ", " "])?;
        let rest = &text[initial.end..];
        let closed = text[at..].starts_with(' ')
            && (rest.is_empty() || rest.starts_with([',', '、', '。', '\n', ')', ':']));
        (initial.dotted || closed).then_some(initial.end)
    }

    /// The fewest letters of a surname with a given name.
    const SHORTEST_FULL: usize = 7;

    /// Returns the end of the word at `at` that begins with a capital and has one spelling, Yamada or YAMADA.
    fn word(text: &str, at: usize) -> Option<usize> {
        let end = run_of(text, at, |c| c.is_ascii_alphabetic() || c == '\'');
        let rest = text[at..end].get(1..)?;
        let one_case =
            rest.bytes().all(|b| !b.is_ascii_uppercase()) || rest.bytes().all(|b| !b.is_ascii_lowercase());
        let ends = !text[end..].starts_with(|c: char| c.is_ascii_digit() || c == '_' || c == '@');
        (text[at..].starts_with(|c: char| c.is_ascii_uppercase()) && one_case && ends).then_some(end)
    }

    /// Returns the word behind a space, or a comma and a space, at `at`.
    fn second(text: &str, at: usize) -> Option<(usize, usize)> {
        let gap = [", ", "  ", " ", ",", "^", "/"].iter().find(|gap| text[at..].starts_with(**gap))?;
        word(text, at + gap.len()).map(|end| (at + gap.len(), end))
    }

    fn is_surname(words: &Words, word: &str) -> bool {
        word.len() >= 3 && !is_other(word) && words.readings_of_names.surnames.has_latin(word)
    }

    fn degree(text: &str, at: usize) -> bool {
        let rest = text[at..].trim_start_matches([',', ' ']);
        rest.len() < text[at..].len() && DEGREES.iter().any(|degree| rest.starts_with(degree))
    }
}

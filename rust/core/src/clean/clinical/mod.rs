//! The clinical set: data in hospital notes that identifies a person. Off unless the options ask for it.
//!
//! A category is a file: the words that announce it, and a function that reads the data at such a word. One
//! Aho-Corasick automaton finds all words of all categories at once, so text without them costs one scan. It runs on
//! text in NFKC with unified dashes, so readers handle ASCII digits, `-`, spaces and line breaks only.

mod address;
mod address_kana;
mod address_latin;
mod address_words;
mod bank_account;
mod birth_beside;
mod birth_date;
mod birth_phrase;
mod calendar;
mod card_labels;
mod card_number;
mod category;
mod check_digit;
mod code;
mod contact;
mod fare_card;
mod further;
mod hospital;
mod house_number;
mod individual_number;
mod institution;
mod insured;
mod insurer;
mod ip_address;
mod licence;
mod list;
mod login;
mod lot;
mod names;
mod noun;
mod number_plate;
mod ordinal;
mod passport;
mod patient_id;
mod pension;
mod postal_code;
mod public_expense;
mod reading;
mod record_labels;
mod record_number;
mod street;
mod table;
mod written_month;

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};

pub use category::{Category, Found, Place, TAG_BEGIN};
pub use names::Lattice as Buffers;

use super::options::WebOptions;
use super::rules::RULE_COUNT;
use crate::{Error, Result};

/// The number of categories.
pub const CATEGORY_COUNT: usize = 19;

/// The categories; where words overlap the longer one decides.
pub static CATEGORIES: [Category; CATEGORY_COUNT] = [
    individual_number::CATEGORY,
    insurer::CATEGORY,
    insured::CATEGORY,
    public_expense::CATEGORY,
    institution::CATEGORY,
    patient_id::CATEGORY,
    record_number::CATEGORY,
    names::label::CATEGORY,
    names::CATEGORY,
    birth_date::CATEGORY,
    postal_code::CATEGORY,
    address::CATEGORY,
    bank_account::CATEGORY,
    licence::CATEGORY,
    passport::CATEGORY,
    pension::CATEGORY,
    card_number::CATEGORY,
    ip_address::CATEGORY,
    hospital::CATEGORY,
];

/// The automaton, and the category of each of its words.
pub struct Words {
    automaton: AhoCorasick,
    owners: Vec<usize>,
    contacts: contact::Words,
    hospitals: &'static hospital::Words,
    names: &'static names::Words,
}

static WORDS: LazyLock<Option<Words>> = LazyLock::new(|| {
    let all = CATEGORIES.iter().enumerate();
    let pairs: Vec<_> =
        all.flat_map(|(i, category)| category.words.iter().map(move |word| (i, word))).collect();
    let automaton = AhoCorasickBuilder::new()
        .kind(Some(AhoCorasickKind::DFA))
        .match_kind(MatchKind::LeftmostLongest)
        .ascii_case_insensitive(true)
        .build(pairs.iter().map(|(_, word)| word))
        .ok()?;
    let owners = pairs.into_iter().map(|(owner, _)| owner).collect();
    Some(Words {
        automaton,
        owners,
        contacts: contact::words()?,
        hospitals: hospital::words()?,
        names: names::words().ok()?,
    })
});

/// Returns the automaton, which is built at the first call.
///
/// # Errors
///
/// [`Error::Internal`] if the words cannot be loaded: without it private data would stay.
pub fn words() -> Result<&'static Words> {
    WORDS.as_ref().ok_or_else(|| Error::internal("the words of the clinical set cannot be loaded"))
}

/// Returns the tag of what a category found, and its row among the rules.
fn tag_and_row(category: &Category) -> (&'static str, usize) {
    (category.tag, RULE_COUNT + CATEGORIES.iter().take_while(|other| other.name != category.name).count())
}

/// Adds the data of all categories to `found`.
pub fn find(words: &Words, buffers: &mut Buffers, text: &str, found: &mut Vec<Found>) {
    let mut end = 0;
    for word in words.automaton.find_iter(text) {
        // Words inside of data found before, and those of tags, announce nothing.
        if word.start() < end || text[..word.start()].ends_with(TAG_BEGIN) {
            continue;
        }
        let i = words.owners[word.pattern().as_usize()];
        let category = &CATEGORIES[i];
        if let Some(Place { whole, value }) = (category.read)(text, word.range()) {
            end = whole.end;
            let row = RULE_COUNT + i;
            let others = if category.tag == patient_id::CATEGORY.tag {
                further::further(text, &value, false)
                    .into_iter()
                    .chain(further::renumbered(text, &value))
                    .collect()
            } else if category.tag == birth_date::CATEGORY.tag {
                birth_beside::earlier(text, &value)
            } else {
                Vec::new()
            };
            found.push(Found { whole, value, tag: category.tag, row });
            for value in others {
                end = end.max(value.end);
                found.push(Found { whole: value.clone(), value, tag: category.tag, row });
            }
        }
    }
    // A list of dates stands before its label.
    found.sort_by_key(|found| found.whole.start);
    find_names(words, buffers, text, found);
    find_cells(words, text, found);
}

/// Adds the cells of named columns and the values of named fields that stand in no data found before.
fn find_cells(words: &Words, text: &str, found: &mut Vec<Found>) {
    let cells = table::cells(words.names, text);
    if cells.is_empty() {
        return;
    }
    let mut taken: Vec<(Range<usize>, usize)> =
        found.iter().enumerate().map(|(i, f)| (f.whole.clone(), i)).collect();
    taken.sort_by_key(|(range, _)| range.start);
    let (of_names, of_numbers) = (tag_and_row(&names::CATEGORY), tag_and_row(&patient_id::CATEGORY));
    let of_births = tag_and_row(&birth_date::CATEGORY);
    for (held, range) in cells {
        let i = taken.partition_point(|(other, _)| other.end <= range.start);
        let meets = |i: usize| taken.get(i).filter(|(other, _)| other.start < range.end);
        if let Some((other, at)) = meets(i) {
            // 山田^太郎: one of the parts was found by itself.
            let inside = range.start <= other.start && other.end <= range.end;
            if inside && meets(i + 1).is_none() && found[*at].tag == names::CATEGORY.tag {
                found[*at].value = range.clone();
                found[*at].whole = range;
            }
            continue;
        }
        let (tag, row) = match held {
            table::Held::Name => of_names,
            table::Held::Number => of_numbers,
            table::Held::Birth => of_births,
        };
        found.push(Found { whole: range.clone(), value: range, tag, row });
    }
}

/// Adds ways to reach a person that the papers' rules do not know.
pub fn find_contacts(words: &Words, options: &WebOptions, text: &str, found: &mut Vec<Found>) {
    contact::find(&words.contacts, options, text, found);
}

/// Adds the names of hospitals and wards.
pub fn find_hospitals(words: &Words, text: &str, found: &mut Vec<Found>) {
    let mut places = Vec::new();
    hospital::find(words.hospitals, words.names, text, &mut places);
    let (tag, row) = tag_and_row(&hospital::CATEGORY);
    found.extend(places.into_iter().map(|Place { whole, value }| Found { whole, value, tag, row }));
}

/// Adds the names in the text that stand in no data found before.
fn find_names(words: &Words, buffers: &mut Buffers, text: &str, found: &mut Vec<Found>) {
    let (tag, row) = tag_and_row(&names::CATEGORY);
    let labelled: Vec<_> = found.iter().filter(|f| f.tag == tag).map(|f| f.whole.clone()).collect();
    let places = names::find(words.names, buffers, text, &labelled);
    let taken = found.len();
    let mut before = 0;
    for Place { whole, value } in places {
        while before < taken && found[before].whole.end <= whole.start {
            before += 1;
        }
        if before == taken || found[before].whole.start >= whole.end {
            found.push(Found { whole, value, tag, row });
        }
    }
}

#[cfg(test)]
mod tests;

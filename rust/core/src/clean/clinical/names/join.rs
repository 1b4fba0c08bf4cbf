//! A surname and a given name with spaces between them.

use std::ops::Range;

use super::candidate::{Candidate, Certainty, Form, candidates, is_single};
use super::given_kanji::{is_given, is_given_kanji};
use super::lattice::Lattice;
use super::lists::{BEFORE, GIVEN_SINGLE, NO_LABEL_VALUES};
use super::runs::{behind_spaces, run_end};
use super::titles;
use super::words::{Kind, Words, id};

/// Joins the given name behind a space to a surname.
pub fn join_given(
    words: &Words,
    lattice: &mut Lattice,
    text: &str,
    candidate: &mut Candidate,
    run: &mut Range<usize>,
    labelled: bool,
) {
    let dotted = text[run.end..].starts_with('・').then_some(run.end + '・'.len_utf8());
    let Some(start) = behind_spaces(text, run.end).or(dotted) else { return };
    let end = run_end(text, start);
    // 進士・明法, 大坂・京
    let next = &text[start..end];
    if dotted == Some(start) && (!words.is(next, &[Kind::Given]) || words.is(next, &[Kind::Surname])) {
        return;
    }
    if BEFORE.begins(&text[start..]) {
        return;
    }
    // 王 偉先生: a given name that the dictionary lacks.
    let short = text[start..end].char_indices().map(|(i, c)| start + i + c.len_utf8()).take(2);
    let begins_name = titles::honorific(&text[start..]).is_none();
    if let Some(given) = short
        .into_iter()
        .find(|&given| begins_name && titles::honorific(&text[given..]).is_some_and(|n| n > 3))
        && candidate.whole
        && (given - start <= '字'.len_utf8()
            || !words.is(&text[start..given], &[Kind::Other, Kind::Organisation, Kind::Surname]))
    {
        candidate.range.end = given;
        candidate.form = Form::Full;
        candidate.ends = true;
        candidate.next_length = 2;
        candidate.margin = i32::MAX;
        run.end = end;
        return;
    }
    if is_given_run(words, text, candidate, start..end) {
        candidate.range.end = end;
        candidate.form = Form::Full;
        candidate.margin = i32::MAX;
        run.end = end;
        return;
    }
    let next = candidates(words, lattice, text, start..end, id::SURNAME);
    let Some(given) = next.first().filter(|given| given.form == Form::Given && given.range.start == start)
    else {
        return;
    };
    let single = text[given.range.clone()].chars().count() == 1;
    let honoured = titles::honorific(&text[given.range.end..]).is_some();
    let short = text[candidate.range.clone()].chars().count() == 1;
    if single && !honoured && !(given.whole && (labelled || !short)) {
        return;
    }
    candidate.range.end = given.range.end;
    candidate.form = Form::Full;
    candidate.ends = given.ends;
    candidate.next_length = given.next_length;
    candidate.whole &= given.whole;
    candidate.margin = i32::MAX;
    run.end = end;
}

/// Tests for a run behind a surname that is a given name as a whole: one kanji of the list, a rare one, or whatever
/// stands before an age.
fn is_given_run(words: &Words, text: &str, candidate: &Candidate, run: Range<usize>) -> bool {
    let (surname, given) = (&text[candidate.range.clone()], &text[run.clone()]);
    let single = || surname.len() > '字'.len_utf8() && candidate.whole && GIVEN_SINGLE.contains(given);
    // 田中 絆 2歳
    let length = given.chars().count();
    let aged = || {
        surname.chars().count() > 1
            && candidate.certainty != Certainty::Word
            && length <= 2
            && candidate.whole
            && text[run.end..].starts_with([' ', '('])
            && titles::age_behind(&text[run.end..])
            && !NO_LABEL_VALUES.begins(&text[run.start..])
            && !words.is(given, &[Kind::Organisation, Kind::Surname])
            && (length == 1 || !words.is(given, &[Kind::Other]))
    };
    let rare = || {
        is_given(given)
            && words.is(surname, &[Kind::Surname])
            && !words.is(given, &[Kind::Other, Kind::Place, Kind::Organisation, Kind::Surname])
    };
    // 梶 崇 80代
    let both = || {
        is_single(surname)
            && is_given_kanji(given)
            && candidate.whole
            && text[run.end..].starts_with([' ', '('])
            && titles::age_behind(&text[run.end..])
    };
    single() || aged() || rare() || both()
}

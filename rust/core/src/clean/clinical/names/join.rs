//! A surname and a given name with spaces between them.

use std::ops::Range;

use super::candidate::{Candidate, Certainty, Form, candidates};
use super::given_kanji::is_given;
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
    if BEFORE.begins(&text[start..]) {
        return;
    }
    // 王 偉先生: a given name that the dictionary lacks.
    let short = text[start..end].char_indices().map(|(i, c)| start + i + c.len_utf8()).take(2);
    let honoured = titles::honorific(&text[start..]).is_none();
    if let Some(given) =
        short.into_iter().find(|&given| honoured && titles::honorific(&text[given..]).is_some_and(|n| n > 3))
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
    // 田中 絆 2歳: whatever stands between a surname and an age.
    let length = text[start..end].chars().count();
    if GIVEN_SINGLE.contains(&text[start..end]) && candidate.range.len() > '字'.len_utf8() && candidate.whole
    {
        candidate.range.end = end;
        candidate.form = Form::Full;
        candidate.margin = i32::MAX;
        run.end = end;
        return;
    }
    let surname = text[candidate.range.clone()].chars().count() > 1 && candidate.certainty != Certainty::Word;
    if surname
        && length <= 2
        && candidate.whole
        && titles::age_behind(&text[end..])
        && text[end..].starts_with([' ', '('])
        && !NO_LABEL_VALUES.begins(&text[start..])
        && !words.is(&text[start..end], &[Kind::Organisation, Kind::Surname])
        && (length == 1 || !words.is(&text[start..end], &[Kind::Other]))
    {
        candidate.range.end = end;
        candidate.form = Form::Full;
        candidate.margin = i32::MAX;
        run.end = end;
        return;
    }
    let rare = is_given(&text[start..end]) && words.is(&text[candidate.range.clone()], &[Kind::Surname]);
    if rare && !words.is(&text[start..end], &[Kind::Other, Kind::Place, Kind::Organisation, Kind::Surname]) {
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

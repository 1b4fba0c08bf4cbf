//! Evidence of the layout: labels, enumerations, rosters, lists of names and signatures.

use super::super::candidate::{Candidate, Certainty, Form, SIGNED, is_single, is_titled_single};
use super::super::chains::{LONGEST_LIST, begins_list, is_chain, is_numbered, is_pair, is_signature};
use super::super::lists::COMMON;
use super::super::titles::{DEPARTMENTS, in_brackets, role_in_brackets};
use super::super::words::Kind;
use super::{Around, Last, is_end};

/// Days of a roster.
const ROSTER: [char; 7] = ['月', '火', '水', '木', '金', '土', '日'];

impl Around<'_> {
    /// Tests for 姓 behind a surname in use, and not that of a clan: 嫁ぎ先(前田姓), 前田姓で登録.
    pub(super) fn by_surname_word(&self) -> bool {
        const IN_USE: [&str; 9] =
            [")", "のまま", "で登録", "で受診", "で予約", "に変更", "に改", "のカルテ", "です"];
        let rest = self.behind.strip_prefix('姓');
        self.named
            && self.candidate.form == Form::Surname
            && self.candidate.range.start == self.run.start
            && rest.is_some_and(|rest| IN_USE.iter().any(|word| rest.starts_with(word)))
    }

    /// Tests for the surname of the writer of an entry.
    pub(super) fn signed(&self) -> bool {
        let surname = self.candidate.form == Form::Surname && self.candidate.range.start == self.run.start;
        let marked = || SIGNED.iter().any(|mark| self.behind.starts_with(mark));
        let single = self.single && !(is_single(self.name) && self.before.ends_with('【'));
        surname
            && !single
            && (self.named || single != self.single || marked())
            && is_signature(self.before, self.behind)
    }

    /// Tests for a surname in an enumeration, behind a department or a role in brackets, or beside another one.
    pub(super) fn by_place_in_line(&self) -> bool {
        if !self.named || self.candidate.form != Form::Surname {
            return false;
        }
        let number = self
            .before
            .strip_suffix([')', '.'])
            .is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()));
        let common = COMMON.contains(self.name);
        let enumerated = number
            && common
            && self.exact()
            && (self.behind.is_empty() || self.behind.starts_with([' ', '\n', '(']));
        let of_department =
            self.before.strip_suffix(['の', '・']).is_some_and(|rest| rest.ends_with(DEPARTMENTS))
                && common
                && ["より", "から", "が", "です", "に"].iter().any(|word| self.behind.starts_with(word));
        let handed = common && self.before.ends_with('→');
        enumerated
            || handed
            || of_department
            || role_in_brackets(self.before)
            || common && self.candidate.range.start == self.run.start && is_pair(self.behind)
            || self.exact() && !self.words.is_ordinary(self.name) && is_pair(self.behind)
    }

    /// Tests for a colon, or a bracket that closes a label, before a surname that is all of its run.
    pub(super) fn by_label(&self) -> bool {
        let rest = self.before.trim_end_matches(' ');
        let given = || self.candidate.form != Form::Likely || self.likely_given();
        self.named
            && self.exact()
            && is_end(self.behind)
            && !self.behind.starts_with('の')
            && given()
            && self.before.len() - rest.len() <= 2
            && (rest.ends_with([':', '】', '=', '〉', '>', '}', '》', '』']) && !rest.ends_with("分類:")
                || rest.ends_with("氏名)"))
    }

    /// Tests for a surname behind a day, a shift or a letter of a roster, also one that is a place: 火:千葉, A:千葉 B:堀.
    pub(super) fn in_roster(&self) -> bool {
        let Some(rest) = self.before.strip_suffix(':') else { return false };
        let letter = || {
            let rest = rest.strip_suffix(|c: char| c.is_ascii_uppercase());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', '\n', '、', ',', '/']))
                && self.behind.starts_with(' ')
        };
        let day = || {
            rest.strip_suffix(ROSTER)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', '\n', '、', ',', '/', '(']))
        };
        self.candidate.form == Form::Surname
            && self.candidate.range.start == self.run.start
            && self.exact()
            && (!self.single || is_titled_single(self.name))
            && (self.behind.is_empty() || self.behind.starts_with([' ', '\n', '、', ',', '/', ')']))
            && (day() || letter())
    }

    /// Tests for a name in a list of names, or before a profession in brackets; `last` is the end of the name before.
    pub(super) fn listed(&self, last: Last) -> bool {
        let Candidate { form, certainty, ref range, .. } = *self.candidate;
        let named = certainty == Certainty::Name || self.named;
        let follows = || last.and_then(|last| self.text.get(last..range.start));
        let dotted = || self.before.ends_with('・') && self.words.is(self.name, &[Kind::Place]);
        // 利根川
        let landscape = || {
            self.name.ends_with(['川', '山', '島', '湖', '原', '浜'])
                && self.words.is(self.name, &[Kind::Place])
        };
        let place =
            !COMMON.contains(self.name) && (self.words.is_ordinary(self.name) || dotted() || landscape());
        if named
            && !place
            && follows()
                .is_some_and(|between| is_chain(between) || between == "と" || self.exact() && between == " ")
        {
            return true;
        }
        if form == Form::Given || !self.exact() {
            return false;
        }
        if form == Form::Surname
            && !self.single
            && is_end(self.behind)
            && follows().is_some_and(is_numbered)
            && !self.words.is_ordinary(self.name)
        {
            return true;
        }
        in_brackets(self.behind) && (named || !self.single)
            || form == Form::Surname && named && begins_list(self.words, self.text, range.end, LONGEST_LIST)
            || follows().is_some_and(is_chain) && (!self.single || is_end(self.behind))
    }
}

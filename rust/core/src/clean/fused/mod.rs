//! Cleans a document in one pass, and leaves to the rules only the stretches that need them.
//!
//! The pass writes the result of one round of the rules for each character, and checks every place of its own output
//! where a rule could match more than a character: telephone numbers, URLs, dots. Without such a place its output is
//! that of the rules, and a second round would change nothing, because
//! - a rule looks for characters (digits, letters, @, #, dots) that no rule replaces or deletes, so a match in any
//!   state of the text between raw and cleaned is in the output too, and is seen there (a separator of the match may
//!   be deleted, so the pass requires one only where it tracks deletions);
//! - every character of the output is one that the rules leave alone ([`Class::Plain`], `Mark` or `Watched`).
//!
//! Elsewhere the rules get the text between two *anchors*: a kana or kanji after white space, a comma or a full
//! stop. No rule changes such a character, deletes it, or looks past it, so cleaning the stretch alone, between two
//! sentinels for its surroundings, makes the same edits as cleaning it in place. Only a # behind another one in its line
//! is judged by that: a stretch with one reaches from an anchor at the beginning of a line to another.

mod watch;

use super::characters::{META_SPACE, is_katakana};
use super::classes::{CLASSES, Class, Classes};
use super::counts::{Edits, ROW_COUNT};
use super::dashes::takes_chouonpu;
use super::fixpoint::Fixpoint;
use super::nfkc::{is_inert, is_kept, is_roman_numeral};
use super::punctuation;
use super::repetition::limit;
use super::rules::{ALLOWED, DASHES, NFKC, PUNCTUATION, REPETITION, WHITE_SPACE};
use super::symbols::is_roman_letter;
use super::white_space::{Run, is_line_break};
use watch::{Number, may_be_tag};

/// Sentinel before a stretch: no rule looks past it, and it is never repeated before an anchor.
const BEFORE: char = '。';
/// Sentinel for the anchor behind a stretch.
const BEHIND: char = '亜';

/// Marks a place that only the rules can decide.
struct Unsure;

/// State of one pass over a document.
struct Pass<'a> {
    classes: &'static Classes,
    text: &'a str,
    out: &'a mut String,
    /// Edits up to the last anchor.
    edits: &'a mut Edits,
    /// Edits up to the last anchor that begins a line.
    before_line: Edits,
    /// Edits since the last anchor.
    recent: Edits,
    /// Positions of the last anchor that begins a line, in the text and in the output.
    line: (usize, usize),
    /// Positions of the last anchor in the text and in the output.
    anchor: (usize, usize),
    /// End, in the text, of the run of characters whose NFKC edit is counted.
    normalized_to: usize,
    /// Length of the output when a repeated character was last left out.
    cut_at: usize,
    number: Number,
}

/// Writes the cleaned text, with plain spaces, to the (empty) string.
pub fn clean(text: &str, out: &mut String, fixpoint: &mut Fixpoint, edits: &mut Edits) {
    let mut pass = Pass::new(text, out, edits);
    let whole = pass.run(|pass, at| pass.clean_stretch(fixpoint, at));
    pass.add_recent_edits();
    if !whole {
        // A rule changed a sentinel, so a stretch alone says nothing: the whole text does.
        out.clear();
        *edits = [0; ROW_COUNT];
        fixpoint.text().push_str(text);
        out.push_str(fixpoint.run(edits, |_, _| false));
    }
}

/// Tests whether the rules would change nothing, as far as the pass can tell; `out` is a buffer.
pub fn is_clean(text: &str, out: &mut String) -> bool {
    out.clear();
    let mut edits = [0; ROW_COUNT];
    let mut pass = Pass::new(text, out, &mut edits);
    let whole = pass.run(|_, _| None);
    pass.add_recent_edits();
    whole && edits == [0; ROW_COUNT] && out.len() == text.len()
}

impl<'a> Pass<'a> {
    fn new(text: &'a str, out: &'a mut String, edits: &'a mut Edits) -> Self {
        Self {
            classes: &CLASSES,
            text,
            out,
            edits,
            before_line: [0; ROW_COUNT],
            recent: [0; ROW_COUNT],
            line: (0, 0),
            anchor: (0, 0),
            normalized_to: usize::MAX,
            cut_at: 0,
            number: Number::default(),
        }
    }

    /// Runs the pass; `unsure` handles a place for the rules and returns the position to continue at, `None` to stop.
    /// Returns true at the end of the text.
    fn run(&mut self, mut unsure: impl FnMut(&mut Self, usize) -> Option<usize>) -> bool {
        let text = self.text;
        let classes = self.classes;
        let mut copied = 0;
        let mut before = '\0';
        let mut is_copied = false; // the character before, as it stands in the text
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            let class = classes.of(c);
            let is_plain =
                class == Class::Plain || class == Class::Chouonpu && is_copied && takes_chouonpu(before);
            if is_plain && c != before {
                before = c;
                is_copied = true;
                continue;
            }
            let start = text.len() - rest.as_str().len() - c.len_utf8();
            self.out.push_str(&text[copied..start]);
            copied = match self.character(c, class, start) {
                Ok(end) => end,
                Err(Unsure) => match unsure(self, start) {
                    Some(end) => end,
                    None => return false,
                },
            };
            rest = text[copied..].chars();
            before = self.last().unwrap_or('\0');
            is_copied = false;
        }
        self.out.push_str(&text[copied..]);
        true
    }

    /// Returns the last character written.
    fn last(&self) -> Option<char> {
        self.out.chars().next_back()
    }

    /// Handles the character at `start`; returns the position of the next one.
    fn character(&mut self, c: char, class: Class, start: usize) -> Result<usize, Unsure> {
        let end = start + c.len_utf8();
        match class {
            Class::Plain | Class::Watched => self.write(c, end)?,
            Class::Mark => {
                self.pass_nfkc(false, start, end);
                self.write(c, end)?;
            }
            Class::Separator => {
                self.write(c, end)?;
                self.note_anchor(end, false);
            }
            Class::White | Class::Blank => return self.white_space(start),
            Class::Chouonpu if self.follows_kana(start) || self.precedes_word(end) => self.write(c, end)?,
            Class::Roman if self.is_numeral_apart(end) => self.rewrite(c, start, end)?,
            Class::Comma => self.comma(c, start, end)?,
            Class::Dash => {
                self.pass_nfkc(false, start, end);
                // Behind katakana it depends on what follows.
                if self.last().is_some_and(is_katakana) {
                    return Err(Unsure);
                }
                self.recent[DASHES] += 1;
                self.write('-', end)?;
            }
            Class::Rewritten => self.rewrite(c, start, end)?,
            Class::Deleted => {
                self.pass_nfkc(false, start, end);
                self.recent[ALLOWED] += 1;
                self.number.parted_at = self.out.len();
            }
            Class::Chouonpu | Class::Roman | Class::Unsure => return Err(Unsure),
        }
        Ok(end)
    }

    /// Tests for a kana before `start` that no rule changes, so that ー is a chōonpu.
    #[inline]
    fn follows_kana(&self, start: usize) -> bool {
        let before = self.text[..start].chars().next_back();
        before.is_some_and(|c| {
            takes_chouonpu(c) && matches!(self.classes.of(c), Class::Plain | Class::Chouonpu)
        })
    }

    /// Tests for a kana or kanji at `end`, before which ー is no minus sign.
    fn precedes_word(&self, end: usize) -> bool {
        self.text[end..].chars().next().is_some_and(|c| self.classes.is_anchor(c))
    }

    /// Tests for surroundings from which a Roman numeral that ends at `end` need not be parted.
    fn is_numeral_apart(&self, end: usize) -> bool {
        let parted = |c| {
            let class = self.classes.of(c);
            matches!(class, Class::Plain | Class::Watched | Class::Separator | Class::White)
                && !is_roman_letter(c)
                && !is_roman_numeral(c)
        };
        !self.last().is_some_and(is_roman_letter) && self.text[end..].chars().next().is_none_or(parted)
    }

    /// Counts NFKC's edits: one for each run of characters that it normalises, if it changes any of them.
    fn pass_nfkc(&mut self, changed: bool, start: usize, end: usize) {
        if self.normalized_to == start {
            self.normalized_to = end;
        } else if changed {
            self.recent[NFKC] += 1;
            self.normalized_to = end;
        }
    }

    fn rewrite(&mut self, c: char, start: usize, end: usize) -> Result<(), Unsure> {
        let rewrite = self.classes.rewrite(c).ok_or(Unsure)?;
        if !rewrite.inert {
            self.pass_nfkc(rewrite.normalized, start, end);
        }
        let mut edits = rewrite.edits;
        while edits != 0 {
            self.recent[edits.trailing_zeros() as usize] += 1;
            edits &= edits - 1;
        }
        if rewrite.text.is_empty() {
            self.number.parted_at = self.out.len();
        }
        rewrite.text.chars().try_for_each(|c| self.write(c, end))
    }

    fn comma(&mut self, c: char, start: usize, end: usize) -> Result<(), Unsure> {
        if let Some(replacement) = punctuation::replacement(&self.text[..start], c, &self.text[end..]) {
            self.recent[PUNCTUATION] += 1;
            replacement.chars().try_for_each(|c| self.write(c, end))?;
            self.note_anchor(end, false);
            Ok(())
        } else {
            self.pass_nfkc(true, start, end);
            self.write(if c == '，' { ',' } else { '.' }, end)
        }
    }

    /// Handles the white space at `start`; returns its end.
    fn white_space(&mut self, start: usize) -> Result<usize, Unsure> {
        let mut run = Run::default();
        let mut end = start;
        let mut next = None;
        let mut last = Class::White;
        for c in self.text[start..].chars() {
            let length = c.len_utf8();
            let class = self.classes.of(c);
            match class {
                Class::White => {
                    if !is_inert(c) && c != META_SPACE {
                        self.pass_nfkc(true, end, end + length);
                    }
                    run.push(if is_inert(c) { c } else { ' ' });
                }
                Class::Blank => {
                    if !is_inert(c) && !is_kept(c) {
                        self.pass_nfkc(false, end, end + length);
                    }
                    self.recent[ALLOWED] += 1;
                    run.push(' ');
                }
                _ => {
                    next = Some(c);
                    break;
                }
            }
            last = class;
            end += length;
        }
        // White space around a deleted character is one run.
        if next.is_some_and(|c| self.classes.is_deleted(c)) {
            return Err(Unsure);
        }
        let replacement = run.replacement(self.out.is_empty() || next.is_none());
        self.recent[WHITE_SPACE] += u64::from(run.differs_from(replacement));
        self.out.push_str(replacement);
        if last == Class::White {
            self.note_anchor(end, run.breaks_line());
        }
        Ok(end)
    }

    /// Writes one character of the cleaned text, unless it is repeated too often; `end`: position of the next one in
    /// the text.
    fn write(&mut self, c: char, end: usize) -> Result<(), Unsure> {
        if self.classes.of(c) == Class::Watched {
            self.watch(c, end)?;
        }
        if self.last() == Some(c) && limit(c) < usize::MAX {
            let limit = limit(c);
            if self.out.chars().rev().take(limit).filter(|&before| before == c).count() == limit {
                if matches!(c, '.' | '・') {
                    return Err(Unsure); // three make an ellipsis
                }
                self.recent[REPETITION] += u64::from(self.cut_at != self.out.len());
                self.cut_at = self.out.len();
                return Ok(());
            }
        }
        self.out.push(c);
        Ok(())
    }

    /// Looks for a possible match of a rule that ends or begins at `c`.
    fn watch(&mut self, c: char, end: usize) -> Result<(), Unsure> {
        let seen = match c {
            '0'..='9' => self.number.is_whole(self.out, c),
            '.' => self.out.ends_with(['w', 'W']), // www.
            '/' => self.out.ends_with(":/"),       // https://
            'C' => self.out.ends_with(['°', '゜']),
            '線' => self.out.ends_with('内'),
            '#' => may_be_tag(self.classes, self.text, end),
            _ => true,
        };
        if seen { Err(Unsure) } else { Ok(()) }
    }

    /// Sets the anchor to `at`, if the character there can be one.
    fn note_anchor(&mut self, at: usize, begins_line: bool) {
        if self.text[at..].chars().next().is_some_and(|c| self.classes.is_anchor(c)) {
            self.add_recent_edits();
            self.anchor = (at, self.out.len());
            if begins_line {
                self.before_line = *self.edits;
                self.line = self.anchor;
            }
        }
    }

    fn add_recent_edits(&mut self) {
        for (sum, edits) in self.edits.iter_mut().zip(&mut self.recent) {
            *sum += std::mem::take(edits);
        }
    }

    /// Cleans from the last anchor to the next one behind `at` by the rules; returns the position of the latter, `None`
    /// if a rule changed a sentinel.
    fn clean_stretch(&mut self, fixpoint: &mut Fixpoint, at: usize) -> Option<usize> {
        let mut end = self.next_anchor(at, false);
        // The first # of a line is judged by what stands right before it, the others by the first.
        let has_tag = |text: &str| text.contains(['#', '＃', '﹟', '♯']);
        let whole_line =
            has_tag(&self.text[self.anchor.0..end]) && has_tag(&self.text[self.line.0..self.anchor.0]);
        if whole_line {
            end = self.next_anchor(at, true);
            self.anchor = self.line;
            *self.edits = self.before_line;
        }
        let start = self.anchor.0;
        let stretch = fixpoint.text();
        stretch.extend((start > 0).then_some(BEFORE));
        stretch.push_str(&self.text[start..end]);
        stretch.extend((end < self.text.len()).then_some(BEHIND));
        let cleaned = fixpoint.run(self.edits, is_clean);
        let cleaned = if start > 0 { cleaned.strip_prefix(BEFORE)? } else { cleaned };
        let cleaned = if end < self.text.len() { cleaned.strip_suffix(BEHIND)? } else { cleaned };
        self.out.truncate(self.anchor.1);
        self.out.push_str(cleaned);
        self.recent = [0; ROW_COUNT];
        self.anchor = (end, self.out.len());
        if whole_line {
            self.line = self.anchor;
            self.before_line = *self.edits;
        }
        self.cut_at = 0;
        self.number = Number { end: self.out.len(), ..Number::default() };
        Some(end)
    }

    /// Returns the position of the next anchor, or of the next one that begins a line.
    fn next_anchor(&self, from: usize, begins_line: bool) -> usize {
        let mut before = Class::Plain;
        let mut broken = false;
        for (i, c) in self.text[from..].char_indices() {
            let parted = matches!(before, Class::Separator | Class::White | Class::Comma);
            if parted && (broken || !begins_line) && self.classes.is_anchor(c) {
                return from + i;
            }
            before = self.classes.of(c);
            broken = before == Class::White && (broken || is_line_break(c));
        }
        self.text.len()
    }
}

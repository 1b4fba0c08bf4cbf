//! Decides by its surroundings whether a candidate is a name.

mod layout;

use std::ops::Range;

use super::super::category::Place;
use super::alone::{is_alone, is_alone_single};
use super::candidate::{Candidate, Certainty, Form, NO_SINGLES, SIGNED, is_single, is_titled_single};
use super::family::is_member_in_word;
use super::given_kanji::{is_given, is_given_kanji};
use super::honoured::{BEHIND_SAMA, LIKE, is_no_person};
use super::lists::{ALONE_BEHIND, BELONGS, COMMON, GIVEN, GOES_ON, NO_NAME_BEFORE, TOWNS, VISITS};
use super::other_names::{
    is_disease_or_town, is_end_of_verb, is_maker, is_office_of_place, is_other_name, is_word_with,
};
use super::places::{ends_in_place, is_landscape, is_of_clan, is_of_scale};
use super::speaker::is_speaker;
use super::titles::{Tie, age_before, age_behind, family, honorific, title};
use super::usual::is_common;
use super::words::{Kind, Words, id};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// The end of the last name found, with its honorific.
pub type Last = Option<usize>;

/// Decides whether `candidate` is a name; `run` is the run of kanji that it stands in.
pub fn decide(
    words: &Words,
    text: &str,
    run: &Range<usize>,
    candidate: &Candidate,
    last: Last,
) -> Option<Place> {
    let range = candidate.range.clone();
    let (before, name, behind) = (&text[..range.start], &text[range.clone()], &text[range.end..]);
    if is_no_person(name) || is_maker(before, behind) {
        return None;
    }
    if candidate.form == Form::Likely
        && let Some((surname, given)) = name.split_at_checked(candidate.surname_end - range.start)
        && is_disease_or_town(surname, given)
    {
        return decide(words, text, run, &candidate.surname_alone(text, id::NOUN), last);
    }
    let around = Around::new(words, text, run, candidate);
    if let Some(length) = around.honoured() {
        return Some(Place { whole: range.start..range.end + length, value: range });
    }
    if ends_in_place(before)
        || is_landscape(name, behind)
        || behind.starts_with("不明")
        || behind.starts_with("らし")
        || around.is_office_or_building()
    {
        return None;
    }
    if candidate.form != Form::Full && around.title.is_none() && is_of_scale(behind) {
        return None;
    }
    let marked = || around.title.is_some() || around.family.is_some() || around.by_label() || around.by_age();
    if is_other_name(words, name, candidate.surname_end - range.start, behind) && !marked() {
        return None;
    }
    let honoured_together = behind.strip_prefix('両').is_some_and(|behind| honorific(behind).is_some());
    if around.named && range.start == run.start && is_speaker(before, behind) {
        return Some(Place { whole: range.clone(), value: range });
    }
    let cut = around.without_given();
    if let Some(cut) = cut.filter(|cut| is_alone(words, text, cut)) {
        return Some(Place { whole: cut.range.clone(), value: cut.range });
    }
    let is_name = honoured_together
        || around.named && is_alone(words, text, candidate)
        || candidate.form == Form::Surname
            && candidate.range.start == run.start
            && is_alone_single(before, name, behind, candidate.next_id)
        || around.by_surname_word()
        || around.signed()
        || around.ends()
            && (around.is_full()
                || around.by_title()
                || around.by_label()
                || around.in_roster()
                || around.by_place_in_line()
                || around.by_family()
                || around.by_age()
                || around.listed(last));
    is_name.then(|| Place { whole: range.clone(), value: range })
}

/// Surroundings of a candidate.
struct Around<'a> {
    words: &'a Words,
    text: &'a str,
    run: &'a Range<usize>,
    candidate: &'a Candidate,
    before: &'a str,
    name: &'a str,
    behind: &'a str,
    /// True if the candidate is one character.
    single: bool,
    /// True for a surname that is likelier a person's than a place or another word.
    named: bool,
    title: Option<Tie>,
    family: Option<Tie>,
}

impl<'a> Around<'a> {
    fn new(words: &'a Words, text: &'a str, run: &'a Range<usize>, candidate: &'a Candidate) -> Self {
        let range = candidate.range.clone();
        let (before, name, behind) = (&text[..range.start], &text[range.clone()], &text[range.end..]);
        let single = name.chars().count() == 1;
        Self {
            words,
            text,
            run,
            candidate,
            before,
            name,
            behind,
            single,
            named: candidate.form != Form::Given
                && !single
                && (candidate.certainty == Certainty::Name || is_common(name)),
            title: title(before),
            family: family(before).filter(|_| !is_member_in_word(words, before, name)),
        }
    }

    /// The length of the honorific or profession that makes it a name.
    fn honoured(&self) -> Option<usize> {
        let Self { candidate, name, behind, .. } = self;
        let length = honorific(behind).filter(|&length| is_honorific(candidate, &behind[..length]))?;
        // 10cmの高さまで
        if self.single && behind.starts_with("さまで") {
            return None;
        }
        if behind.strip_prefix('氏').is_some_and(|rest| self.is_clan(rest))
            || self.is_other_with(&behind[..length])
        {
            return None;
        }
        let visits = || behind.strip_prefix('様').is_some_and(|rest| VISITS.begins(rest));
        let sure = candidate.certainty != Certainty::Word
            || self.single && is_single(name) && candidate.range.start == self.run.start && visits()
            || candidate.form != Form::Surname
            || is_likeliest(self.words, name);
        // Two characters that are no usual name stand before 様 in other words too.
        let doubtful = name.chars().count() == 2
            && !name.chars().next().is_some_and(|c| is_single(&c.to_string()))
            && !matches!(candidate.form, Form::Surname | Form::Given)
            && behind.strip_prefix('様').is_some_and(|rest| !rest.starts_with(|c| BEHIND_SAMA.contains(c)));
        let like = candidate.form != Form::Full
            && (!self.named || name.ends_with(['水', '膿', '泥']))
            && behind.strip_prefix('様').is_some_and(|rest| LIKE.iter().any(|word| rest.starts_with(word)));
        let begins = candidate.begins
            || self.title.is_some()
            || self.family.is_some()
            || !self.single && candidate.form == Form::Surname && COMMON.contains(name);
        let whole = !self.single
            || (candidate.range.start == self.run.start || self.title.is_some()) && is_single(name);
        (sure && !doubtful && !like && begins && whole).then_some(length)
    }

    /// Tests for a word, a god or the head of a place, which the honorific closes: 杜氏, 姫君, お伊勢様, 松阪市長.
    fn is_other_with(&self, honorific: &str) -> bool {
        let Self { words, candidate, name, before, .. } = self;
        let place = || !is_common(name) && words.is(name, &[Kind::Place]) && !words.is_surname_first(name);
        let alone = candidate.form == Form::Surname;
        let whole = &self.text[candidate.range.start..candidate.range.end + honorific.len()];
        is_word_with(words, whole, honorific)
            || candidate.range.start == self.run.start && before.ends_with('お')
            || self.single && is_end_of_verb(honorific, &self.behind[honorific.len()..])
            || is_office_of_place(honorific) && alone && place()
    }

    /// Tests for a clan of old: 氏 goes on with what clans have, or a province stands right before the name.
    fn is_clan(&self, rest: &str) -> bool {
        self.candidate.form == Form::Surname
            && (is_of_clan(rest) || self.candidate.behind_name && self.candidate.range.start > self.run.start)
    }

    /// The surname alone, where what stands behind it is no given name: 挿管 in 大山挿管.
    fn without_given(&self) -> Option<Candidate> {
        let given = self.text.get(self.candidate.surname_end..self.candidate.range.end)?;
        let no_given = self.candidate.form == Form::Likely
            && is_common(&self.text[self.candidate.range.start..self.candidate.surname_end])
            && self.candidate.surname_end - self.candidate.range.start > '字'.len_utf8()
            && given.chars().count() > 1
            && !NO_NAME_BEFORE.at_start(given).any(|word| word.chars().count() == 1)
            && given.chars().any(|c| !is_given_kanji(c.encode_utf8(&mut [0; 4])));
        no_given.then(|| self.candidate.surname_alone(self.text, id::VERBAL_NOUN))
    }

    /// Tests that nothing behind the candidate makes it part of another word.
    fn ends(&self) -> bool {
        // 山田太郎 before 山田 is not before 山.
        let is_next = |word: &str| self.candidate.next_length <= word.chars().count();
        let goes_on = || {
            GOES_ON.begins(self.behind)
                || ALONE_BEHIND.begins(self.behind)
                || self.behind.strip_prefix('ご').is_some_and(|rest| rest.starts_with(is_kanji))
        };
        let signs = || SIGNED.iter().any(|mark| self.behind.strip_prefix(mark).is_some_and(is_end));
        (self.candidate.ends || signs())
            && !NO_NAME_BEFORE.at_start(self.behind).any(is_next)
            && (!self.behind.starts_with(is_hiragana) || goes_on())
    }

    /// Tests for a surname with one character by which it is an office, a building or an age: 近江守, 淡島堂, 鎌倉中.
    fn is_office_or_building(&self) -> bool {
        let surname = self.candidate.surname_end - self.candidate.range.start;
        let Some(tail) = self.name.get(surname..).filter(|tail| tail.chars().count() == 1) else {
            return false;
        };
        let office = tail == "守" && self.words.is(&self.name[..surname], &[Kind::Place]);
        office || "中代巻堂柱殿塔峠国".contains(tail)
    }

    /// Tests for a surname with a given name, which needs nothing beside it.
    fn is_full(&self) -> bool {
        let candidate = self.candidate;
        let begins =
            candidate.begins || self.title.is_some() || self.family.is_some() || ends_in_unit(self.before);
        // 土佐藩, 養老律 and 小山行 are no names.
        let surname = candidate.surname_end - candidate.range.start;
        let tail = self.name.get(surname..).filter(|tail| tail.chars().count() == 1);
        if tail.is_some_and(|tail| "藩律統浜行屋城京寺流派家宮軍勢領国".contains(tail)) {
            return false;
        }
        // 外間葉細胞
        let in_word = tail.is_some()
            && !is_common(&self.name[..surname])
            && self.behind.starts_with(is_kanji)
            && ![&VISITS, &BELONGS].iter().any(|list| list.begins(self.behind));
        candidate.form == Form::Full
            && begins
            && !in_word
            && !candidate.overlaps
            && candidate.margin >= LEAST_MARGIN
    }

    /// Tests that the candidate is its run, or all of it that no kanji follows.
    fn exact(&self) -> bool {
        self.candidate.whole || self.candidate.range.start == self.run.start && is_end(self.behind)
    }

    fn by_title(&self) -> bool {
        let Some(tie) = self.title else { return false };
        if self.candidate.form == Form::Given {
            return tie == Tie::Mark && !self.single;
        }
        if tie == Tie::Topic {
            return self.named
                && (self.behind.is_empty() || self.behind.starts_with(['、', '。', ' ', '\n', ',', 'で']));
        }
        if tie == Tie::Weak {
            // 医事課 垂井
            let signs = || {
                self.candidate.form == Form::Surname
                    && !self.single
                    && (self.behind.is_empty() || self.behind.starts_with('\n'))
                    && !TOWNS.contains(self.name)
                    && !self.words.is_ordinary(self.name)
            };
            return self.exact() && (self.named || signs());
        }
        if tie == Tie::Role {
            let apart = || self.before.ends_with(' ') && self.exact() && is_end(self.behind);
            return self.named || self.single && is_single(self.name) && apart();
        }
        // 担当堺、
        if tie == Tie::Direct
            && is_single(self.name)
            && !NO_SINGLES.contains(self.name)
            && self.behind.starts_with(['、', '。', '\n'])
        {
            return true;
        }
        if tie == Tie::Direct
            && self.candidate.certainty == Certainty::Word
            && !is_likeliest(self.words, self.name)
        {
            return false;
        }
        let closes = || self.candidate.range.end == self.run.end && is_end(self.behind);
        let latin = || {
            self.before.ends_with(|c: char| c.is_ascii_alphabetic())
                && self.candidate.range.start == self.run.start
                && self.candidate.ends
        };
        !self.single || is_titled_single(self.name) && (tie == Tie::Mark || closes() || latin())
    }

    fn by_family(&self) -> bool {
        let Some(tie) = self.family else { return false };
        match self.candidate.form {
            Form::Given => {
                !self.single
                    && (tie == Tie::Mark && !self.goes_on()
                        || !self.words.is_ordinary(self.name)
                        || GIVEN.contains(self.name))
                    // 父:精のう
                    || tie == Tie::Mark
                        && is_end(self.behind)
                        && !self.goes_on()
                        && !self.behind.starts_with("のう")
                    || tie == Tie::Loose
                        && self.before.ends_with(' ')
                        && self.candidate.whole
                        && is_end(self.behind)
            }
            Form::Surname => {
                let given = || self.words.is(self.name, &[Kind::Given]) && is_end(self.behind);
                (!self.single || tie == Tie::Mark && given())
                    && self.exact()
                    && (self.named || !self.goes_on())
                    && (tie == Tie::Mark || tie == Tie::Loose && self.named)
            }
            // 母の金簪
            Form::Likely => {
                self.candidate.surname_end - self.candidate.range.start > '字'.len_utf8()
                    || self.likely_given()
            }
            Form::Full => true,
        }
    }

    /// Tests for a word that goes on in katakana or letters: 高コレステロール血症, 成人T細胞, 中~高分化.
    fn goes_on(&self) -> bool {
        let letter = |c: char| c.is_ascii_alphabetic() || matches!(c, 'α'..='ω' | '~' | '〜');
        self.behind.starts_with(|c| is_katakana(c) || letter(c))
    }

    /// Tests for kanji of given names behind the surname.
    fn likely_given(&self) -> bool {
        let given = self.text.get(self.candidate.surname_end..self.candidate.range.end);
        given.is_some_and(|given| is_given(given) || is_given_kanji(given))
    }

    fn by_age(&self) -> bool {
        let bracketed = self.behind.starts_with('(') && age_behind(self.behind);
        (self.candidate.form != Form::Given || bracketed && self.exact())
            && (!self.single
                || is_single(self.name) && self.exact() && is_apart(self.before) && age_behind(self.behind))
            && !self.behind.starts_with(is_hiragana)
            && (age_before(self.before) && is_end(self.behind) || self.exact() && age_behind(self.behind))
            && (self.candidate.certainty != Certainty::Word
                || self.candidate.form == Form::Given
                || self.has_long_given()
                || is_likeliest(self.words, self.name))
    }

    /// Tests for a surname with a given name of two characters or more.
    fn has_long_given(&self) -> bool {
        let given = self.text.get(self.candidate.surname_end..self.candidate.range.end);
        matches!(self.candidate.form, Form::Full | Form::Likely)
            && given.is_some_and(|given| given.chars().nth(1).is_some())
    }
}

/// Tests for the beginning of a phrase.
fn is_apart(before: &str) -> bool {
    before.is_empty() || before.ends_with([' ', '\n', '、', '。', '(', ':', '/', ','])
}

/// Tests for a surname that no other word is likelier to be than it before an honorific.
fn is_likeliest(words: &Words, name: &str) -> bool {
    words.surname_excess(name).is_some_and(|excess| excess <= MOST_EXCESS)
}

/// The most that a surname may cost above another word before an honorific.
const MOST_EXCESS: i32 = 2_500;

/// The least cost that reading a full name otherwise must have above it.
const LEAST_MARGIN: i32 = 1_000;

/// Tests whether the honorific found is a word of its own in the run.
fn is_honorific(candidate: &Candidate, honorific: &str) -> bool {
    let length = honorific.chars().count();
    let one_kanji = length == 1 && honorific.starts_with(is_kanji);
    !one_kanji || candidate.next_length <= 1
}

/// Tests for the end of a name: no kanji, kana word or letter goes on.
fn is_end(behind: &str) -> bool {
    !behind.starts_with(|c: char| is_kanji(c) || c.is_ascii_alphanumeric())
}

/// Tests for a unit of age at the end of the text, which stands in one run with the name.
fn ends_in_unit(before: &str) -> bool {
    ["歳", "才", "男", "女", "故", "旧姓", "元"].iter().any(|unit| before.ends_with(unit))
}

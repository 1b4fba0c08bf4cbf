//! Classes of characters by the edit that cleaning makes without regard to context.
//!
//! The table is built by applying the rules to every character alone, so each edit is defined once, in its rule.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::allowed::is_allowed;
use super::characters::{META_SPACE, is_hiragana, is_kanji, is_katakana};
use super::dashes::is_long_dash;
use super::nfkc::{is_inert, is_kept, is_roman_numeral};
use super::output::Output;
use super::radicals::unified;
use super::rules::{ALLOWED, RULES};
use super::white_space::is_line_break;

/// Treatment of a character in the fused pass.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It stays, unless repeated; NFKC skips it.
    Plain,
    /// It stays, unless repeated; NFKC normalises the run that it is in.
    Mark,
    /// It stays, but rules begin or end at it: the pass looks at the output before it.
    Watched,
    /// 、 or 。
    Separator,
    /// White space, as it is or by NFKC.
    White,
    /// It becomes a space: outside of the allowed set, before and after NFKC, and visible.
    Blank,
    /// ー, which is a minus sign behind other characters than kana.
    Chouonpu,
    /// A Roman numeral, which is parted from another one.
    Roman,
    /// ， or ．, which stay between digits.
    Comma,
    /// A long dash, which is a chōonpu behind katakana.
    Dash,
    /// It is replaced by other characters.
    Rewritten,
    /// It is deleted: outside of the allowed set, before and after NFKC, and invisible.
    Deleted,
    /// Its edit depends on its neighbours in other ways: left to the rules.
    Unsure,
}

/// Replacement of a character.
pub struct Rewrite {
    pub text: String,
    /// True if NFKC skips the character.
    pub inert: bool,
    /// True if NFKC changes it.
    pub normalized: bool,
    /// Bit n: rule n of those after NFKC makes one edit.
    pub edits: u16,
}

/// The classes of all characters.
pub struct Classes {
    /// Classes of the Basic Multilingual Plane, by code point.
    basic: Vec<Class>,
    rewrites: FxHashMap<char, Rewrite>,
}

/// Built at the first document.
pub static CLASSES: LazyLock<Classes> = LazyLock::new(Classes::new);

impl Classes {
    fn new() -> Self {
        let mut rewrites = FxHashMap::default();
        let mut basic = vec![Class::Unsure; 0x10000];
        for c in '\0'..='\u{ffff}' {
            let (class, rewrite) = classify(c);
            basic[c as usize] = class;
            rewrites.extend(rewrite.map(|rewrite| (c, rewrite)));
        }
        Self { basic, rewrites }
    }

    #[inline]
    pub fn of(&self, c: char) -> Class {
        self.basic.get(c as usize).copied().unwrap_or_else(|| Self::beyond_the_basic_plane(c))
    }

    /// Classifies a character each time: such characters are rare. Rewrites are left to the rules.
    #[cold]
    fn beyond_the_basic_plane(c: char) -> Class {
        match classify(c).0 {
            Class::Rewritten => Class::Unsure,
            class => class,
        }
    }

    /// Returns the replacement of a [`Class::Rewritten`] or [`Class::Roman`] character.
    pub fn rewrite(&self, c: char) -> Option<&Rewrite> {
        self.rewrites.get(&c)
    }

    /// Tests whether the character is deleted.
    pub fn is_deleted(&self, c: char) -> bool {
        match self.of(c) {
            Class::Deleted => true,
            Class::Rewritten => self.rewrite(c).is_some_and(|rewrite| rewrite.text.is_empty()),
            _ => false,
        }
    }

    /// Tests whether no rule changes the character or looks back past it.
    ///
    /// は, が, に, へ and 番号 may stand between a telephone number and its label.
    pub fn is_anchor(&self, c: char) -> bool {
        self.of(c) == Class::Plain
            && (is_hiragana(c) || is_katakana(c) || is_kanji(c))
            && !matches!(c, 'は' | 'が' | 'に' | 'へ' | '番')
    }
}

/// Returns the class of a character and its replacement.
fn classify(c: char) -> (Class, Option<Rewrite>) {
    fixed_class(c).map_or_else(|| classify_by_rules(c), |class| (class, None))
}

/// Returns the class of characters that rules look for.
fn fixed_class(c: char) -> Option<Class> {
    Some(match c {
        '0'..='9' | '.' | '/' | 'C' | '線' | '@' | '#' => Class::Watched,
        '、' | '。' => Class::Separator,
        '，' | '．' => Class::Comma,
        ' ' | '\t' | META_SPACE => Class::White,
        c if is_line_break(c) && is_inert(c) => Class::White,
        c if is_long_dash(c) => Class::Dash,
        'ー' => Class::Chouonpu,
        _ => return None,
    })
}

/// Applies the rules from NFKC to the allowed set to the character alone.
fn classify_by_rules(c: char) -> (Class, Option<Rewrite>) {
    let inert = is_inert(c) || is_kept(c);
    let mut text: String = if inert { c.into() } else { std::iter::once(unified(c)).nfkc().collect() };
    // NFKC of such characters in a row is the NFKC of each (UAX #15, quick check); of others it may not be.
    let apart = |d| canonical_combining_class(d) == 0 && is_nfkc_quick([d].into_iter()) == IsNormalized::Yes;
    if !inert && !text.chars().all(apart) {
        return (Class::Unsure, None);
    }
    let normalized = !text.starts_with(c);
    if text == " " {
        return (Class::White, None);
    }
    if text.contains(|d: char| is_long_dash(d) || d == 'ー' || d.is_whitespace()) {
        return (Class::Unsure, None);
    }
    let mut edits = 0;
    for (n, rule) in RULES.iter().enumerate().filter(|(_, rule)| ALONE.contains(&rule.name)) {
        let mut next = Output::default();
        match (rule.apply)(&text, &mut next) {
            0 => {}
            1 if rule.name != "restore" => (text, edits) = (next.text, edits | 1 << n),
            _ => return (Class::Unsure, None),
        }
    }
    if text == " " {
        let only_blank = !normalized && edits == 1 << ALLOWED;
        return (if only_blank { Class::Blank } else { Class::Unsure }, None);
    }
    if !text.chars().all(is_allowed) {
        return (Class::Unsure, None);
    }
    if is_roman_numeral(c) {
        return (Class::Roman, Some(Rewrite { text, inert, normalized, edits }));
    }
    match (normalized || edits != 0, inert) {
        (true, false) if text.is_empty() && !normalized => (Class::Deleted, None),
        (true, _) => (Class::Rewritten, Some(Rewrite { text, inert, normalized, edits })),
        (false, true) => (Class::Plain, None),
        (false, false) => (Class::Mark, None),
    }
}

/// The rules between NFKC and repetition that can change a character by itself.
const ALONE: [&str; 4] = ["dashes", "restore", "symbols", "allowed"];

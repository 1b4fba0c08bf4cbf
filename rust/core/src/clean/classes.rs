//! What cleaning does to each character where nothing around it matters.
//!
//! The table is made by asking the rules about every character by itself, so a rule says in one place what it does.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::characters::{is_hiragana, is_kanji, is_katakana};
use super::dashes::is_long_dash;
use super::nfkc::{is_inert, is_kept};
use super::white_space::is_line_break;
use super::{META_SPACE, RULES, is_allowed};

/// How [`scan`](super::scan) treats a character.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It stays, but for repetition; NFKC passes over it.
    Plain,
    /// It stays, but for repetition; NFKC looks at it.
    Mark,
    /// It stays, but rules begin or end at it: the scan looks at what stands before.
    Watched,
    /// 、 or 。
    Separator,
    /// White space, as it is or by NFKC.
    White,
    /// ， or ．, which stay between digits.
    Comma,
    /// A long dash, which is a chōonpu behind katakana.
    Dash,
    /// Other characters or none take its place.
    Rewritten,
    /// What becomes of it depends on its neighbours in more ways: left to the rules.
    Unsure,
}

/// What takes a character's place.
pub struct Rewrite {
    pub text: String,
    /// Whether NFKC passes over the character.
    pub inert: bool,
    /// Whether NFKC changes it.
    pub normalized: bool,
    /// Bit n: rule n, other than NFKC, makes one edit.
    pub edits: u16,
}

/// The classes of all characters.
pub struct Classes {
    /// By code point, as far as there are characters that stay; the rest is Unsure.
    classes: Vec<Class>,
    rewrites: FxHashMap<char, Rewrite>,
}

/// Made at the first document.
pub static CLASSES: LazyLock<Classes> = LazyLock::new(Classes::new);

impl Classes {
    fn new() -> Self {
        let mut classes = vec![Class::Unsure; 0x30000];
        let mut rewrites = FxHashMap::default();
        for c in '\0'..'\u{30000}' {
            classes[c as usize] = match fixed_class(c) {
                Some(class) => class,
                None => {
                    let (class, rewrite) = ask_the_rules(c);
                    rewrites.extend(rewrite.map(|rewrite| (c, rewrite)));
                    class
                }
            };
        }
        Self { classes, rewrites }
    }

    #[inline]
    pub fn of(&self, c: char) -> Class {
        self.classes.get(c as usize).copied().unwrap_or(Class::Unsure)
    }

    /// What takes the place of a Rewritten character.
    pub fn rewrite(&self, c: char) -> Option<&Rewrite> {
        self.rewrites.get(&c)
    }

    pub fn is_deleted(&self, c: char) -> bool {
        self.of(c) == Class::Rewritten && self.rewrite(c).is_some_and(|rewrite| rewrite.text.is_empty())
    }

    /// Whether no rule ever changes the character or sees past it from behind.
    ///
    /// は, が, に, へ and 番号 may stand between a telephone number and its label.
    pub fn is_anchor(&self, c: char) -> bool {
        self.of(c) == Class::Plain
            && (is_hiragana(c) || is_katakana(c) || is_kanji(c))
            && !matches!(c, 'は' | 'が' | 'に' | 'へ' | '番')
    }
}

/// The class of characters that rules look for.
fn fixed_class(c: char) -> Option<Class> {
    Some(match c {
        '0'..='9' | '.' | '/' | 'C' | '線' | '@' | '#' => Class::Watched,
        '、' | '。' => Class::Separator,
        '，' | '．' => Class::Comma,
        ' ' | '\t' | META_SPACE => Class::White,
        c if is_line_break(c) && is_inert(c) => Class::White,
        c if is_long_dash(c) => Class::Dash,
        _ => return None,
    })
}

/// Applies the rules from NFKC to the allowed set to the character alone.
fn ask_the_rules(c: char) -> (Class, Option<Rewrite>) {
    let inert = is_inert(c) || is_kept(c);
    let mut text: String = if inert { c.into() } else { c.nfkc().collect() };
    // NFKC of such characters in a row is the NFKC of each (UAX #15, quick check); of others it may not be.
    let apart = |d| canonical_combining_class(d) == 0 && is_nfkc_quick([d].into_iter()) == IsNormalized::Yes;
    if !inert && !text.chars().all(apart) {
        return (Class::Unsure, None);
    }
    let normalized = !text.starts_with(c);
    if text == " " {
        return (Class::White, None);
    }
    if text.contains(|d: char| is_long_dash(d) || d.is_whitespace()) {
        return (Class::Unsure, None);
    }
    let mut edits = 0;
    for (n, rule) in RULES.iter().enumerate().filter(|(_, rule)| ALONE.contains(&rule.name)) {
        let mut next = String::new();
        match (rule.apply)(&text, &mut next) {
            0 => {}
            1 if rule.name != "restore" => (text, edits) = (next, edits | 1 << n),
            _ => return (Class::Unsure, None),
        }
    }
    if !text.chars().all(is_allowed) {
        return (Class::Unsure, None);
    }
    match (normalized || edits != 0, inert) {
        (true, _) => (Class::Rewritten, Some(Rewrite { text, inert, normalized, edits })),
        (false, true) => (Class::Plain, None),
        (false, false) => (Class::Mark, None),
    }
}

/// The rules between NFKC and repetition that can change a character by itself.
const ALONE: [&str; 4] = ["dashes", "restore", "symbols", "allowed"];

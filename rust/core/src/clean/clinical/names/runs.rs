//! Runs of characters of one kind, and the spaces between the parts of a name.

use crate::clean::characters::{is_kanji, is_katakana};

/// Returns the end of the run of kanji at `at`.
pub fn run_end(text: &str, at: usize) -> usize {
    let mut end = at;
    let mut rest = text[at..].chars().peekable();
    while let Some(c) = rest.next() {
        let numeral = || text[at..end].ends_with(|c| "一二三四五六七八九".contains(c));
        let joins = (matches!(c, 'ヶ' | 'ケ' | 'ノ') && end > at || matches!(c, 'ツ' | 'ッ') && numeral())
            && rest.peek().is_some_and(|&next| is_kanji(next));
        if !is_kanji(c) && !joins {
            break;
        }
        end += c.len_utf8();
    }
    end
}

/// The longest run of kana or letters that is read, in characters.
const LONGEST_RUN: usize = 20;

/// Returns the end of the characters of one kind at `at`.
pub fn run_of(text: &str, at: usize, is: impl Fn(char) -> bool) -> usize {
    run_up_to(LONGEST_RUN, text, at, is)
}

/// Returns the end of the characters of one kind at `at`, of which `most` are read.
pub fn run_up_to(most: usize, text: &str, at: usize, is: impl Fn(char) -> bool) -> usize {
    at + text[at..].chars().take(most).take_while(|&c| is(c)).map(char::len_utf8).sum::<usize>()
}

/// Returns the start of the characters of one kind at the end of `text`, of which `most` are read.
pub fn run_before(most: usize, text: &str, is: impl Fn(char) -> bool) -> usize {
    text.len() - text.chars().rev().take(most).take_while(|&c| is(c)).map(char::len_utf8).sum::<usize>()
}

/// Tests for a character of a word in katakana.
pub fn is_katakana_word(c: char) -> bool {
    is_katakana(c) || c == 'ー'
}

/// The most spaces between the parts of a name.
const MOST_SPACES: usize = 2;

/// Returns the start of what stands behind one to [`MOST_SPACES`] spaces at `at`.
pub fn behind_spaces(text: &str, at: usize) -> Option<usize> {
    let spaces = text[at..].bytes().take_while(|&b| b == b' ').count();
    (1..=MOST_SPACES).contains(&spaces).then_some(at + spaces)
}

/// Splits what stands behind an open bracket at the one that closes it, at most `most` characters further.
pub fn closed_bracket(inner: &str, most: usize) -> Option<(&str, &str)> {
    let (at, _) = inner.char_indices().take(most + 1).find(|&(_, c)| c == ')')?;
    Some((&inner[..at], &inner[at + 1..]))
}

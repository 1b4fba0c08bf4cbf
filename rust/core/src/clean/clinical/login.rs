//! Names of accounts of systems and sites, and their passwords.

use std::ops::Range;

use super::category::Place;
use super::reading::{after_marks, labelled};

/// Tests for a label, in lower case, of the name of an account.
pub fn is_label(label: &str) -> bool {
    label.contains("ログイン")
        || ["login", "user", "ユーザ", "wi-fi", "wifi"].iter().any(|begin| label.starts_with(begin))
        || ["サイト", "アプリ", "ポータル", "システム"].iter().any(|begin| label.starts_with(begin))
}

/// Tests for a label, in lower case, of a password.
pub fn is_secret(label: &str) -> bool {
    matches!(label, "パスワード" | "パスコード" | "password" | "passcode")
}

/// The fewest and the most characters of a password.
const SECRET: [usize; 2] = [6, 32];

/// Reads a password behind its label: letters with digits, Tanuki88.
pub fn secret(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_marks(text, word.end);
    let is_part = |b: &&u8| b.is_ascii_alphanumeric() || b"_-.!#$%&*+=?@".contains(*b);
    let length = text.as_bytes()[start..].iter().take(SECRET[1] + 1).take_while(is_part).count();
    let word_of = text[start..start + length].trim_end_matches(['.', '-', '!', '?']);
    let mixed =
        word_of.bytes().any(|b| b.is_ascii_digit()) && word_of.bytes().any(|b| b.is_ascii_alphabetic());
    let fits = start > word.end && mixed && (SECRET[0]..=SECRET[1]).contains(&word_of.len());
    fits.then(|| labelled(text, word, start..start + word_of.len()))
}

/// Reads the name of an account of a hospital's own system: user0447, kobayakawa-h.
pub fn login(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_marks(text, word.end);
    let is_part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'_' | b'.' | b'-');
    let length = text.as_bytes()[start..].iter().take(32).take_while(is_part).count();
    let name = text[start..start + length].trim_end_matches(['.', '-']);
    let marked = name.contains(|c: char| c.is_ascii_digit() || matches!(c, '_' | '-' | '.'));
    let explicit =
        text[word.clone()].to_ascii_lowercase().ends_with("id") || text[word.end..start].contains([':', '=']);
    let marks = text[word.end..start].contains([':', '=', ' ', 'は', '「']);
    (marks
        && name.len() >= 4
        && start > word.end
        && marked
        && (explicit || name.starts_with(|c: char| c.is_ascii_lowercase())))
    .then(|| labelled(text, word, start..start + name.len()))
}

//! Titles and labels in Latin letters, and those before a name in Latin letters.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::clean::characters::is_kanji;

/// Titles before a name in kanji or kana.
static BEFORE_LATIN: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::read(include_str!("lists/before_latin.txt")));
/// Titles and labels before a name in Latin letters.
static BEFORE_NAME_IN_LATIN: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::read(include_str!("lists/before_name_in_latin.txt")));

/// Words for a member of the family before the name of another one: Baby of NAKAMURA.
const OF_FAMILY: [&str; 9] = [
    "baby of",
    "babyboy of",
    "babygirl of",
    "mother of",
    "father of",
    "wife of",
    "husband of",
    "baby boy of",
    "baby girl of",
];

/// Phrases by their last character, in small letters.
struct Phrases(FxHashMap<char, Vec<&'static str>>);

impl Phrases {
    /// Reads phrases, one a line; a line that begins with # is a comment.
    fn read(text: &'static str) -> Self {
        let mut by_last: FxHashMap<char, Vec<&str>> = FxHashMap::default();
        for phrase in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(last) = last_in_small(phrase) {
                by_last.entry(last).or_default().push(phrase);
            }
        }
        Self(by_last)
    }

    /// Tests for one of them as a word at the end of `text`.
    fn end(&self, text: &str) -> bool {
        last_in_small(text)
            .and_then(|last| self.0.get(&last))
            .is_some_and(|phrases| phrases.iter().any(|phrase| ends_with_word(text, phrase)))
    }
}

/// The last character of `text`, a letter in small.
fn last_in_small(text: &str) -> Option<char> {
    text.chars().next_back().map(|c| c.to_ascii_lowercase())
}

/// Tests for a title in Latin letters at the end of `rest`.
pub fn title_in_latin(rest: &str) -> bool {
    BEFORE_LATIN.end(rest)
}

/// Tests for a title or a label at the end of `before` behind which a name in Latin letters stands.
pub fn title_latin(before: &str) -> bool {
    let rest = before.trim_end_matches([' ', '.', ':', ')', '】', '=', ',', '\n']);
    if before.len() - rest.len() > 4 || rest.len() == before.len() {
        return false;
    }
    let between = &before[rest.len()..];
    // Dr. and Mr. need no colon, a label does: "Patient presented".
    let sure = between.contains([':', '.', ')', '】', '='])
        || !between.contains(['\n', ','])
            && ["dr", "drs", "mr", "mrs", "ms", "miss", "prof", "by", "d/w", "w/"]
                .iter()
                .any(|word| ends_with_word(rest, word))
        || between.contains(',')
            && ["dear", "sincerely", "regards"].iter().any(|word| ends_with_word(rest, word))
        || !between.contains(['\n', ','])
            && (rest.ends_with(is_kanji) || OF_FAMILY.iter().any(|word| ends_with_word(rest, word)));
    let marked = rest.strip_suffix("(ローマ字").unwrap_or(rest);
    sure && (BEFORE_NAME_IN_LATIN.end(marked) || OF_FAMILY.iter().any(|word| ends_with_word(rest, word)))
}

/// Tests for a title and a space before a surname in Latin letters.
pub fn title_loose(before: &str) -> bool {
    before.strip_suffix(' ').is_some_and(|rest| !rest.ends_with("atient") && BEFORE_NAME_IN_LATIN.end(rest))
}

/// Tests for a colon, or a bracket that closes a label, before a name in Latin letters.
pub fn label_latin(before: &str) -> bool {
    let rest = before.trim_end_matches(' ');
    before.len() - rest.len() <= 2 && rest.ends_with([':', '】', '='])
}

/// Tests for `word`, which no letter precedes, at the end of `text`, in any case.
fn ends_with_word(text: &str, word: &str) -> bool {
    let Some(at) = text.len().checked_sub(word.len()).filter(|&at| text.is_char_boundary(at)) else {
        return false;
    };
    text[at..].eq_ignore_ascii_case(word)
        && !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
        && (!text[..at].ends_with('-') || text[..at].ends_with(" -") || text[..at].ends_with("。-"))
}

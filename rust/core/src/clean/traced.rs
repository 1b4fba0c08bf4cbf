//! Cleans a document and tells which of its places held the private data that was removed.
//!
//! Every rule says what it replaces, so that a place is followed through all of them to the document and none is looked
//! for.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use super::characters::META_SPACE;
use super::counts::ROW_COUNT;
use super::fixpoint::{Change, Fixpoint};
use super::options::CleaningOptions;
use super::output::Edit;
use super::radicals::unified;
use super::replace_pii::{ReplacePii, web_tag};
use super::rules::{NFKC, PERSONAL, WEB};
use crate::Result;

/// A place of a document whose text was removed, or replaced by its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Characters of the document.
    pub place: Range<usize>,
    /// Kind of the data.
    pub tag: &'static str,
    /// False where a rule wrote characters of the place and its neighbours as one, so that the place is too wide.
    pub exact: bool,
}

/// A cleaned document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The document as [`Cleaner`](super::Cleaner) cleans it.
    pub after: String,
    /// Private data by place.
    pub removed: Vec<Removed>,
}

/// Cleans a document and finds the places of private data in it.
///
/// # Errors
///
/// As [`Cleaner::new`](super::Cleaner::new).
pub fn traced(document: &str, options: &CleaningOptions) -> Result<Traced> {
    let mut fixpoint = Fixpoint::new(ReplacePii::new(options)?);
    fixpoint.keep_edits();
    let mut text: String = document.chars().map(|c| if c == META_SPACE { ' ' } else { c }).collect();
    let mut origins: Vec<Range<usize>> =
        text.chars().enumerate().flat_map(|(n, c)| std::iter::repeat_n(n..n + 1, c.len_utf8())).collect();
    let mut removed = Vec::new();
    fixpoint.text().push_str(&text);
    let watch = |Change { rule, after, replaced, .. }: Change<'_>| {
        for edit in replaced {
            removed.extend(tag(rule, &text, edit).map(|tag| place(&origins, &edit.place, tag)));
        }
        origins = moved(&origins, &text, after, rule, replaced);
        after.clone_into(&mut text);
    };
    let after = fixpoint.run_watched(&mut [0; ROW_COUNT], |_, _| false, watch);
    let after = after.chars().map(|c| if c == ' ' { META_SPACE } else { c }).collect();
    removed.sort_by_key(|found: &Removed| (found.place.start, found.place.end));
    Ok(Traced { after, removed })
}

/// Returns the kind of private data that an edit removes.
fn tag(rule: usize, text: &str, edit: &Edit) -> Option<&'static str> {
    let data = &text[edit.place.clone()];
    edit.tag.or(match rule {
        PERSONAL if data.contains('@') => Some("〔*メールアドレス〕"),
        PERSONAL => Some("〔*電話番号〕"),
        WEB => Some(web_tag(data).unwrap_or("〔*ハッシュタグ〕")),
        _ => None,
    })
}

/// Returns the place of the document that bytes of the text come from.
fn place(origins: &[Range<usize>], bytes: &Range<usize>, tag: &'static str) -> Removed {
    let (first, last) = (&origins[bytes.start], &origins[bytes.end - 1]);
    let joined = |outside: Option<usize>, inside: &Range<usize>| {
        outside.and_then(|i| origins.get(i)).is_some_and(|origin| origin == inside)
    };
    let exact = !joined(bytes.start.checked_sub(1), first) && !joined(Some(bytes.end), last);
    Removed { place: first.start..last.end, tag, exact }
}

/// Returns the origin of every byte of the text after edits.
fn moved(
    origins: &[Range<usize>],
    before: &str,
    after: &str,
    rule: usize,
    edits: &[Edit],
) -> Vec<Range<usize>> {
    let mut new = Vec::with_capacity(after.len());
    let mut copied = 0;
    for Edit { place, written, .. } in edits {
        new.extend_from_slice(&origins[copied..place.start]);
        copied = place.end;
        let mut at = place.start;
        for (read, wrote) in pieces(rule, &before[place.clone()], &after[written.clone()]) {
            if wrote > 0 {
                let origin = origins[at].start..origins[at + read - 1].end;
                new.extend(std::iter::repeat_n(origin, wrote));
            }
            at += read;
        }
    }
    new.extend_from_slice(&origins[copied..]);
    new
}

/// Splits what a rule replaced into bytes read and written: the rule `nfkc` writes runs, each character by itself.
fn pieces(rule: usize, before: &str, after: &str) -> Vec<(usize, usize)> {
    let whole = vec![(before.len(), after.len())];
    if rule != NFKC {
        return whole;
    }
    let normal = |text: &str| text.chars().map(unified).nfkc().collect::<String>();
    let mut parts: Vec<&str> = Vec::new();
    let mut start = 0;
    for (at, c) in before.char_indices().skip(1) {
        let end = at + c.len_utf8();
        // A mark joins the character before it.
        if normal(&before[start..end]) == normal(&before[start..at]) + &normal(&before[at..end]) {
            parts.push(&before[start..at]);
            start = at;
        }
    }
    parts.push(&before[start..]);
    let normals: Vec<String> = parts.iter().map(|part| normal(part)).collect();
    if normals.concat() != after {
        return whole;
    }
    parts.iter().zip(&normals).map(|(part, normal)| (part.len(), normal.len())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clean::{Cleaner, Replacement};

    fn options(replacement: Replacement) -> CleaningOptions {
        CleaningOptions { clinical: true, hospitals: true, replacement, ..CleaningOptions::default() }
    }

    fn places(document: &str, replacement: Replacement) -> Vec<String> {
        let traced = traced(document, &options(replacement)).unwrap();
        let characters: Vec<char> = document.chars().collect();
        assert!(traced.removed.iter().all(|removed| removed.exact), "{document}");
        traced.removed.iter().map(|removed| characters[removed.place.clone()].iter().collect()).collect()
    }

    #[test]
    fn a_place_is_that_of_the_document() {
        let tagged = |document| places(document, Replacement::Tag);
        assert_eq!(
            tagged("住所：東京都千代田区仮番町４－５－６ 見本ハイツ201号、電話 （０６）５５５０－４２４９。"),
            ["東京都千代田区仮番町４－５－６ 見本ハイツ201号", "（０６）５５５０－４２４９"]
        );
        assert_eq!(
            tagged("@taro_99 TARO@EXAMPLE.CO.JP へ、０９０\u{200b}－５５５０－１２３４"),
            ["@taro_99", "TARO@EXAMPLE.CO.JP", "０９０\u{200b}－５５５０－１２３４"]
        );
        let document = "旅行 #京都、電話０３（5550）１２３４";
        assert_eq!(places(document, Replacement::Nothing), ["#京都", "０３（5550）１２３４"]);
    }

    #[test]
    fn the_removed_one_of_two_equal_names_is_told() {
        let document = "架空美和は頭痛、妻の美和さんに説明した。";
        let traced = traced(document, &options(Replacement::Tag)).unwrap();
        let at = document[..document.rfind("美和").unwrap()].chars().count();
        assert!(traced.removed.iter().any(|removed| removed.place == (at..at + 2)), "{traced:?}");
        let tags = traced.after.matches("〔*").count();
        assert_eq!(tags, traced.removed.len());
    }

    proptest! {
        /// The text after is the cleaner's, and every place is in the document.
        #[test]
        fn tracing_changes_nothing(text in "(患者氏名：|山田太郎|様|電話|０３－5550－１２３４|\\(06\\)5550-4249|か\u{3099}|ｶﾞ|㎎|[ーａ１1 　▁@#。]|\n){0,14}") {
            for replacement in [Replacement::Nothing, Replacement::Tag] {
                let options = options(replacement);
                let traced = traced(&text, &options).unwrap();
                let mut cleaner = Cleaner::new(&options).unwrap();
                prop_assert_eq!(&traced.after, cleaner.clean(&text));
                let count = text.chars().count();
                prop_assert!(traced.removed.iter().all(|r| r.place.start < r.place.end && r.place.end <= count));
            }
        }
    }
}

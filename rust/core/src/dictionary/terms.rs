//! Reads lists of terms and keeps those that help the analyser.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::mecab::{InputFile, MAX_SURFACE, error_at, read_input};
use super::mecab_source;
use crate::Result;

/// First fields that name their column, in lower case; a first line that begins with one is no term.
const HEADERS: [&str; 16] = [
    "surface",
    "term",
    "terms",
    "name",
    "word",
    "disease",
    "drug",
    "出現形",
    "表層形",
    "見出し語",
    "用語",
    "単語",
    "名称",
    "病名",
    "標準病名",
    "品名",
];

/// Terms to add, and counts of those left out.
#[derive(Debug, Default, PartialEq)]
pub struct Terms {
    /// The terms, sorted.
    pub kept: BTreeSet<String>,
    /// Reason → number of terms left out for it.
    pub skipped: BTreeMap<String, u64>,
}

impl Terms {
    /// Adds `term` after `clean`, or counts the reason why not; `known` tests whether the base has it as a noun.
    pub fn add(&mut self, term: &str, clean: &dyn Fn(&str) -> String, known: impl Fn(&str) -> bool) {
        let term = term.trim();
        let cleaned = clean(term);
        let reason = if term.contains(['\n', '\r']) || cleaned.contains(['\n', '\r']) {
            "line break"
        } else if cleaned.contains(|c: char| c.is_whitespace() || c == '▁') {
            "white space"
        } else if cleaned.is_empty() {
            "empty"
        } else if cleaned.chars().nth(1).is_none() {
            "single character"
        } else if cleaned.len() > MAX_SURFACE {
            "too long"
        } else if known(&cleaned) {
            "already a noun"
        } else if !self.kept.insert(cleaned) {
            "duplicate"
        } else {
            return;
        };
        *self.skipped.entry(reason.to_owned()).or_default() += 1;
    }
}

/// Reads the first column of a CSV or TSV file, without its header line if it has one.
///
/// A file whose first line holds a tab is TSV, where a quotation mark is a character like any other.
pub fn read(path: &Path) -> Result<(Vec<String>, InputFile)> {
    let (bytes, input) = read_input(path)?;
    let text = mecab_source::decode(path, bytes)?;
    let text = text.trim_start_matches('\u{feff}');
    let tabs = text.lines().next().is_some_and(|line| line.contains('\t'));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(if tabs { b'\t' } else { b',' })
        .quoting(!tabs)
        .from_reader(text.as_bytes());
    let mut terms = Vec::new();
    let mut with_line_break = None;
    let mut record = csv::StringRecord::new();
    while reader
        .read_record(&mut record)
        .map_err(|e| error_at(path, e.position(), "cannot be read as CSV"))?
    {
        let term = record.get(0).unwrap_or("");
        if !(terms.is_empty() && HEADERS.contains(&term.trim().to_lowercase().as_str())) {
            terms.push(term.to_owned());
        }
        if !tabs && record.iter().any(|field| field.contains('\n')) {
            with_line_break = Some(record.clone());
        }
    }
    // An open quotation mark makes the rest of the file one field, which would be lost silently.
    if let Some(record) = with_line_break
        && text.bytes().filter(|&b| b == b'"').count() % 2 == 1
    {
        return Err(error_at(
            path,
            record.position(),
            "a quotation mark is not closed; close it or double it",
        ));
    }
    Ok((terms, input))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(text: &str) -> Result<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("terms");
        std::fs::write(&path, text).unwrap();
        read(&path).map(|(terms, _)| terms)
    }

    #[test]
    fn csv_and_tsv_with_and_without_header() {
        for text in [
            "胃癌,C169,胃癌\n\"1,2-酸\",,\n",
            "surface,icd10\r\n胃癌,C169\r\n\"1,2-酸\",E00\r\n",
            "\u{feff}出現形\tICDコード\n胃癌\tC169\n1,2-酸\tE00\n",
            "胃癌\tC169\n1,2-酸\n",
        ] {
            assert_eq!(column(text).unwrap(), ["胃癌", "1,2-酸"], "{text:?}");
        }
        assert_eq!(column("胃癌\n\"a\"\"b\"\n").unwrap(), ["胃癌", "a\"b"]);
        assert_eq!(column("胃癌\tC\n\"癌\tC\n").unwrap(), ["胃癌", "\"癌"]);
        assert_eq!(column("").unwrap(), [""; 0]);
    }

    #[test]
    fn an_open_quotation_mark_is_an_error() {
        let message = column("胃癌,C\n\"肺癌,C\n肝癌,C\n").unwrap_err().to_string();
        assert!(message.contains("terms:2: a quotation mark is not closed"), "{message}");
    }

    #[test]
    fn every_skipped_term_has_its_reason() {
        let clean = |term: &str| term.replace('ー', "").replace(' ', "▁");
        let mut terms = Terms::default();
        for term in ["胃癌", "胃癌", "癌", "ー", "肺 癌", "発熱", "a\nb", " 肝癌 ", &"長".repeat(400)]
        {
            terms.add(term, &clean, |term| term == "発熱");
        }
        assert_eq!(terms.kept.iter().collect::<Vec<_>>(), ["肝癌", "胃癌"]);
        let expected = [
            "already a noun",
            "duplicate",
            "empty",
            "line break",
            "single character",
            "too long",
            "white space",
        ];
        assert_eq!(terms.skipped.keys().collect::<Vec<_>>(), expected);
        assert!(terms.skipped.values().all(|&n| n == 1));
    }
}

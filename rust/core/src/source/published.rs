//! Forms of published corpora, detected document by document.
//!
//! - OSCAR 23.01: the text is in `content`, beside `warc_headers` and `metadata`; `metadata.quality_warnings`
//!   lists the warnings of ungoliant, which made the corpus.
//! - Wiki-40B: the text of an article is cut by markers, each on a line of its own or, for the end of a
//!   paragraph, inside the line: `_START_ARTICLE_`, `_START_SECTION_`, `_START_PARAGRAPH_`, `_NEWLINE_`.

use std::borrow::Cow;
use std::str::FromStr;

use serde::Deserialize;

use super::json::{Fields, Malformed};

const OSCAR_TEXT: &str = "content";
const OSCAR_MEMBERS: [&str; 2] = ["warc_headers", "metadata"];
const ARTICLE: &str = "_START_ARTICLE_";
const MARKERS: [&str; 4] = [ARTICLE, "_START_SECTION_", "_START_PARAGRAPH_", "_NEWLINE_"];

/// Form of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Detects the form of each document.
    Recognise,
    /// The text field has the text as it is.
    Plain,
    /// OSCAR 23.01.
    Oscar,
    /// Wiki-40B.
    Wiki40B,
}

impl FromStr for Form {
    type Err = ();

    /// The name in configs: `auto`, `plain`, `oscar` or `wiki40b`.
    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "auto" => Ok(Self::Recognise),
            "plain" => Ok(Self::Plain),
            "oscar" => Ok(Self::Oscar),
            "wiki40b" => Ok(Self::Wiki40B),
            _ => Err(()),
        }
    }
}

impl Form {
    /// Returns the name of the member with the document's text, and the text without markers.
    pub fn text<'f, 't>(
        self,
        fields: &'f Fields<'t>,
        text_field: &'f str,
    ) -> Result<(&'f str, Cow<'t, str>), Malformed> {
        if self == Self::Oscar {
            return Ok((OSCAR_TEXT, fields.text(OSCAR_TEXT)?));
        }
        match fields.text(text_field) {
            Ok(text) if self.has_markers(&text) => Ok((text_field, Cow::Owned(without_markers(&text)))),
            Err(Malformed::MissingField) if self == Self::Recognise && is_oscar(fields) => {
                Ok((OSCAR_TEXT, fields.text(OSCAR_TEXT)?))
            }
            text => Ok((text_field, text?)),
        }
    }

    fn has_markers(self, text: &str) -> bool {
        match self {
            Self::Recognise => text.trim_ascii_start().starts_with(ARTICLE),
            Self::Wiki40B => true,
            Self::Plain | Self::Oscar => false,
        }
    }
}

fn is_oscar(fields: &Fields<'_>) -> bool {
    OSCAR_MEMBERS.iter().all(|name| fields.raw(name).is_some())
}

/// Returns title, section headings and paragraphs, a line each.
fn without_markers(text: &str) -> String {
    let mut lines = text.to_owned();
    for marker in MARKERS {
        lines = lines.replace(marker, "\n");
    }
    let lines: Vec<&str> = lines.lines().map(str::trim_ascii).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Tests for one of the `listed` quality warnings of OSCAR in the document's metadata.
pub fn has_warning(fields: &Fields<'_>, listed: &[String]) -> bool {
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow, default)]
        quality_warnings: Option<Vec<Cow<'a, str>>>,
    }
    if listed.is_empty() {
        return false;
    }
    let metadata = fields.raw("metadata").and_then(|raw| serde_json::from_str::<Metadata<'_>>(raw).ok());
    let warnings = metadata.and_then(|metadata| metadata.quality_warnings).unwrap_or_default();
    warnings.iter().any(|warning| listed.iter().any(|name| name == warning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(form: Form, line: &str) -> Result<(String, String), Malformed> {
        let fields = Fields::parse(line.as_bytes())?;
        form.text(&fields, "text").map(|(name, text)| (name.to_owned(), text.into_owned()))
    }

    fn found(name: &str, text: &str) -> Result<(String, String), Malformed> {
        Ok((name.to_owned(), text.to_owned()))
    }

    const OSCAR: &str = r#"{"content":"熱","warc_headers":{"warc-type":"conversion"},"metadata":{"quality_warnings":["tiny","noisy"]}}"#;
    const WIKI: &str = r#"{"wikidata_id":"Q1","text":"\n_START_ARTICLE_\n熱\n_START_SECTION_\n概要\n_START_PARAGRAPH_\n高い。_NEWLINE_低い。","version_id":"1"}"#;

    #[test]
    fn forms_are_recognised_document_by_document() {
        assert_eq!(text(Form::Recognise, OSCAR), found("content", "熱"));
        assert_eq!(text(Form::Recognise, WIKI), found("text", "熱\n概要\n高い。\n低い。"));
        assert_eq!(text(Form::Recognise, r#"{"text":"a_NEWLINE_b"}"#), found("text", "a_NEWLINE_b"));
        assert_eq!(text(Form::Recognise, r#"{"content":"熱"}"#), Err(Malformed::MissingField));
        assert_eq!(
            text(Form::Recognise, r#"{"text":null,"content":"熱","warc_headers":1,"metadata":1}"#),
            Err(Malformed::NotAString)
        );
    }

    #[test]
    fn forms_can_be_set() {
        assert_eq!(text(Form::Plain, OSCAR), Err(Malformed::MissingField));
        assert_eq!(text(Form::Oscar, OSCAR), found("content", "熱"));
        assert_eq!(text(Form::Oscar, WIKI), Err(Malformed::MissingField));
        assert_eq!(text(Form::Wiki40B, r#"{"text":"a_NEWLINE_b"}"#), found("text", "a\nb"));
        assert!(text(Form::Plain, WIKI).is_ok_and(|(_, text)| text.contains(ARTICLE)));
    }

    #[test]
    fn listed_warnings_are_found() {
        let warned = |line: &str, listed: &[&str]| {
            let listed: Vec<String> = listed.iter().map(|&name| name.to_owned()).collect();
            has_warning(&Fields::parse(line.as_bytes()).expect("it is JSON"), &listed)
        };
        assert!(warned(OSCAR, &["noisy"]));
        assert!(!warned(OSCAR, &["header"]));
        assert!(!warned(OSCAR, &[]));
        for other in [r#"{"metadata":{"quality_warnings":null}}"#, r#"{"metadata":3}"#, "{}"] {
            assert!(!warned(other, &["noisy"]));
        }
    }
}

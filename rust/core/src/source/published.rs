//! Forms of published corpora, detected document by document.
//!
//! - OSCAR 22.01 and 23.01: the text is in `content`, beside `warc_headers` and `metadata`, see [`super::oscar`].
//! - Wiki-40B: the text of an article is cut by markers, each on a line of its own or, for the end of a
//!   paragraph, inside the line: `_START_ARTICLE_`, `_START_SECTION_`, `_START_PARAGRAPH_`, `_NEWLINE_`. In some copies
//!   the text is the literal of Python's bytes, `b'\\xe8…'`.

use std::borrow::Cow;
use std::str::FromStr;

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
        fields: &Fields<'t>,
        text_field: &'f str,
    ) -> Result<(&'f str, Cow<'t, str>), Malformed> {
        if self == Self::Oscar {
            return Ok((OSCAR_TEXT, fields.text(OSCAR_TEXT)?));
        }
        match fields.text(text_field).map(|text| self.without_literal(text)) {
            Ok(text) if self.has_markers(&text) => Ok((text_field, Cow::Owned(without_markers(&text)))),
            Err(Malformed::MissingField) if self == Self::Recognise && is_oscar(fields) => {
                Ok((OSCAR_TEXT, fields.text(OSCAR_TEXT)?))
            }
            text => Ok((text_field, text?)),
        }
    }

    /// Decodes a literal of bytes with an article of Wiki-40B.
    fn without_literal(self, text: Cow<'_, str>) -> Cow<'_, str> {
        if self == Self::Plain || self == Self::Oscar || !text.starts_with('b') {
            return text;
        }
        match bytes_literal(&text) {
            Some(decoded) if self.has_markers(&decoded) => Cow::Owned(decoded),
            _ => text,
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

/// Decodes a literal of Python's bytes, if the text is one and holds UTF-8.
fn bytes_literal(text: &str) -> Option<String> {
    let quoted = text.trim_ascii_end().strip_prefix('b')?;
    let inside = ['\'', '"'].iter().find_map(|&mark| quoted.strip_prefix(mark)?.strip_suffix(mark))?;
    let mut bytes = Vec::with_capacity(inside.len());
    let mut rest = inside.as_bytes();
    while let [first, after @ ..] = rest {
        (bytes, rest) = match (first, after) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
                (bytes, after)
            }
            (b'\\', [escape, after @ ..]) => {
                bytes.push(match escape {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'\\' | b'\'' | b'"' => *escape,
                    _ => return None,
                });
                (bytes, after)
            }
            (b'\\', []) => return None,
            (byte, after) => {
                bytes.push(*byte);
                (bytes, after)
            }
        };
    }
    String::from_utf8(bytes).ok()
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

    const OSCAR: &str = r#"{"content":"熱","warc_headers":{"warc-type":"conversion"},"metadata":{}}"#;
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
    fn literals_of_bytes_are_decoded_where_they_hold_an_article() {
        let wiki = r#"{"text":"b'\\n_START_ARTICLE_\\n\\xe7\\x86\\xb1\\n_START_PARAGRAPH_\\n\\xe9\\xab\\x98\\xe3\\x81\\x84\\'s\\\\'"}"#;
        assert_eq!(text(Form::Recognise, wiki), found("text", "熱\n高い's\\"));
        assert_eq!(text(Form::Wiki40B, wiki), found("text", "熱\n高い's\\"));
        assert!(text(Form::Plain, wiki).is_ok_and(|(_, text)| text.starts_with("b'")));
        for other in [r"b'\\xe7\\x86\\xb1'", r"b'_START_ARTICLE_\\xe7'", "b'", "b'_START_ARTICLE_"] {
            let line = format!(r#"{{"text":"{other}"}}"#);
            assert_eq!(text(Form::Recognise, &line), found("text", &other.replace(r"\\", r"\")));
        }
        let returns = r#"{"text":"_START_ARTICLE_\r\n熱\r\n_START_PARAGRAPH_\r\n_NEWLINE_高い。"}"#;
        assert_eq!(text(Form::Recognise, returns), found("text", "熱\n高い。"));
    }
}

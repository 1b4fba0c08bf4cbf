//! JSON lines: an object per line, with the text in a named field.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Reason why a line is not a document; it never holds the line's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Malformed {
    /// Not UTF-8.
    InvalidUtf8,
    /// Not JSON.
    MalformedJson,
    /// JSON, but no object.
    NotAnObject,
    /// The object lacks the text field.
    MissingField,
    /// The text field holds something that is no string.
    NotAString,
}

/// The members of an object as in the line.
pub struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Parses a line.
    pub fn parse(line: &'a [u8]) -> Result<Self, Malformed> {
        let line = std::str::from_utf8(line).map_err(|_| Malformed::InvalidUtf8)?;
        serde_json::from_str(line).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Malformed::NotAnObject,
            _ => Malformed::MalformedJson,
        })
    }

    /// Returns the JSON in the named field.
    pub fn raw(&self, field: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(name, _)| name == field).map(|(_, raw)| raw.get())
    }

    /// Returns the string in the named field; the last one of several, as most JSON readers do.
    pub fn text(&self, field: &str) -> Result<Cow<'a, str>, Malformed> {
        let raw = self.raw(field).ok_or(Malformed::MissingField)?;
        if !raw.starts_with('"') {
            return Err(Malformed::NotAString);
        }
        let Text(text) = serde_json::from_str(raw).map_err(|_| Malformed::MalformedJson)?;
        Ok(text)
    }

    /// Writes the object with another text in the named field and everything else as it was, and a line feed.
    pub fn write_with(&self, field: &str, text: &str, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let (before, after) = self.around(field)?;
        out.extend_from_slice(&before);
        serde_json::to_writer(&mut *out, text)?;
        out.extend_from_slice(&after);
        out.push(b'\n');
        Ok(())
    }

    /// Returns the object's JSON before and behind the text in the named field.
    ///
    /// Of several fields of this name only the last one stays.
    ///
    /// # Errors
    ///
    /// If there is no such field.
    pub fn around(&self, field: &str) -> serde_json::Result<(Vec<u8>, Vec<u8>)> {
        let at = self.0.iter().rposition(|(name, _)| name == field);
        let at = at.ok_or_else(|| serde_json::Error::custom("the object lacks the text field"))?;
        let (mut before, mut after) = (vec![b'{'], Vec::new());
        for (i, (name, raw)) in self.0.iter().enumerate() {
            if name == field && i != at {
                continue;
            }
            let out = if i <= at { &mut before } else { &mut after };
            if i > at || out.len() > 1 {
                out.push(b',');
            }
            serde_json::to_writer(&mut *out, name)?;
            out.push(b':');
            if i != at {
                out.extend_from_slice(raw.get().as_bytes());
            }
        }
        after.push(b'}');
        Ok((before, after))
    }
}

/// Borrows the string from the line unless it holds escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(4);
                while let Some((Text(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Fields(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &str) -> Result<String, Malformed> {
        Fields::parse(line.as_bytes())?.text("text").map(Cow::into_owned)
    }

    #[test]
    fn the_field_is_found_and_unescaped() {
        assert_eq!(text(r#"{"id": 1, "text": "高\u8840\n圧"}"#), Ok("高血\n圧".to_owned()));
        assert_eq!(text(r#"{"text": "a", "text": "b"}"#), Ok("b".to_owned()));
    }

    #[test]
    fn what_is_wrong_has_a_name() {
        assert_eq!(Fields::parse(b"{\"text\": \"\xff\"}").err(), Some(Malformed::InvalidUtf8));
        assert_eq!(text("{\"text\": \"a\""), Err(Malformed::MalformedJson));
        assert_eq!(text("{\"text\": \"a\"} x"), Err(Malformed::MalformedJson));
        assert_eq!(text(r#"{"text": "\ud800"}"#), Err(Malformed::MalformedJson));
        assert_eq!(text("[1]"), Err(Malformed::NotAnObject));
        assert_eq!(text("{}"), Err(Malformed::MissingField));
        assert_eq!(text(r#"{"text": 3}"#), Err(Malformed::NotAString));
        assert_eq!(text(&"[".repeat(100_000)), Err(Malformed::NotAnObject));
    }

    #[test]
    fn a_field_that_stands_twice_stands_once_afterwards() {
        let fields = Fields::parse(br#"{"text": "old", "n": 1, "text": "new", "m": 2}"#).expect("it is JSON");
        let mut out = Vec::new();
        fields.write_with("text", "clean", &mut out).expect("memory does not fail");
        assert_eq!(out, b"{\"n\":1,\"text\":\"clean\",\"m\":2}\n");
    }

    #[test]
    fn other_members_stay_as_they_were() {
        let fields =
            Fields::parse(r#"{"n": 1.50, "text": "a", "o": {"x" : [1]}}"#.as_bytes()).expect("it is JSON");
        let mut out = Vec::new();
        fields.write_with("text", "高▁血", &mut out).expect("memory does not fail");
        assert_eq!(
            String::from_utf8(out),
            Ok("{\"n\":1.50,\"text\":\"高▁血\",\"o\":{\"x\" : [1]}}\n".to_owned())
        );
    }
}

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

    /// Returns the JSON in the named field or, for a name like `meta.text`, in a field of the object in a field.
    pub fn find(&self, field: &str) -> Option<&'a str> {
        self.raw(field).or_else(|| {
            let (object, _, inner) = self.object_around(field)?;
            object.find(inner)
        })
    }

    /// Returns the object that a dotted name leads into, the field that holds it, and the rest of the name.
    fn object_around<'n>(&self, field: &'n str) -> Option<(Fields<'a>, &'n str, &'n str)> {
        field.match_indices('.').find_map(|(dot, _)| {
            let (outer, inner) = (&field[..dot], &field[dot + 1..]);
            let object: Fields<'a> = serde_json::from_str(self.raw(outer)?).ok()?;
            object.find(inner).is_some().then_some((object, outer, inner))
        })
    }

    /// Returns the names of the fields that hold a string, those of objects in fields included, then the others.
    pub fn names(&self) -> Vec<String> {
        let (mut texts, mut others) = (Vec::new(), Vec::new());
        for (name, raw) in &self.0 {
            match serde_json::from_str::<Fields<'a>>(raw.get()) {
                Ok(object) => {
                    let inner = object.0.iter().filter(|(_, raw)| raw.get().starts_with('"'));
                    texts.extend(inner.map(|(inner, _)| format!("{name}.{inner}")));
                }
                Err(_) if raw.get().starts_with('"') => texts.push(name.to_string()),
                Err(_) => others.push(name.to_string()),
            }
        }
        texts.extend(others);
        texts
    }

    /// Returns the string in the named field, which may be a field of an object as in `meta.text`; the last one of
    /// several, as most JSON readers do.
    pub fn text(&self, field: &str) -> Result<Cow<'a, str>, Malformed> {
        let raw = self.find(field).ok_or(Malformed::MissingField)?;
        if !raw.starts_with('"') {
            return Err(Malformed::NotAString);
        }
        let Text(text) = serde_json::from_str(raw).map_err(|_| Malformed::MalformedJson)?;
        Ok(text)
    }

    /// Writes the object with another text in the named field and everything else as it was, and a line feed.
    pub fn write_with(&self, field: &str, text: &str, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let (before, after) = self.around(field, None)?;
        out.extend_from_slice(&before);
        serde_json::to_writer(&mut *out, text)?;
        out.extend_from_slice(&after);
        out.push(b'\n');
        Ok(())
    }

    /// Returns the object's JSON before and behind the text in the named field.
    ///
    /// Of several fields of this name only the last one stays. Of the other fields those stay whose names are in `kept`,
    /// or all; a name in it may be dotted where the text's is.
    ///
    /// # Errors
    ///
    /// If there is no such field.
    pub fn around<'k>(
        &self,
        field: &str,
        kept: Option<&[&'k str]>,
    ) -> serde_json::Result<(Vec<u8>, Vec<u8>)> {
        if self.raw(field).is_none()
            && let Some((object, outer, inner)) = self.object_around(field)
        {
            let (mut before, after) = self.around(outer, kept)?;
            let inside = |name: &&'k str| name.strip_prefix(outer)?.strip_prefix('.');
            let whole = kept.is_some_and(|kept| kept.contains(&outer));
            let kept: Option<Vec<&str>> =
                kept.filter(|_| !whole).map(|kept| kept.iter().filter_map(inside).collect());
            let (inner_before, mut inner_after) = object.around(inner, kept.as_deref())?;
            before.extend(inner_before);
            inner_after.extend(after);
            return Ok((before, inner_after));
        }
        let at = self.0.iter().rposition(|(name, _)| name == field);
        let at = at.ok_or_else(|| serde_json::Error::custom("the object lacks the text field"))?;
        let (mut before, mut after) = (vec![b'{'], Vec::new());
        for (i, (name, raw)) in self.0.iter().enumerate() {
            let is_kept = name != field && kept.is_none_or(|kept| kept.contains(&name.as_ref()));
            if i != at && !is_kept {
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

/// Numbers that Python and JavaScript write and JSON does not have.
const NOT_NUMBERS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];
/// Escape of the replacement character.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// Mends what other writers take for JSON: NaN and infinities become null, an escaped surrogate without its other half
/// becomes the replacement character. Returns `None` if the line holds neither.
pub fn mended(line: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(line.len());
    let mut in_string = false;
    let mut rest = line;
    while let [first, after @ ..] = rest {
        let taken = match first {
            b'"' => {
                in_string = !in_string;
                1
            }
            b'\\' if in_string => match surrogate(rest) {
                Surrogate::None => after.len().min(1) + 1,
                Surrogate::Pair => 12,
                Surrogate::Half => {
                    out.extend_from_slice(REPLACEMENT);
                    rest = &rest[REPLACEMENT.len()..];
                    continue;
                }
            },
            b'N' | b'I' | b'-' if !in_string => {
                match NOT_NUMBERS.iter().find(|word| rest.starts_with(word)) {
                    Some(word) => {
                        out.extend_from_slice(b"null");
                        rest = &rest[word.len()..];
                        continue;
                    }
                    None => 1,
                }
            }
            _ => 1,
        };
        out.extend_from_slice(&rest[..taken]);
        rest = &rest[taken..];
    }
    (out != line).then_some(out)
}

enum Surrogate {
    None,
    Pair,
    Half,
}

/// Tests whether an escape is of a surrogate, with or without the escape of its other half behind it.
fn surrogate(escape: &[u8]) -> Surrogate {
    match (code_unit(escape), escape.get(6..).and_then(code_unit)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => Surrogate::Pair,
        (Some(0xd800..=0xdfff), _) => Surrogate::Half,
        _ => Surrogate::None,
    }
}

/// Returns the UTF-16 code unit of an escape like `\ud83d`.
fn code_unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
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
    fn a_dotted_name_leads_into_objects() {
        let line = r#"{"id":1,"meta":{"a.b":{"text":"熱","n":2},"t":"x"},"m.t":"y","m":{"t":"z"}}"#;
        let fields = Fields::parse(line.as_bytes()).expect("it is JSON");
        for (name, text) in [("meta.a.b.text", "熱"), ("meta.t", "x"), ("m.t", "y")] {
            assert_eq!(fields.text(name).as_deref(), Ok(text), "{name}");
        }
        assert_eq!(fields.text("meta.id"), Err(Malformed::MissingField));
        assert_eq!(fields.text("meta"), Err(Malformed::NotAString));
        let mut out = Vec::new();
        fields.write_with("meta.a.b.text", "clean", &mut out).expect("memory does not fail");
        let expected = line.replace("熱", "clean") + "\n";
        assert_eq!(String::from_utf8(out), Ok(expected));
        assert_eq!(fields.names(), ["meta.t", "m.t", "m.t", "id"]);
    }

    #[test]
    fn what_other_writers_take_for_json_is_mended() {
        let cases = [
            (r#"{"text":"孤立\ud83d。\udc00"}"#, r#"{"text":"孤立\ufffd。\ufffd"}"#),
            (
                r#"{"text":"\ud83d\ude00 \\ud83d NaN","s":NaN}"#,
                r#"{"text":"\ud83d\ude00 \\ud83d NaN","s":null}"#,
            ),
            (r#"{"a":[-Infinity,Infinity,-1]}"#, r#"{"a":[null,null,-1]}"#),
        ];
        for (line, expected) in cases {
            assert_eq!(mended(line.as_bytes()).map(String::from_utf8), Some(Ok(expected.to_owned())));
        }
        for line in [r#"{"text":"NaN \" NaN"}"#, "{\"text\":\"\\", "\\ud8", "\"\\ud8", ""] {
            assert_eq!(mended(line.as_bytes()), None, "{line}");
        }
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

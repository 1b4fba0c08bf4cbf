//! Splits HTML into tags and text, as the HTML standard does; every byte is looked at a bounded number of times.

use std::ops::Range;

use memchr::{memchr, memchr2, memmem};

use super::tag::Tag;

/// A piece of HTML.
#[derive(Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// Text with its character references, by its place.
    Text(Range<usize>),
    /// Text without character references, by its place.
    Verbatim(Range<usize>),
    /// A start tag.
    Start(StartTag<'a>),
    /// An end tag.
    End(Tag, &'a str),
}

/// A start tag.
#[derive(Debug, PartialEq, Eq)]
pub struct StartTag<'a> {
    /// The element.
    pub tag: Tag,
    /// Its name.
    pub name: &'a str,
    /// True for a tag that ends in `/>`.
    pub self_closing: bool,
    /// Its attributes, to parse.
    pub attributes: Attributes<'a>,
}

/// Iterator over the names and values of a start tag's attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes<'a>(&'a str);

/// Splits a page into tokens.
pub struct Lexer<'a> {
    html: &'a str,
    at: usize,
    /// The element whose content is no markup, after its start tag.
    raw: Option<&'a str>,
    /// True once no `]]>` follows.
    no_cdata: bool,
}

impl<'a> Lexer<'a> {
    /// Creates a lexer of a page.
    pub fn new(html: &'a str) -> Self {
        Self { html, at: 0, raw: None, no_cdata: false }
    }

    /// Reads everything up to the end tag of `name` as text.
    pub fn expect_raw(&mut self, name: &'a str) {
        self.raw = Some(name);
    }

    /// Returns the place of a byte, or the end of the page.
    fn place_of(&self, byte: u8, from: usize) -> usize {
        memchr(byte, &self.html.as_bytes()[from..]).map_or(self.html.len(), |found| from + found)
    }

    /// Returns the place behind a declaration, a comment or a broken end tag, which have no text.
    fn after_markup(&mut self, text: &str) -> usize {
        let after =
            |needle: &str| memmem::find(text.as_bytes(), needle.as_bytes()).map(|at| at + needle.len());
        let length = if let Some(comment) = text.strip_prefix("<!--") {
            if comment.starts_with('>') || comment.starts_with("->") {
                after(">")
            } else {
                match (after("-->"), after("--!>")) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                }
            }
        } else {
            after(">")
        };
        length.map_or(self.html.len(), |length| self.at + length)
    }

    /// Reads the text of a CDATA section, at which XHTML keeps it.
    fn cdata(&mut self) -> Option<Token<'a>> {
        let begin = self.at + "<![CDATA[".len();
        if self.no_cdata || !self.html[self.at..].starts_with("<![CDATA[") {
            return None;
        }
        let Some(length) = memmem::find(&self.html.as_bytes()[begin..], b"]]>") else {
            self.no_cdata = true;
            return None;
        };
        self.at = begin + length + "]]>".len();
        Some(Token::Verbatim(begin..begin + length))
    }

    /// Reads the content of an element whose content is no markup.
    fn raw_text(&mut self, name: &str) -> Range<usize> {
        let begin = self.at;
        let mut end = begin;
        loop {
            end = self.place_of(b'<', end);
            let rest = &self.html.as_bytes()[end..];
            if rest.is_empty() || is_end_tag_of(rest, name) {
                self.at = end;
                return begin..end;
            }
            end += 1;
        }
    }

    /// Reads a start or end tag, at its `<`; `None` where the page ends in it.
    fn tag(&mut self, name_begin: usize) -> Option<Token<'a>> {
        let bytes = self.html.as_bytes();
        let is_end = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' | b'/' | b'>');
        let name_end = name_begin + bytes[name_begin..].iter().position(is_end)?;
        let name = &self.html[name_begin..name_end];
        let end = end_of_tag(bytes, name_end)?;
        let is_end_tag = bytes[name_begin - 1] == b'/';
        self.at = end + 1;
        let tag = Tag::named(name);
        if is_end_tag {
            return Some(Token::End(tag, name));
        }
        let attributes = Attributes(&self.html[name_end..end]);
        Some(Token::Start(StartTag { tag, name, self_closing: bytes[end - 1] == b'/', attributes }))
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.raw.take() {
            let text = self.raw_text(name);
            if !text.is_empty() {
                let decoded = matches!(Tag::named(name), Tag::Title | Tag::Textarea);
                return Some(if decoded { Token::Text(text) } else { Token::Verbatim(text) });
            }
        }
        let bytes = self.html.as_bytes();
        loop {
            let begin = self.at;
            let rest = bytes.get(begin..).filter(|rest| !rest.is_empty())?;
            match rest {
                [b'<', letter, ..] if letter.is_ascii_alphabetic() => {
                    let tag = self.tag(begin + 1);
                    self.at = if tag.is_some() { self.at } else { bytes.len() };
                    return tag;
                }
                [b'<', b'/', letter, ..] if letter.is_ascii_alphabetic() => {
                    let tag = self.tag(begin + 2);
                    self.at = if tag.is_some() { self.at } else { bytes.len() };
                    return tag;
                }
                [b'<', b'!' | b'?' | b'/', ..] => {
                    if let Some(text) = self.cdata() {
                        return Some(text);
                    }
                    self.at = self.after_markup(&self.html[begin..]);
                }
                _ => {
                    let mut end = begin;
                    loop {
                        end = self.place_of(b'<', end + usize::from(end == begin));
                        let opens =
                            |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'!' | b'?' | b'/');
                        if bytes.get(end + 1).is_none_or(opens) {
                            break;
                        }
                        end += 1;
                    }
                    // A lone `<` at the end is text.
                    self.at = if end + 1 == bytes.len() { bytes.len() } else { end };
                    return Some(Token::Text(begin..self.at));
                }
            }
        }
    }
}

/// Tests whether bytes begin with the end tag of an element.
fn is_end_tag_of(bytes: &[u8], name: &str) -> bool {
    let Some(rest) = bytes.strip_prefix(b"</") else { return false };
    let (Some(found), Some(next)) = (rest.get(..name.len()), rest.get(name.len())) else { return false };
    found.eq_ignore_ascii_case(name.as_bytes())
        && matches!(next, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' | b'/' | b'>')
}

/// Returns the place of the `>` that ends a tag, from the end of its name.
fn end_of_tag(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        // An equals sign begins a value, which may be quoted; quotes elsewhere are letters.
        at += memchr2(b'>', b'=', &bytes[at..])?;
        if bytes[at] == b'>' {
            return Some(at);
        }
        at += 1;
        at += bytes[at..].iter().position(|byte| !byte.is_ascii_whitespace())?;
        match bytes[at] {
            quote @ (b'"' | b'\'') => at += 2 + memchr(quote, &bytes[at + 1..])?,
            _ => at += bytes[at..].iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'>')?,
        }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if text.is_empty() {
            return None;
        }
        let is_end = |c: char| c.is_ascii_whitespace() || c == '/' || c == '=';
        // An equals sign at the start belongs to the name.
        let first = text.chars().next().map_or(0, char::len_utf8);
        let name_end = text[first..].find(is_end).map_or(text.len(), |end| first + end);
        let (name, rest) = text.split_at(name_end);
        let Some(value) = rest.trim_ascii_start().strip_prefix('=') else {
            self.0 = rest;
            return Some((name, ""));
        };
        let value = value.trim_ascii_start();
        let (value, rest) = match value.bytes().next() {
            Some(quote @ (b'"' | b'\'')) => {
                let end = memchr(quote, &value.as_bytes()[1..]).map_or(value.len(), |end| end + 1);
                (&value[1..end], value.get(end + 1..).unwrap_or(""))
            }
            _ => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        self.0 = rest;
        Some((name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(html: &str) -> Vec<String> {
        let mut lexer = Lexer::new(html);
        let mut found = Vec::new();
        while let Some(token) = lexer.next() {
            found.push(match token {
                Token::Text(place) => html[place].to_owned(),
                Token::Verbatim(place) => format!("[{}]", &html[place]),
                Token::End(_, name) => format!("</{name}>"),
                Token::Start(start) => {
                    if start.tag.is_raw() {
                        lexer.expect_raw(start.name);
                    }
                    let attributes = start.attributes.map(|(name, value)| format!(" {name}={value}"));
                    let slash = if start.self_closing { "/" } else { "" };
                    format!("<{}{}{slash}>", start.name, attributes.collect::<String>())
                }
            });
        }
        found
    }

    #[test]
    fn pages_are_split() {
        for (html, expected) in [
            ("熱<b>咳</b>", &["熱", "<b>", "咳", "</b>"][..]),
            ("<p class='a b' id=c hidden>", &["<p class=a b id=c hidden=>"]),
            ("<a title=\"x>y\" href=/z/>x", &["<a title=x>y href=/z//>", "x"]),
            ("<br/><hr />", &["<br/>", "<hr/>"]),
            ("<a href=x?y='z>w", &["<a href=x?y='z>", "w"]),
            ("<p =x y = 'z'>", &["<p =x= y=z>"]),
            ("PT<10 秒 a < b <", &["PT<10 秒 a < b <"]),
            ("a<!-- b -- > c -->d<!-->e<!---->f", &["a", "d", "e", "f"]),
            ("a<!-- x --!>b", &["a", "b"]),
            ("<!DOCTYPE html>a<?php x ?>b</ >c", &["a", "b", "c"]),
            ("a<![CDATA[b<c]]>d<![CDATA[e>f", &["a", "[b<c]", "d", "f"]),
            ("<script>if (a<b) '</p>'</SCRIPT >x", &["<script>", "[if (a<b) '</p>']", "</SCRIPT>", "x"]),
            ("<title>A&amp;B<b></title>", &["<title>", "A&amp;B<b>", "</title>"]),
            ("<style>x", &["<style>", "[x]"]),
            ("a<b", &["a"]),
            ("a<b c=\"d", &["a"]),
            ("a<!-- b", &["a"]),
            ("", &[]),
        ] {
            assert_eq!(tokens(html), expected, "{html}");
        }
    }
}

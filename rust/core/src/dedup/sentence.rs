//! Splits text into sentences and removes sentences from it.

use std::borrow::Cow;

/// Tests for a separator of words: white space, or ▁, which replaces it in clean text.
pub fn is_blank(c: char) -> bool {
    // No white space is above U+3000, where kana and kanji are: most characters need no look-up.
    c <= '\u{3000}' && (c == '▁' || c.is_whitespace())
}

/// Splits a text into sentences, which together are the text.
///
/// A sentence ends after a run of 。！？!? with the closing brackets and quotation marks that follow, and at the end
/// of a line; blanks after it belong to it. No sentence ends inside 「」『』（）() where they are balanced on the line, so
/// that 「はい。そうです。」と言った。 is one sentence; but where the rest of a line is nothing but brackets that each hold
/// a sentence, each is one: 「はい。」「いいえ。」 are two. `!` and `?` end one only before a blank or where a character
/// that is not ASCII stands beside them, so that `a?b=1` stays whole.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    let mut line: Option<Line> = None;
    std::iter::from_fn(move || {
        if at == text.len() {
            return None;
        }
        let Line { end: line_end, balanced, dialogue } = *line.get_or_insert_with(|| Line::scan(text, at));
        let brackets = match balanced {
            false => Brackets::Ignored,
            true if at >= dialogue => Brackets::Sentences,
            true => Brackets::Inside,
        };
        let blanks = at + sentence_end(&text[at..line_end], brackets);
        let end = text.len() - text[blanks..].trim_start_matches(is_blank).len();
        if end > line_end {
            line = None;
        }
        Some(&text[std::mem::replace(&mut at, end)..end])
    })
}

/// Facts of a line, found once: looked for again at every sentence, they would take quadratic time on a long line.
#[derive(Clone, Copy)]
struct Line {
    /// Offset of its end.
    end: usize,
    /// Its brackets are balanced.
    balanced: bool,
    /// Offset from which on it is nothing but brackets that each hold a sentence; its end if there is no such rest.
    dialogue: usize,
}

impl Line {
    /// Scans the line of a text that begins at an offset.
    fn scan(text: &str, start: usize) -> Self {
        let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        let (mut depth, mut opened, mut dialogue) = (0u32, start, None);
        for (at, c) in text[start..end].char_indices().map(|(at, c)| (start + at, c)) {
            match c {
                '「' | '『' | '（' | '(' => {
                    if depth == 0 {
                        opened = at;
                    }
                    depth += 1;
                }
                '」' | '』' | '）' | ')' => {
                    let Some(less) = depth.checked_sub(1) else {
                        return Self { end, balanced: false, dialogue: end };
                    };
                    depth = less;
                    if depth == 0 && ends_sentence(&text[opened..at]) {
                        dialogue = dialogue.or(Some(opened));
                    } else if depth == 0 {
                        dialogue = None;
                    }
                }
                _ if depth == 0 && !is_blank(c) => dialogue = None,
                _ => {}
            }
        }
        Self { end, balanced: depth == 0, dialogue: dialogue.unwrap_or(end) }
    }
}

/// Tests if the content of a bracket ends in the mark of a sentence, closing brackets aside.
fn ends_sentence(content: &str) -> bool {
    let mut last = content.chars().rev().skip_while(|&c| is_end(c) && !is_mark(c));
    match (last.next(), last.find(|&c| !is_mark(c))) {
        (Some(mark), before) => is_mark(mark) && (!mark.is_ascii() || before.is_some_and(|c| !c.is_ascii())),
        (None, _) => false,
    }
}

/// Meaning of the brackets of a line for its sentences.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brackets {
    /// None: they are not balanced.
    Ignored,
    /// No sentence ends inside.
    Inside,
    /// Each is a sentence.
    Sentences,
}

/// Length of the first sentence of the rest of a line, without the blanks after it.
fn sentence_end(line: &str, brackets: Brackets) -> usize {
    let mut depth = 0u32;
    let mut rest = line.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = rest.next() {
        match c {
            '「' | '『' | '（' | '(' if brackets != Brackets::Ignored => depth += 1,
            '」' | '』' | '）' | ')' if brackets != Brackets::Ignored => {
                depth = depth.saturating_sub(1);
                if depth == 0 && brackets == Brackets::Sentences {
                    return at + c.len_utf8();
                }
            }
            '。' | '！' | '？' | '!' | '?' if depth == 0 => {
                let japanese = !before.is_ascii() || !c.is_ascii();
                while rest.next_if(|&(_, next)| is_end(next)).is_some() {}
                match rest.peek() {
                    None => return line.len(),
                    Some(&(at, next)) if japanese || !next.is_ascii() || is_blank(next) => return at,
                    Some(_) => {}
                }
            }
            _ => {}
        }
        before = c;
    }
    line.len()
}

fn is_mark(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '!' | '?')
}

fn is_end(c: char) -> bool {
    is_mark(c) || matches!(c, '」' | '』' | '）' | ')' | '】' | '〕' | '》' | '〉' | '"' | '”' | '’')
}

/// Removes sentences, `removed` in ascending order, from a text; `None` if only blanks are left.
///
/// Lines stay apart: where the end of a line is removed, its line feeds stay.
pub fn without<'a>(text: &'a str, removed: &[u32]) -> Option<Cow<'a, str>> {
    if removed.is_empty() {
        return if text.chars().all(is_blank) { None } else { Some(Cow::Borrowed(text)) };
    }
    let mut out = String::with_capacity(text.len());
    let mut next = removed.iter().copied().peekable();
    for (number, sentence) in (0u32..).zip(sentences(text)) {
        if next.next_if_eq(&number).is_none() {
            out.push_str(sentence);
            continue;
        }
        let feeds = |text: &str| text.len() - text.trim_end_matches('\n').len();
        let wanted = feeds(sentence);
        if wanted > 0 && !out.is_empty() {
            if !out.ends_with('\n') {
                out.truncate(out.trim_end_matches(is_blank).len());
            }
            (feeds(&out)..wanted).for_each(|_| out.push('\n'));
        }
    }
    out.truncate(out.trim_end_matches(is_blank).len());
    if out.is_empty() { None } else { Some(Cow::Owned(out)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str) -> Vec<&str> {
        sentences(text).collect()
    }

    #[test]
    fn sentences_end_where_readers_end_them() {
        assert_eq!(cut("一。二！？三"), ["一。", "二！？", "三"]);
        assert_eq!(cut("一\n\n二。▁三。\n四"), ["一\n\n", "二。▁", "三。\n", "四"]);
        assert_eq!(cut("「はい。そうです。」と言った。次。"), ["「はい。そうです。」と言った。", "次。"]);
        assert_eq!(cut("(本当？)次。「一。」次"), ["(本当？)次。", "「一。」次"]);
        // Nothing is balanced on the first line.
        assert_eq!(cut("「閉じない。次。\n「一。」次"), ["「閉じない。", "次。\n", "「一。」次"]);
        assert_eq!(cut("a?b=1 Why? Yes! 何?三"), ["a?b=1 Why? ", "Yes! ", "何?", "三"]);
        assert_eq!(cut(""), [""; 0]);
    }

    #[test]
    fn brackets_that_each_hold_a_sentence_are_one_each() {
        assert_eq!(cut("「はい。」「いいえ。」"), ["「はい。」", "「いいえ。」"]);
        assert_eq!(cut("「はい。」▁（うなずく。）\n次"), ["「はい。」▁", "（うなずく。）\n", "次"]);
        assert_eq!(
            cut("笑った。「はい。次。」「『行け!』」"),
            ["笑った。", "「はい。次。」", "「『行け!』」"]
        );
        // A quotation goes on after the last, or before the first; the last holds no sentence; nothing is Japanese.
        for whole in
            ["「はい。」「いいえ。」と言った。", "彼は「はい。」「いいえ。」", "「はい。」(笑)", "(a!)(b!)"]
        {
            assert_eq!(cut(whole), [whole]);
        }
        assert_eq!(cut("「はい。」と言った。"), ["「はい。」と言った。"]);
        assert_eq!(cut("「はい。」「いいえ。"), ["「はい。」", "「いいえ。"]);
        assert_eq!(cut(&"「あ。」".repeat(100_000)).len(), 100_000);
    }

    #[test]
    fn blanks_are_white_space_and_its_substitute() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_blank(c), c.is_whitespace() || c == '▁', "{c:?}");
        }
    }

    #[test]
    fn removal_keeps_the_lines() {
        let text = "一。二。\n三。\n\n四。▁五。";
        let without = |removed: &[u32]| without(text, removed).map(Cow::into_owned);
        assert_eq!(without(&[]).unwrap(), text);
        assert_eq!(without(&[1]).unwrap(), "一。\n三。\n\n四。▁五。");
        assert_eq!(without(&[2]).unwrap(), "一。二。\n\n四。▁五。");
        assert_eq!(without(&[4]).unwrap(), "一。二。\n三。\n\n四。");
        assert_eq!(without(&[0, 1]).unwrap(), "三。\n\n四。▁五。");
        assert_eq!(without(&[0, 1, 2, 3, 4]), None);
    }

    proptest! {
        #[test]
        fn sentences_together_are_the_text(text in "[一「」()。!? \n▁a\u{20bb7}]{0,40}") {
            prop_assert_eq!(cut(&text).concat(), text.as_str());
            prop_assert!(cut(&text).iter().skip(1).all(|s| !s.starts_with(is_blank)));
        }
    }
}

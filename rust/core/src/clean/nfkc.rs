//! Unicode normalisation (NFKC), but for characters whose meaning it would change.
//!
//! NFKC writes ①2型糖尿病 as 12型糖尿病, 10³ as 103 and 2½錠 as 21⁄2錠. Those characters stay as they are. So
//! do … and ℃, which the papers restore after NFKC, and the degree sign look-alikes that would become a space or o.
//! Roman numerals and squared units are left to the rule `symbols`, which sees their neighbours (ⅡⅢ is not IIIII) and
//! writes ㎡ as m². Radicals, which NFKC knows in part, become kanji here.

use unicode_normalization::UnicodeNormalization;

use super::output::Output;
use super::radicals::unified;
use super::rule::{Example, Rule};

pub const RULE: Rule = Rule {
    name: "nfkc",
    what: "Unicode NFKC, and radicals become kanji, but for circled numbers, superscripts, fractions, … and ℃",
    apply,
    examples: &[
        Example { before: "ＨｂＡ１ｃ　６．５％", after: "HbA1c 6.5%", why: "full-width ASCII" },
        Example { before: "ｱｽﾋﾟﾘﾝ", after: "アスピリン", why: "half-width kana" },
        Example { before: "１㎎／㎗", after: "1mg/dl", why: "squared units" },
        Example { before: "か\u{3099}ん", after: "がん", why: "composition" },
        Example {
            before: "⻑期、⻭科、⾻折", after: "長期、歯科、骨折", why: "radicals, as PDFs have them"
        },
        Example { before: "①2型糖尿病", after: "①2型糖尿病", why: "NFKC would make it type 12" },
        Example {
            before: "10³/μL、10ⁿ、HCO₃⁻",
            after: "10³/μL、10ⁿ、HCO3⁻",
            why: "a power is not a digit; an index is",
        },
        Example { before: "2½錠", after: "2½錠", why: "NFKC would make it 21⁄2" },
        Example { before: "37℃…", after: "37℃…", why: "the papers restore both after NFKC" },
    ],
};

/// Tests for characters that NFKC would change and that stay.
pub fn is_kept(c: char) -> bool {
    matches!(c,
        '①'..='⑳' | '㉑'..='㉟' | '㊱'..='㊿' | '⓪'
        | '¹' | '²' | '³' | '⁰' | '⁴'..='ⁿ'
        | '¼' | '½' | '¾' | '⅐'..='⅞'
        | '…' | '℃' | '˚' | '゛' | '゜' | '´' | 'º'
        | '㎟'..='㎦' | '㎨' | '㎯')
        || is_roman_numeral(c)
}

/// Tests for a Roman numeral in one character.
pub fn is_roman_numeral(c: char) -> bool {
    matches!(c, 'Ⅰ'..='Ⅻ' | 'ⅰ'..='ⅻ')
}

/// Tests for characters that NFKC leaves alone unless a combining mark follows: the bulk of Japanese text.
pub fn is_inert(c: char) -> bool {
    matches!(c, '\0'..='\u{9f}' | '、'..='〄' | '々'..='〟' | 'ぁ'..='ゖ' | 'ゝ' | 'ゞ' | 'ァ'..='ヾ' | '\u{4e00}'..='\u{9fff}')
}

fn apply(text: &str, out: &mut Output) -> u64 {
    let mut edits = 0;
    let mut base = 0; // the last character that a mark could combine with
    let mut normal = String::new();
    let mut rest = text.char_indices().peekable();
    while let Some((i, c)) = rest.next() {
        if is_inert(c) || is_kept(c) {
            base = if is_kept(c) { i + c.len_utf8() } else { i };
            continue;
        }
        let mut end = i + c.len_utf8();
        while let Some(&(j, next)) = rest.peek() {
            if is_inert(next) || is_kept(next) {
                break;
            }
            end = j + next.len_utf8();
            rest.next();
        }
        let start = base.max(out.copied);
        let run = &text[start..end];
        normal.clear();
        normal.extend(run.chars().map(unified).nfkc());
        if normal != run {
            out.replace(text, start..end, &normal);
            edits += 1;
        }
        base = end;
    }
    if edits > 0 {
        out.finish(text);
    }
    edits
}

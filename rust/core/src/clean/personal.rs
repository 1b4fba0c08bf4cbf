//! The rule `personal`: removes telephone numbers and e-mail addresses, as the papers do.

use std::ops::Range;

use super::output::Output;
use super::phone::phone_numbers;
use super::rule::{Example, Rule, remove_ranges};

pub const RULE: Rule = Rule {
    name: "personal",
    what: "telephone numbers and e-mail addresses are removed",
    apply,
    examples: &[
        Example { before: "電話03-0000-1234まで", after: "電話まで", why: "a fixed line" },
        Example { before: "(03)0000-1234", after: "", why: "the area code in brackets" },
        Example {
            before: "09000001234に連絡", after: "に連絡", why: "a mobile number without hyphens"
        },
        Example { before: "+81-90-0000-1234", after: "", why: "the international form" },
        Example { before: "TEL 0300001234", after: "TEL ", why: "ten digits after a label" },
        Example { before: "090-0000-\n1234", after: "", why: "a line break inside the number" },
        Example { before: "(090.0000.1234)", after: "()", why: "dots; the brackets are around it" },
        Example { before: "内線 2345", after: "内線 ", why: "an extension" },
        Example { before: "1986-10-0412", after: "1986-10-0412", why: "cut where no number is" },
        Example {
            before: "ID 0300001234",
            after: "ID 0300001234",
            why: "ten digits without a label may be anything",
        },
        Example {
            before: "2021-03-04、WBC 12,300",
            after: "2021-03-04、WBC 12,300",
            why: "neither begins with 0",
        },
        Example { before: "taro.yamada+x@example.co.jp宛", after: "宛", why: "an e-mail address" },
        Example { before: "2T@朝", after: "2T@朝", why: "not an address" },
    ],
};

fn apply(text: &str, out: &mut Output) -> u64 {
    let mut ranges = phone_numbers(text);
    ranges.extend(e_mail_addresses(text));
    ranges.sort_unstable_by_key(|range| range.start);
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match apart.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    remove_ranges(text, out, &apart)
}

/// Returns the positions of `local@domain.tld`, extended to both sides of every @.
pub fn e_mail_addresses(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    for at in memchr::memchr_iter(b'@', bytes) {
        let from = found.last().map_or(0, |last| last.end);
        let local = bytes[from..at].iter().rev().take_while(|&&b| is_local(b)).count();
        let domain =
            bytes[at + 1..].iter().take_while(|&&b| b.is_ascii_alphanumeric() || b"-.".contains(&b)).count();
        let domain = text[at + 1..at + 1 + domain].trim_end_matches(['-', '.']);
        let tld = domain.rsplit_once('.').map_or("", |(_, tld)| tld);
        if local > 0
            && tld.len() >= 2
            && tld.bytes().all(|b| b.is_ascii_alphabetic())
            && !domain.starts_with(['-', '.'])
        {
            found.push(at - local..at + 1 + domain.len());
        }
    }
    found
}

fn is_local(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._%+-".contains(&b)
}

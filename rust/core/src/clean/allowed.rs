//! The rule `allowed`: deletes characters outside the allowed set.
//!
//! Allowed: kanji and kana of JIS X 0208 and 0213, ASCII, Latin letters with diacritics (Sjögren, Ménière),
//! Greek, and the punctuation and symbols listed here. Every allowed character is a piece of the tokenizer.

use std::sync::LazyLock;

use super::rule::{Example, Rule, replace_characters};

pub const RULE: Rule = Rule {
    name: "allowed",
    what: "characters outside the allowed set are deleted",
    apply,
    examples: &[
        Example { before: "頭痛😀あり", after: "頭痛あり", why: "emoji" },
        Example { before: "検\u{200b}査\u{feff}", after: "検査", why: "zero-width characters" },
        Example { before: "한국어とрусский", after: "と", why: "other scripts" },
        Example {
            before: "Sjögren症候群、β遮断薬",
            after: "Sjögren症候群、β遮断薬",
            why: "names and Greek letters stay",
        },
        Example {
            before: "𠮟る、鷗外", after: "𠮟る、鷗外", why: "JIS X 0213, beyond the basic plane too"
        },
        Example {
            before: "±0、♀、①", after: "±0、♀、①", why: "symbols that clinical text needs"
        },
    ],
};

/// Kanji as `tools/jis_kanji.py` wrote them.
const KANJI: &str = include_str!("kanji.txt");

/// Kana with their marks; the combining ones make か゚ of JIS X 0213.
const KANA: [std::ops::RangeInclusive<char>; 4] = ['ぁ'..='ゖ', '\u{3099}'..='ゞ', 'ァ'..='ヾ', 'ㇰ'..='ㇿ'];

/// Letters: ASCII is all allowed; Latin-1 and Latin Extended-A; Greek without rare forms.
const LETTERS: [std::ops::RangeInclusive<char>; 7] =
    ['!'..='}', 'À'..='Ö', 'Ø'..='ö', 'ø'..='ž', 'Α'..='Ρ', 'Σ'..='Ω', 'α'..='ω'];

const PUNCTUATION: &str = "、。〃〈〉《》「」『』【】〔〕〜…々〆〇";
const SYMBOLS: &str = "℃°′±×÷≠≦≧≒≪≫≡∞∴∵√∝∂∇∫∑∈∋⊂⊃⊆⊇∩∪∧∨¬⇔∀∃∠⊥⌒→←↑↓↗↘↖↙§¶†‡‰‱¥£€¢©®♀♂♪☆★○●◎◇◆□■△▲▽▼※〒✓⊕⊖⊿ℓ";
const NUMBERS: [std::ops::RangeInclusive<char>; 8] =
    ['①'..='⑳', '㉑'..='㉟', '㊱'..='㊿', '¹'..='¹', '²'..='³', '⁰'..='⁰', '⁴'..='⁻', '⅐'..='⅞'];
const FRACTIONS: std::ops::RangeInclusive<char> = '¼'..='¾';

/// Bitmap of the first three planes: one bit per code point.
static ALLOWED: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut bits = vec![0; 0x30000 / 64];
    for c in allowed_characters() {
        bits[c as usize / 64] |= 1 << (c as usize % 64);
    }
    bits
});

/// Returns every allowed character but white space, in code point order.
pub fn allowed_characters() -> Vec<char> {
    let ranges = KANA.into_iter().chain(LETTERS).chain(NUMBERS).chain([FRACTIONS]).flatten();
    let lists = KANJI.chars().filter(|&c| c != '\n').chain(PUNCTUATION.chars()).chain(SYMBOLS.chars());
    // NFKC and the symbol rule would change some characters of the ranges.
    let mut all: Vec<char> = ranges.chain(lists).filter(|&c| !is_replaced(c)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Tests whether an earlier rule replaces the character, so that cleaned text cannot hold it.
fn is_replaced(c: char) -> bool {
    let mut text = [0; 4];
    let text = c.encode_utf8(&mut text);
    let mut out = String::new();
    [super::nfkc::RULE, super::dashes::RULE, super::symbols::RULE]
        .iter()
        .any(|rule| (rule.apply)(text, &mut out) > 0)
}

/// Tests whether cleaned text may hold the character, white space apart.
pub fn is_allowed(c: char) -> bool {
    ALLOWED.get(c as usize / 64).is_some_and(|bits| bits >> (c as usize % 64) & 1 == 1)
}

fn apply(text: &str, out: &mut String) -> u64 {
    replace_characters(text, out, |_, c, _| (!is_allowed(c) && !c.is_whitespace()).then_some(""))
}

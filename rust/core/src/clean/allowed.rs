//! The rule `allowed`: characters outside the allowed set leave a space, invisible ones nothing.
//!
//! Allowed: kanji of JIS X 0208 and 0213 and of CP932, kana, ASCII, Latin letters with diacritics (Sjögren, Ménière),
//! Greek, and the punctuation and symbols listed here. Every allowed character is a piece of the tokenizer. A character
//! that was seen parted its neighbours, so deleting it would make 128 of 12⟨arrow⟩8.

use std::sync::LazyLock;

use unicode_normalization::char::is_combining_mark;

use super::output::Output;
use super::rule::{Example, Rule, replace_characters};

pub const RULE: Rule = Rule {
    name: "allowed",
    what: "characters outside the allowed set become a space, invisible ones nothing",
    apply,
    examples: &[
        Example { before: "頭痛😀あり", after: "頭痛 あり", why: "emoji" },
        Example { before: "12\u{fffd}8", after: "12 8", why: "a character that was lost parts two numbers" },
        Example { before: "検\u{200b}査\u{feff}", after: "検査", why: "zero-width characters" },
        Example { before: "한국とре", after: "  と  ", why: "other scripts" },
        Example {
            before: "Sjögren症候群、β遮断薬",
            after: "Sjögren症候群、β遮断薬",
            why: "names and Greek letters stay",
        },
        Example {
            before: "𠮟る、鷗外", after: "𠮟る、鷗外", why: "JIS X 0213, beyond the basic plane too"
        },
        Example {
            before: "髙橋、𠮷田、宮﨑", after: "髙橋、𠮷田、宮﨑", why: "names as CP932 writes them"
        },
        Example {
            before: "±0、♀、①、≲、∓",
            after: "±0、♀、①、≲、∓",
            why: "symbols that clinical text needs",
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
const SYMBOLS: &str =
    "℃°′±×÷≠≦≧≒≪≫≡∞∴∵√∝∂∇∫∑∈∋⊂⊃⊆⊇∩∪∧∨¬∓≲≳∥∽∉⇔∀∃∠⊥⌒→←↑↓↕↗↘↖↙§¶†‡‰‱¥£€¢©®♀♂♪☆★○●◎◇◆□■△▲▽▼※〒✓☒⊕⊖⊿ℓ";
const NUMBERS: [std::ops::RangeInclusive<char>; 9] =
    ['①'..='⑳', '⓪'..='⓪', '㉑'..='㉟', '㊱'..='㊿', '¹'..='¹', '²'..='³', '⁰'..='⁰', '⁴'..='ⁿ', '⅐'..='⅞'];
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
    let mut out = Output::default();
    [super::nfkc::RULE, super::dashes::RULE, super::symbols::RULE]
        .iter()
        .any(|rule| (rule.apply)(text, &mut out) > 0)
}

/// Tests whether cleaned text may hold the character, white space apart.
pub fn is_allowed(c: char) -> bool {
    ALLOWED.get(c as usize / 64).is_some_and(|bits| bits >> (c as usize % 64) & 1 == 1)
}

fn apply(text: &str, out: &mut Output) -> u64 {
    replace_characters(text, out, |_, c, _| {
        (!is_allowed(c) && !c.is_whitespace()).then(|| if is_invisible(c) { "" } else { " " })
    })
}

/// Tests for a character without a glyph or place of its own: control and format characters, variation selectors and
/// combining marks. Separators of columns (U+001C to U+001F) and enclosing marks (1⃣) part what they stand between.
fn is_invisible(c: char) -> bool {
    match c {
        '\u{1c}'..='\u{1f}' | '\u{20dd}'..='\u{20e0}' | '\u{20e2}'..='\u{20e4}' => false,
        // Default_Ignorable_Code_Point of the Unicode Character Database.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' => true,
        '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' => true,
        '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' => true,
        '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => true,
        c => c.is_control() || is_combining_mark(c) || is_noncharacter(c),
    }
}

fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || c as u32 & 0xfffe == 0xfffe
}

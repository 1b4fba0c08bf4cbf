//! The rule `symbols`: replaces symbols of like meaning by one, which saves vocabulary.

use super::nfkc::is_roman_numeral;
use super::output::Output;
use super::rule::{Example, Rule, replace_characters};

pub const RULE: Rule = Rule {
    name: "symbols",
    what: "symbols of like meaning become one, Roman numerals letters",
    apply,
    examples: &[
        Example { before: "“引用” ‘引用’", after: "\"引用\" '引用'", why: "quotation marks" },
        Example {
            before: "HbA1c≥6.5%、Cr≤1.0、EF⪅40%",
            after: "HbA1c≧6.5%、Cr≦1.0、EF≲40%",
            why: "comparisons, in the Japanese form",
        },
        Example {
            before: "改善⇒退院、CRP⬆、20➤10mg、120⇄80、12⤵8",
            after: "改善→退院、CRP↑、20→10mg、120⇔80、12↘8",
            why: "arrows",
        },
        Example { before: "• 頭痛", after: "・ 頭痛", why: "bullets" },
        Example { before: "◯、〇", after: "○、〇", why: "a circle, but not the kanji for zero" },
        Example { before: "∆、ɑ線維", after: "Δ、α線維", why: "look-alikes of Greek letters" },
        Example {
            before: "☑あり ☐なし、✗、◼、☒", after: "✓あり □なし、×、■、☒", why: "check boxes"
        },
        Example { before: "❶糖尿病、♯2", after: "①糖尿病、#2", why: "numbers of problems" },
        Example { before: "1.73㎡、5㎤", after: "1.73m²、5cm³", why: "squared and cubed units" },
        Example { before: "Ⅱ型、Ⅲa期、ⅰ", after: "II型、IIIa期、i", why: "Roman numerals" },
        Example {
            before: "ⅡⅢaVF、ⅢV1",
            after: "II IIIaVF、III V1",
            why: "a space between two numerals, which would run together",
        },
    ],
};

fn apply(text: &str, out: &mut Output) -> u64 {
    replace_characters(text, out, |before, c, after| match c {
        '\0'..'¦' | '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' => None, // the bulk of text
        c if is_roman_numeral(c) => Some(roman(before, c, after)),
        c => canonical(c),
    })
}

/// Circled numbers from 1, the forms of one number in a row.
const CIRCLED: [&str; 20] =
    ["①", "②", "③", "④", "⑤", "⑥", "⑦", "⑧", "⑨", "⑩", "⑪", "⑫", "⑬", "⑭", "⑮", "⑯", "⑰", "⑱", "⑲", "⑳"];

/// Returns the circled number of a dingbat or a double or negative circle.
fn circled(c: char) -> Option<&'static str> {
    let first = match c {
        '❶'..='❿' => '❶',
        '➀'..='➉' => '➀',
        '➊'..='➓' => '➊',
        '⓵'..='⓾' => '⓵',
        '⓫'..='⓴' => return CIRCLED.get(c as usize - '⓫' as usize + 10).copied(),
        _ => return None,
    };
    CIRCLED.get(c as usize - first as usize).copied()
}

/// Letters of Roman numerals with a space before, behind, on both sides and none: two numerals would run together.
const ROMAN: [[&str; 4]; 24] = [
    ["I", " I", "I ", " I "],
    ["II", " II", "II ", " II "],
    ["III", " III", "III ", " III "],
    ["IV", " IV", "IV ", " IV "],
    ["V", " V", "V ", " V "],
    ["VI", " VI", "VI ", " VI "],
    ["VII", " VII", "VII ", " VII "],
    ["VIII", " VIII", "VIII ", " VIII "],
    ["IX", " IX", "IX ", " IX "],
    ["X", " X", "X ", " X "],
    ["XI", " XI", "XI ", " XI "],
    ["XII", " XII", "XII ", " XII "],
    ["i", " i", "i ", " i "],
    ["ii", " ii", "ii ", " ii "],
    ["iii", " iii", "iii ", " iii "],
    ["iv", " iv", "iv ", " iv "],
    ["v", " v", "v ", " v "],
    ["vi", " vi", "vi ", " vi "],
    ["vii", " vii", "vii ", " vii "],
    ["viii", " viii", "viii ", " viii "],
    ["ix", " ix", "ix ", " ix "],
    ["x", " x", "x ", " x "],
    ["xi", " xi", "xi ", " xi "],
    ["xii", " xii", "xii ", " xii "],
];

/// Tests for a letter that Roman numerals are made of.
pub fn is_roman_letter(c: char) -> bool {
    matches!(c, 'I' | 'V' | 'X' | 'i' | 'v' | 'x')
}

fn roman(before: Option<char>, c: char, after: Option<char>) -> &'static str {
    let number = if c < 'ⅰ' { c as usize - 'Ⅰ' as usize } else { c as usize - 'ⅰ' as usize + 12 };
    let apart_before = before.is_some_and(|c| is_roman_letter(c) || is_roman_numeral(c));
    let apart_behind = after.is_some_and(is_roman_letter);
    ROMAN[number][usize::from(apart_before) + 2 * usize::from(apart_behind)]
}

fn canonical(c: char) -> Option<&'static str> {
    Some(match c {
        '“' | '”' | '„' | '‟' | '〝' | '〟' | '❝' | '❞' => "\"",
        '‘' | '’' | '‚' | '‛' | '´' | '‵' | '❛' | '❜' => "'",
        '•' | '‧' | '∙' | '⋅' | '·' | '◦' | '⦁' | '▪' => "・",
        '⋯' | '︙' => "…",
        '◯' | '⚪' | '⭕' => "○",
        '⚫' | '⬤' => "●",
        '✓' => return None,
        '✔' | '☑' | '✅' | '🗸' | '🗹' => "✓",
        '☐' | '◻' | '◽' | '⬜' | '▢' | '🔲' | '🔳' => "□",
        '◼' | '◾' | '⬛' => "■",
        '🗷' => "☒",
        '✕' | '✖' | '╳' | '⨯' | '☓' | '❌' | '✗' | '✘' | '❎' => "×",
        '➕' => "+",
        '➗' => "÷",
        '❗' | '❕' => "!",
        '❓' | '❔' => "?",
        '♯' => "#",
        '❶'..='❿' | '➀'..='➓' | '⓫'..='⓾' => return circled(c),
        '⬈' | '➚' | '➶' | '➹' | '⤴' => "↗",
        '⬊' | '➘' | '➴' | '➷' | '⤵' => "↘",
        '⇒' | '➔' | '➘'..='➯' | '➱'..='➾' | '⟶' | '⇨' | '⟹' | '⇢' | '⭢' | '🡒' => "→",
        '⇐' | '⬅' | '⟵' | '⇦' | '⟸' | '⇠' => "←",
        '⇑' | '⬆' | '⇧' => "↑",
        '⇓' | '⬇' | '⇩' => "↓",
        '⇈' => "↑↑",
        '⇊' => "↓↓",
        '↔' | '⟷' | '⬌' | '⇄' | '⇆' | '⇌' | '⇋' => "⇔",
        '⬍' | '⇅' | '⇵' => "↕",
        '►' | '▸' | '⏵' => "▶",
        '▻' | '▹' => "▷",
        '◄' | '◂' | '⏴' => "◀",
        '◅' | '◃' => "◁",
        '▴' | '🔺' | '🔼' => "▲",
        '▾' | '🔻' | '🔽' => "▼",
        '▵' => "△",
        '▿' => "▽",
        '≤' | '⩽' => "≦",
        '≥' | '⩾' => "≧",
        '⪅' => "≲",
        '⪆' => "≳",
        '≈' | '≃' | '≅' => "≒",
        '‖' => "∥",
        '«' | '⟪' => "《",
        '»' | '⟫' => "》",
        '‹' | '⟨' | '〈' => "〈",
        '›' | '⟩' | '〉' => "〉",
        '〖' => "【",
        '〗' => "】",
        '〘' => "〔",
        '〙' => "〕",
        '⦅' => "(",
        '⦆' => ")",
        '⟦' => "[",
        '⟧' => "]",
        '∕' | '⁄' | '⧸' => "/",
        '∗' | '⁎' => "*",
        '¦' | '│' | '┃' | '￨' => "|",
        '㎟' => "mm²",
        '㎠' => "cm²",
        '㎡' => "m²",
        '㎢' => "km²",
        '㎣' => "mm³",
        '㎤' => "cm³",
        '㎥' => "m³",
        '㎦' => "km³",
        '㎨' => "m/s²",
        '㎯' => "rad/s²",
        '˚' => "°",
        '∆' => "Δ",
        'ɑ' => "α",
        '⌀' | '∅' => "φ",
        '☆' | '★' => return None,
        '✩' | '✰' | '⋆' | '⭐' | '✪' => "☆",
        _ => return None,
    })
    .filter(|&replacement| !replacement.starts_with(c))
}

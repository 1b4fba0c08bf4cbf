//! The rule `symbols`: replaces symbols of like meaning by one, which saves vocabulary.

use super::rule::{Example, Rule, replace_characters};

pub const RULE: Rule = Rule {
    name: "symbols",
    what: "symbols of like meaning become one",
    apply,
    examples: &[
        Example { before: "“引用” ‘引用’", after: "\"引用\" '引用'", why: "quotation marks" },
        Example {
            before: "HbA1c≥6.5%、Cr≤1.0",
            after: "HbA1c≧6.5%、Cr≦1.0",
            why: "comparisons, in the Japanese form",
        },
        Example { before: "改善⇒退院、CRP⬆", after: "改善→退院、CRP↑", why: "arrows" },
        Example { before: "• 頭痛", after: "・ 頭痛", why: "bullets" },
        Example { before: "◯、〇", after: "○、〇", why: "a circle, but not the kanji for zero" },
        Example { before: "∆、ɑ線維", after: "Δ、α線維", why: "look-alikes of Greek letters" },
        Example { before: "☑あり ☐なし", after: "✓あり □なし", why: "check boxes" },
    ],
};

fn apply(text: &str, out: &mut String) -> u64 {
    replace_characters(text, out, |_, c, _| canonical(c))
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
        '✔' | '☑' | '✅' => "✓",
        '☐' | '◻' | '▢' => "□",
        '✕' | '✖' | '╳' | '⨯' | '☓' | '❌' => "×",
        '⇒' | '➡' | '➔' | '➜' | '➞' | '⟶' | '⇨' | '⟹' => "→",
        '⇐' | '⬅' | '⟵' | '⇦' | '⟸' => "←",
        '⇑' | '⬆' | '⇧' => "↑",
        '⇓' | '⬇' | '⇩' => "↓",
        '⬈' | '➚' => "↗",
        '⬊' | '➘' => "↘",
        '↔' | '⟷' | '⬌' => "⇔",
        '≤' | '⩽' => "≦",
        '≥' | '⩾' => "≧",
        '≈' | '≃' | '≅' => "≒",
        '«' | '⟪' => "《",
        '»' | '⟫' => "》",
        '‹' | '⟨' | '〈' => "〈",
        '›' | '⟩' | '〉' => "〉",
        '〖' => "【",
        '〗' => "】",
        '〘' => "〔",
        '〙' => "〕",
        '∕' | '⁄' | '⧸' => "/",
        '∗' | '⁎' => "*",
        '¦' => "|",
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

//! Classes of characters that several rules use.

/// White space in cleaned text (U+2581).
pub const META_SPACE: char = '▁';

/// Tests for katakana proper: neither the chōonpu nor the middle dot.
pub fn is_katakana(c: char) -> bool {
    matches!(c, 'ァ'..='ヺ' | 'ㇰ'..='ㇿ')
}

/// Tests for hiragana.
pub fn is_hiragana(c: char) -> bool {
    matches!(c, 'ぁ'..='ゖ')
}

/// Tests for a kanji or one of the marks that stand for one.
pub fn is_kanji(c: char) -> bool {
    matches!(c, '々' | '〆' | '〇' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ffff}')
}

/// Tests for a character of an account name or a tag.
pub fn is_word(c: char) -> bool {
    c == '_' || c == 'ー' || c.is_alphanumeric()
}

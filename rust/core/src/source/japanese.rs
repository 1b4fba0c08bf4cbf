//! Cost of a text as Japanese, in bits: the sum of -log2 of the probability of each character after the one before.

use std::collections::HashMap;
use std::sync::LazyLock;

use encoding_rs::{DecoderResult, Encoding};

/// Lines of -log2 of the probability of a kanji among kanji, and the kanji; see `tools/kanji_frequency.py`.
const FREQUENCY: &str = include_str!("kanji_frequency.txt");
/// -log2 of the share of kanji among the characters of a text.
const KANJI: u32 = 2;
/// Cost of a kanji that is not in the table.
const RARE: u32 = 22;
/// Cost of bytes that an encoding does not have.
pub const MALFORMED: u32 = 24;

static KANJI_BITS: LazyLock<HashMap<char, u32>> = LazyLock::new(|| {
    let lines = FREQUENCY.lines().filter_map(|line| line.split_once(' '));
    let lines = lines.filter_map(|(bits, kanji)| Some((bits.parse::<u32>().ok()?, kanji)));
    lines.flat_map(|(bits, kanji)| kanji.chars().map(move |c| (c, bits + KANJI))).collect()
});

/// Half-width katakana that are half of all.
const FREQUENT_HALF_WIDTH: &str = "ｰﾝｽﾄﾙﾗｼｲﾘｸﾀﾌｱﾚｶﾃｯ";

/// Half-width katakana that are seldom.
const RARE_HALF_WIDTH: &str = "ｧｨｩｪｫﾇﾑﾕﾖﾍｦ";

/// Returns the cost of `piece` as Japanese in this encoding; its last character may be cut off unless it is `whole`.
pub fn bits_in(encoding: &'static Encoding, piece: &[u8], whole: bool, bits: fn(char, char) -> u32) -> u32 {
    let (text, malformed) = decode_around_damage(encoding, piece, whole);
    let mut previous = '\n';
    let characters: u32 = text.chars().map(|c| bits(c, std::mem::replace(&mut previous, c))).sum();
    characters + malformed * MALFORMED
}

/// Decodes what is valid; returns the number of malformed places too.
fn decode_around_damage(encoding: &'static Encoding, piece: &[u8], whole: bool) -> (String, u32) {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::new();
    let (mut at, mut malformed) = (0, 0);
    loop {
        let rest = &piece[at..];
        text.reserve(decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(rest.len()));
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, whole);
        at += read;
        match result {
            DecoderResult::InputEmpty => return (text, malformed),
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => malformed += 1,
        }
    }
}

/// Returns the cost of a character of Japanese text.
pub fn bits(c: char, previous: char) -> u32 {
    match c {
        '\0'..='\x7f' => ascii_bits(c as u8),
        '、' | '。' => 5,
        'ぁ'..='ゖ' => 6,
        'ァ'..='ヺ' | 'ー' => if_likely(matches!(previous, 'ァ'..='ー'), 6, 9),
        'ﾞ' => if_likely(matches!(previous, 'ｶ'..='ﾄ' | 'ﾊ'..='ﾎ' | 'ｳ'), 2, 16),
        'ﾟ' => if_likely(matches!(previous, 'ﾊ'..='ﾎ'), 3, 16),
        'ｦ'..='ﾝ' => half_width_katakana(c, previous),
        '｡'..='･' => 9,
        '！'..='～' => if_likely(matches!(previous, '！'..='～'), 6, 9),
        '\u{3000}'..='〟' | '・' => 8,
        '一'..='鿿' => KANJI_BITS.get(&c).copied().unwrap_or(RARE),
        'Α'..='ω' | '\u{2000}'..='\u{22ff}' | '①'..='◿' | '\u{3200}'..='\u{33ff}' => 11,
        '\u{a0}'..='¿' | '×' | '÷' => 12,
        '\u{80}'..='\u{9f}' => MALFORMED,
        '\u{e000}'..='\u{f8ff}' => 26,
        _ => 18,
    }
}

/// Returns the cost of a character of UTF-8, which is seldom valid by chance, so that any script may be meant.
///
/// Characters of two bytes are valid by chance most of all: kanji of EUC-JP are among them. Those of Western European
/// languages, Greek and Cyrillic are meant more often than others.
pub fn bits_of_utf8(c: char, previous: char) -> u32 {
    match c {
        '\u{80}'..='\u{9f}' => MALFORMED,
        'Ā'..='ΐ' | '\u{460}'..='\u{7ff}' => 20,
        _ => bits(c, previous).min(12),
    }
}

fn half_width_katakana(c: char, previous: char) -> u32 {
    let first = if_likely(matches!(previous, 'ｦ'..='ﾟ'), 0, 8);
    first + if_likely(FREQUENT_HALF_WIDTH.contains(c), 5, if_likely(RARE_HALF_WIDTH.contains(c), 8, 6))
}

fn if_likely(likely: bool, bits: u32, otherwise: u32) -> u32 {
    if likely { bits } else { otherwise }
}

/// Returns the cost of an ASCII character, the same in every model.
pub fn ascii_bits(byte: u8) -> u32 {
    match byte {
        b' ' | b'\t' | b'\n' | b'\r' => 4,
        b' '..=b'~' => 6,
        _ => MALFORMED,
    }
}

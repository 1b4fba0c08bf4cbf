//! Cost of a text as Japanese, in bits: the sum of -log2 of the probability of each character after the one before.

use std::collections::HashMap;
use std::sync::LazyLock;

use encoding_rs::{DecoderResult, EUC_JP, Encoding};

/// Lines of -log2 of the probability of a kanji among kanji, and the kanji; see `tools/kanji_frequency.py`.
const FREQUENCY: &str = include_str!("kanji_frequency.txt");
/// Lines of a half-width katakana and -log2 of the probabilities of those behind it; see `tools/half_width_katakana.py`.
const HALF_WIDTH: &str = include_str!("half_width_katakana.txt");
/// -log2 of the share of kanji among the characters of a text.
const KANJI: u32 = 2;
/// Cost of a kanji that is not in the table.
const RARE: u32 = 22;
/// Highest cost of a kanji of the first level of JIS X 0208.
const FIRST_LEVEL: u32 = 17;
/// Kanji of organs, symptoms and diseases that clinical notes have more often than the dictionary's words: of the second
/// level of JIS X 0208, whose bytes are not those of frequent Chinese and Korean characters.
const CLINICAL: &str = "\
    亢咬喀喘嗄嗅嗽嘔嚥嚼嵌攣暈涎疣疥疱疸疼痂痙痰痺瘍瘡瘢瘤瘻癬睾瞼窩箝羸肛胛胝胱胼脛脾腋腓腱膀膠膵臀臍蕁\
    蝸蠕褥譫贅踝踵躁靱頸髂鼾齦齲";
/// Highest cost of a clinical kanji.
const CLINICAL_BITS: u32 = 14;
/// Cost of going over to half-width katakana.
const HALF_WIDTH_BEGINS: u32 = 10;
/// Cost of bytes that an encoding does not have.
pub const MALFORMED: u32 = 24;

static KANJI_BITS: LazyLock<HashMap<char, u32>> = LazyLock::new(|| {
    let lines = FREQUENCY.lines().filter_map(|line| line.split_once(' '));
    let lines = lines.filter_map(|(bits, kanji)| Some((bits.parse::<u32>().ok()?, kanji)));
    let mut costs: HashMap<char, u32> =
        lines.flat_map(|(bits, kanji)| kanji.chars().map(move |c| (c, bits + KANJI))).collect();
    let rows = 0xb0..=0xcf_u8;
    let first_level: Vec<u8> = rows.flat_map(|row| (0xa1..=0xfe).flat_map(move |cell| [row, cell])).collect();
    let first_level = EUC_JP.decode_without_bom_handling(&first_level).0;
    let clinical = CLINICAL.chars().map(|c| (c, CLINICAL_BITS));
    for (c, most) in first_level.chars().map(|c| (c, FIRST_LEVEL)).chain(clinical) {
        let cost = costs.entry(c).or_insert(most);
        *cost = (*cost).min(most);
    }
    costs
});

/// Costs of half-width katakana by the one before, those of a word's first character at first.
static HALF_WIDTH_BITS: LazyLock<Vec<Vec<u32>>> = LazyLock::new(|| {
    let digits = HALF_WIDTH.lines().filter_map(|line| line.split_once(' '));
    digits.map(|(_, digits)| digits.chars().filter_map(|digit| digit.to_digit(36)).collect()).collect()
});

/// Piece of a file from a byte beyond ASCII on.
#[derive(Clone, Copy)]
pub struct Piece<'t> {
    /// Its bytes.
    pub bytes: &'t [u8],
    /// The byte of ASCII before it, or a line feed at the beginning of the file.
    pub previous: u8,
    /// It goes to the end of the file; otherwise its last character may be cut off.
    pub whole: bool,
}

/// Returns the cost of a piece as Japanese in this encoding.
pub fn bits_in(encoding: &'static Encoding, piece: Piece<'_>, bits: fn(char, char) -> u32) -> u32 {
    let (text, malformed) = decode_around_damage(encoding, piece.bytes, piece.whole);
    let mut previous = char::from(piece.previous);
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
        'ｦ'..='ﾟ' => half_width_katakana(c, previous),
        '｡'..='･' => 13,
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
pub fn bits_of_utf8(c: char, previous: char) -> u32 {
    match c {
        '\u{80}'..='\u{9f}' => MALFORMED,
        '\u{a0}'..='\u{7ff}' => two_bytes(c, previous),
        _ => bits(c, previous).min(12),
    }
}

/// Returns the cost of a character of two bytes of UTF-8, which are valid by chance most of all: kanji of EUC-JP are
/// among them.
///
/// Signs of measurements, Greek, Western European and Cyrillic letters are meant more often than others, and most often
/// within a text; no-break spaces, © and ® anywhere.
fn two_bytes(c: char, previous: char) -> u32 {
    let is_greek = |c| matches!(c, 'Α'..='ω');
    let is_letter = |c| matches!(c, 'À'..='ÿ' | 'Ѐ'..='џ');
    let in_word = previous.is_ascii_alphabetic() || is_letter(previous);
    if matches!(c, '°' | '±' | '²' | '³' | 'µ' | '·' | '×' | '÷' | '¥' | '£' | '§') || is_greek(c)
    {
        if_likely((previous.is_ascii() && previous != '\n') || is_greek(previous), 12, 18)
    } else if is_letter(c) {
        if_likely(in_word, 12, 16)
    } else if matches!(c, '\u{a0}' | '©' | '®') {
        16
    } else {
        if_likely(in_word && matches!(c, 'Ā'..='ſ'), 12, 26)
    }
}

fn half_width_katakana(c: char, previous: char) -> u32 {
    let index = |c: char| usize::try_from(u32::from(c).checked_sub(u32::from('ｦ'))?).ok();
    let begins = !matches!(previous, 'ｦ'..='ﾟ');
    let before = if begins { Some(0) } else { index(previous).map(|index| index + 1) };
    let row = before.and_then(|before| HALF_WIDTH_BITS.get(before));
    let cost = index(c).and_then(|c| row?.get(c)).copied().unwrap_or(RARE);
    cost + if_likely(begins, HALF_WIDTH_BEGINS, 0)
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

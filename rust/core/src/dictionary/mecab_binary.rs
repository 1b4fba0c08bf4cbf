//! Reads a compiled MeCab dictionary: a folder with `sys.dic`, `unk.dic`, `matrix.bin` and `char.bin`.
//!
//! A `.dic` file is ten u32 (size ^ magic, version, type, words, left ids, right ids, then the bytes of the double
//! array, the tokens and the features, and a spare one), 32 bytes of charset name, and those three parts
//! (dictionary.cpp in MeCab 0.996). All integers are little-endian: MeCab writes those of the machine it runs on.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::path::Path;

use super::characters::Characters;
use super::charset::{Charset, jis_x_0212};
use super::double_array;
use super::matrix::Matrix;
use super::mecab::{Base, InputFile, Lexicon, NOT_TEXT, PartsOfSpeech, Row, error, read_input_if};
use crate::Result;

const MAGIC: u32 = 0xef71_8f77;
const VERSION: u32 = 102;
const HEADER: usize = 72;
const TOKEN: usize = 16;
/// More bytes than any `char.bin` has: 18 names and four bytes a character.
const LONGEST_CHARACTERS: u64 = 1 << 20;

/// Reads the four files.
pub fn read(folder: &Path) -> Result<Base> {
    let mut inputs = Vec::new();
    let (Lexicon { rows, not_text }, charset) = lexicon(&folder.join("sys.dic"), &mut inputs)?;
    let (Lexicon { rows: unknown, .. }, _) = lexicon(&folder.join("unk.dic"), &mut inputs)?;
    let path = folder.join("matrix.bin");
    let (bytes, input) = read_input_if(&path, Matrix::may_be)?;
    inputs.push(input);
    let matrix = Matrix::from_binary(&bytes).map_err(|message| error(path, message))?;
    let path = folder.join("char.bin");
    let (bytes, input) = read_input_if(&path, |_, length| length < LONGEST_CHARACTERS)?;
    inputs.push(input);
    let mut characters = Characters::from_binary(&bytes)
        .ok_or_else(|| error(path, "damaged or not a char.bin; install the dictionary again"))?;
    if charset == Charset::EucJp {
        // Analysing text in EUC-JP, MeCab finds no code point for these (the table in ucstable.h is empty).
        characters.forget(jis_x_0212());
    }
    let skipped = BTreeMap::from_iter((not_text > 0).then(|| (NOT_TEXT.to_owned(), not_text)));
    Ok(Base { folder: folder.to_owned(), rows, unknown, characters, matrix, inputs, skipped })
}

fn lexicon(path: &Path, inputs: &mut Vec<InputFile>) -> Result<(Lexicon, Charset)> {
    let (bytes, input) = read_input_if(path, may_be)?;
    inputs.push(input);
    let damaged = || error(path, "damaged or not a compiled MeCab dictionary; install the dictionary again");
    let word = |i| word(&bytes, i);
    if word(1) != Some(VERSION) {
        return Err(error(path, format!("not of MeCab's format {VERSION}; compile it with MeCab 0.996")));
    }
    let end = |start: usize, i: usize| start.checked_add(usize::try_from(word(i)?).ok()?);
    let parts = || {
        let trie_end = end(HEADER, 6)?;
        let tokens_end = end(trie_end, 7)?;
        let features_end = end(tokens_end, 8)?;
        Some((
            bytes.get(40..HEADER)?,
            bytes.get(HEADER..trie_end)?,
            bytes.get(trie_end..tokens_end)?,
            bytes.get(tokens_end..features_end)?,
        ))
    };
    let (charset, trie, tokens, features) = parts().ok_or_else(damaged)?;
    let charset = until_nul(charset).ok_or_else(damaged)?;
    let charset = Charset::named(charset).ok_or_else(|| {
        error(path, format!("unknown charset {}; compile it as UTF-8", String::from_utf8_lossy(charset)))
    })?;
    let (tokens, _) = tokens.as_chunks::<TOKEN>();
    let mut lexicon = Lexicon::default();
    let mut parts_of_speech = PartsOfSpeech::default();
    for (surface, value) in double_array::entries(trie).ok_or_else(damaged)? {
        // A value is the index of the first token (24 bits) and the number of tokens (8 bits).
        let value = usize::try_from(value).map_err(|_| damaged())?;
        let (first, count) = (value >> 8, value & 0xff);
        let tokens = tokens.get(first..first + count).ok_or_else(damaged)?;
        let Some(surface) = charset.decode(&surface) else {
            lexicon.not_text += count as u64;
            continue;
        };
        for token in tokens {
            let (row, feature) = token_row(&surface, token);
            let feature = usize::try_from(feature).ok().and_then(|at| features.get(at..));
            let feature = feature.and_then(until_nul).ok_or_else(damaged)?;
            let part_of_speech = parts_of_speech.of(charset, feature);
            lexicon.rows.push(Row { part_of_speech, ..row });
        }
    }
    if u32::try_from(lexicon.rows.len() as u64 + lexicon.not_text).ok() != word(3) {
        return Err(damaged());
    }
    Ok((lexicon, charset))
}

/// Tests whether a file of this length that begins so may be a `.dic`: its size, and those of its parts, are in it.
fn may_be(beginning: &[u8], length: u64) -> bool {
    let parts = || {
        let sizes = [6, 7, 8].map(|i| word(beginning, i).map(u64::from));
        let [Some(trie), Some(tokens), Some(features)] = sizes else { return None };
        Some(HEADER as u64 + trie + tokens + features)
    };
    word(beginning, 0).map(|magic| u64::from(magic ^ MAGIC)) == Some(length) && parts() == Some(length)
}

/// Returns the u32 number `i` of a file.
fn word(bytes: &[u8], i: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(4 * i..)?.first_chunk()?))
}

/// Parses a row without its part of speech, and the offset of its feature: u16 left id, right id, part of speech id,
/// i16 cost, u32 feature, u32 compound.
fn token_row(surface: &str, token: &[u8; TOKEN]) -> (Row, u32) {
    let short = |i: usize| u16::from_le_bytes([token[2 * i], token[2 * i + 1]]);
    let feature = u32::from_le_bytes([token[8], token[9], token[10], token[11]]);
    let cost = i16::from_le_bytes([token[6], token[7]]);
    let row =
        Row { surface: surface.to_owned(), left: short(0), right: short(1), cost, part_of_speech: "".into() };
    (row, feature)
}

/// Returns the bytes of a C string; `None` if its end is missing.
fn until_nul(bytes: &[u8]) -> Option<&[u8]> {
    CStr::from_bytes_until_nul(bytes).ok().map(CStr::to_bytes)
}

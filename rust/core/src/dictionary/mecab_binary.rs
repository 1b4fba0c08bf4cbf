//! Reads a compiled MeCab dictionary: a folder with `sys.dic`, `unk.dic`, `matrix.bin` and `char.bin`.
//!
//! A `.dic` file is ten u32 (size ^ magic, version, type, words, left ids, right ids, then the bytes of the double
//! array, the tokens and the features, and a spare one), 32 bytes of charset name, and those three parts
//! (dictionary.cpp in MeCab 0.996). All integers are little-endian: MeCab writes those of the machine it runs on.

use std::ffi::CStr;
use std::path::Path;

use encoding_rs::Encoding;

use super::characters::Characters;
use super::double_array;
use super::matrix::Matrix;
use super::mecab::{Base, InputFile, PartsOfSpeech, Row, error, read_input};
use crate::Result;

const MAGIC: u32 = 0xef71_8f77;
const VERSION: u32 = 102;
const HEADER: usize = 72;
const TOKEN: usize = 16;

/// Reads the four files.
pub fn read(folder: &Path) -> Result<Base> {
    let mut inputs = Vec::new();
    let rows = lexicon(&folder.join("sys.dic"), &mut inputs)?;
    let unknown = lexicon(&folder.join("unk.dic"), &mut inputs)?;
    let path = folder.join("matrix.bin");
    let (bytes, input) = read_input(&path)?;
    inputs.push(input);
    let matrix = Matrix::from_binary(&bytes).map_err(|message| error(path, message))?;
    let path = folder.join("char.bin");
    let (bytes, input) = read_input(&path)?;
    inputs.push(input);
    let characters = Characters::from_binary(&bytes)
        .ok_or_else(|| error(path, "damaged or not a char.bin; install the dictionary again"))?;
    Ok(Base { folder: folder.to_owned(), rows, unknown, characters, matrix, inputs })
}

fn lexicon(path: &Path, inputs: &mut Vec<InputFile>) -> Result<Vec<Row>> {
    let (bytes, input) = read_input(path)?;
    inputs.push(input);
    let damaged = || error(path, "damaged or not a compiled MeCab dictionary; install the dictionary again");
    let word = |i: usize| Some(u32::from_le_bytes(*bytes.get(4 * i..)?.first_chunk()?));
    if word(0).map(|magic| magic ^ MAGIC) != u32::try_from(bytes.len()).ok() {
        return Err(damaged());
    }
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
    let encoding = Encoding::for_label(charset).ok_or_else(|| {
        error(path, format!("unknown charset {}; compile it as UTF-8", String::from_utf8_lossy(charset)))
    })?;
    let (tokens, _) = tokens.as_chunks::<TOKEN>();
    let mut rows = Vec::new();
    let mut parts_of_speech = PartsOfSpeech::default();
    for (surface, value) in double_array::entries(trie).ok_or_else(damaged)? {
        // A value is the index of the first token (24 bits) and the number of tokens (8 bits).
        let value = usize::try_from(value).map_err(|_| damaged())?;
        let (first, count) = (value >> 8, value & 0xff);
        let surface = decode(encoding, &surface).ok_or_else(damaged)?;
        for token in tokens.get(first..first + count).ok_or_else(damaged)? {
            let (row, feature) = token_row(&surface, token);
            let feature = usize::try_from(feature).ok().and_then(|at| features.get(at..));
            let feature = feature.and_then(until_nul).ok_or_else(damaged)?;
            let feature = decode(encoding, feature).ok_or_else(damaged)?;
            rows.push(Row { part_of_speech: parts_of_speech.of(&feature), ..row });
        }
    }
    if u32::try_from(rows.len()).ok() != word(3) {
        return Err(damaged());
    }
    Ok(rows)
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

fn decode(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(String::from)
}

//! Reads MeCab sources: a folder with `*.csv`, `matrix.def`, `char.def` and `unk.def`, in UTF-8 or EUC-JP.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::characters::Characters;
use super::charset::Charset;
use super::matrix::Matrix;
use super::mecab::{Base, InputFile, Lexicon, NOT_TEXT, PartsOfSpeech, Row, error, error_at, read_input};
use crate::{Error, Result};

/// Reads the folder; the `*.csv` in the order in which MeCab's compiler takes them.
pub fn read(folder: &Path) -> Result<Base> {
    let mut inputs = Vec::new();
    let mut parts_of_speech = PartsOfSpeech::default();
    let (mut rows, mut not_text) = (Vec::new(), 0);
    for path in csv_files(folder)? {
        let file = lexicon(&path, &mut inputs, &mut parts_of_speech)?;
        rows.extend(file.rows);
        not_text += file.not_text;
    }
    if rows.is_empty() {
        return Err(error(folder, "no rows: the folder has no *.csv, or only empty ones"));
    }
    let unknown = lexicon(&folder.join("unk.def"), &mut inputs, &mut parts_of_speech)?.rows;
    let path = folder.join("matrix.def");
    let text = text(&path, &mut inputs)?;
    let matrix = Matrix::from_text(&text).map_err(|(line, message)| Error::Input { path, line, message })?;
    let path = folder.join("char.def");
    let text = self::text(&path, &mut inputs)?;
    let characters =
        Characters::from_text(&text).map_err(|(line, message)| Error::Input { path, line, message })?;
    let skipped = BTreeMap::from_iter((not_text > 0).then(|| (NOT_TEXT.to_owned(), not_text)));
    Ok(Base { folder: folder.to_owned(), rows, unknown, characters, matrix, inputs, skipped })
}

/// Returns the `*.csv` as the file system lists them: of rows that cost the same the first wins in MeCab, whose compiler
/// takes the files in this order (`enum_csv_dictionaries` in utils.cpp).
fn csv_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder, "cannot list"))? {
        let path = entry.map_err(Error::io(folder, "cannot list"))?.path();
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn text(path: &Path, inputs: &mut Vec<InputFile>) -> Result<String> {
    let (bytes, input) = read_input(path)?;
    inputs.push(input);
    decode(path, bytes)
}

/// Decodes UTF-8 if it is valid, else EUC-JP.
pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<String> {
    let text = String::from_utf8(bytes).or_else(|error| Charset::EucJp.decode(error.as_bytes()).ok_or(()));
    text.map_err(|()| error(path, NEITHER))
}

const NEITHER: &str = "neither UTF-8 nor EUC-JP; convert it to UTF-8";

/// Finds the charset of a lexicon: the one in which most lines are valid, if nine of ten are.
///
/// Debian's Juman dictionary has a file of 594 lines with six that are cut within a character; of a file in a charset that
/// is neither, most lines are invalid.
fn charset_of(path: &Path, bytes: &[u8]) -> Result<Charset> {
    let invalid = |charset: Charset| {
        let lines = bytes.split(|&byte| byte == b'\n');
        lines.filter(|line| charset.decode(line).is_none()).count()
    };
    let counts = [Charset::Utf8, Charset::EucJp].map(|charset| (invalid(charset), charset));
    let lines = bytes.split(|&byte| byte == b'\n').count();
    let fewest = counts.into_iter().min_by_key(|&(invalid, _)| invalid);
    let found = fewest.filter(|&(invalid, _)| invalid * 10 <= lines);
    found.map(|(_, charset)| charset).ok_or_else(|| error(path, NEITHER))
}

/// Reads rows of `surface,left id,right id,cost,feature…`.
fn lexicon(path: &Path, inputs: &mut Vec<InputFile>, parts_of_speech: &mut PartsOfSpeech) -> Result<Lexicon> {
    let (bytes, input) = read_input(path)?;
    inputs.push(input);
    let charset = charset_of(path, &bytes)?;
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_slice());
    let mut lexicon = Lexicon::default();
    for record in reader.into_byte_records() {
        let record = record.map_err(|error| error_at(path, error.position(), "cannot be read as CSV"))?;
        let number = |i: usize| {
            let field = std::str::from_utf8(record.get(i)?).ok()?;
            field.trim().parse::<i32>().ok()
        };
        let id = |i: usize| number(i).and_then(|id| u16::try_from(id).ok());
        let (Some(left), Some(right), Some(cost)) =
            (id(1), id(2), number(3).and_then(|c| i16::try_from(c).ok()))
        else {
            let message =
                "write surface,left id,right id,cost,part of speech…: three integers after the surface";
            return Err(error_at(path, record.position(), message));
        };
        let surface = record.get(0).unwrap_or_default();
        if surface.is_empty() {
            continue; // as MeCab does
        }
        let Some(surface) = charset.decode(surface) else {
            lexicon.not_text += 1;
            continue;
        };
        let feature = record.iter().skip(4).take(3).collect::<Vec<_>>().join(&b',');
        let part_of_speech = parts_of_speech.of(charset, &feature);
        lexicon.rows.push(Row { surface, left, right, cost, part_of_speech });
    }
    Ok(lexicon)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Lexicon> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lex.csv");
        std::fs::write(&path, text).unwrap();
        lexicon(&path, &mut Vec::new(), &mut PartsOfSpeech::default())
    }

    fn rows(text: &[u8]) -> Result<Vec<Row>> {
        read(text).map(|lexicon| lexicon.rows)
    }

    #[test]
    fn a_row_that_is_not_text_is_counted() {
        for (good, bad) in [("痛み".as_bytes(), b"\xe7\x97".as_slice()), (b"\xc4\xcb\xa4\xdf", b"\xc4\xff")]
        {
            let row = |surface| [surface, b",1,1,1,*\n".as_slice()].concat();
            let lexicon = read(&[row(good).repeat(12), row(bad), row(b"a")].concat()).unwrap();
            assert_eq!((lexicon.rows.len(), lexicon.not_text), (13, 1));
            assert_eq!((lexicon.rows[0].surface.as_str(), lexicon.rows[12].surface.as_str()), ("痛み", "a"));
            assert!(
                read(&[row(good), row(bad)].concat()).is_err(),
                "half of a file is no damage but another charset"
            );
        }
    }

    #[test]
    fn quoted_surfaces_keep_commas_and_quotes() {
        let rows =
            rows("\"1,2-酸\",1,2,-3,名詞,固有名詞,一般,*\r\n\"言\"\"葉\",4,5,6,名詞\n".as_bytes()).unwrap();
        assert_eq!(
            (rows[0].surface.as_str(), rows[0].left, rows[0].right, rows[0].cost),
            ("1,2-酸", 1, 2, -3)
        );
        assert_eq!((&*rows[0].part_of_speech, &*rows[1].part_of_speech), ("名詞,固有名詞,一般", "名詞"));
        assert_eq!(rows[1].surface, "言\"葉");
    }

    #[test]
    fn euc_jp_is_recognised() {
        // 痛み〜 in EUC-JP.
        let rows = rows(b"\xc4\xcb\xa4\xdf\xa1\xc1,1,1,1,*\n").unwrap();
        assert_eq!(rows[0].surface, "痛み〜");
    }

    #[test]
    fn mistakes_name_file_and_line() {
        for (text, expected) in [
            ("語,1,1,1,*\n語,1,x,1,*\n", "lex.csv:2: write surface"),
            ("語,1,1,40000,*\n", "lex.csv:1: write surface"),
        ] {
            let message = rows(text.as_bytes()).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        assert!(rows(b"\xff\xff").unwrap_err().to_string().contains("neither UTF-8 nor EUC-JP"));
    }
}

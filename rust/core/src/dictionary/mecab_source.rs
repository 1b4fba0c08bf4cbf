//! Reads MeCab sources: a folder with `*.csv`, `matrix.def`, `char.def` and `unk.def`, in UTF-8 or EUC-JP.

use std::path::{Path, PathBuf};

use super::characters::Characters;
use super::matrix::Matrix;
use super::mecab::{Base, InputFile, PartsOfSpeech, Row, error, error_at, read_input};
use crate::{Error, Result};

/// Reads the folder; the `*.csv` in the order of their names (MeCab takes them as the file system gives them).
pub fn read(folder: &Path) -> Result<Base> {
    let mut inputs = Vec::new();
    let mut parts_of_speech = PartsOfSpeech::default();
    let mut rows = Vec::new();
    for path in csv_files(folder)? {
        rows.extend(lexicon(&path, &mut inputs, &mut parts_of_speech)?);
    }
    if rows.is_empty() {
        return Err(error(folder, "no rows: the folder has no *.csv, or only empty ones"));
    }
    let unknown = lexicon(&folder.join("unk.def"), &mut inputs, &mut parts_of_speech)?;
    let path = folder.join("matrix.def");
    let text = text(&path, &mut inputs)?;
    let matrix = Matrix::from_text(&text).map_err(|(line, message)| Error::Input { path, line, message })?;
    let path = folder.join("char.def");
    let text = self::text(&path, &mut inputs)?;
    let characters =
        Characters::from_text(&text).map_err(|(line, message)| Error::Input { path, line, message })?;
    Ok(Base { folder: folder.to_owned(), rows, unknown, characters, matrix, inputs })
}

fn csv_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder, "cannot list"))? {
        let path = entry.map_err(Error::io(folder, "cannot list"))?.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn text(path: &Path, inputs: &mut Vec<InputFile>) -> Result<String> {
    let (bytes, input) = read_input(path)?;
    inputs.push(input);
    decode(path, bytes)
}

/// Decodes UTF-8 if it is valid, else EUC-JP.
pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<String> {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error.into_bytes(),
    };
    let Some(text) = encoding_rs::EUC_JP.decode_without_bom_handling_and_without_replacement(&bytes) else {
        return Err(error(path, "neither UTF-8 nor EUC-JP; convert it to UTF-8"));
    };
    // The Web's EUC-JP gives these six characters their Windows mapping, MeCab's (iconv) that of JIS.
    Ok(text
        .chars()
        .map(|c| match c {
            '～' => '〜',
            '∥' => '‖',
            '－' => '−',
            '￠' => '¢',
            '￡' => '£',
            '￢' => '¬',
            c => c,
        })
        .collect())
}

/// Reads rows of `surface,left id,right id,cost,feature…`.
fn lexicon(
    path: &Path,
    inputs: &mut Vec<InputFile>,
    parts_of_speech: &mut PartsOfSpeech,
) -> Result<Vec<Row>> {
    let text = text(path, inputs)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error_at(path, error.position(), "cannot be read as CSV"))?;
        let number = |i: usize| record.get(i).and_then(|field| field.trim().parse::<i32>().ok());
        let id = |i: usize| number(i).and_then(|id| u16::try_from(id).ok());
        let surface = record.get(0).unwrap_or("");
        let (Some(left), Some(right), Some(cost)) =
            (id(1), id(2), number(3).and_then(|c| i16::try_from(c).ok()))
        else {
            let message =
                "write surface,left id,right id,cost,part of speech…: three integers after the surface";
            return Err(error_at(path, record.position(), message));
        };
        if surface.is_empty() {
            continue; // as MeCab does
        }
        let feature = record.iter().skip(4).take(3).collect::<Vec<_>>().join(",");
        let part_of_speech = parts_of_speech.of(&feature);
        rows.push(Row { surface: surface.to_owned(), left, right, cost, part_of_speech });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Result<Vec<Row>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lex.csv");
        std::fs::write(&path, text).unwrap();
        lexicon(&path, &mut Vec::new(), &mut PartsOfSpeech::default())
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

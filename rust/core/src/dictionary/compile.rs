//! Compiles rows, matrix and categories with vibrato.

use super::mecab::{Base, Row, error};
use crate::{Error, Result};

/// Compiles the rows of the base and `terms`.
///
/// If paths cost the same, MeCab goes by the order of rows: of those that stand for the same stretch of text the
/// first wins, and system rows come before those of a user dictionary. With vibrato the last one wins, so it gets them
/// in reverse. (One order remains different: MeCab prefers a known word to an unknown one at equal cost, vibrato the
/// other way round. It was seen with made-up dictionaries only, on none of 1.5 million lines.) vibrato has user
/// dictionaries too, but looks every position up in two tries.
///
/// The features are left out: only the surfaces of morphemes are used, and most of the loading time went there.
pub fn dictionary(base: &Base, terms: &[Row]) -> Result<vibrato::Dictionary> {
    let failed = |cause: &dyn std::fmt::Display| error(&base.folder, format!("cannot be compiled: {cause}"));
    let rows = lexicon(base.rows.iter().chain(terms).rev(), false).map_err(|cause| failed(&cause))?;
    let unknown = lexicon(base.unknown.iter().rev(), false).map_err(|cause| failed(&cause))?;
    vibrato::SystemDictionaryBuilder::from_readers(
        rows.as_slice(),
        base.matrix.text(),
        base.characters.text().as_bytes(),
        unknown.as_slice(),
    )
    .map_err(|cause| failed(&cause))
}

/// Rows as MeCab's CSV: surface, left id, right id, cost, and the part of speech if wanted.
pub fn lexicon<'a>(rows: impl Iterator<Item = &'a Row>, part_of_speech: bool) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        let (left, right, cost) = (row.left.to_string(), row.right.to_string(), row.cost.to_string());
        let head = [&row.surface, &left, &right, &cost].map(String::as_str);
        let fields = row.part_of_speech.split(',').filter(|_| part_of_speech);
        writer.write_record(head.into_iter().chain(fields))?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// Converts an error of vibrato to one about `path`.
pub fn vibrato_error(path: &std::path::Path) -> impl Fn(vibrato::errors::VibratoError) -> Error {
    move |cause| error(path, format!("vibrato cannot use it: {cause}"))
}

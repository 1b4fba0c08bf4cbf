//! Builds the analyser's dictionary file from a MeCab dictionary and the user's terms.
//!
//! [`build`] reads a base ([`Base::read`]: compiled or sources), reads and cleans the terms ([`terms`]), prices them
//! ([`cost`]), hands all rows to vibrato ([`compile`]) and writes the [`file`]. The same inputs give the same bytes.

mod arrays;
mod characters;
mod charset;
mod compile;
pub mod cost;
mod double_array;
pub mod file;
pub(crate) mod lattice;
mod matrix;
mod mecab;
mod mecab_binary;
mod mecab_source;
mod settings;
pub mod terms;
pub(crate) mod trie;

use std::path::{Path, PathBuf};

pub use file::{Header, Licence};
pub use mecab::{Base, InputFile, Row};
pub use settings::{LONGEST_LINE, Settings};

pub(crate) use characters::Kind;
pub(crate) use compile::vibrato_error;
pub(crate) use matrix::{BOUNDARY, Matrix};
pub(crate) use mecab::MAX_SURFACE;
pub(crate) use settings::{MAX_GROUPING_LEN, vibrato_tokenizer};
pub(crate) use trie::{NONE, Walk};

use crate::{Error, Result};

impl Base {
    /// Reads a folder of compiled files (`sys.dic`, …) or of MeCab sources (`*.csv`, `matrix.def`, …).
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Input`] with the line of a source, and [`Error::Dictionary`] for a folder that is
    /// no dictionary, is damaged, or does not fit together.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut base = if folder.join("sys.dic").exists() {
            mecab_binary::read(folder)?
        } else if folder.join("matrix.def").exists() {
            mecab_source::read(folder)?
        } else {
            let message = "no MeCab dictionary: it needs sys.dic, matrix.bin, char.bin and unk.dic, \
                           or *.csv, matrix.def, char.def and unk.def";
            return Err(mecab::error(folder, message));
        };
        base.skip_unusable();
        base.check()?;
        Ok(base)
    }
}

/// Inputs of a dictionary.
pub struct Plan<'a> {
    /// The name of the base, for the header.
    pub base_name: &'a str,
    /// Its folder: compiled files or MeCab sources.
    pub base: &'a Path,
    /// Files of terms, and the terms in each of them.
    pub terms: &'a [(PathBuf, Vec<String>)],
    /// Licence notices of the base and of the terms.
    pub licences: &'a [PathBuf],
    /// The cleaning that the text to be analysed goes through, so that terms match it.
    pub clean: &'a dyn Fn(&str) -> String,
}

/// Stage of building a dictionary, for progress reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Reading the base.
    ReadBase,
    /// Compiling the base alone, which the terms are priced against.
    CompileBase,
    /// This many of so many terms are priced.
    Price(usize, usize),
    /// Compiling base and terms.
    Compile,
    /// Writing the file.
    Write,
}

/// Builds the dictionary `output` and returns its header; `progress` may stop the work with an error.
pub fn build(output: &Path, plan: &Plan, progress: &mut dyn FnMut(Step) -> Result<()>) -> Result<Header> {
    progress(Step::ReadBase)?;
    let base = Base::read(plan.base)?;
    let mut inputs = base.inputs.clone();
    let terms = read_terms(&base, plan, &mut inputs)?;
    let licences = plan.licences.iter().map(|path| licence(path)).collect::<Result<_>>()?;
    let rows = price_terms(&base, terms.kept, progress)?;

    progress(Step::Compile)?;
    let vibrato = serialise(&base, &rows)?;
    let lattice =
        lattice::Dictionary::build(&base, &rows)?.to_bytes().map_err(Error::io(output, "cannot compress"))?;
    progress(Step::Write)?;
    let mut header = Header::new(plan.base_name, base.rows.len(), inputs, licences);
    header.terms = rows.len() as u64;
    header.skipped = base.skipped.clone();
    header.skipped.extend(terms.skipped);
    let csv = compile::lexicon(rows.iter(), true).map_err(Error::io(output, "cannot write terms"))?;
    let terms = std::str::from_utf8(&csv).map_err(|_| Error::internal("terms in CSV are not UTF-8"))?;
    let parts = file::Parts { checksum: 0, header, terms, lattice: &lattice, vibrato: &vibrato };
    file::write(output, &parts)?;
    Ok(parts.header)
}

fn read_terms(base: &Base, plan: &Plan, inputs: &mut Vec<InputFile>) -> Result<terms::Terms> {
    let nouns = base.nouns();
    let mut all = terms::Terms::default();
    for (path, terms) in plan.terms {
        inputs.push(mecab::read_input(path)?.1);
        for term in terms {
            all.add(term, plan.clean, |term| nouns.contains(term));
        }
    }
    Ok(all)
}

fn price_terms(
    base: &Base,
    terms: std::collections::BTreeSet<String>,
    progress: &mut dyn FnMut(Step) -> Result<()>,
) -> Result<Vec<Row>> {
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    progress(Step::CompileBase)?;
    let compiled = serialise(base, &[])?;
    let total = terms.len();
    cost::price(base, &compiled, terms, &mut |done| progress(Step::Price(done, total)))
}

fn serialise(base: &Base, terms: &[Row]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    compile::dictionary(base, terms)?.write(&mut bytes).map_err(vibrato_error(&base.folder))?;
    Ok(bytes)
}

/// Length in bytes of the longest licence notice.
const LONGEST_NOTICE: u64 = 16 << 20;

/// Reads a licence notice in any encoding: ipadic's COPYING ends in two stray bytes.
fn licence(path: &Path) -> Result<Licence> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() > LONGEST_NOTICE) {
        return Err(mecab::error(path, "too long for a licence notice; name the text of the licence"));
    }
    let (bytes, input) = mecab::read_input(path)?;
    let text = mecab_source::decode(path, bytes.clone())
        .unwrap_or_else(|_| encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned());
    Ok(Licence { name: input.name, text })
}

//! Text cleaning as Python functions.

use ncvc_core::Error;
use ncvc_core::clean as rules;
use ncvc_core::source::Fields;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::to_python;
use crate::parallel;

/// Creates a cleaner with the options of [`options`].
fn cleaner(clinical: bool, hospitals: bool, replacement: &str, keep: &[String]) -> PyResult<rules::Cleaner> {
    rules::Cleaner::new(&options(clinical, hospitals, replacement, keep)?).map_err(to_python)
}

/// Reads the options; `replacement` is `"nothing"` or `"tag"`, `keep` lists web notations that stay.
fn options(
    clinical: bool,
    hospitals: bool,
    replacement: &str,
    keep: &[String],
) -> PyResult<rules::CleaningOptions> {
    let replacement = match replacement {
        "nothing" => rules::Replacement::Nothing,
        "tag" => rules::Replacement::Tag,
        other => {
            let message = format!("replacement is {other:?}: write \"nothing\" or \"tag\"");
            return Err(PyValueError::new_err(message));
        }
    };
    let mut web = rules::WebOptions::default();
    for kept in keep {
        match kept.as_str() {
            "urls" => web.urls = false,
            "accounts" => web.accounts = false,
            "tags" => web.tags = false,
            other => {
                let message = format!("keep has {other:?}: write \"urls\", \"accounts\" or \"tags\"");
                return Err(PyValueError::new_err(message));
            }
        }
    }
    Ok(rules::CleaningOptions { clinical, hospitals, replacement, web })
}

/// Cleans a text.
#[pyfunction]
#[pyo3(signature = (text, *, clinical=false, hospitals=false, replacement="nothing", keep=vec![]))]
pub fn clean(
    py: Python<'_>,
    text: &str,
    clinical: bool,
    hospitals: bool,
    replacement: &str,
    keep: Vec<String>,
) -> PyResult<String> {
    let mut cleaner = cleaner(clinical, hospitals, replacement, &keep)?;
    Ok(py.detach(|| cleaner.clean(text).to_owned()))
}

/// Private data in a text: start and end in characters, kind, and false if the place is wider than the data.
type RemovedRow = (usize, usize, String, bool);

/// Cleans a text and returns it with the places of private data in the given text.
#[pyfunction]
#[pyo3(signature = (text, *, clinical=false, hospitals=false, replacement="nothing"))]
pub fn clean_traced(
    py: Python<'_>,
    text: &str,
    clinical: bool,
    hospitals: bool,
    replacement: &str,
) -> PyResult<(String, Vec<RemovedRow>)> {
    let options = options(clinical, hospitals, replacement, &[])?;
    let traced = py.detach(|| rules::traced(text, &options)).map_err(to_python)?;
    let row = |rules::Removed { place, tag, exact }| {
        (place.start, place.end, tag.trim_matches(['〔', '*', '〕']).to_owned(), exact)
    };
    Ok((traced.after, traced.removed.into_iter().map(row).collect()))
}

/// Cleans texts, on all cores.
#[pyfunction]
#[pyo3(signature = (texts, *, clinical=false, hospitals=false, replacement="nothing", keep=vec![]))]
pub fn clean_batch(
    py: Python<'_>,
    texts: Vec<String>,
    clinical: bool,
    hospitals: bool,
    replacement: &str,
    keep: Vec<String>,
) -> PyResult<Vec<String>> {
    let cleaner = cleaner(clinical, hospitals, replacement, &keep)?;
    let clean = |cleaner: &mut rules::Cleaner, text: &str| cleaner.clean(text).to_owned();
    parallel::map(py, &texts, || cleaner.clone(), clean)
}

/// Cleans the text in one field of JSON objects and keeps everything else; `None` for a line without such a text.
#[pyfunction]
#[pyo3(signature = (lines, text_field, *, clinical=false, hospitals=false, replacement="nothing", keep=vec![]))]
pub fn clean_json_lines(
    py: Python<'_>,
    lines: Vec<String>,
    text_field: &str,
    clinical: bool,
    hospitals: bool,
    replacement: &str,
    keep: Vec<String>,
) -> PyResult<Vec<Option<String>>> {
    let cleaner = cleaner(clinical, hospitals, replacement, &keep)?;
    let clean = |cleaner: &mut rules::Cleaner, line: &str| clean_json(cleaner, line, text_field);
    let cleaned = parallel::map(py, &lines, || cleaner.clone(), clean)?;
    cleaned.into_iter().collect::<ncvc_core::Result<_>>().map_err(to_python)
}

fn clean_json(
    cleaner: &mut rules::Cleaner,
    line: &str,
    text_field: &str,
) -> ncvc_core::Result<Option<String>> {
    if line.is_empty() {
        return Ok(Some(String::new()));
    }
    let Ok(fields) = Fields::parse(line.as_bytes()) else { return Ok(None) };
    let Ok(text) = fields.text(text_field) else { return Ok(None) };
    let mut out = Vec::with_capacity(line.len());
    fields
        .write_with(text_field, cleaner.clean(&text), &mut out)
        .map_err(|_| Error::internal("an object that was read has no JSON form"))?;
    out.pop(); // the line feed
    String::from_utf8(out).map(Some).map_err(|_| Error::internal("JSON is not UTF-8"))
}

/// Returns the version of the cleaning rules.
#[pyfunction]
pub fn cleaning_version() -> u32 {
    rules::VERSION
}

/// Returns every character that cleaned text may hold, white space and line feeds apart.
#[pyfunction]
pub fn allowed_characters() -> String {
    rules::allowed_characters().into_iter().collect()
}

/// A rule's name, description and examples: before, after, reason.
type RuleRow = (&'static str, &'static str, Vec<(&'static str, &'static str, &'static str)>);

/// Returns the rules in their order.
#[pyfunction]
pub fn cleaning_rules() -> Vec<RuleRow> {
    let examples = |rule: &rules::Rule| rule.examples.iter().map(|e| (e.before, e.after, e.why)).collect();
    rules::RULES.iter().map(|rule| (rule.name, rule.what, examples(rule))).collect()
}

/// Returns the rules that change a text, in the order of application: name, number of edits, text after it.
#[pyfunction]
pub fn cleaning_steps(py: Python<'_>, text: &str) -> Vec<(&'static str, u64, String)> {
    let steps = py.detach(|| rules::steps(text));
    steps.into_iter().map(|step| (step.rule, step.edits, step.after)).collect()
}

/// A clinical category's name, tag, description, source and examples: before, after, reason.
type CategoryRow =
    (&'static str, &'static str, &'static str, &'static str, Vec<(&'static str, &'static str, &'static str)>);

/// Returns the categories of the clinical set.
#[pyfunction]
pub fn clinical_categories() -> Vec<CategoryRow> {
    let examples = |category: &rules::clinical::Category| {
        category.examples.iter().map(|e| (e.before, e.after, e.why)).collect()
    };
    let row = |c: &rules::clinical::Category| (c.name, c.tag, c.what, c.source, examples(c));
    rules::clinical::CATEGORIES.iter().map(row).collect()
}

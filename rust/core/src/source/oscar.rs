//! Judgements on documents that OSCAR publishes with them, in `metadata`.

use serde_json::value::RawValue;

use super::json::Fields;

/// Members that list warnings: of OSCAR 23.01 and of 22.01.
const WARNINGS: [&str; 2] = ["metadata.quality_warnings", "metadata.annotation"];
const CATEGORIES: &str = "metadata.categories";
const PERPLEXITY: &str = "metadata.harmful_pp";

/// Rules on what OSCAR says of a document; a document without such members passes them all.
#[derive(Clone, Debug, Default)]
pub struct OscarRules {
    /// Quality warnings for which documents are dropped.
    pub quality_warnings: Vec<String>,
    /// Categories of blocklists of web sites for which documents are dropped.
    pub categories: Vec<String>,
    /// Perplexity in a model of harmful text below which documents are dropped.
    pub least_harmful_pp: Option<f64>,
}

/// The rule that drops a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OscarReason {
    /// It has a listed quality warning.
    QualityWarning,
    /// Its web site is in a listed category.
    Category,
    /// A model of harmful text finds it too likely.
    Harmful,
}

impl OscarRules {
    /// Returns the first rule that drops a document.
    pub fn drop(&self, fields: &Fields<'_>) -> Option<OscarReason> {
        if WARNINGS.iter().any(|field| lists_one_of(fields, field, &self.quality_warnings)) {
            return Some(OscarReason::QualityWarning);
        }
        if lists_one_of(fields, CATEGORIES, &self.categories) {
            return Some(OscarReason::Category);
        }
        let least = self.least_harmful_pp?;
        let perplexity: f64 = serde_json::from_str(fields.find(PERPLEXITY)?).ok()?;
        (perplexity < least).then_some(OscarReason::Harmful)
    }
}

fn lists_one_of(fields: &Fields<'_>, field: &str, listed: &[String]) -> bool {
    let raw = if listed.is_empty() { None } else { fields.find(field) };
    let items: Vec<&RawValue> = raw.and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
    let names = items.iter().filter_map(|item| serde_json::from_str::<String>(item.get()).ok());
    names.into_iter().any(|name| listed.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(metadata: &str) -> Option<OscarReason> {
        let rules = OscarRules {
            quality_warnings: vec!["noisy".to_owned()],
            categories: vec!["adult".to_owned()],
            least_harmful_pp: Some(10.0),
        };
        let line = format!(r#"{{"content":"熱","metadata":{metadata}}}"#);
        let fields = Fields::parse(line.as_bytes()).expect("it is JSON");
        assert_eq!(OscarRules::default().drop(&fields), None);
        rules.drop(&fields)
    }

    #[test]
    fn each_judgement_drops_by_its_rule() {
        assert_eq!(reason(r#"{"quality_warnings":["tiny","noisy"]}"#), Some(OscarReason::QualityWarning));
        assert_eq!(reason(r#"{"annotation":["noisy"]}"#), Some(OscarReason::QualityWarning));
        assert_eq!(reason(r#"{"categories":[null,"adult"],"harmful_pp":null}"#), Some(OscarReason::Category));
        assert_eq!(reason(r#"{"quality_warnings":null,"harmful_pp":9.9}"#), Some(OscarReason::Harmful));
        for other in
            [r#"{"harmful_pp":10}"#, r#"{"harmful_pp":"9"}"#, r#"{"quality_warnings":"noisy"}"#, "3", "null"]
        {
            assert_eq!(reason(other), None, "{other}");
        }
    }
}

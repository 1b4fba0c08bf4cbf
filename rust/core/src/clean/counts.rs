//! Documents changed and edits made, by rule and by clinical category.

use super::clinical;
use super::rules::{RULE_COUNT, RULES};

/// Number of rows of the counts: the rules, then the clinical categories.
pub const ROW_COUNT: usize = RULE_COUNT + clinical::CATEGORY_COUNT;

/// Returns the names of the rows.
pub fn row_names() -> impl Iterator<Item = &'static str> {
    let categories = clinical::CATEGORIES.iter().map(|category| category.name);
    RULES.iter().map(|rule| rule.name).chain(categories)
}

/// Counts by rule, in the order of [`RULES`], then by category, in that of [`clinical::CATEGORIES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Documents that the rule changed.
    pub documents: [u64; ROW_COUNT],
    /// Edits that the rule made.
    pub edits: [u64; ROW_COUNT],
}

impl Default for Counts {
    fn default() -> Self {
        Self { documents: [0; ROW_COUNT], edits: [0; ROW_COUNT] }
    }
}

impl Counts {
    /// Adds the counts of another thread.
    pub fn add(&mut self, other: &Self) {
        for i in 0..ROW_COUNT {
            self.documents[i] += other.documents[i];
            self.edits[i] += other.edits[i];
        }
    }
}

/// Writes a list of `{"rule", "documents", "edits"}` in the order of the rows; categories only where any was found.
impl serde::Serialize for Counts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Row {
            rule: &'static str,
            documents: u64,
            edits: u64,
        }
        let rows = row_names().zip(self.documents).zip(self.edits);
        let rows = rows.map(|((rule, documents), edits)| Row { rule, documents, edits });
        let shown = rows.enumerate().filter(|(i, row)| *i < RULE_COUNT || row.edits > 0);
        serializer.collect_seq(shown.map(|(_, row)| row))
    }
}

/// Edits by row, as in [`Counts`].
pub type Edits = [u64; ROW_COUNT];

//! Options of cleaning.

/// Treatment of private data. The default is the papers': the rules `personal` and `web`, replaced by nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleaningOptions {
    /// Replace the clinical set ([`clinical`](super::clinical)) too.
    pub clinical: bool,
    /// Replacement of private data.
    pub replacement: Replacement,
}

/// Replacement of private data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replacement {
    /// Nothing; the label of clinical data goes with it, as an empty label would claim the next words.
    #[default]
    Nothing,
    /// The kind of data in 〔〕, which is in JIS X 0208, rare in prose and one token wherever it occurs often.
    Tag,
}

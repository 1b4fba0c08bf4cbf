//! What a pass may choose about cleaning; everything else is fixed.

/// How private data is treated. The default is the papers': the rules `personal` and `web`, replaced by nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleaningOptions {
    /// Whether the clinical set ([`clinical`](super::clinical)) is replaced too.
    pub clinical: bool,
    /// What stands in the place of private data.
    pub replacement: Replacement,
}

/// What stands in the place of private data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replacement {
    /// Nothing; what announced clinical data goes with it, as an empty label would claim the next words.
    #[default]
    Nothing,
    /// The kind of data in 〔〕, which is in JIS X 0208, rare in prose and one token wherever it occurs often.
    Tag,
}

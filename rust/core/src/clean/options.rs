//! Options of cleaning.

/// Options of cleaning. The default is the papers': the rules `personal` and `web`, which remove.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleaningOptions {
    /// Replace the clinical set ([`clinical`](super::clinical)) too.
    pub clinical: bool,
    /// Replace names of hospitals and wards too, with the clinical set or alone.
    #[serde(default)]
    pub hospitals: bool,
    /// Replacement of private data.
    pub replacement: Replacement,
    /// Web notations that are removed.
    pub web: WebOptions,
}

/// Web notations that the rule `web` removes: all of them by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebOptions {
    /// URLs.
    pub urls: bool,
    /// Accounts, as in @taro_99.
    pub accounts: bool,
    /// Tags, as in 旅行 #京都.
    pub tags: bool,
}

impl Default for WebOptions {
    fn default() -> Self {
        Self { urls: true, accounts: true, tags: true }
    }
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

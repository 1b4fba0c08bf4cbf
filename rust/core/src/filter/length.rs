//! Documents too short to teach anything: navigation, captions, a title without its text.
//!
//! Counted in characters, white space (▁ and line feeds) apart. The Swallow corpus (Okazaki et al. 2024,
//! arXiv:2404.17733, 3.3) drops web pages under 400 characters; clinical notes and questions are shorter than that, so
//! the default is far lower.

use super::options::LengthOptions;
use super::reason::Reason;

/// Judges the number of characters, white space apart.
pub fn judge(options: &LengthOptions, characters: usize) -> Result<(), Reason> {
    if characters < options.least_characters { Err(Reason::TooShort) } else { Ok(()) }
}

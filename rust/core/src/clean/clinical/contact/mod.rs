//! Ways to reach a person that the papers' rules do not know: written-out addresses, hidden @, IDs of messengers.

mod account;
mod e_mail;
mod extension;
mod phone;
mod url;
mod words;

use std::ops::Range;

use super::category::Found;
use crate::clean::options::WebOptions;
use crate::clean::rules::{PERSONAL, WEB};
pub use words::Words;

const PHONE: &str = "〔*電話番号〕";
const E_MAIL: &str = "〔*メールアドレス〕";
const URL: &str = "〔*URL〕";
const ACCOUNT: &str = "〔*アカウント〕";

/// Builds the automaton of the words at which contacts are looked for; `None` if it would be too large.
pub fn words() -> Option<Words> {
    Words::new(all())
}

/// The words in order; none is twice in it.
fn all() -> impl Iterator<Item = &'static str> + Clone {
    let words: [&[&str]; 6] =
        [&extension::WORDS, &phone::WORDS, &e_mail::PLAIN, &e_mail::HIDDEN, &url::WORDS, &account::WORDS];
    words.into_iter().flatten().copied()
}

/// Adds what is found to `found`.
pub fn find(words: &Words, options: &WebOptions, text: &str, found: &mut Vec<Found>) {
    let seen = words.search(text);
    let mut add = |range: Range<usize>, tag, row| {
        found.push(Found { whole: range.clone(), value: range, tag, row });
    };
    extension::extensions(text, &seen).into_iter().for_each(|range| add(range, PHONE, PERSONAL));
    phone::phones(text, &seen).into_iter().for_each(|range| add(range, PHONE, PERSONAL));
    e_mail::e_mails(text, &seen).into_iter().for_each(|range| add(range, E_MAIL, PERSONAL));
    if options.urls {
        url::urls(text, &seen).into_iter().for_each(|range| add(range, URL, WEB));
    }
    if options.accounts {
        account::handles(text, &seen).into_iter().for_each(|range| add(range, ACCOUNT, WEB));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_as_often_as_by_itself() {
        let built = words().unwrap();
        let mut text: String = all().collect();
        text.push_str("///LINE IDPHS番号 @ \nhttps://a@@");
        let seen = built.search(&text);
        for word in all() {
            let expected: Vec<_> = text.match_indices(word).map(|(at, _)| at).collect();
            assert!(!expected.is_empty() && seen.of(word).eq(expected), "{word}");
        }
    }
}

//! Ways to reach a person that the papers' rules do not know: written-out addresses, hidden @, IDs of messengers.

mod account;
mod account_words;
mod e_mail;
mod extension;
mod group;
mod handle;
mod phone;
mod top_level;
mod url;
mod words;

use std::ops::Range;

use super::category::Found;
use super::further::further;
use crate::clean::options::WebOptions;
use crate::clean::rules::{PERSONAL, WEB};
pub use words::Words;

const PHONE: &str = "〔*電話番号〕";
const E_MAIL: &str = "〔*メールアドレス〕";
const URL: &str = "〔*URL〕";
const ACCOUNT: &str = "〔*アカウント〕";

/// The words; none is twice in them.
const GROUPS: [&[&str]; 7] = [
    &extension::WORDS,
    &phone::WORDS,
    &e_mail::PLAIN,
    &e_mail::HIDDEN,
    &url::WORDS,
    &account_words::WORDS,
    &handle::WORDS,
];

/// Builds the automaton of the words at which contacts are looked for; `None` if it would be too large.
pub fn words() -> Option<Words> {
    Words::new(&GROUPS)
}

/// Adds what is found to `found`.
pub fn find(words: &Words, options: &WebOptions, text: &str, found: &mut Vec<Found>) {
    let seen = words.search(text);
    let mut add = |range: Range<usize>, tag, row| {
        found.push(Found { whole: range.clone(), value: range, tag, row });
    };
    for range in extension::extensions(text, &seen) {
        further(text, &range, true).into_iter().chain([range]).for_each(|range| add(range, PHONE, PERSONAL));
    }
    phone::phones(text, &seen).into_iter().for_each(|range| add(range, PHONE, PERSONAL));
    e_mail::e_mails(text, &seen).into_iter().for_each(|range| add(range, E_MAIL, PERSONAL));
    if options.urls {
        url::urls(text, &seen).into_iter().for_each(|range| add(range, URL, WEB));
    }
    if options.accounts {
        let named = account::handles(text, &seen).into_iter();
        named.chain(handle::handles(text, &seen)).for_each(|range| add(range, ACCOUNT, WEB));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_as_often_as_by_itself() {
        let built = words().unwrap();
        let mut text = GROUPS.concat().concat();
        text.push_str("///LINE IDPHS番号 @ \nhttps://a@@");
        let seen = built.search(&text);
        for (group, words) in GROUPS.iter().enumerate() {
            let places = |word: &&'static str| {
                let word: &'static str = word;
                text.match_indices(word).map(move |(at, _)| (word, at)).collect::<Vec<_>>()
            };
            let expected: Vec<_> = words.iter().flat_map(places).collect();
            assert!(expected.len() >= words.len() && seen.of(group).eq(expected), "{group}");
        }
    }
}

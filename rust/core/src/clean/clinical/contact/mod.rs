//! Ways to reach a person that the papers' rules do not know: written-out addresses, hidden @, IDs of messengers.

mod account;
mod e_mail;
mod extension;
mod phone;
mod url;
mod words;

use std::ops::Range;

use super::Found;
use crate::clean::options::WebOptions;
use crate::clean::rules::{PERSONAL, WEB};
pub use words::Words;

const PHONE: &str = "〔*電話番号〕";
const E_MAIL: &str = "〔*メールアドレス〕";
const URL: &str = "〔*URL〕";
const ACCOUNT: &str = "〔*アカウント〕";

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

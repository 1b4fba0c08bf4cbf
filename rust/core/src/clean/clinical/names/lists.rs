//! Lists of words about names, which lie beside the code as text.

use std::sync::LazyLock;

use super::super::list::List;

macro_rules! lists {
    ($($name:ident $file:literal;)*) => {
        $(pub static $name: LazyLock<List> =
            LazyLock::new(|| List::read(include_str!(concat!("lists/", $file))));)*
    };
}

lists! {
    ALONE_BEHIND "alone_behind.txt";
    BELONGS "belongs.txt";
    SPEAKS_WITH "speaks_with.txt";
    COMPANIES "companies.txt";
    TOWNS "towns.txt";
    BEFORE "before.txt";
    BEFORE_MARK "before_mark.txt";
    BEHIND "behind.txt";
    BEHIND_KANA "behind_kana.txt";
    COMMON "common.txt";
    FAMILY "family.txt";
    FOREIGN_LATIN "foreign_latin.txt";
    GOES_ON "goes_on.txt";
    GIVEN_LATIN "given_latin.txt";
    GIVEN_SINGLE "given_single.txt";
    GIVEN_HIRAGANA "given_hiragana.txt";
    GIVEN_KATAKANA "given_katakana.txt";
    NO_KATAKANA "no_katakana.txt";
    NO_LABEL_VALUES "no_label_values.txt";
    NO_LATIN "no_latin.txt";
    NO_LATIN_PARTS "no_latin_parts.txt";
    WEAK_LATIN "weak_latin.txt";
    NO_NAME_BEFORE "no_name_before.txt";
    NO_NAME_ENDS "no_name_ends.txt";
    NO_FULL "no_full.txt";
    NO_GIVEN "no_given.txt";
    GIVEN "given.txt";
    GIVEN_MODERN "given_modern.txt";
    VARIANTS "variants.txt";
    VISITS "visits.txt";
}

/// Tests for a word in Latin letters that is no name.
pub fn is_other(word: &str) -> bool {
    NO_LATIN.contains(&word.to_ascii_lowercase())
}

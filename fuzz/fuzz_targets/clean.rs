//! Cleaning: idempotent, only allowed characters, and in one pass what the rules do one after the other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ncvc_core::clean::{
    Cleaner, CleaningOptions, Counts, META_SPACE, Output, RULE_COUNT, RULES, Replacement, WebOptions,
    is_allowed,
};

fuzz_target!(|text: &str| {
    for replacement in [Replacement::Nothing, Replacement::Tag] {
        for web in [WebOptions::default(), WebOptions { urls: false, accounts: true, tags: false }] {
            let plain = CleaningOptions { clinical: false, hospitals: false, replacement, web };
            let clinical = CleaningOptions { clinical: true, hospitals: true, ..plain };
            let (cleaned, counts) = clean(text, plain);
            let (rule_by_rule, rounds) = clean(text, clinical);
            // The clinical set runs rule by rule. Where it finds nothing it says what the one pass has to do.
            if rounds.edits[RULE_COUNT..].iter().all(|&edits| edits == 0) {
                assert_eq!((&cleaned, counts), (&rule_by_rule, rounds));
            }
            for (options, once) in [(plain, cleaned), (clinical, rule_by_rule)] {
                assert!(once.chars().all(|c| c == '\n' || c == META_SPACE || is_allowed(c)), "{once:?}");
                assert_eq!(clean(&once, options).0, once);
            }
        }
    }
    assert_eq!(clean(text, CleaningOptions::default()).0, by_rules(text));
});

fn clean(text: &str, options: CleaningOptions) -> (String, Counts) {
    let mut cleaner = Cleaner::new(&options).expect("the clinical words fit an automaton");
    (cleaner.clean(text).to_owned(), cleaner.take_counts())
}

/// The rules in rounds, as the module's documentation says.
fn by_rules(text: &str) -> String {
    let mut text = text.replace(META_SPACE, " ");
    loop {
        let mut changed = false;
        for rule in &RULES {
            let mut next = Output::default();
            if (rule.apply)(&text, &mut next) > 0 {
                text = next.text;
                changed = true;
            }
        }
        if !changed {
            return text.replace(' ', "▁");
        }
    }
}

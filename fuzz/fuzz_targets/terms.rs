//! Terms of a list: refused, or terms that a lexicon can hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ncvc_core::clean::clean;
use ncvc_core::dictionary::terms::Terms;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let found: Vec<&str> = text.split(',').collect();
    let mut terms = Terms::default();
    found.iter().for_each(|term| terms.add(term, &|text| clean(text), |term| term == "高血圧"));
    assert_eq!(terms.kept.len() as u64 + terms.skipped.values().sum::<u64>(), found.len() as u64);
    for term in &terms.kept {
        assert_eq!(clean(term), *term);
        assert!(term.chars().count() > 1 && !term.contains(char::is_whitespace) && !term.contains('▁'));
    }
});

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::clean::{Cleaner, CleaningOptions, Output, RULES};

const TEXTS: [&str; 8] = [
    "体温３７．８℃ WBC 12,300。発熱あり．",
    "電話03-0000-1234まで。詳細はhttps://example.com/a参照",
    "taro@example.co.jp宛に　送る",
    "すごーーーーーい！！！！！！",
    "😀😀",
    "高血圧の治療。",
    "患者の電話は０９０－００００－１２３４です，連絡を．",
    "",
];

/// One document through everything.
fn record(recorder: &mut Recorder, file: &str, document: u64, text: &str) {
    let mut cleaner = Cleaner::default();
    recorder.read(text);
    let cleaned = cleaner.clean(text).to_owned();
    recorder.cleaned(file, document, text, &cleaned, &cleaner.take_counts());
    if cleaned.chars().count() < 3 {
        recorder.dropped(file, document, "too_short", &cleaned);
    } else {
        recorder.kept(&cleaned);
        recorder.encoded(&cleaned, 3, &[5, document as u32 % 7, 2]);
    }
}

fn of(texts: &[(u64, &str)]) -> Statistics {
    let mut recorder = Recorder::default();
    for &(document, text) in texts {
        record(&mut recorder, "a.jsonl", document, text);
    }
    recorder.take()
}

fn corpus() -> Vec<(u64, &'static str)> {
    (0..600).map(|i| (i, TEXTS[(i * 7 % 8) as usize])).collect()
}

#[test]
fn any_division_gives_the_same() {
    let whole = of(&corpus());
    for parts in [2, 3, 7, 50] {
        let mut pieces: Vec<Vec<_>> = vec![Vec::new(); parts];
        for (i, text) in corpus().into_iter().enumerate() {
            pieces[i % parts].push(text);
        }
        let mut merged = Statistics::default();
        for piece in pieces.iter().rev() {
            let json = serde_json::to_string(&of(piece)).expect("statistics have a JSON form");
            merged.merge(serde_json::from_str(&json).expect("and can be read again"));
        }
        assert_eq!(merged, whole);
    }
}

#[test]
fn threads_that_share_what_they_met_give_the_same() {
    let whole = of(&corpus());
    for threads in [1, 2, 5] {
        let met = Arc::default();
        let mut recorders: Vec<_> = (0..threads).map(|_| Recorder::sharing(&met)).collect();
        let mut merged = Statistics::default();
        // From the end, so that what is met first is not what a single thread meets first.
        for (i, &(document, text)) in corpus().iter().enumerate().rev() {
            let recorder = &mut recorders[i % threads];
            record(recorder, "a.jsonl", document, text);
            if i % 11 == 0 {
                merged.merge(recorder.take());
            }
        }
        recorders.iter_mut().for_each(|recorder| merged.merge(recorder.take()));
        assert_eq!(merged, whole);
    }
}

#[test]
fn sums_are_those_of_the_texts() {
    let statistics = of(&corpus());
    let bytes = corpus().iter().map(|(_, text)| text.len() as u64).sum::<u64>();
    assert_eq!((statistics.read.documents, statistics.read.bytes), (600, bytes));
    let dropped = &statistics.dropped["too_short"];
    assert_eq!(statistics.kept.documents + dropped.documents, 600);
    assert_eq!(dropped.documents, 150); // 😀😀 and nothing
    let tokens = statistics.tokens.expect("documents were encoded");
    assert_eq!((tokens.documents, tokens.tokens, tokens.morphemes), (450, 1350, 1350));
    assert_eq!(tokens.frequency.iter().sum::<u64>(), 1350);
    assert_eq!(statistics.rules["web"].documents, 75);
}

#[test]
fn examples_show_the_change() {
    let mut recorder = Recorder::default();
    record(&mut recorder, "a", 1, "体温３７．８℃。それから，次へ。");
    let rules = recorder.take().rules;
    let (place, change) = rules["punctuation"].examples.shown().next().expect("it changed something");
    assert_eq!((place.file.as_str(), place.document), ("a", 1));
    let shown = [&change.left, &change.before, &change.after, &change.right].map(String::as_str);
    assert_eq!(shown, ["体温３７．８℃。それから", "，", "、", "次へ。"]);
    let (_, change) = rules["nfkc"].examples.shown().next().expect("it changed something");
    assert_eq!((change.before.as_str(), change.after.as_str()), ("３７．８", "37.8"));
}

#[test]
fn clinical_categories_are_counted_and_not_shown() {
    let options = CleaningOptions { clinical: true, ..CleaningOptions::default() };
    let mut cleaner = Cleaner::new(&options).unwrap();
    let mut recorder = Recorder::default();
    for document in 1..=3 {
        let text = "患者氏名：山田太郎\n本日は佐藤医師と鈴木医師。";
        let cleaned = cleaner.clean(text).to_owned();
        recorder.cleaned("a", document, text, &cleaned, &cleaner.take_counts());
    }
    let rules = recorder.take().rules;
    for (name, edits) in [("name", 3), ("name_in_text", 6)] {
        assert_eq!((rules[name].documents, rules[name].edits), (3, edits));
        assert_eq!(rules[name].examples, Sample::default());
    }
}

#[test]
fn personal_data_is_in_no_example() {
    let statistics = of(&corpus());
    let changes = statistics.rules.values().flat_map(|rule| rule.examples.shown());
    let changes = changes.map(|(_, c)| [&*c.left, &*c.before, &*c.after, &*c.right].concat());
    let excerpts = statistics.dropped.values().flat_map(|row| row.examples.shown());
    let text: String = changes.chain(excerpts.map(|(_, excerpt)| excerpt.text.clone())).collect();
    for secret in ["0000", "００００", "1234", "１２３４", "taro", "example"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains(change::MARK));
}

#[test]
fn a_pass_that_removed_more_gives_no_examples() {
    let changes = Tracer::default().changes("氏名 山田太郎　様", "氏名▁▁様");
    assert!(changes.iter().all(Option::is_none));
}

#[test]
fn what_is_taken_in_pieces_is_the_whole() {
    let mut recorder = Recorder::default();
    let mut merged = Statistics::default();
    for (i, (document, text)) in corpus().into_iter().enumerate() {
        record(&mut recorder, "a.jsonl", document, text);
        if i % 50 == 7 {
            merged.merge(recorder.take());
        }
    }
    merged.merge(recorder.take());
    assert_eq!(merged, of(&corpus()));
}

proptest! {
    /// Left, after and right are what the rule's text holds; what was there before is in the text before it.
    #[test]
    fn examples_are_in_the_texts(text in "[ぁ-ん０-９a-z．，！😀ー 　]{0,60}") {
        let mut cleaner = Cleaner::default();
        let cleaned = cleaner.clean(&text).to_owned();
        let changes = Tracer::default().changes(&text, &cleaned);
        if let Some(change) = &changes[0] {
            let mut after = Output::default();
            (RULES[0].apply)(&text, &mut after);
            let was = format!("{}{}", change.left, change.before);
            let now = format!("{}{}{}", change.left, change.after, change.right);
            prop_assert!(text.contains(&was));
            prop_assert!(after.text.contains(&now));
            prop_assert!(change.before != change.after);
        }
    }
}

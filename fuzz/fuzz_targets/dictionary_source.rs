//! MeCab sources of any content: refused, or a dictionary that both engines can use.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ncvc_core::dictionary::Base;
use ncvc_core::morph::{Analyzer, Engine};

const LINES: [&str; 4] = ["高血圧の治療。", "aa a  あ𠮷\u{10ffff}", " ", "\u{3000}\tx,\"y\""];

/// A matrix of more ids than this is left out: its size is its first line's to say, up to 8 GB.
const MOST_IDS: u32 = 2000;

fuzz_target!(|data: &[u8]| {
    let folder = ncvc_fuzz::folder();
    let mut parts = data.splitn(4, |&byte| byte == 0);
    for name in ["matrix.def", "char.def", "unk.def", "lex.csv"] {
        let part = parts.next().unwrap_or_default();
        if name == "matrix.def" && has_many_ids(part) {
            return;
        }
        std::fs::write(folder.path().join(name), part).expect("the folder can be written");
    }
    let Ok(base) = Base::read(folder.path()) else { return };
    assert!(base.rows.iter().all(|row| row.left < base.matrix.lefts && row.right < base.matrix.rights));
    let Ok(_) = ncvc_fuzz::dictionary::build(folder.path()) else { return };
    for engine in [Engine::Lattice, Engine::Vibrato] {
        let analyzer = Analyzer::load_for(engine, folder.path().join("dictionary")).expect("it was built");
        for line in LINES {
            let mut end = 0;
            analyzer.worker().split(line, |range| {
                assert!(range.start >= end && range.start < range.end);
                end = range.end;
            });
            assert!(line.get(..end).is_some());
        }
    }
});

fn has_many_ids(matrix: &[u8]) -> bool {
    let words = String::from_utf8_lossy(matrix);
    words.split_whitespace().take(2).any(|word| word.parse().is_ok_and(|ids: u32| ids > MOST_IDS))
}

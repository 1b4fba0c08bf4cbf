//! Both engines on made-up dictionaries.
//!
//! They may differ in one way: where a known word and an unknown one end paths of equal cost, vibrato cannot take the
//! known one as MeCab does (see `dictionary/compile.rs`). So where they differ, both ways through the line must cost the
//! same, and an unknown word must be possible in one of them.
#![no_main]

use std::collections::BTreeMap;
use std::fmt::Write;

use libfuzzer_sys::fuzz_target;
use ncvc_core::morph::{Analyzer, Engine};
use xxhash_rust::xxh3::xxh3_64_with_seed;

const LETTERS: [char; 5] = ['高', '血', 'あ', 'a', '𠮷'];
const IDS: usize = 2;
const LINES: u64 = 200;
const CHAR_DEF: &str = "DEFAULT 1 1 0\nSPACE 0 1 0\nKANJI 1 0 2\nKANA 1 1 1\n0x0020 SPACE\n0x4E00..0x9FFF KANJI\n0x3041..0x30FF KANA\n";
const CATEGORIES: [&str; 4] = ["DEFAULT", "SPACE", "KANJI", "KANA"];

/// A row: surface or category, left id, right id, cost.
type Row = (String, usize, usize, i64);

struct Dictionary {
    costs: [[i64; IDS]; IDS],
    known: Vec<Row>,
    unknown: Vec<Row>,
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.iter().map(|&byte| usize::from(byte));
    let mut next = || bytes.next().unwrap_or(0);
    let mut cost = || next() as i64 % 32 - 12;
    let costs = [(); IDS].map(|()| [(); IDS].map(|()| cost()));
    let ids = |byte: usize| (byte & 1, byte >> 1 & 1);
    let mut known = vec![("血".to_owned(), 0, 1, 5)];
    for _ in 0..next() % 10 {
        let surface = (0..1 + next() % 3).map(|_| LETTERS[next() % LETTERS.len()]).collect();
        let (left, right) = ids(next());
        known.push((surface, left, right, next() as i64 % 32));
    }
    let unknown = CATEGORIES.map(|category| {
        let (left, right) = ids(next());
        (category.to_owned(), left, right, next() as i64 % 64)
    });
    let dictionary = Dictionary { costs, known, unknown: unknown.into() };
    let file = build(&dictionary);
    let path = ncvc_fuzz::file("dictionary", &file);
    let load = |engine| Analyzer::load_for(engine, &path).expect("it was built");
    let (lattice, vibrato) = (load(Engine::Lattice), load(Engine::Vibrato));
    // Building takes a thousand times as long as a line does.
    for seed in 0..LINES {
        let line = line(data, seed);
        let [ours, theirs] = [&lattice, &vibrato].map(|analyzer| {
            let mut ranges = Vec::new();
            analyzer.worker().split(&line, |range| ranges.push(range));
            ranges
        });
        if ours != theirs {
            let [(our_cost, unknown), (cost, other)] =
                [&ours, &theirs].map(|path| dictionary.cost(&line, path));
            assert_eq!(our_cost, cost, "{line:?}: {ours:?}, {theirs:?}");
            assert!(unknown || other, "{line:?}: {ours:?}, {theirs:?}");
        }
    }
});

/// A line that the input and a number stand for.
fn line(data: &[u8], seed: u64) -> String {
    let letter = |at: u64| xxh3_64_with_seed(data, seed << 8 | at) as usize % (LETTERS.len() + 1);
    (0..seed % 24).map(|at| *LETTERS.get(letter(at)).unwrap_or(&' ')).collect()
}

fn build(dictionary: &Dictionary) -> Vec<u8> {
    let folder = ncvc_fuzz::folder();
    let mut matrix = format!("{IDS} {IDS}\n");
    for (right, row) in dictionary.costs.iter().enumerate() {
        for (left, cost) in row.iter().enumerate() {
            let _ = writeln!(matrix, "{right} {left} {cost}");
        }
    }
    let rows = |rows: &[Row]| {
        rows.iter()
            .map(|(surface, left, right, cost)| format!("{surface},{left},{right},{cost},名詞\n"))
            .collect()
    };
    let (lexicon, unknown): (String, String) = (rows(&dictionary.known), rows(&dictionary.unknown));
    for (name, text) in
        [("matrix.def", &*matrix), ("char.def", CHAR_DEF), ("lex.csv", &lexicon), ("unk.def", &unknown)]
    {
        std::fs::write(folder.path().join(name), text).expect("the folder can be written");
    }
    ncvc_fuzz::dictionary::build(folder.path()).expect("the sources are sound");
    std::fs::read(folder.path().join("dictionary")).expect("it was written")
}

impl Dictionary {
    /// Cost of a way through the line, and true if a word in it can be unknown.
    fn cost(&self, line: &str, path: &[std::ops::Range<usize>]) -> (i64, bool) {
        let mut ends = BTreeMap::from([(0, 0)]);
        let mut unknown = false;
        for range in path {
            let surface = &line[range.clone()];
            let known = self.known.iter().filter(|row| row.0 == surface);
            let proposed = is_proposed(&line[range.start..], surface);
            unknown |= proposed;
            let category = category(surface.chars().next().unwrap_or(' '));
            let others = self.unknown.iter().filter(|row| proposed && row.0 == category);
            let mut reached = BTreeMap::new();
            for (_, left, right, cost) in known.chain(others) {
                for (&before, total) in &ends {
                    let total = total + self.costs[before][*left] + cost;
                    let best = reached.entry(*right).or_insert(total);
                    *best = total.min(*best);
                }
            }
            ends = reached;
        }
        let totals = ends.iter().map(|(&right, total)| total + self.costs[right][0]);
        (totals.min().expect("every morpheme is known or unknown"), unknown)
    }
}

/// Tests whether `surface` is an unknown word at the beginning of `rest`: every category invokes.
fn is_proposed(rest: &str, surface: &str) -> bool {
    let kind = category(rest.chars().next().unwrap_or(' '));
    let run = rest.chars().take_while(|&c| category(c) == kind).count();
    let length = surface.chars().count();
    match kind {
        "KANJI" => length <= 2.min(run),
        "KANA" => length == run || length == 1,
        _ => length == run,
    }
}

fn category(c: char) -> &'static str {
    match c {
        ' ' => "SPACE",
        '\u{4e00}'..='\u{9fff}' => "KANJI",
        'ぁ'..='\u{30ff}' => "KANA",
        _ => "DEFAULT",
    }
}

//! Files of deduplication with a changed byte, a cut or something else in their place: an error or the same decisions.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ncvc_core::Result;
use ncvc_core::dedup::{Decisions, Options, Part, Plan, Step, fingerprint_part};
use tempfile::TempDir;

const TEXTS: [&str; 6] = [
    "高血圧症の患者に降圧薬を処方した。経過は良好である。",
    "糖尿病の治療を始めた。食事療法を続けている。",
    "高血圧症の患者に降圧薬を処方した。経過は良好である。",
    "高血圧症の患者に降圧薬を処方した。経過は良好であった。",
    "糖尿病の治療を始めた。別の文が続く。",
    "",
];
const OPTIONS: Options = Options {
    documents: true,
    sentences: true,
    min_sentence_characters: 5,
    near: Some(0.7),
    ngram: 3,
    memory: 1 << 16,
};

struct Sound {
    folder: TempDir,
    /// Its files, relative to it.
    files: Vec<PathBuf>,
    decisions: Vec<String>,
}

static SOUND: LazyLock<Sound> = LazyLock::new(|| {
    let folder = ncvc_fuzz::folder();
    for part in ["0", "1"] {
        let lines = TEXTS.map(|text| format!("{{\"text\":\"{text}\"}}\n")).concat();
        let text = folder.path().join(part).with_extension("jsonl");
        std::fs::write(&text, lines).expect("the folder can be written");
        fingerprint_part(&text, "text", &OPTIONS, 0, &folder.path().join(part)).expect("the text is sound");
    }
    let decisions = decide(folder.path()).expect("nothing is damaged");
    assert!(decisions[1].contains("Document"), "{decisions:?}");
    let mut files = Vec::new();
    list(folder.path(), folder.path(), &mut files);
    files.sort();
    Sound { folder, files, decisions }
});

fuzz_target!(|data: &[u8]| {
    let [which, how, rest @ ..] = data else { return };
    let sound = &*SOUND;
    let file = &sound.files[usize::from(*which) % sound.files.len()];
    let folder = ncvc_fuzz::folder();
    for name in &sound.files {
        // What the steps after it made would hide what they make of a damaged file.
        if !is_after(name, file) {
            let to = folder.path().join(name);
            std::fs::create_dir_all(to.parent().expect("it is in the folder"))
                .expect("the folder can be written");
            std::fs::copy(sound.folder.path().join(name), to).expect("the folder can be written");
        }
    }
    let path = folder.path().join(file);
    let before = std::fs::read(&path).expect("it was copied");
    let after = change(before.clone(), *how, rest);
    std::fs::write(&path, &after).expect("the folder can be written");
    if let Ok(found) = decide(folder.path())
        && (file.extension().is_none_or(|extension| extension != "jsonl") || after == before)
    {
        assert_eq!(found, sound.decisions, "{}", file.display());
    }
});

/// Tests whether the step that wrote `name` comes after the one that wrote `file`.
fn is_after(name: &Path, file: &Path) -> bool {
    // Fingerprints come before every step.
    let step = |path: &Path| {
        let folder = path.strip_prefix("work").ok()?.to_str()?;
        Step::ALL.iter().position(|step| folder.starts_with(step.name()))
    };
    step(name) > step(file)
}

fn change(mut bytes: Vec<u8>, how: u8, rest: &[u8]) -> Vec<u8> {
    let at = rest.iter().take(3).fold(0, |at, &byte| at << 8 | usize::from(byte)) % bytes.len().max(1);
    match how % 4 {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << (how >> 4 & 7),
        1 => bytes.truncate(at),
        2 => bytes.extend_from_slice(rest),
        _ => return rest.to_vec(),
    }
    bytes
}

/// Runs the steps that are not done yet.
fn decide(folder: &Path) -> Result<Vec<String>> {
    let part = |part: &str| Part {
        fingerprints: folder.join(part),
        text: folder.join(part).with_extension("jsonl"),
        text_field: "text".to_owned(),
    };
    let plan = Plan::new(vec![part("0"), part("1")], OPTIONS, &folder.join("work"))?;
    for step in Step::ALL {
        (0..plan.tasks(step)).try_for_each(|task| plan.run(step, task, &|| Ok(())))?;
    }
    let describe = |part| {
        let decisions = Decisions::read(&plan.task_folder(Step::Decide, part))?;
        let texts: Vec<_> = TEXTS.iter().zip(0..).map(|(text, i)| decisions.apply(i, text)).collect();
        Ok(format!("{:?} {texts:?}", decisions.dropped()))
    };
    (0..2).map(describe).collect()
}

fn list(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it is there").path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            files.push(path.strip_prefix(root).expect("it is in it").to_owned());
        }
    }
}

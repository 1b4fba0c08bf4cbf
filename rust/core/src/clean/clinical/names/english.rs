//! Words of English and of methods beside a name in Latin letters, by which it is none.

use std::sync::LazyLock;

use super::super::list::List;
use super::lists::{NO_LATIN_PARTS, is_other};
use super::person::is_person_behind;
use crate::clean::characters::{is_kanji, is_katakana};

/// The longest word behind a name that is read, in letters.
const LONGEST_WORD: usize = 16;

/// Words behind a name by which it is one of a method, a device or a place.
static EPONYMS: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "病 症 法 分類 徴候 試験 スコア 型 式 術 手術 骨折 麻痺 反射 テスト 検査 係数 指数 基準 染色 培地 管 鉗子 鉤 線 孔 ドレーン カテ バッグ ステント 社 製 島 州 市 大学 病院 腫瘍 腫 奇形 現象 効果 曲線 方程式 理論 定理 転位 縫合 吻合 切開 膀胱 憩室 潰瘍 雑音 脈 呼吸 発作 装具 体位 肢位 三徴 らの ら( らは",
    )
});

/// Ends of words of English and Latin that hardly any name has.
const ENGLISH_ENDS: [&str; 34] = [
    "itis", "oma", "osis", "emia", "pathy", "ectomy", "tion", "sion", "ing", "ism", "ical", "ous", "ary",
    "ment", "ness", "ity", "ology", "scopy", "graphy", "plasty", "otomy", "ostomy", "coccus", "bacter",
    "ella", "eae", "iae", "ensis", "sis", "ase", "ed", "ally", "ful", "ure",
];

/// Tests for a word of English or medicine, or one that ends like these.
pub fn is_english(lower: &str) -> bool {
    NO_LATIN_PARTS.contains(lower)
        || ENGLISH_ENDS.iter().any(|end| lower.len() > end.len() + 1 && lower.ends_with(end))
}

/// Tests that nothing goes on behind a name: no letter, no word by which it is one of a method or a place.
pub fn is_closed(behind: &str) -> bool {
    let rest = behind.trim_start_matches(' ');
    let goes_on = || {
        let word: usize = rest.bytes().take(LONGEST_WORD).take_while(u8::is_ascii_alphanumeric).count();
        let next = &rest[..word];
        let abbreviation = word < 5 && next.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let aged = rest.starts_with(|c: char| c.is_ascii_digit());
        word > 0 && !(abbreviation || aged || is_other(next) || SPEAKS.contains(&next))
    };
    let joined = behind.starts_with(['-', '/', '_', '@', '\''])
        || behind.starts_with('.') && behind[1..].starts_with(|c: char| c.is_ascii_alphanumeric());
    let in_word = || behind.starts_with(|c: char| is_kanji(c) || is_katakana(c)) && !is_person_behind(behind);
    let eponym = || EPONYMS.begins(rest);
    !(joined || in_word() || eponym() || goes_on())
}

/// Verbs of English with which a sentence goes on behind a person.
const SPEAKS: [&str; 12] = [
    "was",
    "is",
    "has",
    "had",
    "presented",
    "came",
    "visited",
    "called",
    "reported",
    "denies",
    "denied",
    "complained",
];

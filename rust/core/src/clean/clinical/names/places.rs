//! Words beside a surname by which it is a place, a clan of old or a scale.

use std::sync::LazyLock;

use super::super::list::List;
use super::words::{Kind, Words};
use crate::clean::characters::is_kanji;

/// Words for where somebody lives or comes from, behind which a place stands.
const PLACES: [&str; 13] = [
    "出生地",
    "出身地",
    "出身",
    "本籍",
    "本籍地",
    "居住地",
    "在住",
    "転居先",
    "転出先",
    "旅行先",
    "勤務地",
    "赴任先",
    "帰省先",
];

/// Tests for a word for where somebody lives at the end of `before`, with は or a colon.
pub fn ends_in_place(before: &str) -> bool {
    let rest = before.trim_end_matches([' ', ':']);
    let rest = rest.strip_suffix(['は', 'が']).unwrap_or(rest);
    rest.len() < before.len() && PLACES.iter().any(|word| rest.ends_with(word))
}

/// Words for actions at a bridge, a river or a mountain.
static AT_LANDSCAPES: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "を叩 で転 で溺 で遊 に落ち へ落ち 沿い を渡 を越 を登 を下っ を下り を流 を泳 に架 に登 で釣 で泳 が氾濫 が増水 の河原 の水 の流 の上流 \
         の下流 の川 の頂 の麓 の土手",
    )
});

/// Tests for a bridge, a river or a mountain that is a surname too: 大橋を渡る.
pub fn is_landscape(name: &str, behind: &str) -> bool {
    let tilled = || ["開発", "開墾", "干拓"].iter().any(|word| behind.starts_with(word));
    name.ends_with(|c| "橋川山坂池島森林原野谷沢沼浜崎".contains(c)) && AT_LANDSCAPES.begins(behind)
        || name.ends_with("新田") && tilled()
}

/// Words behind 氏 for parts of a clan.
static OF_CLANS: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "の一族 の一門 の分家 の祖 の流れ の末裔 の台頭 の支族 の庶流 の被官 の家臣 の重臣 の世襲 の変 の嫡流 の本姓 の氏神 の居城 の滅亡 重臣 家臣 \
         一族 一門 滅亡 没落 が滅",
    )
});

/// Tests for a part of a clan at the start of `text`.
pub fn is_of_clan(text: &str) -> bool {
    OF_CLANS.begins(text)
}

/// The longest name of a scale that is read, in characters.
const LONGEST_SCALE: usize = 12;

/// Tests for a scale or a test by the name of persons: ・堀田スケール, 機能スケール, クレペリン検査.
pub fn is_of_scale(behind: &str) -> bool {
    const THINGS: [&str; 9] =
        ["スケール", "スコア", "テスト", "検査", "分類", "尺度", "試験", "徴候", "基準"];
    let word = |c: char| is_kanji(c) || matches!(c, 'ァ'..='ヺ' | 'ー' | '・');
    if !behind.starts_with(word) {
        return false;
    }
    let length: usize = behind.chars().take(LONGEST_SCALE).take_while(|&c| word(c)).map(char::len_utf8).sum();
    let run = &behind[..length];
    let at = THINGS.iter().filter_map(|thing| run.find(thing)).min();
    at.is_some_and(|at| {
        run[..at].starts_with('・')
            || run.contains("スケール")
            || run[..at].chars().all(|c| !is_kanji(c)) && at > 0
    })
}

/// Gods and holy persons that 様 honours.
const GODS: &[&str] =
    &["八幡", "稲荷", "天神", "大仏", "観音", "地蔵", "薬師", "不動", "弁天", "大師", "荒神", "氏神"];

/// Places that are spoken of as persons, or that a profession serves.
const NO_PLACES: &[&str] = &[
    "東京",
    "大阪",
    "京都",
    "札幌",
    "仙台",
    "名古屋",
    "神戸",
    "広島",
    "福岡",
    "日本",
    "中国",
    "韓国",
    "米国",
    "英国",
    "北海道",
    "沖縄",
    "欧州",
    "欧米",
    "都内",
];

/// Prefectures that are hardly surnames.
const PREFECTURES: [&str; 24] = [
    "青森",
    "岩手",
    "山形",
    "茨城",
    "群馬",
    "埼玉",
    "神奈川",
    "新潟",
    "山梨",
    "岐阜",
    "静岡",
    "愛知",
    "三重",
    "兵庫",
    "和歌山",
    "鳥取",
    "島根",
    "岡山",
    "徳島",
    "愛媛",
    "高知",
    "熊本",
    "鹿児島",
    "大分",
];

/// Tests for a place that somebody is in charge of, and that is hardly a surname: 担当:京都.
pub fn is_well_known(name: &str) -> bool {
    NO_PLACES.contains(&name) || PREFECTURES.contains(&name)
}

/// Tests for a place that may be a surname which the dictionary lacks: no town, no river.
pub fn is_unsettled(words: &Words, name: &str) -> bool {
    let settled = name.ends_with(|c| "都道府県市区町村国州島駅港橋山川湖".contains(c));
    // 三名, 四分
    let counted = name.starts_with(|c| "一二三四五六七八九十百千数".contains(c))
        && name.ends_with(|c| "名分日人年月回個歳代度割円番位点本".contains(c));
    (2..=4).contains(&name.chars().count())
        && !settled
        && !counted
        && words.is(name, &[Kind::Place])
        && !words.is_ordinary(name)
        && !GODS.contains(&name)
        && !NO_PLACES.contains(&name)
}

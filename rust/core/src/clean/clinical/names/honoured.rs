//! Words around an honorific that tell names from other words.

use std::sync::LazyLock;

use super::super::list::List;
use super::lists::NO_FULL;
use super::titles::is_family;

/// Words before an honorific that are no names: single kanji and their words for persons.
pub static NO_PERSONS: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "皆 今日 本日 神 仏 王 奥 貴 同 多 一 両 異 模 仕 各 有 今 何 誰 源 平 宮 姫 殿 若 隣 嫁 娘 孫 母 父 兄 姉 妹 弟 子 先 \
         客 主 君 氏 様 医 外 内 前 後 上 下 毎 本 全 男 女 者 人 長 士 師 蜂巣 健康 健在 細 訪看 訪リハ 訪薬 地連 医連 病連 臨工 管栄 特養 老健 居宅 包括",
    )
});

/// Characters that may follow 様 behind a surname which the dictionary lacks.
pub const BEHIND_SAMA: &str = "はがをへよ宛ご宅";

/// Words behind 様 by which it means likeness.
pub const LIKE: &[&str] = &[
    "陰影",
    "構造",
    "物質",
    "変化",
    "所見",
    "顔貌",
    "皮疹",
    "発疹",
    "症状",
    "運動",
    "歩行",
    "反応",
    "細胞",
    "組織",
    "病変",
    "外観",
    "沈着",
    "肥厚",
    "隆起",
    "結節",
    "分泌",
    "便",
    "痰",
    "血",
    "液",
    "体",
    "部",
    "突起",
    "角化",
    "紅斑",
    "呼吸",
    "咳",
    "発作",
    "状",
    "湿疹",
    "皮膚",
    "粘膜",
    "充血",
    "下痢便",
    "性",
];

/// Characters that 様 is joined with to a word: 同様, 多様.
pub const LIKENESS: &str = "同多異一模仕各有今両別何神仏王奥貴皆残渣";

/// Words behind 様 which persons have too, so that it means likeness only where a word of the dictionary begins what
/// stands before it: 食物残渣様嘔吐.
pub const SYMPTOMS: [&str; 6] = ["下痢", "嘔吐", "浮腫", "咳嗽", "皮膚", "母斑"];

/// Tests for a word that is read as a name and is none.
pub fn is_no_person(name: &str) -> bool {
    NO_PERSONS.contains(name) || NO_FULL.contains(name) || is_family(name) || is_repeated(name)
}

/// Tests for one kanji with the mark of repetition: 徐々.
fn is_repeated(name: &str) -> bool {
    name.chars().count() == 2 && name.ends_with('々') && !name.starts_with(['佐', '野', '奈', '百'])
}

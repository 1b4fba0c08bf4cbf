//! The noun before 番号, ID or No: it tells a person's number from that of a product, a paper or a figure.

use std::sync::LazyLock;

use super::list::List;
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Nouns (their ends) whose numbers lead to nobody, or belong to another category.
static OTHERS: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "演題 抄録 発表 ロット 製造 承認 認証 認可 届出 型 型式 品 品目 品番 機種 部品 機器 装置 器械 デバイス シリアル 製品 商品 物品 在庫 棚 \
         図 表 写真 章 節 項 項目 条 条文 問 問題 設問 質問 例題 選択肢 解答 文献 参考 引用 論文 資料 記事 特許 法人 事業者 染色体 原子 質量 \
         元素 酵素 遺伝子 塩基 アミノ酸 残基 配列 変異 蛋白 タンパク 菌株 株 系統 化合物 薬剤 薬価 医薬品 薬品 コード 分類 区分 区域 領域 部位 \
         椎体 椎骨 脳神経 歯 歯式 指 順 順位 巻 号 版 ページ 頁 行 列 段落 チャンネル チャネル 電極 ポート 誘導 端子 ボタン 曲 話 回 背 電話 \
         携帯 ファックス ファクス 内線 直通 郵便 国 局 市外 部屋 病室 病床 ベッド バージョン クラス",
    )
});

/// Words in Latin letters before ID or No that mean a person's number.
static LATIN: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "phr patient pt subject study case user login member account sample specimen visit \
         order donor recipient chart hospital record staff employee new old his ehr emr \
         pacs ris lis exam screening",
    )
});

/// The longest noun, in characters.
const LONGEST: usize = 14;

/// Returns the noun that ends at `end`: kanji and katakana, or letters; の between it and `end` is left out.
pub fn noun_before(text: &str, end: usize) -> &str {
    let head = text[..end].strip_suffix('の').unwrap_or(&text[..end]);
    let is_noun = |c: char| is_kanji(c) || is_katakana(c) || c == 'ー' || c == '・';
    let length = |is: &dyn Fn(char) -> bool| -> usize {
        head.chars().rev().take(LONGEST).take_while(|&c| is(c)).map(char::len_utf8).sum()
    };
    let native = length(&is_noun);
    let length = if native > 0 { native } else { length(&|c| c.is_ascii_alphanumeric()) };
    &head[head.len() - length..]
}

/// Tests whether numbers of the noun lead to a person, as far as one can tell.
pub fn is_personal(noun: &str) -> bool {
    if noun.is_ascii() {
        return LATIN.contains(&noun.to_ascii_lowercase());
    }
    noun.ends_with("レポート") || !OTHERS.ends(noun)
}

/// Tests for hiragana before `end`, with which no noun ends there: この番号, うち番号.
pub fn follows_hiragana(text: &str, end: usize) -> bool {
    text[..end].ends_with(is_hiragana) && !text[..end].ends_with(['の', 'り', 'け', 'せ', 'ぎ'])
}

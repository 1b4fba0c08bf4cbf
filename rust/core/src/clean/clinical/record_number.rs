//! Numbers of registers, studies and examinations that lead to a person.

use std::ops::Range;

use super::category::{Category, Place};
use super::reading::{after_label, begins_word, char_at, labelled};
use crate::clean::characters::is_kanji;
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "record_number",
    tag: "〔*登録番号〕",
    what: "a code with two digits or more behind 登録番号, 症例ID, アクセッション番号, 手帳番号, 在留カード, 職員番号 and the like",
    source: "身体障害者福祉法施行規則 別表第四号; 出入国管理及び難民認定法 19-4 (card number); DICOM (0008,0050); labels of studies",
    words: &[
        "登録番号",
        "登録id",
        "登録no",
        "症例id",
        "症例番号",
        "症例no",
        "症例登録番号",
        "被験者番号",
        "被験者id",
        "被験者識別コード",
        "スクリーニング番号",
        "エントリー番号",
        "研究id",
        "研究番号",
        "アクセッション番号",
        "アクセッションno",
        "accession no",
        "accession number",
        "accession",
        "検査番号",
        "画像番号",
        "検診番号",
        "健診番号",
        "身体障害者手帳番号",
        "身体障害者手帳",
        "障害者手帳番号",
        "障害者手帳",
        "療育手帳番号",
        "療育手帳",
        "精神障害者保健福祉手帳",
        "保健福祉手帳",
        "母子健康手帳番号",
        "母子健康手帳",
        "母子手帳番号",
        "母子手帳",
        "手帳番号",
        "在留カード番号",
        "在留カード",
        "引換番号",
        "労災番号",
        "労働保険番号",
        "受給番号",
        "紹介状番号",
        "透析番号",
        "会員番号",
        "職員番号",
        "職員id",
        "社員番号",
        "学籍番号",
        "医籍登録番号",
        "麻薬施用者番号",
        "臓器提供登録番号",
        "ドナーid",
        "ドナー番号",
        "レシピエントid",
        "レシピエント番号",
    ],
    read,
    examples: &[
        Example { before: "症例ID:JP01-0023 男性", after: " 男性", why: "letters and groups" },
        Example { before: "身体障害者手帳 第123456号(3級)", after: "(3級)", why: "第 and 号" },
        Example { before: "手帳番号 大阪府第98765号", after: "", why: "the prefecture" },
        Example { before: "在留カード番号:AB12345678CD", after: "", why: "letters at both ends" },
        Example { before: "職員番号:10234", after: "", why: "digits" },
        Example {
            before: "母子手帳 2024年交付、症例番号なし、身体障害者手帳1級",
            after: "母子手帳 2024年交付、症例番号なし、身体障害者手帳1級",
            why: "no numbers",
        },
    ],
};

/// The longest code, in characters.
const LONGEST: usize = 20;

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    if !begins_word(text, word.start) {
        return None;
    }
    let start = after_label(text, word.end);
    let start = after_prefecture(text, start);
    let bytes = text.as_bytes();
    let is_code = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'-';
    let length = bytes[start..].iter().take(LONGEST + 1).take_while(is_code).count();
    let code = text[start..start + length].trim_end_matches('-');
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    let label = &text[word.clone()];
    let loose =
        label.ends_with("手帳") || label.ends_with("カード") || label.eq_ignore_ascii_case("accession");
    let least = if loose { 4 } else { 2 };
    if length > LONGEST || digits < least || code.starts_with('-') {
        return None;
    }
    let mut end = start + code.len();
    if text[end..].starts_with('号') {
        end += "号".len();
    }
    let unit = char_at(text, end).is_some_and(|c| "年月日時分秒歳才件例人名回級%".contains(c));
    (!unit).then(|| labelled(text, &word, start..end))
}

/// Skips a prefecture and 第: 大阪府第98765号.
fn after_prefecture(text: &str, at: usize) -> usize {
    let length: usize =
        text[at..].chars().take(5).take_while(|&c| is_kanji(c) && c != '第').map(char::len_utf8).sum();
    let rest = &text[at + length..];
    let prefecture = text[at..at + length].ends_with(['都', '道', '府', '県', '市']);
    match rest.strip_prefix('第').filter(|_| prefecture || length == 0) {
        Some(code) => text.len() - code.len(),
        None => at,
    }
}

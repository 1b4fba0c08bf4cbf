//! Numbers of registers, studies and examinations that lead to a person.

use std::ops::Range;

use super::category::{Category, Place};
use super::code::{any_code, labelled_code};
use super::noun::{follows_hiragana, is_personal, noun_before};
use super::reading::{after_marks, begins_word, labelled};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "record_number",
    tag: "〔*登録番号〕",
    what: "a code behind 登録番号, 症例ID, 手帳番号, 在留カード, 職員番号 and the like, and behind any 番号 and No that is no product's, figure's or paper's",
    source: "身体障害者福祉法施行規則 別表第四号; 出入国管理及び難民認定法 19-4 (card number); DICOM (0008,0050); labels of studies",
    words: &[
        "登録番号",
        "登録id",
        "登録no",
        "症例id",
        "症例番号",
        "症例no",
        "症例登録番号",
        "症例コード",
        "被験者番号",
        "被験者id",
        "被験者コード",
        "被検者番号",
        "被検者id",
        "被験者識別コード",
        "被検者識別コード",
        "対象者番号",
        "対象者id",
        "参加者id",
        "匿名化id",
        "匿名化番号",
        "識別コード",
        "個人コード",
        "会員コード",
        "職員コード",
        "ドナーコード",
        "スクリーニング番号",
        "エントリー番号",
        "研究id",
        "研究番号",
        "同意書番号",
        "アクセッション番号",
        "アクセッションno",
        "アクセッション",
        "検査番号",
        "画像番号",
        "検診番号",
        "健診番号",
        "組織番号",
        "細胞診番号",
        "紹介番号",
        "身体障害者手帳番号",
        "身体障害者手帳",
        "身体障がい者手帳",
        "身障者手帳",
        "身障手帳",
        "身体手帳",
        "障害者手帳番号",
        "障害者手帳",
        "障がい者手帳",
        "愛の手帳",
        "みどりの手帳",
        "療育手帳番号",
        "療育手帳",
        "精神障害者保健福祉手帳",
        "精神保健福祉手帳",
        "精神障害者手帳",
        "精神手帳",
        "保健福祉手帳",
        "被爆者健康手帳",
        "被爆者手帳",
        "戦傷病者手帳",
        "母子健康手帳番号",
        "母子健康手帳",
        "母子手帳番号",
        "母子手帳",
        "年金手帳",
        "健康手帳",
        "お薬手帳",
        "手帳番号",
        "手帳",
        "在留カード番号",
        "在留カード",
        "特別永住者証明書",
        "外国人登録証",
        "受給者証",
        "医療証",
        "接種券",
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
        "医籍番号",
        "医籍",
        "麻薬施用者番号",
        "臓器提供登録番号",
        "ドナーid",
        "ドナー番号",
        "レシピエントid",
        "レシピエント番号",
        "識別番号",
        "管理番号",
        "照会番号",
        "確認番号",
        "問い合わせ番号",
        "問合せ番号",
        "伝票番号",
        "事件番号",
        "証券番号",
        "契約番号",
        "顧客番号",
        "お客様番号",
        "暗証番号",
        "受検番号",
        "受験番号",
        "車両番号",
        "車両ナンバー",
        "ナンバープレート",
        "車のナンバー",
        "ナンバー",
        "車番",
        "パスワード",
        "パスコード",
        "番号",
        "no",
        "コード",
        "accession no",
        "accession number",
        "accession",
        "medical record number",
        "medical record no",
        "record number",
        "record no",
        "study id",
        "subject id",
        "subject no",
        "subject number",
        "case id",
        "case no",
        "case number",
        "sample id",
        "sample no",
        "specimen id",
        "specimen no",
        "hospital number",
        "hospital no",
        "hospital id",
        "registration number",
        "registration no",
        "reg. no",
        "reg no",
        "insurance number",
        "insurance no",
        "policy number",
        "policy no",
        "member id",
        "membership no",
        "member no",
        "order number",
        "order no",
        "visit no",
        "visit number",
        "visit id",
        "admission no",
        "admission number",
        "user id",
        "login id",
        "employee id",
        "staff id",
        "donor id",
        "account number",
        "account no",
        "id number",
        "id no",
        "patient number",
        "screening no",
        "screening number",
        "randomization number",
        "randomization no",
        "license number",
        "license no",
        "licence no",
        "social security number",
        "ssn",
        "password",
        "passcode",
        "受付id",
        "管理id",
        "匿名id",
    ],
    read,
    examples: &[
        Example { before: "症例ID:JP01-0023 男性", after: " 男性", why: "letters and groups" },
        Example { before: "身体障害者手帳 第123456号(3級)", after: "(3級)", why: "第 and 号" },
        Example { before: "手帳番号 大阪府第98765号", after: "", why: "the prefecture" },
        Example { before: "在留カード番号:AB12345678CD", after: "", why: "letters at both ends" },
        Example { before: "職員番号:10234", after: "", why: "digits" },
        Example { before: "組織診番号:B24-3312、", after: "組織診、", why: "any other noun" },
        Example {
            before: "ロット番号 AB1234、図番号 123、承認番号 22300AMX00456000",
            after: "ロット番号 AB1234、図番号 123、承認番号 22300AMX00456000",
            why: "numbers of things",
        },
        Example { before: "ナンバー 品川 300 あ 12-34", after: "", why: "a car" },
        Example {
            before: "母子手帳 2024年交付、症例番号なし、身体障害者手帳1級",
            after: "母子手帳 2024年交付、症例番号なし、身体障害者手帳1級",
            why: "no numbers",
        },
    ],
};

fn read(text: &str, word: Range<usize>) -> Option<Place> {
    let label = &text[word.clone()];
    if !begins_word(text, word.start) {
        return None;
    }
    if label.ends_with("ナンバー") || matches!(label, "ナンバープレート" | "車両番号" | "車番")
    {
        return number_plate(text, &word).or_else(|| any_code(text, &word).filter(|_| label != "ナンバー"));
    }
    match label {
        "番号" | "コード" => numbered(text, &word),
        _ if label.eq_ignore_ascii_case("no") => numbered(text, &word),
        _ => labelled_code(text, &word, least(label)),
    }
}

/// The least number of digits behind a label: four where it can stand for the thing itself.
fn least(label: &str) -> usize {
    let thing =
        ["手帳", "カード", "証明書", "登録証", "受給者証", "医療証", "接種券", "医籍", "アクセッション"];
    let secret = ["パスワード", "パスコード"];
    if thing.iter().chain(&secret).any(|thing| label.ends_with(thing))
        || label.eq_ignore_ascii_case("accession")
    {
        4
    } else if label.is_ascii() {
        3
    } else {
        2
    }
}

/// Reads the number behind 番号, No or コード, where the noun before it has numbers that lead to a person.
fn numbered(text: &str, word: &Range<usize>) -> Option<Place> {
    let noun = noun_before(text, word.start);
    let least = match &text[word.clone()] {
        "コード" => {
            return PERSONS.iter().any(|p| noun.ends_with(p)).then(|| labelled_code(text, word, 3))?;
        }
        "番号" if noun.is_empty() => (!follows_hiragana(text, word.start)).then_some(5)?,
        "番号" => 3,
        _ if noun.is_empty() || noun.is_ascii() => return None,
        _ => 4,
    };
    if !noun.is_empty() && !is_personal(noun) {
        return None;
    }
    labelled_code(text, word, least)
}

/// Nouns whose codes lead to a person.
const PERSONS: [&str; 16] = [
    "患者",
    "者",
    "症例",
    "識別",
    "個人",
    "会員",
    "職員",
    "社員",
    "ドナー",
    "医師",
    "招待",
    "確認",
    "予約",
    "認証",
    "暗証",
    "照会",
];

/// Reads the number of a car: 品川 300 あ 12-34.
fn number_plate(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_marks(text, word.end);
    let place = run_of(text, start, |c| is_kanji(c) || is_katakana(c) || is_hiragana(c) || c == 'ヶ');
    let class = run_of(text, skip_spaces(text, place), |c| c.is_ascii_alphanumeric());
    let kana = skip_spaces(text, class);
    let letter = run_of(text, kana, |c| is_hiragana(c) || c.is_ascii_alphabetic());
    let number = skip_spaces(text, letter);
    let end = run_of(text, number, |c| c.is_ascii_digit() || matches!(c, '-' | '・' | '.'));
    let digits = text[number..end].bytes().filter(u8::is_ascii_digit).count();
    let fits = place > start && class > place && letter > kana && (1..=4).contains(&digits);
    fits.then(|| labelled(text, word, start..end))
}

fn skip_spaces(text: &str, at: usize) -> usize {
    at + text[at..].bytes().take(2).take_while(|&b| b == b' ').count()
}

/// Returns the end of at most eight characters of one kind at `at`.
fn run_of(text: &str, at: usize, is: impl Fn(char) -> bool) -> usize {
    at + text[at..].chars().take(8).take_while(|&c| is(c)).map(char::len_utf8).sum::<usize>()
}

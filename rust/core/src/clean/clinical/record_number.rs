//! Numbers of registers, studies and examinations that lead to a person.

use std::ops::Range;
use std::sync::LazyLock;

use super::card_labels;
use super::category::{Category, Place};
use super::code::{any_code, labelled_code};
use super::fare_card;
use super::list::List;
use super::login::{self, login};
use super::noun::{follows_hiragana, is_personal, noun_before};
use super::number_plate::{self, number_plate};
use super::ordinal::ordinal;
use super::reading::{after_marks, begins_word, labelled};
use super::record_labels;
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "record_number",
    tag: "〔*登録番号〕",
    what: "a code behind 登録番号, 症例ID, 手帳番号, 在留カード, 職員番号 and the like, and behind any 番号 and No that is no product's, figure's or paper's",
    source: "身体障害者福祉法施行規則 別表第四号; 出入国管理及び難民認定法 19-4 (card number); DICOM (0008,0050); labels of studies",
    words: &WORDS,
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

const LABELS: usize = record_labels::WORDS.len();

/// The labels of both lists.
const WORDS: [&str; LABELS + card_labels::WORDS.len()] = {
    let mut words = [""; LABELS + card_labels::WORDS.len()];
    let mut i = 0;
    while i < words.len() {
        words[i] = if i < LABELS { record_labels::WORDS[i] } else { card_labels::WORDS[i - LABELS] };
        i += 1;
    }
    words
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
    if number_plate::is_car(label) {
        return number_plate::behind_car(text, &word);
    }
    if label == "第" {
        return ordinal(text, &word);
    }
    let lower = label.to_ascii_lowercase();
    if label.starts_with("年(") {
        return court_case(text, &word);
    }
    if lower == "uid" {
        return object_identifier(text, &word);
    }
    if lower.starts_with("mac") {
        return mac_address(text, &word);
    }
    // A short label in Latin letters needs a mark behind it: HN:7714.
    if matches!(&*lower, "hn") && !text[word.end..].starts_with([':', '#', '=']) {
        return None;
    }
    if login::is_label(&lower) {
        return login(text, &word);
    }
    if login::is_secret(&lower) {
        return login::secret(text, &word).or_else(|| labelled_code(text, &word, least(label)));
    }
    match label {
        "番号" | "コード" => numbered(text, &word),
        _ if label.eq_ignore_ascii_case("no") => numbered(text, &word),
        // 血圧手帳 135/87
        _ if label.ends_with("手帳") => labelled_code(text, &word, least(label))
            .filter(|place| !is_pressure(&text[place.value.start..]))
            .map(|place| with_second(text, place)),
        _ if card_labels::WORDS.contains(&&*lower) => on_card(text, &word),
        _ if fare_card::LABELS.contains(&&*lower) => fare_card::fare_card(text, &word),
        "登録番号" => number_plate(text, &word).or_else(|| labelled_code(text, &word, 2)),
        _ if STUDIES.iter().any(|study| label.ends_with(study)) => {
            labelled_code(text, &word, 4).filter(|place| is_of_study(&text[place.value.clone()]))
        }
        _ if label.contains("カード") || label.contains("永住者") => residence_card(text, &word)
            .or_else(|| labelled_code(text, &word, least(label)).map(|place| with_second(text, place))),
        _ => labelled_code(text, &word, least(label)).map(|place| with_second(text, place)),
    }
}

/// The fewest digits behind a card or a licence.
const FEWEST_ON_CARD: usize = 5;

/// Reads the number of a card or a licence, which is no date: 年金証書 1150-6-77134.
fn on_card(text: &str, word: &Range<usize>) -> Option<Place> {
    let place = labelled_code(text, word, FEWEST_ON_CARD)?;
    let value = &text[place.value.clone()];
    let dated = value.len() == 8 && value.starts_with("20") && value.bytes().all(|b| b.is_ascii_digit());
    (!dated).then_some(place)
}

/// Registers whose word may stand before a count or a year too.
const STUDIES: [&str; 7] =
    ["治験登録", "試験登録", "症例登録", "患者登録", "デバイス登録", "移植登録", "研究登録"];

/// Tests for a code with letters, or for seven digits or more: C05-0329, and no count or years.
fn is_of_study(code: &str) -> bool {
    code.contains(|c: char| c.is_ascii_alphabetic())
        || code.len() >= 7 && code.bytes().all(|b| b.is_ascii_digit())
}

/// Reads the number of a residence card with spaces beside its letters: AB 12345678 CD.
fn residence_card(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_marks(text, word.end);
    let letters = |rest: &str| rest.bytes().take(3).take_while(u8::is_ascii_uppercase).count() == 2;
    let rest = text[start..].get(2..).filter(|_| letters(&text[start..]))?.trim_start_matches(' ');
    let digits = rest.bytes().take(9).take_while(u8::is_ascii_digit).count();
    let rest = rest.get(8..).filter(|_| digits == 8)?.trim_start_matches(' ');
    let end = text.len() - rest.get(2..).filter(|_| letters(rest))?.len();
    Some(labelled(text, word, start..end))
}

/// Reads the number of a case at a court: 令和6年(家)第1188号.
fn court_case(text: &str, word: &Range<usize>) -> Option<Place> {
    let head = &text[..word.start];
    let digits = head.bytes().rev().take(3).take_while(u8::is_ascii_digit).count();
    let head = &head[..head.len() - digits];
    let era = ["昭和", "平成", "令和"].iter().find(|era| head.ends_with(**era))?;
    let rest = text[word.end..].strip_prefix('第').unwrap_or(&text[word.end..]);
    let number = rest.bytes().take(7).take_while(u8::is_ascii_digit).count();
    let rest = rest[number..].strip_prefix('号').filter(|_| digits > 0 && number > 0)?;
    let range = head.len() - era.len()..text.len() - rest.len();
    Some(Place { whole: range.clone(), value: range })
}

/// The fewest characters of an object identifier of one image or study.
const LONG_IDENTIFIER: usize = 24;

/// Reads the object identifier of a study, a series or an image: 1.2.392.200036.9116.….
fn object_identifier(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_marks(text, word.end);
    let of_number = |b: &&u8| b.is_ascii_digit() || **b == b'.';
    let length = text.as_bytes()[start..].iter().take(65).take_while(of_number).count();
    let value = text[start..start + length].trim_end_matches('.');
    let long = value.len() >= LONG_IDENTIFIER && value.matches('.').count() >= 4;
    (long && value.starts_with(['1', '2'])).then(|| labelled(text, word, start..start + value.len()))
}

/// Reads the address of a network card: 00:1B:44:11:3A:B7.
fn mac_address(text: &str, word: &Range<usize>) -> Option<Place> {
    let start = after_marks(text, word.end);
    let is_part = |b: &&u8| b.is_ascii_hexdigit() || matches!(**b, b':' | b'-' | b'.');
    let length = text.as_bytes()[start..].iter().take(20).take_while(is_part).count();
    let digits = text[start..start + length].bytes().filter(u8::is_ascii_hexdigit).count();
    (digits == 12).then(|| labelled(text, word, start..start + length))
}

/// Tests for a blood pressure: two numbers of two or three digits and a slash.
fn is_pressure(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let first = digits(text);
    let second = text[first..].strip_prefix('/').map_or(0, digits);
    (2..=3).contains(&first) && (2..=3).contains(&second)
}

/// Takes a second long number behind a slash: insurer and insured of a card.
fn with_second(text: &str, mut place: Place) -> Place {
    let rest = text[place.value.end..].trim_start_matches(' ');
    if let Some(rest) = rest.strip_prefix('/').map(|rest| rest.trim_start_matches(' ')) {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if (6..=12).contains(&digits) && place.whole.end == place.value.end {
            place.value.end = text.len() - rest.len() + digits;
            place.whole.end = place.value.end;
        }
    }
    place
}

/// The least number of digits behind a label: four where it can stand for the thing itself.
fn least(label: &str) -> usize {
    let thing = [
        "細胞診",
        "小児慢性",
        "特定疾病",
        "難病",
        "特定疾患",
        "医療",
        "保護",
        "確認書",
        "免許",
        "免許証",
        "限度額認定証",
        "リストバンド",
        "ネームバンド",
        "腕バンド",
        "高齢者証",
        "保険証",
        "手帳",
        "カード",
        "証明書",
        "登録証",
        "受給者証",
        "医療証",
        "接種券",
        "医籍",
        "アクセッション",
    ];
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
        "番号" if noun.is_empty() && (of_person(text, word.end) || behind_sign(text, word.start)) => 2,
        "番号" if noun.is_empty() => (!follows_hiragana(text, word.start)).then_some(5)?,
        _ if noun.is_empty() && text[..word.start].ends_with('「') => 4,
        "番号" => 3,
        _ if HELD.ends(text[..word.start].trim_end_matches(' ')) => {
            return labelled_code(text, word, 3);
        }
        _ if noun.is_empty() && text[..word.start].trim_end_matches(' ').ends_with(')') => {
            return signed(text, word);
        }
        _ if noun.is_empty() || noun.is_ascii() => return None,
        _ => 4,
    };
    if !noun.is_empty() && !is_personal(noun) && !is_implant(text, word.start, noun) {
        return None;
    }
    labelled_code(text, word, least)
}

/// Ends of words for what a person holds, before No: 自賠責証明書 No. 0A77-318840.
static HELD: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "証明 証明書 証書 許可証 許可書 会員証 登録証 認定証 受給者証 保険証 者証 組合員証 学生証 社員証 職員証 身分証 診察証 医療証 手帳 通帳 \
         免許 免許証 免状 鑑札 名簿 台帳 会員カード 職員カード 面会カード 診察カード 救急カード 患者カード 受診券 利用券 接種券 受付票 預り証 契約 保険 紹介状",
    )
});

/// Reads the number behind a sign for the patient in brackets: (患)No0138852.
fn signed(text: &str, word: &Range<usize>) -> Option<Place> {
    let head = text[..word.start].trim_end_matches(' ');
    let sign = ["(患)", "(患者)", "(診)", "(診察券)", "(カルテ)", "(カ)", "(本人)", "(外来)", "(入院)"];
    sign.iter().any(|sign| head.ends_with(sign)).then(|| labelled_code(text, word, 4))?
}

/// Tests for the serial number of a device that a person wears: ペースメーカ シリアル番号.
fn is_implant(text: &str, at: usize, noun: &str) -> bool {
    const DEVICES: [&str; 14] = [
        "人工股関節",
        "人工膝関節",
        "人工関節",
        "インプラント",
        "ペースメーカ",
        "ICD",
        "CRT",
        "除細動器",
        "植込み",
        "植え込み",
        "人工内耳",
        "補聴器",
        "刺激装置",
        "インスリンポンプ",
    ];
    let before: usize = text[..at].chars().rev().take(24).map(char::len_utf8).sum();
    let behind: usize = text[at..].chars().take(32).map(char::len_utf8).sum();
    ["シリアル", "製造"].iter().any(|end| noun.ends_with(end))
        && DEVICES.iter().any(|device| text[at - before..at + behind].contains(device))
}

/// Tests for a number with a person behind it: 番号6681の患者.
fn of_person(text: &str, at: usize) -> bool {
    let rest = text[at..].trim_start_matches([' ', ':']);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    digits >= 3
        && ["の患者", "の方", "の利用者", "の者", "番の患者"]
            .iter()
            .any(|word| rest[digits..].starts_with(word))
}

/// Tests for the sign of an insured person shortly before 番号.
fn behind_sign(text: &str, at: usize) -> bool {
    let length: usize =
        text[..at].chars().rev().take(24).take_while(|&c| c != '\n' && c != '。').map(char::len_utf8).sum();
    ["記号", "保険証"].iter().any(|word| text[at - length..at].contains(word))
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

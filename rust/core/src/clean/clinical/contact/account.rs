//! Accounts behind @, with dots and hyphens, and behind the name of a service.

use std::ops::Range;

use super::account_words::is_ambiguous;
use super::group;
use super::handle::{self, Form};
use super::words::Seen;
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Marks and words between a service and the name of an account; those from `ID` on make it explicit.
const BETWEEN: [(&str, bool); 69] = [
    ("表示名", true),
    ("電話", true),
    ("通話", true),
    ("(現X)", false),
    ("連絡先", true),
    ("作者名", true),
    ("投稿者名", true),
    ("裏アカ", true),
    ("サブアカ", true),
    ("鍵アカ", true),
    ("裏垢", true),
    ("垢", true),
    ("username", true),
    ("user name", true),
    ("User name", true),
    ("Username", true),
    ("handle", true),
    ("account", true),
    ("Account", true),
    ("登録", false),
    ("連携", false),
    ("ではなく", false),
    ("で", false),
    ("user/", true),
    ("グループ", false),
    ("に", false),
    ("内", false),
    (" ", false),
    ("\n", false),
    ("は", false),
    ("の", false),
    ("が", false),
    (")", false),
    ("、", false),
    ("公式", false),
    ("ミーティング", false),
    ("会議", false),
    ("meeting", false),
    ("Meeting", false),
    ("WORKS", false),
    ("トーク", false),
    ("チャンネル", false),
    ("ID", true),
    ("Id", true),
    ("id", true),
    ("アカウント", true),
    ("アカ", true),
    ("ユーザー名", true),
    ("ユーザ名", true),
    ("ユーザー", true),
    ("ネーム", true),
    ("名前", true),
    ("名", true),
    ("ハンドル", true),
    ("コード", true),
    ("番号", true),
    ("号", true),
    (":", true),
    ("=", true),
    ("→", true),
    (">", true),
    ("「", true),
    ("『", true),
    ("【", true),
    ("(", true),
    ("[", true),
    ("@", true),
    ("/", true),
    ("\"", true),
];

/// Kanji right before a service: 旧ツイッター, 娘インスタ.
const OF_WHOM: &str = "旧元現新裏妻夫娘母父姉妹兄弟孫";

/// The most such marks.
const MOST_MARKS: usize = 8;

/// The longest name, in characters.
const LONGEST: usize = 40;

/// Names of accounts behind @, with dots and hyphens, and behind the name of a service.
pub fn handles(text: &str, seen: &Seen) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (_, at) in seen.of(group::E_MAIL_PLAIN).filter(|&(mark, _)| mark == "@") {
        found.extend(behind_at(text, at));
    }
    for (service, at) in seen.of(group::ACCOUNT) {
        found.extend(behind_service(text, service, at).or_else(|| japanese(text, service, at)));
    }
    found
}

/// Returns the name at `start`, without the marks that end a sentence.
fn name_at(text: &str, start: usize) -> &str {
    let is_name = |b: &&u8| b.is_ascii_alphanumeric() || b"_.-#:".contains(*b);
    let length = text.as_bytes()[start..].iter().take(LONGEST).take_while(is_name).count();
    text[start..start + length].trim_end_matches(['.', '-', ':', '#'])
}

/// Reads the account behind @ that has dots or hyphens, which the rule `web` would cut.
fn behind_at(text: &str, at: usize) -> Option<Range<usize>> {
    let name = name_at(text, at + 1);
    let begins = text[..at].chars().next_back().is_none_or(|c| {
        c.is_whitespace() || "(「、。:/【[<→・".contains(c) || !c.is_ascii() && c.is_alphabetic()
    });
    let letters = name.bytes().filter(u8::is_ascii_alphabetic).count();
    let parted = name.contains(['.', '-', '_']) && name.len() >= 3 && letters > 0;
    let spelled = name.bytes().any(|b| b.is_ascii_digit()) && letters >= 3 && name.len() >= 5;
    let before = text[..at].trim_end_matches(' ');
    let place = before.ends_with(|c: char| c.is_ascii_digit() || c == '%');
    let leads = !name.starts_with(|c: char| c.is_ascii_digit());
    (begins && (parted || spelled) && !place && leads).then(|| at..at + 1 + name.len())
}

/// Reads the account behind the name of a service.
fn behind_service(text: &str, service: &str, at: usize) -> Option<Range<usize>> {
    let before = text[..at].chars().next_back();
    let joined = before.is_some_and(|c| match service.is_ascii() {
        true => c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '/'),
        false => {
            is_katakana(c)
                || c == 'ー'
                || is_kanji(c) && !service.starts_with(is_kanji) && !OF_WHOM.contains(c)
        }
    });
    let compound = ["アカウント", "登録名"].iter().any(|end| service.ends_with(end));
    if joined && !compound && !matches!(service, "ユーザー名" | "ユーザ名") || before == Some('/') {
        return None;
    }
    let mut start = id_in_brackets(text, at + service.len()).unwrap_or(at + service.len());
    let (mut explicit, mut is_id) = (false, service.starts_with("ユーザ"));
    for _ in 0..MOST_MARKS {
        let Some((mark, sure)) = BETWEEN.iter().find(|(mark, _)| text[start..].starts_with(mark)) else {
            break;
        };
        explicit |= sure;
        is_id |= mark.eq_ignore_ascii_case("id") || matches!(*mark, "番号" | "号" | "コード" | "user/");
        start += mark.len();
    }
    let gap = start > at + service.len();
    let name = name_at(text, start);
    let letters = name.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let marked = digits > 0 || name.contains(['_', '.', '-', '#']);
    let ambiguous = is_ambiguous(service);
    let quantity =
        name.starts_with(|c: char| c.is_ascii_digit()) && letters <= 4 && !name.contains(['_', '#']);
    let word = letters > 0 && name.len() >= 3 && !quantity;
    let lower = name.starts_with(|c: char| c.is_ascii_lowercase()) && letters >= 3 && !name.contains(':');
    let spelled_out =
        matches!(service, "LINE" | "ライン") && lower && (name.contains(['_', '.']) || digits >= 2);
    // d04417
    let numbered = digits >= 4 && name.starts_with(|c: char| c.is_ascii_lowercase());
    let user = service.starts_with("ユーザ") && digits > 0 && (name.contains(['_', '.', '-']) || numbered);
    // 表示名 reha_maki3
    let label = LABELS.contains(&service) || service == "アカウント";
    let of_label = || label && handle::form(text, start, Form::Any).is_some();
    // フォートナイトのyuki_gt77
    let general = || matches!(service, "X" | "Switch" | "QQ" | "IG" | "FB");
    let parted = || name.contains('_') && !general() && handle::form(text, start, Form::Numbered).is_some();
    let announced = user || explicit || !ambiguous && marked || spelled_out || of_label() || parted();
    let line = matches!(service, "LINE" | "ライン") && name.len() >= 4;
    let spelled = marked || is_id || explicit && (!ambiguous || line) && !is_plain_word(name);
    if gap && word && announced && spelled {
        return Some(start..start + name.len());
    }
    let number = number_end(text, start);
    let digits = text[start..number].bytes().filter(u8::is_ascii_digit).count();
    let least = if is_id { 5 } else { 9 };
    (gap && number > start && digits >= least).then_some(start..number)
}

/// The most characters between a service and its ID in brackets.
const LONGEST_REMARK: usize = 16;

/// Returns the start of `(ID` behind a few words at `at`: LINEで連絡を取っている(ID:.
fn id_in_brackets(text: &str, at: usize) -> Option<usize> {
    let word = |c: char| is_kanji(c) || is_katakana(c) || is_hiragana(c) || c == 'ー';
    let length: usize =
        text[at..].chars().take(LONGEST_REMARK).take_while(|&c| word(c)).map(char::len_utf8).sum();
    text[at + length..].starts_with("(ID").then_some(at + length)
}

/// Labels behind which an account may be in kana or kanji.
const LABELS: [&str; 17] = [
    "オプチャ名",
    "オープンチャット名義",
    "チャット名義",
    "配信名",
    "ゲーム内名",
    "ゲーム名",
    "プレイヤー名",
    "オープンチャット名",
    "スクリーンネーム",
    "アカウント名",
    "ハンドルネーム",
    "ハンドル名",
    "表示名",
    "ユーザー名",
    "ユーザ名",
    "ユーザーネーム",
    "LINE名",
];

/// Reads an account in kana or kanji behind a label and a mark: 配信名 るる☆0801, LINE名「ゆきぽよ」.
fn japanese(text: &str, service: &str, at: usize) -> Option<Range<usize>> {
    let label = LABELS
        .iter()
        .find(|label| text[at..].starts_with(**label))
        .copied()
        .or(LABELS.contains(&service).then_some(service))?;
    let rest = &text[at + label.len()..];
    let inner = rest.trim_start_matches([' ', ':', 'は', '†']);
    let (inner, close) = match inner.strip_prefix(['「', '『', '"']) {
        Some(inner) => (inner, true),
        None => (inner, false),
    };
    let start = text.len() - inner.len();
    let is_part = |c: char| c.is_alphanumeric() || "☆★_.-ー・♪".contains(c);
    let length: usize = inner.chars().take(16).take_while(|&c| is_part(c)).map(char::len_utf8).sum();
    let behind = &inner[length..];
    let name = &inner[..length];
    let closes = if close {
        behind.starts_with(['」', '』', '"'])
    } else {
        behind.is_empty() || behind.starts_with([' ', '\n', '、', '。', '†', ')', ','])
    };
    let kana = !name.is_ascii();
    let general = ["不明", "なし", "未設定", "変更", "登録", "非公開", "削除", "本名", "匿名"]
        .iter()
        .any(|other| name.starts_with(other));
    (start > at + label.len() && name.chars().count() >= 2 && kana && closes && !general)
        .then(|| start..start + length)
}

/// Tests for a word that follows a service without being an account: capitals, or one that people write there.
fn is_plain_word(name: &str) -> bool {
    const PLAIN: [&str; 12] =
        ["and", "app", "call", "chat", "user", "official", "post", "video", "web", "live", "http", "https"];
    name.bytes().all(|b| b.is_ascii_uppercase()) || PLAIN.contains(&name.split(':').next().unwrap_or(name))
}

/// Returns the end of a number in groups: 056 7890 1234.
fn number_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let length =
        bytes[start..].iter().take(16).take_while(|b| b.is_ascii_digit() || b" -".contains(*b)).count();
    let end = start + text[start..start + length].trim_end_matches([' ', '-']).len();
    let goes_on = text[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || "年月日時分%".contains(c));
    if goes_on { start } else { end }
}

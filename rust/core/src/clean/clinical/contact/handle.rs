//! Accounts that a word for an account announces and that have the form of one: ユーザー u_sakiko.92, カメラのID bed4cam_ohta.

use std::ops::Range;

use super::group;
use super::words::Seen;
use crate::clean::clinical::names::runs::run_up_to;
use crate::clean::clinical::noun::noun_before;

/// Words for the name of an account.
pub const WORDS: [&str; 42] = [
    "アカ",
    "垢",
    "作者名",
    "投稿者",
    "投稿者名",
    "投稿名",
    "参加名",
    "参加者名",
    "登録名",
    "利用者名",
    "会員名",
    "名義",
    "ユーザー",
    "ユーザ",
    "ニックネーム",
    "ペンネーム",
    "ハンドル",
    "連絡先",
    "連絡用",
    "ID",
    "Id",
    "アイディー",
    "アイディ",
    "username",
    "Username",
    "UserName",
    "user name",
    "User name",
    "user",
    "User",
    "acct",
    "handle",
    "Handle",
    "nickname",
    "screen name",
    "display name",
    "profile",
    "DM先",
    "Apple ID",
    "AppleID",
    "Apple id",
    "アプリ",
];

/// Ends of nouns for what has an account, before ID.
const DEVICES: [&str; 46] = [
    "カメラ",
    "アプリ",
    "連携",
    "端末",
    "サイト",
    "ポータル",
    "システム",
    "チャット",
    "ツール",
    "通話",
    "ゲーム",
    "配信",
    "会員",
    "見守り",
    "モニター",
    "モニタ",
    "機器",
    "センサー",
    "クラウド",
    "サーバー",
    "サーバ",
    "ルーム",
    "共有",
    "招待",
    "友達",
    "フレンド",
    "登録",
    "管理",
    "閲覧",
    "利用者",
    "家族",
    "家族用",
    "本人",
    "職員",
    "スタッフ",
    "カルテ",
    "パソコン",
    "タブレット",
    "スマホ",
    "ウォッチ",
    "予約",
    "チャンネル",
    "ブログ",
    "動画",
    "面談",
    "診療",
];

/// Marks between the word and the account.
const MARKS: [char; 14] = [' ', ':', '=', '→', '(', '[', '「', '『', '【', '"', '\'', 'は', '@', '#'];

/// The most such marks.
const MOST_MARKS: usize = 4;

/// Finds the accounts.
pub fn handles(text: &str, seen: &Seen) -> Vec<Range<usize>> {
    seen.of(group::HANDLE).filter_map(|(word, at)| behind(text, word, at)).collect()
}

fn behind(text: &str, word: &str, at: usize) -> Option<Range<usize>> {
    let latin = word.is_ascii();
    if latin && text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || "_-./".contains(c)) {
        return None;
    }
    let id = matches!(word, "ID" | "Id");
    if id {
        let noun = noun_before(text, at);
        let of_device = DEVICES.iter().any(|device| noun.ends_with(device));
        let bare = noun.is_empty() && !text[..at].trim_end_matches(' ').ends_with(|c: char| c.is_ascii());
        if !of_device && !bare {
            return None;
        }
    }
    let end = at + word.len();
    let behind = text[end..].strip_prefix('名').filter(|_| !latin).unwrap_or(&text[end..]);
    let behind = behind.strip_prefix("ID").unwrap_or(behind);
    let marks = run_up_to(MOST_MARKS, behind, 0, |c| MARKS.contains(&c));
    let start = text.len() - behind.len() + marks;
    let range = form(text, start, if latin && !id || word == "アプリ" { Form::Numbered } else { Form::Any })?;
    // 見守りアプリ(mimamori_yt77), and not the name of the application
    let bracket = || text[..start].ends_with(['(', '[', '「', '『']);
    let sure = word != "アプリ" || bracket() && text[range.clone()].contains('_');
    (marks > 0 && sure).then_some(range)
}

/// Shape that the name of an account must have.
#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    /// Parts or digits: koharu_als, tonyo-h55, mama88.
    Any,
    /// Parts and digits: thuy_lan95.
    Numbered,
}

/// The fewest and the most characters of a name.
const LENGTH: [usize; 2] = [5, 32];

/// The fewest letters of a name.
const FEWEST_LETTERS: usize = 3;

/// Ends of names of files and domains.
const FILES: [&str; 28] = [
    "com", "jp", "net", "org", "co", "gov", "edu", "info", "py", "txt", "csv", "pdf", "jpg", "png", "html",
    "htm", "xls", "xlsx", "doc", "docx", "exe", "js", "json", "zip", "php", "md", "dcm", "mp4",
];

/// Reads a name at `start` that has the form of an account: lower case first, parts or digits, no file and no version.
pub fn form(text: &str, start: usize, form: Form) -> Option<Range<usize>> {
    let is_name = |b: &&u8| b.is_ascii_alphanumeric() || b"_.-".contains(*b);
    let length = text.as_bytes()[start..].iter().take(LENGTH[1] + 1).take_while(is_name).count();
    let name = text[start..start + length].trim_end_matches(['.', '-', '_']);
    let goes_on = text[start + name.len()..].starts_with(['/', '(', '=', '\\', '%', '*', '@']);
    let letters = name.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let lower = name.bytes().filter(u8::is_ascii_lowercase).count();
    let parted = name.bytes().skip(1).any(|b| b"_.-".contains(&b));
    let last = name.rsplit('.').next().filter(|last| last.len() < name.len());
    let file = last.is_some_and(|last| FILES.contains(&last));
    let spelled = digits >= 2 && name.bytes().take_while(u8::is_ascii_lowercase).count() >= FEWEST_LETTERS;
    let fits = match form {
        Form::Any => parted && (digits > 0 || name.contains('_')) || spelled,
        Form::Numbered => parted && digits > 0,
    };
    let shape = (LENGTH[0]..=LENGTH[1]).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        // iPhone-15
        && !name[1..].starts_with(|c: char| c.is_ascii_uppercase())
        && letters >= FEWEST_LETTERS
        && lower >= FEWEST_LETTERS;
    (shape && fits && !file && !goes_on).then(|| start..start + name.len())
}

//! Numbers of certificates and registers that 第 begins, behind who or what has them: 理学療法士 第88312号,
//! 戸籍謄本 第2274号, 看護師免許 第1288405号.

use std::ops::Range;
use std::sync::LazyLock;

use super::category::Place;
use super::list::List;
use crate::clean::characters::is_kanji;

/// Ends of words for what has a number, and for who has a licence.
static HOLDERS: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "戸籍謄本 戸籍抄本 除籍謄本 住民票 診断書 死亡届 出生届 国民健康保険 国保 社会保険 社保 健保 健康保険 協会けんぽ 共済組合 受給者 受給者証 \
         療法士 聴覚士 看護師 薬剤師 助産師 保健師 医師 放射線技師 検査技師 工学技士 栄養士 福祉士 救命士 心理師 訓練士 支援専門員 衛生士 技工士 装具士 \
         活動記録票 活動記録 搬送記録 搬送記録票 検案書 検案調書 裁決書 通知書 \
         師免許 士免許 師免許証 士免許証 員免許 者免許 手免許 猟免許 猟免許証 許状 免許状 免状 名簿 名簿登録 籍登録 籍簿 師登録 士登録 医登録 員登録 手帳 証書 受療証 \
         認定証 医療証 割合証 資格証 登録証 会員証 組合員証 学生証 社員証 職員証 身分証 身分証明書 専門員証 永住許可書 在留証明書 登録証明書 登録済証 \
         罹災証明書 被災証明書 障害証明書 自賠責証明書 事故証明書 出生証明書 死亡証明書 婚姻証明書 所持許可 所持許可証 受給証 標章 鑑札 注射済票 被爆者 \
         被保険者 被保険者証 受診券 利用券 診察券",
    )
});

/// The most characters of the sign of an insurer between its word and the number: 国民健康保険 松国 第5528031号.
const LONGEST_SIGN: usize = 4;

/// Reads the number behind 第 at `word`: four digits or more with 号, five without.
pub fn ordinal(text: &str, word: &Range<usize>) -> Option<Place> {
    let rest = &text[word.end..];
    let year = year_end(rest);
    let digits = year + rest[year..].bytes().take(10).take_while(u8::is_ascii_digit).count();
    let head = text[..word.start].strip_suffix([' ', ':', '(']).unwrap_or(&text[..word.start]);
    if digits < 4 || head.len() == word.start && !head.ends_with(is_kanji) {
        return None;
    }
    let behind = &rest[digits..];
    let closed = behind.strip_prefix('号').filter(|rest| !rest.starts_with("様式"));
    let goes_on = closed.unwrap_or(behind).starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
    let least = if closed.is_some() { 4 } else { 5 };
    let sign: usize =
        head.chars().rev().take(LONGEST_SIGN).take_while(|&c| is_kanji(c)).map(char::len_utf8).sum();
    let insurer = || head[..head.len() - sign].strip_suffix(' ').is_some_and(|head| head.ends_with("保険"));
    let fits = (least..=9).contains(&(digits - year))
        && (year == 0 || closed.is_some())
        && !goes_on
        && (HOLDERS.ends(head) || insurer());
    let end = text.len() - closed.unwrap_or(behind).len();
    fits.then_some(Place { whole: word.start..end, value: word.start..end })
}

/// Returns the end of the year and the dash before a number: 2024-08812.
fn year_end(text: &str) -> usize {
    let digits = text.bytes().take(5).take_while(u8::is_ascii_digit).count();
    let fits = digits == 4 && text.starts_with("20") && text[digits..].starts_with('-');
    if fits { digits + 1 } else { 0 }
}

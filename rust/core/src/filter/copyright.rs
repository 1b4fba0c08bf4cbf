//! Copyright notices: reservations of rights in the text itself.
//!
//! The papers drop such documents from web text (technical report 2.1.1), so a notice in the footer of a long page
//! drops the page; `remove: line` takes the line alone. A notice has a form: "Copyright © 2020 …", "(C) 2020 …", "All
//! Rights Reserved", 無断転載禁止, 当サイトの著作権は…に帰属します. An article about copyright has not, or it quotes
//! the form, as in 「無断転載禁止」と書く or "All rights reserved"という表示; it stays.

use super::options::{CopyrightOptions, RemoveNotice};
use super::phrases::{Match, NoticeForm, Phrase};
use super::reason::Reason;

/// The phrases; upper and lower case are alike.
pub const PHRASES: [(&str, NoticeForm); 22] = [
    ("copyright", NoticeForm::Copyright),
    ("all▁rights▁reserved", NoticeForm::Reserved),
    ("all▁right▁reserved", NoticeForm::Reserved),
    ("allrightsreserved", NoticeForm::Reserved),
    ("(c)", NoticeForm::LetterC),
    ("©", NoticeForm::Sign),
    ("&copy;", NoticeForm::Sign),
    ("無断転載", NoticeForm::WithoutLeave),
    ("無断複製", NoticeForm::WithoutLeave),
    ("無断複写", NoticeForm::WithoutLeave),
    ("無断使用", NoticeForm::WithoutLeave),
    ("無断引用", NoticeForm::WithoutLeave),
    ("無断での転載", NoticeForm::WithoutLeave),
    ("無断での使用", NoticeForm::WithoutLeave),
    ("転載を", NoticeForm::Use),
    ("複製を", NoticeForm::Use),
    ("複写を", NoticeForm::Use),
    ("転載禁止", NoticeForm::Ban),
    ("転用禁止", NoticeForm::Ban),
    ("複製禁止", NoticeForm::Ban),
    ("著作権は", NoticeForm::Right),
    ("著作権・肖像権は", NoticeForm::Right),
];

/// Examples: a text, and whether it has a notice.
#[cfg(test)]
pub const EXAMPLES: [(&str, bool); 40] = [
    ("Copyright▁©▁2020▁ABC▁Inc.", true),
    ("copyright(c)2019▁山田▁太郎", true),
    ("Copyright▁2008-2021▁株式会社山田", true),
    ("COPYRIGHT▁BY▁YAMADA▁ALL▁RIGHTS▁RESERVED", true),
    ("健康情報サイト▁All▁Rights▁Reserved.", true),
    ("(C)▁2020▁山田商店", true),
    ("(c)2020", true),
    ("©▁Yamada", true),
    ("©2015山田製作所", true),
    ("&copy;▁2010▁Yamada", true),
    ("※無断転載を禁じます", true),
    ("当サイトの文章・画像の無断転載禁止", true),
    ("無断転載・複製は固くお断りいたします。", true),
    ("本サイト内の記事・写真の無断転載は法律で禁じられています。", true),
    ("掲載記事の転載を禁じます。", true),
    ("許可なく転載を禁ず", true),
    ("写真の転載禁止です。", true),
    ("当サイトに掲載されている画像の著作権は各権利所有者に帰属します。", true),
    ("本ページの著作権は当院が所有しています", true),
    // Talk about copyright, and what looks like a notice.
    ("著作権法は、著作者の許諾のない複製を禁じている。", false),
    ("著作権は著作者に帰属する。譲渡契約があれば著作権は会社に移る。", false),
    ("職務上作成された論文の著作権は所属機関に帰属します。", false),
    ("「無断転載禁止」と書かれていなくても、無断で転載すれば著作権の侵害となる。", false),
    ("「All▁Rights▁Reserved」という表示は、今日では法律上の意味を持たない。", false),
    ("All▁rights▁reservedの表示はブエノスアイレス条約に由来する。", false),
    ("©マークは万国著作権条約に基づく。", false),
    ("©という記号について", false),
    ("Copyright▁Actは米国の著作権法である。", false),
    ("英語のcopyrightは複製権を意味する。", false),
    ("(A)▁手術、(B)▁放射線、(C)▁化学療法", false),
    ("(C)▁2010年の症例では再発を認めなかった。", false),
    ("(c)▁2000mLの輸液", false),
    ("(C)▁2000人を対象とした", false),
    ("ビタミン(C)▁1999mgを投与した。", false),
    ("無断転載が問題となった事件で、裁判所は損害賠償を認めた。", false),
    ("無断使用は著作権法21条により禁止される行為である。", false),
    ("医療画像の転載を希望する場合は出版社の許諾が要る。", false),
    ("図の転載を許可された。", false),
    ("複製を禁止する規定が設けられた。", false),
    ("細胞はDNAの複製を停止する。", false),
];

/// Drops a text with a notice, or removes the lines that have one.
///
/// Writes the rest to the (empty) string and returns the number of removed lines; writes nothing if it is 0.
pub fn judge(
    options: &CopyrightOptions,
    text: &str,
    matches: &[Match],
    out: &mut String,
) -> Result<u64, Reason> {
    let mut removed = 0;
    let mut done = 0;
    for found in matches {
        let Phrase::Notice(form) = found.phrase else { continue };
        if found.start < done {
            continue;
        }
        let start = text[..found.start].rfind('\n').map_or(0, |i| i + 1);
        let end = text[found.end..].find('\n').map_or(text.len(), |i| found.end + i);
        if !is_notice(form, &text[start..found.start], &text[found.end..end]) {
            continue;
        }
        if options.remove == RemoveNotice::Document {
            return Err(Reason::CopyrightNotice);
        }
        out.push_str(&text[done..start]);
        done = (end + 1).min(text.len());
        removed += 1;
    }
    if removed > 0 {
        out.push_str(&text[done..]);
        out.truncate(out.trim_end_matches('\n').len());
        if out.is_empty() {
            return Err(Reason::CopyrightNotice);
        }
    }
    Ok(removed)
}

/// Tests whether a form with this text around it in its line is a notice.
fn is_notice(form: NoticeForm, before: &str, after: &str) -> bool {
    if is_quoted(before, after) {
        return false;
    }
    let next = after.trim_start_matches(['▁', '.', ':', ',', '-']);
    if MENTIONS.iter().any(|mention| next.starts_with(mention)) {
        return false;
    }
    match form {
        NoticeForm::Reserved => true,
        NoticeForm::Copyright => {
            let lower = next.to_ascii_lowercase();
            lower.starts_with("(c)")
                || lower.starts_with("&copy;")
                || next.starts_with('©')
                || lower.starts_with("by▁")
                || is_year(lower.strip_prefix('c').unwrap_or(&lower))
                || lower.contains("reserved")
        }
        NoticeForm::LetterC => is_year(next),
        NoticeForm::Sign => {
            next.starts_with(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || is_name(c))
        }
        NoticeForm::WithoutLeave => bans(first_sentence(after, 40)),
        NoticeForm::Use => BANS.iter().filter_map(|ban| after.strip_prefix(ban)).any(speaks_to_reader),
        NoticeForm::Ban => speaks_to_reader(after),
        NoticeForm::Right => {
            let sentence = before.rsplit(['。', '!', '?']).next().unwrap_or(before);
            let rest = first_sentence(after, 60);
            OURS.iter().any(|us| sentence.contains(us)) && CLAIMS.iter().any(|claim| rest.contains(claim))
        }
    }
}

/// Words for the protected work or its owner in a notice.
const OURS: [&str; 15] = [
    "当サイト",
    "本サイト",
    "当ブログ",
    "本ブログ",
    "当ページ",
    "本ページ",
    "当ホームページ",
    "本ホームページ",
    "当ウェブサイト",
    "本ウェブサイト",
    "当社",
    "弊社",
    "当院",
    "当会",
    "掲載",
];

/// Claims of a right that a notice makes to the reader.
const CLAIMS: [&str; 8] =
    ["帰属し", "に属しま", "にありま", "にござい", "所有しま", "所有してい", "保有しま", "保有してい"];

/// Words behind a form that is only mentioned.
const MENTIONS: [&str; 12] = [
    "という",
    "との",
    "といった",
    "と書",
    "と表示",
    "の表示",
    "の表記",
    "の文言",
    "の記号",
    "マーク",
    "表示",
    "表記",
];

/// Tests whether the text between the two is in a short quotation.
fn is_quoted(before: &str, after: &str) -> bool {
    let opening = before.rfind(['「', '『']).filter(|&i| !before[i..].contains(['」', '』']));
    let opened = opening.is_some_and(|i| before[i..].chars().count() <= 12) || before.ends_with(['"', '\'']);
    opened && after.chars().take(12).any(|c| matches!(c, '」' | '』' | '"' | '\''))
}

/// Tests for the year of a notice at the start: no unit follows it.
fn is_year(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 4 || !bytes[..4].iter().all(u8::is_ascii_digit) || !matches!(&bytes[..2], b"19" | b"20")
    {
        return false;
    }
    match text[4..].trim_start_matches('▁').chars().next() {
        None => true,
        Some(c) => {
            !c.is_ascii_digit()
                && !c.is_ascii_lowercase()
                && !"年月人例件個円名回歳頭匹枚万点単μ℃%/.".contains(c)
        }
    }
}

/// Tests for a character that a name can begin with, particles apart.
fn is_name(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{30a1}'..='\u{30fa}')
}

/// Returns the text up to the end of its first sentence, at most so many characters.
fn first_sentence(text: &str, most: usize) -> &str {
    let end = text.char_indices().enumerate().find(|&(n, (_, c))| n == most || matches!(c, '。' | '!' | '?'));
    end.map_or(text, |(_, (i, _))| &text[..i])
}

/// Words that forbid.
const BANS: [&str; 9] =
    ["禁止", "禁じ", "禁ず", "固く禁じ", "厳禁", "お断り", "固くお断り", "ご遠慮", "しないで"];

/// Tests whether the text forbids something to the reader, rather than reports a ban.
fn bans(text: &str) -> bool {
    BANS.iter().any(|ban| text.match_indices(ban).any(|(at, _)| speaks_to_reader(&text[at + ban.len()..])))
}

/// Tests for a polite ending, or nothing, behind a word that forbids.
fn speaks_to_reader(rest: &str) -> bool {
    rest.is_empty()
        || rest.starts_with(['。', '!', '、', '▁', ')', '」', '】', '/', '・', '('])
        || [
            "ます",
            "です",
            "します",
            "いたし",
            "致し",
            "られています",
            "されています",
            "となります",
            "とさせて",
            "くだ",
            "下さい",
            "願",
        ]
        .iter()
        .any(|polite| rest.starts_with(polite))
}

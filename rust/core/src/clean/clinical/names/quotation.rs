//! Quotations around a given name: who says them, and what they are.

use std::sync::LazyLock;

use super::super::list::List;
use super::lists::FAMILY;
use super::runs::{run_before, run_up_to};

/// The longest quotation that is read to its end, in characters.
const LONGEST_QUOTATION: usize = 60;

/// Words between who speaks and the quotation.
const SPEAKS: [&str; 16] = [
    "は",
    "が",
    "も",
    ":",
    "より",
    "から",
    "曰く",
    "いわく",
    "によると",
    "によれば",
    "の話では",
    "談",
    "は、",
    "より、",
    "から、",
    " ",
];

/// Tests for a member of the family who says the quotation that is open at the end of `before`: 母は「, 」と妻.
pub fn is_said_by_family(before: &str, behind: &str) -> bool {
    let head = before.trim_end_matches(['「', '『']);
    let speaker = SPEAKS.iter().any(|word| head.strip_suffix(word).is_some_and(|rest| FAMILY.ends(rest)));
    speaker || FAMILY.ends(head) || {
        let end = run_up_to(LONGEST_QUOTATION, behind, 0, |c| !matches!(c, '」' | '』' | '\n'));
        behind_to(&behind[end..]).is_some_and(|rest| FAMILY.begins(rest))
    }
}

/// Returns what stands behind the end of a quotation and と.
fn behind_to(behind: &str) -> Option<&str> {
    let rest = behind.strip_prefix(['」', '』'])?.strip_prefix('と')?;
    Some(rest.strip_prefix(['、', ' ']).unwrap_or(rest))
}

/// Words behind a quotation by which it is a name.
static QUOTED: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "に会 の名を呼 の名前を と呼ぶと と呼びか と呼んで と呼ばれて を呼 で呼 の声 に電話 に連絡 の写真 が生まれ という名 と名 に決 と命名 と自分の名 と自身の名 と自分の氏名",
    )
});

/// Words behind a quotation by which it is an answer.
static ANSWERED: LazyLock<List> = LazyLock::new(|| {
    List::read("とのみ答 とだけ答 と返答 と正答 と答え と言え と書け と書い と想起 正答 想起 回答")
});

/// Tests for the end of a quotation that holds an answer alone.
pub fn is_answered(behind: &str) -> bool {
    behind.strip_prefix(['」', '』']).is_some_and(|rest| ANSWERED.begins(rest))
}

/// Tests for the end of a quotation that holds a name alone.
pub fn is_quoted(behind: &str) -> bool {
    behind.strip_prefix(['」', '』']).is_some_and(|rest| QUOTED.begins(rest))
}

/// Tests for the end of a quotation that holds the own name.
pub fn is_own_name(behind: &str) -> bool {
    behind_to(behind).is_some_and(|rest| {
        [
            "自分の名",
            "自身の名",
            "自分の氏名",
            "自己の名",
            "自名",
            "自分を",
            "自分のこと",
            "名前を書",
            "名前が書",
        ]
        .iter()
        .any(|word| rest.starts_with(word))
    })
}

/// The longest part of a quotation before a name that is read, in characters.
const LONGEST_BEFORE: usize = 24;

/// Tests for an open quotation at the end of `before`.
pub fn is_quotation(before: &str) -> bool {
    let mut marks =
        before.chars().rev().take(LONGEST_BEFORE).filter(|c| matches!(c, '「' | '」' | '『' | '』' | '\n'));
    marks.next().is_some_and(|mark| matches!(mark, '「' | '『'))
}

/// Tests for an open quotation at the end of `before`, right behind a member of the family who says it: 娘は「もう.
pub fn is_quoted_by_family(before: &str) -> bool {
    let start = run_before(LONGEST_BEFORE, before, |c| !matches!(c, '「' | '」' | '『' | '』' | '\n'));
    let head = &before[..start];
    head.ends_with(['「', '『']) && is_said_by_family(head, "")
}

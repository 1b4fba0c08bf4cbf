//! Tells the # of a problem list (#高血圧 #糖尿病) from that of a tag (旅行 #京都).

use super::white_space::is_line_break;

/// Words before the first problem of a line, in lower case; those in ASCII begin a word.
const LABELS: [&str; 29] = [
    "プロブレム",
    "プロブレムリスト",
    "問題",
    "問題点",
    "問題リスト",
    "診断",
    "診断名",
    "病名",
    "傷病名",
    "既往",
    "既往歴",
    "併存症",
    "併存疾患",
    "合併症",
    "基礎疾患",
    "評価",
    "方針",
    "計画",
    "problem",
    "problems",
    "problem list",
    "diagnosis",
    "assessment",
    "a/p",
    "s",
    "o",
    "a",
    "p",
    "ap",
];

/// Characters of the longest label, with what may stand before it.
const LONGEST: usize = 16;

/// Finds the # of a text that belong to problem lists; to be asked from the first # to the last.
///
/// The first # of a line decides: it begins the line (behind marks and numbers at most), or follows a label. Time is
/// linear, as no part of a line is read twice.
#[derive(Default)]
pub struct ProblemLists {
    /// Beginning of the line.
    line: usize,
    /// End of the text that was read.
    read: usize,
    /// True if the line's first # begins a problem list; `None` before it.
    is_list: Option<bool>,
}

impl ProblemLists {
    /// Tests for a # at `at` in a line that is a problem list.
    pub fn has(&mut self, text: &str, at: usize) -> bool {
        if let Some((i, c)) = text[self.read..at].char_indices().rfind(|&(_, c)| is_line_break(c)) {
            self.line = self.read + i + c.len_utf8();
            self.is_list = None;
        }
        self.read = at + 1;
        *self.is_list.get_or_insert_with(|| begins_list(&text[self.line..at]))
    }
}

/// Tests whether a # behind this beginning of a line is the first of a problem list.
fn begins_list(head: &str) -> bool {
    let head = head.trim();
    if !head.contains(char::is_alphabetic) {
        return true; // nothing, marks or a number
    }
    if head.ends_with([':', '】', '〕', ']', '>', '》', '=']) {
        return true;
    }
    let start = head.char_indices().rev().nth(LONGEST - 1).map_or(0, |(i, _)| i);
    let end = head[start..].to_ascii_lowercase();
    let bracket = end.strip_suffix(')'); // A)
    let end = bracket.unwrap_or(&end);
    LABELS.iter().any(|label| {
        end.strip_suffix(label).is_some_and(|rest| match label.len() {
            1 if bracket.is_none() => !rest.contains(char::is_alphabetic),
            _ => !label.is_ascii() || !rest.ends_with(|c: char| c.is_ascii_alphanumeric()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_line_decides() {
        for (line, is_list) in [
            ("#高血圧 #糖尿病", true),
            ("プロブレム:#高血圧 #糖尿病", true),
            ("A) #高血圧 安定 #糖尿病 悪化", true),
            ("【問題点】 #高血圧", true),
            ("(1) #高血圧", true),
            ("既往歴 #高血圧", true),
            ("A/P #高血圧", true),
            ("旅行 #京都 #autumn", false),
            ("楽しかった(笑) #京都", false),
            ("Vitamin A #健康", false),
        ] {
            let mut lists = ProblemLists::default();
            for (at, _) in line.match_indices('#') {
                assert_eq!(lists.has(line, at), is_list, "{line}");
            }
            let lines = format!("散歩 #海\n{line}");
            let mut lists = ProblemLists::default();
            let found: Vec<bool> = lines.match_indices('#').map(|(at, _)| lists.has(&lines, at)).collect();
            assert!(!found[0] && found[1] == is_list, "{line}");
        }
    }
}

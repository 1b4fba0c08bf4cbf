//! Words beside a name: honorifics and professions behind it, titles and family before it.

use std::sync::LazyLock;

use super::super::list::List;
use super::super::reading::open_bracket;
use super::lists::{BEFORE, BEFORE_MARK, BEHIND, BEHIND_KANA, FAMILY};
use super::runs::{closed_bracket, is_katakana_word};
use super::titles_latin::title_in_latin;
use crate::clean::characters::is_kanji;

/// Words in brackets behind a name for who it is: 前田(医師), 池田(妻).
const IN_BRACKETS: &[&str] = &[
    "医",
    "看",
    "薬",
    "検",
    "栄",
    "放",
    "臨",
    "看護",
    "薬剤",
    "外科",
    "内科",
    "小児科",
    "麻酔科",
    "本人",
    "リハ",
    "栄養",
    "事務",
    "続柄",
    "訪看",
    "福祉用具",
    "ケアマネ",
    "ヘルパー",
    "主治医",
    "連携",
    "包括",
    "ワーカー",
    "施設",
    "学生",
    "家族",
    "キーパーソン",
    "友人",
    "知人",
    "隣人",
    "後見",
];

/// The longest word for a profession or a department in brackets, in characters.
const LONGEST_ROLE: usize = 8;

/// The longest profession in brackets, in characters.
const LONGEST_IN_BRACKETS: usize = 16;

/// Professions in Latin letters, which end where no letter follows.
const BEHIND_LATIN: &[&str] = &[
    "Dr", "DR", "dr", "Ns", "NS", "ns", "MD", "PT", "OT", "ST", "CM", "MSW", "PSW", "CE", "ME", "RN", "CW",
    "HN", "Prof", "Ph", "baby", "BB", "Baby", "BABY",
];

/// Characters behind a profession that make it a part of another word: 医師会, 部長室.
const NO_PROFESSION_BEFORE: &str = "会室科部免用型式法病業職制論学";

/// Words that begin like an honorific.
static NO_HONORIFIC: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "氏乳頭 氏管 氏腺 氏膜 氏窩 氏嚢 氏靱帯 氏斑 氏憩室 氏結節 氏束 氏手術 氏法 氏反射 氏徴候 氏腫瘍 氏三角 氏孔 氏溝 氏裂 氏神経 氏鉤 氏鉗子 \
         氏間膜 氏軟骨 氏小体 氏帯 氏角 氏線 氏骨折 主幹動脈 主幹部 主幹病変 主幹気管支 殿部 殿筋 殿皮 殿裂 殿位 様体 様々 様式 様相 様態 様子 氏病 氏族 氏名 氏神 氏子 君主 君臨 氏朝 氏母斑 君子湯",
    )
});

/// Words that begin like an honorific in kana.
const NO_KANA: &[&str] = &[
    "ちゃんぽん",
    "ちゃんこ",
    "ちゃんちゃんこ",
    "さんざん",
    "さんさん",
    "くんくん",
    "さまよう",
    "さまよい",
    "さまよっ",
    "さまよえ",
];

/// Returns the rest behind one white space at most.
fn after_space(text: &str) -> &str {
    if text.as_bytes().first() == Some(&b' ') { &text[1..] } else { text }
}

/// Returns the length in bytes of the honorific or profession at the start of `text`, with a space before it.
pub fn honorific(text: &str) -> Option<usize> {
    let rest = after_space(text);
    let spaced = text.len() - rest.len();
    let first = rest.chars().next()?;
    if first.is_ascii_uppercase() || first.is_ascii_lowercase() {
        return latin_profession(rest).map(|length| spaced + length);
    }
    let length = if is_kanji(first) || first == 'ご' {
        let is_word = |word: &&str| {
            if rest.starts_with("選手権") {
                false
            } else if word.chars().nth(1).is_some() {
                let behind = &rest[word.len()..];
                // 堀井歯科医院
                let clinic = word.ends_with('医') && behind.starts_with('院');
                let other = || *word == "主幹" && NO_HONORIFIC.begins(rest);
                *word == "先生"
                    || !clinic && !behind.starts_with(|c| NO_PROFESSION_BEFORE.contains(c)) && !other()
            } else {
                !NO_HONORIFIC.begins(rest)
            }
        };
        BEHIND.at_start(rest).filter(is_word).map(str::len).max()
    } else {
        let other =
            |word: &&str| !NO_KANA.iter().any(|other| other.starts_with(*word) && rest.starts_with(*other));
        // 南部サンベルト
        let ends = |word: &&str| {
            !(word.ends_with(is_katakana_word) && rest[word.len()..].starts_with(is_katakana_word))
        };
        BEHIND_KANA.at_start(rest).filter(other).filter(ends).map(str::len).max()
    };
    length.map(|length| spaced + length)
}

/// Returns the length of the profession in Latin letters at the start of `text`.
fn latin_profession(text: &str) -> Option<usize> {
    let word = BEHIND_LATIN.iter().filter(|word| text.starts_with(**word)).max_by_key(|word| word.len())?;
    let behind = &text[word.len()..];
    let goes_on = behind.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    // 母指CM関節
    let joint = *word == "CM" && behind.starts_with("関節");
    (!goes_on && !joint).then_some(word.len())
}

/// Tests for a profession or a member of the family in brackets at the start of `text`.
pub fn in_brackets(text: &str) -> bool {
    let Some((inside, _)) = text.strip_prefix('(').and_then(|rest| closed_bracket(rest, LONGEST_IN_BRACKETS))
    else {
        return false;
    };
    let length = inside.chars().count();
    let role =
        || length <= LONGEST_ROLE && inside.ends_with(|c| "員者士師医科器棟室部長".contains(c)) && length > 1;
    honorific(inside) == Some(inside.len())
        || IN_BRACKETS.contains(&inside)
        || FAMILY.contains(inside)
        || role()
}

/// Tie between a name and the word before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// Nothing between them.
    Direct,
    /// A space or a particle.
    Loose,
    /// A colon, a bracket or a dot.
    Mark,
    /// The particle は.
    Topic,
    /// A word for a person that is no title by itself: 入所者松村.
    Role,
    /// A space behind a department or a task: 麻酔科 西尾.
    Weak,
}

/// Strips what may stand between a word and the name behind it.
fn strip_tie(before: &str) -> (&str, Tie) {
    let rest = before.trim_end_matches([
        ' ', ':', ';', '.', '(', '・', '=', '】', ']', '〕', '/', '<', '→', '〔', '【', '「', '『', '-', '》',
    ]);
    if rest.len() == before.len() {
        return match (before.strip_suffix('の'), before.strip_suffix(['は', 'が'])) {
            (Some(rest), _) => (rest, Tie::Loose),
            (_, Some(rest)) => (rest, Tie::Topic),
            _ => (before, Tie::Direct),
        };
    }
    let marks = &before[rest.len()..];
    if marks.chars().count() > 3 {
        return (before, Tie::Direct);
    }
    (rest, if marks.trim_matches(' ').is_empty() { Tie::Loose } else { Tie::Mark })
}

/// Tests for a title at the end of `before`; returns how it is tied to what follows.
pub fn title(before: &str) -> Option<Tie> {
    if let Some(rest) = without_ward(before) {
        return title(rest).filter(|tie| matches!(tie, Tie::Mark | Tie::Loose));
    }
    let (rest, tie) = strip_tie(before);
    let kanji = BEFORE.ends(rest)
        || before.len() > rest.len()
            && BEFORE_MARK.at_end(rest).any(|word| {
                tie == Tie::Mark || word.ends_with(['者', '医', '人', '員', '師', '酔', '記', '録', '訳'])
            });
    let latin = || rest.ends_with(|c: char| c.is_ascii_alphabetic()) && title_in_latin(rest);
    if kanji || latin() {
        return Some(tie);
    }
    if tie != Tie::Topic && is_role(rest) {
        return Some(if tie == Tie::Mark { tie } else { Tie::Role });
    }
    let department = || {
        SIDES.ends(rest) || rest.ends_with(DEPARTMENTS) && !rest.ends_with("全部") || BEFORE_MARK.ends(rest)
    };
    (tie == Tie::Loose && before.ends_with(' ') && department()).then_some(Tie::Weak)
}

/// Parties of a conference, before who speaks for them.
static SIDES: LazyLock<List> = LazyLock::new(|| {
    List::read("臨床側 病理側 家族側 施設側 病院側 事務側 医療側 行政側 学校側 会社側 在宅側 病棟側")
});

/// Strips a ward between a title and a name: 受信者:4N |柳.
fn without_ward(before: &str) -> Option<&str> {
    let rest = before.strip_suffix(' ')?;
    let rest =
        rest.strip_suffix(|c: char| c.is_ascii_uppercase() || matches!(c, '東' | '西' | '南' | '北'))?;
    let head = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    ((1..=2).contains(&(rest.len() - head.len())) && head.ends_with([':', ' '])).then_some(head)
}

/// Ends of departments.
pub const DEPARTMENTS: [char; 6] = ['科', '室', '課', '棟', '係', '部'];

/// Tests for a role in brackets at the end of `before`: (看)水野.
pub fn role_in_brackets(before: &str) -> bool {
    let Some(rest) = before.strip_suffix(')') else { return false };
    open_bracket(rest, LONGEST_ROLE_IN_BRACKETS).is_some_and(|open| {
        [
            "看",
            "薬",
            "医",
            "主",
            "栄",
            "記",
            "担",
            "リ",
            "Ns",
            "Dr",
            "PT",
            "OT",
            "ST",
            "MSW",
            "CM",
            "主治医",
            "担当",
        ]
        .contains(&&rest[open + 1..])
    })
}

/// The longest role in brackets, in bytes with its bracket.
const LONGEST_ROLE_IN_BRACKETS: usize = "(主治医".len();

/// Tests for a word for a person at the end: 利用者, 弁護士, 校医; two kanji or more.
fn is_role(text: &str) -> bool {
    let mut last = text.chars().rev();
    let role = last.next().is_some_and(|c| "者医師士員".contains(c));
    role && last.next().is_some_and(is_kanji)
        && !["同士", "全員", "両者", "前者", "後者"].iter().any(|word| text.ends_with(word))
}

/// Tests for a member of the family at the end of `before`; returns how it is tied to what follows.
pub fn family(before: &str) -> Option<Tie> {
    let (rest, tie) = strip_tie(before);
    FAMILY.ends(rest).then_some(tie)
}

/// Tests for a word for a member of the family.
pub fn is_family(word: &str) -> bool {
    FAMILY.contains(word)
}

const SEXES: [&str; 10] = ["♂", "♀", "男性", "女性", "男児", "女児", "男", "女", "M", "F"];

/// Tests for an age, with or without the sex, at the end of `before`.
pub fn age_before(before: &str) -> bool {
    let rest = before.trim_end_matches([' ', '、', ',', '(', ')', ':', '/', '。']);
    let rest = SEXES.iter().find_map(|sex| rest.strip_suffix(sex)).unwrap_or(rest);
    let rest = rest.trim_end_matches([' ', '、', ',', '/', '(']);
    let rest = rest.strip_suffix('の').unwrap_or(rest);
    let age = ["歳", "才", "代", "ヶ月", "か月", "カ月", "y.o.", "yo", "y", "F", "M"]
        .iter()
        .find_map(|unit| rest.strip_suffix(unit));
    let age = age.map(|age| age.trim_end_matches(' '));
    age.is_some_and(|age| age.ends_with(|c: char| c.is_ascii_digit()))
}

/// Tests for an age at the start of `behind`, with or without the sex before it.
pub fn age_behind(behind: &str) -> bool {
    let rest = behind.trim_start_matches([' ', '、', ',', '(', '/']);
    let rest = SEXES.iter().find_map(|sex| rest.strip_prefix(sex)).unwrap_or(rest);
    let rest = rest.trim_start_matches([' ', '、', ',', '(', '/']);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest[digits..].trim_start_matches(' ');
    if (1..=3).contains(&digits) && matches!(rest, "y" | "Y" | "F" | "M") {
        return true;
    }
    // 菅野(88)
    let bracketed = behind.trim_start_matches(' ').starts_with('(') && rest.starts_with(')') && digits == 2;
    bracketed
        || (1..=3).contains(&digits)
            && ["歳", "才", "代", "y.o", "yo", "y ", "y)", "y/", "y、", "ヶ月", "か月", "カ月"]
                .iter()
                .any(|unit| rest.starts_with(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honorifics_and_professions_are_told_from_other_words() {
        for (text, length) in [
            ("様来院", Some(3)),
            ("看護師長に", Some(12)),
            (" さん", Some(7)),
            ("Dr.", Some(2)),
            ("医師会", None),
            ("PTH", None),
            ("病", None),
        ] {
            assert_eq!(honorific(text), length, "{text}");
        }
    }

    #[test]
    fn titles_family_and_ages_are_seen_beside_a_name() {
        assert_eq!(title("本日主治医"), Some(Tie::Direct));
        assert_eq!(title("教授 "), Some(Tie::Loose));
        assert_eq!(title("担当医の"), Some(Tie::Loose));
        assert_eq!(title("Dr."), Some(Tie::Mark));
        assert_eq!(title("ADR "), None);
        assert_eq!(family("長男("), Some(Tie::Mark));
        assert_eq!(family("当院("), None);
        assert!(age_before("72歳男性 ") && age_before("72歳の女性、") && !age_before("男性 "));
        assert!(age_behind("(72歳)") && age_behind(" 男性 72歳") && !age_behind("72mg"));
    }
}

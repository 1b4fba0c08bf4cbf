//! Given names with no surname beside them: 「恵子が来た」, うちの蓮は, (父)健、, 美咲、39度, 次女は「ゆかり」, 娘2人(由美、直子).

use std::ops::Range;
use std::sync::LazyLock;

use super::super::category::Place;
use super::super::list::List;
use super::super::reading::open_bracket;
use super::family::{ENDS, FURTHER_ENDS, NO_GIVEN as NO_NAMES, is_name};
use super::foreign::is_foreign;
use super::given_kana::{closed_by_kanji, is_long_given};
use super::given_kanji::is_given;
use super::lists::{BELONGS, FAMILY, GIVEN, GIVEN_KATAKANA, GIVEN_SINGLE, NO_GIVEN};
use super::runs::{is_katakana_word, run_up_to};
use super::shape::is_person;
use super::titles::{Tie, age_behind, family, honorific};
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// The longest given name in kanji, in characters.
const LONGEST: usize = 3;

/// Words behind the name of newborns and infants for their state and care.
static INFANT: LazyLock<List> = LazyLock::new(|| {
    List::read("日齢 生後 在胎 修正 ミルク 哺乳 母乳 授乳 沐浴 黄疸 光線 直母 搾乳 おむつ オムツ")
});

/// Words for the state of a child at the beginning of an entry.
static CHILD: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "発熱 高熱 微熱 解熱 熱あ 熱な 咳 鼻汁 鼻水 嘔吐 下痢 発疹 機嫌 けいれん 水痘 予防接種 離乳食 保育園 幼稚園 学校 登校",
    )
});

/// Words to wake or cheer somebody who is called by name.
static WAKES: LazyLock<List> = LazyLock::new(|| {
    List::read("起きて 聞こえ わかる 分かる 大丈夫 目を開 手を握 しっかり おはよう 頑張 がんば こっち 待って")
});

/// Finds the given name that is the run of kanji at `run`.
pub fn in_kanji(words: &Words, text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let (before, behind) = (&text[..run.start], &text[run.end..]);
    let last = before.chars().next_back();
    // Most runs have nothing before them that a given name stands behind.
    if !matches!(last, None | Some('\n' | '。' | ' ' | '「' | '『' | ')' | '(' | '、' | '・' | ',' | 'の'))
    {
        return None;
    }
    let name = &text[run.clone()];
    if name.chars().nth(LONGEST).is_some() {
        return None;
    }
    let fits = match last {
        None | Some('\n' | '。') => begins_entry(words, name, behind),
        Some(' ') => {
            behind.strip_prefix(['、', ' ']).is_some_and(|rest| INFANT.begins(rest)) && is_sure(words, name)
        }
        Some('「') => {
            if let Some(range) = asked(before).and_then(|asked| named(words, text, run, asked)) {
                return Some(range);
            }
            (goes_on(behind) || introduces(behind)) && is_sure(words, name)
        }
        Some('『') => return asked(before).and_then(|asked| named(words, text, run, asked)),
        Some(')') => closes_entry(behind) && is_member(before) && may_be(words, name),
        Some('(' | '、' | '・' | ',') => {
            (behind.starts_with(['、', '・', ',', ')', '(', 'と'])
                || behind.starts_with(' ') && age_behind(behind))
                && members(before).is_some_and(|counted| {
                    is_sure(words, name) || counted && (may_be(words, name) || is_made(words, name))
                })
        }
        Some('の') => continues(behind) && is_ours(before) && of_ours(words, name),
        _ => false,
    };
    fits.then(|| run.clone())
}

/// Finds the given name that begins with the run of kana from `start` to `end`.
pub fn in_kana(words: &Words, text: &str, start: usize, end: usize) -> Option<Place> {
    let before = &text[..start];
    let last = before.chars().next_back();
    let closes = matches!(text[end..].chars().next(), Some('子' | '江' | '代' | '美' | '枝' | '恵' | '乃'));
    // Most runs of kana have nothing of a name beside them.
    if !closes && !matches!(last, Some('「' | '『' | ')' | '(' | '、' | '・' | 'の')) {
        return None;
    }
    let place = |at: usize| Place { whole: start..at, value: start..at };
    if closes && let Some(closed) = closed(words, text, start, end) {
        let behind = &text[closed..];
        let quoted = before.ends_with('「') && goes_on(behind) || is_ours(before) && continues(behind);
        let apart = !before.ends_with(|c: char| is_kanji(c) || is_hiragana(c) || is_katakana_word(c));
        let honoured = honorific(behind).filter(|_| apart);
        // 妻ヨシ子 85歳
        let of_family =
            || text[start..].starts_with(is_katakana) && family(before).is_some_and(|tie| tie != Tie::Topic);
        return (quoted || honoured.is_some() || of_family())
            .then(|| Place { whole: start..closed + honoured.unwrap_or(0), value: start..closed });
    }
    let (run, behind) = (&text[start..end], &text[end..]);
    let fits = match last? {
        '「' | '『' if asked(before).is_some() => {
            behind.starts_with(['」', '』', '('])
                && words.readings_of_names.given.has(run)
                && !NO_GIVEN.contains(run)
        }
        '「' if run.starts_with(is_katakana) => {
            is_usual(words, run) && goes_on(behind) && !is_cry(run, behind)
                || is_foreign(words, run) && behind.starts_with(['が', 'は', 'に', 'を'])
                || introduces(behind) && words.readings_of_names.given.has(run)
        }
        '「' => return introduced(words, text, start, end).map(place),
        ')' => closes_entry(behind) && is_member(before) && is_usual(words, run),
        '(' | '、' | '・' => {
            behind.starts_with(['、', '・', ')', '('])
                && members(before) == Some(true)
                && (is_usual(words, run) || is_read(words, run))
        }
        'の' if run.starts_with(is_katakana) => continues(behind) && is_ours(before) && is_usual(words, run),
        _ => false,
    };
    fits.then(|| place(end))
}

/// Kanji that close a given name in katakana, as they are read.
const CLOSING: [(char, char); 6] =
    [('子', 'コ'), ('江', 'エ'), ('代', 'ヨ'), ('美', 'ミ'), ('枝', 'エ'), ('乃', 'ノ')];

/// Returns the end of a name in kana that one kanji closes: かず子, スミ子.
fn closed(words: &Words, text: &str, start: usize, end: usize) -> Option<usize> {
    let run = &text[start..end];
    // その子, いい子
    if ["その", "この", "あの", "どの", "ある", "いい", "よい", "みな", "ひと"].contains(&run)
    {
        return None;
    }
    if run.starts_with(is_hiragana) {
        return closed_by_kanji(words, text, start);
    }
    let (kanji, kana) = CLOSING.iter().find(|(kanji, _)| text[end..].starts_with(*kanji))?;
    let behind = &text[end + kanji.len_utf8()..];
    let read = (1..=3).contains(&run.chars().count())
        && (!behind.starts_with(is_kanji) || honorific(behind).is_some())
        && words.readings_of_names.given.has(&format!("{run}{kana}"));
    read.then(|| end + kanji.len_utf8())
}

/// Tests for a cry, a sound or another word in katakana: 「リン、リン, 「ヤイ、酒を.
fn is_cry(run: &str, behind: &str) -> bool {
    let short = run.chars().nth(2).is_none();
    let again = || short && behind.trim_start_matches(['、', '!']).starts_with(run);
    matches!(run, "シナ" | "マコト")
        || behind.starts_with('も')
        || short && behind.starts_with(['、', '!', '…'])
        || again()
}

/// Tests for a given name in kanji that is hardly another word.
pub fn is_sure(words: &Words, name: &str) -> bool {
    name.chars().nth(1).is_some()
        && (words.is(name, &[Kind::Given]) || GIVEN.contains(name))
        && (!words.is_ordinary(name) || words.is_rare_noun(name) && name.ends_with('子'))
        && (name.ends_with(|c| ENDS.contains(c))
            || GIVEN.contains(name)
            || name.ends_with(|c| FURTHER_ENDS.contains(c))
                && !words.is(name, &[Kind::Surname, Kind::Place, Kind::Organisation]))
        && !NO_NAMES.contains(&name)
        && !name.starts_with('御')
        // 上野介
        && !name.strip_suffix('介').is_some_and(|place| words.is(place, &[Kind::Place]))
        && !is_person(name)
}

/// Tests for kanji that are a given name where something says that one stands here.
pub fn may_be(words: &Words, name: &str) -> bool {
    is_name(words, name) || is_sure(words, name) || GIVEN_SINGLE.contains(name)
}

/// Tests for kanji of given names that are no word, where a list of names says that one stands here.
fn is_made(words: &Words, name: &str) -> bool {
    is_given(name)
        && (!words.is_ordinary(name) || words.is_rare_noun(name))
        && !words.is(name, &[Kind::Organisation])
        && !NO_NAMES.contains(&name)
        && !is_person(name)
}

/// Tests for the reading of a given name, where a list of names says that one stands here.
pub fn is_read(words: &Words, run: &str) -> bool {
    run.chars().nth(1).is_some()
        && words.readings_of_names.given.has(run)
        && !NO_GIVEN.contains(run)
        && !words.is(run, &[Kind::Organisation])
}

/// Tests for a given name in kana that is no other word.
pub fn is_usual(words: &Words, name: &str) -> bool {
    if name.starts_with(is_hiragana) {
        return is_long_given(words, name);
    }
    const KINDS: [Kind; 3] = [Kind::Other, Kind::Organisation, Kind::Place];
    let long = name.chars().nth(2).is_some();
    GIVEN_KATAKANA.contains(name)
        || long && words.readings_of_names.given.has(name) && !words.is(name, &KINDS)
}

/// Tests whether an entry about a child begins behind its name: 美咲、39度, 陽翔 日齢3.
fn begins_entry(words: &Words, name: &str, behind: &str) -> bool {
    let Some(rest) = behind.strip_prefix(['、', ' ', '→']) else { return false };
    let degrees = || {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        digits.len() < rest.len() && digits.starts_with(['度', '℃'])
    };
    let infant = || name.chars().nth(1).is_some() && words.is(name, &[Kind::Given]) && INFANT.begins(rest);
    infant()
        || is_sure(words, name)
            && behind.starts_with(['、', '→'])
            && (degrees() || CHILD.begins(rest) || WAKES.begins(rest))
}

/// Words behind の of who is spoken of.
const OF_SOMEBODY: [&str; 7] = ["こと", "ところ", "せい", "お", "奴", "馬鹿", "声"];

/// Tests for what a speaker says behind the name of somebody: 「正雄の嫁に.
fn goes_on(behind: &str) -> bool {
    let of = |rest: &str| {
        FAMILY.begins(rest) || BELONGS.begins(rest) || OF_SOMEBODY.iter().any(|word| rest.starts_with(word))
    };
    behind.starts_with(['に', 'が', 'は', 'を', '、', 'も', 'へ', 'と', '!', '…'])
        || behind.strip_prefix('の').is_some_and(of)
        || ["」と叫", "から電話", "って"].iter().any(|word| behind.starts_with(word))
}

/// Tests for words with which a speaker tells the own name, up to the end of the quotation.
fn introduces(behind: &str) -> bool {
    ["です」", "でございます」", "と申します」", "だよ」", "といいます」"]
        .iter()
        .any(|word| behind.starts_with(word))
}

/// Returns the end of the own given name in hiragana with which somebody answers: 「さちこです」と.
fn introduced(words: &Words, text: &str, start: usize, end: usize) -> Option<usize> {
    let run = &text[start..end];
    if !text[end..].starts_with("」と") {
        return None;
    }
    let name =
        ["でございます", "と申します", "です", "だよ"].iter().find_map(|word| run.strip_suffix(word))?;
    (name.chars().nth(2).is_some() && is_long_given(words, name)).then_some(start + name.len())
}

/// Tests for a member of the family in brackets at the end of `before`: (児), (父).
fn is_member(before: &str) -> bool {
    let Some(rest) = before.strip_suffix(')') else { return false };
    open_bracket(rest, LONGEST_MEMBER).is_some_and(|open| FAMILY.contains(&rest[open + 1..]))
}

/// The longest member of the family in brackets, in bytes.
const LONGEST_MEMBER: usize = 30;

/// Tests that a name may end here: a mark, a space or a particle follows.
fn closes_entry(behind: &str) -> bool {
    behind.is_empty()
        || behind.starts_with(['、', ' ', '(', ')', ',', '。', '\n', '/', 'は', 'が', 'に', 'も', 'と'])
}

/// The longest list of given names in brackets before one of them, in bytes.
const LONGEST_LIST: usize = 72;

/// Tests for members of the family before a list in brackets that is open at the end of `before`; tells whether they are
/// counted: 娘2人(, 子(.
fn members(before: &str) -> Option<bool> {
    let open = open_bracket(before, LONGEST_LIST)?;
    let is_part = |c: char| {
        is_kanji(c) || is_hiragana(c) || is_katakana(c) || matches!(c, '、' | '・' | ',' | ' ' | '0'..='9')
    };
    let head = before[open + 1..].chars().all(is_part).then_some(&before[..open])?;
    let group = ["夫婦", "一家", "たち", "姉妹", "兄弟"].iter().find_map(|word| head.strip_suffix(*word));
    if let Some(rest) = group
        && FAMILY.ends(rest)
    {
        return Some(true);
    }
    if ["双子", "三つ子", "双胎", "品胎"].iter().any(|word| head.ends_with(word)) {
        return Some(true);
    }
    let head = head.strip_suffix(' ').unwrap_or(head);
    let counted = head.strip_suffix(['人', '名']).unwrap_or(head);
    let rest = counted.trim_end_matches(|c: char| c.is_ascii_digit() || "一二三四五".contains(c));
    let (rest, spaced) = rest.strip_suffix(' ').map_or((rest, 0), |rest| (rest, 1));
    let family = FAMILY.at_end(rest).any(|word| !matches!(word, "家族" | "ご家族" | "KP"));
    family.then_some(rest.len() + spaced < counted.len() && counted.len() < head.len())
}

/// Tests for うちの at the end of `before`.
fn is_ours(before: &str) -> bool {
    ["うちの", "うちんとこの", "我が家の"].iter().any(|ours| before.ends_with(ours))
}

/// Tests for the given name of a member of the speaker's family, also one kanji that is hardly another word.
fn of_ours(words: &Words, name: &str) -> bool {
    let single = || {
        GIVEN_SINGLE.contains(name)
            && (GIVEN.contains(name)
                || !words.is_ordinary(name)
                || words.is_rare_noun(name)
                || "翔昇".contains(name))
    };
    is_sure(words, name) || single()
}

/// Tests for a particle or a comma behind somebody who is spoken of.
fn continues(behind: &str) -> bool {
    behind.starts_with(['は', 'が', 'も', 'に', 'を', 'と', '、'])
}

/// Words for a question, and an answer to it, behind the word for a name.
const ASKS: [&str; 14] = [
    "を問うと",
    "を聞くと",
    "を尋ねると",
    "を訊くと",
    "を聞かれ",
    "を聞かれると",
    "を問われ",
    "を問われると",
    "を尋ねられ",
    "を尋ねられると",
    "を確認すると",
    "を呼ぶと",
    "を聞いたところ",
    "を尋ねたところ",
];

/// Tests for a question about a name, or a member of the family, before a quotation; tells whether names are spoken of:
/// 長女の名は「, 次女は「.
fn asked(before: &str) -> Option<bool> {
    let head = before.strip_suffix(['「', '『'])?;
    let question = head.trim_end_matches(['、', '→', '?']);
    let asked = question.len() < head.len() && question.ends_with("名前は");
    if asked {
        return Some(true);
    }
    if let Some(rest) = ASKS.iter().find_map(|word| question.strip_suffix(word)) {
        return ["名前", "氏名", "の名", "お名"].iter().any(|word| rest.ends_with(word)).then_some(true);
    }
    let head = head.strip_suffix(['は', 'を', 'が', ':', 'の'])?;
    let of_name = ["の名前", "の名", "名"].iter().find_map(|word| head.strip_suffix(word));
    let rest = of_name.unwrap_or(head);
    (ends_in_member(rest) && (of_name.is_some() || head.len() + "は「".len() == before.len()))
        .then_some(of_name.is_some())
}

/// Tests for a member of the family at the end of `before` that no kanji before it makes another word: 様子は『.
pub fn ends_in_member(before: &str) -> bool {
    FAMILY.at_end(before).any(|word| {
        let head = &before[..before.len() - word.len()];
        word.chars().nth(1).is_some() && word != "母子" || !head.ends_with(is_kanji)
    })
}

/// Takes the name in a quotation, with its reading: 「碧(あおい)」.
fn named(words: &Words, text: &str, run: &Range<usize>, asked: bool) -> Option<Range<usize>> {
    let name = &text[run.clone()];
    let behind = &text[run.end..];
    let reading = behind.strip_prefix('(').and_then(|rest| {
        let kana = run_up_to(8, rest, 0, is_hiragana);
        rest[kana..].strip_prefix(")」").filter(|_| kana > 0).map(|_| kana + "()".len())
    });
    let closes = behind.starts_with(['」', '』']) || reading.is_some();
    let fits = is_name(words, name) && name.chars().nth(1).is_some()
        || asked && may_be(words, name)
        || reading.is_some() && asked;
    (closes && fits).then(|| run.start..run.end + reading.unwrap_or(0))
}

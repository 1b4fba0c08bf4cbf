//! Given names right behind a member of the family: 三男剛, 従姉小百合, 夫の治.

use std::ops::Range;

use super::closing::closes;
use super::given_kanji::is_given;
use super::lists::{FAMILY, GIVEN, GIVEN_SINGLE};
use super::titles::{Tie, family, honorific, is_family};
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Words for somebody behind a member of the family, which are read as given names too.
pub const NO_GIVEN: [&str; 33] = [
    "未来", "無理", "平日", "休日", "祝日", "週末", "日中", "夜間", "成人", "健康", "健常", "健全", "長寿",
    "自由", "平和", "達者", "有名", "無事", "健在", "元気", "正常", "実家", "同居", "同席", "同伴", "別居",
    "一人", "不明", "二人", "三人", "五人", "四人", "時代",
];

/// Given names that are also what somebody has or gives.
const OF_SOMEBODY: [&str; 12] = ["愛", "幸", "望", "詩", "舞", "学", "花", "桜", "泉", "歩", "灯", "糸"];

/// Last characters of given names beside those that close many of them.
pub const FURTHER_ENDS: &str = "翔輝優志緒央彦則之紀規昭晴愛月莉彩葉桜結衣";

/// Last characters of given names.
pub const ENDS: &str =
    "子美江代恵枝苗雄男夫郎吉一二三介助太平治司樹香菜奈希花華乃音織里理紀也哉斗人真弓合由友生実典博浩";

/// Finds the given name in the run of kanji at `run` that a member of the family begins or precedes.
pub fn given(words: &Words, text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let part = &text[run.clone()];
    if !closes(&text[run.end..]) {
        return None;
    }
    let within = FAMILY
        .at_start(part)
        .filter(|word| !matches!(*word, "子" | "児" | "KP"))
        .map(str::len)
        .filter(|&n| n < part.len())
        .max();
    let before = family(&text[..run.start]).filter(|tie| *tie != Tie::Topic).map(|_| 0);
    let behind = &text[run.end..];
    // 妹、良子(キーパーソン)
    let comma = || {
        let named = part.chars().count() > 1 && behind.starts_with(['(', 'が', 'に', 'と', 'へ']);
        text[..run.start].strip_suffix('、').filter(|_| named).and_then(family).map(|_| 0)
    };
    // 第1子蒼: the member ends behind the digits' kanji.
    let numbered = || {
        let (i, _) = part.char_indices().nth(1)?;
        ["第1子", "第2子", "第3子", "第4子"]
            .iter()
            .any(|child| text[..run.start + i].ends_with(child))
            .then_some(i)
    };
    if is_called(words, &text[..run.start], part, behind) {
        return Some(run.clone());
    }
    let at = within.or(before).or_else(numbered).or_else(comma)?;
    let name = &part[at..];
    if name.chars().nth(1).is_none() && goes_on_in_kana(behind) {
        return None;
    }
    // 甥秀次氏
    if let Some((cut, _)) =
        name.char_indices().skip(2).find(|&(i, _)| honorific(&name[i..]) == Some(name.len() - i))
    {
        let given = &name[..cut];
        return (words.is(given, &[Kind::Given]) && is_name(words, given))
            .then_some(run.start + at..run.start + at + cut);
    }
    // 祖父の愛
    if text[..run.start].ends_with('の') && at == 0 && OF_SOMEBODY.contains(&name) {
        return None;
    }
    // 妻・八重
    let marked = || {
        family(&text[..run.start]) == Some(Tie::Mark)
            && (behind.is_empty() || behind.starts_with(['、', ' ', ')', '(', '\n', '」']))
            && words.is(name, &[Kind::Given])
            && !NO_GIVEN.contains(&name)
            && !FAMILY.contains(name)
    };
    // 末っ子の大地
    let of_list = || {
        GIVEN.contains(name)
            && name.chars().nth(1).is_some()
            && !NO_GIVEN.contains(&name)
            && (behind.is_empty()
                || behind.starts_with(['が', 'は', 'も', '(', '、', 'と', ')'])
                || behind.starts_with("だけ"))
    };
    (is_name(words, name) || marked() || of_list()).then_some(run.start + at..run.end)
}

/// Tests for kana with which one kanji is another word: 静か, 明らか, 円タク.
fn goes_on_in_kana(behind: &str) -> bool {
    let adjective = ["か", "ら", "やか"].iter().any(|end| behind.starts_with(end));
    adjective && !behind.starts_with("から") || behind.starts_with(is_katakana)
}

/// Words with which a sentence goes on behind a name that begins a quotation.
const CALLED: [&str; 8] = ["に", "が", "は", "を", "、", "も", "」と言", "」と呼"];

/// Tests for a given name that begins a quotation, and is nothing else: 「哲也に会いたい」.
fn is_called(words: &Words, before: &str, name: &str, behind: &str) -> bool {
    before.ends_with(['「', '『'])
        && CALLED.iter().any(|word| behind.starts_with(word))
        && name.chars().count() == 2
        && words.is(name, &[Kind::Given])
        && name.ends_with(|c| ENDS.contains(c))
        && !words.is(name, &[Kind::Surname, Kind::Place, Kind::Organisation, Kind::Other])
}

/// Tests for a given name that is no word for what members of families do or have.
pub fn is_name(words: &Words, name: &str) -> bool {
    let length = name.chars().count();
    if length == 1 {
        return GIVEN_SINGLE.contains(name);
    }
    let known = words.is(name, &[Kind::Given]) || GIVEN.contains(name);
    let other = words.is(name, &[Kind::Other]);
    let persons = || name.ends_with('人') && NO_GIVEN.iter().any(|word| name.ends_with(word));
    length <= 3
        && !NO_GIVEN.contains(&name)
        && !FAMILY.contains(name)
        && !persons()
        && (known && (!other || name.ends_with(|c| ENDS.contains(c)))
            || !other && is_given(name) && name.ends_with(|c| ENDS.contains(c) || FURTHER_ENDS.contains(c)))
}

/// Tests for one kanji for a member of the family that begins a word of the dictionary with the name: 子宮口開大.
pub fn is_member_in_word(words: &Words, before: &str, name: &str) -> bool {
    let (Some(member), Some(first)) = (before.chars().next_back(), name.chars().next()) else { return false };
    is_kanji(member)
        && FAMILY.at_end(before).all(|word| word.chars().nth(1).is_none())
        && words.is_ordinary(&format!("{member}{first}"))
}

/// Words before the name in quotation marks that a child is given.
const NAMED: [&str; 4] = ["命名は「", "命名:「", "命名「", "命名 「"];

/// Returns the end of a given name that no dictionary has: one that is given (命名は「光宙」), or one with its reading
/// before the honorific (姫星(きてぃ)ちゃん), which goes along, or in two parts.
pub fn given_by_form(words: &Words, text: &str, run: &Range<usize>) -> Option<usize> {
    let (before, behind) = (&text[..run.start], &text[run.end..]);
    if text[run.clone()].chars().nth(4).is_some() {
        return None;
    }
    if behind.starts_with('」') && NAMED.iter().any(|word| before.ends_with(word)) {
        return Some(run.end);
    }
    let inside = behind.strip_prefix('(')?;
    let hiragana =
        |text: &str| text.chars().take(6).take_while(|&c| is_hiragana(c)).map(char::len_utf8).sum();
    let name = &text[run.clone()];
    let kana: usize = hiragana(inside);
    // 司馬懿文(しば いぶん)
    if let Some(given) = inside[kana..].strip_prefix(' ') {
        let readings = &words.readings_of_names;
        let length = hiragana(given);
        given[length..].strip_prefix(')')?;
        let long = kana > 'あ'.len_utf8() && length > 'あ'.len_utf8();
        let fits = long && readings.surnames.has(&inside[..kana]) && !words.is_ordinary(name);
        return fits.then_some(run.end);
    }
    let rest = inside[kana..].strip_prefix(')')?;
    let honoured = ["ちゃん", "くん"].iter().any(|word| rest.starts_with(word));
    let fits = honoured && kana > 0 && !words.is_ordinary(name) && !is_family(name);
    fits.then(|| text.len() - rest.len())
}

//! Names of hospitals, practices, pharmacies, homes and wards; looked for where `hospitals` is set, by itself.
//!
//! A word for an institution (病院, クリニック, 薬局, 老健, 病棟) announces a name before or behind it. What stands
//! there is stripped of general words (総合, 当院, 大学, 療養); if nothing is left the institution is any, and stays.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::category::{Category, Place, TAG_BEGIN};
use super::names::Words as Names;
use super::names::{is_known_word, is_place_or_name};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};
use crate::clean::rule::Example;

pub const CATEGORY: Category = Category {
    name: "hospital",
    tag: "〔*施設名〕",
    what: "names of hospitals, practices, pharmacies, homes and wards; only with `hospitals: true`",
    source: "names of 医療法 第1条の5, 介護保険法 第8条 and wards as hospitals number them",
    words: &[],
    read: |_, _| None,
    examples: &[
        Example { before: "青葉総合病院に転院", after: "に転院", why: "a hospital" },
        Example { before: "本日みどりクリニックより紹介", after: "本日より紹介", why: "kana" },
        Example { before: "老健やまぶき入所中", after: "入所中", why: "a home: the name stands behind the word" },
        Example { before: "3階西病棟に転棟、5A病棟へ", after: "に転棟、へ", why: "wards" },
        Example { before: "医療法人社団青葉会 青葉病院", after: " ", why: "its owner" },
        Example {
            before: "当院、近医、大学病院、総合病院、回復期病棟、内科外来、かかりつけ薬局、訪問看護ステーションと連携",
            after: "当院、近医、大学病院、総合病院、回復期病棟、内科外来、かかりつけ薬局、訪問看護ステーションと連携",
            why: "general words",
        },
    ],
};

/// Where the name of an institution stands.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    /// 青葉病院
    Before,
    /// 青葉眼科: a department is a practice where a name of its own stands before it.
    Department,
    /// 老健やまぶき
    Behind,
    /// やまぶき苑, and what is both: デイサービスやまぶき, やまぶきデイサービス.
    Both,
    /// 3階西病棟
    Ward,
    /// 医療法人青葉会
    Owner,
    /// AOBA HOSPITAL
    Latin,
}

const WORDS: &[(Side, &[&str])] = &[
    (
        Side::Before,
        &[
            "病院", "医院", "クリニック", "診療所", "薬局", "医療センター", "がんセンター", "こどもセンター", "母子センター",
            "医療院", "療養所", "助産院", "助産所", "歯科", "健診センター", "検診センター", "循環器センター", "呼吸器センター",
            "リハビリテーションセンター", "保健センター", "治療院", "接骨院", "整骨院", "鍼灸院", "薬店", "ファーマシー",
        ],
    ),
    (
        Side::Department,
        &[
            "整形外科", "耳鼻咽喉科", "耳鼻科", "皮膚科", "眼科", "小児科", "産婦人科", "産科", "婦人科", "泌尿器科", "内科", "外科", "精神科",
            "心療内科", "脳神経外科",
        ],
    ),
    (
        Side::Behind,
        &[
            "老健", "特養", "特別養護老人ホーム", "養護老人ホーム", "介護老人保健施設", "老人保健施設", "ケアハウス", "サ高住", "小規模多機能",
            "介護付有料老人ホーム", "住宅型有料老人ホーム", "サービス付き高齢者向け住宅",
        ],
    ),
    (
        Side::Both,
        &[
            "グループホーム", "有料老人ホーム", "老人ホーム", "デイサービス", "デイサービスセンター", "デイケア", "ケアプランセンター",
            "訪問看護ステーション", "訪問看護", "居宅介護支援事業所", "ヘルパーステーション", "地域包括支援センター", "ショートステイ",
        ],
    ),
    (Side::Ward, &["病棟", "棟"]),
    (
        Side::Owner,
        &["医療法人社団", "医療法人財団", "社会医療法人", "特定医療法人", "医療法人", "社会福祉法人", "公益財団法人", "一般財団法人"],
    ),
    (Side::Latin, &["hospital", "clinic", "medical center", "pharmacy"]),
];

/// The automaton of the words, and the side of each.
pub struct Words {
    automaton: AhoCorasick,
    sides: Vec<Side>,
}

static INSTITUTIONS: LazyLock<Option<Words>> = LazyLock::new(|| {
    let pairs: Vec<_> = WORDS.iter().flat_map(|&(side, words)| words.iter().map(move |word| (side, *word))).collect();
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .ascii_case_insensitive(true)
        .build(pairs.iter().map(|(_, word)| word))
        .ok()?;
    Some(Words { automaton, sides: pairs.into_iter().map(|(side, _)| side).collect() })
});

/// Returns the words; `None` if they cannot be loaded.
pub fn words() -> Option<&'static Words> {
    INSTITUTIONS.as_ref()
}

/// Finds names of institutions and wards in `text`, in order.
pub fn find(words: &Words, names: &Names, text: &str, found: &mut Vec<Place>) {
    let mut end = 0;
    for word in words.automaton.find_iter(text) {
        if word.start() < end {
            continue;
        }
        let at = word.range();
        let place = match words.sides[word.pattern().as_usize()] {
            Side::Before => before(names, text, at, end),
            Side::Department => department(names, text, at, end),
            Side::Behind => behind(names, text, at),
            Side::Both => behind(names, text, at.clone()).or_else(|| before(names, text, at, end)),
            Side::Ward => ward(text, at, end),
            Side::Owner => owner(text, at),
            Side::Latin => in_latin(text, at, end),
        };
        if let Some(range) = place {
            end = range.end;
            found.push(Place { whole: range.clone(), value: range });
        }
    }
}

/// Words before an institution that are no name of one.
const GENERAL: &[&str] = &[
    "総合", "大学", "医科大学", "医科", "大学医学部", "医学部", "附属", "付属", "記念", "中央", "市民", "県立", "市立", "国立", "町立", "村立", "都立", "府立", "道立",
    "区立", "公立", "私立", "民間", "市中", "個人", "有床", "無床", "専門", "基幹", "救急", "救命救急", "連携", "協力", "地域", "一般", "精神科", "精神", "療養", "療養型", "回復期",
    "かかりつけ", "近隣", "近所", "最寄り", "最寄", "転院先", "紹介先", "紹介元", "入院先", "搬送先", "別の", "他の", "その", "この", "各", "同", "前", "当", "他", "元", "某", "本", "同じ",
    "門前", "院外", "院内", "保険", "調剤", "在宅", "訪問", "指定", "在宅療養支援", "支援", "療養支援", "地域医療支援", "特定機能", "病院", "医院", "内科", "外科", "小児科", "小児", "こども",
    "子ども", "歯科", "眼科", "皮膚科", "整形外科", "産婦人科", "産科", "婦人科", "耳鼻咽喉科", "耳鼻科", "泌尿器科", "脳神経外科", "脳外科", "循環器", "呼吸器", "消化器", "透析", "腎", "人工透析",
    "リハビリテーション", "リハビリ", "リハ", "緩和ケア", "がん", "癌", "健診", "検診", "厚生", "赤十字", "労災", "共済", "医療", "高度救命救急", "急性期", "慢性期", "後方", "拠点", "災害拠点",
    "診療", "不妊", "美容", "心療", "メンタル", "ペイン", "レディース", "ファミリー", "物忘れ", "もの忘れ", "乳腺", "甲状腺", "糖尿病", "人間ドック", "動物", "二次", "三次", "一次", "休日", "夜間", "休日夜間",
    "複数の", "複数", "大きな", "小さな", "遠方の", "市内", "県内", "都内", "県外", "市外", "地元", "地元の", "受診", "通院", "入院", "退院", "転院", "往診", "保健", "介護", "総合周産期", "周産期", "母子",
    "認知症", "多", "全", "東", "西", "南", "北", "新", "旧", "第一", "第二", "および", "及び", "または", "又は", "など", "による", "における", "での", "からの", "への", "との", "より", "から",
];

/// Words that a name does not begin with, behind which it may.
const LEADING: &[&str] = &[
    "本日", "昨日", "前日", "翌日", "今回", "当時", "現在", "以前", "近医", "前医", "紹介元", "紹介先", "搬送先", "転院先", "入院先", "同日", "先日", "先月", "昨年", "主治医", "患者", "家族", "夫", "妻",
    "退院後", "術後", "発症後", "再度", "一旦", "今朝", "夕方", "午前", "午後", "月", "日", "年", "頃", "後", "時", "歳",
];

/// Particles at which a name in hiragana is cut off from the words before it.
const PARTICLES: [char; 12] = ['に', 'を', 'は', 'が', 'で', 'と', 'へ', 'の', 'も', 'り', 'ら', 'て'];

/// Strips general words off the end of `text`.
fn strip_general(mut text: &str) -> &str {
    while let Some(rest) =
        GENERAL.iter().filter(|word| text.ends_with(**word)).max_by_key(|word| word.len()).map(|word| &text[..text.len() - word.len()])
    {
        text = rest;
    }
    text
}

/// Returns the start of the name that ends at `at`; `at` if there is none.
fn name_start(names: &Names, text: &str, at: usize, from: usize) -> usize {
    let rest = &text[from..at];
    let Some(last) = rest.chars().next_back() else { return at };
    if is_hiragana(last) {
        return hiragana_start(names, text, at, from);
    }
    let in_name = |c: char| is_kanji(c) || is_katakana(c) || matches!(c, 'ー' | '○' | '◯' | '●' | 'ヶ' | 'ノ') || c.is_ascii_uppercase();
    let length: usize = rest.chars().rev().take(LONGEST_NAME).take_while(|&c| in_name(c)).map(char::len_utf8).sum();
    let mut start = at - length;
    while let Some(word) = LEADING.iter().find(|word| text[start..at].starts_with(**word)) {
        start += word.len();
    }
    // 柳通り眼科 has the ending of a verb within, 菜の花 and つきみ野 kana.
    start
}

/// The longest name, in characters.
const LONGEST_NAME: usize = 12;

fn hiragana_start(names: &Names, text: &str, at: usize, from: usize) -> usize {
    let rest = &text[from..at];
    let length: usize = rest.chars().rev().take(LONGEST_NAME).take_while(|&c| is_hiragana(c)).map(char::len_utf8).sum();
    let run = &text[at - length..at];
    // 柳通り, 菜の花通り
    if run == "り" && text[..at].ends_with("通り") {
        return name_start(names, text, at - "通り".len(), from);
    }
    let mut starts = run.char_indices().map(|(i, _)| i).filter(|&i| run[i..].chars().count() >= 2);
    let before = text[..at - length].chars().next_back();
    let whole = before.is_none_or(|c| !is_kanji(c)) && !run.starts_with(|c| PARTICLES.contains(&c)) && run.chars().count() <= 7;
    if whole {
        return at - length;
    }
    let known = starts.find(|&i| is_known_word(names, &run[i..]) && (i == 0 || run[..i].ends_with(|c| PARTICLES.contains(&c))));
    let cut = || {
        run.char_indices()
            .find(|&(i, c)| i < 9 && PARTICLES.contains(&c) && run[i + c.len_utf8()..].chars().count() >= 3)
            .map(|(i, c)| i + c.len_utf8())
    };
    known.or_else(cut).map_or(at, |i| at - length + i)
}

/// Finds a name before the word at `word`; `from` is the end of the one before.
fn before(names: &Names, text: &str, word: Range<usize>, from: usize) -> Option<Range<usize>> {
    if text[..word.start].ends_with(TAG_BEGIN) {
        return None;
    }
    let general = strip_general(&text[from..word.start]);
    let at = from + general.len();
    let start = name_start(names, text, at, from);
    let proper = strip_general(&text[start..at]);
    if proper.is_empty() || !begins_name(proper) {
        return None;
    }
    let start = with_owner(text, start, from);
    Some(start..forward(text, word.end))
}

/// Tests that a word may be a name: it is no numeral and no single kanji of a general word.
fn begins_name(name: &str) -> bool {
    let single = name.chars().count() == 1;
    !(single && name.starts_with(|c: char| is_kanji(c))) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Takes what belongs to a name before it: 県立, 国立病院機構.
fn with_owner(text: &str, mut start: usize, from: usize) -> usize {
    const OWNERS: [&str; 16] = [
        "県立", "市立", "国立", "町立", "都立", "府立", "区立", "村立", "公立", "私立", "国立病院機構", "独立行政法人", "JA厚生連", "厚生連", "日本", "JCHO",
    ];
    while let Some(owner) = OWNERS.iter().find(|owner| text[from..start].ends_with(**owner)) {
        start -= owner.len();
    }
    start
}

/// Takes a further word for an institution behind one: 医院, 病院 in 内科循環器科医院.
fn forward(text: &str, mut end: usize) -> usize {
    const FURTHER: [&str; 10] = ["医院", "クリニック", "病院", "循環器科", "内科", "外科", "小児科", "眼科", "分院", "本院"];
    while let Some(word) = FURTHER.iter().find(|word| text[end..].starts_with(**word)) {
        if !text[..end].ends_with('科') && *word != "分院" && *word != "本院" {
            break;
        }
        end += word.len();
    }
    end
}

/// Finds a practice named by its department: its name begins a phrase, and no word for a part of the body is in it.
fn department(names: &Names, text: &str, word: Range<usize>, from: usize) -> Option<Range<usize>> {
    const NO_NAME: &str = "器臓腺骨脳神経血液管心肺胃腸肝胆膵腎尿歯口腔鼻耳咽喉皮膚眼科児童産婦人精内外形麻酔放射線救急総合一般専門高齢老年臨床病院医同各当他前院術部学";
    const BEHIND: [&str; 22] = [
        "学", "会", "医", "疾患", "領域", "系", "的", "手術", "外来", "病棟", "部", "入院", "専門", "救急", "治療", "医師", "へ", "コンサルト", "対診", "用", "検査", "術",
    ];
    let start = name_start(names, text, word.start, from);
    let name = &text[start..word.start];
    let practice = ["医院", "クリニック"].iter().any(|end| text[word.end..].starts_with(end));
    let fits = (2..=6).contains(&name.chars().count())
        && !name.contains(|c| NO_NAME.contains(c))
        && !GENERAL.contains(&name)
        && name.chars().any(|c| is_kanji(c) || is_hiragana(c));
    let general = strip_general(name).is_empty();
    let closed = !BEHIND.iter().any(|word_behind| text[word.end..].starts_with(word_behind));
    let known = is_place_or_name(names, name) || is_known_word(names, name) || name.ends_with("通り");
    (fits && !general && (practice || closed && known)).then(|| with_owner(text, start, from)..forward_practice(text, word.end))
}

fn forward_practice(text: &str, end: usize) -> usize {
    let end = forward(text, end);
    ["医院", "クリニック"].iter().find(|word| text[end..].starts_with(**word)).map_or(end, |word| end + word.len())
}

/// Finds a name behind the word: kana, or kanji that end as names of homes do.
fn behind(names: &Names, text: &str, word: Range<usize>) -> Option<Range<usize>> {
    const ENDS: &str = "園苑荘館家里郷舎邸庵亭花丘森風杜会";
    const NO_NAMES: [&str; 14] = [
        "センター", "スタッフ", "サービス", "ステーション", "リハビリ", "ケア", "プラン", "スペース", "フロア", "ナース", "ヘルパー", "ケアマネ", "ショート", "デイ",
    ];
    let start = word.end + usize::from(text[word.end..].starts_with([' ', '「']))
        + if text[word.end..].starts_with('「') { '「'.len_utf8() - 1 } else { 0 };
    let run = |is: fn(char) -> bool| start + text[start..].chars().take(LONGEST_NAME).take_while(|&c| is(c)).map(char::len_utf8).sum::<usize>();
    let close = |end: usize| if text[end..].starts_with('」') { end + '」'.len_utf8() } else { end };
    let katakana = run(|c| is_katakana(c) || c == 'ー');
    if katakana > start + 3 {
        let name = &text[start..katakana];
        return (!NO_NAMES.iter().any(|other| name.starts_with(other))).then(|| word.start..close(home(text, katakana)));
    }
    let hiragana = run(is_hiragana);
    if hiragana > start {
        let name = &text[start..hiragana];
        let homes = home(text, hiragana);
        if homes > hiragana && name.chars().count() >= 2 {
            return Some(word.start..close(homes));
        }
        let ends = name.char_indices().map(|(i, c)| i + c.len_utf8()).filter(|&i| name[..i].chars().count() >= 2);
        let known = ends.filter(|&i| is_known_word(names, &name[..i])).last();
        let particle = name.starts_with(|c| "にをはがでとへのもやかだ".contains(c)) || name.starts_with("まで") || name.starts_with("より");
        return known.filter(|&i| !particle || i > 6).map(|i| word.start..close(start + i)).or_else(|| {
            (!particle && name.chars().count() >= 3).then_some(word.start..close(hiragana))
        });
    }
    let kanji = run(|c| is_kanji(c) || matches!(c, 'の' | 'ヶ'));
    let name = &text[start..kanji];
    let end = name.char_indices().filter(|&(i, c)| i > 0 && ENDS.contains(c)).map(|(i, c)| i + c.len_utf8()).next()?;
    Some(word.start..close(start + end))
}

/// Takes the ending of a home's name at `at`: やすらぎ苑, さくらの家.
fn home(text: &str, at: usize) -> usize {
    ["苑", "園", "荘", "館", "家", "の家", "の里", "の郷", "の丘", "の森", "ホーム", "の杜", "センター"]
        .iter()
        .find(|end| text[at..].starts_with(**end))
        .map_or(at, |end| at + end.len())
}

/// Finds a ward: numbers, letters and points of the compass before 病棟, a storey behind 棟, a name in brackets.
fn ward(text: &str, word: Range<usize>, from: usize) -> Option<Range<usize>> {
    let is_number = |c: char| c.is_ascii_alphanumeric() || "東西南北階第号新旧本別館棟中".contains(c);
    let length: usize = text[from..word.start].chars().rev().take(8).take_while(|&c| is_number(c)).map(char::len_utf8).sum();
    let mut start = word.start - length;
    let before = &text[start..word.start];
    let numbered = before.contains(|c: char| c.is_ascii_digit());
    let whole = text[word.clone()].starts_with('病');
    let compass = whole && matches!(before, "東" | "西" | "南" | "北" | "新" | "A" | "B" | "C" | "D" | "E" | "本館" | "新館" | "別館");
    let quoted = text[word.end..].strip_prefix('「').and_then(|rest| rest.split_once('」')).map(|(name, _)| name.len()).filter(|&n| n <= 30);
    if let Some(length) = quoted.filter(|_| whole) {
        // The kind of the ward goes along, so that nothing of its name is left.
        let kind: usize =
            text[from..word.start].chars().rev().take(8).take_while(|&c| is_kanji(c) || is_katakana(c)).map(char::len_utf8).sum();
        start = word.start - kind;
        return Some(start..word.end + 2 * '「'.len_utf8() + length);
    }
    let storey = text[word.end..].bytes().take_while(u8::is_ascii_digit).count();
    if storey > 0 && text[word.end + storey..].starts_with('階') && length > 0 && before.chars().count() <= 2 {
        return Some(start..word.end + storey + '階'.len_utf8());
    }
    let is_ward = whole && numbered && !before.contains("ICU") || compass;
    is_ward.then_some(start..word.end)
}

/// Takes the name of a legal person behind its form, up to 会.
fn owner(text: &str, word: Range<usize>) -> Option<Range<usize>> {
    let start = word.end + usize::from(text[word.end..].starts_with(' '));
    let mut length = 0;
    for c in text[start..].chars().take(LONGEST_NAME) {
        if !(is_kanji(c) || is_katakana(c) || is_hiragana(c) || c == 'ー') {
            break;
        }
        length += c.len_utf8();
        if "会団".contains(c) && length > c.len_utf8() {
            return Some(word.start..start + length);
        }
    }
    None
}

/// Takes words that begin with a capital before a word in Latin letters.
fn in_latin(text: &str, word: Range<usize>, from: usize) -> Option<Range<usize>> {
    const GENERAL: [&str; 12] =
        ["THE", "GENERAL", "UNIVERSITY", "LOCAL", "THIS", "OUR", "A", "AT", "IN", "OUTPATIENT", "PRIVATE", "COMMUNITY"];
    if !text[word.clone()].starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let mut start = word.start;
    let mut named = false;
    while let Some(rest) = text[from..start].strip_suffix(' ') {
        let part = rest.rsplit([' ', '\n', '、', '。', ':', '(']).next().unwrap_or(rest);
        if !part.starts_with(|c: char| c.is_ascii_uppercase()) || !part.is_ascii() {
            break;
        }
        named |= !GENERAL.contains(&part.to_ascii_uppercase().as_str());
        start = from + rest.len() - part.len();
    }
    named.then_some(start..word.end)
}

//! Given names by what is said of them: 茂雄(夫), II-3 正 52歳, IP:凛, 母は「蓮が…」, 千尋は学校で, 「静江」と答えた.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::list::List;
use super::given_alone::{is_sure, is_usual, may_be};
use super::given_kana::is_long_given;
use super::lists::{FAMILY, GIVEN, GIVEN_KATAKANA, GIVEN_SINGLE, NO_GIVEN};
use super::quotation::{
    is_answered, is_own_name, is_quotation, is_quoted, is_quoted_by_family, is_said_by_family,
};
use super::shape::is_person;
use super::titles::{age_behind, family};
use super::words::{Kind, Words};
use crate::clean::characters::{is_kanji, is_katakana};

/// The longest given name in kanji, in characters.
const LONGEST: usize = 3;

/// Given names of one kanji that are words of their own, or short for one.
const WORDS: &str = "蘭梢響緑椿菫岬翠柚汐寿麗清勝愛幸望学明満正直花歩円灯詩雫華糸絆翼和文泉静桜梨瞳環鈴希実健信武守仁聖芯暖晴奏藍陽雄雛舞萌恵勇功均桃海空心星光雅朗";

/// Kanji that say of a member of the family that it is healthy, dead or no blood relation.
const NO_MEMBERS: &str = "健実義養故前正";

/// Tests for kanji that may be a given name, whatever stands around them.
pub fn may_be_given(words: &Words, name: &str) -> bool {
    name.chars().nth(LONGEST).is_none()
        && (may_be(words, name) || is_told(words, name) || WORDS_TOO.contains(&name) || "空海".contains(name))
}

/// Finds the given name that is the run of kanji at `run`, which may be one.
pub fn in_kanji(words: &Words, text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    let name = &text[run.clone()];
    let first = name.chars().next()?;
    let single = name.len() == first.len_utf8();
    let (before, behind) = (&text[..run.start], &text[run.end..]);
    let sure = || {
        if single {
            is_sure_single(name)
        } else {
            is_told(words, name) || begins(before) && WORDS_TOO.contains(&name)
        }
    };
    let fits = match before.chars().next_back() {
        Some('「' | '『') => {
            (goes_on(behind) && is_said_by_family(before, behind) || is_quoted(behind) || is_answered(behind))
                && sure()
        }
        Some('た' | 'き' | 'の') if is_lost(before) => continues(behind) && sure(),
        _ if !single && continues(behind) && is_told(words, name) && is_quoted_by_family(before) => true,
        _ if CALLS.begins(behind) && begins_sentence(before) && is_quotation(before) => sure(),
        _ => {
            has_relation(behind)
                && opens(before)
                && may_be(words, name)
                && !(single && NO_MEMBERS.contains(first))
                || closes(behind) && is_tree_key(before) && may_be(words, name)
                || closes(behind) && is_key(before) && (sure() || may_be(words, name) && !single)
                || begins_sentence(before)
                    && (!single || opens(before))
                    && sure()
                    && is_topic(before, behind, single)
                || is_named(before) && ends_name(behind) && may_be(words, name)
                || OF_CHILD.iter().any(|word| behind.starts_with(word)) && sure()
                || before.ends_with(':') && behind.starts_with(['は', 'が', 'も', '、']) && !single && sure()
                || introduces(before, behind) && sure()
        }
    };
    fits.then(|| run.clone())
}

/// Finds the given name that is the run of kana from `start` to `end`, or begins it.
pub fn in_kana(words: &Words, text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let (before, run, behind) = (&text[..start], &text[start..end], &text[end..]);
    let last = before.chars().next_back();
    // Most runs of kana have nothing of these beside them.
    let may_be = match (last, behind.chars().next()) {
        (Some('「' | '『'), _) | (_, Some('(')) => true,
        (Some('は' | 'ゃ' | '、'), Some('が' | 'は' | 'に' | 'を' | 'と' | 'で' | 'だ' | 'っ')) => {
            true
        }
        (Some(' ' | ':' | '】'), _) => closes(behind),
        _ => false,
    };
    if !may_be {
        return None;
    }
    let read = || words.readings_of_names.given.has(run) && !NO_GIVEN.contains(run);
    let long = || is_usual(words, run) || is_long_given(words, run);
    let fits = match last {
        Some('「' | '『') if introduces(before, behind) => read() && long(),
        Some('「' | '『') => is_own_name(behind) && read() || is_quoted(behind) && long(),
        Some(c) if is_kanji(c) || c == 'ー' => false,
        _ if introduces(before, behind) => read() && run.chars().nth(1).is_some(),
        _ => {
            has_relation(behind) && opens(before) && (long() || run.starts_with(is_katakana) && read())
                || closes(behind) && is_tree_key(before) && read() && run.chars().nth(1).is_some()
                || closes(behind) && is_key(before) && long()
                || CALLS.begins(behind)
                    && run.starts_with(is_katakana)
                    && !before.ends_with('の')
                    && is_quotation(before)
                    && is_usual(words, run)
                || TELLS.iter().any(|word| behind.starts_with(word))
                    && run.starts_with(is_katakana)
                    && before.ends_with(['は', '、', '「'])
                    && (read() || GIVEN_KATAKANA.contains(run))
        }
    };
    fits.then_some(start..end)
}

/// Words behind the name of a child for its parents, or for a newborn behind that of its mother.
const OF_CHILD: [&str; 6] = ["パパ", "ママ", "BABY", "Baby", "baby", "ベビー"];

/// Tests for words with which a speaker tells the own name: 私は…と申します.
fn introduces(before: &str, behind: &str) -> bool {
    ["私は", "わたしは", "わたしゃ", "わしは", "僕は", "俺は", "おれは", "ぼくは", "名は", "名前は", "「"]
        .iter()
        .any(|word| before.ends_with(word))
        && ["と申し", "といいます", "って言い", "です」", "だよ」", "だ」", "です、"]
            .iter()
            .any(|word| behind.starts_with(word))
}

/// Words behind the name of somebody who is looked for or called.
pub static CALLS: LazyLock<List> =
    LazyLock::new(|| List::read("はどこ はまだ が来 は来 に会 を呼 はいつ に電話 が迎え が帰 は帰 は元気"));

/// Words with which somebody tells a name.
const TELLS: [&str; 5] = ["って言う", "っていう", "って呼", "と申し", "といいま"];

/// Tests for one kanji that is hardly anything else than a given name.
pub fn is_sure_single(name: &str) -> bool {
    GIVEN_SINGLE.contains(name) && !name.starts_with(|c| WORDS.contains(c))
}

/// Given names of two kanji that are words too.
const WORDS_TOO: [&str; 14] = [
    "大樹", "千尋", "大地", "千秋", "小春", "日向", "美空", "光希", "大河", "千里", "若葉", "双葉", "真心",
    "樹里",
];

/// Tests for a given name of two kanji or more where it is told what somebody did.
pub fn is_told(words: &Words, name: &str) -> bool {
    const KINDS: [Kind; 3] = [Kind::Surname, Kind::Place, Kind::Organisation];
    let ordinary = words.is_ordinary(name);
    let listed = || GIVEN.contains(name) && !ordinary && !words.is(name, &KINDS[1..]);
    let given = || words.is(name, &[Kind::Given]) && !words.is(name, &KINDS) && !name.ends_with(['児', '国']);
    let sure = || is_sure(words, name) && (name.ends_with(['子', '郎']) || !words.is(name, &KINDS[1..]));
    name.chars().nth(1).is_some()
        && (!ordinary && (listed() || given() || sure()))
        && !FAMILY.contains(name)
        && !is_person(name)
        && !name.chars().all(|c| "一二三四五六七八九十百千".contains(c))
}

/// Tests for the beginning of a line or a quotation, or what a label announces.
fn begins(before: &str) -> bool {
    before.is_empty() || before.ends_with(['\n', '「', '『', ':'])
}

/// Tests for a particle with which a speaker goes on.
fn goes_on(behind: &str) -> bool {
    behind.starts_with(['が', 'は', 'を', 'に', 'も', 'の', 'と', '、'])
}

fn continues(behind: &str) -> bool {
    goes_on(behind) || behind.starts_with(')')
}

/// Words before the name of somebody who died or is far.
fn is_lost(before: &str) -> bool {
    [
        "亡くなった",
        "亡き",
        "天国の",
        "先立った",
        "先に逝った",
        "はずの",
        "あの世の",
        "死別した",
        "離れて暮らす",
        "行方不明の",
    ]
    .iter()
    .any(|word| before.ends_with(word))
}

/// Tests for a member of the family in brackets at the start of `behind`: (夫), (長女・看護師).
fn has_relation(behind: &str) -> bool {
    let Some(inner) = behind.strip_prefix('(') else { return false };
    let closed = |rest: &str| rest.starts_with([')', '・', '、', '/', ' ', ',']) || age_behind(rest);
    FAMILY
        .at_start(inner)
        .any(|word| !matches!(word, "児" | "子" | "主人" | "家族") && closed(&inner[word.len()..]))
        || inner.starts_with("本人)")
}

/// Tests for the beginning of a name of a list or a line.
pub fn opens(before: &str) -> bool {
    before.is_empty()
        || before.ends_with([' ', '\n', ':', '、', '・', '/', ',', '→', '①', '②', '③', '④', '。', '】', '-'])
}

/// Tests that a name may end here.
pub fn closes(behind: &str) -> bool {
    behind.is_empty() || behind.starts_with([' ', '(', ')', '、', ',', '。', '\n', '/', ':', '・', '-'])
}

/// Tests for the key of a person of a family tree at the end of `before`: II-3.
fn is_tree_key(before: &str) -> bool {
    let rest = before.trim_end_matches([' ', ':']);
    let head = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    let Some(generation) = head.strip_suffix('-') else { return false };
    let roman = generation.trim_end_matches(['I', 'V', 'X']);
    rest.len() < before.len()
        && (1..=2).contains(&(rest.len() - head.len()))
        && roman.len() < generation.len()
        && !roman.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
}

/// Labels before the name of who a record is about, or who is to be told.
const KEYS: [&str; 24] = [
    "IP",
    "CL",
    "Cl",
    "KP",
    "KP1",
    "KP2",
    "KP3",
    "Key person",
    "キーパーソン",
    "クライエント",
    "クライアント",
    "本児",
    "対象児",
    "胎児",
    "ベビーA",
    "ベビーB",
    "A児",
    "B児",
    "C児",
    "I児",
    "II児",
    "III児",
    "1児",
    "2児",
];

/// Tests for such a label at the end of `before`.
fn is_key(before: &str) -> bool {
    let rest = before.trim_end_matches([' ', ':', '(', '】']);
    rest.len() < before.len()
        && KEYS.iter().any(|key| {
            rest.strip_suffix(key).is_some_and(|head| {
                !(key.is_ascii() && head.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
            })
        })
}

/// Words before the name that somebody has.
fn is_named(before: &str) -> bool {
    const CALLED: [&str; 6] = ["の名は", "の名前は", "名前を", "命名は", "名は", "名前は"];
    CALLED.iter().any(|word| before.ends_with(word))
}

/// Tests that a name that somebody has ends here.
fn ends_name(behind: &str) -> bool {
    behind.is_empty()
        || [
            "。",
            "、",
            "です",
            "と名",
            "と命名",
            "とい",
            "とつけ",
            "と付け",
            "と答",
            "と回答",
            "と返",
            "に決",
            "\n",
            " ",
        ]
        .iter()
        .any(|word| behind.starts_with(word))
}

/// Tests for the beginning of a sentence, or of what somebody tells.
fn begins_sentence(before: &str) -> bool {
    before.is_empty()
        || before.ends_with(['\n', '。', '、', ' ', ')', '・', '「', 'は', 'で', 'に', 'と', 'く'])
}

/// Particles behind who a sentence is about.
const PARTICLES: [&str; 11] = ["は", "が", "も", "から", "より", "へ", "に", "を", "と", "だけ", "の"];

/// Words for the life of patients and children, their families and the ward.
static LIFE: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "学校 登園 登校 不登校 保育園 幼稚園 給食 電話 来院 来棟 面会 受診 入院 退院 発熱 微熱 咳 嘔吐 吐い 下痢 泣 ミルク 離乳食 飲酒 服薬 内服 洗濯物 荷物 差し入れ \
         付き添 付添 同席 昼夜逆転 偏食 発語 二語文 喧嘩 けんか 暴れ 暴力 暴言 離席 介護 帰省 亡くな 離婚 別居 落ち着 穏やか 不穏 宿題 成績 吃音 多動 こだわり いじめ \
         リハビリ 転倒 骨折 喘息 アレルギー 人見知り 食事 夜間 酒を 薬を 熱を 熱が 迎えに 夢を 夜泣き 授乳 哺乳 抱っこ 登下校 施設 病院 担任 通院 通所 送迎 訪問 家事 育児 同居 採血 点滴 申し送 家族画 夫への 妻への 幼少期 乳児期 産後から",
    )
});

/// Words with which a member of the family is said to have told something.
static TOLD: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "と母 と父 と妻 と夫 と娘 と息子 と長男 と長女 と祖母 と祖父 と姉 と兄 (母談 (父談 (妻談 (夫談 (担任 (家族談",
    )
});

/// The longest part of a sentence that is looked through, in characters.
const LONGEST_SENTENCE: usize = 30;

/// Tests for a particle behind a name, and a sentence about the life of a patient.
fn is_topic(before: &str, behind: &str, single: bool) -> bool {
    let Some(particle) = PARTICLES.iter().find(|particle| behind.starts_with(**particle)) else {
        return false;
    };
    let rest = &behind[particle.len()..];
    // What belongs to somebody is told of many who are no patients.
    if *particle == "の" && (!before.is_empty() || single) {
        return false;
    }
    let told = [
        "談:",
        "談 ",
        "談、",
        "談。",
        "曰く",
        "曰く、",
        "いわく",
        "いわく、",
        "によると",
        "によると、",
        "によれば、",
    ];
    if told.iter().any(|word| before.strip_suffix(word).is_some_and(|head| FAMILY.ends(head))) {
        return true;
    }
    let ends =
        rest.char_indices().take(LONGEST_SENTENCE).take_while(|&(_, c)| !matches!(c, '。' | '\n' | '」'));
    ends.into_iter().any(|(i, _)| LIFE.begins(&rest[i..]) || TOLD.begins(&rest[i..]))
        || family(before).is_some() && rest.starts_with("ついて")
}

//! Names behind a word that says a kind alone, and short names of institutions: てんかんセンター月見, 湘洋大老年科, 徳風会グループ.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::list::List;
use super::super::names::{Words as Names, is_known_word, is_place_or_name, is_verbal, may_be_name};
use super::behind::behind;
use super::name::{GENERAL, LONGEST_NAME, closes, is_phrase, name_start};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Words behind a word for an institution that are no name of one.
static NO_NAMES: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "参加 開始 終了 中止 休み 継続 導入 申込 見学 体験 契約 変更 追加 開設 新設 設置 単位 計画 認定 保険 期 搬入 受診 通院 入院 退院 転院 \
         紹介 外来 併設 勤務 入所 退所 入居 利用 希望 予定 待機 搬送 職員 看護 医師 担当 連携 相談 訪問 送迎 検査 処方 調剤 内科 外科 病棟 病院 \
         施設 事業 先 名 側 内 外 間 等 長 用 的 群 向 時 後 前 中 員 料 費 系 分 宛 週 月",
    )
});

/// Words behind the name of an institution that do not stand behind a home's.
static BEHIND: LazyLock<List> = LazyLock::new(|| {
    List::read("は が と も まで 受診 通院 入院 待機 紹介 転院 通所 利用 在宅 勤務 担当 併設")
});

/// Tests for the end of a name.
fn ends(behind: &str) -> bool {
    closes(behind)
        || behind.starts_with(|c: char| matches!(c, '/' | ':') || c.is_ascii_digit())
        || BEHIND.begins(behind)
}

/// Finds a name behind the word at `word`, which says the kind of an institution alone.
pub fn named(names: &Names, text: &str, word: Range<usize>) -> Option<Range<usize>> {
    let rest = &text[word.end..];
    let inner = rest.strip_prefix([' ', '・', ':']).unwrap_or(rest);
    let inner = inner.strip_prefix(' ').unwrap_or(inner);
    let start = text.len() - inner.len();
    if NO_NAMES.begins(inner) {
        return None;
    }
    let apart = start > word.end;
    let is_part = |c: char| {
        is_kanji(c) || is_katakana(c) || matches!(c, 'ー' | 'ヶ' | 'ノ') || c.is_ascii_alphanumeric()
    };
    let length: usize =
        inner.chars().take(LONGEST_NAME).take_while(|&c| is_part(c)).map(char::len_utf8).sum();
    let run = &inner[..length];
    if length == 0 {
        // ・ before hiragana, which `behind` does not know.
        if inner.starts_with("の") {
            return None;
        }
        let place = behind(names, text, if apart { start - 1..start } else { word.clone() });
        let kana = place.or_else(|| hiragana(names, text, start))?;
        return (kana.end > start).then_some(word.start..kana.end);
    }
    let with_no = kanji_and_no(text, start, length);
    if let Some(end) = with_no {
        return Some(word.start..end);
    }
    let kanji: usize = run.chars().take_while(|&c| is_kanji(c)).map(char::len_utf8).sum();
    let first = &run[..kanji];
    let general = || GENERAL.contains(first);
    let mixed = kanji < length;
    let count = run.chars().count();
    let katakana = run.starts_with(is_katakana) && count >= 2;
    let fits = match (kanji > 0, mixed) {
        (true, false) => {
            !general() && count <= 4 && (ends(&inner[length..]) || kana_goes_on(&inner[length..]).is_some())
        }
        (true, true) => !general() && kanji > 0 && ends(&inner[length..]),
        _ => {
            (katakana || run.starts_with(|c: char| c.is_ascii_uppercase()))
                && count >= 2
                && ends(&inner[length..])
        }
    };
    let long = kana_goes_on(&inner[length..]).filter(|_| kanji == length).unwrap_or(0);
    (fits && !run.starts_with(|c: char| c.is_ascii_digit())).then_some(word.start..start + length + long)
}

/// Returns the length of what closes a name behind its kanji: 虹|の橋, 桜|が丘.
fn kana_goes_on(behind: &str) -> Option<usize> {
    let joint = behind.chars().next().filter(|c| matches!(c, 'の' | 'が' | 'つ'))?;
    let closing = behind[joint.len_utf8()..].chars().next()?;
    let further = &behind[joint.len_utf8() + closing.len_utf8()..];
    ("風橋丘森里杜家郷園泉花空海星木道葉音虹門宮実子台羽手原".contains(closing) && ends(further))
        .then_some(joint.len_utf8() + closing.len_utf8())
}

/// Returns the end of a name of kanji, の and one kanji.
fn kanji_and_no(text: &str, start: usize, length: usize) -> Option<usize> {
    kana_goes_on(&text[start + length..]).map(|further| start + length + further)
}

/// Finds a name of two hiragana or more at `start` that a particle or a word of care closes.
fn hiragana(names: &Names, text: &str, start: usize) -> Option<Range<usize>> {
    let run: usize =
        text[start..].chars().take(LONGEST_NAME).take_while(|&c| is_hiragana(c)).map(char::len_utf8).sum();
    let run = &text[start..start + run];
    if ["から", "まで", "より", "にて", "など", "だけ", "での", "との"]
        .iter()
        .any(|particle| run.starts_with(particle))
    {
        return None;
    }
    if run.starts_with(['に', 'を', 'は', 'が', 'で', 'と', 'へ', 'の', 'も', 'や'])
        || run.chars().count() < 2
    {
        return None;
    }
    if let Some(further) =
        kana_goes_on(&text[start + run.len() - 'の'.len_utf8()..]).filter(|_| run.ends_with(['の', 'が']))
    {
        return Some(start..start + run.len() - 'の'.len_utf8() + further);
    }
    let cuts = run.char_indices().map(|(i, _)| i).skip(2);
    let cut = cuts.into_iter().find(|&i| is_known_word(names, &run[..i]) && ends(&run[i..]));
    let last = run.char_indices().next_back().map_or(0, |(i, _)| i);
    let particle = run[last..].starts_with(['に', 'を', 'は', 'が', 'で', 'と', 'へ', 'の', 'も']);
    let length = cut.unwrap_or(if particle { last } else { run.len() });
    (run[..length].chars().count() >= 2 && ends(&text[start + length..])).then_some(start..start + length)
}

/// Words behind 大 for what a university has.
const OF_UNIVERSITIES: [&str; 24] = [
    "本院",
    "分院",
    "病院",
    "附属",
    "付属",
    "医局",
    "医学部",
    "救命",
    "老年科",
    "産科",
    "婦人科",
    "産婦人科",
    "移植",
    "内科",
    "外科",
    "眼科",
    "小児科",
    "皮膚科",
    "精神科",
    "放射線科",
    "麻酔科",
    "整形",
    "泌尿器",
    "循環器",
];

/// Characters before 大 with which it is another word: 拡大, 肥大.
const NO_UNIVERSITIES: &str = "拡肥増最腫巨過重雄甚膨絶多偉広強莫寛遠等長短径粗倍医歯薬女音体教工";

/// Finds the short name of a university: 湘洋大老年科, 大学病院(翔和大).
pub fn university(names: &Names, text: &str, word: &Range<usize>, from: usize) -> Option<Range<usize>> {
    let head = &text[from..word.start];
    let length: usize = head.chars().rev().take(4).take_while(|&c| is_kanji(c)).map(char::len_utf8).sum();
    let start = word.start - length;
    let name = &text[start..word.start];
    let behind = &text[word.end..];
    let other = name.ends_with(|c| NO_UNIVERSITIES.contains(c)) || is_verbal(names, name);
    let has = OF_UNIVERSITIES.iter().any(|of| behind.starts_with(of));
    let numbered = ["一内", "二内", "三内", "一外", "二外"].iter().find(|of| behind.starts_with(**of));
    let bracketed = text[..start].ends_with("病院(") && behind.starts_with(')');
    let listed = || behind.strip_prefix('・').is_some_and(|rest| rest.chars().take(6).any(|c| c == '大'));
    if other
        || !(2..=3).contains(&name.chars().count())
        || !(has || numbered.is_some() || bracketed || listed())
    {
        return None;
    }
    let mut end = word.end + numbered.map_or(0, |of| of.len());
    if let Some(of) = OF_UNIVERSITIES.iter().take(8).find(|of| behind.starts_with(**of)) {
        end = word.end + of.len();
    }
    Some(start..end)
}

/// Finds the name of an owner before グループ or 系列: 徳風会グループ.
pub fn group(text: &str, word: &Range<usize>, from: usize) -> Option<Range<usize>> {
    let owner = text[from..word.start].strip_suffix('会')?;
    let length: usize = owner.chars().rev().take(4).take_while(|&c| is_kanji(c)).map(char::len_utf8).sum();
    let start = from + owner.len() - length;
    let name = &text[start..word.start];
    let other =
        ["医師会", "学会", "委員会", "研究会", "協議会", "同好会", "家族会", "患者会", "互助会", "自治会"];
    (length > 3 && !other.iter().any(|word| name.ends_with(word))).then_some(start..word.end)
}

/// Returns the end of a centre that goes on behind the name of a hospital: くぬぎ病院|脊椎側弯センター.
pub fn centre(text: &str, end: usize) -> usize {
    if !text[..end].ends_with("病院") {
        return end;
    }
    let rest = &text[end..];
    let is_part = |c: char| is_kanji(c) || is_katakana(c) || c == 'ー';
    let length: usize = rest.chars().take(LONGEST_NAME).take_while(|&c| is_part(c)).map(char::len_utf8).sum();
    rest[..length].find("センター").map_or(end, |at| end + at + "センター".len())
}

/// Labels before the name of an institution.
const LABELS: [&str; 22] = [
    "病院名",
    "医院名",
    "施設名",
    "薬局名",
    "医療機関名",
    "事業所名",
    "かかりつけ薬局",
    "かかりつけ医療機関",
    "紹介元",
    "紹介先",
    "搬送元",
    "搬送先",
    "転院先",
    "転院元",
    "入所先",
    "入居先",
    "通所先",
    "ショートステイ先",
    "デイ先",
    "退院先",
    "施設",
    "病院",
];

/// Finds the name behind a label with a colon: 病院名:緑ヶ浜, ショートステイ先:くつろぎ邸.
pub fn labelled(names: &Names, text: &str, colon: &Range<usize>) -> Option<Range<usize>> {
    let label = LABELS.iter().find(|label| text[..colon.start].ends_with(**label))?;
    let rest = text[colon.end..].trim_start_matches(' ');
    let start = text.len() - rest.len();
    let is_part =
        |c: char| is_kanji(c) || is_katakana(c) || is_hiragana(c) || matches!(c, 'ー' | 'ヶ' | '・');
    let length: usize = rest.chars().take(LONGEST_NAME).take_while(|&c| is_part(c)).map(char::len_utf8).sum();
    let name = &rest[..length];
    let closed =
        rest[length..].is_empty() || rest[length..].starts_with([' ', '\n', '、', '。', '(', '/', ')', ',']);
    let itself = label.ends_with(['名', '先']) || is_place_or_name(names, name);
    let kind = [
        "病院",
        "医院",
        "クリニック",
        "診療所",
        "薬局",
        "ホーム",
        "ハウス",
        "センター",
        "サ高住",
        "老健",
        "特養",
        "ステーション",
        "訪看",
        "デイ",
    ];
    if kind.iter().any(|kind| name.contains(kind)) && !name.ends_with("ホーム") {
        return None;
    }
    let general = [
        "なし",
        "不明",
        "未定",
        "自宅",
        "当院",
        "他院",
        "同上",
        "近医",
        "施設",
        "病院",
        "在宅",
        "特養",
        "老健",
        "調整中",
        "検討中",
    ];
    let general = general.iter().any(|other| name.starts_with(other)) || GENERAL.contains(name);
    (name.chars().count() >= 2 && closed && itself && !general).then_some(start..start + length)
}

/// Finds a name before a short word for a practice or a service: こまくさ整形で, ゆめの花訪看の, ハーモニー調剤から.
pub fn short(names: &Names, text: &str, word: &Range<usize>, from: usize) -> Option<Range<usize>> {
    let behind = &text[word.end..];
    let visited =
        ["で", "に", "へ", "の", "より", "から", "さん", "にて", "と", "が", "を", "、", " ", "受診", "通院"];
    if !visited.iter().any(|end| behind.starts_with(end)) {
        return None;
    }
    // さざなみの地域連携室
    let at = text[from..word.start].strip_suffix('の').map_or(word.start, |head| from + head.len());
    let start = name_start(names, text, at, from);
    let name = &text[start..at];
    let joined = at < word.start;
    let count = name.chars().count();
    let kana = name.starts_with(|c| is_hiragana(c) || is_katakana(c));
    let apart = text[..start].is_empty()
        || text[..start].ends_with(|c: char| " \n、。(「:・/はのにでがをと".contains(c));
    let known = is_place_or_name(names, name)
        || may_be_name(names, name)
        || kana && count >= 3 && !joined
        || !joined && count >= 2 && !is_known_word(names, name);
    let whole = !joined
        || is_place_or_name(names, name) && !name.contains(is_hiragana)
        || name.chars().all(is_hiragana) && count >= 4;
    let general = GENERAL.contains(name) || is_verbal(names, name) || is_phrase(name);
    (whole && (2..=7).contains(&count) && apart && known && !general).then_some(start..word.end)
}

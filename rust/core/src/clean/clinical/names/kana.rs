//! Given names in kana behind a surname, and names in katakana or Latin letters beside an honorific or a title.

use std::ops::Range;

use super::super::category::Place;
use super::titles::{Tie, family, honorific, title, title_latin};
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Given names in hiragana that are other words too, or that the dictionary lacks.
const HIRAGANA: &[&str] = &[
    "あい",
    "あおい",
    "あかね",
    "あかり",
    "あき",
    "あきこ",
    "あすか",
    "あずさ",
    "あや",
    "あやか",
    "あやこ",
    "あやの",
    "あやめ",
    "あゆみ",
    "あんな",
    "いずみ",
    "いちか",
    "うた",
    "えみ",
    "えり",
    "えりか",
    "かえで",
    "かおり",
    "かおる",
    "かすみ",
    "かな",
    "かなえ",
    "かなこ",
    "かのん",
    "かほ",
    "かほり",
    "きみこ",
    "きよ",
    "きよこ",
    "くみこ",
    "けいこ",
    "こころ",
    "ことね",
    "ことみ",
    "このみ",
    "さおり",
    "さき",
    "さくら",
    "さくらこ",
    "さち",
    "さちこ",
    "さつき",
    "さとみ",
    "さなえ",
    "さやか",
    "さゆり",
    "さゆみ",
    "さら",
    "しおり",
    "しげる",
    "しずか",
    "しずく",
    "しのぶ",
    "すず",
    "すみれ",
    "すみこ",
    "すみ",
    "せいこ",
    "たえこ",
    "たかこ",
    "たけし",
    "たける",
    "ちえ",
    "ちえこ",
    "ちか",
    "ちづる",
    "ちひろ",
    "ちなつ",
    "つかさ",
    "つぐみ",
    "つばさ",
    "つばめ",
    "つる",
    "とみこ",
    "とも",
    "ともこ",
    "ともみ",
    "なお",
    "なおこ",
    "なおみ",
    "なぎさ",
    "なつき",
    "なつみ",
    "なつこ",
    "なな",
    "ななこ",
    "ななみ",
    "のぞみ",
    "のぞむ",
    "のどか",
    "のり",
    "のりこ",
    "はじめ",
    "はつ",
    "はづき",
    "はな",
    "はなこ",
    "はる",
    "はるか",
    "はるこ",
    "はるな",
    "はるみ",
    "ひかり",
    "ひかる",
    "ひさこ",
    "ひで",
    "ひでこ",
    "ひとみ",
    "ひなた",
    "ひな",
    "ひなの",
    "ひまり",
    "ひろ",
    "ひろこ",
    "ひろし",
    "ひろみ",
    "ひろゆき",
    "ふじ",
    "ふみ",
    "ふみこ",
    "ふゆみ",
    "ほのか",
    "ほたる",
    "まい",
    "まき",
    "まこと",
    "まさみ",
    "まさる",
    "まどか",
    "まなみ",
    "まみ",
    "まゆ",
    "まゆみ",
    "まり",
    "まりこ",
    "まりな",
    "みか",
    "みき",
    "みさき",
    "みさ",
    "みすず",
    "みずき",
    "みずほ",
    "みち",
    "みちこ",
    "みちる",
    "みつこ",
    "みつる",
    "みどり",
    "みなみ",
    "みなと",
    "みのり",
    "みのる",
    "みほ",
    "みゆ",
    "みゆき",
    "みよこ",
    "みらい",
    "むつみ",
    "めい",
    "めぐみ",
    "めぐ",
    "もえ",
    "もも",
    "ももか",
    "ももこ",
    "やすこ",
    "やよい",
    "ゆい",
    "ゆう",
    "ゆうか",
    "ゆうこ",
    "ゆうき",
    "ゆうた",
    "ゆうと",
    "ゆか",
    "ゆかり",
    "ゆき",
    "ゆきえ",
    "ゆきこ",
    "ゆきの",
    "ゆみ",
    "ゆみこ",
    "ゆめ",
    "ゆり",
    "ゆりえ",
    "ゆりか",
    "ゆりこ",
    "よし",
    "よしえ",
    "よしこ",
    "よしみ",
    "らん",
    "りえ",
    "りか",
    "りこ",
    "りさ",
    "りな",
    "りの",
    "りょう",
    "りょうこ",
    "りん",
    "るみ",
    "るみこ",
    "れい",
    "れいこ",
    "れいな",
    "わかな",
    "わたる",
    "いちろう",
    "じろう",
    "さぶろう",
    "たろう",
    "けんた",
    "けんじ",
    "こうじ",
    "しんじ",
    "たくや",
    "だいき",
    "なおき",
    "はやと",
    "まさし",
    "ゆうじ",
    "りく",
    "れん",
    "そら",
    "そう",
    "はると",
    "ゆうま",
    "あきら",
    "いさむ",
    "おさむ",
    "かずお",
    "きよし",
    "さとし",
    "さとる",
    "しげお",
    "すすむ",
    "たかし",
    "ただし",
    "つとむ",
    "てつや",
    "としお",
    "としこ",
    "ひさし",
    "まもる",
    "みきお",
    "ゆたか",
    "よしお",
    "ふさこ",
    "かずこ",
    "きくえ",
    "さくらこ",
    "いくこ",
];

/// Given names in katakana that are other words too, or that the dictionary lacks.
const KATAKANA: &[&str] = &[
    "アイ",
    "アキ",
    "アキエ",
    "アキノ",
    "アサ",
    "アヤ",
    "アヤメ",
    "イク",
    "イト",
    "イネ",
    "イセ",
    "ウタ",
    "ウメ",
    "ウメノ",
    "エイ",
    "エツ",
    "エミ",
    "エミコ",
    "オト",
    "カオル",
    "カズ",
    "カツ",
    "カツエ",
    "カネ",
    "カノ",
    "カメ",
    "カヨ",
    "カヨコ",
    "キク",
    "キクエ",
    "キクノ",
    "キク",
    "キサ",
    "キシ",
    "キヌ",
    "キヌエ",
    "キミ",
    "キミエ",
    "キミコ",
    "キヨ",
    "キヨコ",
    "キヨノ",
    "クニ",
    "クニコ",
    "クマ",
    "クラ",
    "ケイ",
    "ケイコ",
    "コウ",
    "コト",
    "コトエ",
    "コマ",
    "サキ",
    "サク",
    "サダ",
    "サダコ",
    "サチ",
    "サチコ",
    "サチエ",
    "サト",
    "サトエ",
    "サナエ",
    "サヨ",
    "サヨコ",
    "シカ",
    "シゲ",
    "シゲコ",
    "シゲノ",
    "シズ",
    "シズエ",
    "シズコ",
    "シナ",
    "シマ",
    "スエ",
    "スエノ",
    "スエコ",
    "スギ",
    "スズ",
    "スズエ",
    "スズコ",
    "ステ",
    "スミ",
    "スミエ",
    "スミコ",
    "セイ",
    "セイコ",
    "セキ",
    "セツ",
    "セツコ",
    "セン",
    "ソノ",
    "ソメ",
    "タカ",
    "タカコ",
    "タキ",
    "タキノ",
    "タケ",
    "タケノ",
    "タケヨ",
    "タツ",
    "タツエ",
    "タツノ",
    "タネ",
    "タマ",
    "タマエ",
    "タマキ",
    "タマヨ",
    "タミ",
    "タミエ",
    "タミコ",
    "タヨ",
    "チエ",
    "チエコ",
    "チカ",
    "チセ",
    "チヨ",
    "チヨエ",
    "チヨコ",
    "チヨノ",
    "ツギ",
    "ツタ",
    "ツナ",
    "ツネ",
    "ツネコ",
    "ツヤ",
    "ツヤコ",
    "ツユ",
    "ツル",
    "ツルエ",
    "ツルコ",
    "テイ",
    "テツ",
    "テル",
    "テルコ",
    "テルヨ",
    "トキ",
    "トキエ",
    "トキコ",
    "トク",
    "トクエ",
    "トシ",
    "トシエ",
    "トシコ",
    "トミ",
    "トミエ",
    "トミコ",
    "トミヨ",
    "トメ",
    "トヨ",
    "トヨコ",
    "トラ",
    "ナオ",
    "ナオコ",
    "ナカ",
    "ナツ",
    "ナツエ",
    "ナミ",
    "ナミエ",
    "ヌイ",
    "ノブ",
    "ノブエ",
    "ノブコ",
    "ノリ",
    "ノリコ",
    "ハツ",
    "ハツエ",
    "ハツコ",
    "ハツネ",
    "ハツノ",
    "ハツヨ",
    "ハナ",
    "ハナエ",
    "ハナコ",
    "ハマ",
    "ハマコ",
    "ハル",
    "ハルエ",
    "ハルコ",
    "ハルヨ",
    "ヒサ",
    "ヒサエ",
    "ヒサコ",
    "ヒサノ",
    "ヒデ",
    "ヒデコ",
    "ヒナ",
    "ヒロ",
    "ヒロコ",
    "フキ",
    "フク",
    "フクエ",
    "フサ",
    "フサエ",
    "フサコ",
    "フサノ",
    "フジ",
    "フジエ",
    "フジコ",
    "フジノ",
    "フデ",
    "フミ",
    "フミエ",
    "フミコ",
    "フミヨ",
    "フユ",
    "マキ",
    "マサ",
    "マサエ",
    "マサコ",
    "マス",
    "マスエ",
    "マスコ",
    "マスミ",
    "マチ",
    "マツ",
    "マツエ",
    "マツコ",
    "マツノ",
    "マツヨ",
    "マユミ",
    "マリ",
    "マリコ",
    "ミイ",
    "ミエ",
    "ミエコ",
    "ミカ",
    "ミキ",
    "ミサ",
    "ミサオ",
    "ミサコ",
    "ミサヲ",
    "ミス",
    "ミスズ",
    "ミセ",
    "ミチ",
    "ミチエ",
    "ミチコ",
    "ミチヨ",
    "ミツ",
    "ミツエ",
    "ミツコ",
    "ミツヨ",
    "ミツノ",
    "ミドリ",
    "ミナ",
    "ミネ",
    "ミネコ",
    "ミノ",
    "ミノル",
    "ミヤ",
    "ミヤコ",
    "ミヤノ",
    "ミユキ",
    "ミヨ",
    "ミヨコ",
    "ミヨシ",
    "ムツ",
    "ムツコ",
    "ムメ",
    "メイ",
    "モト",
    "モモ",
    "モヨ",
    "ヤイ",
    "ヤエ",
    "ヤエコ",
    "ヤス",
    "ヤスエ",
    "ヤスコ",
    "ヤスノ",
    "ユウ",
    "ユウコ",
    "ユキ",
    "ユキエ",
    "ユキコ",
    "ユキノ",
    "ユミ",
    "ユミコ",
    "ユリ",
    "ユリコ",
    "ヨウコ",
    "ヨシ",
    "ヨシエ",
    "ヨシオ",
    "ヨシコ",
    "ヨシノ",
    "ヨシミ",
    "ヨネ",
    "ヨネコ",
    "ヨリ",
    "ヨリコ",
    "リイ",
    "リエ",
    "リカ",
    "リサ",
    "リツ",
    "リツコ",
    "リナ",
    "リョウ",
    "リヨ",
    "リン",
    "ルイ",
    "ルミ",
    "レイ",
    "レイコ",
    "レン",
    "ワカ",
    "ケンジ",
    "イチロー",
    "アンナ",
    "エリカ",
    "マリア",
    "アンリ",
    "ジュン",
    "ショウ",
    "タロウ",
];

/// Particles and verbs with which a sentence goes on behind a name in hiragana.
pub const GOES_ON: &[&str] = &[
    "です",
    "だ",
    "じゃ",
    "など",
    "ら",
    "か",
    "って",
    "が",
    "は",
    "を",
    "に",
    "の",
    "へ",
    "と",
    "も",
    "で",
    "より",
    "から",
    "まで",
    "さん",
    "さま",
    "ちゃん",
    "くん",
    "や",
    "、",
];

/// The end of a run of `is` at `at`.
fn run_end(text: &str, at: usize, is: impl Fn(char) -> bool) -> usize {
    at + text[at..].chars().take(20).take_while(|&c| is(c)).map(char::len_utf8).sum::<usize>()
}

fn is_kata(c: char) -> bool {
    is_katakana(c) || c == 'ー'
}

/// Returns the end of a given name in kana behind the surname that ends at `at`; `at` if there is none.
pub fn given_in_kana(words: &Words, text: &str, at: usize) -> usize {
    let start = at + text[at..].len() - text[at..].trim_start_matches(' ').len();
    if start > at + 2 {
        return at;
    }
    let katakana = run_end(text, start, is_kata);
    if katakana > start {
        let word = &text[start..katakana];
        let length = word.chars().count();
        let ordinary = words.is(word, &[Kind::Other, Kind::Organisation, Kind::Place])
            && !words.is(word, &[Kind::Given]);
        let name = match length {
            _ if KATAKANA.contains(&word) => true,
            2..=3 => !ordinary && start == at && !word.contains('ー') && words.is(word, &[Kind::Given]),
            _ => false,
        };
        // トヨ子: a kanji closes the name.
        let closes = length <= 3 && text[katakana..].starts_with(['子', '江', '代', '美', '枝', '乃']);
        return match (closes, name) {
            (true, _) => katakana + "子".len(),
            (false, true) => katakana,
            (false, false) => at,
        };
    }
    let end = run_end(text, start, is_hiragana);
    let run = &text[start..end];
    if (2..=3).contains(&run.chars().count()) && text[end..].starts_with('子') && HIRAGANA.contains(&run) {
        return end + "子".len();
    }
    let name = HIRAGANA
        .iter()
        .filter(|name| {
            run.strip_prefix(**name)
                .is_some_and(|rest| rest.is_empty() || GOES_ON.iter().any(|g| rest.starts_with(g)))
        })
        .max_by_key(|name| name.len());
    name.map_or(at, |name| start + name.len())
}

/// Words in katakana before an honorific that are no names, and ends of such words.
const STAFF: &[&str] = &[
    "ヘルパー",
    "マネ",
    "マネジャー",
    "マネージャー",
    "ドクター",
    "ナース",
    "スタッフ",
    "コーディネーター",
    "ワーカー",
    "オーナー",
    "クリニック",
    "センター",
    "ホーム",
    "サービス",
    "メーカー",
    "ドライバー",
    "リーダー",
    "トレーナー",
    "ステーション",
    "デイ",
    "パパ",
    "ママ",
    "グループ",
    "コンビニ",
    "スーパー",
    "タクシー",
    "レジデント",
    "プライマリ",
    "ゴミ",
    "クマ",
    "ウサギ",
    "ネコ",
    "イヌ",
    "ゾウ",
    "サル",
    "オバ",
    "オジ",
    "バア",
    "ジイ",
    "カウンセラー",
    "ボランティア",
    "ユーザー",
    "ファン",
    "フリーター",
    "サラリーマン",
    "キャスト",
    "メンバー",
    "チーム",
    "プロ",
    "アルバイト",
    "パート",
    "ペット",
    "ゲスト",
    "ホスト",
    "モデル",
    "エステ",
    "ライター",
    "デザイナー",
    "インストラクター",
    "エンジニア",
    "プロデューサー",
    "ディレクター",
    "マスター",
    "シェフ",
    "パティシエ",
    "ソムリエ",
    "セラピスト",
    "アナウンサー",
    "キャスター",
    "タレント",
    "ミュージシャン",
    "アーティスト",
    "バンド",
    "オタク",
    "ヤクザ",
    "ロボット",
    "カミ",
    "ウン",
    "フォロワー",
    "ブロガー",
    "リスナー",
    "コール",
    "サンタ",
    "メダカ",
];

/// The longest name in katakana, in parts.
const MOST_PARTS: usize = 4;

/// Names in katakana that begin at `start`, where a run of katakana begins; returns the end of the run too.
pub fn katakana(words: &Words, text: &str, start: usize, last: Option<usize>) -> (Option<Place>, usize) {
    let part = |at: usize| run_end(text, at, |c| is_kata(c));
    let mut end = part(start);
    let run = end;
    let mut ends = vec![end];
    while ends.len() < MOST_PARTS {
        let Some(next) = ["・", " ", "="].iter().find(|mark| text[end..].starts_with(**mark)) else { break };
        let next_end = part(end + next.len());
        if next_end == end + next.len() {
            break;
        }
        end = next_end;
        ends.push(end);
    }
    let before = &text[..start];
    let tie = title(before).or_else(|| family(before));
    let apart = !before.ends_with(|c: char| is_kanji(c)) || tie.is_some();
    for (i, &end) in ends.iter().enumerate().rev() {
        let name = &text[start..end];
        let parts: Vec<&str> = name.split(['・', ' ', '=']).collect();
        let is_other = if name.contains('・') {
            STAFF.iter().any(|w| name.ends_with(w))
        } else {
            parts.iter().any(|part| is_ordinary(words, part))
        };
        if is_other || !(2..=24).contains(&name.chars().count()) || !apart {
            continue;
        }
        let behind = &text[end..];
        if let Some(length) = honorific(behind).filter(|_| !behind.starts_with(' ') || i > 0) {
            let behind = behind.trim_start_matches(' ');
            // スリガラス様陰影 is no person.
            let person =
                parts.len() > 1 || parts.iter().all(|part| words.is(part, &[Kind::Surname, Kind::Given]));
            let allowed = if behind.starts_with('様') { person } else { behind.starts_with(is_kanji) };
            if allowed || behind.starts_with(['さ', 'ち', 'く', 'D', 'N']) {
                return (Some(Place { whole: start..end + length, value: start..end }), end);
            }
        }
        let person = parts
            .iter()
            .all(|part| words.is(part, &[Kind::Surname, Kind::Given]) && !words.is(part, &[Kind::Other]));
        let closed = !behind.starts_with(|c: char| is_kanji(c) || is_hiragana(c));
        let bracketed = before.ends_with('(') && behind.starts_with(')');
        let named = match tie {
            Some(Tie::Mark) => {
                bracketed && family(before).is_some() || person && closed || name.contains('・') && closed
            }
            Some(Tie::Loose) => person && closed,
            Some(Tie::Direct) => person && !behind.starts_with(is_kanji),
            None => false,
        };
        // The reading of the name before: 山田太郎(ヤマダ タロウ).
        let reading = bracketed
            && last == Some(start - 1)
            && (parts.len() > 1 || !parts.iter().any(|part| is_compound(words, part)));
        if named || reading {
            return (Some(Place { whole: start..end, value: start..end }), end);
        }
    }
    (None, run)
}

/// Tests for two ordinary words: ダブルチェック.
fn is_compound(words: &Words, word: &str) -> bool {
    let other = [Kind::Other];
    let mut ends = word.char_indices().map(|(i, _)| i).skip(2);
    ends.any(|i| words.is(&word[..i], &other) && words.is(&word[i..], &other))
}

/// Tests for a word that is no name.
pub fn is_ordinary(words: &Words, word: &str) -> bool {
    STAFF.iter().any(|staff| word.ends_with(staff))
        || words.is(word, &[Kind::Other, Kind::Organisation])
            && !words.is(word, &[Kind::Surname, Kind::Given])
}

/// Names in Latin letters that begin at `start`, with a capital behind no letter; returns the end of the word too.
pub fn latin(text: &str, start: usize) -> (Option<Place>, usize) {
    let word = |at: usize| run_end(text, at, |c| c.is_ascii_alphabetic() || matches!(c, '\'' | '-'));
    let first = word(start);
    let mut ends = vec![first];
    while ends.len() < 3 {
        let end = ends[ends.len() - 1];
        let rest = &text[end..];
        let gap = if rest.starts_with(". ") { 2 } else { usize::from(rest.starts_with([' ', '.'])) };
        let next = end + gap;
        if gap == 0
            || !text[next..].starts_with(|c: char| c.is_ascii_uppercase())
            || word(next) == next + 1 && !text[next + 1..].starts_with('.')
        {
            break;
        }
        ends.push(word(next));
    }
    let is_name = |range: Range<usize>| {
        let word = &text[range];
        word.len() >= 2 && !NOT_LATIN.iter().any(|other| word.eq_ignore_ascii_case(other))
    };
    let before = &text[..start];
    if title_latin(before) {
        let mut end = start;
        let mut from = start;
        for &to in &ends {
            let initial = text[from..to].trim_start_matches([' ', '.']).len() == 1;
            let part = from + (to - from) - text[from..to].trim_start_matches([' ', '.']).len();
            if !initial && !is_name(part..to) {
                break;
            }
            end = to;
            from = to;
        }
        let long = text[start..end].split([' ', '.']).any(|part| part.len() >= 2);
        if end > start && long && !text[end..].starts_with(|c: char| c.is_ascii_digit()) {
            return (Some(Place { whole: start..end, value: start..end }), end);
        }
        return (None, first);
    }
    for &end in ends.iter().rev() {
        let behind = &text[end..];
        let capitalised = text[start..end].split([' ', '.']).all(|part| {
            part.len() >= 2
                && part[1..].bytes().all(|b| !b.is_ascii_uppercase())
                && is_name(start..start + part.len())
        });
        let several = text[start..end].contains([' ', '.']);
        let honorific = ["様", "氏", "先生", "さん", "さま"]
            .iter()
            .find(|word| behind.strip_prefix(' ').unwrap_or(behind).starts_with(**word));
        if let Some(honorific) =
            honorific.filter(|word| (several || **word != "様") && capitalised && text[start..end].len() >= 4)
        {
            let length = behind.find(*honorific).unwrap_or(0) + honorific.len();
            return (Some(Place { whole: start..end + length, value: start..end }), end);
        }
    }
    (None, first)
}

/// Words in Latin letters behind a title or before an honorific that are no names.
pub const NOT_LATIN: &[&str] = &[
    "call",
    "note",
    "notes",
    "sheet",
    "order",
    "id",
    "no",
    "on",
    "off",
    "is",
    "was",
    "has",
    "and",
    "the",
    "to",
    "for",
    "with",
    "in",
    "at",
    "of",
    "mr",
    "ms",
    "mrs",
    "dr",
    "prof",
    "pt",
    "ot",
    "st",
    "ns",
    "unknown",
    "none",
    "male",
    "female",
    "age",
    "sex",
    "date",
    "type",
    "name",
    "history",
    "presents",
    "presented",
    "line",
    "google",
    "amazon",
    "twitter",
    "yahoo",
    "facebook",
    "youtube",
    "apple",
    "microsoft",
    "softbank",
    "docomo",
    "wiki",
    "team",
    "staff",
    "doctor",
    "nurse",
    "md",
    "phd",
    "rn",
    "doa",
    "medical",
    "hospital",
    "clinic",
    "center",
];

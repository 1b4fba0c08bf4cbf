//! Names of hospitals, practices, pharmacies, homes and wards; looked for where `hospitals` is set, by itself.
//!
//! A word for an institution (病院, クリニック, 薬局, 老健, 病棟) announces a name before or behind it. What stands
//! there is stripped of general words (総合, 当院, 大学, 療養); if nothing is left the institution is any, and stays.

mod behind;
mod department;
mod name;
mod named;
mod storey;
mod university;
mod ward;

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use rustc_hash::FxHashSet;

use super::category::{Category, Place};
use super::list::List;
use super::names::Words as Names;
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
        Example {
            before: "本日みどりクリニックより紹介", after: "本日より紹介", why: "kana"
        },
        Example {
            before: "老健あおば入所中",
            after: "入所中",
            why: "a home: the name stands behind the word",
        },
        Example { before: "3階西病棟に転棟、5A病棟へ", after: "に転棟、へ", why: "wards" },
        Example { before: "医療法人社団青葉会 青葉病院", after: " ", why: "its owner" },
        Example {
            before: "当院、近医、大学病院、総合病院、回復期病棟、内科外来、かかりつけ薬局、訪問看護ステーションと連携",
            after: "当院、近医、大学病院、総合病院、回復期病棟、内科外来、かかりつけ薬局、訪問看護ステーションと連携",
            why: "general words",
        },
    ],
};

/// Place of an institution's name.
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
    /// 8階北
    Storey,
    /// AOBA HOSPITAL, 青葉Hp
    Latin,
    /// 5西の田中
    Compass,
    /// HCU2
    Unit,
    /// やまぶき苑
    Home,
    /// 青葉大学
    University,
    /// てんかんセンター月見: the word says the kind alone.
    Named,
    /// こまくさ整形, ゆめの花訪看
    Short,
    /// 湘洋大老年科
    ShortUniversity,
    /// 徳風会グループ
    Group,
    /// 病院名:緑ヶ浜
    Label,
    /// Pharmacies whose name has no word for one.
    Chain,
}

/// Words in Latin letters, and those that have a side of their own.
const WORDS: [(Side, &str); 12] = [
    (Side::ShortUniversity, "大"),
    (Side::Group, "グループ 系列"),
    (Side::Label, ":"),
    (Side::Unit, "nicu gcu hcu icu ccu scu mficu picu eicu sicu rcu kcu"),
    (Side::Ward, "病棟 棟 館"),
    (Side::Storey, "階"),
    (Side::Compass, "東 西 南 北"),
    (Side::Home, "苑 荘 寮 邸 園"),
    (
        Side::Owner,
        "医療法人社団 医療法人財団 社会医療法人 特定医療法人 医療法人 社会福祉法人 公益財団法人 一般財団法人",
    ),
    (Side::University, "大学"),
    (
        Side::Chain,
        "トモズ ウエルシア マツモトキヨシ マツキヨ ツルハ ココカラファイン クオール 日本調剤 サンドラッグ クリエイトエスディー カワチ薬品 \
         セイムス ゲンキー コクミンドラッグ アインズ クスリのアオキ 杏林堂 キリン堂 ドラッグイレブン 阪神調剤",
    ),
    (Side::Latin, "hospital clinic center pharmacy hosp hp cl"),
];

static LISTS: LazyLock<[(Side, List); 6]> = LazyLock::new(|| {
    [
        (Side::Named, List::read(include_str!("lists/named.txt"))),
        (Side::Before, List::read(include_str!("lists/before.txt"))),
        (Side::Department, List::read(include_str!("lists/department.txt"))),
        (Side::Behind, List::read(include_str!("lists/behind.txt"))),
        (Side::Both, List::read(include_str!("lists/both.txt"))),
        (Side::Short, List::read(include_str!("lists/short.txt"))),
    ]
});

/// The automaton of the words, and the side of each.
pub struct Words {
    automaton: AhoCorasick,
    sides: Vec<Side>,
}

static INSTITUTIONS: LazyLock<Option<Words>> = LazyLock::new(|| {
    let listed = LISTS.iter().flat_map(|(side, list)| list.words().map(move |word| (*side, word)));
    let others = WORDS.iter().flat_map(|&(side, words)| words.split(' ').map(move |word| (side, word)));
    // Of two sides of one word the first is taken.
    let mut seen = FxHashSet::default();
    let (sides, words): (Vec<_>, Vec<_>) =
        listed.chain(others).filter(|(_, word)| seen.insert(*word)).unzip();
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .ascii_case_insensitive(true)
        .build(words)
        .ok()?;
    Some(Words { automaton, sides })
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
        let side = words.sides[word.pattern().as_usize()];
        let in_brackets = || name::bracketed(names, text, &at, end);
        let bracketed = if matches!(side, Side::Behind | Side::Both | Side::Before | Side::Named) {
            in_brackets()
        } else {
            None
        };
        let place = bracketed.or_else(|| match side {
            Side::Before => {
                name::before(names, text, at.clone(), end).or_else(|| behind::branch(text, at.clone()))
            }
            Side::Department => department::department(names, text, at.clone(), end),
            Side::Behind => behind::behind(names, text, at.clone()).or_else(|| {
                let ward = text[at.clone()].ends_with("病棟");
                ward.then(|| ward::ward(text, at.end - "病棟".len()..at.end, end)).flatten()
            }),
            Side::Both => {
                behind::behind(names, text, at.clone()).or_else(|| name::before(names, text, at.clone(), end))
            }
            Side::Ward => ward::ward(text, at.clone(), end)
                .or_else(|| ward::named(text, &at, end))
                .or_else(|| storey::building(text, &at, end)),
            Side::Storey => storey::storey(text, &at, end),
            Side::Owner => behind::owner(text, at.clone()),
            Side::Latin => name::in_latin(names, text, at.clone(), end),
            Side::Compass => storey::compass(text, &at),
            Side::Unit => ward::unit(text, &at),
            Side::Home => name::home(names, text, at.clone(), end),
            Side::Named => named::named(names, text, at.clone())
                .or_else(|| behind::behind(names, text, at.clone()))
                .or_else(|| name::before(names, text, at.clone(), end)),
            Side::Short => named::short(names, text, &at, end),
            Side::ShortUniversity => named::university(names, text, &at, end),
            Side::Group => named::group(text, &at, end),
            Side::Label => named::labelled(names, text, &at),
            Side::University => university::university(names, text, at.clone(), end),
            Side::Chain => Some(at.clone()),
        });
        if let Some(mut range) = place {
            range.end = named::centre(text, range.end);
            end = range.end;
            found.push(Place { whole: range.clone(), value: range });
        }
    }
    for range in storey::lettered(text) {
        if !found.iter().any(|place| place.whole.start < range.end && range.start < place.whole.end) {
            found.push(Place { whole: range.clone(), value: range });
        }
    }
    found.sort_by_key(|place| place.whole.start);
}

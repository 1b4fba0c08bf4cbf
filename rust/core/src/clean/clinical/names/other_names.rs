//! Words that are read as a surname with a given name, but are a place, a time, an office, a work or a number: 門真市,
//! 鎌倉時代, 宮内大輔, 清元節, 宝永二年.

use std::sync::LazyLock;

use super::super::list::List;
use super::lists::{GIVEN, GIVEN_SINGLE};
use super::usual::{is_common, is_sure};
use super::words::{Kind, Words};
use crate::clean::characters::is_kanji;

/// Last characters of a place that goes on behind a shorter one: 門真|市, 井伊谷|城.
const OF_PLACES: &str = "市区町村郡県府国城駅港橋山川島湖原宮寺社領浦岬岳麓通";

/// Kanji behind a surname by which the two are a crowd, a tune, a school or a capital.
const OF_OTHERS: &str = "衆節宗統儀縁京波通岬岳麓宮史記経天斎鑑公建";

/// Last characters of given names which hardly any other word behind a surname has: 郁子.
const OF_GIVEN: &str = "子美江枝男雄夫郎";

/// Numerals that are given names.
const NUMERALS: &str = "一二三四五六七八九十";

/// Ministries of old which are surnames too, and the ranks in them which are given names.
const MINISTRIES: [&str; 8] = ["宮内", "大蔵", "兵部", "式部", "治部", "民部", "刑部", "中務"];
const RANKS: [&str; 3] = ["大輔", "少輔", "丞"];

/// Tests a surname and a given name, parted at `surname`, for something else; `behind` is the text behind them.
pub fn is_other_name(words: &Words, name: &str, surname: usize, behind: &str) -> bool {
    let Some((surname, given)) = name.split_at_checked(surname) else { return false };
    let Some(last) = given.chars().next_back() else { return false };
    let place = || words.is(&name[..name.len() - last.len_utf8()], &[Kind::Place]);
    // 波音市: 波 is no surname of the dictionary.
    let no_surname = || surname.chars().nth(1).is_none() && !words.is(surname, &[Kind::Surname]);
    if OF_PLACES.contains(last) && (place() || no_surname()) {
        return true;
    }
    if given.chars().nth(1).is_none() {
        let number = NUMERALS.contains(last) && (last != '一' || behind.starts_with(is_kanji));
        return number
            || OF_OTHERS.contains(last)
            || words.is_ordinary(surname) && !is_common(surname) && !GIVEN_SINGLE.contains(given);
    }
    if MINISTRIES.contains(&surname) && RANKS.contains(&given) {
        return true;
    }
    words.is(name, &[Kind::Other, Kind::Place, Kind::Organisation])
        || words.is_given_last(given)
            && !is_sure(words, surname)
            && !GIVEN.contains(given)
            && !OF_GIVEN.contains(last)
}

/// Last characters of diseases.
const DISEASES: &str = "炎症腫瘤癌痛病疹瘡癬斑脈熱";

/// Last characters of further words for diseases, which are no given name of two characters or more.
const LONG_ENDS: &str = "性栓縮肺洞血骨筋腱孔創";

/// Tests for a disease, a town or 姓 behind what is read as a surname: 毛包炎, 片山熱, 若草浦町, 前田姓.
pub fn is_disease_or_town(surname: &str, given: &str) -> bool {
    let long = |part: &str| part.chars().nth(1).is_some();
    given == "姓"
        || given.ends_with(|c| DISEASES.contains(c))
        || long(given) && given.ends_with(|c| LONG_ENDS.contains(c))
        || long(given) && long(surname) && given.ends_with(['町', '村', '区', '郡'])
}

/// Last characters of drugs, their forms and doses.
static DRUGS: LazyLock<List> =
    LazyLock::new(|| List::read("g L l % 錠 注 液 散 粒 カプセル シロップ 軟膏 クリーム テープ キット"));

/// Tests for the maker of a drug between brackets: メトホルミン錠250mg「小林」.
pub fn is_maker(before: &str, behind: &str) -> bool {
    behind.starts_with('」') && before.strip_suffix('「').is_some_and(|drug| DRUGS.ends(drug))
}

/// Tests for a word which the honorific that ends it closes: 杜氏, 大姫君. 南殿 is one too, and a name.
pub fn is_word_with(words: &Words, whole: &str, honorific: &str) -> bool {
    honorific == "君" && whole.ends_with("姫君") || honorific != "殿" && words.is_ordinary(whole)
}

/// Tests for an office that stands behind a place: 市長, 知事.
pub fn is_office_of_place(honorific: &str) -> bool {
    honorific.starts_with(['市', '区', '町', '村', '県', '府', '都', '知'])
}

/// Tests for the end of a verb: 許さんぞ.
pub fn is_end_of_verb(honorific: &str, behind: &str) -> bool {
    honorific == "さん" && behind.starts_with(['ぞ', 'わ'])
}

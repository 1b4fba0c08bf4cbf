//! Words behind a name that say a person is meant: an age with the sex, where somebody is from, what they are here for.

use std::sync::LazyLock;

use super::super::list::List;
use super::honoured::LIKE;
use super::runs::closed_bracket;
use super::titles::{age_behind, honorific};
use crate::clean::characters::is_kanji;

/// Countries from which residents come.
static COUNTRIES: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "ベトナム 越南 フィリピン 比国 ネパール ミャンマー インドネシア タイ カンボジア ラオス モンゴル インド スリランカ バングラデシュ パキスタン アフガニスタン イラン イラク トルコ シリア \
         中国 台湾 香港 韓国 朝鮮 在日 北朝鮮 シンガポール マレーシア ブラジル ペルー ボリビア アルゼンチン メキシコ コロンビア チリ パラグアイ \
         アメリカ 米国 カナダ イギリス 英国 フランス ドイツ イタリア スペイン ポルトガル ロシア ウクライナ ポーランド ルーマニア オーストラリア 豪州 ニュージーランド \
         ナイジェリア ガーナ ケニア エチオピア エジプト セネガル カメルーン コンゴ ウガンダ タンザニア ウズベキスタン 外国 US USA UK",
    )
});

/// Words behind a country for who is from there.
const OF_COUNTRY: [&str; 7] = ["国籍", "籍", "人", "出身", "系", "より来日", "から来日"];

/// Words for who somebody is that is from another country, or is none of those on the ward.
static STATUS: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "技能実習 実習生 特定技能 留学生 交換留学 研修生 EPA 候補生 介護実習 介護職 介護士 介護助手 介護福祉士 介護スタッフ 船員 漁船員 観光客 観光中 旅行者 旅行中 難民 避難民 \
         通訳 医療通訳 英会話 英語講師 英語教師 語学講師 ALT 日系 在留 出稼ぎ 永住 帰化 就労 外国籍 無国籍 日本語不可 日本語学校 日本語話者 工場勤務 農業実習 建設作業員 調理師 料理人 大学院生 大学生 高校生 中学生 小学生 \
         会社員 自営業 無職 主婦 年金受給 教師 教員 牧師 宣教師 外交官 エンジニア プログラマ 力士 選手 看護助手 看護師候補 介護福祉士候補",
    )
});

/// Words for the language, the food and the papers of residents from other countries.
static OF_RESIDENTS: LazyLock<List> = LazyLock::new(|| {
    List::read(
        "通訳 電話通訳 医療通訳 翻訳機 翻訳アプリ ポケトーク ハラール ハラル 豚肉不可 礼拝 ラマダン 在留カード 日本語 やさしい日本語 母国語 英語 中国語 北京語 広東語 台湾語 韓国語 \
         ポルトガル語 スペイン語 タガログ語 ベトナム語 ネパール語 ペルシャ語 アラビア語 トルコ語 ヒンディー語 ウルドゥー語 ベンガル語 シンハラ語 タミル語 ミャンマー語 ビルマ語 インドネシア語 \
         マレー語 タイ語 モンゴル語 ロシア語 フランス語 ドイツ語 イタリア語 クメール語 ラオス語 ウクライナ語 ウズベク語 スワヒリ語",
    )
});

/// Tests for what a resident from another country speaks, eats or shows, behind a mark: ペルシャ語通訳.
pub fn has_language_behind(behind: &str) -> bool {
    let rest = behind.trim_start_matches([' ', ',', '、', '/', ':', '→']);
    rest.len() < behind.len() && OF_RESIDENTS.begins(rest)
}

/// Words for pregnancies and newborns.
static OF_BIRTH: LazyLock<List> =
    LazyLock::new(|| List::read("妊娠 産後 産褥 生後 日齢 在胎 新生児 初産 経産 妊婦健診 妊婦 母乳 母児 児"));

/// Classes at school in brackets behind the name of a child: (小5).
const SCHOOLS: [&str; 6] = ["年長", "年中", "年少", "幼稚園", "保育園", "大学"];

/// The longest remark about a country that is skipped before an age, in characters.
const LONGEST_REMARK: usize = 12;

/// Tests for an age, the sex, an origin or what somebody is at the start of `behind`.
pub fn is_person_behind(behind: &str) -> bool {
    let rest = behind.trim_start_matches([' ', ',', '、', '/', ':', '\n']);
    // GROUND GLASS様陰影
    let like = rest.strip_prefix('様').is_some_and(|rest| LIKE.iter().any(|word| rest.starts_with(word)));
    if like {
        return false;
    }
    if honorific(behind).is_some() || honorific(rest).is_some() && rest.len() < behind.len() {
        return true;
    }
    if rest.len() == behind.len() && !behind.starts_with('(') {
        return STATUS.begins(behind);
    }
    let inner = rest.strip_prefix('(').unwrap_or(rest);
    let bracketed = inner.len() < rest.len();
    age_behind(behind)
        || has_sex_and_age(inner)
        || is_of_sex(inner)
        || STATUS.begins(inner)
        || OF_BIRTH.begins(inner)
        || is_young(inner)
        || from_country(inner)
        || bracketed && is_in_class(inner)
        || bracketed && behind_remark(inner).is_some_and(is_aged)
}

/// Tests for an age in days, weeks or months: 3日齢.
fn is_young(inner: &str) -> bool {
    let count = digits(inner);
    let unit = &inner[count..];
    (1..=3).contains(&count)
        && ["日齢", "生日", "か月", "ヶ月", "カ月", "週児"].iter().any(|word| unit.starts_with(word))
}

/// Words right before a name for where somebody is from, or what for.
pub fn is_status_before(before: &str) -> bool {
    let rest = before.trim_end_matches([' ', 'の', ':', '(']);
    [
        "実習生",
        "留学生",
        "候補生",
        "候補者",
        "研修生",
        "国籍",
        "外国籍",
        "難民",
        "避難民",
        "在留",
        "船員",
        "残留孤児",
        "残留邦人",
    ]
    .iter()
    .any(|word| rest.ends_with(word))
        || ["人", "籍", "人女性", "人男性", "出身", "系"]
            .iter()
            .any(|of| rest.strip_suffix(of).is_some_and(|head| COUNTRIES.ends(head)))
}

/// Tests for a class at school: 小5, 年長.
fn is_in_class(inner: &str) -> bool {
    let year = inner.strip_prefix(['小', '中', '高']).or_else(|| inner.strip_prefix("小学"));
    year.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        || SCHOOLS.iter().any(|school| inner.starts_with(school))
}

/// Tests for an age or the sex behind a remark in brackets.
fn is_aged(behind: &str) -> bool {
    let rest = behind.trim_start_matches([' ', ',', '、', '/']);
    age_behind(behind) || has_sex_and_age(rest) || is_of_sex(rest)
}

/// Returns what stands behind a short remark whose bracket is open.
fn behind_remark(inner: &str) -> Option<&str> {
    let (remark, behind) = closed_bracket(inner, LONGEST_REMARK)?;
    (!remark.contains('\n')).then_some(behind)
}

/// Tests for a country.
pub fn is_country(word: &str) -> bool {
    COUNTRIES.contains(word)
}

/// Tests for a country alone in brackets or before a comma: (ネパール).
pub fn has_country_behind(behind: &str) -> bool {
    let rest = behind.trim_start_matches([' ', ',', '、', '/']);
    let inner = rest.strip_prefix('(').unwrap_or(rest);
    rest.len() + inner.len() < behind.len() * 2
        && COUNTRIES.at_start(inner).any(|word| {
            let rest = &inner[word.len()..];
            rest.is_empty() || rest.starts_with([')', ' ', '、', ',', '/', '\n', '・'])
        })
}

/// Tests for a country with a word for who is from there: ブラジル国籍, 中国人.
fn from_country(rest: &str) -> bool {
    COUNTRIES.at_start(rest).any(|word| OF_COUNTRY.iter().any(|of| rest[word.len()..].starts_with(of)))
}

/// Tests for 男性, 女児 and the like as a word of its own.
fn is_of_sex(rest: &str) -> bool {
    let closes =
        |behind: &str| behind.is_empty() || behind.starts_with([' ', ')', '、', ',', '/', '。', '\n']);
    ["男性", "女性", "男児", "女児"]
        .iter()
        .any(|sex| rest.strip_prefix(sex).is_some_and(|behind| !behind.starts_with(is_kanji)))
        || ["男", "女", "♂", "♀"].iter().any(|sex| rest.strip_prefix(sex).is_some_and(closes))
}

/// Tests for the letter of the sex and an age, in either order: M/23, 45 y.o. M, 28F.
pub fn has_sex_and_age(rest: &str) -> bool {
    let closes = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    if let Some(behind) = rest.strip_prefix(['M', 'F']) {
        let age = behind.trim_start_matches(['/', ' ', ',', '-', '.']);
        let digits = digits(age);
        return (1..=3).contains(&digits) && age.len() < behind.len() && closes(&age[digits..])
            || digits == 2 && age.len() == behind.len() && closes(&age[digits..]);
    }
    let count = digits(rest);
    if !(1..=3).contains(&count) {
        return false;
    }
    let behind = rest[count..].trim_start_matches([' ', '-']);
    let unit = UNITS.iter().find_map(|unit| behind.strip_prefix(unit));
    let sex = unit.unwrap_or(behind).trim_start_matches([' ', '/', ',', '.', '-']);
    let sexed = ["M", "F", "male", "female", "Male", "Female", "♂", "♀", "男", "女"]
        .iter()
        .any(|word| sex.strip_prefix(word).is_some_and(closes));
    sexed || unit.is_some_and(closes)
}

/// Units of an age in Latin letters, the longer ones first.
const UNITS: [&str; 10] = ["years old", "year-old", "years", "y.o.", "y.o", "y/o", "yrs", "yr", "yo", "y"];

fn digits(text: &str) -> usize {
    text.bytes().take(4).take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_are_told_by_what_stands_behind_their_names() {
        for text in [
            "(M/23) 破傷風",
            ", 30M, マラリア",
            " 45 y.o. M 狭心症",
            " 26 yo F",
            "(交換留学生)",
            " 技能実習生",
            "(ブラジル国籍)熱傷",
            "(小5)喘息",
            " 妊娠12週",
            "(ナイジェリア) 35M",
            " 男性 結核",
            " 様",
        ] {
            assert!(is_person_behind(text), "{text}");
        }
        for text in ["(ブラジル)", " 5 mg", " 23 mL", "分類", "", " 男性化", "(123)"] {
            assert!(!is_person_behind(text), "{text}");
        }
        assert!(has_country_behind("(ネパール)") && !has_country_behind("ネパール"));
    }
}

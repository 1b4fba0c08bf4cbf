//! Names that the dictionary lacks, before an honorific or a profession.

use std::ops::Range;

use super::super::category::Place;
use super::candidate::{is_single, is_titled_single};
use super::given_kanji::{is_given, is_given_kanji};
use super::honoured::{BEHIND_SAMA, LIKE, LIKENESS, NO_PERSONS, SYMPTOMS};
use super::lattice::{Lattice, Surroundings};
use super::lists::{BEFORE, FAMILY, GIVEN_SINGLE, NO_FULL, VISITS};
use super::other_names::{is_end_of_verb, is_office_of_place, is_word_with};
use super::places::is_unsettled;
use super::shape::{is_derived, is_known, may_be_surname};
use super::titles::{honorific, is_family};
use super::words::{Kind, Words, id};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Words before さん or 様 that are no names, and the ends of such words.
const NO_PERSON_ENDS: &str = "女将屋居舗食者師士員人手家長主客屋親母父兄姉妹弟娘嫁孫婿婆爺僧侶官婦院科局社店校園部課係室庁所署省党会団組班隊衆方達\
    等族生職側殿様症病炎腫瘤瘍疹斑節状性血膿液痛熱咳作攣梗塞影質膜腺癌球核肉骨脂毛囊嚢胞泡菌糸粉石粒線層板網環塊子";

/// Takes kanji before an honorific or a profession that are no word of the dictionary for a name that it lacks.
pub fn by_form(words: &Words, lattice: &mut Lattice, text: &str, run: &Range<usize>) -> Option<Place> {
    let before = &text[..run.start];
    if before.ends_with(['お', 'ご', 'ー', '○'])
        || before.ends_with(|c: char| is_katakana(c) || c.is_ascii_digit())
    {
        return None;
    }
    let part = &text[run.clone()];
    let ends = part.char_indices().map(|(i, _)| run.start + i).chain([run.end]).skip(1).take(LONGEST_UNKNOWN);
    ends.into_iter().find_map(|end| {
        let length = honorific(&text[end..])?;
        let honorific = &text[end..end + length];
        let (name, behind) = (&text[run.start..end], &text[end + length..]);
        if let Some(start) = behind_role(words, name, honorific) {
            return Some(Place { whole: run.start + start..end + length, value: run.start + start..end });
        }
        let is_name = has_given(words, name, honorific)
            || !honorific.starts_with(' ')
                && (is_unknown_name(words, lattice, name, honorific, behind)
                    || honorific.chars().nth(1).is_some() && !is_family(name) && has_reading(words, behind));
        is_name.then(|| Place { whole: run.start..end + length, value: run.start..end })
    })
}

/// Honorifics of persons, which other words hardly begin with.
const OF_PERSONS: [&str; 6] = ["さん", "ちゃん", "くん", "氏", "先生", "医師"];

/// Ends of departments before a surname of one kanji: 呼吸器内科原先生.
const DEPARTMENTS: [&str; 7] = ["内科", "外科", "児科", "婦科", "膚科", "眼科", "酔科"];

/// Returns the start of a surname of the dictionary behind a role or a member of the family: 保佐人与儀氏, 担任糸数先生.
fn behind_role(words: &Words, name: &str, honorific: &str) -> Option<usize> {
    if !OF_PERSONS.contains(&honorific) {
        return None;
    }
    let mut starts = name.char_indices().map(|(i, _)| i).skip(2);
    starts.find(|&i| {
        let (role, surname) = name.split_at(i);
        if surname.chars().nth(1).is_none() {
            let department = DEPARTMENTS.iter().any(|word| role.ends_with(word));
            return department && matches!(honorific, "先生" | "医師") && is_single(surname);
        }
        (BEFORE.contains(role) || FAMILY.contains(role)) && may_be_surname(words, surname)
    })
}

/// Tests for a usual surname with a given name that the dictionary lacks: 白鳥羅夢音ちゃん.
fn has_given(words: &Words, name: &str, honorific: &str) -> bool {
    let like = honorific == "様";
    if !like && !OF_PERSONS[..4].contains(&honorific) || words.is(name, &[Kind::Other, Kind::Place]) {
        return false;
    }
    let ends = name.char_indices().map(|(i, _)| i).skip(2).take(2);
    ends.into_iter().any(|at| {
        let (surname, given) = name.split_at(at);
        let rare = !words.is(given, &[Kind::Other, Kind::Place, Kind::Organisation])
            && given.chars().nth(1).is_some()
            && !NO_PERSON_ENDS.contains(given.chars().next_back().unwrap_or('者'));
        // 清和源氏, 近江国京極氏
        let of_clan = honorific == "氏" && given.chars().nth(1).is_none();
        let tail = given.char_indices().rev().nth(1).map_or(0, |(i, _)| i);
        if of_clan || given.chars().nth(3).is_some() || words.is(&given[tail..], &[Kind::Surname]) {
            return false;
        }
        let child = || matches!(honorific, "ちゃん" | "くん");
        let sure = is_known(words, surname) || words.is(surname, &[Kind::Surname]) && child();
        sure && words.is_usual_surname(surname)
            && (words.is(given, &[Kind::Given])
                || rare && (!like || is_given(given))
                || !like && given.chars().nth(1).is_some() && is_given(given))
    })
}

/// Tests for the reading of a surname in brackets behind its honorific: 一さん(にのまえ).
fn has_reading(words: &Words, behind: &str) -> bool {
    let Some(inside) = behind.strip_prefix('(') else { return false };
    let kana: usize = inside.chars().take(8).take_while(|&c| is_hiragana(c)).map(char::len_utf8).sum();
    let reading = &inside[..kana];
    let reading = ["さん", "と", "です"].iter().find_map(|end| reading.strip_suffix(end)).unwrap_or(reading);
    let closed = inside[kana..].starts_with(')') || inside[kana..].starts_with("読");
    closed && reading.chars().nth(1).is_some() && words.readings_of_names.surnames.has(reading)
}

/// The longest name that the dictionary lacks, in characters.
const LONGEST_UNKNOWN: usize = 7;

/// Kanji before ちゃん and くん that are no given names.
const NO_CHILDREN: &str = "兄姉父母爺婆坊赤嬢子犬猫熊豚鳥亀虫孫嫁娘弟妹皆誰神";

/// Animals and the like before さん.
const NO_SINGLES: &str = "牛馬鳥魚虎亀熊鬼花虫貝猪鯨鳩雀鷺狩";

/// Clans of old, and other words, before 氏 and 君.
const CLANS: &str = "源平藤橘王諸同両";

/// Honorifics in kana, which other words have too.
const KANA_HONORIFICS: [&str; 8] = ["さん", "さま", "くん", "ちゃん", "さーん", "サン", "サマ", "クン"];

/// Persons of one family behind their surname.
const GROUPS: [&str; 10] = ["母子", "父子", "親子", "姉妹", "兄弟", "兄妹", "姉弟", "夫婦", "一家", "ペア"];

/// Tests whether `name`, which `honorific` follows, is a name that the dictionary lacks.
fn is_unknown_name(words: &Words, lattice: &mut Lattice, name: &str, honorific: &str, behind: &str) -> bool {
    let count = name.chars().count();
    let like = honorific == "様";
    if honorific_whole(name) || NO_FULL.contains(name) {
        return false;
    }
    // 御稲荷さま, 大姫君, 下関市長, 杜氏
    if name.starts_with('御') && !words.is(name, &[Kind::Surname])
        || is_office_of_place(honorific)
            && words.is(name, &[Kind::Place])
            && !words.is(name, &[Kind::Surname])
        || is_word_with(words, &format!("{name}{honorific}"), honorific)
    {
        return false;
    }
    if GROUPS.contains(&honorific) {
        return is_known(words, name);
    }
    // 長生殿 is a hall.
    if honorific == "殿"
        && count > 1
        && !words.is(name, &[Kind::Surname])
        && !(count == 3 && may_be_surname(words, name))
    {
        return false;
    }
    let visits = like && VISITS.begins(behind.trim_start_matches(' '));
    if is_surname_word(name, honorific, behind) {
        return true;
    }
    // The dictionary has 南殿 as a word; 神殿 and 宮殿 are no persons.
    if count == 1 && honorific == "殿" {
        return "南東西北林森原泉".contains(name) && is_single(name);
    }
    if count == 1 && matches!(honorific, "ちゃん" | "くん") {
        return is_given_kanji(name) && !NO_CHILDREN.contains(name);
    }
    if count == 1 {
        if like || honorific == "さま" {
            return visits && is_titled_single(name) && !NO_PERSONS.contains(name);
        }
        let other = match honorific {
            "さん" => NO_SINGLES.contains(name),
            "氏" | "君" => CLANS.contains(name),
            _ => false,
        };
        // 許さんぞ
        let verb = is_end_of_verb(honorific, behind);
        // 鹿児島
        let sure = !verb && honorific.chars().count() > 1
            || matches!(honorific, "氏" | "君") && !behind.starts_with(is_kanji);
        let usual = name == "平" || name == "王" && !matches!(honorific, "さま" | "サマ" | "氏" | "君");
        let wants = || "直愛治生".contains(name) && behind.starts_with(['と', 'せ']);
        let given = matches!(honorific, "さん" | "さーん")
            && (GIVEN_SINGLE.contains(name) || "光海空節咲夢巌朔".contains(name))
            && !wants();
        return sure && (is_titled_single(name) || given) && !other && (usual || !NO_PERSONS.contains(name));
    }
    let settled = count > 2 && may_be_surname(words, name);
    if NO_PERSONS.contains(name)
        || !settled && name.ends_with(|c| NO_PERSON_ENDS.contains(c))
        || name.contains('〇')
    {
        return false;
    }
    if name.ends_with('々') && !words.is(name, &[Kind::Surname, Kind::Place]) || name.starts_with('第') {
        return false;
    }
    let place = words.is(name, &[Kind::Place]);
    if count > 3 && !place && !visits {
        return false;
    }
    if words.is(name, &[Kind::Surname]) && !like && honorific.chars().count() > 1 {
        return true;
    }
    let of_profession = || honorific.chars().count() > 1 && !KANA_HONORIFICS.contains(&honorific) && !like;
    // 浅葱さん
    if honorific == "さん" && words.is_rare_noun(name) && words.is(name, &[Kind::Surname]) {
        return true;
    }
    if of_profession()
        && words.is_rare_noun(name)
        && !is_family(name)
        && words.is(name, &[Kind::Place, Kind::Surname])
    {
        return true;
    }
    if (words.is_ordinary(name) || words.is(name, &[Kind::Organisation])) && (like || !settled)
        || is_family(name)
    {
        return false;
    }
    if is_derived(words, name) {
        return true;
    }
    let kana = ["さん", "さま", "くん", "ちゃん"].contains(&honorific);
    if is_unsettled(words, name) {
        return !like || !LIKE.iter().any(|word| behind.starts_with(word));
    }
    if kana && !place {
        return true;
    }
    if place {
        return false;
    }
    let given = ["くん", "ちゃん", "君"].contains(&honorific) && is_given(name);
    if like {
        let apart =
            behind.is_empty() || behind.starts_with(|c: char| BEHIND_SAMA.contains(c) || !is_hiragana(c));
        let shaped = words.looks_like_surname(name, 40)
            || words.looks_like_surname(name, 5) && is_odd(words, lattice, name);
        // 血性水様性下痢
        let begins_word = || name.char_indices().nth(2).is_some_and(|(i, _)| words.is_ordinary(&name[..i]));
        if name.ends_with("性水") || name.ends_with('水') && begins_word() {
            return false;
        }
        let likeness = || SYMPTOMS.iter().any(|word| behind.starts_with(word)) && begins_word();
        return apart
            && (shaped || visits && !name.ends_with(|c| LIKENESS.contains(c)) && !likeness())
            && !LIKE.iter().any(|word| behind.starts_with(word));
    }
    given
        || honorific.chars().count() > 1
            && (words.looks_like_surname(name, 20) || is_odd(words, lattice, name))
}

/// Words that are surnames too, of persons before an honorific that means nothing else.
const WORDS_AND_SURNAMES: [&str; 7] = ["昼間", "夕部", "雲母", "一口", "目", "鬼", "霜"];

/// Tests for such a word before 氏 or a profession, before さん where a person goes on, or before 様 and what persons do.
fn is_surname_word(name: &str, honorific: &str, behind: &str) -> bool {
    if !WORDS_AND_SURNAMES.contains(&name) {
        return false;
    }
    let single = name.chars().nth(1).is_none();
    let rest = behind.trim_start_matches(' ');
    match honorific.trim_start_matches(' ') {
        "さん" => !single || behind.is_empty() || behind.starts_with([' ', '、', '(']),
        "様" => VISITS.begins(rest) || behind.is_empty() || behind.starts_with(['、', '\n', '。']),
        "氏" => !behind.starts_with(is_kanji),
        "先生" | "医師" | "看護師" | "Ns" | "Dr" => true,
        _ => false,
    }
}

/// Tests for an honorific or a profession.
fn honorific_whole(name: &str) -> bool {
    honorific(name) == Some(name.len())
}

/// Tests for characters that the dictionary does not know as words of two characters or more.
fn is_odd(words: &Words, lattice: &mut Lattice, name: &str) -> bool {
    lattice.load(words, name, |_| false);
    let around = Surroundings { left: id::OUTER, right: id::HONORIFIC, names: true };
    let (tokens, _) = lattice.read(words, name, around);
    tokens.iter().any(|token| token.kind == Kind::Unknown)
        || tokens.len() > 1
            && tokens.iter().all(|token| token.length == 1)
            && !name.contains(|c| "第時分年月日回胎週歳頃後前当同各某両一".contains(c))
}

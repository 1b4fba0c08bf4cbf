//! Names in hiragana before an honorific: たなかさん, すずき先生, ささき ひなちゃん.

use std::ops::Range;

use super::super::category::Place;
use super::given_alone;
use super::given_context;
use super::given_kana::{closed_by_kanji, is_long_given, is_short_given};
use super::given_structure;
use super::joined::{self, is_full, is_full_beside};
use super::lists::{GIVEN_HIRAGANA, GIVEN_MODERN, GOES_ON, NO_GIVEN};
use super::nickname;
use super::other_names::is_maker;
use super::quotation::{is_quotation, is_said_by_family};
use super::readings::katakana;
use super::runs::{run_before, run_of};
use super::speaker_kana;
use super::titles::{Tie, family, honorific};
use super::words::{Kind, Words};
use crate::clean::characters::{is_hiragana, is_kanji, is_katakana};

/// Honorifics in hiragana.
const HONORIFICS: [&str; 6] = ["さん", "ばあちゃん", "じいちゃん", "ちゃん", "くん", "さま"];

/// Words before さん and the like that are no names.
const NO_NAMES: [&str; 25] = [
    "たく",
    "おく",
    "みな",
    "あか",
    "おじ",
    "おば",
    "むすめ",
    "むすこ",
    "おかあ",
    "おとう",
    "おにい",
    "おねえ",
    "ばあ",
    "じい",
    "かあ",
    "とう",
    "ねえ",
    "にい",
    "よめ",
    "ひい",
    "あかちゃん",
    "ぼく",
    "わん",
    "おい",
    "いず",
];

/// Reads the hiragana at `start`, where a run begins; returns a name and where to go on.
pub fn hiragana(words: &Words, text: &str, start: usize, last: Option<usize>) -> (Option<Place>, usize) {
    let end = run_of(text, start, is_hiragana);
    // 佐藤花子(さとうはなこ)
    let between = last.and_then(|last| text.get(last..start)).map(|between| between.trim_matches(' '));
    let reading = between == Some("(") && text[end..].starts_with([')', ' ']) && {
        let run = &text[start..end];
        words.readings_of_names.has(run) && !NO_GIVEN.contains(run) || is_reading(words, run)
    };
    // 命名は「光宙」(ぴかちゅう)
    let quoted = between == Some("」(") && text[end..].starts_with(')') && is_given_name(&text[..start]);
    if reading || quoted {
        let next = text[end..].strip_prefix(' ').map_or(end, |_| run_of(text, end + 1, is_hiragana));
        let whole = if text[next..].starts_with(')') { next } else { end };
        return (Some(Place { whole: start..whole, value: start..whole }), whole);
    }
    if let Some(place) = given_alone::in_kana(words, text, start, end) {
        let end = place.whole.end;
        return (Some(place), end);
    }
    let nickname = || nickname::lengthened(text, start, end);
    let given = given_context::in_kana(words, text, start, end)
        .or_else(|| given_structure::in_kana(words, text, start, end));
    if let Some(name) = given.or_else(nickname) {
        let end = name.end;
        return (Some(Place { whole: name.clone(), value: name }), end);
    }
    if let Some(name) = speaker_kana::name(words, text, start, end) {
        return (Some(Place { whole: start..name, value: start..name }), end);
    }
    // 孫のゆいちゃん, 名はわたなべ みなとさん
    let behind_particle = text[start..end]
        .strip_prefix(['の', 'は', 'が', 'と', 'に', 'を', 'も'])
        .filter(|_| text[..start].ends_with(is_kanji));
    if let Some(rest) = behind_particle {
        let from = end - rest.len();
        let name = honoured(words, text, from, end);
        if let Some((name, whole)) = name {
            return (Some(Place { whole: from..whole, value: from..name }), end);
        }
        if let Some(name) = of_family(words, text, from, end).filter(|_| text[start..].starts_with('の')) {
            return (Some(Place { whole: from..name, value: from..name }), name);
        }
        // 母はともこ、父はだいすけ。
        let said = text[start..].starts_with('は') && family(&text[..start]) == Some(Tie::Direct);
        if said && is_closed(text, end) && is_long_given(words, rest) {
            return (Some(Place { whole: from..end, value: from..end }), end);
        }
        if text[start..].starts_with('の') {
            return (None, end);
        }
    }
    if let Some(name) = of_family(words, text, start, end) {
        return (Some(Place { whole: start..name, value: start..name }), name);
    }
    if let Some(name) = called(words, text, start, end) {
        return (Some(Place { whole: name.clone(), value: name.clone() }), name.end);
    }
    // Behind a name that goes, another one begins: all of them go at once.
    let apart = last == Some(start)
        || !text[..start].ends_with(|c: char| is_kanji(c) || is_katakana(c) || is_hiragana(c) || c == 'ー');
    let name = if apart { honoured(words, text, start, end) } else { None };
    let place = name.map(|(name, whole)| Place { whole: start..whole, value: start..name });
    (place, end.max(start + 'あ'.len_utf8()))
}

/// Tests for a name that is given, in a quotation at the end of `before` with an open bracket: 命名は「光宙」(.
fn is_given_name(before: &str) -> bool {
    let inner = before.strip_suffix("」(").unwrap_or(before);
    let head = inner[..run_before(6, inner, |c| c != '「')].strip_suffix('「');
    head.is_some_and(|head| {
        ["命名は", "命名", "命名:", "名前は", "名は"].iter().any(|word| head.ends_with(word))
    })
}

/// Tests for a sign that closes a name at `at`.
fn is_closed(text: &str, at: usize) -> bool {
    let rest = &text[at..];
    rest.is_empty() || rest.starts_with(['、', '。', '(', ')', '」', '\n', ' ', '/'])
}

/// Words before the name of a member of the speaker's family.
const OURS: [&str; 2] = ["うちの", "うちんとこの"];

/// Finds the given name of a member of the speaker's family: 「うちのけいこが.
fn of_ours(words: &Words, text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let run = &text[start..end];
    let rest = OURS.iter().find_map(|ours| run.strip_prefix(ours))?;
    let from = end - rest.len();
    let particle = |c: char| matches!(c, 'が' | 'は' | 'を' | 'に' | 'も' | 'と' | 'の');
    let ends = rest.char_indices().filter(|&(_, c)| particle(c)).map(|(i, _)| i);
    ends.chain([rest.len()]).find(|&at| is_long_given(words, &rest[..at])).map(|at| from..from + at)
}

/// Finds a name that is called, said to be one, or a nickname: 「ひろし、起きて」, みゆきと名乗る, 「みっちゃん呼んで」.
fn called(words: &Words, text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let run = &text[start..end];
    let apart = !text[..start].ends_with(|c: char| is_katakana(c) || is_hiragana(c) || c == 'ー');
    if !apart || is_maker(&text[..start], &text[end..]) {
        return None;
    }
    if let Some(nickname) = nickname::doubled(text, start, end) {
        return nickname;
    }
    if let Some(name) = spaced(words, text, start, end).or_else(|| of_ours(words, text, start, end)) {
        return Some(name);
    }
    // Said to be one: the run goes on with と.
    let called = joined::is_called(&text[..start]);
    if called || run.contains('と') || text[end..].starts_with(['」', '』']) {
        let ends = run.char_indices().map(|(i, c)| start + i + c.len_utf8()).skip(1);
        let behind_kanji = text[..start].ends_with(is_kanji);
        let mut ends = ends.filter(|&at| called || !behind_kanji && (at == end || is_said(&text[at..])));
        if let Some(at) = ends.find(|&at| joined::said(words, text, start, at).is_some()) {
            return Some(start..at);
        }
    }
    let before = &text[..start];
    let open = before.ends_with(['「', '『']);
    if !open && !before.ends_with('、') {
        return None;
    }
    let name =
        run.find(['は', 'が', 'に', 'を', 'も', 'と']).filter(|&at| at > 0).map_or(run, |at| &run[..at]);
    let closes = name.len() < run.len() || text[end..].starts_with(['、', '」', '…', 'ー', '!', '?']);
    let told = || open && is_said_by_family(before, &text[start + name.len()..]);
    // 『りょうまの薬』と父
    let of = if open {
        run.split_once('の').map(|(name, _)| name).filter(|name| *name != "みどり" && told())
    } else {
        None
    };
    let name = of.filter(|of| of.len() < name.len()).unwrap_or(name);
    // 「ゆうと、がんばったね」と母
    let whole = || {
        text[end..].starts_with(['、', '!'])
            && run.chars().nth(2).is_some()
            && words.readings_of_names.given.has(run)
            && is_said_by_family(before, &text[end..])
    };
    let name = if open && whole() { run } else { name };
    let closes = closes || of.is_some();
    // 「とうちゃん、よしおだよ」
    let closed = !open && text[end..].starts_with(['」', '』']);
    let own = closed.then(|| ["だよ", "です"].iter().find_map(|word| run.strip_suffix(word))).flatten();
    let answers =
        |own: &&str| is_quotation(before) && own.chars().nth(2).is_some() && is_long_given(words, own);
    if let Some(own) = own.filter(answers) {
        return Some(start..start + own.len());
    }
    let usual = GIVEN_HIRAGANA.contains(name)
        || told() && words.readings_of_names.given.has(name)
        || name.chars().count() > 2
            && ["お", "じ", "ろう", "すけ", "ゆき", "ひこ", "こ", "み", "え"]
                .iter()
                .any(|end| name.ends_with(end))
            && words.readings_of_names.given.has(name);
    let long = name.chars().count() > 2;
    (closes
        && (open || given_context::CALLS.begins(&text[start + name.len()..]) && is_quotation(before))
        && long
        && usual
        && !words.is(name, &[Kind::Other])
        && !NO_GIVEN.contains(name))
    .then(|| start..start + name.len())
}

/// Tests for と with the beginning of a word by which something is called.
fn is_said(rest: &str) -> bool {
    rest.strip_prefix('と').is_some_and(|rest| {
        rest.starts_with(['名', '呼', '書', '読', 'い', '署', '改', 'だ', 'の', '記', '打', '印', '刻'])
    })
}

/// Finds a surname and a given name in hiragana with a space between them: すずき みよと.
fn spaced(words: &Words, text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let surname = &text[start..end];
    let next = end + 1;
    let readings = &words.readings_of_names;
    if !text[end..].starts_with(' ')
        || surname.chars().count() < 3
        || !readings.surnames.has(surname)
        || words.is(surname, &[Kind::Other])
        || NO_GIVEN.contains(surname)
    {
        return None;
    }
    let stop = run_of(text, next, is_hiragana);
    let further = &text[next..stop];
    let lengths = further.char_indices().map(|(i, c)| i + c.len_utf8()).skip(1);
    let closes = |at: usize| {
        at == further.len() && !text[stop..].starts_with(is_kanji) || GOES_ON.begins(&further[at..])
    };
    let given = lengths
        .filter(|&at| readings.given.has(&further[..at]) && !NO_GIVEN.contains(&further[..at]) && closes(at))
        .last()?;
    Some(start..next + given)
}

/// Tests for a surname and a given name in one run of hiragana.
fn is_reading(words: &Words, run: &str) -> bool {
    let readings = &words.readings_of_names;
    run.char_indices().skip(2).any(|(i, _)| readings.surnames.has(&run[..i]) && readings.given.has(&run[i..]))
}

/// Returns the end of a given name behind a member of the family: 次女 さちこ.
fn of_family(words: &Words, text: &str, start: usize, end: usize) -> Option<usize> {
    let before = text[..start].chars().next_back()?;
    if !(is_kanji(before) || matches!(before, ' ' | ':' | '=' | '「' | '(' | '・' | 'の' | 'マ' | 'パ'))
    {
        return None;
    }
    // 父親はなだめて
    if text[..start].ends_with("大丈夫") || text[..start].ends_with('親') {
        return None;
    }
    family(&text[..start]).filter(|tie| *tie != Tie::Topic)?;
    let direct = text[..start].ends_with(is_kanji);
    if let Some(closed) = closed_by_kanji(words, text, start) {
        return Some(closed);
    }
    let bracketed = text[..start].ends_with('(')
        && text[end..].starts_with(')')
        && given_alone::ends_in_member(&text[..start - 1]);
    let marked = text[..start].ends_with([':', '=']) || bracketed;
    let is_particle = |name: &str| {
        name.starts_with(['の', 'と', 'は', 'が', 'を', 'に', 'も', 'へ', 'で', 'や', 'さ', 'な'])
    };
    let ends = |at: usize| at == end || GOES_ON.begins(&text[at..]);
    let lengths = text[start..end].char_indices().map(|(i, c)| start + i + c.len_utf8()).skip(1);
    // 親子のあいだ
    let begins_longer = |at: usize| {
        let rest = &text[at..end];
        rest.char_indices().take(2).any(|(i, c)| words.is_ordinary(&text[start..at + i + c.len_utf8()]))
    };
    let names = lengths.filter(|&at| {
        let name = &text[start..at];
        words.readings_of_names.given.has(name)
            && !NO_GIVEN.contains(name)
            && (GIVEN_HIRAGANA.contains(name)
                || marked && at == end && !text[at..].starts_with(is_kanji)
                || direct && !is_particle(name) && text[at..].starts_with(['(', '、'])
                || !direct && name.chars().count() > 2 && !words.is(name, &[Kind::Other]))
            && ends(at)
            && !begins_longer(at)
    });
    names.last()
}

/// Returns the ends of the name in the run and of its honorific.
fn honoured(words: &Words, text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let run = &text[start..end];
    let readings = &words.readings_of_names;
    let usual_given = |name: &str| GIVEN_HIRAGANA.contains(name);
    let fits = |name: &str, given: bool, child: bool, closed: bool| {
        if child && nickname::SHORT.contains(&name) && closed
            || given && usual_given(name)
            || is_full(words, name)
            || child && is_full_beside(words, name)
        {
            return true;
        }
        let length = name.chars().count();
        // きよさん, ふみさん
        if !given && length == 2 {
            return closed && is_short_given(words, name) && !NO_NAMES.contains(&name);
        }
        let read = if given { readings.has(name) } else { readings.surnames.has(name) };
        // すばるくん
        // 咳のときはちゃんと口を抑える
        let particle = || name.ends_with(['は', 'が', 'を', 'へ']) && !GIVEN_MODERN.contains(&katakana(name));
        if child
            && length >= 3
            && !particle()
            && readings.given.has(name)
            && !NO_NAMES.contains(&name)
            && !NO_GIVEN.contains(name)
        {
            return true;
        }
        read && length >= if given { 2 } else { 3 }
            && !NO_NAMES.contains(&name)
            && !NO_GIVEN.contains(name)
            && !words.is(name, &[Kind::Other])
    };
    // Each of them has one of these.
    let may_be_honoured = run.contains(['ん', 'ま']);
    for honorific in HONORIFICS.iter().filter(|_| may_be_honoured) {
        if let Some(at) = run.find(*honorific).filter(|&at| at > 0) {
            let given = honorific.ends_with("ちゃん") || *honorific == "くん";
            let usual = run[..at].chars().count() > 2;
            let rest = &run[at + honorific.len()..];
            // 大和三山, さまよう
            let roams = || ["よう", "よい", "よっ", "よえ"].iter().any(|word| rest.starts_with(word));
            // かくさんがため
            if rest.starts_with('ざ') || rest.starts_with("がため") || *honorific == "さま" && roams() {
                return None;
            }
            // ちゃんとした is an adverb.
            if given && rest.starts_with('と') && !usual_given(&run[..at]) {
                return None;
            }
            // 酢酸(さくさん), 核酸(かくさんえんき)
            let reading = text[..start].ends_with('(') && !rest.starts_with('の');
            let closed = !reading && (rest.is_empty() || GOES_ON.begins(rest)) && !rest.starts_with("さん");
            return fits(&run[..at], given || usual, given, closed)
                .then_some((start + at, start + at + honorific.len()));
        }
    }
    if let Some(rest) = text[end..].strip_prefix(' ').filter(|rest| rest.starts_with(is_hiragana)) {
        // A surname and a given name.
        let next = text.len() - rest.len();
        let further = &text[next..run_of(text, next, is_hiragana)];
        let (at, honorific) = HONORIFICS
            .iter()
            .find_map(|honorific| further.find(honorific).map(|at| (at, honorific.len())))?;
        let name = readings.surnames.has(run) && readings.given.has(&further[..at]);
        return name.then_some((next + at, next + at + honorific));
    }
    if !text[end..].starts_with(['先', '様', '氏', '君', '医', '看']) {
        return None;
    }
    let length = honorific(&text[end..])?;
    let child = text[end..].starts_with('君');
    (fits(run, child, child, true) && !run.ends_with(['に', 'を', 'は', 'が', 'で', 'の', 'と', 'へ', 'も']))
        .then_some((end, end + length))
}

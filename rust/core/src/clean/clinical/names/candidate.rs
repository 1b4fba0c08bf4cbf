//! Names that the words of a run of kanji may be, before their surroundings are looked at.

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::closing::begins_inflected;
use super::given_kana::given_in_kana;
use super::given_kanji::is_given;
use super::lattice::{Lattice, Surroundings, Token};
use super::lists::{COMMON, GIVEN, GIVEN_SINGLE, VARIANTS};
use super::titles::{honorific, is_family};
use super::words::{Kind, Words, id};

/// Possible name.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// The end of its surname.
    pub surname_end: usize,
    /// Its parts.
    pub form: Form,
    /// Reading of the surname by the dictionary.
    pub certainty: Certainty,
    /// True if it begins its run, or stands behind a word of two characters or more.
    pub begins: bool,
    /// True if it ends its run, or stands before a word of two characters or more.
    pub ends: bool,
    /// True if a word of the dictionary ends or begins inside of its surname: 安静 in 上安静.
    pub overlaps: bool,
    /// True if it is its whole run.
    pub whole: bool,
    /// Length of the word before it in the run that an honorific must be, in characters; 0 at the end of the run.
    pub next_length: usize,
    /// MeCab's id of the word before it in the run; 0 at the end of the run.
    pub next_id: u16,
    /// True if the word before it in the run is a place or a name.
    pub behind_name: bool,
    /// Cost that the cheapest reading without names has above the one with this name.
    pub margin: i32,
}

impl Candidate {
    /// Returns its surname alone, behind which stands a word with MeCab's id `next`.
    pub fn surname_alone(&self, text: &str, next: u16) -> Self {
        Self {
            range: self.range.start..self.surname_end,
            form: Form::Surname,
            next_length: text[self.surname_end..self.range.end].chars().count(),
            next_id: next,
            whole: false,
            ..self.clone()
        }
    }
}

/// The parts of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 姓 and 名 of the dictionary.
    Full,
    /// A surname and what may be a given name.
    Likely,
    Surname,
    Given,
}

/// Reading of a surname in the words of the run at the least cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// As another word, which is a surname too: 清水, 南.
    Word,
    /// As a place: 山口.
    Place,
    /// As a surname.
    Name,
}

/// Single characters behind which a name may stand in one run: 麻酔科渡辺医師.
const BEFORE_NAME: &str =
    "科後例者室時中前内外部院課係棟宛他計方側間当故旧医士師員元歳才男女性児妻夫父母兄姉弟妹娘孫嫁宅";

/// Surnames of one kanji that are common enough for a full name without anything beside it.
const SINGLE: &str = "\
    林森原南東西北椿篁辻秦畑榎柳関堀岡星谷泉菅堤桑梶神沖浜島岸江橘桂梅柏楠槙滝湊牧窪笠筒篠荻萩葛藤角辰近轟遠郷鎌鏑鶴麻乾今伴佃伏\
    倉兼加勝古向吉呉喜堂城堺塙塚境奥宗宮宋尾崔平幸広弓張後志戸所旭昌旦曽朝木朴李杉杜杵松柴栗桐桜椎榊楊樋武毛永池沢河波洪浅浦\
    清渋渡湯源溝潘瀬牛王玉田畠盛石砂碓磯福秋稲立竹笹管粟細緑羽義肥脇臼舟船芝花芹苅茂荒菊菱董蒋蓮薄藪裴要許豊赤辺通野金鈴銭長\
    門陣陳陶雨雪青韓風飯香馬高鳥鳴鷲鹿黄黒\
    劉趙崔楊呉徐朱郭羅鄭謝唐許鄧馮曹彭蕭袁潘蔡杜葉蘇魏呂姚盧姜譚廖范汪陸戴夏邱鄒孟閻薛尹黎賀顧龔邵覃兪禹閔卞魯廉阮裴裵仲浦";

/// The characters of [`SINGLE`], which each kanji of a run is compared with.
static SINGLES: LazyLock<FxHashSet<char>> = LazyLock::new(|| SINGLE.chars().collect());

/// Single characters that are surnames too, but say where or when behind a title and before a mark.
pub const NO_SINGLES: &str = "前後東西南北中上下内外今朝夕昼夜秋元旦";

/// Words that are surnames too, but rarely.
pub const NO_SURNAMES: &[&str] = &[
    "上部",
    "下部",
    "中部",
    "前部",
    "後部",
    "内部",
    "外部",
    "上下",
    "左右",
    "前後",
    "大網",
    "小網",
    "上行",
    "下行",
    "有意",
    "薬袋",
    "今一",
    "出口",
    "間中",
    "茅根",
    "峡部",
    "新出",
    "重度",
    "軽度",
    "中度",
    "高度",
    "沢山",
    "小児",
    "成人",
    "一尺八寸",
    "初代",
    "先代",
    "諸島",
    "御本",
    "矢頭",
    "日前",
    "今日",
    "本日",
    "当日",
];

/// The longest given name behind a surname that is no word of the dictionary, in characters.
const LONGEST_GIVEN: usize = 3;

/// Kanji behind a surname by which it names a disease, a method or a plant.
const OF_THINGS: [char; 7] = ['病', '症', '型', '式', '法', '術', '錦'];

/// Words behind the name of who signs.
pub const SIGNED: &[&str] = &["拝", "記", "印"];

/// Surnames of one kanji that are told from other words by a title or an honorific alone.
const TITLED: &str = "\
    平錦米源蔀菊蓮郡境垣峰巽伯佃守黄周胡肖余丁沈傅鍾汪韋侯尹史洪莫湯権辛千玄秋慎宣卓白厳椿鎌楢樫杣畔粕縣逸郷雁鞍鵜鷹麓黛翁篁笛紺絹茨楯槌樽橡沓沼濱灘獅畦砥窪竿箕箱嶺栃榛檜欅楡桧杠柘枦椚\
    栂槐鱸鰐鮎鯨鳩雀鷺鶉隼鴫鴨綿縄綱綾墨硯筧笈簾籠糀蔭蕨菖菰菱萱葭蔦薗苑芳芹茅茜莇虎蟹蛭袖貝貞越路轡酒釜釘釣鉄鉾銅鋤錺鍛鍬鎮鏡鐙鬼魚鶯麦麹戎戒擣斧朴杏杖杭枡枝柵柄柱柿栄栖桁桐桶梁棒棚森\
    昆坂洞塚仲宝渚申郡滝楠巽菅杠椋\
    柊葵菫椙榎構槇櫛櫻汐江汲洲淵淀港湊溝滋漆澁瀧炭烏牛狩猪玉珍珠甘畝疋盆碇碓磨礒祝神禰種穂穐竪端竜笠筆築箭紀紫";

/// Tests for a common surname of one kanji.
pub fn is_single(name: &str) -> bool {
    one(name).is_some_and(is_single_kanji)
}

/// Tests for a surname of one kanji where a title or an honorific stands beside it.
pub fn is_titled_single(name: &str) -> bool {
    let usual = |c| VARIANTS.at_start_of(c).unwrap_or(c);
    one(name).is_some_and(|c| is_single_kanji(c) || TITLED.contains(usual(c)))
}

/// The character of a text of one.
fn one(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

/// Tests for a kanji of [`SINGLE`], or another form of one.
fn is_single_kanji(c: char) -> bool {
    SINGLES.contains(&c) || VARIANTS.at_start_of(c).is_some_and(|usual| SINGLES.contains(&usual))
}

/// Lists the candidates of the run at `run`.
pub fn candidates(
    words: &Words,
    lattice: &mut Lattice,
    text: &str,
    run: Range<usize>,
    left: u16,
) -> Vec<Candidate> {
    let part = &text[run.clone()];
    let followed = honorific(&text[run.end..]).is_some();
    if !lattice.load(words, part, is_single_kanji) {
        return Vec::new();
    }
    let right = if followed { id::HONORIFIC } else { id::OUTER };
    let around = Surroundings { left, right, names: true };
    let (tokens, cost) = lattice.read(words, part, around);
    let mut found = Vec::new();
    let mut i = 0;
    while let Some(token) = tokens.get(i) {
        let certainty = match token.kind {
            Kind::Surname => Certainty::Name,
            Kind::Place => Certainty::Place,
            _ => Certainty::Word,
        };
        let (form, count) = match token.kind {
            Kind::Given => (Form::Given, 1),
            _ if token.given && tokens.len() == 1 && token.length == 1 && !is_single(part) => {
                (Form::Given, 1)
            }
            _ if token.surname && !NO_SURNAMES.contains(&&part[token.range.clone()]) => {
                parts(part, token, &tokens[i + 1..], begins_inflected(&text[run.end..]))
            }
            _ if token.given && tokens.len() == 1 => (Form::Given, 1),
            _ => {
                i += 1;
                continue;
            }
        };
        let last = &tokens[i + count - 1];
        let next = tokens.get(i + count);
        let mut candidate = Candidate {
            range: run.start + token.range.start..run.start + last.range.end,
            surname_end: run.start + token.range.end,
            form,
            certainty,
            begins: i == 0
                || tokens[i - 1].length >= 2
                || part[tokens[i - 1].range.clone()].chars().all(|c| BEFORE_NAME.contains(c)),
            ends: next.is_none_or(|next| {
                next.length >= 2 || next.range.end == part.len() && begins_inflected(&text[run.end..])
            }),
            overlaps: count > 1
                && lattice.overlaps(
                    words,
                    part[..token.range.start].chars().count(),
                    token.length,
                    part[token.range.start..last.range.end].chars().count(),
                ),
            whole: count == tokens.len(),
            next_length: next.map_or(0, |next| next.length),
            next_id: next.map_or(0, |next| next.id),
            behind_name: i > 0 && matches!(tokens[i - 1].kind, Kind::Surname | Kind::Given | Kind::Place),
            margin: 0,
        };
        if form == Form::Surname
            && next.is_none()
            && (token.length > 1 || is_single(&part[token.range.clone()]) && text[run.end..].starts_with(' '))
        {
            let end = given_in_kana(words, text, run.end);
            // 土筆の枝
            let of_word = text[run.end..].starts_with('の') && words.is_ordinary(&part[token.range.clone()]);
            if end > run.end && !of_word {
                candidate.range.end = end;
                candidate.form = Form::Full;
                candidate.margin = i32::MAX;
            }
        }
        found.push(candidate);
        i += count;
    }
    if found.iter().any(|c| c.form == Form::Full && c.margin == 0) {
        let (_, without) = lattice.read(words, part, Surroundings { names: false, ..around });
        found.iter_mut().for_each(|c| c.margin = c.margin.max(without - cost));
    }
    found
}

/// The parts of the name that begins with the surname `token`, and the number of its words.
fn parts(part: &str, token: &Token, behind: &[Token], inflected: bool) -> (Form, usize) {
    // The last character of 土屋休み is no given name.
    let behind = if inflected && behind.last().is_some_and(|last| last.length == 1) {
        &behind[..behind.len() - 1]
    } else {
        behind
    };
    if token.length == 1 && !is_single(&part[token.range.clone()]) {
        return (Form::Surname, 1);
    }
    if behind.first().is_some_and(|next| is_family(&part[next.range.clone()])) {
        return (Form::Surname, 1);
    }
    if let [next] = behind
        && token.surname
        && token.length > 1
        && (token.kind == Kind::Surname || token.length > 2 || COMMON.contains(&part[token.range.clone()]))
        && GIVEN_SINGLE.contains(&part[next.range.clone()])
    {
        return (Form::Full, 2);
    }
    // 原田病, 福山型
    if behind.first().is_some_and(|next| next.length == 1 && part[next.range.clone()].starts_with(OF_THINGS))
    {
        return (Form::Surname, 1);
    }
    let several = likely_given(part, behind);
    let rare = several >= 2 && is_given(&part[behind[0].range.start..behind[several - 1].range.end]);
    // 大和 and 大地 are other words too.
    if let Some(next) =
        behind.first().filter(|next| next.given && next.kind != Kind::Given && next.length > 1)
        && token.kind == Kind::Surname
        && token.length > 1
        && behind.get(1).is_none_or(|further| further.length > 1)
        && GIVEN.contains(&part[next.range.clone()])
    {
        return (Form::Full, 2);
    }
    match behind.first().map(|next| next.kind).filter(|_| !rare) {
        Some(Kind::Given) if token.kind == Kind::Surname && token.length + behind[0].length > 2 => {
            (Form::Full, 2)
        }
        Some(Kind::Given) => (Form::Likely, 2),
        // 由利 is a place too.
        Some(Kind::Place | Kind::Surname)
            if token.kind == Kind::Surname
                && token.length > 1
                && behind.len() == 1
                && behind[0].given
                && behind[0].length == 2 =>
        {
            (Form::Likely, 2)
        }
        _ => match several {
            0 => (Form::Surname, 1),
            n => {
                let given = &part[behind[0].range.start..behind[n - 1].range.end];
                let full = token.kind == Kind::Surname && token.length >= 2 && is_given(given);
                (if full { Form::Full } else { Form::Likely }, 1 + n)
            }
        },
    }
}

/// Counts the words behind a surname that may be a given name which the dictionary lacks: single characters up to
/// the end of the run or an honorific.
fn likely_given(part: &str, behind: &[Token]) -> usize {
    let mut characters = 0;
    for (i, token) in behind.iter().enumerate() {
        if i > 0 && honorific(&part[token.range.start..]).is_some() {
            return i;
        }
        if i == 0
            && (honorific(&part[token.range.start..]).is_some()
                || SIGNED.contains(&&part[token.range.clone()]))
        {
            return 0;
        }
        if i > 1 && token.length > 1 && token.kind == Kind::Other {
            return i;
        }
        characters += token.length;
        if token.length > 1 && token.kind != Kind::Unknown || characters > LONGEST_GIVEN {
            return 0;
        }
    }
    behind.len()
}

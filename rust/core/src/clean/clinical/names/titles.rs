//! Words beside a name: honorifics and professions behind it, titles and family before it.

/// Honorifics and professions behind a name, in kanji; a longer one goes first where two begin alike.
const BEHIND: &[&str] = &[
    "様",
    "殿",
    "氏",
    "君",
    "先生",
    "女史",
    "夫妻",
    "夫人",
    "両氏",
    "医師",
    "歯科医師",
    "歯科医",
    "研修医",
    "専攻医",
    "専修医",
    "医員",
    "医長",
    "主治医",
    "担当医",
    "執刀医",
    "指導医",
    "当直医",
    "麻酔科医",
    "麻酔医",
    "外科医",
    "内科医",
    "開業医",
    "産業医",
    "校医",
    "院長",
    "副院長",
    "病院長",
    "所長",
    "部長",
    "副部長",
    "科長",
    "室長",
    "課長",
    "係長",
    "主任",
    "副主任",
    "主査",
    "教授",
    "准教授",
    "助教授",
    "助教",
    "講師",
    "助手",
    "博士",
    "秘書",
    "看護師長",
    "看護師",
    "看護士",
    "看護婦",
    "看護部長",
    "看護主任",
    "准看護師",
    "准看",
    "師長",
    "副師長",
    "総師長",
    "婦長",
    "薬剤師",
    "薬剤部長",
    "助産師",
    "助産婦",
    "保健師",
    "保健婦",
    "技師長",
    "技師",
    "検査技師",
    "臨床検査技師",
    "放射線技師",
    "診療放射線技師",
    "技士",
    "工学技士",
    "臨床工学技士",
    "療法士",
    "理学療法士",
    "作業療法士",
    "言語聴覚士",
    "言語療法士",
    "聴覚士",
    "視能訓練士",
    "歯科衛生士",
    "衛生士",
    "管理栄養士",
    "栄養士",
    "介護士",
    "介護福祉士",
    "社会福祉士",
    "福祉士",
    "精神保健福祉士",
    "介護支援専門員",
    "支援専門員",
    "相談員",
    "相談支援員",
    "生活相談員",
    "心理士",
    "臨床心理士",
    "公認心理師",
    "心理師",
    "介護員",
    "介助員",
    "保育士",
    "教諭",
    "担任",
    "民生委員",
    "事務長",
    "事務員",
    "事務",
    "社長",
    "会長",
    "弁護士",
    "記者",
    "選手",
    "監督",
    "議員",
    "首相",
    "大臣",
    "容疑者",
    "被告",
    "巡査",
    "警部",
    "両医師",
    "両先生",
    "新生児",
    "第一子",
    "第二子",
    "第1子",
    "第2子",
    "児",
];

/// What in brackets behind a name says who it is: 前田(医師), 池田(妻).
const IN_BRACKETS: &[&str] =
    &["看護", "薬剤", "外科", "内科", "小児科", "麻酔科", "本人", "リハ", "栄養", "事務", "続柄"];

/// The same in kana and Latin letters; the latter end where no letter follows.
const BEHIND_KANA: &[&str] = &[
    "さん",
    "さま",
    "くん",
    "ちゃん",
    "ドクター",
    "ナース",
    "ヘルパー",
    "ケアマネ",
    "ベビー",
    "クン",
    "サン",
    "サマ",
    "チャン",
];
const BEHIND_LATIN: &[&str] = &[
    "Dr", "DR", "dr", "Ns", "NS", "ns", "MD", "PT", "OT", "ST", "CM", "MSW", "PSW", "CE", "ME", "RN", "CW",
    "HN", "Prof", "Ph", "baby", "BB", "Baby", "BABY",
];

/// What makes a profession a part of another word: 医師会, 部長室.
const NO_PROFESSION_BEFORE: &str = "会室科部免用型式法病業職制論学";

/// Words that begin like an honorific.
const NO_HONORIFIC: &[&str] = &[
    "殿部", "殿筋", "殿皮", "殿裂", "殿位", "様体", "様々", "様式", "様相", "様態", "様子", "氏病", "氏族",
    "氏名", "氏神", "氏子", "君主", "君臨", "氏朝",
];

/// Titles before a name.
const BEFORE: &[&str] = &[
    "主治医",
    "副主治医",
    "担当医",
    "担当医師",
    "受持医",
    "受け持ち医",
    "受持ち医",
    "前医",
    "執刀医",
    "執刀",
    "執刀者",
    "術者",
    "第一術者",
    "前立ち",
    "助手",
    "第一助手",
    "第二助手",
    "第三助手",
    "麻酔科医",
    "麻酔医",
    "麻酔担当",
    "指導医",
    "上級医",
    "研修医",
    "専攻医",
    "当直医",
    "当番医",
    "紹介医",
    "処方医",
    "読影医",
    "病理医",
    "診断医",
    "産業医",
    "校医",
    "家庭医",
    "かかりつけ医",
    "往診医",
    "訪問医",
    "外来医",
    "病棟医",
    "救急医",
    "依頼医",
    "返信医",
    "医師",
    "歯科医師",
    "主任医師",
    "医長",
    "医員",
    "部長",
    "科長",
    "院長",
    "副院長",
    "教授",
    "准教授",
    "助教",
    "講師",
    "看護師",
    "担当看護師",
    "受持看護師",
    "プライマリー",
    "プライマリ",
    "担当",
    "看護師長",
    "師長",
    "看護主任",
    "主任",
    "薬剤師",
    "担当薬剤師",
    "技師",
    "検査技師",
    "放射線技師",
    "理学療法士",
    "作業療法士",
    "言語聴覚士",
    "助産師",
    "保健師",
    "管理栄養士",
    "栄養士",
    "歯科衛生士",
    "臨床工学技士",
    "社会福祉士",
    "精神保健福祉士",
    "介護福祉士",
    "相談員",
    "介護支援専門員",
    "心理士",
    "臨床心理士",
    "公認心理師",
    "ケアマネ",
    "ケアマネジャー",
    "ケアマネージャー",
    "ヘルパー",
    "ドクター",
    "ナース",
    "患者",
    "患者様",
    "氏名",
    "患者名",
    "患者氏名",
    "名前",
    "本人",
    "故",
    "記載者",
    "記録者",
    "記載",
    "記録",
    "報告者",
    "説明者",
    "同席者",
    "立会者",
    "立会人",
    "担当者",
    "責任者",
    "承認者",
    "確認者",
    "確認",
    "文責",
    "リーダー",
    "検査者",
    "施行者",
    "実施者",
    "発信者",
    "代理人",
    "保護者",
    "キーパーソン",
    "後見人",
    "保佐人",
    "身元引受人",
    "身元保証人",
    "緊急連絡先",
    "連絡先",
    "民生委員",
    "担任",
    "旧姓",
    "署名",
    "サイン",
    "申送り",
    "申し送り",
    "夜勤",
    "日勤",
    "深夜",
    "準夜",
    "当直",
    "ベビー",
    "紹介",
    "受持",
];

/// Words that are titles where a mark stands between them and a name.
const BEFORE_MARK: &[&str] = &[
    "出席",
    "出席者",
    "欠席",
    "欠席者",
    "参加",
    "参加者",
    "書記",
    "司会",
    "座長",
    "演者",
    "共同演者",
    "見学",
    "見学者",
    "指導者",
    "指示者",
    "指示医",
    "指示受け",
    "依頼者",
    "依頼医師",
    "受信者",
    "対応者",
    "対応",
    "看護",
    "訪問看護",
    "薬剤",
    "栄養",
    "リハ",
    "リハ担当",
    "読影",
    "麻酔",
    "器械出し",
    "外回り",
    "直介",
    "間介",
    "記",
    "委員",
    "メンバー",
    "参加メンバー",
    "受取人",
    "差出人",
    "宛先",
    "相手",
    "訪問",
    "介護",
    "家族",
    "症例",
    "続柄",
    "同意者",
    "説明",
    "送り",
    "受け",
    "審査",
    "監査",
    "鑑査",
    "調剤",
    "入力",
    "作成",
    "作成者",
    "主催",
    "文責",
    "鏡検",
    "判定",
    "判定者",
    "採血",
    "採血者",
    "介助",
    "介助者",
    "通訳",
    "同伴者",
    "付添",
    "付添人",
    "付き添い",
    "来院者",
    "面会",
    "面会者",
    "連帯保証人",
    "保証人",
    "契約者",
    "申請者",
    "請求者",
    "家主",
    "職員",
    "施設職員",
    "医師名",
    "先方",
    "電話",
    "ケース",
    "名",
    "名義",
    "様",
    "術者・助手",
];
const BEFORE_LATIN: &[&str] = &[
    "cc",
    "from",
    "to",
    "b/o",
    "baby",
    "dr",
    "ns",
    "pt",
    "ot",
    "st",
    "msw",
    "psw",
    "cm",
    "ce",
    "mr",
    "mrs",
    "ms",
    "prof",
    "kp",
    "key person",
    "name",
    "nurse",
    "doctor",
    "operator",
    "assistant",
];

/// Titles and labels before a name in Latin letters, in lower case.
const BEFORE_NAME_IN_LATIN: &[&str] = &[
    "dr",
    "mr",
    "mrs",
    "ms",
    "prof",
    "name",
    "patient",
    "pt name",
    "patient name",
    "attending",
    "surgeon",
    "anesthesiologist",
    "reported by",
    "signed by",
    "referred by",
    "dictated by",
    "author",
    "physician",
    "dear dr",
    "attn",
    "nurse",
    "氏名",
    "患者名",
    "患者",
    "担当医",
    "主治医",
    "担当",
    "ローマ字",
    "執刀医",
    "術者",
    "紹介元",
    "署名",
    "サイン",
    "記載者",
];

/// Members of a family before a name.
const FAMILY: &[&str] = &[
    "長男",
    "次男",
    "二男",
    "三男",
    "四男",
    "長女",
    "次女",
    "二女",
    "三女",
    "四女",
    "息子",
    "娘",
    "妻",
    "夫",
    "父",
    "母",
    "実父",
    "実母",
    "義父",
    "義母",
    "養父",
    "養母",
    "継母",
    "祖父",
    "祖母",
    "兄",
    "姉",
    "弟",
    "妹",
    "長兄",
    "次兄",
    "長姉",
    "次姉",
    "義兄",
    "義姉",
    "義弟",
    "義妹",
    "孫",
    "長男嫁",
    "長男の嫁",
    "嫁",
    "婿",
    "甥",
    "姪",
    "従兄",
    "従姉",
    "従弟",
    "従妹",
    "いとこ",
    "叔父",
    "叔母",
    "伯父",
    "伯母",
    "配偶者",
    "内縁の妻",
    "内縁の夫",
    "前妻",
    "前夫",
    "元妻",
    "元夫",
    "双子",
    "第一子",
    "第二子",
    "第三子",
    "児",
    "男児",
    "女児",
    "新生児",
    "家族",
    "ご家族",
    "友人",
    "知人",
    "KP",
    "子",
];

/// Returns the rest behind one white space at most.
fn after_space(text: &str) -> &str {
    text.strip_prefix(' ').unwrap_or(text)
}

/// Returns the length in bytes of the honorific or profession at the start of `text`, with a space before it.
pub fn honorific(text: &str) -> Option<usize> {
    let rest = after_space(text);
    let spaced = text.len() - rest.len();
    let kanji = BEHIND
        .iter()
        .filter(|word| {
            rest.starts_with(**word)
                && !rest[word.len()..]
                    .starts_with(|c| NO_PROFESSION_BEFORE.contains(c) && word.chars().count() > 1)
        })
        .filter(|word| !NO_HONORIFIC.iter().any(|other| rest.starts_with(other)) || word.chars().count() > 1)
        .map(|word| word.len())
        .max();
    let kana = || BEHIND_KANA.iter().find(|word| rest.starts_with(**word)).map(|word| word.len());
    let latin = || {
        let word =
            BEHIND_LATIN.iter().filter(|word| rest.starts_with(**word)).max_by_key(|word| word.len())?;
        let goes_on = rest[word.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        (!goes_on).then_some(word.len())
    };
    kanji.or_else(kana).or_else(latin).map(|length| spaced + length)
}

/// Tests for a profession or a member of the family in brackets at the start of `text`.
pub fn in_brackets(text: &str) -> bool {
    let Some((inside, _)) = text.strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
        return false;
    };
    honorific(inside) == Some(inside.len()) || IN_BRACKETS.contains(&inside) || FAMILY.contains(&inside)
}

/// How a name is tied to the word before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// Nothing between them.
    Direct,
    /// A space or a particle.
    Loose,
    /// A colon, a bracket or a dot.
    Mark,
}

/// Strips what may stand between a word and the name behind it.
fn strip_tie(before: &str) -> (&str, Tie) {
    let rest =
        before.trim_end_matches([' ', ':', '.', '(', '・', '=', '】', ']', '〕', '/', '<', '→', '〔', '【']);
    if rest.len() == before.len() {
        return match before.strip_suffix('の') {
            Some(rest) => (rest, Tie::Loose),
            None => (before, Tie::Direct),
        };
    }
    let marks = &before[rest.len()..];
    if marks.chars().count() > 3 {
        return (before, Tie::Direct);
    }
    (rest, if marks.trim_matches(' ').is_empty() { Tie::Loose } else { Tie::Mark })
}

/// Tests for a title at the end of `before`; returns how it is tied to what follows.
pub fn title(before: &str) -> Option<Tie> {
    let (rest, tie) = strip_tie(before);
    let kanji = BEFORE.iter().any(|word| rest.ends_with(word))
        || before.len() > rest.len()
            && BEFORE_MARK.iter().any(|word| {
                rest.ends_with(word)
                    && (tie == Tie::Mark || word.ends_with(['者', '医', '人', '員', '師', '酔', '記', '録']))
            });
    let latin = || BEFORE_LATIN.iter().any(|word| ends_with_word(rest, word));
    (kanji || latin()).then_some(tie)
}

/// Tests for a title or a label at the end of `before` behind which a name in Latin letters stands.
pub fn title_latin(before: &str) -> bool {
    let rest = before.trim_end_matches([' ', '.', ':', ')', '】', '=', ',']);
    if before.len() - rest.len() > 4 || rest.len() == before.len() {
        return false;
    }
    // Dr. and Mr. need no colon, a label does: "Patient presented".
    let sure = before[rest.len()..].contains([':', '.', ')', '】', '=']) || !rest.ends_with("atient");
    let marked = rest.strip_suffix("(ローマ字").unwrap_or(rest);
    sure && BEFORE_NAME_IN_LATIN.iter().any(|word| ends_with_word(marked, word))
}

/// Tests for `word`, which no letter precedes, at the end of `text`, in any case.
fn ends_with_word(text: &str, word: &str) -> bool {
    let Some(at) = text.len().checked_sub(word.len()).filter(|&at| text.is_char_boundary(at)) else {
        return false;
    };
    text[at..].eq_ignore_ascii_case(word)
        && !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
}

/// Tests for a member of the family at the end of `before`; returns how it is tied to what follows.
pub fn family(before: &str) -> Option<Tie> {
    let (rest, tie) = strip_tie(before);
    FAMILY.iter().any(|word| rest.ends_with(word)).then_some(tie)
}

/// Tests for a word for a member of the family.
pub fn is_family(word: &str) -> bool {
    FAMILY.contains(&word)
}

const SEXES: [&str; 10] = ["♂", "♀", "男性", "女性", "男児", "女児", "男", "女", "M", "F"];

/// Tests for an age, with or without the sex, at the end of `before`.
pub fn age_before(before: &str) -> bool {
    let rest = before.trim_end_matches([' ', '、', ',', '(', ')', ':', '/', '。']);
    let rest = SEXES.iter().find_map(|sex| rest.strip_suffix(sex)).unwrap_or(rest);
    let rest = rest.trim_end_matches([' ', '、', ',', '/', '(']);
    let rest = rest.strip_suffix('の').unwrap_or(rest);
    let age = ["歳", "才", "代", "ヶ月", "か月", "カ月", "y.o.", "yo", "y", "F", "M"]
        .iter()
        .find_map(|unit| rest.strip_suffix(unit));
    let age = age.map(|age| age.trim_end_matches(' '));
    age.is_some_and(|age| age.ends_with(|c: char| c.is_ascii_digit()))
}

/// Tests for an age at the start of `behind`, with or without the sex before it.
pub fn age_behind(behind: &str) -> bool {
    let rest = behind.trim_start_matches([' ', '、', ',', '(', '/']);
    let rest = SEXES.iter().find_map(|sex| rest.strip_prefix(sex)).unwrap_or(rest);
    let rest = rest.trim_start_matches([' ', '、', ',', '(', '/']);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest[digits..].trim_start_matches(' ');
    (1..=3).contains(&digits)
        && ["歳", "才", "代", "y.o", "yo", "ヶ月", "か月", "カ月"].iter().any(|unit| rest.starts_with(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honorifics_and_professions_are_told_from_other_words() {
        for (text, length) in [
            ("様来院", Some(3)),
            ("看護師長に", Some(12)),
            (" さん", Some(7)),
            ("Dr.", Some(2)),
            ("医師会", None),
            ("PTH", None),
            ("病", None),
        ] {
            assert_eq!(honorific(text), length, "{text}");
        }
    }

    #[test]
    fn titles_family_and_ages_are_seen_beside_a_name() {
        assert_eq!(title("本日主治医"), Some(Tie::Direct));
        assert_eq!(title("教授 "), Some(Tie::Loose));
        assert_eq!(title("担当医の"), Some(Tie::Loose));
        assert_eq!(title("Dr."), Some(Tie::Mark));
        assert_eq!(title("ADR "), None);
        assert_eq!(family("長男("), Some(Tie::Mark));
        assert_eq!(family("当院("), None);
        assert!(age_before("72歳男性 ") && age_before("72歳の女性、") && !age_before("男性 "));
        assert!(age_behind("(72歳)") && age_behind(" 男性 72歳") && !age_behind("72mg"));
    }
}

//! Surnames and the kanji of given names, to tell a name from other words.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The most common surnames, a line each: about three of four people have one of them.
static SURNAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("surnames.txt").lines().collect());

/// Kanji of which given names are made (the common ones of 人名用漢字 and 常用漢字).
const GIVEN: &str = "\
    一二三四五六七八九十百千万丈介之也久乃亮人仁仙代以仲伊伍伸佐佑佳依侑信俊保倫健偉傑優元充光克児入公典兵冬冴凌凛凜凪出利前剛\
    力功加助努勇勉勝勲匠匡卓南博厚友史司吉向君吾周和咲哉哲唯啓善喜嗣四国圭基堅塁夏多大太夫央奈好妃妙季孝学宇宏宗定宙宜実宣宥家\
    容寅寛寧寿将尊尚展岳峻崇崚嵐巌左己巴希帆平幸広庄康庸弓弘弥弦彦彩彪彬彰影律後徳心志忍忠快怜恒恭恵悌悟悠情惇惟愛慎慧慶憲應成\
    我拓持掛敏敦文斉斗新方於旦旬早旭昂昇昌明易星春昭是昴昊晃晄時晋晏晟晴智暁暉暖暢曜曙月有朋望朔未末本朱李杏材村来東松林果枝架\
    柊柑柔栄栗栞桂桃桐桜梅梓梢梨椋森椎椛楓楠楽榛榮槙樹橘次欣歌正武歩毅毬民永江汐沙河治法波泰洋洸活流浩海涼淑淳深清渉渚湊満湖源\
    滉滋潔潤澄澪瀬灯照熊燈燿爽牧玄玲珠理琉琢琳琴瑚瑛瑞瑠瑶璃環生由甫男町留登白百皓盛直真眸睦瞬瞭瞳矢知研碧磨祐祥禄福禎秀秋稀\
    稔穂積空立竜章竣笑笙節範築篤籠紀純紗素紘紋紅紬絃結絢絵絹統継維綱綾綺緋緑緒総縁織美義羽翔翠翼耀聖聡肇育胡脩臣至興舜舞航良色\
    芙芝花芳芽苑英茂茉茜草荘莉菊菖菜華萌葉葵蒔蒼蓮蔵薫藍藤虎虹衛裕覚親記詞詠詢詩誉誌誠諒謙護豊貞貢貴賀資賢赳路輔輝辰農近進道達\
    遙遥邦郁郎郷都里重野鈴鉄銀鋼錦鎮鏡長門開陸陽隆雄雅雛雪雲零雫霞青静鞠音響順領頌頼顕風飛香馨駿騎高鮎鯉鳳鳴鶴鷹麗麟麻麿黎龍竜\
    子修敬豪隼凱晶音菜衣莉陽絢悠蒼律朝煌吹幹勘貫孔暢泰滝竹絹緒孫嘉駒亀沢冨節松宣恒雅輔祐弘洋子尋加代千津佐智美与江枝恵奈穂";

/// The kanji as a set.
static GIVEN_KANJI: LazyLock<HashSet<char>> = LazyLock::new(|| GIVEN.chars().collect());

/// Words that are no names, although they are in the place of a name or of the same kanji.
const OTHER_WORDS: [&str; 118] = [
    "不明",
    "不詳",
    "匿名",
    "記載",
    "未記",
    "同上",
    "同左",
    "本人",
    "家族",
    "男性",
    "女性",
    "男児",
    "女児",
    "性別",
    "年齢",
    "生年",
    "住所",
    "電話",
    "連絡",
    "職業",
    "続柄",
    "入院",
    "外来",
    "退院",
    "転院",
    "病棟",
    "病室",
    "病院",
    "医院",
    "薬局",
    "診療",
    "診断",
    "診察",
    "主訴",
    "現病",
    "既往",
    "内科",
    "外科",
    "小児",
    "産科",
    "眼科",
    "担当",
    "主治",
    "保険",
    "体重",
    "身長",
    "血液",
    "血圧",
    "体温",
    "脈拍",
    "検査",
    "手術",
    "処方",
    "投与",
    "紹介",
    "本日",
    "当日",
    "昨日",
    "前日",
    "翌日",
    "令和",
    "平成",
    "昭和",
    "近医",
    "当院",
    "他院",
    "同院",
    "当科",
    "自宅",
    "施設",
    "看護",
    "医師",
    "先生",
    "患者",
    "症例",
    "変更",
    "確認",
    "説明",
    "同意",
    "署名",
    "代理",
    "予定",
    "継続",
    "終了",
    "有無",
    "異常",
    "所見",
    "様式",
    "氏名",
    "番号",
    "カルテ",
    "なし",
    "あり",
    "ナシ",
    "アリ",
    "カナ",
    "フリガナ",
    "漢字",
    "ローマ",
    "別紙",
    "上記",
    "下記",
    "以下",
    "名字",
    "全角",
    "半角",
    "必須",
    "任意",
    "入力",
    "記入",
    "欄",
    "男",
    "女",
    "父",
    "母",
    "夫",
    "妻",
    "本籍",
];

/// Tests whether the text begins with a word that is no name.
pub fn begins_with_other_word(text: &str) -> bool {
    OTHER_WORDS.iter().any(|word| text.starts_with(word))
}

/// Tests for a common surname.
pub fn is_surname(text: &str) -> bool {
    SURNAMES.contains(text)
}

/// Tests for a common surname, alone or with a given name of up to three kanji behind it.
pub fn is_person(text: &str) -> bool {
    let ends = text.char_indices().map(|(i, _)| i).skip(1).chain([text.len()]);
    ends.into_iter().take(4).any(|end| {
        let (surname, given) = text.split_at(end);
        is_surname(surname) && given.chars().count() <= 3 && given.chars().all(|c| GIVEN_KANJI.contains(&c))
    })
}

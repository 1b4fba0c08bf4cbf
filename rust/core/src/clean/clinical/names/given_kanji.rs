//! Kanji of given names, for those that the dictionary lacks.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::lists::GIVEN;

/// Kanji of which given names are made (the common ones of 人名用漢字 and 常用漢字).
const COMMON: &str = "\
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

static SET: LazyLock<FxHashSet<char>> =
    LazyLock::new(|| COMMON.chars().chain(GIVEN.words().flat_map(str::chars)).collect());

/// Tests for one kanji that given names have.
pub fn is_given_kanji(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|c| SET.contains(&c)) && characters.next().is_none()
}

/// Tests for two or three kanji that given names have.
pub fn is_given(text: &str) -> bool {
    let mut count = 0;
    text.chars().all(|c| {
        count += 1;
        SET.contains(&c)
    }) && (2..=3).contains(&count)
}

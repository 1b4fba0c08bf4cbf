use super::*;

/// Options with every filter off but these.
fn only(json: &str) -> FilterOptions {
    let off = r#"{"copyright_notices": null, "unfinished_sentences": null, "too_short": null, "japanese": null,
                  "repetition": null, "adult_words": null}"#;
    let mut options: serde_json::Value = serde_json::from_str(off).unwrap();
    let on: serde_json::Value = serde_json::from_str(json).unwrap();
    for (name, value) in on.as_object().unwrap() {
        options[name] = value.clone();
    }
    serde_json::from_value(options).unwrap()
}

/// Applies the filters to a text.
fn apply(options: &FilterOptions, text: &str) -> std::result::Result<String, Reason> {
    let filters = Filters::new(options, None).unwrap();
    match filters.worker().apply(text) {
        Verdict::Keep(text) => Ok(text.to_owned()),
        Verdict::Drop(reason) => Err(reason),
    }
}

#[test]
fn copyright_notices_have_a_form() {
    let options = only(r#"{"copyright_notices": {"remove": "document"}}"#);
    for (text, has_notice) in copyright::EXAMPLES {
        assert_eq!(apply(&options, text).is_err(), has_notice, "{text}");
        let page = format!("見出し\n本文です。\n{text}\n次の行です。");
        assert_eq!(apply(&options, &page).is_err(), has_notice, "{text}");
        assert_eq!(crate::clean::clean(text), text, "examples are cleaned text");
    }
}

#[test]
fn lines_with_a_notice_can_go_alone() {
    let options = only(r#"{"copyright_notices": {"remove": "line"}}"#);
    let page = "記事です。\n(C)▁2020▁山田\n\n続きです。\nCopyright▁©▁2020▁All▁Rights▁Reserved.";
    assert_eq!(apply(&options, page).unwrap(), "記事です。\n\n続きです。");
    assert_eq!(apply(&options, "無断転載禁止"), Err(Reason::CopyrightNotice));
    assert_eq!(apply(&options, "記事です。").unwrap(), "記事です。");
}

#[test]
fn ends_of_lines_are_told_apart() {
    let cut_off =
        only(r#"{"unfinished_sentences": {"remove": "document", "most_cut_off": 0.2, "most_unended": 1.0}}"#);
    let unended =
        only(r#"{"unfinished_sentences": {"remove": "sentence", "most_cut_off": 0.2, "most_unended": 0.5}}"#);
    for (line, is_cut_off, has_end) in unfinished::EXAMPLES {
        let expected = if is_cut_off { Err(Reason::CutOffAtTheEnd) } else { Ok(line.to_owned()) };
        assert_eq!(apply(&cut_off, line), expected, "{line}");
        if !is_cut_off {
            assert_eq!(apply(&unended, line).is_ok(), has_end, "{line}");
        }
    }
}

#[test]
fn too_many_cut_off_sentences_drop_a_document() {
    let options =
        only(r#"{"unfinished_sentences": {"remove": "document", "most_cut_off": 0.2, "most_unended": 1.0}}"#);
    let teasers = "新着記事。\n今日の献立は…\n夏の健康…\n秋の味覚▁もっと見る\n一覧です。";
    assert_eq!(apply(&options, teasers), Err(Reason::CutOffSentences));
    assert!(
        apply(&options, "苦しい…\n胸部に雑音あり。\n痛い…\n鎮痛薬を投与。").is_ok(),
        "a few are no teasers"
    );
    assert!(apply(&options, "砂時計は、\n流れる、\nさらさらと、\n音もなく。").is_ok(), "verse");
    let story = "雨が降っていた。彼は言った。\n「そうか…」\n外に出た。傘はない。走った。";
    assert!(apply(&options, story).is_ok());
}

#[test]
fn cut_off_sentences_can_go_alone() {
    let options =
        only(r#"{"unfinished_sentences": {"remove": "sentence", "most_cut_off": 0.2, "most_unended": 0.9}}"#);
    let text = "肺炎です。「治療します。」次に…続きを読む\n\n見出しの…\n\n終わりです。";
    assert_eq!(apply(&options, text).unwrap(), "肺炎です。「治療します。」\n\n終わりです。");
    assert_eq!(apply(&options, "次に…"), Err(Reason::CutOffSentences));
}

#[test]
fn length_counts_characters_without_white_space() {
    let options = only(r#"{"too_short": {"least_characters": 5}}"#);
    assert_eq!(apply(&options, "肺▁炎\nの治"), Err(Reason::TooShort));
    assert!(apply(&options, "肺▁炎\nの治療").is_ok());
}

#[test]
fn japanese_is_counted_by_script() {
    let options =
        only(r#"{"japanese": {"least_japanese": 0.5, "least_hiragana": 0.1, "hiragana_from": 15}}"#);
    assert!(apply(&options, "WBC▁12,300/μLと上昇し、抗菌薬を投与しました。").is_ok());
    assert_eq!(apply(&options, "The▁quick▁brown▁foxは走る"), Err(Reason::TooLittleJapanese));
    assert_eq!(apply(&options, "肺炎患者全員入院治療開始後改善退院"), Err(Reason::TooLittleHiragana));
    assert!(apply(&options, "身長148cm、体重35kg").is_ok(), "digits and marks are no letters");
}

const REPETITION: &str = r#"{"repetition": {"least_characters": 20, "most_lines": 0.3, "most_line_characters": 0.2,
    "most_paragraphs": 0.3, "most_paragraph_characters": 0.2, "frequent_length": 4, "most_frequent_characters": 0.2,
    "repeated_length": 8, "most_repeated_characters": 0.15}}"#;

#[test]
fn repetition_is_found_at_every_size() {
    let options = only(REPETITION);
    let lines = "肺炎の患者が来た。\nはいどうぞ\n検査の結果を待つ。\nはいどうぞ\nはいどうぞ\n治療を始めることになった。";
    assert_eq!(apply(&options, lines), Err(Reason::RepeatedLines));
    let paragraphs = "一行目\n二行目、肺炎である。\n\n別の段落。検査の結果は翌日出た。\n次の行\n\n一行目\n二行目、肺炎である。";
    assert_eq!(apply(&options, paragraphs), Err(Reason::RepeatedLines));
    assert_eq!(
        apply(&options, "頭痛薬が安い。頭痛薬が効く。頭痛薬が届く。頭痛薬が人気。"),
        Err(Reason::FrequentPhrase)
    );
    let phrases = "担当医の説明を聞いてください。明日までに検査結果を見て、\n担当医の説明を聞いてください。";
    assert_eq!(apply(&options, phrases), Err(Reason::RepeatedPhrases));
    let prose = "発熱と咳を主訴に来院した。胸部の写真で右下肺に影があり、抗菌薬で軽快した。";
    assert!(apply(&options, prose).is_ok());
}

#[test]
fn the_first_filter_gives_the_reason_and_counts_add_up() {
    let options = only(r#"{"copyright_notices": {"remove": "line"}, "too_short": {"least_characters": 5}}"#);
    let filters = Filters::new(&options, None).unwrap();
    let mut worker = filters.worker();
    for text in ["短い", "長い文章です。", "長い文章です。\n(C)▁2020▁山田", "(C)▁2020▁山田"]
    {
        worker.apply(text);
    }
    let mut counts = worker.take_counts();
    let notices = *counts.of(Filter::CopyrightNotices);
    assert_eq!((notices.seen, notices.changed, notices.dropped, notices.removed), (4, 1, 1, 1));
    assert_eq!(notices.removed_bytes, "\n(C)▁2020▁山田".len() as u64);
    assert_eq!(notices.dropped_bytes, "(C)▁2020▁山田".len() as u64);
    let short = *counts.of(Filter::TooShort);
    assert_eq!((short.seen, short.changed, short.dropped), (3, 0, 1));
    assert_eq!(worker.take_counts(), FilterCounts::default());
}

#[test]
fn adult_words_need_an_analyser_and_a_sound_list() {
    let options = |list: &str| {
        let adult = serde_json::json!({"adult_words": {"list_name": "words.txt", "list": list, "least_weight": 10.0,
            "least_words": 3}});
        only(&adult.to_string())
    };
    assert!(matches!(Filters::new(&options("動画 1"), None), Err(Error::Filters { .. })));
    let parse = |list: &str| WordList::parse(options(list).adult_words.as_ref().unwrap());
    assert!(parse("# a comment\n\n動画 1 # why\n無修正\t10\n").is_ok());
    for (list, line) in
        [("動画", 1), ("動画 0", 1), ("動画 11", 1), ("動画 1\n動画 2 3", 2), ("動画 1\n動画 2", 2)]
    {
        match parse(list) {
            Err(Error::Input { line: found, .. }) => assert_eq!(found, line, "{list}"),
            _ => panic!("{list}"),
        }
    }
}

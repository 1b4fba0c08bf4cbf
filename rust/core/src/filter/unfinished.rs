//! Unfinished sentences: teasers that go on elsewhere (…, 続きを読む), and text without sentences.
//!
//! The papers screen documents with sentences that are not complete (technical report 2.1.1) and do not say how. The
//! Swallow corpus (Okazaki et al. 2024, arXiv:2404.17733, 3.3) drops a page if more than a fifth of its sentences end
//! in an ellipsis. C4 (Raffel et al. 2020, 2.2) removes lines that do not end in a terminal mark.
//!
//! A sentence ends at 。 ! ? or at the end of its line. It is cut off if the line ends in … or words such as
//! 続きを読む, whatever closing marks follow. Speech trails off (「苦しい…」), so a few cut-off sentences inside a document
//! are allowed. At the end of a text a sentence is cut off if it leads elsewhere, or stops behind a particle or 、 where
//! other sentences have an end (喫茶室もあり、憩いの場として…); a remark that is all of its text only trails off. A line has the end
//! of a sentence if it ends in 。 ! ? or ., or in a closing bracket. Headings, lists and notes in telegram style have
//! none: most lines of clinical text end without a mark, so documents of such lines are dropped only where a source's
//! config asks for it (`most_unended`).

use super::options::{RemoveCutOff, UnfinishedOptions};
use super::reason::Reason;

/// Words that lead to the rest of a text.
const READ_ON: [&str; 12] = [
    "続きを読む",
    "つづきを読む",
    "続きはこちら",
    "続きを見る",
    "もっと見る",
    "もっと読む",
    "全文を読む",
    "全文を見る",
    "記事を読む",
    "Read▁more",
    "read▁more",
    "READ▁MORE",
];

const SENTENCE_ENDS: [char; 3] = ['。', '!', '?'];

/// Number of cut-off sentences that a document may always have, except at its end.
const FEW: u64 = 2;

/// Characters that may follow the end of a sentence.
const CLOSING: [char; 18] =
    ['▁', '」', '』', ')', ']', '}', '】', '〉', '》', '〕', '>', '"', '\'', '→', '♪', '☆', '★', '▼'];

/// Examples: a line, whether it is cut off, whether it has the end of a sentence.
#[cfg(test)]
pub const EXAMPLES: [(&str, bool, bool); 17] = [
    ("入院となった。", false, true),
    ("「入院になりました。」", false, true),
    ("痛みますか?", false, true),
    ("See▁Table▁2.", false, true),
    ("肺炎であった。患者は入院して…", true, false),
    ("肺炎であった。患者は入院して…]", true, false),
    ("説明した。治療の選択肢は、", true, false),
    ("患者は入院し…", false, false),
    ("咳がつらい。薬があればいいのに…", false, true),
    ("治療の選択肢は、", false, false),
    ("秋の味覚をご紹介します。…続きを読む", true, false),
    ("秋の味覚▁もっと見る▁》", true, false),
    ("秋の味覚▁Read▁more▁→", true, false),
    ("【主訴】発熱", false, false),
    ("肝硬変", false, false),
    ("そうか…と言った。", false, true),
    ("(了)", false, true),
];

/// End of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// With a sentence.
    Sentence,
    /// In the middle of one.
    CutOff,
    /// With a comma.
    Comma,
    /// Without a mark.
    Open,
}

fn end(line: &str) -> End {
    let text = line.trim_end_matches(CLOSING);
    match text.chars().next_back() {
        None => End::Open,
        Some('。' | '!' | '?' | '.') => End::Sentence,
        Some('…') => End::CutOff,
        Some('、') => End::Comma,
        // The last characters of READ_ON.
        Some('む' | 'る' | 'ら' | 'e' | 'E') if READ_ON.iter().any(|words| text.ends_with(words)) => {
            End::CutOff
        }
        Some(_) if line.ends_with(['」', '』', ')']) => End::Sentence,
        Some(_) => End::Open,
    }
}

/// Removes cut-off sentences, each from the end of the sentence before it to the end of its line, or judges the
/// document.
///
/// Writes the rest to the (empty) string and returns the number of removed sentences; writes nothing if it is 0.
pub fn judge(options: &UnfinishedOptions, text: &str, out: &mut String) -> Result<u64, Reason> {
    if text.is_empty() {
        return Ok(0);
    }
    let mut cut_off = 0;
    let mut open_bytes = 0;
    let mut last = End::Open;
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        last = end(line);
        match last {
            End::Sentence => {}
            End::CutOff => {
                cut_off += 1;
                if options.remove == RemoveCutOff::Document {
                    open_bytes += line.len();
                }
            }
            End::Comma | End::Open => open_bytes += line.len(),
        }
    }
    match options.remove {
        RemoveCutOff::Document if matches!(last, End::CutOff | End::Comma) && stops_inside_sentence(text) => {
            return Err(Reason::CutOffAtTheEnd);
        }
        RemoveCutOff::Document if cut_off > FEW => {
            if cut_off as f64 > options.most_cut_off * sentences(text) as f64 {
                return Err(Reason::CutOffSentences);
            }
        }
        RemoveCutOff::Document => {}
        RemoveCutOff::Sentence if cut_off > 0 => {
            remove(text, out);
            if out.is_empty() {
                return Err(Reason::CutOffSentences);
            }
        }
        RemoveCutOff::Sentence => {}
    }
    // Bytes approximate characters: nearly all Japanese characters have three.
    if open_bytes as f64 > options.most_unended * text.len() as f64 {
        return Err(Reason::UnfinishedSentences);
    }
    Ok(if options.remove == RemoveCutOff::Sentence { cut_off } else { 0 })
}

/// Particles and 、, behind which a sentence goes on.
const GO_ON: [&str; 14] =
    ["は", "が", "を", "に", "で", "と", "て", "の", "も", "へ", "や", "から", "まで", "、"];

/// Endings with which speech trails off, though a particle is the last of them (行けばいいのに…, だめですが…).
const TRAIL_OFF: [&str; 8] = ["のに", "ですが", "ますが", "だが", "たが", "いが", "だから", "なくて"];

/// Tests whether a text whose last line is cut off leads elsewhere, or stops in the middle of a sentence behind others.
fn stops_inside_sentence(text: &str) -> bool {
    let text = text.trim_end_matches(CLOSING).trim_end_matches('\n').trim_end_matches(CLOSING);
    if READ_ON.iter().any(|words| text.ends_with(words)) {
        return true;
    }
    let stop = text.trim_end_matches(['…', '▁']);
    let goes_on =
        GO_ON.iter().any(|word| stop.ends_with(word)) && !TRAIL_OFF.iter().any(|word| stop.ends_with(word));
    goes_on && stop.contains(SENTENCE_ENDS)
}

/// The number of sentences; a run of marks ends one.
fn sentences(text: &str) -> usize {
    text.split('\n')
        .map(|line| line.split(SENTENCE_ENDS).filter(|s| !s.trim_matches(CLOSING).is_empty()).count())
        .sum()
}

fn remove(text: &str, out: &mut String) {
    for line in text.split('\n') {
        let kept = match end(line) {
            End::CutOff => &line[..line.rfind(SENTENCE_ENDS).map_or(0, |mark| end_of_mark(line, mark))],
            End::Sentence | End::Comma | End::Open => line,
        };
        if kept.is_empty() && (!line.is_empty() || out.is_empty() || out.ends_with("\n\n")) {
            continue;
        }
        out.push_str(kept);
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len());
}

/// The end of a sentence whose mark is at `mark`, with the brackets that it closes.
fn end_of_mark(line: &str, mark: usize) -> usize {
    let rest = line[mark..].trim_start_matches(SENTENCE_ENDS);
    let rest = rest.trim_start_matches(['」', '』', ')', '"']);
    line.len() - rest.len()
}

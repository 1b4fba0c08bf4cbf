//! Main text of web pages: every character of what a reader sees, without menus, side bars and advertisements.
//!
//! The promise, kind by kind, is in `docs/pages.md`. Time and memory grow linearly with a page.

mod attributes;
mod boilerplate;
mod coding;
mod entities;
mod lexer;
mod render;
mod superscript;
mod tag;
mod tree;

pub use coding::{Coding, decompress};
pub use tree::{MOST_NODES, MOST_OPEN, TooComplex};

use boilerplate::Selection;
use tree::Tree;

/// Text of a page.
#[derive(Debug, PartialEq, Eq)]
pub struct PageText {
    /// Its main text, a line a paragraph, item or row of a table.
    pub text: String,
    /// Its title.
    pub title: Option<String>,
}

/// Extracts the main text of a page.
pub fn extract(html: &str) -> Result<PageText, TooComplex> {
    let tree = Tree::parse(html)?;
    let text = render::render(&tree, &Selection::of(&tree));
    Ok(PageText { text, title: tree.title })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILL: &str = "糖尿病は、血糖値が慢性的に高くなる病気です。";

    fn text(body: &str) -> String {
        extract(&format!("<!DOCTYPE html><html><head><title>題</title></head><body>{body}</body></html>"))
            .unwrap()
            .text
    }

    #[test]
    fn inline_markup_parts_nothing() {
        for (body, expected) in [
            ("この<b>癌</b>は<i>悪</i>性", "この癌は悪性"),
            (
                "<ruby>喘<rp>（</rp><rt>ぜん</rt><rp>）</rp></ruby><ruby><rb>息<rt>そく</ruby>の既往",
                "喘息の既往",
            ),
            ("体表面積1.6m<sup>2</sup>、10<sup>-6</sup>、CO<sub>2</sub>", "体表面積1.6m²、10⁻⁶、CO2"),
            ("<span style='vertical-align: super'>131</span>I", "¹³¹I"),
            ("投与量は<del>10mg</del><ins>5mg</ins>に", "投与量は5mgに"),
            ("<s>消えない<p>続き</p>", "消えない\n\n続き"),
            ("熱<wbr>発", "熱発"),
            ("高血圧は\n  危険", "高血圧は危険"),
            ("高血圧は\n HbA1c", "高血圧は HbA1c"),
            ("<a>内科</a>\n<a>外科</a>", "内科 外科"),
            ("癌&minus;&#x764c;&lt;5", "癌−癌<5"),
        ] {
            assert_eq!(text(body), expected, "{body}");
        }
    }

    #[test]
    fn blocks_items_and_rows_are_lines() {
        for (body, expected) in [
            (
                "<h2>症状</h2><ul><li>熱</li><li>咳<ul><li>夜</ul><li>痰</ul>後",
                "症状\n\n熱\n咳\n夜\n痰\n\n後",
            ),
            ("<dl><dt>女<dd>45歳<dt>男<dd>50歳</dl>", "女\n45歳\n男\n50歳"),
            ("一<br>二<br><br>三<hr>四", "一\n二\n\n三\n\n四"),
            ("<p>一<p>二<div>三</div>四", "一\n\n二\n\n三\n四"),
            (
                "<table><caption>値</caption><tr><th>薬<th>量<tr><td>A<td><p>5mg</p><p>朝</p><tr><td>B<td></table>後",
                "値\n薬\t量\nA\t5mg 朝\nB\n\n後",
            ),
            ("<table><tr><td>熱<br>咳</td><td>−</td></tr></table>", "熱 咳\t−"),
            ("<table role=presentation><tr><td>左</td><td>右</td></tr></table>", "左\n右"),
            ("<table><tr><td><table><tr><td>a<td>b</table><td>右</table>", "a\tb\n\n右"),
            ("<pre>\n a\n  b</pre>後", " a\n  b\n\n後"),
            ("<details><summary>詳細</summary>本文</details>", "詳細\n本文"),
        ] {
            assert_eq!(text(body), expected, "{body}");
        }
    }

    #[test]
    fn hidden_text_is_left_out() {
        for hidden in [
            "<p hidden>隠</p>",
            "<p style='color:red; display: none'>隠</p>",
            "<p style='visibility:hidden'>隠</p>",
            "<span aria-hidden=true>隠</span>",
            "<div class='sr-only'>隠</div>",
            "<dialog>隠</dialog>",
            "<template>隠</template>",
            "<noscript>隠</noscript>",
            "<select><option>隠</select>",
            "<button>隠</button>",
            "<script>隠</script>",
            "<svg><title>隠</title><path d=''/></svg>",
        ] {
            assert_eq!(text(&format!("前{hidden}後")).replace('\n', ""), "前後", "{hidden}");
        }
        for shown in [
            "<p hidden=until-found>熱</p>",
            "<p style='display:block'>熱</p>",
            "<p class='hidden md:block'>熱</p>",
            "<dialog open>熱</dialog>",
            "<h3><button>熱</button></h3>",
        ] {
            assert!(text(shown).contains('熱'), "{shown}");
        }
    }

    #[test]
    fn only_the_surroundings_of_the_main_text_are_left_out() {
        let menu = "<ul><li><a>ホーム</a><li><a>診療案内</a><li><a>外来</a></ul>";
        for around in [
            format!("<nav>{menu}</nav>"),
            format!("<div role=navigation>{menu}</div>"),
            format!("<div class='l-gnav'>{menu}</div>"),
            menu.to_owned(),
            "<aside>人気</aside>".to_owned(),
            "<footer>著作権</footer>".to_owned(),
            "<div class='ad'>広告</div>".to_owned(),
            "<div id='sidebar'>人気</div>".to_owned(),
        ] {
            assert_eq!(
                text(&format!("{around}<p>{FILL}</p><p>{FILL}</p>{around}")),
                format!("{FILL}\n\n{FILL}")
            );
            assert!(!text(&around).is_empty(), "the page has nothing else: {around}");
        }
        for inside in [
            format!("<article>{menu}<aside>注意</aside><footer>著者</footer></article>"),
            "<div class='clinic-menu'>健診</div>".to_owned(),
            "<ul><li>熱<li>咳<li>頭痛</ul>".to_owned(),
            format!("<div class='modal'><h1>題</h1>{FILL}</div>"),
        ] {
            let whole = text(&inside);
            assert!(text(&format!("{inside}<p>{FILL}</p>")).starts_with(&whole), "{inside}");
        }
    }

    #[test]
    fn the_title_is_no_text() {
        let page = extract("<html><title> A&amp;B\n病院 </title><p>熱</p></html>").unwrap();
        assert_eq!(page, PageText { text: "熱".to_owned(), title: Some("A&B 病院".to_owned()) });
        assert_eq!(extract("").unwrap(), PageText { text: String::new(), title: None });
    }

    #[test]
    fn wrong_markup_loses_no_text() {
        for (body, expected) in [
            ("<p>一</div>二</p>", "一二"),
            ("<b><p>一</b>二</p>三", "一二\n\n三"),
            ("<table>一<tr>二<td>三<td>四</table>", "一\n二三\t四"),
            ("<td>一<td>二", "一\n二"),
            ("<li>一<li>二", "一\n二"),
            ("<table><tr><td><div>一<tr><td>二</table>三", "一\n二\n\n三"),
            ("PT<10秒 & <3", "PT<10秒 & <3"),
            ("</p>一</br>二", "一\n二"),
        ] {
            assert_eq!(text(body), expected, "{body}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested =
            |open: &str, depth: usize| extract(&format!("{}熱", open.repeat(depth))).map(|page| page.text);
        assert_eq!(nested("<div>", MOST_OPEN), Ok("熱".to_owned()));
        assert_eq!(nested("<div>", MOST_OPEN + 1), Err(TooComplex));
        assert_eq!(nested("<font>", 100_000), Ok("熱".to_owned()), "left open by mistake");
        let page = format!("{}<p><table><tr><td>熱", "<b><i>".repeat(100_000));
        assert_eq!(extract(&page).map(|page| page.text), Ok("熱".to_owned()));
    }
}

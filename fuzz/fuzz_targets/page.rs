//! Pages of tags and text in any order: nothing fails, and what stands in no markup stays.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ncvc_core::page::extract;

const WORDS: [&str; 40] = [
    "熱",
    " ",
    "\n",
    "咳。",
    "2",
    "&amp;",
    "&#x764c;",
    "&minus",
    "<",
    ">",
    "\"",
    "'",
    "=",
    "/",
    "<!--",
    "-->",
    "<p>",
    "</p>",
    "<div class=nav>",
    "</div>",
    "<b>",
    "</b>",
    "<a href=x>",
    "</a>",
    "<table>",
    "</table>",
    "<tr>",
    "<td>",
    "</td>",
    "<ul>",
    "<li>",
    "</ul>",
    "<sup>",
    "</sup>",
    "<ruby>",
    "<rt>",
    "<script>",
    "</script>",
    "<del hidden>",
    "<svg ",
];

fuzz_target!(|data: &[u8]| {
    let html: String = data.iter().map(|&byte| WORDS[usize::from(byte) % WORDS.len()]).collect();
    let Ok(page) = extract(&html) else { return };
    assert!(page.text.len() <= 2 * html.len());
    if !html.contains(['<', '&']) {
        let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>();
        assert_eq!(letters(&page.text), letters(&html));
    }
    if let Ok(html) = std::str::from_utf8(data) {
        let _ = extract(html);
    }
});

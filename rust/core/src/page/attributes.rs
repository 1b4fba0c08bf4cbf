//! Reads what the attributes of an element say about its content: hidden, raised, or beside the main text.

use super::lexer::StartTag;
use super::tag::Tag;

/// Properties of an element that its attributes tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// True if it is not shown.
    pub hidden: bool,
    /// True if it is a menu or a dialogue by its role or its name.
    pub landmark: bool,
    /// True if it is a side bar or a footer by its role or its name, unless it is a part of an article.
    pub beside: bool,
    /// True if its class or id names a part around the main text.
    pub named_apart: bool,
    /// True if it holds the main text.
    pub main: bool,
    /// True if it is raised as a superscript.
    pub raised: bool,
    /// True if it is a table for the layout of a page.
    pub layout: bool,
}

/// Roles of what stands around the main text, wherever it is.
const LANDMARKS: &[&str] = &["alertdialog", "dialog", "menu", "menubar", "menuitem", "navigation", "search"];

/// Roles of what belongs to the page rather than to an article in it.
const BESIDE: &[&str] = &["complementary", "contentinfo"];

/// Classes of what is not shown, or only read out.
const HIDDEN: &[&str] = &[
    "d-none",
    "display-none",
    "hidden",
    "invisible",
    "is-hidden",
    "screen-reader-text",
    "sr-only",
    "u-hidden",
    "visually-hidden",
];

/// Words in class and id of what stands around the main text.
const APART: &[&str] = &[
    "ad",
    "ads",
    "adsbygoogle",
    "adsense",
    "advert",
    "advertisement",
    "backtotop",
    "banner",
    "banners",
    "breadcrumb",
    "breadcrumbs",
    "commentlist",
    "comments",
    "consent",
    "cookie",
    "cookies",
    "disqus",
    "dropdown",
    "facebook",
    "feedback",
    "footer",
    "footernav",
    "gdpr",
    "globalnav",
    "gnav",
    "gnavi",
    "lightbox",
    "menu",
    "menubar",
    "modal",
    "nav",
    "navbar",
    "navi",
    "navigation",
    "pagenavi",
    "pager",
    "pagetop",
    "pagination",
    "pankuzu",
    "popup",
    "promoted",
    "respond",
    "search",
    "searchbox",
    "searchform",
    "share",
    "sharing",
    "sidebar",
    "sidemenu",
    "sidenav",
    "skip",
    "skiplink",
    "sns",
    "social",
    "sponsor",
    "sponsored",
    "submenu",
    "topicpath",
    "totop",
    "twitter",
];

/// Words in class and id that say nothing beside one of [`APART`].
const NEUTRAL: &[&str] = &[
    "area",
    "aria",
    "bar",
    "block",
    "bottom",
    "box",
    "btn",
    "button",
    "buttons",
    "c",
    "container",
    "content",
    "desktop",
    "fixed",
    "foot",
    "form",
    "g",
    "global",
    "google",
    "group",
    "head",
    "header",
    "icon",
    "icons",
    "id",
    "inner",
    "item",
    "items",
    "js",
    "l",
    "left",
    "link",
    "links",
    "list",
    "local",
    "m",
    "main",
    "media",
    "mobile",
    "open",
    "p",
    "page",
    "path",
    "pc",
    "post",
    "primary",
    "right",
    "row",
    "secondary",
    "section",
    "side",
    "site",
    "slot",
    "sp",
    "space",
    "sub",
    "thread",
    "to",
    "toggle",
    "top",
    "u",
    "unit",
    "widget",
    "wp",
    "wrap",
    "wrapper",
];

/// Reads the attributes of a start tag.
pub fn traits(start: &StartTag<'_>) -> Traits {
    let mut traits = Traits {
        landmark: matches!(start.tag, Tag::Nav | Tag::Search),
        beside: matches!(start.tag, Tag::Aside | Tag::Footer),
        main: start.tag == Tag::Main,
        raised: start.tag == Tag::Sup,
        ..Traits::default()
    };
    let mut is_open = false;
    for (name, value) in start.attributes.clone() {
        match name.len() {
            2 if name.eq_ignore_ascii_case("id") => traits.named_apart |= names_apart(value),
            4 if name.eq_ignore_ascii_case("open") => is_open = true,
            4 if name.eq_ignore_ascii_case("role") => {
                let is_one_of = |roles: &[&str]| {
                    value
                        .split_ascii_whitespace()
                        .any(|role| roles.iter().any(|name| role.eq_ignore_ascii_case(name)))
                };
                traits.landmark |= is_one_of(LANDMARKS);
                traits.beside |= is_one_of(BESIDE);
                traits.main |= is_one_of(&["main"]);
                traits.layout |= start.tag == Tag::Table && is_one_of(&["presentation", "none"]);
            }
            5 if name.eq_ignore_ascii_case("class") => {
                traits.hidden |= hides(value);
                traits.named_apart |= value.split_ascii_whitespace().any(names_apart);
            }
            5 if name.eq_ignore_ascii_case("style") => {
                traits.hidden |= declares(value, "display", &["none"])
                    || declares(value, "visibility", &["hidden", "collapse"]);
                traits.raised |= declares(value, "vertical-align", &["super"]);
            }
            6 if name.eq_ignore_ascii_case("hidden") => {
                traits.hidden |= !value.trim_ascii().eq_ignore_ascii_case("until-found");
            }
            11 if name.eq_ignore_ascii_case("aria-hidden") => {
                traits.hidden |= value.trim_ascii().eq_ignore_ascii_case("true");
            }
            _ => {}
        }
    }
    traits.hidden |= start.tag == Tag::Dialog && !is_open;
    traits
}

/// Tests whether a `style` declares one of `values` for a property.
fn declares(style: &str, property: &str, values: &[&str]) -> bool {
    style.split(';').filter_map(|declaration| declaration.split_once(':')).any(|(name, value)| {
        let value = value.split('!').next().unwrap_or(value).trim_ascii();
        name.trim_ascii().eq_ignore_ascii_case(property)
            && values.iter().any(|wanted| value.eq_ignore_ascii_case(wanted))
    })
}

/// Tests whether classes hide an element on screens of every size.
fn hides(classes: &str) -> bool {
    let is_hidden = |class: &str| HIDDEN.contains(&class);
    // Tailwind's `md:block` and Bootstrap's `d-md-block` show it again.
    let shows = |class: &str| {
        let is_display = ["block", "flex", "grid", "inline", "table", "contents"]
            .iter()
            .any(|display| class.ends_with(display));
        is_display && (class.contains(':') || class.starts_with("d-"))
    };
    classes.split_ascii_whitespace().any(is_hidden) && !classes.split_ascii_whitespace().any(shows)
}

/// Tests whether a class or an id names a part around the main text: it has a word of [`APART`], and no word but
/// that and [`NEUTRAL`] ones.
fn names_apart(name: &str) -> bool {
    let mut is_apart = false;
    for word in words(name) {
        let word = word.to_ascii_lowercase();
        if APART.binary_search(&&*word).is_ok() {
            is_apart = true;
        } else if NEUTRAL.binary_search(&&*word).is_err() {
            return false;
        }
    }
    is_apart
}

/// Splits a class or an id into its words: at hyphens, underscores, digits, and before capitals in the middle.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let pieces = name.split(|c: char| c.is_ascii() && !c.is_ascii_alphabetic());
    pieces.flat_map(|piece| {
        let mut rest = piece;
        std::iter::from_fn(move || {
            let bytes = rest.as_bytes();
            let is_break = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
            let end = bytes.windows(2).position(is_break).map_or(rest.len(), |at| at + 1);
            let (word, after) = rest.split_at(end);
            rest = after;
            (!word.is_empty()).then_some(word)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(APART.is_sorted());
        assert!(NEUTRAL.is_sorted());
    }

    #[test]
    fn classes_and_ids_name_parts_around_the_text() {
        for name in [
            "globalNav",
            "nav",
            "l-header__nav",
            "side-bar-ad",
            "footer",
            "ad-1",
            "social_links",
            "WP-comments",
        ] {
            assert!(names_apart(name), "{name}");
        }
        for name in [
            "clinic-menu",
            "doctor-comment",
            "ad-disease",
            "social-work",
            "has-sidebar",
            "main",
            "",
            "広告ad",
        ] {
            assert!(!names_apart(name), "{name}");
        }
    }

    #[test]
    fn hidden_elements_are_told() {
        assert!(hides("box d-none"));
        assert!(!hides("hidden md:block"));
        assert!(!hides("d-none d-lg-flex"));
        assert!(!hides("hidden-xs"));
        assert!(declares("color:red; DISPLAY : none !important", "display", &["none"]));
        assert!(!declares("display:block", "display", &["none"]));
    }
}

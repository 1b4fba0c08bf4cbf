//! Elements of HTML that the reading of pages tells apart.

/// Declares the enum of elements and the lookup of their names.
macro_rules! tags {
    ($($tag:ident $name:literal),* $(,)?) => {
        /// An element by its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is named like its element")]
        pub enum Tag { $($tag),*, Other }

        impl Tag {
            /// Number of tags.
            pub const COUNT: usize = Tag::Other as usize + 1;

            /// Finds the tag of a name in any case.
            pub fn named(name: &str) -> Self {
                let mut lower = [0; 16];
                let Some(lower) = lower.get_mut(..name.len()) else { return Self::Other };
                lower.copy_from_slice(name.as_bytes());
                lower.make_ascii_lowercase();
                match &*lower {
                    $(value if value == $name.as_bytes() => Self::$tag,)*
                    _ => Self::Other,
                }
            }
        }
    };
}

tags! {
    A "a", Address "address", Annotation "annotation", Applet "applet", Area "area", Article "article",
    Aside "aside", Audio "audio", B "b", Base "base", Big "big", Blockquote "blockquote", Body "body", Br "br",
    Button "button", Canvas "canvas", Caption "caption", Center "center", Code "code", Col "col",
    Colgroup "colgroup", Datalist "datalist", Dd "dd", Del "del", Details "details", Dialog "dialog", Dir "dir",
    Div "div", Dl "dl", Dt "dt", Em "em", Embed "embed", Fieldset "fieldset", Figcaption "figcaption",
    Figure "figure", Font "font", Footer "footer", Form "form", Frame "frame", Frameset "frameset", H1 "h1",
    H2 "h2", H3 "h3", H4 "h4", H5 "h5", H6 "h6", Head "head", Header "header", Hgroup "hgroup", Hr "hr",
    Html "html", I "i", Iframe "iframe", Img "img", Input "input", Legend "legend", Li "li", Link "link",
    Listing "listing", Main "main", Marquee "marquee", Math "math", Menu "menu", Meta "meta", Nav "nav",
    Nobr "nobr", Noembed "noembed", Noframes "noframes", Noscript "noscript", Object "object", Ol "ol",
    Optgroup "optgroup", Option "option", P "p", Param "param", Plaintext "plaintext", Pre "pre", Rb "rb",
    Rp "rp", Rt "rt", Rtc "rtc", Ruby "ruby", S "s", Script "script", Search "search", Section "section",
    Select "select", Small "small", Source "source", Span "span", Strike "strike", Strong "strong",
    Style "style", Sub "sub", Summary "summary", Sup "sup", Svg "svg", Table "table", Tbody "tbody", Td "td",
    Template "template", Textarea "textarea", Tfoot "tfoot", Th "th", Thead "thead", Title "title", Tr "tr",
    Track "track", Tt "tt", U "u", Ul "ul", Video "video", Wbr "wbr", Xmp "xmp",
}

use Tag::*;

impl Tag {
    /// Tests whether an element has neither content nor an end tag.
    pub fn is_void(self) -> bool {
        matches!(
            self,
            Area | Base
                | Br
                | Col
                | Embed
                | Frame
                | Hr
                | Img
                | Input
                | Link
                | Meta
                | Param
                | Source
                | Track
                | Wbr
        )
    }

    /// Tests whether the content of an element is no markup.
    pub fn is_raw(self) -> bool {
        matches!(self, Script | Style | Xmp | Iframe | Noembed | Noframes | Textarea | Title)
    }

    /// Tests whether an element only changes letters: misnested, it closes alone.
    pub fn is_formatting(self) -> bool {
        matches!(self, A | B | Big | Code | Em | Font | I | Nobr | S | Small | Strike | Strong | Tt | U)
    }

    /// Tests whether an element is a heading.
    pub fn is_heading(self) -> bool {
        matches!(self, H1 | H2 | H3 | H4 | H5 | H6)
    }

    /// Tests whether an element begins a new line.
    pub fn is_block(self) -> bool {
        self.has_margin()
            || matches!(
                self,
                Address
                    | Article
                    | Aside
                    | Caption
                    | Center
                    | Dd
                    | Details
                    | Dialog
                    | Div
                    | Dt
                    | Fieldset
                    | Figcaption
                    | Footer
                    | Form
                    | Frameset
                    | Header
                    | Hgroup
                    | Legend
                    | Li
                    | Main
                    | Nav
                    | Search
                    | Section
                    | Summary
                    | Td
                    | Th
                    | Tr
                    | Tbody
                    | Thead
                    | Tfoot
            )
    }

    /// Tests whether an element stands apart from its neighbours by a blank line.
    pub fn has_margin(self) -> bool {
        self.is_heading()
            || matches!(
                self,
                Blockquote
                    | Dir
                    | Dl
                    | Figure
                    | Hr
                    | Listing
                    | Menu
                    | Ol
                    | P
                    | Plaintext
                    | Pre
                    | Table
                    | Ul
                    | Xmp
            )
    }

    /// Tests whether the start of an element ends an open paragraph.
    pub fn closes_paragraph(self) -> bool {
        (self.is_block() && !self.is_table_part()) || matches!(self, Dialog)
    }

    /// Tests whether an element is a part of a table.
    pub fn is_table_part(self) -> bool {
        matches!(self, Caption | Col | Colgroup | Tbody | Td | Tfoot | Th | Thead | Tr)
    }

    /// Tests whether an end tag outside of an element closes nothing inside it.
    pub fn is_boundary(self) -> bool {
        matches!(self, Applet | Button | Caption | Marquee | Object | Table | Td | Template | Th)
    }

    /// Tests whether the end tag of an inline element does not reach beyond this element.
    pub fn is_special(self) -> bool {
        self.is_block() || self.is_boundary() || matches!(self, Select | Svg | Math)
    }

    /// Tests whether an element's content is never text of a page.
    pub fn is_invisible(self) -> bool {
        matches!(
            self,
            Annotation
                | Applet
                | Area
                | Audio
                | Base
                | Canvas
                | Col
                | Colgroup
                | Datalist
                | Embed
                | Frame
                | Iframe
                | Img
                | Input
                | Link
                | Meta
                | Noembed
                | Noframes
                | Noscript
                | Object
                | Optgroup
                | Option
                | Param
                | Rp
                | Rt
                | Rtc
                | Script
                | Select
                | Source
                | Style
                | Svg
                | Template
                | Textarea
                | Title
                | Track
                | Video
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(Tag::named("TABLE"), Table);
        assert_eq!(Tag::named("blockquote"), Blockquote);
        assert_eq!(Tag::named("my-element-with-a-long-name"), Other);
        assert_eq!(Tag::named(""), Other);
    }
}

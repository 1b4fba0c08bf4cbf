//! Writes the selected text of a page: a line a paragraph, an item, a row of a table.

use super::boilerplate::Selection;
use super::entities;
use super::superscript;
use super::tag::Tag;
use super::tree::{Content, NONE, ROOT, Tree};

/// Longest raised text that may be an exponent or a mark, in characters.
const LONGEST_RAISED: u32 = 32;
/// Longest text of a cell whose paragraphs stand in one line, in characters.
const LONGEST_CELL: u32 = 200;

/// Separator before the next text, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    /// Between the cells of a row.
    Tab,
    Line,
    BlankLine,
}

/// Writes the text of a page.
pub fn render(tree: &Tree<'_>, selection: &Selection) -> String {
    let output = String::with_capacity(tree.html.len() / 4);
    let mut renderer = Renderer {
        tree,
        selection,
        output,
        gap: Gap::None,
        breaks: 0,
        in_row: false,
        has_cell: false,
        preformatted: false,
    };
    renderer.children(ROOT);
    renderer.output
}

struct Renderer<'a> {
    tree: &'a Tree<'a>,
    selection: &'a Selection,
    output: String,
    gap: Gap,
    /// Line breaks since the last text.
    breaks: u32,
    /// True in a row of a table that is one line.
    in_row: bool,
    /// True behind the first cell of that row.
    has_cell: bool,
    preformatted: bool,
}

impl Renderer<'_> {
    fn children(&mut self, node: u32) {
        let mut child = self.tree.nodes[node as usize].first;
        while child != NONE {
            if !self.selection.left_out[child as usize] {
                self.node(child);
            }
            child = self.tree.nodes[child as usize].next;
        }
    }

    fn node(&mut self, number: u32) {
        let node = &self.tree.nodes[number as usize];
        match node.content {
            Content::Text(begin, end) => {
                let tree = self.tree;
                self.text(&entities::decode(&tree.html[begin as usize..end as usize]));
            }
            Content::Verbatim(begin, end) => {
                let tree = self.tree;
                self.text(&tree.html[begin as usize..end as usize]);
            }
            Content::Element(_) if self.is_exponent(number) => self.raised(number),
            Content::Element(tag) => self.element(number, tag),
        }
    }

    fn element(&mut self, number: u32, tag: Tag) {
        match tag {
            Tag::Br => {
                self.breaks += 1;
                self.widen(if self.breaks > 1 { Gap::BlankLine } else { Gap::Line });
            }
            Tag::Hr => self.widen(Gap::BlankLine),
            Tag::Tr if !self.in_row && self.is_one_line(number) => {
                self.widen(Gap::Line);
                self.in_row = true;
                self.has_cell = false;
                self.children(number);
                self.in_row = false;
                self.gap = Gap::Line;
            }
            Tag::Td | Tag::Th if self.in_row => {
                if std::mem::replace(&mut self.has_cell, true) {
                    self.gap = self.gap.max(Gap::Tab);
                }
                self.children(number);
            }
            Tag::Pre | Tag::Listing | Tag::Plaintext | Tag::Xmp => {
                self.widen(Gap::BlankLine);
                let outer = std::mem::replace(&mut self.preformatted, !self.in_row);
                self.children(number);
                self.preformatted = outer;
                self.widen(Gap::BlankLine);
            }
            _ => {
                let around = match tag {
                    _ if !tag.is_block() => Gap::None,
                    // Nested lists stand closer.
                    Tag::Ul | Tag::Ol | Tag::Dl if self.is_in_item(number) => Gap::Line,
                    _ if tag.has_margin() => Gap::BlankLine,
                    _ => Gap::Line,
                };
                self.widen(around);
                self.children(number);
                self.widen(around);
            }
        }
    }

    /// Asks for a gap before the next text; in a row of a table lines become spaces.
    fn widen(&mut self, gap: Gap) {
        let gap = if self.in_row && gap > Gap::Space { Gap::Space } else { gap };
        self.gap = self.gap.max(gap);
    }

    /// Writes the gap before text.
    fn close_gap(&mut self) {
        self.breaks = 0;
        let gap = std::mem::replace(&mut self.gap, Gap::None);
        if self.output.is_empty() {
            return;
        }
        self.output.push_str(match gap {
            Gap::None => "",
            Gap::Space => " ",
            Gap::Tab => "\t",
            Gap::Line => "\n",
            Gap::BlankLine => "\n\n",
        });
    }

    /// Writes text with its white space collapsed, as a browser shows it.
    fn text(&mut self, text: &str) {
        if self.preformatted {
            return self.preformatted_text(text);
        }
        let mut rest = text;
        let mut is_first = true;
        while !rest.is_empty() {
            let word_begin = rest.find(|c: char| !c.is_ascii_whitespace()).unwrap_or(rest.len());
            let (space, after) = rest.split_at(word_begin);
            let word_end = after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len());
            let (word, after) = after.split_at(word_end);
            if !space.is_empty() {
                // A line break inside Japanese text parts nothing.
                let joins = !is_first && space.contains('\n') && self.joins_lines(word);
                self.gap = self.gap.max(if joins { Gap::None } else { Gap::Space });
            }
            if !word.is_empty() {
                self.close_gap();
                self.output.push_str(word);
            }
            is_first = false;
            rest = after;
        }
    }

    /// Tests whether a line break between what is written and a word is only one of the source.
    fn joins_lines(&self, word: &str) -> bool {
        let is_wide = |c: char| matches!(c, '\u{3001}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff01}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}');
        self.gap == Gap::None
            && self.output.chars().next_back().is_some_and(is_wide)
            && word.chars().next().is_some_and(is_wide)
    }

    fn preformatted_text(&mut self, text: &str) {
        // The line break after the start tag is not shown.
        let text = if self.gap == Gap::BlankLine { text.trim_start_matches(['\r', '\n']) } else { text };
        if text.trim_ascii().is_empty() && self.gap != Gap::None {
            return;
        }
        self.close_gap();
        self.output.push_str(text);
    }

    /// Tests whether a node is raised and short enough for an exponent or a mark.
    fn is_exponent(&self, number: u32) -> bool {
        let amount = self.selection.amounts[number as usize];
        self.tree.nodes[number as usize].traits.raised && (1..=LONGEST_RAISED).contains(&amount.characters)
    }

    fn raised(&mut self, number: u32) {
        let written = std::mem::take(&mut self.output);
        let gap = std::mem::replace(&mut self.gap, Gap::None);
        let in_row = std::mem::replace(&mut self.in_row, true);
        self.children(number);
        self.in_row = in_row;
        self.gap = gap;
        let content = std::mem::replace(&mut self.output, written);
        if content.trim().is_empty() {
            return;
        }
        self.close_gap();
        let before = self.output.chars().next_back();
        superscript::push(&content, before, &mut self.output);
    }

    /// Tests whether the cells of a row stand in one line: it has several, and none holds a table or long paragraphs.
    fn is_one_line(&self, row: u32) -> bool {
        let mut cells = 0;
        for child in self.tree.children(row) {
            let Content::Element(Tag::Td | Tag::Th) = self.tree.nodes[child as usize].content else {
                continue;
            };
            let amount = self.selection.amounts[child as usize];
            if amount.tables > 0 || amount.paragraphs > 1 && amount.characters > LONGEST_CELL {
                return false;
            }
            cells += 1;
        }
        cells > 1 && !self.is_in_layout(row)
    }

    /// Tests whether a row is one of a table that lays out a page.
    fn is_in_layout(&self, row: u32) -> bool {
        let mut node = &self.tree.nodes[row as usize];
        while !matches!(node.content, Content::Element(Tag::Table | Tag::Body)) {
            node = &self.tree.nodes[node.parent as usize];
        }
        node.traits.layout
    }

    fn is_in_item(&self, number: u32) -> bool {
        let parent = self.tree.nodes[number as usize].parent;
        matches!(
            self.tree.nodes[parent as usize].content,
            Content::Element(Tag::Li | Tag::Dd | Tag::Ul | Tag::Ol)
        )
    }
}

//! Builds the tree of a page: a simplified form of the HTML standard's tree construction, in linear time.

use super::attributes::{Traits, traits};
use super::entities;
use super::lexer::{Lexer, StartTag, Token};
use super::tag::Tag;

/// Most elements that may be open at the same time.
pub const MOST_OPEN: usize = 1024;
/// Most elements and pieces of text of a page.
pub const MOST_NODES: usize = 1 << 22;
/// Open elements among which the start of another looks for those that it ends.
const LOOK_BACK: usize = 128;

/// No node.
pub const NONE: u32 = u32::MAX;
/// Number of the root, which stands for `html` and `body`.
pub const ROOT: u32 = 0;

/// Reason why a page is not read: more than [`MOST_OPEN`] elements inside each other, or more than [`MOST_NODES`].
#[derive(Debug, PartialEq, Eq)]
pub struct TooComplex;

/// Content of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// An element.
    Element(Tag),
    /// Text with its character references: begin and end in the page.
    Text(u32, u32),
    /// Text without character references.
    Verbatim(u32, u32),
}

/// A node of the tree; its number is greater than that of its parent.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Its content.
    pub content: Content,
    /// Its parent; the root is its own.
    pub parent: u32,
    /// Its first child, or [`NONE`].
    pub first: u32,
    /// Its last child, or [`NONE`].
    pub last: u32,
    /// Its next sibling, or [`NONE`].
    pub next: u32,
    /// Properties that its attributes tell.
    pub traits: Traits,
    /// True if its own end tag closed it.
    pub closed: bool,
}

/// The tree of a page.
#[derive(Debug)]
pub struct Tree<'a> {
    /// The page.
    pub html: &'a str,
    /// Its nodes, each after its parent, in the order of the page.
    pub nodes: Vec<Node>,
    /// Its title, collapsed; `None` without one.
    pub title: Option<String>,
}

impl<'a> Tree<'a> {
    /// Parses a page.
    pub fn parse(html: &'a str) -> Result<Self, TooComplex> {
        if u32::try_from(html.len()).is_err() {
            return Err(TooComplex);
        }
        let mut builder = Builder::new(html);
        let mut lexer = Lexer::new(html);
        while let Some(token) = lexer.next() {
            match token {
                Token::Text(place) => {
                    let (begin, end) = (position(place.start), position(place.end));
                    builder.text(Content::Text(begin, end))?;
                }
                Token::Verbatim(place) => {
                    let (begin, end) = (position(place.start), position(place.end));
                    builder.text(Content::Verbatim(begin, end))?;
                }
                Token::Start(start) => {
                    if start.tag.is_raw() && !builder.closes_itself(&start) {
                        lexer.expect_raw(start.name);
                    }
                    builder.start(&start)?;
                }
                Token::End(tag, name) => builder.end(tag, name)?,
            }
        }
        Ok(builder.finish())
    }

    /// Returns the children of a node.
    pub fn children(&self, node: u32) -> impl Iterator<Item = u32> {
        let some = |number: u32| (number != NONE).then_some(number);
        std::iter::successors(some(self.nodes[node as usize].first), move |child| {
            some(self.nodes[*child as usize].next)
        })
    }
}

/// Returns a place in a page, which is shorter than 4 GiB.
fn position(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// An open element.
struct Open<'a> {
    tag: Tag,
    name: &'a str,
    node: u32,
}

struct Builder<'a> {
    tree: Tree<'a>,
    open: Vec<Open<'a>>,
    /// Number of open elements of each tag.
    counts: [u32; Tag::COUNT],
    /// True for XHTML, in which every element may end in `/>`.
    is_xml: bool,
}

impl<'a> Builder<'a> {
    fn new(html: &'a str) -> Self {
        let root = Node {
            content: Content::Element(Tag::Body),
            parent: ROOT,
            first: NONE,
            last: NONE,
            next: NONE,
            traits: Traits::default(),
            closed: false,
        };
        let is_xml = html.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).starts_with("<?xml");
        let tree = Tree { html, nodes: vec![root], title: None };
        Self { tree, open: Vec::new(), counts: [0; Tag::COUNT], is_xml }
    }

    /// Returns the tree, with the title out of the text.
    fn finish(self) -> Tree<'a> {
        let mut tree = self.tree;
        let title = tree.nodes.iter().position(|node| {
            node.content == Content::Element(Tag::Title)
                && tree.nodes[node.parent as usize].content != Content::Element(Tag::Svg)
        });
        tree.title = title.map(|number| {
            let child = tree.nodes[number].first;
            match tree.nodes.get(child as usize).map(|node| node.content) {
                Some(Content::Text(begin, end)) => {
                    let text = entities::decode(&tree.html[begin as usize..end as usize]);
                    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
                }
                _ => String::new(),
            }
        });
        tree
    }

    fn parent(&self) -> u32 {
        self.open.last().map_or(ROOT, |open| open.node)
    }

    fn append(&mut self, content: Content, traits: Traits) -> Result<u32, TooComplex> {
        let number = position(self.tree.nodes.len());
        if self.tree.nodes.len() >= MOST_NODES {
            return Err(TooComplex);
        }
        let parent = self.parent();
        let node = Node { content, parent, first: NONE, last: NONE, next: NONE, traits, closed: false };
        self.tree.nodes.push(node);
        let last = std::mem::replace(&mut self.tree.nodes[parent as usize].last, number);
        match self.tree.nodes.get_mut(last as usize) {
            Some(last) => last.next = number,
            None => self.tree.nodes[parent as usize].first = number,
        }
        Ok(number)
    }

    fn text(&mut self, content: Content) -> Result<(), TooComplex> {
        self.append(content, Traits::default()).map(drop)
    }

    fn closes_itself(&self, start: &StartTag<'_>) -> bool {
        let foreign = self.counts[Tag::Svg as usize] + self.counts[Tag::Math as usize] > 0;
        let may = self.is_xml || foreign || matches!(start.tag, Tag::Other | Tag::Svg | Tag::Math);
        start.tag.is_void() || start.self_closing && may
    }

    fn start(&mut self, start: &StartTag<'a>) -> Result<(), TooComplex> {
        let tag = start.tag;
        if matches!(tag, Tag::Html | Tag::Head | Tag::Body) {
            return Ok(());
        }
        self.end_implied(tag);
        let node = self.append(Content::Element(tag), traits(start))?;
        if self.closes_itself(start) {
            return Ok(());
        }
        if tag.is_formatting() && self.open.len() >= MOST_OPEN / 2 {
            // What only changes letters may stay open by mistake for a whole page, and leaves room for the rest.
            return Ok(());
        }
        if self.open.len() >= MOST_OPEN {
            return Err(TooComplex);
        }
        self.push(tag, start.name, node);
        Ok(())
    }

    fn push(&mut self, tag: Tag, name: &'a str, node: u32) {
        self.counts[tag as usize] += 1;
        self.open.push(Open { tag, name, node });
    }

    /// Closes everything from this place in the stack on.
    fn close_from(&mut self, place: usize) {
        for open in self.open.drain(place..) {
            self.counts[open.tag as usize] -= 1;
        }
    }

    fn is_open(&self, tag: Tag) -> bool {
        self.counts[tag as usize] > 0
    }

    /// Finds the innermost open element that is `wanted`, not beyond one that is a `limit`.
    fn find(&self, wanted: impl Fn(Tag) -> bool, limit: impl Fn(Tag) -> bool) -> Option<usize> {
        let near = self.open.iter().enumerate().rev().take(LOOK_BACK);
        near.take_while(|(_, open)| wanted(open.tag) || !limit(open.tag))
            .find(|(_, open)| wanted(open.tag))
            .map(|(place, _)| place)
    }

    /// Closes the innermost open element that is `wanted`, not beyond one that is a `limit`.
    fn close(&mut self, wanted: impl Fn(Tag) -> bool, limit: impl Fn(Tag) -> bool) {
        if let Some(place) = self.find(wanted, limit) {
            self.close_from(place);
        }
    }

    /// Closes what the start of an element ends.
    fn end_implied(&mut self, tag: Tag) {
        if self.is_open(Tag::P) && tag.closes_paragraph() {
            self.close(|open| open == Tag::P, Tag::is_boundary);
        }
        let is_item_limit =
            |open: Tag| open.is_special() && !matches!(open, Tag::Address | Tag::Div | Tag::P);
        match tag {
            Tag::Li if self.is_open(Tag::Li) => self.close(|open| open == Tag::Li, is_item_limit),
            Tag::Dd | Tag::Dt => self.close(|open| matches!(open, Tag::Dd | Tag::Dt), is_item_limit),
            Tag::Rb | Tag::Rt | Tag::Rtc | Tag::Rp if self.is_open(Tag::Ruby) => {
                self.close(
                    |open| matches!(open, Tag::Rb | Tag::Rt | Tag::Rtc | Tag::Rp),
                    |open| open == Tag::Ruby || open.is_special(),
                );
            }
            Tag::Option | Tag::Optgroup => self.close(|open| open == Tag::Option, |open| open == Tag::Select),
            Tag::A if self.is_open(Tag::A) => self.end_formatting(Tag::A),
            _ if tag.is_heading() && self.open.last().is_some_and(|open| open.tag.is_heading()) => {
                self.close_from(self.open.len() - 1);
            }
            _ if tag.is_table_part() && self.is_open(Tag::Table) => self.end_table_parts(tag),
            _ => {}
        }
    }

    /// Closes cells, rows and sections that the start of a part of a table ends.
    fn end_table_parts(&mut self, tag: Tag) {
        let is_ended = |open: Tag| match tag {
            Tag::Td | Tag::Th => matches!(open, Tag::Td | Tag::Th | Tag::Caption | Tag::Colgroup),
            Tag::Tr => matches!(open, Tag::Tr | Tag::Caption | Tag::Colgroup),
            _ => open.is_table_part(),
        };
        let Some(table) = self.open.iter().rposition(|open| open.tag == Tag::Table) else { return };
        let ended = self.open[table + 1..].iter().position(|open| is_ended(open.tag));
        if let Some(first) = ended {
            self.close_from(table + 1 + first);
        }
    }

    fn end(&mut self, tag: Tag, name: &str) -> Result<(), TooComplex> {
        match tag {
            Tag::Html | Tag::Head | Tag::Body => {}
            // Browsers read these as an empty paragraph and a line break.
            Tag::P if !self.is_open(tag) => {
                self.append(Content::Element(tag), Traits::default())?;
            }
            Tag::Br => {
                self.append(Content::Element(tag), Traits::default())?;
            }
            _ if !self.is_open(tag) && !tag.is_heading() => {}
            _ if tag.is_formatting() => self.end_formatting(tag),
            _ if tag.is_heading() => self.close(Tag::is_heading, Tag::is_boundary),
            _ if tag.is_table_part() || tag == Tag::Table => {
                self.end_at(|open| open.tag == tag, |open| open.tag == Tag::Table)
            }
            _ if tag.is_block() || tag.is_boundary() => {
                self.end_at(|open| open.tag == tag, |open| open.tag.is_boundary());
            }
            _ => {
                let is_it = |open: &Open<'_>| open.tag == tag && open.name.eq_ignore_ascii_case(name);
                self.end_at(is_it, |open| open.tag.is_special());
            }
        }
        Ok(())
    }

    /// Closes the innermost of these elements by its own end tag, not beyond a `limit`.
    fn end_at(&mut self, wanted: impl Fn(&Open<'a>) -> bool, limit: impl Fn(&Open<'a>) -> bool) {
        let stop = self.open.iter().rposition(|open| wanted(open) || limit(open));
        if let Some(place) = stop.filter(|place| wanted(&self.open[*place])) {
            self.mark_closed(place);
            self.close_from(place);
        }
    }

    /// Closes an element that only changes letters; elements that were opened in it stay open.
    fn end_formatting(&mut self, tag: Tag) {
        if let Some(place) = self.find(|open| open == tag, Tag::is_boundary) {
            self.mark_closed(place);
            let open = self.open.remove(place);
            self.counts[open.tag as usize] -= 1;
        }
    }

    fn mark_closed(&mut self, place: usize) {
        let node = self.open[place].node as usize;
        self.tree.nodes[node].closed = true;
    }
}

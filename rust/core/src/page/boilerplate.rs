//! Decides what of a page is its main text: not what is hidden, nor menus, side bars, footers and advertisements.

use super::tag::Tag;
use super::tree::{Content, NONE, Node, ROOT, Tree};

/// Longest average text of a link in a menu, in characters.
const LONGEST_MENU_LINK: u32 = 30;
/// Fewest links of a menu.
const FEWEST_MENU_LINKS: u32 = 3;

/// Amount of visible text below a node.
#[derive(Clone, Copy, Debug, Default)]
pub struct Amount {
    /// Characters but white space.
    pub characters: u32,
    /// Characters in links.
    linked: u32,
    /// Links.
    links: u32,
    /// Ends of sentences.
    sentences: u32,
    /// Paragraphs and other blocks that hold text of their own, but items of lists.
    pub paragraphs: u32,
    /// Tables.
    pub tables: u32,
    /// Headings of the first level, and elements that hold the main text.
    main: u32,
}

impl Amount {
    fn add(&mut self, other: Self) {
        self.characters += other.characters;
        self.linked += other.linked;
        self.links += other.links;
        self.sentences += other.sentences;
        self.paragraphs += other.paragraphs;
        self.tables += other.tables;
        self.main += other.main;
    }

    /// Tests whether this is less than half of `all`, by sentences, or by characters in a page without sentences.
    fn is_minor(self, all: Self) -> bool {
        match all.sentences {
            0 => self.characters * 2 < all.characters,
            _ => self.sentences * 2 < all.sentences,
        }
    }

    /// Tests whether this is a list of links.
    fn is_menu(self) -> bool {
        self.links >= FEWEST_MENU_LINKS
            && self.sentences == 0
            && self.linked / self.links <= LONGEST_MENU_LINK
            && u64::from(self.linked) * 5 >= u64::from(self.characters) * 4
    }
}

/// Selection of the main text of a page.
pub struct Selection {
    /// True for a node that is left out with all below it; what lies below such a node says nothing.
    pub left_out: Vec<bool>,
    /// Visible text below each node, what is left out around the main text included.
    pub amounts: Vec<Amount>,
}

impl Selection {
    /// Selects the main text, or all that is visible where there would be none.
    pub fn of(tree: &Tree<'_>) -> Self {
        let invisible: Vec<bool> = (0..tree.nodes.len()).map(|number| is_invisible(tree, number)).collect();
        let amounts = measure(tree, &invisible);
        let mut selection = Self { left_out: invisible.clone(), amounts };
        selection.leave_out_surroundings(tree);
        if selection.is_empty(tree) {
            selection.left_out = invisible;
        }
        selection
    }

    fn leave_out_surroundings(&mut self, tree: &Tree<'_>) {
        let all = self.amounts[ROOT as usize];
        let mut in_article = vec![false; tree.nodes.len()];
        let mut menus = Vec::new();
        let mut in_menus = 0;
        let mut is_in_menu = vec![false; tree.nodes.len()];
        for (number, node) in tree.nodes.iter().enumerate().skip(1) {
            let Content::Element(tag) = node.content else { continue };
            let parent = node.parent as usize;
            in_article[number] = in_article[parent] || node.traits.main || tag == Tag::Article;
            let amount = self.amounts[number];
            self.left_out[number] |= node.traits.landmark
                || node.traits.beside && !in_article[parent]
                || node.traits.named_apart && amount.main == 0 && amount.is_minor(all);
            let may_be_menu =
                matches!(tag, Tag::Ul | Tag::Ol | Tag::Menu | Tag::Div | Tag::P | Tag::Td | Tag::Center);
            is_in_menu[number] = is_in_menu[parent] || self.left_out[number];
            if may_be_menu && !is_in_menu[number] && !in_article[number] && amount.is_menu() {
                menus.push(number);
                in_menus += amount.characters;
                is_in_menu[number] = true;
            }
        }
        // A page that is mostly links is a table of contents.
        if in_menus * 2 < all.characters {
            menus.into_iter().for_each(|number| self.left_out[number] = true);
        }
    }

    /// Tests whether no text is left.
    fn is_empty(&self, tree: &Tree<'_>) -> bool {
        let mut is_out = self.left_out.clone();
        tree.nodes.iter().enumerate().skip(1).all(|(number, node)| {
            is_out[number] |= is_out[node.parent as usize];
            is_out[number]
                || matches!(node.content, Content::Element(_))
                || self.amounts[number].characters == 0
        })
    }
}

/// Tests whether a node is never shown.
fn is_invisible(tree: &Tree<'_>, number: usize) -> bool {
    let node = &tree.nodes[number];
    let Content::Element(tag) = node.content else { return false };
    // Unclosed, these would take the rest of the page along.
    let is_struck = matches!(tag, Tag::Del | Tag::S | Tag::Strike) && node.closed;
    let is_form_button = tag == Tag::Button && !is_in_heading(tree, node);
    node.traits.hidden || tag.is_invisible() || is_struck || is_form_button
}

/// Tests whether a node is in a heading, as the buttons are that unfold an answer.
fn is_in_heading(tree: &Tree<'_>, node: &Node) -> bool {
    let parent = &tree.nodes[node.parent as usize];
    matches!(parent.content, Content::Element(tag) if tag.is_heading() || matches!(tag, Tag::Summary | Tag::Dt))
}

/// Measures the text below each node, from the last to the first.
fn measure(tree: &Tree<'_>, invisible: &[bool]) -> Vec<Amount> {
    let mut amounts = vec![Amount::default(); tree.nodes.len()];
    for (number, node) in tree.nodes.iter().enumerate().rev() {
        let mut amount = amounts[number];
        match node.content {
            Content::Text(begin, end) | Content::Verbatim(begin, end) => {
                amount = measure_text(&tree.html[begin as usize..end as usize]);
            }
            Content::Element(tag) => {
                if tag == Tag::A && amount.characters > 0 {
                    amount.links += 1;
                    amount.linked = amount.characters;
                }
                amount.tables += u32::from(tag == Tag::Table);
                amount.main += u32::from(node.traits.main || matches!(tag, Tag::Article | Tag::H1));
                let is_item = matches!(tag, Tag::Li | Tag::Dt | Tag::Dd | Tag::Td | Tag::Th | Tag::Tr);
                amount.paragraphs +=
                    u32::from(tag.is_block() && !is_item && has_own_text(tree, &amounts, node));
            }
        }
        amounts[number] = amount;
        if number > 0 && !invisible[number] {
            amounts[node.parent as usize].add(amount);
        }
    }
    amounts
}

/// Tests whether one of the first children of a node is text, or changes letters of text.
fn has_own_text(tree: &Tree<'_>, amounts: &[Amount], node: &Node) -> bool {
    let mut child = node.first;
    while child != NONE {
        let this = &tree.nodes[child as usize];
        let is_inline = !matches!(this.content, Content::Element(tag) if tag.is_block());
        if is_inline && amounts[child as usize].characters > 0 {
            return true;
        }
        child = this.next;
    }
    false
}

fn measure_text(text: &str) -> Amount {
    let mut amount = Amount::default();
    for character in text.chars() {
        amount.characters += u32::from(!character.is_whitespace());
        amount.sentences += u32::from(matches!(character, '。' | '．' | '！' | '？' | '!' | '?' | '.'));
    }
    amount
}

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

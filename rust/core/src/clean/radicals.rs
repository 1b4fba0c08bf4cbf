//! Radicals that PDFs have in place of kanji: CJK Radicals Supplement, which NFKC leaves alone, and the Kangxi radicals
//! that NFKC makes kanji of another shape than Japanese has (⿊ is 黒, not 黑).
//!
//! Source: Unicode Character Database, `EquivalentUnifiedIdeograph.txt`; where that names a rare ideograph, the kanji
//! that the radical is a form of (⺮ is 竹).

use std::sync::LazyLock;

/// Lines of a radical, a space and its unified ideograph.
const TABLE: &str = include_str!("radicals.txt");

/// The two blocks.
const FIRST: char = '\u{2e80}';
const LAST: char = '\u{2fd5}';

/// Unified ideographs by the place of their radical in the blocks.
static UNIFIED: LazyLock<Vec<Option<char>>> = LazyLock::new(|| {
    let mut unified = vec![None; (LAST as usize) - (FIRST as usize) + 1];
    for line in TABLE.lines() {
        let mut characters = line.chars();
        if let (Some(radical), Some(' '), Some(kanji)) =
            (characters.next(), characters.next(), characters.next())
            && let Some(place) = place(radical).and_then(|place| unified.get_mut(place))
        {
            *place = Some(kanji);
        }
    }
    unified
});

fn place(c: char) -> Option<usize> {
    (FIRST..=LAST).contains(&c).then(|| c as usize - FIRST as usize)
}

/// Returns the unified ideograph of a radical, any other character as it is.
#[inline]
pub fn unified(c: char) -> char {
    place(c).and_then(|place| UNIFIED.get(place).copied().flatten()).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radicals_become_kanji() {
        for (radical, kanji) in
            [('⻑', '長'), ('⻭', '歯'), ('⻩', '黄'), ('⺁', '厂'), ('⻲', '亀'), ('⺮', '竹'), ('⿊', '黒')]
        {
            assert_eq!(unified(radical), kanji);
        }
        assert_eq!(UNIFIED.iter().flatten().count(), TABLE.lines().count());
        assert_eq!(unified('⺀'), '⺀');
        assert_eq!(unified('長'), '長');
    }
}

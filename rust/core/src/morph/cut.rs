//! Cuts lines that are too long for one lattice.

use std::ops::Range;

const SENTENCE_ENDS: [char; 5] = ['。', '！', '？', '!', '?'];

/// Returns the byte ranges of pieces of `line` with at most `longest` characters each, which together are the line.
///
/// Each but the last ends after the last 。！？!? that it can hold, else after `longest` characters.
pub fn pieces(line: &str, longest: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = &line[start..];
        if rest.is_empty() {
            return None;
        }
        let end = start + first_piece(rest, longest);
        Some(std::mem::replace(&mut start, end)..end)
    })
}

/// Returns the length in bytes of the first piece.
fn first_piece(rest: &str, longest: usize) -> usize {
    // Every character has at least one byte, so this settles nearly all lines.
    if rest.len() <= longest {
        return rest.len();
    }
    let Some((longest, _)) = rest.char_indices().nth(longest) else {
        return rest.len();
    };
    match rest[..longest].rmatch_indices(SENTENCE_ENDS).next() {
        Some((end, mark)) => end + mark.len(),
        None => longest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(line: &str, longest: usize) -> Vec<&str> {
        pieces(line, longest).map(|range| &line[range]).collect()
    }

    #[test]
    fn cuts_after_the_last_sentence_that_fits() {
        assert_eq!(cut("", 3), [""; 0]);
        assert_eq!(cut("あい。う。えおか", 6), ["あい。う。", "えおか"]);
        assert_eq!(cut("あい。うえおか", 7), ["あい。うえおか"]);
        assert_eq!(cut("あいうえお", 2), ["あい", "うえ", "お"]);
        assert_eq!(cut("あ？！a!b", 3), ["あ？！", "a!b"]);
    }

    proptest! {
        #[test]
        fn pieces_are_short_and_together_the_line(line in "[あ。!a 𠮷]{0,40}", longest in 1usize..9) {
            let pieces = cut(&line, longest);
            prop_assert_eq!(pieces.concat(), line.as_str());
            prop_assert!(pieces.iter().all(|piece| (1..=longest).contains(&piece.chars().count())));
        }
    }
}

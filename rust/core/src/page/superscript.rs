//! Writes raised text with the superscripts of Unicode, so that 10<sup>3</sup> does not become 103.

/// Returns the superscript of a character; `None` if it has none that is in use.
fn raised(character: char) -> Option<char> {
    Some(match character {
        '0' | '０' => '⁰',
        '1' | '１' => '¹',
        '2' | '２' => '²',
        '3' | '３' => '³',
        '4' | '４' => '⁴',
        '5' | '５' => '⁵',
        '6' | '６' => '⁶',
        '7' | '７' => '⁷',
        '8' | '８' => '⁸',
        '9' | '９' => '⁹',
        '+' | '＋' => '⁺',
        '-' | '−' | '‐' | '‑' | '–' | '－' => '⁻',
        _ => return None,
    })
}

/// Appends raised text after `before`: digits and signs as superscripts; other text as it is, behind a caret where it
/// would else continue a number or a formula.
pub fn push(content: &str, before: Option<char>, output: &mut String) {
    let content = content.trim();
    let is_digit = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
    let is_sign = |c: char| raised(c).is_some() && !is_digit(c);
    let has_raised = content.chars().any(|c| raised(c).is_some());
    let is_listed = |c: char| matches!(c, ')' | '）' | ',' | '，' | '、' | '・' | '~' | '〜' | ' ');
    let is_short = content.chars().all(|c| raised(c).is_some());
    let lists_marks = content.chars().all(|c| raised(c).is_some() || is_listed(c));
    let after_formula = before.is_some_and(|c| c.is_ascii_alphanumeric() || c == ')');
    if is_short || has_raised && lists_marks && content.chars().any(is_digit) {
        output.extend(content.chars().map(|c| raised(c).unwrap_or(c)));
        return;
    }
    let is_ordinal = ["st", "nd", "rd", "th"].iter().any(|ending| content.eq_ignore_ascii_case(ending));
    let is_formula = content.starts_with(|c: char| c.is_ascii_alphanumeric() || is_sign(c) || c == '(')
        && content.is_ascii()
        && (content.contains(|c: char| c.is_ascii_digit()) || before.is_some_and(|c| c.is_ascii_digit()));
    if after_formula && is_formula && !is_ordinal {
        output.push('^');
    }
    output.push_str(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raised_text_stays_apart() {
        for (before, content, expected) in [
            ("10", "3", "10³"),
            ("10", "-6", "10⁻⁶"),
            ("10", "−１２", "10⁻¹²"),
            ("m", " 2 ", "m²"),
            ("Ca", "2+", "Ca²⁺"),
            ("", "131", "¹³¹"),
            ("Tc ", "99m", "Tc 99m"),
            ("脚注", "[1]", "脚注[1]"),
            ("治療", "1)", "治療¹)"),
            ("治療", "1,2", "治療¹,²"),
            ("治療", "注1", "治療注1"),
            ("10", "x", "10^x"),
            ("10", "3.5", "10^3.5"),
            ("e", "-0.5t", "e^-0.5t"),
            ("5", "th", "5th"),
            ("5.2", "*", "5.2*"),
            ("12.3", "a", "12.3^a"),
            ("ABC", "TM", "ABCTM"),
        ] {
            let mut output = before.to_owned();
            push(content, before.chars().last(), &mut output);
            assert_eq!(output, expected);
        }
    }
}

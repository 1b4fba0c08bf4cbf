//! Syllables of Chinese and Korean in Latin letters, of which given names are made: Xiaoming, Seo-yeon.

/// The beginnings of Chinese syllables, the longer ones first.
const INITIALS: [&str; 24] = [
    "zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "r", "z", "c",
    "s", "y", "w", "",
];

/// The ends of Chinese syllables.
const FINALS: [&str; 34] = [
    "a", "ai", "an", "ang", "ao", "e", "ei", "en", "eng", "er", "i", "ia", "ian", "iang", "iao", "ie", "in",
    "ing", "iong", "iu", "o", "ong", "ou", "u", "ua", "uai", "uan", "uang", "ue", "ui", "un", "uo", "ien",
    "yi",
];

/// Korean syllables of given names.
const KOREAN: [&str; 92] = [
    "ah", "an", "ae", "beom", "bin", "bo", "bum", "byung", "chan", "cheol", "chul", "dong", "eon", "eun",
    "gil", "geon", "gi", "gu", "gun", "gyeong", "gyu", "ha", "han", "hee", "heon", "ho", "hui", "hun", "hwa",
    "hwan", "hye", "hyeon", "hyo", "hyuk", "hyun", "hyung", "il", "in", "jae", "jeong", "ji", "jin", "jong",
    "joo", "joon", "ju", "jun", "jung", "ki", "kwang", "kyeong", "kyo", "kyu", "kyung", "mi", "min", "moon",
    "mun", "myeong", "myung", "na", "nam", "ok", "rae", "ran", "ri", "rim", "sang", "seo", "seok", "seon",
    "seong", "seung", "sik", "so", "sol", "soo", "sook", "soon", "su", "suk", "sun", "sung", "tae", "uk",
    "won", "woo", "woong", "ye", "yeon", "yeong", "yong",
];

/// Further Korean syllables.
const FURTHER: [&str; 10] = ["yoon", "young", "yu", "yul", "yun", "yuna", "hyang", "hwi", "gyo", "sim"];

/// Tests for one or two syllables of Chinese or of Korean.
pub fn is_syllables(lower: &str) -> bool {
    let word = lower.strip_suffix('-').unwrap_or(lower);
    if !word.is_ascii() || !(2..=10).contains(&word.len()) {
        return false;
    }
    let word = word.replace(['-', '\''], "");
    let one = |part: &str| is_korean(part) || is_chinese(part);
    one(&word) || (2..word.len() - 1).any(|i| one(&word[..i]) && one(&word[i..]))
}

fn is_korean(part: &str) -> bool {
    KOREAN.contains(&part) || FURTHER.contains(&part)
}

fn is_chinese(part: &str) -> bool {
    INITIALS.iter().any(|initial| part.strip_prefix(initial).is_some_and(|end| FINALS.contains(&end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_are_told_from_words() {
        for name in ["xiaoming", "wei", "weiting", "seo-yeon", "hye-jin", "minho", "jisoo", "meiling"] {
            assert!(is_syllables(name), "{name}");
        }
        for word in ["chest", "pratt", "block", "a", "syndrome"] {
            assert!(!is_syllables(word), "{word}");
        }
    }
}

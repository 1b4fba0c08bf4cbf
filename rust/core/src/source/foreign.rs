//! Costs of a piece of bytes as text of other languages, in bits; coarse models that only need to beat a wrong reading.

use std::collections::HashSet;
use std::sync::LazyLock;

use encoding_rs::{BIG5, EUC_KR, Encoding, GB18030};

use super::japanese::{MALFORMED, Piece, ascii_bits};

/// Costs of the assumptions that a file is Chinese or Korean, or Latin, or Cyrillic, where Japanese is expected.
const CHINESE_OR_KOREAN: u32 = 19;
const LATIN: u32 = 12;
const CYRILLIC: u32 = 20;

/// The most frequent characters; they are about 60 % of the characters of a text.
const SIMPLIFIED: &str = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运";
const TRADITIONAL: &str = "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作里用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運";
const HANGUL: &str = "이다는에의을를가은하고로한지도시서기사나리어자인들대그수일해있정아라것만과부장면보주제전상여구스안와오성조원동소중우으문니신계연공었러게모비내세국경방진미개생선요관마적회발물용체네치무당실했분유없년열음혈압환통증약검료질병염암폐심뇌뇨투복호";

type Pairs = HashSet<[u8; 2]>;
/// Cost of a character of two bytes; none if there is no such character.
type PairModel = fn([u8; 2]) -> Option<u32>;
/// Cost of a byte beyond ASCII, after a letter or not.
type ByteModel = fn(u8, bool) -> u32;

static SIMPLIFIED_PAIRS: LazyLock<Pairs> = LazyLock::new(|| pairs(GB18030, SIMPLIFIED));
static TRADITIONAL_PAIRS: LazyLock<Pairs> = LazyLock::new(|| pairs(BIG5, TRADITIONAL));
static HANGUL_PAIRS: LazyLock<Pairs> = LazyLock::new(|| pairs(EUC_KR, HANGUL));

fn pairs(encoding: &'static Encoding, characters: &str) -> Pairs {
    let (bytes, ..) = encoding.encode(characters);
    bytes.as_chunks().0.iter().copied().collect()
}

/// Returns the cost of the likeliest reading that is not Japanese.
pub fn least_bits(piece: Piece<'_>) -> u32 {
    let double: [PairModel; 3] = [simplified, traditional, korean];
    let single: [(u32, ByteModel); 3] = [(LATIN, latin), (CYRILLIC, windows_1251), (CYRILLIC, koi8)];
    let double = double.map(|model| CHINESE_OR_KOREAN + double_bytes(piece.bytes, piece.whole, model));
    let single = single.map(|(prior, model)| prior + single_bytes(piece, model));
    double.into_iter().chain(single).min().unwrap_or(u32::MAX)
}

/// Returns the cost of a piece as bytes of which each is as likely: of data that is no text.
pub fn bits_of_any_bytes(piece: &[u8]) -> u32 {
    u32::try_from(piece.len()).unwrap_or(u32::MAX).saturating_mul(u8::BITS)
}

fn double_bytes(piece: &[u8], whole: bool, model: PairModel) -> u32 {
    let (mut bits, mut rest) = (0, piece);
    while let [first, after @ ..] = rest {
        (bits, rest) = match after {
            _ if first.is_ascii() => (bits + ascii_bits(*first), after),
            [second, behind @ ..] => match model([*first, *second]) {
                Some(more) => (bits + more, behind),
                None => (bits + MALFORMED, after),
            },
            [] => (bits + if whole { MALFORMED } else { 0 }, after),
        };
    }
    bits
}

fn simplified(pair: [u8; 2]) -> Option<u32> {
    Some(match pair {
        [0xa1, 0xa2 | 0xa3] | [0xa3, 0xac] => 5,
        [0xa4 | 0xa5, 0xa1..=0xff] => 16,
        [0xa1..=0xa9, 0xa1..=0xff] => 9,
        _ if SIMPLIFIED_PAIRS.contains(&pair) => 9,
        [0xb0..=0xd7, 0xa1..=0xff] => 14,
        [0xd8..=0xf7, 0xa1..=0xff] => 18,
        [0x81..=0xfe, 0x40..=0x7e | 0x80..=0xfe] => 19,
        // Half of a character of four bytes.
        [0x81..=0xfe, 0x30..=0x39] => 12,
        _ => return None,
    })
}

fn traditional(pair: [u8; 2]) -> Option<u32> {
    Some(match pair {
        [0xa1, 0x41..=0x43] => 5,
        [0xa1..=0xa3, 0x40..=0x7e | 0xa1..=0xfe] => 9,
        _ if TRADITIONAL_PAIRS.contains(&pair) => 9,
        [0xa4..=0xc6, 0x40..=0x7e | 0xa1..=0xfe] => 14,
        [0xc9..=0xf9, 0x40..=0x7e | 0xa1..=0xfe] => 18,
        [0x87..=0xfe, 0x40..=0x7e | 0xa1..=0xfe] => 20,
        _ => return None,
    })
}

fn korean(pair: [u8; 2]) -> Option<u32> {
    Some(match pair {
        _ if HANGUL_PAIRS.contains(&pair) => 7,
        [0xb0..=0xc8, 0xa1..=0xfe] => 14,
        [0xaa | 0xab, 0xa1..=0xfe] => 16,
        [0xa1..=0xac, 0xa1..=0xfe] => 10,
        [0xca..=0xfd, 0xa1..=0xfe] => 17,
        [0x81..=0xc6, 0x41..=0x5a | 0x61..=0x7a | 0x81..=0xfe] => 17,
        _ => return None,
    })
}

fn single_bytes(piece: Piece<'_>, model: ByteModel) -> u32 {
    let mut bits = 0;
    let mut after_letter = piece.previous.is_ascii_alphabetic();
    for &byte in piece.bytes {
        bits += if byte.is_ascii() { ascii_bits(byte) } else { model(byte, after_letter) };
        after_letter = byte.is_ascii_alphabetic() || byte >= 0xc0;
    }
    bits
}

fn latin(byte: u8, after_letter: bool) -> u32 {
    match byte {
        0xd7 | 0xf7 => 13,
        // °, ±, ², ³ and µ.
        0xb0..=0xb3 | 0xb5 => 7,
        0xc0.. if after_letter => 8,
        0xc0.. => 11,
        0xa0.. | 0x85 | 0x91..=0x97 => 11,
        _ => 16,
    }
}

fn windows_1251(byte: u8, after_letter: bool) -> u32 {
    match byte {
        0xe0.. if after_letter => 5,
        0xc0.. => 8,
        0xa8 | 0xb8 => 9,
        _ => 14,
    }
}

fn koi8(byte: u8, after_letter: bool) -> u32 {
    match byte {
        0xc0..=0xdf if after_letter => 5,
        0xc0.. => 8,
        0xa3 | 0xb3 => 9,
        _ => 14,
    }
}

//! Pieces with scores, and the segmentation with the highest total score.

use super::protobuf::{Fields, Value};

/// Kind of a piece (`sentencepiece_model.proto`, `ModelProto.SentencePiece.Type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// Found in text.
    Normal,
    /// Stands for characters that no piece covers.
    Unknown,
    /// Never found in text: begin and end of text.
    Control,
    /// Found in text and always taken whole.
    UserDefined,
}

/// A Unigram model.
pub struct Unigram {
    pieces: Vec<(String, f32, PieceKind)>,
    trie: crawdad::Trie,
    /// Ids of the pieces that are never found in text, and so not in the trie.
    apart: Vec<u32>,
    unknown: u32,
    /// Contribution of a piece to a segmentation's score, by id.
    gains: Vec<f32>,
    /// Contribution of an unknown character.
    loss: f32,
}

/// Best segmentation of a prefix of the morpheme: its score and its last piece.
#[derive(Clone, Copy)]
struct Best {
    score: f32,
    start: u32,
    id: u32,
}

/// SentencePiece's penalty below the lowest score for an unknown character.
const UNKNOWN_PENALTY: f32 = 10.0;
const UNREACHED: u32 = u32::MAX;

impl Unigram {
    /// Reads a SentencePiece model file's content; the error says what is wrong with it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let mut pieces = Vec::new();
        for field in Fields(bytes) {
            let (number, value) = field.ok_or("not a SentencePiece model, or damaged")?;
            if let (1, Value::Bytes(message)) = (number, value) {
                let piece = read_piece(message).map_err(|why| format!("piece {} {why}", pieces.len()))?;
                pieces.push(piece);
            }
        }
        Self::new(pieces)
    }

    /// Builds a model of the given pieces, whose ids are their positions.
    pub fn new(pieces: Vec<(String, f32, PieceKind)>) -> Result<Self, String> {
        if u32::try_from(pieces.len()).is_err() {
            return Err("too many pieces for ids of 32 bits".to_owned());
        }
        let in_text = |kind| matches!(kind, PieceKind::Normal | PieceKind::UserDefined);
        let mut records: Vec<(&str, u32)> =
            pieces.iter().zip(0..).filter(|(p, _)| in_text(p.2)).map(|(p, id)| (p.0.as_str(), id)).collect();
        records.sort_unstable();
        let trie = crawdad::Trie::from_records(records)
            .map_err(|error| format!("the pieces are unusable: {error}"))?;
        let unknown = pieces.iter().zip(0..).find(|(p, _)| p.2 == PieceKind::Unknown);
        let (_, unknown) = unknown.ok_or("the model has no unknown piece")?;
        let normal = || pieces.iter().filter(|p| p.2 == PieceKind::Normal).map(|p| p.1);
        let lowest = normal().fold(f32::INFINITY, f32::min);
        let highest = normal().fold(f32::NEG_INFINITY, f32::max);
        let gain = |(piece, score, kind): &(String, f32, PieceKind)| match kind {
            PieceKind::UserDefined => piece.len() as f32 * highest - 0.1,
            _ => *score,
        };
        let (gains, loss) = (pieces.iter().map(gain).collect(), lowest - UNKNOWN_PENALTY);
        let apart = pieces.iter().zip(0..).filter(|(p, _)| !in_text(p.2)).map(|(_, id)| id).collect();
        Ok(Self { trie, apart, unknown, gains, loss, pieces })
    }

    /// Returns the number of pieces.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Tests whether there are no pieces.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Returns the id for characters that no piece covers.
    pub fn unknown(&self) -> u32 {
        self.unknown
    }

    /// Returns the piece with this id.
    pub fn piece(&self, id: u32) -> Option<(&str, PieceKind)> {
        self.pieces.get(id as usize).map(|(piece, _, kind)| (piece.as_str(), *kind))
    }

    /// Returns the id of a piece, the lowest where a piece is there twice.
    pub fn id(&self, piece: &str) -> Option<u32> {
        let apart = self.apart.iter().copied().find(|&id| self.pieces[id as usize].0 == piece);
        apart.into_iter().chain(self.trie.exact_match(piece.chars())).min()
    }

    /// Appends the ids of the morpheme's best segmentation.
    ///
    /// The result is SentencePiece's to the bit (`unigram_model.cc`, `EncodeOptimized`): sums are in single
    /// precision, and of two equal ones the first found stays.
    pub fn encode(&self, morpheme: &str, buffer: &mut EncodeBuffer, ids: &mut Vec<u32>) {
        let EncodeBuffer { chars, best } = buffer;
        chars.clear();
        chars.extend(morpheme.chars());
        best.clear();
        best.resize(chars.len() + 1, Best { score: 0.0, start: UNREACHED, id: 0 });
        for start in 0..chars.len() {
            let here = best[start].score;
            let mut single = false;
            let mut relax = |end: usize, id: u32, score: f32| {
                let candidate = score + here;
                let target = &mut best[end];
                if target.start == UNREACHED || candidate > target.score {
                    *target = Best { score: candidate, start: start as u32, id };
                }
            };
            for (id, length) in self.trie.common_prefix_search(chars[start..].iter().copied()) {
                relax(start + length, id, self.gains[id as usize]);
                single |= length == 1;
            }
            if !single {
                relax(start + 1, self.unknown, self.loss);
            }
        }
        let from = ids.len();
        let mut end = chars.len();
        while end > 0 {
            let Best { start, id, .. } = best[end];
            // SentencePiece writes neighbouring unknown characters as one.
            if !(id == self.unknown && ids.len() > from && ids.last() == Some(&id)) {
                ids.push(id);
            }
            end = start as usize;
        }
        ids[from..].reverse();
    }
}

/// Buffers of [`Unigram::encode`], kept between calls.
#[derive(Default)]
pub struct EncodeBuffer {
    chars: Vec<char>,
    best: Vec<Best>,
}

/// Reads a piece; the error continues the sentence "piece 5 …".
fn read_piece(message: &[u8]) -> Result<(String, f32, PieceKind), &'static str> {
    let (mut piece, mut score, mut kind) = (String::new(), 0.0, PieceKind::Normal);
    for field in Fields(message) {
        match field.ok_or("is damaged")? {
            (1, Value::Bytes(text)) => {
                piece = String::from_utf8(text.to_vec()).map_err(|_| "is not UTF-8")?;
            }
            (2, Value::Fixed32(bytes)) => score = f32::from_le_bytes(bytes),
            (3, Value::Varint(number)) => {
                kind = match number {
                    1 => PieceKind::Normal,
                    2 => PieceKind::Unknown,
                    3 => PieceKind::Control,
                    4 => PieceKind::UserDefined,
                    5 | 6 => {
                        return Err("is of a kind (unused, byte) that ncvc does not read; train without it");
                    }
                    _ => return Err("is damaged: there is no such kind of piece"),
                }
            }
            _ => {} // fields of later versions
        }
    }
    Ok((piece, score, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(pieces: &[(&str, f32)]) -> Unigram {
        let mut all = vec![
            ("<unk>".to_owned(), 0.0, PieceKind::Unknown),
            ("\n".to_owned(), 0.0, PieceKind::UserDefined),
        ];
        all.extend(pieces.iter().map(|&(piece, score)| (piece.to_owned(), score, PieceKind::Normal)));
        Unigram::new(all).expect("pieces are apart")
    }

    fn encode(model: &Unigram, morpheme: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        model.encode(morpheme, &mut EncodeBuffer::default(), &mut ids);
        ids
    }

    #[test]
    fn the_highest_total_wins() {
        let model = model(&[("高", -3.0), ("血", -3.0), ("圧", -3.0), ("高血", -5.0), ("血圧", -4.0)]);
        assert_eq!(encode(&model, "高血圧"), [2, 6]);
        assert_eq!(encode(&model, "\n"), [1]);
        assert_eq!(encode(&model, ""), Vec::<u32>::new());
    }

    #[test]
    fn unknown_characters_side_by_side_are_one() {
        let model = model(&[("高", -3.0)]);
        assert_eq!(encode(&model, "圧圧高圧"), [0, 2, 0]);
    }

    #[test]
    fn a_piece_has_the_id_of_its_first_position() {
        let mut all = vec![("高".to_owned(), 0.0, PieceKind::Control)];
        let kinds = [PieceKind::Unknown, PieceKind::Normal, PieceKind::UserDefined, PieceKind::Control];
        let pieces = ["<unk>", "高", "高血", "<s>"];
        all.extend(pieces.iter().zip(kinds).map(|(piece, kind)| ((*piece).to_owned(), -1.0, kind)));
        all.push(("<s>".to_owned(), 0.0, PieceKind::Control));
        let model = Unigram::new(all.clone()).expect("pieces in text are apart");
        for piece in [pieces.as_slice(), &["", "血", "高血圧", "\0"]].concat() {
            let position = all.iter().position(|(p, ..)| p == piece);
            assert_eq!(model.id(piece).map(|id| id as usize), position, "{piece:?}");
        }
    }

    #[test]
    fn a_damaged_model_is_refused() {
        assert!(Unigram::from_bytes(b"\x0a\xff").is_err());
        assert!(Unigram::from_bytes(b"").is_err());
    }
}

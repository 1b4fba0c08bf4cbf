//! Type in which a dataset stores its tokens; `ncvc/indexed.py` writes its index.

/// Stored type of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// 16 bits, for vocabularies below 65,500, as in megatron-core.
    U16,
    /// 32 bits, for larger ones.
    I32,
}

impl TokenType {
    /// Chooses the type for the size of a vocabulary (`DType.optimal_dtype`).
    pub fn for_vocabulary(size: usize) -> Self {
        if size < 65_500 { Self::U16 } else { Self::I32 }
    }

    /// Appends tokens as stored; they must be below the size of the vocabulary that chose the type.
    pub fn push(self, tokens: &[u32], bytes: &mut Vec<u8>) {
        debug_assert!(self == Self::I32 || tokens.iter().all(|&token| token < 65_500));
        match self {
            Self::U16 => tokens.iter().for_each(|&t| bytes.extend_from_slice(&(t as u16).to_le_bytes())),
            Self::I32 => tokens.iter().for_each(|&t| bytes.extend_from_slice(&t.to_le_bytes())),
        }
    }
}

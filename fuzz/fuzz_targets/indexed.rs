//! Megatron's indexed dataset: what was written is found again where the index says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ncvc_core::indexed::{IndexedWriter, TokenType};

fuzz_target!(|data: &[u8]| {
    let (head, data) = ncvc_fuzz::choice(data);
    let kind = if head & 1 == 0 { TokenType::U16 } else { TokenType::I32 };
    // Documents end at a 0; a byte is a token.
    let documents: Vec<Vec<u32>> = data
        .split(|&byte| byte == 0)
        .map(|document| document.iter().map(|&byte| byte.into()).collect())
        .collect();
    let prefix = ncvc_fuzz::file("dataset", b"");
    let mut writer = IndexedWriter::create(&prefix, kind).expect("the folder can be written");
    for document in &documents {
        let mut bytes = Vec::new();
        kind.push(document, &mut bytes);
        writer.write_tokens(&bytes).expect("the folder can be written");
        writer.write_lengths(&(document.len() as i32).to_le_bytes()).expect("the folder can be written");
    }
    let totals = writer.finish().expect("the folder can be written");
    let tokens = documents.iter().map(Vec::len).sum::<usize>() as u64;
    assert_eq!((totals.documents, totals.tokens), (documents.len() as u64, tokens));

    let [bin, idx] =
        ["bin", "idx"].map(|name| std::fs::read(prefix.with_extension(name)).expect("it was written"));
    let count = documents.len();
    assert_eq!(&idx[..17], b"MMIDIDX\0\0\x01\0\0\0\0\0\0\0");
    assert_eq!(idx[17], if kind == TokenType::U16 { 8 } else { 4 });
    let long = |at: usize| u64::from_le_bytes(*idx[at..].first_chunk().expect("it is there")) as usize;
    assert_eq!((long(18), long(26), idx.len()), (count, count + 1, 34 + 20 * count + 8));
    for (number, document) in documents.iter().enumerate() {
        let length = u32::from_le_bytes(*idx[34 + 4 * number..].first_chunk().expect("it is there")) as usize;
        let offset = long(34 + 4 * count + 8 * number);
        let stored = &bin[offset..][..length * kind.size()];
        let stored = stored
            .chunks_exact(kind.size())
            .map(|token| token.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte)));
        assert_eq!(stored.collect::<Vec<_>>(), *document);
        assert_eq!(long(34 + 12 * count + 8 * number), number);
    }
});

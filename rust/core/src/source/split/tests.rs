use std::io::Write;

use encoding_rs::{EUC_JP, SHIFT_JIS};

use super::*;
use crate::source::{Documents, Line};

/// Documents of a file, with their numbers.
type Found = Vec<(u64, String)>;

struct Stored {
    folder: tempfile::TempDir,
    file: SourceFile,
    size: u64,
}

fn stored(format: Format, bytes: &[u8]) -> Stored {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).expect("a file");
    Stored { folder, file: SourceFile::new(path, format), size: bytes.len() as u64 }
}

fn documents(file: &SourceFile, longest: usize) -> (Found, String, bool) {
    let mut found = Vec::new();
    let opened = Documents::open(file, "text", None, longest, &Arc::default());
    let mut documents = match opened {
        Ok(documents) => documents,
        Err(error) => return (vec![(0, format!("{error:?}"))], String::new(), false),
    };
    loop {
        let mut buffer = Vec::new();
        let line = documents.next(&mut buffer);
        match line {
            Ok(Line::End) => return (found, documents.sha256(), documents.changed()),
            Ok(Line::Whole) => found.push((documents.number(), format!("{:?}", buffer.escape_ascii()))),
            Ok(line) => found.push((documents.number(), format!("{line:?}"))),
            Err(error) => {
                found.push((documents.number(), format!("{error:?}")));
                return (found, documents.sha256(), documents.changed());
            }
        }
    }
}

fn ranges(stored: &Stored, size: u64) -> Split {
    let count = usize::try_from(stored.size / size).expect("a few").max(1);
    split(&stored.file, None, (size, count), &mut |_| Ok(())).expect("nothing stops it")
}

/// Asserts that ranges of every size give what one reader gives; returns whether the file is split.
fn is_split(format: Format, bytes: &[u8], sizes: &[u64]) -> bool {
    let stored = stored(format, bytes);
    let mut any = false;
    for longest in [1 << 20, 9] {
        let (expected, sha256, _) = documents(&stored.file, longest);
        for &size in sizes {
            let Split::Ranges(ranges) = ranges(&stored, size) else { continue };
            any |= ranges.iter().filter(|range| range.bytes > 0).count() > 1;
            let mut found = Vec::new();
            for range in ranges {
                assert_eq!(range.sha256, sha256);
                let file = SourceFile { range: Some(range), ..stored.file.clone() };
                let (part, _, changed) = documents(&file, longest);
                assert!(!changed);
                found.extend(part);
            }
            assert_eq!(found, expected, "size {size}, longest {longest}, {bytes:?}");
        }
    }
    any
}

fn every_size(bytes: &[u8]) -> Vec<u64> {
    (1..=bytes.len() as u64).collect()
}

/// Zstandard with a frame for each piece.
fn frames(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.iter().flat_map(|piece| frame(piece)).collect()
}

fn frame(piece: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
    encoder.include_checksum(true).expect("memory");
    encoder.write_all(piece).expect("memory");
    encoder.finish().expect("memory")
}

fn skippable(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("it is short");
    [&0x184d_2a5a_u32.to_le_bytes()[..], &length.to_le_bytes(), content].concat()
}

#[test]
fn ranges_give_what_one_reader_gives() {
    let lines = "{\"text\":\"熱\"}\n\n\r\n{\"text\":\"咳\"}\r\n 　\n肺炎の疑い。";
    let shift_jis = SHIFT_JIS.encode("肺炎の疑い。\n表示ソ\n\n退院\n").0;
    let euc_jp = EUC_JP.encode("a\n肺炎の疑い。\n\n退院した。\n").0;
    let cases: [&[u8]; 16] = [
        lines.as_bytes(),
        b"\xef\xbb\xbfa\n\nb\n",
        b"a\rb\r\rc\r\rd",
        b"a\r\nb\r\n\r\nc\r\n\r\n\r\nd\r\n",
        b"\n\n\n\n",
        b"\r\n\r\n\r\n",
        b"a\n\n\n0123456789abcdef\n\nb",
        b"\n\na\n\nb\n\n",
        b"a\n\n\xff\n\n\xe7\x97\n\nb\n",
        b"x\n\n\x1b[1my\n\nz\n",
        b"a\n\nb",
        b"a\n\n\x00\n\nb\n",
        &shift_jis,
        &euc_jp,
        &[b"a\n\n".repeat(5), b"\x82\n\n".to_vec(), shift_jis.to_vec(), b"\x82".to_vec()].concat(),
        // The first character is decided on by what follows, some of it in later ranges.
        &["a\n\n°\n\n".as_bytes(), &shift_jis, &shift_jis].concat(),
    ];
    for bytes in cases {
        for format in [Format::JsonLines, Format::Paragraphs] {
            let sizes = every_size(bytes);
            is_split(format, bytes, &sizes);
            let halves = bytes.split_at(bytes.len() / 2);
            let thirds = bytes.split_at(bytes.len() / 3);
            let by_line: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            for packed in [
                frames(&[halves.0, halves.1]),
                frames(&[b"", thirds.0, b"", thirds.1]),
                frames(&by_line),
                [
                    skippable(b"abc"),
                    frames(&[halves.0]),
                    skippable(b""),
                    frames(&[halves.1]),
                    skippable(b"x"),
                ]
                .concat(),
            ] {
                let sizes: Vec<u64> = (1..=packed.len() as u64).step_by(7).collect();
                is_split(format, &packed, &sizes);
            }
        }
    }
}

#[test]
fn lines_and_frames_are_parted() {
    for bytes in [b"{}\n{}\n{}\n".to_vec(), b"a\r\rb\r\rc".to_vec(), frames(&[b"{}\n", b"{}\n"])] {
        assert!(is_split(Format::JsonLines, &bytes, &every_size(&bytes)));
    }
    for bytes in [b"a\n\nb\n\nc".to_vec(), b"a\r\n\r\nb".to_vec(), frames(&[b"a\n\n", b"b\n\n"])] {
        assert!(is_split(Format::Paragraphs, &bytes, &every_size(&bytes)));
    }
    assert!(!is_split(Format::Paragraphs, b"a\nb\nc\n", &[1, 2, 3]));
    assert!(!is_split(Format::JsonLines, &frame(b"{}\n{}\n{}\n"), &[1, 2, 3]));
}

#[test]
fn a_range_begins_with_the_first_line_behind_its_first_byte() {
    let bytes = b"0\n2345\n7\n9";
    let starts = |size| {
        let Split::Ranges(found) = ranges(&stored(Format::JsonLines, bytes), size) else { return Vec::new() };
        found.iter().map(|range| (range.offset, range.bytes, range.lines)).collect::<Vec<_>>()
    };
    assert_eq!(starts(2), [(0, 2, 0), (2, 5, 1), (7, 0, 2), (7, 2, 2), (9, 1, 3)]);
    assert_eq!(starts(5), [(0, 7, 0), (7, 3, 2)]);
}

#[test]
fn what_hangs_together_is_not_split() {
    let utf_16: Vec<u8> = "id\n肺炎\n".repeat(9).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"{}\n{}\n").expect("memory");
        encoder.finish().expect("memory")
    };
    let damaged = frames(&[b"{}\n", b"{}\n"]);
    let cases: [(&[u8], Whole); 7] = [
        (b"[\n{}\n]", Whole::NoLines),
        (&utf_16, Whole::Encoding),
        (&[b"\xff\xfe".as_slice(), &utf_16].concat(), Whole::Encoding),
        (b"a\n\x1b$B7l05\x1b(B\nb\n", Whole::Encoding),
        (&gzip, Whole::Compression),
        (&damaged, Whole::Compression),
        (b"\x00\x01\x02\x03\x04\n{}\n", Whole::Damaged),
    ];
    for (bytes, why) in cases {
        assert_eq!(ranges(&stored(Format::JsonLines, bytes), 2), Split::Whole(why), "{bytes:?}");
    }
    for bytes in [damaged[..damaged.len() - 1].to_vec(), [damaged.clone(), b"{}\n".to_vec()].concat()] {
        assert_eq!(ranges(&stored(Format::JsonLines, &bytes), 16), Split::Whole(Whole::Damaged), "{bytes:?}");
    }
    let missing = stored(Format::JsonLines, b"{}\n{}\n");
    std::fs::remove_file(&missing.file.path).expect("it was there");
    assert_eq!(ranges(&missing, 2), Split::Whole(Whole::Unreadable));
    drop(missing.folder);
    assert_eq!(ranges(&stored(Format::Text, b"a\nb\n"), 2), Split::Whole(Whole::NoLines));
}

#[test]
fn a_changed_range_is_noticed() {
    let before = b"{}\n{\"a\":1}\n{}\n";
    let stored = stored(Format::JsonLines, before);
    let Split::Ranges(found) = ranges(&stored, 4) else { unreachable!("it has lines") };
    let changed = |now: &[u8]| {
        std::fs::write(&stored.file.path, now).expect("a file");
        let each = found
            .iter()
            .map(|range| documents(&SourceFile { range: Some(range.clone()), ..stored.file.clone() }, 99).2);
        each.collect::<Vec<_>>()
    };
    assert_eq!(changed(before), [false, false, false]);
    assert_eq!(changed(b"{}\n{\"a\":2}\n{}\n"), [true, false, false]);
    assert_eq!(changed(b"{}\n{\"a\":1}\n{ \n"), [false, false, true]);
    assert_eq!(changed(&before[..5]), [true, false, true]);
}

/// Numbers below a bound, the same ones in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).expect("it is below a bound")
    }
}

#[test]
fn any_ranges_give_what_one_reader_gives() {
    let kinds: [&[u8]; 14] = [
        b"\n",
        b"\n\n",
        b"\r\n",
        b"\r",
        b"a",
        b" ",
        b"{}",
        b"[",
        "熱発".as_bytes(),
        "　".as_bytes(),
        b"\x82\xa0",
        b"\xff",
        b"\x1b[m",
        b"\xef\xbb\xbf",
    ];
    let mut numbers = Numbers(1);
    let mut split = 0;
    for case in 0..200 {
        let used = 1 + numbers.below(kinds.len());
        let content: Vec<u8> =
            (0..numbers.below(40)).flat_map(|_| kinds[numbers.below(used)]).copied().collect();
        let format = if case % 2 == 0 { Format::Paragraphs } else { Format::JsonLines };
        let mut cuts: Vec<usize> = (0..numbers.below(5)).map(|_| numbers.below(content.len() + 1)).collect();
        cuts.extend([0, content.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &content[cut[0]..cut[1]]).collect();
        let packed = frames(&pieces);
        let sizes: Vec<u64> = (1..=packed.len() as u64).step_by(1 + numbers.below(9)).collect();
        split += usize::from(is_split(format, &content, &every_size(&content)));
        split += usize::from(is_split(format, &packed, &sizes));
    }
    assert!(split > 100, "{split} of 400");
}

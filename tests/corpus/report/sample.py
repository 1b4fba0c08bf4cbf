"""A run's data, made up, with text that tries to break out of the page."""

from typing import Any

HOSTILE = "<script>document.title='broken'</script></style><img src=http://127.0.0.1:9/x>\u202e逆\u0000\"'&amp;"


def place(document: int) -> dict[str, Any]:
    return {"hash": document, "file": "raw/a<b>.jsonl.zst", "document": document}


def change(left: str, before: str, after: str, right: str) -> dict[str, str]:
    return {"left": left, "before": before, "after": after, "right": right}


def source(name: str, scale: int) -> dict[str, Any]:
    read = [0] * 20 + [scale * n for n in (1, 3, 6, 10, 14, 19, 25, 31, 36, 40, 38, 33, 27, 20, 15, 10, 6, 3, 1)]
    kept = [0] * 24 + [scale * n for n in (5, 12, 17, 23, 29, 34, 38, 36, 31, 26, 19, 14, 9, 5, 2)]
    dropped = sum(read) - sum(kept)
    near = dropped // 3
    return {
        "name": name,
        "quarantined": 2 * scale,
        "removed_bytes": {
            "cleaning": 7_654 * scale,
            "filters": 321 * scale,
            "documents": {},
            "sentences": 98_765 * scale,
        },
        "statistics": {
            "read": {
                "documents": sum(read),
                "bytes": sum(read) * 4_321,
                "lengths": read,
                "scripts": [scale * n for n in (900, 51_000, 17_000, 43_000, 8_000, 5_000, 14_000, 4_000)],
            },
            "kept": {
                "documents": sum(kept),
                "bytes": sum(kept) * 4_007,
                "lengths": kept,
                "scripts": [scale * n for n in (0, 47_000, 14_000, 41_000, 3_000, 3_900, 10_000, 1_200)],
            },
            "rules": {
                "nfkc": {
                    "documents": 177 * scale,
                    "edits": 5_210 * scale,
                    "examples": [
                        [place(3), change("入院時の体温は", "３７．８", "37.8", "℃、血圧は")],
                        [place(9), None],
                        [place(12), change("アルブミンは", "ｱﾙﾌﾞﾐﾝ", "アルブミン", "と表記する。")],
                    ],
                },
                "personal": {
                    "documents": 23 * scale,
                    "edits": 31 * scale,
                    "examples": [[place(44), change("ご予約は電話", "■■■", "", "までご連絡ください。")]],
                },
                "birth_date": {"documents": 19 * scale, "edits": 20 * scale, "examples": []},
                "allowed": {
                    "documents": 61 * scale,
                    "edits": 402 * scale,
                    "examples": [[place(71), change(HOSTILE, "😀", "", "よかった")]],
                },
            },
            "dropped": {
                "too_short": {
                    "documents": dropped - near,
                    "bytes": 71_234 * scale,
                    "examples": [[place(5), {"text": "続きを読む"}], [place(8), {"text": HOSTILE, "more": 1_204}]],
                },
                "near_duplicate_document": {
                    "documents": near,
                    "bytes": 181_234 * scale,
                    "examples": [
                        [place(6), {"text": "当院の診療時間は平日の午前九時から午後五時までです。", "more": 300}]
                    ],
                },
            },
            "tokens": {
                "documents": sum(kept),
                "bytes": sum(kept) * 3_980,
                "tokens": 61_000 * scale,
                "morphemes": 52_345 * scale,
                "lengths": [0] * 20 + kept[24:],
                "frequency": [0, 5, 7],
            },
        },
    }


def data() -> dict[str, Any]:
    return {
        "version": "0.1.0",
        "sources": [source("wikipedia", 90), source("oscar <2301>", 700), source("medical", 9)],
        "duplicates": {
            "documents": 1_234,
            "near_documents": 567,
            "sentences": 89_012,
            "sentence_bytes": 3_456_789,
            "clusters": [
                {
                    "first": {"text": "当院の診療時間は平日の午前九時から", "more": 812},
                    "size": 41,
                    "members": [{"file": "raw/b.jsonl", "document": 17, "similarity": 0.912}],
                },
                {"first": {"text": HOSTILE}, "size": 12, "members": []},
            ],
        },
        "pieces": [
            {"piece": p, "count": 98_765 // (i + 1)}
            for i, p in enumerate(["の", "、", "。", "を", "に", "は", "▁", "た", "が", "患者", "<b>"])
        ],
        "unknown_tokens": 0,
        "stages": [
            {"name": "cleaning", "seconds": 123.4, "bytes": 900_000_000},
            {"name": "deduplication", "seconds": 21.0, "bytes": 800_000_000},
            {"name": "encoding", "seconds": 88.8, "bytes": 780_000_000},
        ],
        "config": {"sources": [{"name": "wikipedia", "inputs": ["raw/*.jsonl.zst"]}], "threads": 2},
    }

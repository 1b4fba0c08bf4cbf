"""Which candidates SentencePiece gets."""

from ncvc.tokenizer.seeds import LONGEST, seeds


def test_every_part_weighs_its_length_times_its_count() -> None:
    found = dict(seeds([("必要性", 2), ("必要", 3), ("性", 1)], "必要性鬱"))
    assert found == {"必": 5, "要": 5, "性": 3, "鬱": 1, "必要": 10, "要性": 4, "必要性": 6}


def test_no_part_is_longer_than_a_piece_may_be() -> None:
    found = dict(seeds([("あ" * 40, 2)], ""))
    assert max(map(len, found)) == LONGEST


def test_frequent_morphemes_become_pieces(tokenizer_folder, lines) -> None:
    from collections import Counter

    import ncvc

    tokenizer = ncvc.Tokenizer.load(tokenizer_folder)
    counts = Counter(morpheme for morphemes in tokenizer.split_batch(lines) for morpheme in morphemes)
    frequent = [m for m, _ in counts.most_common(700) if 1 < len(m) <= LONGEST]
    assert len(frequent) > 300
    whole = [m for m in frequent if tokenizer.piece_to_id(m) is not None]
    # SentencePiece's own candidates leave out every second one.
    assert len(whole) > 0.95 * len(frequent)

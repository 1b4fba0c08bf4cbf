"""Rounds the scores of a SentencePiece model, so that all engines choose the same pieces.

SentencePiece adds scores in single precision, Hugging Face's tokenizers in double. Where two segmentations are equally
probable (`#|##`, `##|#`), rounding errors decide, differently. Sums of multiples of 2⁻¹³ are exact in both.
"""

import struct

STEP = 2**-13

# Wire keys of sentencepiece_model.proto: field number << 3 | wire type.
PIECES = 1 << 3 | 2
PIECE = 1 << 3 | 2
SCORE = 2 << 3 | 5


def round_scores(model: bytes) -> bytes:
    """Returns the serialized ModelProto with every score rounded to a multiple of 2⁻¹³."""
    out, at = bytearray(model), 0
    while at < len(model):
        key, at = _varint(model, at)
        size, at = _varint(model, at)  # a ModelProto holds nothing but messages
        if key == PIECES:
            _round_score(out, at, at + size)
        at += size
    return bytes(out)


def _round_score(out: bytearray, at: int, end: int) -> None:
    while at < end:
        key, at = _varint(out, at)
        if key == PIECE:
            size, at = _varint(out, at)
            at += size
        elif key == SCORE:
            (score,) = struct.unpack_from("<f", out, at)
            struct.pack_into("<f", out, at, round(score / STEP) * STEP)
            at += 4
        else:  # the piece's type
            _, at = _varint(out, at)


def _varint(data: bytes | bytearray, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at

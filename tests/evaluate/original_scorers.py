"""The benchmarks' own scorers, written again from their specification by another author than `ncvc.evaluate.scorers`.

Plain and slow, quirks included: the first half-width letter, the "partial" F1 that passes 1, the exam's split at commas.
"""

import ast
import unicodedata
from collections.abc import Sequence

HALF_WIDTH_KANA = [chr(code) for code in range(0xFF61, 0xFFA0)]
ZEN_TO_HAN = {
    **{unicodedata.normalize("NFKC", kana): kana for kana in HALF_WIDTH_KANA if kana not in "ﾞﾟ"},
    **{
        unicodedata.normalize("NFKC", kana + mark): kana + mark
        for kana in HALF_WIDTH_KANA
        for mark in "ﾞﾟ"
        if len(unicodedata.normalize("NFKC", kana + mark)) == 1 and kana + mark not in ("ﾜﾞ", "ｦﾞ")
    },
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **{"\u3000": " ", "’": "'", "‘": "`", "”": '"', "゛": "ﾞ", "゜": "ﾟ", "￥": "¥"},
    **{"＂": "＂", "＇": "＇", "｀": "｀"},
}
"""Full-width → half-width of the package that the exam's scripts use: kana too, and these three marks not."""


def first_letter(output: str) -> str:
    for character in output:
        if character in {"A", "B", "C", "D", "E", "F"}:
            return character
    return "None"


class NotALiteralError(ValueError):
    """An expression that a literal reader must refuse."""


def refuse_code(node: ast.AST | None) -> None:
    """Passes literals only: texts, bytes, numbers, their signs, complex sums, None, ..., lists, tuples, sets, dicts."""
    match node:
        case ast.Constant():
            return None
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            pass
        case ast.Dict(keys=keys, values=values):
            parts = [*keys, *values]
        case ast.UnaryOp():
            return refuse_other_numbers(node, (int, float, complex))
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant(value=complex())):
            return refuse_other_numbers(left, (int, float))
        case _:
            raise NotALiteralError(type(node).__name__)
    for part in parts:
        refuse_code(part)
    return None


def refuse_other_numbers(node: ast.AST, kinds: tuple[type, ...]) -> None:
    operand = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub) else node
    if not isinstance(operand, ast.Constant) or type(operand.value) not in kinds:
        raise NotALiteralError(ast.dump(node)[:80])


def entity_list(output: str) -> list[object]:
    """Evaluates an output as the original does, but only a tree of literals; anything but a list is empty."""
    try:
        tree = ast.parse(output.lstrip(" \t"), mode="eval")
        refuse_code(tree.body)
        value = eval(compile(tree, "output", "eval"), {"__builtins__": {}})
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return []
    return value if isinstance(value, list) else []


def harmonic_mean(recall: float, precision: float) -> float:
    return (2 * recall * precision) / (recall + precision) if recall + precision else 0.0


def exact_f1(gold: Sequence[object], predicted: Sequence[object]) -> float:
    """Raises a TypeError where an entity fits in no set, as the original does."""
    right, said = set(gold), set(predicted)
    both = len(right & said)
    return harmonic_mean(both / len(right), both / len(said) if said else 0.0)


def partial_f1(gold: Sequence[object], predicted: Sequence[object]) -> float:
    """Asks of each gold entity for any predicted one with either in the other *set*."""
    right, said = set(gold), set(predicted)
    counted = 0
    for entity in right:
        counted += any(entity in said or other in right for other in said)
    return harmonic_mean(counted / len(right), counted / len(said) if said else 0.0)


def exam_pieces(output: str) -> list[str]:
    return sorted("".join(ZEN_TO_HAN.get(character, character) for character in output).lower().split(","))


def exam_is_right(problem: str, output: str, answer: Sequence[str]) -> bool:
    if problem == "116A71":
        return True
    if problem == "112B30" and exam_pieces(output) in (["a"], ["d"]):
        return True
    return exam_pieces(output) == sorted(answer)

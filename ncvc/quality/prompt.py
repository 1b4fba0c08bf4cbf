"""The papers' question about a text's quality, and the two answers to it (technical report 2.1.1)."""

from typing import Literal

from ncvc.data.rows import Message

Label = Literal["高", "低"]

PROMPT = (
    "あなたは誠実で優秀な日本人のアシスタントです。入力された文章が教科書レベルの品質かどうかを判断してください。"
    "回答は’高’または’低’のみを出力してください。"
)
"""As the papers have it, quotation marks included."""
AROUND = " \u3000\r\n\t「」『』｢｣’‘'\"“”。｡．.、､，,"
"""Characters that may stand around the answer."""


def messages(text: str, most_characters: int) -> list[Message]:
    """Returns the turns: the question as the system's, the beginning of a cleaned text as the user's.

    ▁ becomes a space again, as models have seen it.
    """
    shown = text[:most_characters].replace("▁", " ")
    return [Message(role="system", content=PROMPT), Message(role="user", content=shown)]


def read_label(answer: str) -> Label | None:
    """Reads an answer; None for one that is neither 高 nor 低, marks around it apart."""
    match answer.strip(AROUND):
        case "高":
            return "高"
        case "低":
            return "低"
        case _:
            return None

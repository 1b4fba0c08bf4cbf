"""Words turns as plain text, as the benchmarks' scripts do for models without a chat template."""

from collections.abc import Sequence

from ncvc.data.rows import Message


def plain_text(messages: Sequence[Message], *, exam: bool) -> str:
    """Joins turns as the benchmark's script does; other than in the examination, the text ends in a line feed.

    The examination: question and answer line by line, without the system's turn (the script for GPT-3). Elsewhere:
    the system's turn, an empty line, the question (the script without a system role).
    """
    if exam:
        return "\n".join(message.content for message in messages if message.role != "system")
    text = "\n\n".join(message.content for message in messages)
    return text if text.endswith("\n") else f"{text}\n"


def plain_stop(*, exam: bool) -> tuple[str, ...]:
    """Strings that end an answer in plain form; one to the examination is a line, as the solved examples are."""
    return ("\n",) if exam else ()


def without_system(messages: Sequence[Message]) -> list[Message]:
    """Puts the system's turn before the user's first one, for templates that know no system (the scripts' way)."""
    if messages[0].role != "system":
        return list(messages)
    first = Message(role="user", content=f"{messages[0].content}\n\n{messages[1].content}")
    return [first, *messages[2:]]

"""`ncvc chat`."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncvc.cli.options import (
    PATH,
    Command,
    device_option,
    dtype_option,
    max_new_tokens_option,
    plain_chat_option,
    temperature_option,
    top_p_option,
    warn,
)

if TYPE_CHECKING:
    from ncvc.engines.base import Engine
    from ncvc.hf.chat import ChatFormat, Message
    from ncvc.hf.row import Sampling

MARKS = '"""'
HELP = f"""\
{MARKS}        begins and ends a message of several lines
/new       begins a new conversation
/undo      forgets the last question and its answer
/system …  sets the system message, and begins a new conversation
/help      shows this text
/exit      ends, as Ctrl-D does. Ctrl-C stops an answer, and ends where none is being written."""


@click.command(cls=Command, no_args_is_help=True)
@click.argument("model", type=PATH)
@click.option("--system", default="", help="The system message: the model's role, and how to answer.")
@max_new_tokens_option
@temperature_option
@top_p_option
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same text.")
@device_option
@dtype_option
@plain_chat_option
def chat(
    model: Path,
    system: str,
    max_new_tokens: int,
    temperature: float,
    top_p: float,
    seed: int,
    device: str,
    dtype: str,
    plain_chat: bool,
) -> None:
    """Talks with MODEL, a folder of `ncvc convert` or a GGUF file, in a terminal; nothing is stored.

    \b
    Examples:
      ncvc chat my-model
      ncvc chat my-gguf --system '短く答えてください。' --temperature 0
      ncvc chat my-base-model --plain-chat
    """
    # Wrong input is answered before the imports that take seconds.
    from ncvc.engines.source import open_source
    from ncvc.errors import NcvcError
    from ncvc.hf.chat import PlainFormat

    source = open_source(model)
    form = source.chat_format() or (PlainFormat() if plain_chat else None)
    if form is None:
        raise NcvcError(
            f"{model}: a base model without a chat template; `ncvc generate` continues text, or give --plain-chat"
        )
    engine = source.load(device=device, dtype=dtype, slots=1)

    from ncvc.hf.row import Sampling

    sampling = Sampling(max_new_tokens=max_new_tokens, temperature=temperature, top_p=top_p, seed=seed, stop=form.stop)
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 (lines can be edited, and earlier ones come back)
    if sys.stdin.isatty():
        click.echo(HELP, err=True)
    unanswered = talk(engine, form, sampling, system)
    if unanswered and not sys.stdin.isatty():
        sys.exit(1)


def talk(engine: "Engine", form: "ChatFormat", sampling: "Sampling", system: str) -> int:
    """Reads questions from standard input and writes the answers, until there are no more.

    Returns the number of questions that got no answer.
    """
    turns: list[Message] = []
    unanswered = 0
    while (asked := _message()) is not None:
        word, _, rest = asked.partition(" ")
        match word:
            case "":
                continue
            case "/exit":
                break
            case "/help":
                click.echo(HELP, err=True)
            case "/new":
                turns = []
            case "/undo":
                turns = turns[:-2]
            case "/system":
                system, turns = rest.strip(), []
            case _ if word.startswith("/"):
                warn(f"{word}: no such command; /help lists them")
                unanswered += 1
            case _:
                conversation: list[Message] = [*turns, {"role": "user", "content": asked}]
                answer = _answer(engine, form, sampling, conversation, system)
                if answer is None:
                    unanswered += 1
                else:
                    turns = [*conversation, {"role": "assistant", "content": answer}]
    return unanswered


def _message() -> str | None:
    """The next line, or what stands between two `MARKS`; None at the end of the input."""
    line = _line("> ")
    if line is None or not line.startswith(MARKS):
        return line and line.strip()
    lines = [line.removeprefix(MARKS)]
    while not lines[-1].endswith(MARKS) and (line := _line("… ")) is not None:
        lines.append(line.rstrip())
    return "\n".join(lines).removesuffix(MARKS).strip()


def _line(prompt: str) -> str | None:
    """The next line; None at the end of the input."""
    try:
        return input(prompt if sys.stdin.isatty() else "")
    except EOFError:
        if sys.stdin.isatty():
            click.echo()
        return None


def _answer(
    engine: "Engine", form: "ChatFormat", sampling: "Sampling", turns: "list[Message]", system: str
) -> str | None:
    """Streams the answer; Ctrl-C stops it. None where the conversation is too long or has no place in the template."""
    from ncvc.errors import PromptError
    from ncvc.hf.row import Row
    from ncvc.hf.tokenizer import prompt_ids, require_characters

    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    try:
        require_characters("".join(message["content"] for message in [*messages, *turns]))
        ids = prompt_ids(engine.tokenizer, form.encode(engine.tokenizer, [*messages, *turns]), engine.max_tokens)
    except PromptError as error:
        warn(f"{error}; /new begins a new conversation")
        return None
    row = Row(
        engine.tokenizer,
        ids,
        sampling,
        max_tokens=engine.max_tokens,
        on_text=lambda text: click.echo(text, nl=False),
    )
    try:
        engine.join([row])
        while engine.rows:
            engine.step()
    except KeyboardInterrupt:
        row.cancel()
        engine.reset()
    click.echo()
    return row.text

"""Continues prompts in batches with a key-value cache.

A row's text depends on its prompt, its sampling and the model alone, not on the other rows: each row has a random
number generator of its own, and close choices are made by the row alone. Padding and batch size change the order in
which floating-point sums are taken, and so the logits by a little. Where that could change the choice (the best two
candidates are closer than `batch.CLOSE` times the largest logit, or the choice is that close to the boundary of
top_p), the row's whole text goes through the model once more, without batch, padding or cache, and these logits
decide. At temperature 0 the text therefore equals that of plain forward passes as long as a batch moves no logit by
more than half of `CLOSE`, relative to the largest one. When sampling, one case is left: two about equally likely
tokens that change places right at the boundary of top_p.
"""

from collections.abc import Callable, Sequence

from ncvc.hf.batch import Batch
from ncvc.hf.load import LanguageModel
from ncvc.hf.row import Continuation, Row, Sampling, TokenLogprob
from ncvc.hf.tokenizer import prompt_ids

__all__ = ["Continuation", "OnText", "Sampling", "TokenLogprob", "generate"]

OnText = Callable[[int, str], bool | None]
"""Takes the number of a request and its next piece of text; returning False ends that text."""


def generate(
    lm: LanguageModel,
    requests: Sequence[tuple[str | Sequence[int], Sampling]],
    *,
    batch_size: int = 8,
    on_text: OnText = lambda _number, _text: None,
) -> list[Continuation]:
    """Continues each prompt; results come in the order of the requests.

    A prompt is a text, or the ids of one from its very beginning, such as those of a conversation.
    Prompts of about the same length share a batch. `on_text` is called as soon as text is there.
    Raises `PromptError` before anything is computed for a prompt that leaves no room for an answer.
    """

    def row(number: int, prompt: str | Sequence[int], sampling: Sampling) -> Row:
        ids = prompt_ids(lm.tokenizer, prompt, lm.max_tokens)
        return Row(lm.tokenizer, ids, sampling, max_tokens=lm.max_tokens, on_text=lambda text: on_text(number, text))

    rows = [row(number, prompt, sampling) for number, (prompt, sampling) in enumerate(requests)]
    by_length = sorted(rows, key=lambda row: len(row.ids))
    for start in range(0, len(rows), batch_size):
        batch = Batch(lm)
        batch.join(by_length[start : start + batch_size])
        while batch.rows:
            batch.step()
    return [row.continuation() for row in rows]

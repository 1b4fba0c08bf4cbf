"""lm-evaluation-harness' local-completions against the server: its scores are those of the model without one."""

from pathlib import Path

import pytest

from ncvc.hf.generate import Sampling, generate
from ncvc.hf.load import LanguageModel
from ncvc.hf.score import score
from tests.hf.test_generate import PROMPTS
from tests.serve.conftest import Server

pytest.importorskip("tenacity", reason="lm-eval's [api] is not installed")

# The harness moves spaces from the end of a context to its continuation.
PAIRS = [
    (prompt.rstrip(), ending) for prompt in PROMPTS[:6] if prompt.strip() for ending in ("発熱", " The patient", "。")
]


@pytest.mark.parametrize("backend", ["huggingface", "remote"])
@pytest.mark.parametrize(
    "settings",
    [{"num_concurrent": 1, "batch_size": 4}, {"num_concurrent": 6, "batch_size": 1}],
    ids=["batch", "concurrent"],
)
def test_scores_are_those_of_the_model_itself(
    server: Server, tiny: LanguageModel, tiny_folder: Path, backend: str, settings: dict[str, int]
) -> None:
    from lm_eval.api.instance import Instance
    from lm_eval.models.openai_completions import LocalCompletionsAPI

    harness = LocalCompletionsAPI(
        model="tiny",
        base_url=f"{server.url}/v1/completions",
        tokenizer_backend=backend,
        tokenizer=str(tiny_folder) if backend == "huggingface" else None,
        max_length=tiny.max_tokens,
        **settings,
    )
    requests = [Instance("loglikelihood", {}, pair, number) for number, pair in enumerate(PAIRS)]
    expected = score(tiny, PAIRS)
    found = harness.loglikelihood(requests, disable_tqdm=True)
    assert [greedy for _, greedy in found] == [one.greedy for one in expected]
    assert [logprob for logprob, _ in found] == pytest.approx([one.logprob for one in expected], abs=1e-3, rel=1e-5)
    until = [
        Instance("generate_until", {}, (prompt, {"until": ["\n\n"], "max_gen_toks": 8}), 0) for prompt in PROMPTS[:4]
    ]
    sampling = Sampling(temperature=0, max_new_tokens=8, stop=("\n\n", "</s>"))
    made = generate(tiny, [(prompt, sampling) for prompt in PROMPTS[:4]])
    assert harness.generate_until(until, disable_tqdm=True) == [one.text for one in made]

import pytest
import torch

from ncvc.convert import mapping
from ncvc.convert.config import huggingface_config
from ncvc.model.config import ModelConfig
from ncvc.model.gpt import build
from ncvc.model.parallel import single_process


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_the_table_has_every_weight_of_megatrons_model(model) -> None:
    with single_process():
        expected = {name: tuple(weight.shape) for name, weight in build(model).named_parameters()}
    table = {row.megatron: mapping.megatron_shape(row, model) for row in mapping.weights(model)}
    assert table == expected


def test_the_table_has_every_weight_of_transformers_model(model) -> None:
    from transformers import ArceeConfig, ArceeForCausalLM

    with torch.device("meta"):
        theirs = ArceeForCausalLM(ArceeConfig(**huggingface_config(model, "float32")))
    expected = {name: tuple(weight.shape) for name, weight in theirs.named_parameters()}
    table = {}
    for row in mapping.weights(model):
        table |= mapping.huggingface_shapes(row, model)
    assert table == expected


def test_the_papers_model_has_1191282688_parameters() -> None:
    from transformers import ArceeConfig, ArceeForCausalLM

    paper = ModelConfig(
        num_layers=24,
        hidden_size=2048,
        ffn_hidden_size=8192,
        num_attention_heads=32,
        num_query_groups=8,
        vocab_size=32768,
    )
    with torch.device("meta"):
        theirs = ArceeForCausalLM(ArceeConfig(**huggingface_config(paper, "bfloat16")))
    assert theirs.num_parameters() == 1_191_282_688
    assert not [name for name, _ in theirs.named_parameters() if name.endswith("bias")]


def test_qkv_rows_go_where_attention_reads_them(model) -> None:
    """Each row carries its own number: group g's queries, then its key, then its value."""
    size, per_group = model.kv_channels, model.num_attention_heads // model.num_query_groups
    rows = (model.num_attention_heads + 2 * model.num_query_groups) * size
    weight = torch.arange(rows).unsqueeze(1).expand(rows, model.hidden_size)
    q, k, v = (part[:, 0].view(-1, size)[:, 0].tolist() for part in mapping.split_qkv(weight, model))
    group = (per_group + 2) * size
    starts = [g * group for g in range(model.num_query_groups)]
    assert q == [start + head * size for start in starts for head in range(per_group)]
    assert k == [start + per_group * size for start in starts]
    assert v == [start + (per_group + 1) * size for start in starts]


def test_merging_undoes_splitting(model) -> None:
    weight = torch.randn(100, model.hidden_size)
    assert torch.equal(mapping.merge_qkv(mapping.split_qkv(weight, model), model), weight)

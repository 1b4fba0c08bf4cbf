"""What the launcher hands to the ranks it starts."""

import os

import pytest

from ncvc import NcvcError
from ncvc.train.elastic import launch


@pytest.mark.parametrize(("tensor", "found"), [(1, None), (2, "1")])
def test_tensor_parallel_gpus_begin_work_in_the_order_in_which_it_was_asked_for(
    make_config, monkeypatch, tensor, found
):
    """megatron-core overlaps products and communication only so."""
    given = []
    monkeypatch.setattr(launch, "elastic_launch", lambda *_: lambda *_: given.append(dict(os.environ)))
    monkeypatch.setattr(os, "environ", {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ})
    config = make_config(parallel={"nproc_per_node": 2, "tensor_model_parallel_size": tensor})
    with pytest.raises(NcvcError, match="ended without being finished"):
        launch.launch(config)
    assert given[0].get("CUDA_DEVICE_MAX_CONNECTIONS") == found
    assert given[0]["OMP_NUM_THREADS"] == "1"

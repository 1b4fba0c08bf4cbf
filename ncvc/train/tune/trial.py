"""One rank of a try: `python -m ncvc.train.tune.trial CONFIG STEPS FOLDER`, started by `ncvc.train.tune.runner`.

It writes `rank_N.json` into the folder: what it measured, or why it could not.
"""

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Any

from ncvc.errors import NcvcError
from ncvc.files import write_whole
from ncvc.train.config import TrainConfig
from ncvc.train.elastic.heartbeat import end_with_parent
from ncvc.train.elastic.stop_signal import StopRequest
from ncvc.train.elastic.worker import end, is_lack_of_memory

NO_MEMORY = "no memory left"


def main(path: str, steps: int, folder: Path) -> None:
    """Measures the config at `path`."""
    end_with_parent(int(os.environ["NCVC_TUNE"]))
    with contextlib.suppress(OSError):  # whoever is killed for lack of memory, let it be this try
        Path("/proc/self/oom_score_adj").write_text("1000")
    result = folder / f"rank_{os.environ['RANK']}.json"

    import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

    import torch

    from ncvc.model.deterministic import add_in_order
    from ncvc.model.parallel import started_by_torchrun

    config = TrainConfig.load(path)
    torch.set_num_threads(config.compute.threads)
    if config.compute.deterministic_mode:
        add_in_order()
    try:
        with started_by_torchrun(config.parallel, config.seed) as ranks:
            write_whole(result, measure(config, ranks, steps))
    except NcvcError as error:
        write_whole(result, {"failed": str(error)})
        sys.exit(1)
    except (MemoryError, RuntimeError) as error:
        if not is_lack_of_memory(error):
            raise
        write_whole(result, {"failed": NO_MEMORY})
        os._exit(1)  # the other ranks wait in a collective


def measure(config: TrainConfig, ranks: Any, steps: int) -> dict[str, Any]:
    """Computes the first batch's loss and gradient norm without dropout, then takes a step, then `steps` that count."""
    import torch
    import torch.distributed as dist

    from ncvc.train.data import batches, build_dataset
    from ncvc.train.loop import forward_backward, train_step
    from ncvc.train.metrics.log import RunLog, peak_memory
    from ncvc.train.optimizer import gradient_norm
    from ncvc.train.setup import setup

    training = setup(config, ranks)
    samples = batches(build_dataset(config, training.datasets, ranks), config, training.plan, ranks, 0)
    log, stop = RunLog(config, speaks=False, done=0, plan=training.plan, world_size=ranks.world_size), StopRequest()
    training.model.eval()
    loss, *_ = forward_backward(training, samples, stop)
    norm = gradient_norm(training.optimizer)
    training.model.train()
    seconds = []
    for _ in range(1 + steps):
        dist.barrier()
        began = time.perf_counter()
        train_step(training, samples, stop, log)
        if ranks.device.type == "cuda":
            torch.cuda.synchronize()
        dist.barrier()
        seconds.append(time.perf_counter() - began)
    memory = torch.tensor(peak_memory(), device=ranks.device)
    dist.all_reduce(memory, op=dist.ReduceOp.MAX)
    return {"loss": loss, "grad_norm": norm, "seconds": seconds[1:], "memory": int(memory)}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    end()

"""Advice for a training that lacks memory: the micro-batch that fits, by the memory model."""

from ncvc.train.config import TrainConfig
from ncvc.train.preflight.memory import fullest, largest_micro_batch
from ncvc.units import size


def micro_batch_advice(config: TrainConfig, world_size: int, capacity: int) -> str:
    """Clause about the micro-batch that fits into `capacity` bytes a rank, among `world_size` ranks."""
    copies = config.data_parallel_size(world_size)
    own, needed = config.schedule.micro_batch_size, fullest(config, copies)[1].total
    largest = largest_micro_batch(config, copies, capacity)
    takes = f"schedule.micro_batch_size {own} takes about {size(needed)} a rank, and {size(capacity)} are there"
    if needed <= capacity:
        smaller = largest_micro_batch(config, copies, needed - 1)
        lower = f", or set schedule.micro_batch_size to {smaller}" if smaller else ""
        return f"{takes}, so something else holds memory; end that{lower}"
    if largest is None:
        return (
            f"{takes}; not even 1 fits: share the model, with parallel.tensor_model_parallel_size, or recompute, with"
            " compute.recompute_granularity"
        )
    return f"{takes}; set schedule.micro_batch_size to {largest}, which changes no weight but by rounding"


def fits(config: TrainConfig, world_size: int, capacity: int) -> bool:
    """Tells whether the run fits into `capacity` bytes a rank."""
    return fullest(config, config.data_parallel_size(world_size))[1].total <= capacity

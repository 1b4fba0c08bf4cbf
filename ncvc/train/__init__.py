"""Pre-training on megatron-core: one YAML config → checkpoints that go on where they stopped.

`config` says what a run is, `launch` starts it, `worker` is one rank of it, `loop` is the training itself.
"""

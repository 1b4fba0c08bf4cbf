"""Pre-training on megatron-core: one YAML config → checkpoints from which a run resumes.

`config` has every setting, `elastic.launch` starts the ranks, `elastic.worker` is one rank, `loop` is the training.
"""

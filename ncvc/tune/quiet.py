"""Keeps the libraries of tuning off the network and off the console; imported before them."""

import logging
import os
import warnings

import ncvc.hf  # noqa: F401  (HF_HUB_OFFLINE, HF_HUB_DISABLE_TELEMETRY)

os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["WANDB_MODE"] = "disabled"
os.environ["TQDM_DISABLE"] = "1"
os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import datasets  # once the environment says that it is offline

datasets.disable_progress_bars()
for _name in ("accelerate", "datasets", "peft", "transformers", "trl"):
    logging.getLogger(_name).setLevel(logging.ERROR)
# Said of settings that are chosen on purpose, such as padding without flash attention.
for _module in ("accelerate", "peft", "torch", "transformers", "trl"):
    warnings.filterwarnings("ignore", module=rf"{_module}(\.|$)")

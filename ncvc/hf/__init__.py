"""Hugging Face folders: checked and loaded offline; batched generation and log-likelihoods."""

import os

# Read once, when huggingface_hub is imported: nothing of ours may reach for a network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

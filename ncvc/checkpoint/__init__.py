"""Checkpoints: folders of safetensors and one JSON manifest, independent of the number of ranks."""

"""Kernels of the model's parts: a plain form of each, and faster ones where GPU and packages allow."""

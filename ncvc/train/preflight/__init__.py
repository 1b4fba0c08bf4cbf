"""Estimates of a run before it starts: parameters, FLOPs, memory of a GPU, time, disk."""

"""Text from a converted model, on a CPU."""

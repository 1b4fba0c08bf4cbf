"""A folder with all that a machine without a network needs to run a model."""

"""Saves and loads the state of a training: async saver, resuming, retention."""

"""The parts of the model that can be computed in more than one way: a plain form each, and faster ones."""

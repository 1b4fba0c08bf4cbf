"""The log of a run and everything that is read from it: status, curves as PNG and HTML."""

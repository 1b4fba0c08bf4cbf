"""Runs a stage for every item of a list, on the threads of this machine or on a Ray cluster."""

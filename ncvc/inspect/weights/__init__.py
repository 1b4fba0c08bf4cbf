"""Norms, spectra and dead units of weights."""

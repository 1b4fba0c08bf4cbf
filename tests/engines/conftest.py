"""The tiny checkpoint of the conversion's tests."""

from tests.convert.conftest import checkpoint, converted, model, morphemes, pieces_folder

__all__ = ["checkpoint", "converted", "model", "morphemes", "pieces_folder"]

"""Mark of tests that draw: the Japanese font's package is looked for, never imported, since that changes every figure."""

from importlib.util import find_spec

import pytest

DRAWS = pytest.mark.skipif(find_spec("matplotlib_fontja") is None, reason="matplotlib-fontja is not installed")

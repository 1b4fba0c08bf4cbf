"""The error of conversion and generation."""

from ncvc import NcvcError


class ConvertError(NcvcError):
    """A checkpoint or model folder that cannot be used; the message names it and says what to do."""

"""Ends of a run that is to be started again."""

from ncvc.errors import NcvcError


class UnfinishedError(NcvcError):
    """Requests are left without an answer, and nothing is wrong with the config: started again the run goes on."""

"""Reports a pass, in `report.json` for programs and `report.html` for people."""

from ncvc.corpus.report.data import ReportData
from ncvc.corpus.report.page import write_report

__all__ = ["ReportData", "write_report"]

"""The report of a training run, from the folder that it wrote: figures, a picture and a page."""

from pathlib import Path

from toolverify_trl.report.curve import draw_curve
from toolverify_trl.report.headline import headline
from toolverify_trl.report.page import write_report
from toolverify_trl.report.reading import read_run
from toolverify_trl.report.record import RunRecord
from toolverify_trl.report.standings import Standing, standing_after, standing_before
from toolverify_trl.report.summary import write_summary


def report_run(folder: Path, out: Path) -> RunRecord:
    """Read a run, and write `summary.json`, `reward.png` and `report.html`."""
    record = read_run(folder)
    write_summary(record, standing_before(record), standing_after(record), out / "summary.json")
    draw_curve(record, out / "reward.png")
    write_report(record, out / "report.html")
    return record


__all__ = [
    "RunRecord",
    "Standing",
    "draw_curve",
    "headline",
    "read_run",
    "report_run",
    "standing_after",
    "standing_before",
    "write_report",
    "write_summary",
]

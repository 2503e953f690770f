"""The pictures of a run: the one beside it, and those inside the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from toolverify_trl.report.drawing import LIGHT, Shape, Theme, draw, drawable
from toolverify_trl.report.panels import draw_failures, draw_measure, draw_passes
from toolverify_trl.report.record import RunRecord
from toolverify_trl.report.series import Timeline, logged, shown_use, timeline
from toolverify_trl.report.standings import progress

_PICTURE = Shape(10.0, 6.25)
_CURVE_SHARE = (1.25, 1.0)  # the heights of the curve and of the failures
_STACKED = 1.7  # times the height
_TITLES = {"grpo": "Reward in training", "sft": "Loss in training"}
_MEASURES = {"grpo": "reward", "sft": "loss"}


def draw_curve(record: RunRecord, path: Path) -> None:
    """Write the picture of a run: its curve above, its failures by code below.

    Raises:
        PlanError: matplotlib is not installed.
    """
    path.write_bytes(draw(_PICTURE, LIGHT, _filled_with_all(record, LIGHT)))


def curve_png(record: RunRecord, shape: Shape, theme: Theme) -> bytes:
    """The curve alone; where two panels stand one above the other, it is higher."""
    two = shape.stacked and _has_measure_of_its_own(record, timeline(record, shown_use(record)))
    fitting = replace(shape, height=_STACKED * shape.height) if two else shape
    return draw(fitting, theme, lambda figure: _fill_with_curve(figure, record, theme, stacked=shape.stacked))


def loss_png(record: RunRecord, shape: Shape, theme: Theme) -> bytes:
    """The loss of the stages that imitate."""
    line = timeline(record, "sft")

    def fill(figure: Any) -> None:
        title = "Loss of imitation (SFT)"
        draw_measure(figure.subplots(), record, line, theme, measure="loss", title=title)

    return draw(shape, theme, fill)


def _filled_with_all(record: RunRecord, theme: Theme) -> Callable[[Any], None]:
    def fill(figure: Any) -> None:
        above, below = figure.subfigures(2, 1, height_ratios=_CURVE_SHARE)
        _fill_with_curve(above, record, theme, stacked=False)
        draw_failures(below.subplots(), progress(record).main(), theme)
        below.supxlabel(_footer(record), x=0.99, ha="right", fontsize=7, color=theme.faint)

    return fill


def _fill_with_curve(figure: Any, record: RunRecord, theme: Theme, *, stacked: bool) -> None:
    """The passes, and beside them the measure of training where it is another one."""
    line = timeline(record, shown_use(record))
    if not _has_measure_of_its_own(record, line):
        draw_passes(figure.subplots(), record, line, theme, label="training (its reward): ")
        return
    first, second = figure.subplots(*((2, 1) if stacked else (1, 2)))
    measure, title = _MEASURES[line.use], _TITLES[line.use]
    draw_measure(first, record, line, theme, measure=measure, title=title)
    draw_passes(second, record, line, theme, label="training: ")


def _has_measure_of_its_own(record: RunRecord, line: Timeline) -> bool:
    """A reward of 0 or 1 is the share that passed: one curve shows both."""
    if line.use == "sft":
        return True
    reward, passed = logged(record, line, "reward"), logged(record, line, "passed")
    same = [abs(one - other) < 1e-6 for one, other in zip(reward.y, passed.y, strict=False)]
    return reward.x != passed.x or not all(same)


def _footer(record: RunRecord) -> str:
    run = record.run
    state = [] if record.finished else ["not finished"]
    parts = [
        f"{drawable(run.plan, 40)} (plan {drawable(run.hash, 16)})",
        f"profile {drawable(run.profile.name, 40)} ({drawable(run.profile.hash, 16)})",
        f"seed {run.seed}",
        *state,
    ]
    return "   ·   ".join(parts)

"""A verdict in words."""

from __future__ import annotations

import json
from typing import Any

from toolverify.calls import Finding, Verdict

_WIDTH = 80


def explain(verdict: Verdict) -> str:
    """The reward, every score, and every finding with its path."""
    if verdict.reward is None:
        head = "not scorable"
    else:
        head = f"reward {verdict.reward:g}, {'passed' if verdict.passed else 'not passed'}"
    scores = "  ".join(
        f"{name} {'-' if score is None else f'{score:.3g}'}" for name, score in verdict.scores.items()
    )
    return "\n".join(
        [head, f"  {scores}", *[line for finding in verdict.findings for line in _lines(finding)]]
    )


def _lines(finding: Finding) -> list[str]:
    where = f" @ {finding.path}" if finding.path else ""
    lines = [f"  {finding.level} {finding.code}{where}", f"    {finding.message}"]
    if finding.expected is not None:
        lines.append(f"    expected {shorten(finding.expected)}")
    if finding.got is not None:
        lines.append(f"    got      {shorten(finding.got)}")
    return lines


def shorten(value: Any, width: int = _WIDTH - 13) -> str:
    """A value as JSON on one line, its middle left out where it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        text = f"<{type(value).__name__}>"
    half = (width - 1) // 2
    return text if len(text) <= width else f"{text[:half]}…{text[-half:]}"

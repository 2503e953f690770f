"""A run's figures for machines: `summary.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolverify_trl.report.record import Evaluation, RunRecord
from toolverify_trl.report.standings import Standing


def write_summary(record: RunRecord, before: Standing | None, after: Standing | None, path: Path) -> None:
    """Write what a run came to; a moment at which nobody judged the model is null."""
    run = record.run
    summary = {
        "seed": run.seed,
        "seconds": record.seconds(),
        "hash": run.hash,
        "profile": {"name": run.profile.name, "hash": run.profile.hash, "format": run.profile.format},
        "plan": run.plan,
        "versions": dict(run.versions),
        "finished": record.finished is not None,
        "before": None if before is None else _standing(before),
        "after": None if after is None else _standing(after),
        "stages": record.stage_seconds(),
    }
    path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def _standing(standing: Standing) -> dict[str, Any]:
    main = standing.sampled or standing.greedy
    return {
        "stage": standing.stage,
        "step": standing.step,
        "n": main.n if main else 0,
        **_rate("sampled", standing.sampled),
        **_rate("greedy", standing.greedy),
        "categories": _categories(standing),
        "codes": dict(main.codes) if main else {},
    }


def _rate(decoding: str, made: Evaluation | None) -> dict[str, Any]:
    return {
        decoding: made.passed if made else None,
        f"{decoding}_interval": [made.low, made.high] if made else None,
    }


def _categories(standing: Standing) -> dict[str, dict[str, Any]]:
    sampled = standing.sampled.categories if standing.sampled else {}
    greedy = standing.greedy.categories if standing.greedy else {}
    return {
        name: {
            "n": (sampled.get(name) or greedy[name]).n,
            "sampled": sampled[name].passed if name in sampled else None,
            "greedy": greedy[name].passed if name in greedy else None,
        }
        for name in sorted({*sampled, *greedy})
    }

"""The demo, from nothing to its report."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

from toolverify.plan import Plan
from toolverify.rendered import Run
from toolverify_trl.backend import TRL
from toolverify_trl.demo.stage_set import Wanted, check, set_before, set_stage
from toolverify_trl.report import headline, report_run
from toolverify_trl.train.load import quiet
from toolverify_trl.train.show import clock, say
from toolverify_trl.train.start import refuse_missing

_OUT_OF_BUDGET = 3
_BEFORE = (
    "before: it has imitated a teacher that errs on purpose; after: GRPO, with the profile's reward alone"
)


def run_demo(wanted: Wanted, *, resume: bool) -> int:
    """Make the world, train the model, and write the report.

    Raises:
        PlanError: What was asked for is not there, or cannot be done here.
    """
    began = time.monotonic()
    refuse_missing("matplotlib")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: two threads wait for each other
    quiet()
    run = _run(wanted, resume=resume)
    say(f"plan {run.plan.name} ({run.plan.hash}), seed {run.seed}, in {run.folder}")
    if not TRL.train(run, resume=resume):
        return _OUT_OF_BUDGET
    _report(run, wanted.out)
    say(f"{clock(time.monotonic() - began)} in all")
    return 0


def _run(wanted: Wanted, *, resume: bool) -> Run:
    """The run of the demo's plan: the one that was broken off, or a new one."""
    known = set_before(wanted) if resume else None
    if known is not None:
        return known.runs()[0]
    check(wanted)
    say(f"making tasks, a tokenizer and a model in {wanted.out}")
    return _new(set_stage(wanted))


def _new(plan: Plan) -> Run:
    """A run that begins at the beginning; what an earlier demo has left there goes."""
    (run,) = plan.runs()
    if run.folder.exists():
        say(f"removing the run of an earlier demo, {run.folder}")
        shutil.rmtree(run.folder)
    return run


def _report(run: Run, out: Path) -> None:
    """Everything that the run has to tell, where a person looks for it."""
    record = report_run(run.folder, out)
    print(headline(record), file=sys.stdout)  # noqa: T201  # a program's own words
    print(_BEFORE, file=sys.stdout)  # noqa: T201  # a program's own words
    for name in ("summary.json", "reward.png", "report.html"):
        print(out / name, file=sys.stdout)  # noqa: T201  # a program's own words

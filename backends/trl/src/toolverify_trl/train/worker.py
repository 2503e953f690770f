"""One process of a run: `python -m toolverify_trl.train.worker FOLDER`, with the plan in the folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from toolverify.errors import ToolverifyError
from toolverify.plan import make_plan
from toolverify.rendered import Run
from toolverify_trl.train.run_folder import write_whole
from toolverify_trl.train.show import say

OUT_OF_BUDGET = 75
_WRONG_USE = 2


def leave_plan(run: Run) -> None:
    """Write the plan where the processes of the run find it."""
    known = {
        "keys": run.plan.model_dump(mode="json"),
        "folder": str(run.plan.folder),
        "seed": run.seed,
    }
    write_whole(run.folder / "plan.json", known)


def main(folder: str) -> int:
    """Train the run whose folder this is."""
    from toolverify_trl.train.here import run_here

    try:
        known = json.loads((Path(folder) / "plan.json").read_text(encoding="utf-8"))
        plan = make_plan(known["keys"], name=known["keys"]["name"], folder=Path(known["folder"]))
        return 0 if run_here(Run(plan, known["seed"], Path(folder))) else OUT_OF_BUDGET
    except ToolverifyError as error:
        say(f"toolverify: {error}")
        return _WRONG_USE


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))

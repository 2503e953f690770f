"""What a demo needs before it can begin: the world's tasks, the teachers' completions, a model, and a plan."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from random import Random
from string import Template

from msgspec import Struct
from msgspec.structs import replace

from toolverify.errors import PlanError
from toolverify.plan import Plan, load_plan, make_plan
from toolverify.plan_sections import GrpoStage, SftStage
from toolverify.suggest import closest
from toolverify.tasks import Task, write_tasks
from toolverify_trl.demo.teacher import demonstrate
from toolverify_trl.demo.world import make_tasks

SIZES = ("tiny", "large")
#: How often each teacher errs where something can go wrong.
MISTAKES = {"careful-teacher": 0.0, "hurried-teacher": 0.7}
_PLAN = "plan.toml"
_HEAD = b"# toolverify demo: "  # how every plan of a demo begins
_MOST_EFFORT = 100
_READY = "tasks/complete"  # written when all else is there
_COUNTED = re.compile(r"^(steps|warmup|evaluate_every) = (\d+)$", re.MULTILINE)
_SEEDS = 100  # the world's seeds that one seed of the demo takes


class Wanted(Struct, frozen=True):
    """A demo as it was asked for; the command explains each."""

    out: Path
    seed: int
    profile: str
    size: str
    device: str
    effort: float


def set_stage(wanted: Wanted) -> Plan:
    """Make everything that the demo's plan names, and the plan.

    Raises:
        PlanError: What was asked for is not there, or the folder holds something else.
    """
    check(wanted)
    wanted.out.mkdir(parents=True, exist_ok=True)
    (wanted.out / _READY).unlink(missing_ok=True)
    plan_file = wanted.out / _PLAN
    plan_file.write_text(plan_text(wanted), encoding="utf-8")
    plan = load_plan(plan_file)
    (wanted.out / "tasks").mkdir(exist_ok=True)
    _write_tasks(plan, wanted.seed)
    _write_model(plan, wanted)
    (wanted.out / _READY).touch()
    return plan


def check(wanted: Wanted) -> None:
    """Look whether all that is asked for can be had, before anything is written.

    Raises:
        PlanError: It cannot, or the folder holds something else.
        ProfileError: There is no such profile.
    """
    asked = tomllib.loads(plan_text(wanted))
    plan = make_plan(asked, name="demo", folder=wanted.out.absolute(), where="the demo's plan")
    if plan.resources.device == "cuda":
        from toolverify_trl.train.load import resolved_device

        resolved_device(plan)
    _refuse_strangers(wanted.out)


def set_before(wanted: Wanted) -> Plan | None:
    """The plan of a demo that was broken off; None where what it needs was not all made.

    Raises:
        PlanError: The demo was begun with other options.
    """
    file = wanted.out / _PLAN
    if not (wanted.out / _READY).is_file():
        return None
    if file.read_text(encoding="utf-8") != plan_text(wanted):
        mend = "give the options that it was begun with, or leave out --resume"
        raise PlanError(
            f"the demo in {str(wanted.out)!r} was begun with other options", path="--resume", mend=mend
        )
    return load_plan(file)


def plan_text(wanted: Wanted) -> str:
    """The demo's plan, with what was asked for filled in.

    Raises:
        PlanError: There is no such size, or no such effort.
    """
    if not 0 < wanted.effort <= _MOST_EFFORT:
        mend = f"use a number above 0 and at most {_MOST_EFFORT}"
        raise PlanError(f"no effort: {wanted.effort}", path="--effort", mend=mend)
    if wanted.size not in SIZES:
        raise PlanError(f"unknown size {wanted.size!r}", path="--size", mend=closest(wanted.size, SIZES))
    template = (files("toolverify_trl.demo") / "plans" / f"{wanted.size}.toml").read_text(encoding="utf-8")
    profile = wanted.profile
    if profile.endswith(".toml"):
        profile = str(Path(profile).absolute())
    quoted = json.dumps(profile)  # a text in TOML, too
    text = Template(template).substitute(profile=quoted, seed=wanted.seed, device=wanted.device)
    return text if wanted.effort == 1.0 else _COUNTED.sub(lambda found: _scaled(found, wanted.effort), text)


def _scaled(found: re.Match[str], effort: float) -> str:
    return f"{found[1]} = {max(1, round(int(found[2]) * effort))}"


def _refuse_strangers(out: Path) -> None:
    """A demo writes into a folder of its own.

    Raises:
        PlanError: The folder holds something that no demo has made.
    """
    if out.exists() and not out.is_dir():
        raise PlanError(f"{str(out)!r} is a file", path="--out", mend="name a folder")
    if out.is_dir() and any(out.iterdir()) and not _is_of_a_demo(out / _PLAN):
        mend = "name a folder that is empty, or that a demo has made"
        raise PlanError(f"{str(out)!r} holds something else", path="--out", mend=mend)


def _is_of_a_demo(plan: Path) -> bool:
    """Whether a plan is one that a demo wrote, and nobody's own."""
    return plan.is_file() and plan.read_bytes().startswith(_HEAD)


def _write_tasks(plan: Plan, seed: int) -> None:
    first = seed * _SEEDS
    for index, stage in enumerate(plan.stages):
        (file,) = stage.tasks or plan.tasks.train
        tasks = make_tasks(_count(stage), seed=first + index + 1)
        if isinstance(stage, SftStage):
            tasks = list(_demonstrated(tasks, Random(f"{seed}/{stage.label}"), MISTAKES[stage.label]))  # noqa: S311  # no secret
        write_tasks(plan.resolve(file), tasks)
    (held_out,) = plan.tasks.held_out
    write_tasks(plan.resolve(held_out), make_tasks(plan.evaluation.tasks, seed=first, split="held-out"))


def _count(stage: SftStage | GrpoStage) -> int:
    """No task comes up twice."""
    return (stage.steps or 1) * (stage.batch if isinstance(stage, SftStage) else stage.prompts)


def _demonstrated(tasks: list[Task], chance: Random, mistakes: float) -> Iterator[Task]:
    for task in tasks:
        yield replace(task, completion=demonstrate(task, chance, mistakes=mistakes))


def _write_model(plan: Plan, wanted: Wanted) -> None:
    from toolverify_trl.demo.model import make_model
    from toolverify_trl.demo.tokenizer import make_tokenizer

    tokenizer = make_tokenizer()
    model = make_model(tokenizer, size="large" if wanted.size == "large" else "tiny", seed=wanted.seed)
    model.save_pretrained(plan.model_source())
    tokenizer.save_pretrained(plan.model_source())

"""Plans: a training run written down once, for any trainer, validated with errors that name the key and the mend."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from toolverify.errors import PlanError
from toolverify.plan_sections import (
    BudgetSection,
    CheckpointsSection,
    EvaluationSection,
    GrpoStage,
    LogsSection,
    LoraSection,
    ModelSection,
    Name,
    ResourcesSection,
    Section,
    SftStage,
    TasksSection,
    VllmSection,
)
from toolverify.plugins import registry
from toolverify.profile import PartRef, Profile, Ref, load_profile, profile_from
from toolverify.protocols import Prompt
from toolverify.rendered import Run
from toolverify.suggest import closest
from toolverify.verifier import Verifier

Stage = Annotated[SftStage | GrpoStage, Field(discriminator="use")]
#: The sections by the name under which they stand in a plan, and the stages by what they use.
SECTIONS: Mapping[str, type[Section]] = {
    "model": ModelSection,
    "tasks": TasksSection,
    "sft": SftStage,
    "grpo": GrpoStage,
    "lora": LoraSection,
    "evaluation": EvaluationSection,
    "checkpoints": CheckpointsSection,
    "budget": BudgetSection,
    "resources": ResourcesSection,
    "vllm": VllmSection,
    "logs": LogsSection,
}
#: Stages have seeds of their own beside the run's, and all must be ones that trainers take.
Seed = Annotated[int, Field(ge=0, le=4_000_000)]
_STAGES = ("sft", "grpo")
_PREFACE = (
    "A plan is a TOML file for [train](commands/train.md); how to write one: [training](training.md). Paths begin in the",
    "plan's own folder. Unknown keys are errors.",
)
#: What a hash need not cover: it changes no result, or the hash of the profile covers it.
_NOT_HASHED = {"name", "summary", "output", "logs", "checkpoints", "budget", "seeds", "profile", "format"}


def _as_tuple(value: Any) -> Any:
    if isinstance(value, list | tuple) and not value:
        raise ValueError("nothing is listed; write at least one")
    return tuple(value) if isinstance(value, list) else value


class Plan(Section):
    """A training run."""

    name: Name = Field(
        min_length=1, description="the run's name; the name of the plan's file where there is none"
    )
    summary: str = Field(default="", description="one line")
    profile: str | dict[str, Any] = Field(
        description="the reward: a profile's name, the path of its file, or a table with the keys of one"
    )
    format: str | None = Field(default=None, description="the wire format, where it is not the profile's")
    prompt: Ref = Field(default=PartRef(use="thinking"), description="how tasks are put to the model")
    seeds: Annotated[tuple[Seed, ...], BeforeValidator(_as_tuple)] = Field(
        default=(0,), description="a run for each, in a folder of its own where there are several"
    )
    output: str = Field(min_length=1, description="the folder that the run writes to")
    model: ModelSection = Field(description="the model")
    tasks: TasksSection = Field(description="the tasks")
    stages: Annotated[tuple[Stage, ...], BeforeValidator(_as_tuple)] = Field(
        description="what is done, in order"
    )
    evaluation: EvaluationSection = Field(default=EvaluationSection(), description="how it is judged")
    checkpoints: CheckpointsSection = Field(default=CheckpointsSection(), description="what can be resumed")
    budget: BudgetSection = Field(default=BudgetSection(), description="where it stops")
    resources: ResourcesSection = Field(default=ResourcesSection(), description="where it runs")
    logs: LogsSection = Field(default=LogsSection(), description="what it leaves behind")
    folder: Path = Field(default=Path(), exclude=True, strict=False)

    @model_validator(mode="after")
    def _stages_differ(self) -> Plan:
        labels = [stage.label for stage in self.stages]
        twice = next((label for label in labels if labels.count(label) > 1), None)
        if twice is not None:
            raise ValueError(f"two stages are named {twice!r}; give each a name of its own")
        both = set(self.tasks.train) & set(self.tasks.held_out)
        if both:
            raise ValueError(f"{min(both)!r} is trained on and held out; keep the tasks that judge apart")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("a seed stands twice; write each once")
        return self

    def resolve(self, path: str) -> Path:
        """A path of the plan: from the plan's own folder."""
        return Path(os.path.normpath(self.folder / path))

    def model_source(self) -> str:
        """The model's folder, where it is one, and its name on the hub otherwise."""
        return self._source(self.model.path)

    def tokenizer_source(self) -> str:
        """The tokenizer's folder, or its name on the hub."""
        return self._source(self.model.tokenizer or self.model.path)

    def _source(self, path: str) -> str:
        """A name on the hub looks like a path, so what begins as one, or is there, is taken for one."""
        local = self.resolve(path)
        return str(local) if local.is_dir() or path.startswith((".", "/", "~")) else path

    def verifier(self) -> Verifier:
        """The profile, ready."""
        return Verifier(_profile(self), format=self.format)

    def prompting(self) -> Prompt:
        """The prompt, with its options.

        Raises:
            ProfileError: There is none of that name, or it has no such option.
        """
        from toolverify.options import configure

        part = registry().get("prompt", self.prompt.use, path="plan: prompt").value
        prompt: Prompt = configure(part, self.prompt.options)
        return prompt

    @property
    def hash(self) -> str:
        """A short hash of everything that decides the results: the plan, the profile, and what brings its parts."""
        said = self.model_dump(mode="json", exclude=_NOT_HASHED)
        text = json.dumps([said, self.verifier().hash], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def runs(self) -> list[Run]:
        """A run for each seed."""
        folder = self.resolve(self.output)
        several = len(self.seeds) > 1
        return [Run(self, seed, folder / f"seed-{seed}" if several else folder) for seed in self.seeds]

    def missing_files(self) -> list[Path]:
        """The task files that are not there."""
        named = [
            *self.tasks.train,
            *self.tasks.held_out,
            *[path for stage in self.stages for path in stage.tasks],
        ]
        return [path for path in dict.fromkeys(map(self.resolve, named)) if not path.is_file()]


def load_plan(path: str | os.PathLike[str]) -> Plan:
    """A plan from a TOML file.

    Raises:
        PlanError: It cannot be read or is malformed; the error names the key and the way to mend it.
        ProfileError: Its profile or its prompt is not known, or malformed.
    """
    file = Path(path)
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PlanError(f"no file {str(file)!r}", mend="give the path of a plan, a TOML file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"cannot read {str(file)!r}: {error}", mend="give a TOML file in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"not TOML: {error}", path=str(file), mend="mend the line it names") from error
    return make_plan(data, name=file.stem, folder=file.absolute().parent, where=str(file))


def make_plan(data: Mapping[str, Any], *, name: str, folder: Path, where: str = "the plan") -> Plan:
    """A plan from its keys.

    Raises:
        PlanError: It is malformed.
        ProfileError: Its profile or its prompt is not known, or malformed.
    """
    if "folder" in data:
        raise PlanError("unknown key 'folder'", path=where, mend="did you mean 'output'?")
    try:
        plan = Plan.model_validate({"name": name, **data, "folder": folder})
    except ValidationError as error:
        raise _plan_error(error, where) from error
    plan.verifier()
    plan.prompting()
    return plan


def _profile(plan: Plan) -> Profile:
    if isinstance(plan.profile, dict):
        return profile_from(plan.profile, name=plan.name, where=f"plan {plan.name}: profile")
    local = plan.resolve(plan.profile)
    return load_profile(local if plan.profile.endswith(".toml") else plan.profile)


def _plan_error(error: ValidationError, where: str) -> PlanError:
    """The first of pydantic's errors, as one that names key and mend; a wrong name comes before what it lacks."""
    errors = error.errors(include_url=False)
    first = next((found for found in errors if found["type"] == "extra_forbidden"), errors[0])
    steps = [step for step in first["loc"] if step not in _STAGES]
    key = _spelled(steps) or "the plan"
    match first["type"]:
        case "extra_forbidden":
            known = _section(first["loc"]).model_fields
            mend = closest(str(steps[-1]), [name for name in known if name != "folder"])
            return PlanError(f"unknown key {key!r}", path=where, mend=mend)
        case "missing":
            return PlanError(f"the key {key!r} is missing", path=where, mend=_add(key, first["loc"]))
        case "union_tag_not_found" | "union_tag_invalid":
            said = first["input"].get("use") if isinstance(first["input"], dict) else None
            if said is None:
                mend = f"write use = one of {', '.join(_STAGES)}"
                return PlanError(f"{key} does not say what it is", path=where, mend=mend)
            return PlanError(f"{key}.use: unknown {said!r}", path=where, mend=closest(str(said), _STAGES))
        case "value_error":
            problem, _, mend = str(first["ctx"]["error"]).partition("; ")
            return PlanError(f"{key}: {problem}", path=where, mend=mend)
        case _:
            got = f", got {first['input']!r}" if isinstance(first["input"], str | int | float) else ""
            return PlanError(f"{key}: {_in_toml(first['msg'])}{got}", path=where, mend="see docs/plan.md")


def _in_toml(told: str) -> str:
    """What pydantic says of Python's types, in the words of a TOML file."""
    told = re.sub(r"a valid dictionary or instance of \w+", "a table", told)
    return told.replace("a valid tuple", "a list").replace("a valid dictionary", "a table")


def _add(key: str, place: Sequence[int | str]) -> str:
    if key in SECTIONS:
        return f"add a table [{key}]"
    field = _section(place).model_fields.get(str(place[-1]))
    described = f"{field.description}" if field else "see docs/plan.md"
    return f"add {key.rpartition('.')[2]} = …, {described}"


def _spelled(steps: Sequence[int | str]) -> str:
    """`stages[0].steps`."""
    return "".join([f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps]).lstrip(".")


def _section(place: Sequence[int | str]) -> type[BaseModel]:
    """The section in which a key stands."""
    inner = [SECTIONS[str(step)] for step in place[:-1] if step in SECTIONS]
    return inner[-1] if inner else Plan


def as_markdown() -> str:
    """docs/plan.md: every key of a plan."""
    lines = ["# The keys of a plan", "", *_PREFACE, "", *_table("At the top", Plan)]
    titles = {"sft": '`[[stages]]` with `use = "sft"`', "grpo": '`[[stages]]` with `use = "grpo"`'}
    titles |= {"lora": "`[stages.lora]`", "vllm": "`[resources.vllm]`"}
    for name, section in SECTIONS.items():
        lines += _table(titles.get(name, f"`[{name}]`"), section)
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(title: str, section: type[BaseModel]) -> list[str]:
    rows = [
        f"| `{name}` | {_default(field)} | {field.description}{_choices(field.annotation)} |"
        for name, field in section.model_fields.items()
        if field.description
    ]
    return [f"## {title}", "", "| key | default | what |", "|---|---|---|", *rows, ""]


def _choices(annotation: Any) -> str:
    """The values that a key may have, where they are listed."""
    if get_origin(annotation) is Literal:
        values = get_args(annotation)
        return f"; one of {', '.join([f'`{value}`' for value in values])}" if len(values) > 1 else ""
    told = [_choices(inner) for inner in get_args(annotation)]
    return next((one for one in told if one), "")


def _default(field: Any) -> str:
    value = field.default
    if field.is_required():
        return "(required)"
    if isinstance(value, PartRef):
        return f"`{value.use}`"
    if isinstance(value, BaseModel):
        return "as below"
    if value is None or not (value or isinstance(value, bool | int | float)):
        return "none"
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"

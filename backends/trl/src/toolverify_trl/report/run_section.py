"""The parts of a report that tell how a run went, and what it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolverify.styled import phrase
from toolverify_trl.report.markup import Html, counted, duration, element, percent, table
from toolverify_trl.report.record import Evaluation, RunRecord, Step
from toolverify_trl.report.series import ends, ends_of_components
from toolverify_trl.report.standings import standings

_MEASURES = {
    "loss": "loss",
    "token_accuracy": "tokens predicted right",
    "reward": "reward",
    "passed": "passed",
    "completion_tokens": "tokens a completion",
    "cut_off": "completions cut off",
    "entropy": "entropy of the next token",
    "equal_groups": "groups whose rewards are all equal",
    "kl": "divergence from the first model (KL)",
    "grad_norm": "norm of the gradient",
    "learning_rate": "learning rate",
}
_SHARES = {"token_accuracy", "passed", "cut_off", "equal_groups"}


def training_section(record: RunRecord, loss: Html) -> Html:
    """How each stage began and ended, and the loss of imitation."""
    stages = [stage for stage in record.run.stages if any(step.stage == stage.name for step in record.steps)]
    tables = [
        _stage_table(stage.name, stage.use, [step for step in record.steps if step.stage == stage.name])
        for stage in stages
    ]
    if not tables:
        return Html()
    note = "Means over the first and over the last tenth of a stage’s logged steps."
    return element(
        "section", element("h2", "How training went"), element("p", note, class_="note"), loss, *tables
    )


def _stage_table(name: str, use: str, steps: Sequence[Step]) -> Html:
    heads = [
        f"{phrase(name, 40)} ({phrase(use, 20)}, {steps[-1].step:,} steps)",
        "at its beginning",
        "at its end",
    ]
    return table(heads, [*_measures(steps), *_components(steps)])


def _measures(steps: Sequence[Step]) -> Iterator[list[str]]:
    for measure, words in _MEASURES.items():
        found = ends(steps, measure)
        if found is not None:
            yield [words, *[_measured(measure, value) for value in found]]


def _measured(measure: str, value: float) -> str:
    return percent(value) if measure in _SHARES else f"{value:.4g}"


def _components(steps: Sequence[Step]) -> Iterator[list[str]]:
    for name, found in ends_of_components(steps).items():
        yield [f"mean of “{phrase(name, 40)}”", *[f"{value:.4g}" for value in found]]


def evaluations_section(record: RunRecord) -> Html:
    """Every evaluation, folded away."""
    made = [found for standing in standings(record) for found in (standing.sampled, standing.greedy) if found]
    if not made:
        return Html()
    heads = ["stage", "moment", "decoding", "step", "tasks", "passed", "95 % interval", "reward", "took"]
    summary = element("summary", f"All {len(made)} evaluations of held-out tasks")
    return element(
        "section", element("details", summary, table(heads, [_evaluation(one) for one in made], figures=3))
    )


def _evaluation(made: Evaluation) -> list[str]:
    return [
        phrase(made.stage, 40),
        phrase(made.at, 20),
        made.decoding,
        f"{made.step:,}",
        f"{made.n:,}",
        percent(made.passed),
        f"{100 * made.low:.1f} to {percent(made.high)}",
        "–" if made.reward is None else f"{made.reward:.4g}",
        duration(made.seconds),
    ]


def run_section(record: RunRecord) -> Html:
    """What was run, with what, where, and how long each stage took."""
    facts = [
        element("div", element("dt", label), element("dd", value)) for label, value in _facts(record) if value
    ]
    return element(
        "section",
        element("h2", "The run"),
        element("dl", *facts),
        _stages(record),
        _tasks(record),
        class_="run",
    )


def _facts(record: RunRecord) -> Iterator[tuple[str, str]]:
    run = record.run
    yield "plan", _with_hash(run.plan, run.hash)
    yield "profile", _with_hash(run.profile.name, run.profile.hash)
    yield "format", phrase(run.profile.format, 60)
    yield "prompt", phrase(run.prompt, 60)
    yield "model", phrase(run.model.source, 120)
    yield "parameters", "" if run.model.parameters is None else f"{run.model.parameters:,}"
    yield "seed", str(run.seed)
    yield "device", phrase(run.device, 60) + (f", {counted(run.threads, 'thread')}" if run.threads else "")
    yield "started", phrase(run.started, 40)
    yield "computed for", duration(record.seconds())
    yield (
        "versions",
        ", ".join([f"{phrase(name, 40)} {phrase(of, 40)}" for name, of in sorted(run.versions.items())]),
    )


def _with_hash(name: str, hash_: str) -> Html:
    return element("span", phrase(name, 80), " ", element("code", phrase(hash_, 40)) if hash_ else "")


def _stages(record: RunRecord) -> Html:
    took = record.stage_seconds()
    rows = [
        [
            phrase(stage.name, 40),
            phrase(stage.use, 20),
            "–" if stage.steps is None else f"{stage.steps:,}",
            duration(took[stage.name]) if stage.name in took else "not begun",
        ]
        for stage in record.run.stages
    ]
    return table(["stage", "use", "steps planned", "computed for"], rows, figures=2) if rows else Html()


def _tasks(record: RunRecord) -> Html:
    rows = [
        [{"held_out": "held out"}.get(use, phrase(use, 20)), phrase(path, 120), f"{count:,}"]
        for use, counts in record.run.tasks.items()
        for path, count in (counts.items() if isinstance(counts, Mapping) else [("", counts)])
    ]
    return table(["use", "file of tasks", "tasks"], rows, figures=2) if rows else Html()

"""The result as tables, and as a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_SHOWN = 12


def write_json(result: Mapping[str, Any], path: Path) -> None:
    """Write the result as one JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def render_table(result: Mapping[str, Any]) -> RenderableType:
    """All tables, one under the other."""
    from rich.console import Group

    parts: list[RenderableType] = [_heading(result), _throughput(result)]
    parts += [f"left out: {reason}" for reason in result["left_out"]]
    if result["hostile"] is not None:
        parts += [_hostile(result["hostile"]), *_problems(result["hostile"])]
    parts += [_footprint(result), _figures(result["figures"])]
    return Group(*parts)


def _heading(result: Mapping[str, Any]) -> str:
    machine, work = result["environment"], result["workload"]
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    agreement = result["agreement"]
    agreed = (
        "not checked: the profile is not installed"
        if agreement is None
        else f"{agreement['agree']:,} of {agreement['rows']:,}"
    )
    return (
        f"{machine['cpu']}; {machine['python']}; {libraries}\n"
        f"{work['completions']:,} completions from seed {result['seed']}, {work['mean_characters']:,} characters "
        f"and {work['mean_tools']} tools on average, {work['non_ascii_share']:.0%} not ASCII\n"
        f"hand-written reward and tool-n1-v0 agree on {agreed} completions"
    )


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table whose first column is text; the others stand to the right."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", overflow="fold")
    for row in rows:
        table.add_row(*[Text(cell) for cell in row])
    return table


def _throughput(result: Mapping[str, Any]) -> Table:
    title = f"CPU time a completion, median of {result['rounds']} interleaved rounds"
    columns = ("contender", "completions", "\u00b5s", "a second", "\u00d7 hand-written")
    return _table(title, columns, [_timing_row(timing) for timing in result["throughput"]])


def _timing_row(timing: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        timing["contender"],
        f"{timing['completions']:,}",
        f"{timing['median_us']:.2f}",
        f"{1e6 / timing['median_us']:,.0f}",
        f"{timing['ratio']:.2f}",
    )


def _hostile(inputs: Sequence[Mapping[str, Any]]) -> Table:
    title = f"Hostile inputs: the {min(_SHOWN, len(inputs))} slowest for their limit, of {len(inputs)}"
    columns = ("input", "characters", "limit ms", "worst ms", "profile")
    rows = [
        (
            one["input"],
            f"{one['characters']:,}",
            f"{one['limit_ms']:.0f}",
            f"{one['worst_ms']:.1f}",
            one["worst_profile"],
        )
        for one in inputs[:_SHOWN]
    ]
    return _table(title, columns, rows)


def _problems(inputs: Sequence[Mapping[str, Any]]) -> list[RenderableType]:
    from rich.text import Text

    return [Text(f"{one['input']}: {problem}") for one in inputs for problem in one["broken"]]


def _footprint(result: Mapping[str, Any]) -> Table:
    imported = result["import"]
    rows = [
        (
            f"peak memory, {peak['profile']}, workload in chunks of {peak['chunk']}",
            f"{peak['workload_mb']} MB",
        )
        for peak in result["memory"]
    ]
    rows += [
        (f"peak memory, {peak['profile']}, one hostile text of 1 MB", f"{peak['hostile_mb']} MB")
        for peak in result["memory"]
    ]
    rows.append(("import toolverify, wall clock", f"{imported['wall_ms']} ms"))
    rows.append(("import toolverify, CPU time", f"{imported['cpu_ms']} ms"))
    return _table("Footprint", ("what", "measured"), rows)


def _figures(figures: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        (figure["figure"], figure["due"], figure["measured"], "holds" if figure["holds"] else "DOES NOT HOLD")
        for figure in figures
    ]
    return _table("Figures to hold", ("figure", "due", "measured", ""), rows)

"""What is wrong with rows as the reward function will get them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolverify.checkup import Fault
from toolverify.errors import ToolverifyError
from toolverify.schema import read_tools
from toolverify_trl.rows import read_gold
from toolverify_trl.settings import Columns

#: Names that TRL gives to its own arguments, and what happens to a column of that name.
RESERVED_COLUMNS = {
    "prompts": "the call fails, for TRL gives an argument of that name itself",
    "completions": "the call fails, for TRL gives an argument of that name itself",
    "completion_ids": "TRL leaves it out",
    "trainer_state": "TRL puts its own in its place",
    "log_extra": "TRL puts its own in its place",
    "log_metric": "TRL puts its own in its place",
    "environments": "TRL puts its own in its place",
}
_MOST_VALUES = 100_000  # values looked at in one column: rows are samples, not the whole data
_DEEPEST = 32  # levels looked at: schemas of tools have a dozen
_AS_TEXT = "store it as JSON text: json.dumps(…)"
Row = Mapping[str, Any]


def check_data(rows: Sequence[Row]) -> Iterator[Fault]:
    """Every fault that the first rows tell, each once."""
    if not rows:
        return
    columns = Columns()
    yield from _reserved(rows)
    yield from _no_prompt(rows)
    yield from _no_answer(rows, columns)
    for column in (columns.answer, columns.tools):
        yield from _bent([row.get(column) for row in rows], column)
    yield from _tools_unseen(rows, columns)


def _reserved(rows: Sequence[Row]) -> Iterator[Fault]:
    for column, effect in RESERVED_COLUMNS.items():
        if column in rows[0]:
            message = f"a column is named {column!r}: {effect}"
            yield Fault("data.reserved_column", message, "give it another name", where=column)


def _no_prompt(rows: Sequence[Row]) -> Iterator[Fault]:
    lacking = [index for index, row in enumerate(rows) if row.get("prompt") is None]
    if lacking:
        message = f"no 'prompt' in {len(lacking)} of {len(rows)} rows, first in row {lacking[0] + 1}"
        mend = "give a text or a list of messages under 'prompt'"
        yield Fault("data.no_prompt", message, mend, where="prompt")


def _no_answer(rows: Sequence[Row], columns: Columns) -> Iterator[Fault]:
    lacking = [index for index, row in enumerate(rows) if not _has_answer(row, columns)]
    if lacking:
        message = f"no answer in {len(lacking)} of {len(rows)} rows, first in row {lacking[0] + 1}: they get no reward"
        mend = (
            f"put it under {columns.answer!r}, or name its column: Reward(columns={{'answer': …}}); there are "
            f"{', '.join(sorted(map(str, rows[lacking[0]])))}"
        )
        yield Fault("data.no_answer", message, mend, where=columns.answer)


def _has_answer(row: Row, columns: Columns) -> bool:
    try:
        return read_gold(row, columns).answer is not None
    except ToolverifyError:
        return False


def _bent(values: Sequence[Any], column: str) -> Iterator[Fault]:
    """Arrow knows one shape of objects a column: keys of other rows come back as nulls, or the file does not load."""
    shapes = _shapes([value for value in values if not isinstance(value, str)])
    if any([_is_filled_up(objects) for objects in shapes.values()]):
        message = (
            f"objects in {column!r} have keys that are null here and not elsewhere: Arrow has filled them in"
        )
        yield Fault("data.bent_by_arrow", message, _AS_TEXT, where=column)
    elif any([len({frozenset(found) for found in objects}) > 1 for objects in shapes.values()]):
        message = f"objects in {column!r} have different keys: Arrow will fill them up with nulls"
        yield Fault("data.bent_by_arrow", message, _AS_TEXT, "warning", column)


def _shapes(values: Sequence[Any]) -> dict[str, list[dict[str, Any]]]:
    """The objects in values, by the path at which they stand."""
    found: dict[str, list[dict[str, Any]]] = {}
    waiting = [("", value, 0) for value in reversed(values)]
    for _ in range(_MOST_VALUES):
        if not waiting:
            break
        path, value, level = waiting.pop()
        if isinstance(value, dict):
            found.setdefault(path, []).append(value)
        if level < _DEEPEST:
            waiting += [(f"{path}{step}", part, level + 1) for step, part in _parts(value)]
    return found


def _parts(value: Any) -> list[tuple[str, Any]]:
    """What stands in a value, each with its step of the path."""
    if isinstance(value, dict):
        return [(f".{key}", member) for key, member in value.items()]
    return [("[]", element) for element in value] if isinstance(value, list) else []


def _is_filled_up(objects: Sequence[dict[str, Any]]) -> bool:
    """Whether all have the same keys, and some are null in one and hold something in another."""
    keys = objects[0].keys()
    if any([known.keys() != keys for known in objects]):
        return False
    nulls = {key for known in objects for key, value in known.items() if value is None}
    return any([known[key] is not None for known in objects for key in nulls])


def _tools_unseen(rows: Sequence[Row], columns: Columns) -> Iterator[Fault]:
    """GRPOTrainer does not write a column of tools into the prompt."""
    unseen = [index for index, row in enumerate(rows) if _offers_unseen(row, columns)]
    if unseen:
        message = (
            f"the prompt of {len(unseen)} of {len(rows)} rows, first of row {unseen[0] + 1}, names none of the row's "
            "tools: GRPOTrainer does not render the column"
        )
        mend = "write the tools into the system message"
        yield Fault("data.tools_not_shown", message, mend, "warning", columns.tools)


def _offers_unseen(row: Row, columns: Columns) -> bool:
    try:
        tools = read_gold(row, columns).tools
        names = list(read_tools(tools)) if tools else []
        prompt = row.get("prompt")
        text = prompt if isinstance(prompt, str) else json.dumps(prompt, ensure_ascii=False, default=str)
    except (ToolverifyError, ValueError, RecursionError):  # other faults tell of that
        return False
    return bool(names) and not any([name in text for name in names])

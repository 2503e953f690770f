"""What a row of the dataset expects, whatever a dataset library made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from toolverify.errors import AnswerError
from toolverify.training import Gold, read_label
from toolverify_trl.settings import Columns

_MOST_ID = 2**63  # a larger number is no JSON that all programs read


def read_gold(row: Mapping[str, Any], columns: Columns) -> Gold:
    """The answer of a row, its tools and its comparisons; a label that holds all three goes before the other columns.

    Raises:
        AnswerError: The row has no answer.
    """
    answer = row.get(columns.answer)
    if answer is None:
        lacking = "is null" if columns.answer in row else "is not there"
        mend = 'name it: columns={"answer": …}; write [] where no call is expected'
        raise AnswerError(f"the column {columns.answer!r} {lacking}", path=columns.answer, mend=mend)
    label = read_label(answer)
    tools = label.tools if label.tools is not None else row.get(columns.tools)
    compare = label.compare if label.compare is not None else _compare(row, columns)
    return Gold(label.answer, tools, compare)


def _compare(row: Mapping[str, Any], columns: Columns) -> Any:
    """The row's own comparisons: those of the column, or those that `meta` holds."""
    own = _from_json(row.get(columns.compare))
    if own is None:
        meta = _from_json(row.get(columns.meta))
        own = meta.get("compare") if isinstance(meta, Mapping) else None
    return _asked(own)


def _asked(compare: Any) -> Any:
    """Arrow gives every row the keys of all others: a comparison that is null was not asked for."""
    if not isinstance(compare, Mapping):
        return compare
    return {path: asked for path, asked in compare.items() if asked is not None} or None


def _from_json(value: Any) -> Any:
    """A value, or the value that a JSON text stands for; a text that is none stands for itself."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value or None


def read_id(row: Mapping[str, Any], columns: Columns) -> str | int | None:
    """What the row is called, where it has a name."""
    known = row.get(columns.id)
    if isinstance(known, int):
        known = int(known)  # a library's own kind of number is a number
        return known if -_MOST_ID <= known < _MOST_ID else None
    return str.__str__(known) if isinstance(known, str) else None  # a library's own kind of text is text


def read_category(row: Mapping[str, Any], columns: Columns) -> str | None:
    """The row's category, where it has one."""
    known = row.get(columns.category)
    return str.__str__(known) if isinstance(known, str) else None


def read_extra(row: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """The other columns, for rules that look at them."""
    own = {columns.answer, columns.tools, columns.id, columns.category}
    return {name: value for name, value in row.items() if name not in own}

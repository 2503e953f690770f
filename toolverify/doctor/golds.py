"""The gold of every row, read as the backend or `toolverify score` reads it."""

from __future__ import annotations

from collections.abc import Iterator

from toolverify.calls import Case, Context
from toolverify.checkup import Fault, Setup
from toolverify.doctor.faults import fault, warning
from toolverify.doctor.looking import Look
from toolverify.doctor.own_checks import BackendFailedError, asked, raised
from toolverify.errors import AnswerError, RowError, ToolsError, ToolverifyError
from toolverify.rows import row_context
from toolverify.training import Gold


def look_at_rows(setup: Setup) -> Look:
    """Every row has an answer that can be compiled, with its tools."""
    if setup.data is None and not setup.rows:
        return Look("rows", "no TASKS", skipped=True)
    if not setup.rows:
        return Look("rows", str(setup.data), (fault("rows.none", "there is no row", where=str(setup.data)),))
    faults = [found for index in range(len(setup.rows)) for found in _row_faults(setup, index)]
    told = f"{len(setup.rows)} rows read"
    return Look("rows", told if faults else f"{told}, each with an answer that compiles", tuple(faults))


def _row_faults(setup: Setup, index: int) -> Iterator[Fault]:
    try:
        case = compiled(setup, index)
    except BackendFailedError as error:
        yield raised(str(getattr(setup.backend, "name", "")), error, setup.place(index))
        return
    except ToolverifyError as error:
        yield _row_fault(setup, index, error)
        return
    try:
        _ = case.tools  # a profile that reads no tools has not looked at them, but the prompt shows them
    except ToolsError as error:
        yield warning("rows.tools", _told(error), where=setup.place(index), mend=error.mend)


def _told(error: ToolverifyError) -> str:
    return f"{error.problem} @ {error.path}" if error.path else error.problem


def _row_fault(setup: Setup, index: int, error: ToolverifyError) -> Fault:
    where, told, row = setup.place(index), _told(error), setup.rows[index]
    if setup.backend is None and "answer" not in row:
        others = ", ".join(map(str, list(row)[:6]))
        return fault("rows.no_answer", f"no key 'answer' among {others}", where=where)
    if isinstance(error, AnswerError) and "(null)" in error.problem:
        return fault("rows.null_answer", told, where=where)
    code = "rows.answer" if isinstance(error, AnswerError) else "rows.gold"
    code = "rows.tools" if isinstance(error, ToolsError) else code
    return fault(code, told, where=where, mend=error.mend)


def gold_of(setup: Setup, index: int) -> Gold:
    """The gold of a row.

    Raises:
        ToolverifyError: The row holds none.
    """
    row, backend = setup.rows[index], setup.backend
    if backend is not None:
        gold = asked(lambda: backend.gold(row))
        if not isinstance(gold, Gold):
            raise BackendFailedError(
                f"its gold is a {type(gold).__name__}", mend="give a toolverify.training.Gold"
            )
        return gold
    meta = row.get("meta")
    return Gold(row.get("answer"), row.get("tools"), meta.get("compare") if isinstance(meta, dict) else None)


def compiled(setup: Setup, index: int) -> Case:
    """The compiled answer of a row.

    Raises:
        ToolverifyError: The row holds no gold, or its answer or tools are wrong.
    """
    gold = gold_of(setup, index)
    return setup.verifier.compile(answer=gold.answer, tools=gold.tools, compare=gold.compare)


def context_of(setup: Setup, index: int) -> Context:
    """What a row tells beside its gold; the gold is written whole, so nothing of a completion's own state counts."""
    if setup.backend is not None:
        return Context()
    kept = {
        key: value
        for key, value in setup.rows[index].items()
        if key not in {"finish_reason", "reasoning_open"}
    }
    try:
        return row_context(kept)
    except RowError:
        return Context()

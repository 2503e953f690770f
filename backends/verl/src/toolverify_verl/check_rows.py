"""What can be wrong with the rows that verl trains on, and with the tokenizer that reads the responses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from toolverify.calls import ToolCall
from toolverify.checkup import Fault, Setup
from toolverify.errors import RenderError, ToolsError, ToolverifyError
from toolverify.schema import read_tools
from toolverify.wire import render
from toolverify_verl.rows import row_gold
from toolverify_verl.settings import Settings

_AS_TEXT = "store it as one text: json.dumps(value)"


def check_rows(setup: Setup, settings: Settings) -> Iterator[Fault]:
    """Every kind of fault once: the first row it is in, and in how many."""
    found: dict[str, list[Fault]] = {}
    for index, row in enumerate(setup.rows):
        for fault in _row(setup, settings, row):
            found.setdefault(fault.code, []).append(
                replace(fault, where=f"{setup.place(index)}: {fault.where}")
            )
    for faults in found.values():
        first = faults[0]
        more = f" (in {len(faults)} of {len(setup.rows)} rows)" if len(faults) > 1 else ""
        yield replace(first, message=first.message + more)


def _row(setup: Setup, settings: Settings, row: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _columns(row)
    extra = row.get("extra_info")
    tools = extra.get("tools") if isinstance(extra, Mapping) else None
    if tools is not None and not isinstance(tools, str):
        yield _not_text("data.tools_not_text", tools, "extra_info.tools")
    held = row.get("reward_model")
    truth = held.get("ground_truth") if isinstance(held, Mapping) else None
    if truth is not None and not isinstance(truth, str):
        yield _not_text("data.answer_not_text", truth, "reward_model.ground_truth")
    try:
        gold = row_gold(row)
        setup.verifier.compile(answer=gold.answer, tools=gold.tools, compare=gold.compare)
        names = [] if gold.tools is None else list(read_tools(gold.tools))
    except ToolverifyError as error:
        code = "data.tools" if isinstance(error, ToolsError) else "data.answer"
        yield Fault(code, error.problem, error.mend, where=error.path)
        return
    yield from _unseen_tools(settings, row, names)


def _columns(row: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(row.get("data_source"), str) or not row["data_source"]:
        message = "no data_source, by which verl groups the metrics of validation"
        yield Fault("data.no_source", message, "name the set in every row", where="data_source")
    prompt = row.get("prompt")
    if isinstance(prompt, str) or prompt is None or not len(prompt):
        message = "the prompt is no list of messages"
        mend = 'write [{"role": "user", "content": …}]'
        yield Fault("data.prompt", message, mend, where="prompt")


def _not_text(code: str, value: Any, where: str) -> Fault:
    """A column of structs: where the rows differ, Arrow has filled what is missing with nulls."""
    if _holds_null(value):
        message = "structs with nulls in them: Arrow gives every row the members of all rows"
        return Fault(code, message, _AS_TEXT, where=where)
    message = "structs, into which Arrow writes nulls as soon as rows differ"
    return Fault(code, message, _AS_TEXT, "warning", where=where)


def _holds_null(value: Any) -> bool:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return any(member is None or _holds_null(member) for member in value.values())
    return isinstance(value, list | tuple) and any(_holds_null(element) for element in value)


def _unseen_tools(settings: Settings, row: Mapping[str, Any], tools: Sequence[str]) -> Iterator[Fault]:
    """verl's own single-turn loop writes no tools into the prompt, so they must stand there already."""
    rollout = "actor_rollout_ref.rollout"
    loops = ("multi_turn.tool_config_path", "multi_turn.function_tool_path", "agent.agent_loop_config_path")
    if row.get("agent_name") or any(settings.get(f"{rollout}.{key}") for key in loops):
        return
    prompt = json.dumps(_plain(row.get("prompt")), default=str, ensure_ascii=False)
    names = [name for name in tools if name not in prompt]
    if names:
        message = f"the prompt does not name the tool {names[0]!r}, and verl writes no tools into it"
        mend = "write the tools into the system message, or use an agent loop that does"
        yield Fault("data.tools_unseen", message, mend, "warning", where="prompt")


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def check_tokenizer(setup: Setup, settings: Settings) -> Iterator[Fault]:
    """Markers that are special tokens are gone before a function sees the response; the manager keeps them."""
    if setup.tokenizer is None or settings.uses_manager:
        return
    special, where = special_tokens(setup), str(setup.tokenizer)
    if special is None:
        mend = "name the folder that holds tokenizer.json or tokenizer_config.json"
        yield Fault("tokenizer.unreadable", "no tokenizer is to be read there", mend, "warning", where)
        return
    lost = [token for token in special if token in _sample(setup)]
    if lost:
        message = (
            f"{', '.join(lost)}: special tokens, which verl takes out before the function sees the response"
        )
        mend = "use the manager: reward.reward_manager.name=toolverify"
        level = "error" if settings.uses_function else "warning"
        yield Fault("tokenizer.special_markers", message, mend, level, where)  # type: ignore[arg-type]


def special_tokens(setup: Setup) -> Sequence[str] | None:
    """The special tokens of a tokenizer, from its files; None where there are none to read."""
    if setup.tokenizer is None:
        return None
    listed: list[Any] = []
    found = False
    for name, key in (("tokenizer.json", "added_tokens"), ("tokenizer_config.json", "added_tokens_decoder")):
        try:
            held = json.loads((setup.tokenizer / name).read_text(encoding="utf-8")).get(key) or []
        except (OSError, ValueError, AttributeError):
            continue
        found = True
        listed += held.values() if isinstance(held, dict) else held
    tokens = [token for token in listed if isinstance(token, dict) and token.get("special")]
    return sorted({str(token.get("content")) for token in tokens}) if found else None


def _sample(setup: Setup) -> str:
    """A reply as the profile's format writes it, with all its markers."""
    call = ToolCall("probe", {"value": 1})
    try:
        return render([call], format=setup.verifier.profile.format.use, reasoning="…")
    except RenderError:
        return render([call], format=setup.verifier.profile.format.use)

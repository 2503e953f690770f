"""Checks of the rows: that the label holds what the reward needs, and the prompt what the trainer makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from toolverify.checkup import Fault, Setup
from toolverify.errors import ToolverifyError
from toolverify.plugins import registry
from toolverify.verifier import Verifier
from toolverify_openrlhf.reward import read_row
from toolverify_openrlhf.settings import Settings

LABEL, INPUT = "data.label_key", "data.input_key"
TEMPLATE, CHAT = "data.input_template", "data.apply_chat_template"
_WRITE = "write it with toolverify.training.write_label(answer, tools=…)"
Row = Mapping[str, Any]


def label_key(settings: Settings) -> str:
    """The column of the label."""
    return settings.text(LABEL) or "label"


def check_rows(setup: Setup, settings: Settings) -> Iterator[Fault]:
    """Every row, one after the other."""
    if settings.given and not settings.text(LABEL):
        text = "no label column is named: every label is an empty text"
        yield Fault(
            "openrlhf.no_label_key",
            text,
            f"write {settings.written(LABEL)} label",
            where=settings.written(LABEL),
        )
    reads_tools = _reads_tools(setup.verifier)
    for index, row in enumerate(setup.rows):
        yield from _check_label(
            setup.verifier, row, label_key(settings), setup.place(index), reads_tools=reads_tools
        )
        yield from check_input(row, settings, setup.place(index))
    yield from _check_template(settings)


def _check_label(verifier: Verifier, row: Row, key: str, where: str, *, reads_tools: bool) -> Iterator[Fault]:
    if key not in row:
        there = ", ".join(map(str, list(row)[:6]))
        mend = f"name the right one with --data.label_key, or {_WRITE}"
        yield Fault("openrlhf.no_label", f"no column {key!r} among {there}", mend, where=where)
        return
    where, label = f"{where}: {key}", row[key]
    if not isinstance(label, str):
        yield _bent(label, where)
    elif not _is_json(label) and verifier.profile.answers.use in {"calls", "possible"}:
        yield Fault("openrlhf.label_no_json", "the label is no JSON", _WRITE, where=where)
        return
    gold = read_row(label).gold
    try:
        verifier.compile(answer=gold.answer, tools=gold.tools, compare=gold.compare)
    except ToolverifyError as error:
        yield Fault("openrlhf.label_unreadable", str(error), error.mend or _WRITE, where=where)
        return
    if gold.tools is None and reads_tools:
        beside = "; those in the column 'tools' never reach it" if "tools" in row else ""
        text = f"the profile reads tools, and the label holds none{beside}"
        yield Fault("openrlhf.no_tools_in_label", text, _WRITE, "warning", where)


def _bent(label: Any, where: str) -> Fault:
    """A label that is no text has gone through Arrow, which gives every object the keys of all others."""
    if _has_null(label):
        text = "a null inside the label, as Arrow puts it in for keys that only other rows have"
        return Fault("openrlhf.label_bent", text, f"{_WRITE}, before Arrow sees it", where=where)
    text = f"the label is a {type(label).__name__}: Arrow may bend it, and a reward server cannot take it"
    return Fault("openrlhf.label_no_text", text, _WRITE, "warning", where)


def _has_null(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_null(member) for member in value.values())
    if isinstance(value, list | tuple):
        return any(_has_null(element) for element in value)
    return value is None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _reads_tools(verifier: Verifier) -> bool:
    profile = verifier.profile
    rules = [registry().get("rule", ref.use).value for ref in profile.rules]
    return profile.coercion.use != "none" or any(getattr(rule, "reads_tools", False) for rule in rules)


def check_input(row: Row, settings: Settings, where: str) -> Iterator[Fault]:
    """The prompt, as the trainer makes it from the row."""
    if not settings.given:
        return
    key = settings.text(INPUT) or "input"
    if key not in row:
        there = ", ".join(map(str, list(row)[:6]))
        mend = f"name the right one with {settings.written(INPUT)}"
        yield Fault("openrlhf.no_input", f"no column {key!r} among {there}", mend, where=where)
        return
    text, where = _words(row[key]), f"{where}: {key}"
    if not isinstance(row[key], str) and not settings.on(CHAT):
        mend = f"write {settings.written(CHAT)}, or render the prompts to texts"
        yield Fault(
            "openrlhf.no_chat_template",
            "the prompt is messages, and no template is applied",
            mend,
            where=where,
        )
    if "<image>" in text and settings.on(CHAT):
        yield Fault(
            "openrlhf.image_tag", "the prompt holds <image>, at which versions with images split it",
            "write it another way, or render the prompts to texts", "warning", where,
        )  # fmt: skip
    missing = [
        name for name in _tool_names(read_row(row.get(label_key(settings))).gold.tools) if name not in text
    ]
    if missing:
        yield Fault(
            "openrlhf.tools_not_in_prompt", f"the prompt does not name the tool {missing[0]!r}",
            "write the tools into the system message: no chat template gets them from OpenRLHF", "warning", where,
        )  # fmt: skip


def _words(prompt: Any) -> str:
    if isinstance(prompt, str):
        return prompt
    if isinstance(prompt, Mapping):
        return _words(prompt.get("content"))
    return "\n".join(_words(part) for part in prompt) if isinstance(prompt, list | tuple) else ""


def _tool_names(tools: Any) -> list[str]:
    """The names of tools in whatever dialect, as far as they are read."""
    from toolverify.schema import read_tools

    try:
        return [] if tools is None else list(read_tools(tools))
    except ToolverifyError:
        return []  # told where the label is compiled, or of no use to the profile


def _check_template(settings: Settings) -> Iterator[Fault]:
    template = settings.text(TEMPLATE)
    if not template:
        return
    try:
        fits = template.format("x") != template
    except (ValueError, IndexError, KeyError, AttributeError):
        fits = False
    if not fits:
        text = "the template is filled by str.format, and has other braces than one {}"
        yield Fault("openrlhf.template", text, "double every other brace", where=settings.written(TEMPLATE))

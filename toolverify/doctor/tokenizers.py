"""A tokenizer's folder, read as files: what decoding strips, and how the chat template ends a prompt."""

from __future__ import annotations

from collections.abc import Iterator

from toolverify.calls import Case, Context, ToolCall
from toolverify.checkup import Fault, Setup
from toolverify.doctor.faults import fault, warning
from toolverify.doctor.golds import gold_of
from toolverify.doctor.looking import Look
from toolverify.doctor.tokenizer_files import TokenizerFiles, leaves_reasoning_open, read_tokenizer
from toolverify.errors import AnswerError, ToolverifyError
from toolverify.training import think_marker
from toolverify.verifier import Verifier

_MARKERS = ("think_start", "think_end", "start", "end")
_PROBE = [ToolCall("probe", {"x": 1})]


def look_at_tokenizer(setup: Setup) -> Look:
    """Nothing of the format is lost when completions are decoded, and the prompt fits the format."""
    folder = setup.tokenizer
    if folder is None:
        return Look("tokenizer", "no --tokenizer", skipped=True)
    files = read_tokenizer(folder)
    faults = [*_missing(files), *_special(setup, files), *_template(setup, files)]
    told = f"{folder}: {len(files.special)} special tokens, {len(files.templates)} chat templates"
    return Look("tokenizer", told, tuple(faults))


def _missing(files: TokenizerFiles) -> Iterator[Fault]:
    for path, problem in files.unreadable:
        yield fault("tokenizer.unreadable", problem, where=path)
    if not files.has_vocabulary:
        yield fault(
            "tokenizer.missing_file",
            "there is neither tokenizer.json nor another vocabulary",
            where=files.folder,
        )
    elif "tokenizer.json" not in files.names:
        told = "there is no tokenizer.json: which tokens it adds as special ones could not be seen in full"
        yield warning("tokenizer.missing_file", told, where=files.folder)
    if "tokenizer_config.json" not in files.names:
        yield warning("tokenizer.missing_file", "there is no tokenizer_config.json", where=files.folder)


def _special(setup: Setup, files: TokenizerFiles) -> Iterator[Fault]:
    """Markers that are special tokens, unless the trainer keeps these."""
    if getattr(setup.backend, "keeps_special_tokens", False):
        return
    told = "" if setup.backend else ", where special tokens are skipped"
    give = fault if setup.backend else warning
    for marker in _wire_markers(setup.verifier):
        for token, where in files.special.items():
            if token in marker:
                message = f"{token!r} of format {setup.verifier.format.name} is a special token: decoding strips it{told}"
                yield give("tokenizer.special_marker", message, where=where)


def _wire_markers(verifier: Verifier) -> list[str]:
    """What a completion cannot do without: the format's markers, or else a call as it is written."""
    format_ = verifier.format
    if getattr(format_, "reads_messages", False):
        return []
    known = [getattr(format_, key, None) for key in _MARKERS]
    markers = [marker for marker in known if isinstance(marker, str) and marker]
    if len(markers) == len(_MARKERS):
        return list(dict.fromkeys(markers))
    try:
        return [format_.render(_PROBE, reasoning="a thought")]
    except ToolverifyError:
        return markers


def _template(setup: Setup, files: TokenizerFiles) -> Iterator[Fault]:
    if not files.templates:
        yield warning("tokenizer.no_chat_template", "there is no chat template", where=files.folder)
        return
    if _has_tools(setup) and not any("tools" in template for template in files.templates.values()):
        where = ", ".join(files.templates)
        yield warning("tokenizer.no_tools", "the chat template never mentions `tools`", where=where)
    marker = think_marker(setup.verifier.format)
    closing = getattr(setup.verifier.format, "think_end", "</think>")
    for where, template in files.templates.items():
        if leaves_reasoning_open(template, marker, closing):
            yield from _prefilled(setup, marker, where)


def _has_tools(setup: Setup) -> bool:
    """Whether a row offers tools; without rows, it may be that they do."""
    return not setup.rows or any(_tools_of(setup, index) for index in range(len(setup.rows)))


def _tools_of(setup: Setup, index: int) -> bool:
    try:
        return bool(gold_of(setup, index).tools)
    except ToolverifyError:
        return False


def _prefilled(setup: Setup, marker: str, where: str) -> Iterator[Fault]:
    """A prompt that opens the reasoning, where a right reply then fails."""
    closed, opened = [
        _passes_without(setup.verifier, marker, Context(reasoning_open=told)) for told in (False, True)
    ]
    told = f"the prompt ends with {marker!r}, and without it no completion passes"
    if not closed and not opened:
        mend = "take the marker out of the template's end: this profile does not heed reasoning_open"
        yield warning("tokenizer.prefilled_reasoning", told, where=where, mend=mend)
    elif not closed and not _is_told(setup):
        yield warning("tokenizer.prefilled_reasoning", f"{told}, unless reasoning_open is set", where=where)


def _is_told(setup: Setup) -> bool:
    """Whether somebody says that the prompt opens the reasoning: the adapter, the configuration, or every row."""
    if getattr(setup.backend, "sees_prompts", False):
        return True
    if any(
        key.rpartition(".")[2] == "reasoning_open" and value is True for key, value in setup.config.items()
    ):
        return True
    scored = setup.backend is None and bool(setup.rows)
    return scored and all(row.get("reasoning_open") is True for row in setup.rows)


def _passes_without(verifier: Verifier, marker: str, context: Context) -> bool:
    """Whether the rest of a right reply passes, where the marker stands in the prompt."""
    try:
        text = verifier.format.render(_PROBE, reasoning="a thought")
        case = _probe_case(verifier, text)
    except ToolverifyError:
        return (
            context.reasoning_open
        )  # nothing was tried: it is taken for a profile that heeds what it is told
    return bool(verifier.score(text.replace(marker, "", 1), case=case, context=context).passed)


def _probe_case(verifier: Verifier, text: str) -> Case:
    """A case that expects the probe, as calls or as a gold completion."""
    tools = [{"name": "probe", "parameters": {"type": "object", "properties": {"x": {"type": "integer"}}}}]
    try:
        return verifier.compile(answer=[{"name": "probe", "arguments": {"x": 1}}], tools=tools)
    except AnswerError:
        return verifier.compile(answer=text, tools=tools)

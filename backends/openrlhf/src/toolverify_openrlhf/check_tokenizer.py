"""Checks with the tokenizer: what the trainer decodes must be what the model wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from toolverify.calls import ToolCall
from toolverify.checkup import Fault, Setup
from toolverify.errors import RenderError
from toolverify.plugins import registry
from toolverify.profile import Profile
from toolverify_openrlhf.check_rows import CHAT, INPUT, TEMPLATE
from toolverify_openrlhf.options import ENDINGS
from toolverify_openrlhf.settings import Settings
from toolverify_openrlhf.splitting import split

_ANSWER = "<answer of the model>"


def check_tokenizer(setup: Setup, settings: Settings) -> Iterator[Fault]:
    """The tokenizer in its folder, where there is one and transformers can load it."""
    if setup.tokenizer is None:
        return
    where = str(setup.tokenizer)
    try:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=True)
    except (ImportError, OSError, ValueError) as error:
        text = f"the tokenizer was not looked at: {str(error)[:200]}"
        mend = "install transformers beside toolverify, and name a folder with a tokenizer"
        yield Fault("openrlhf.tokenizer_unread", text, mend, "warning", where)
        return
    yield from check_loaded(tokenizer, setup, settings, where)


def check_loaded(tokenizer: Any, setup: Setup, settings: Settings, where: str) -> Iterator[Fault]:
    """A tokenizer that is loaded."""
    yield from _check_ending(tokenizer, where)
    yield from _check_markers(tokenizer, setup.verifier.profile, where)
    for index, row in enumerate(setup.rows):
        prompt = prompt_of(tokenizer, row, settings)
        if prompt is not None:
            yield from _check_prompt(tokenizer, prompt, settings, setup.place(index))


def _check_ending(tokenizer: Any, where: str) -> Iterator[Fault]:
    ending = str(tokenizer.eos_token or "")
    if ending and ending not in ENDINGS:
        yield Fault(
            "openrlhf.ending_unknown",
            f"the token that ends a turn is {ending!r}, which is not cut off",
            f"set TOOLVERIFY_ENDINGS={ending}, or make_reward_func(…, endings=({ending!r},))",
            where=where,
        )


def _check_markers(tokenizer: Any, profile: Profile, where: str) -> Iterator[Fault]:
    """A reply must come back from the tokenizer as it was."""
    written = _written(profile)
    back = tokenizer.decode(_tokens(tokenizer, written), skip_special_tokens=False)
    if back != written:
        yield Fault(
            "openrlhf.markers_lost",
            f"a reply in format {profile.format.use} comes back changed: {written[:60]!r} became {back[:60]!r}",
            "use a format that the tokenizer keeps, or mend the tokenizer's decoder",
            where=where,
        )


def _written(profile: Profile) -> str:
    format_ = registry().get("format", profile.format.use).value
    call = ToolCall("get_weather", {"city": "Oslo", "days": 3})
    for reasoning in ("A thought.", None):
        try:
            return str(format_.render([call], reasoning=reasoning))
        except RenderError:
            continue
    return ""


def prompt_of(tokenizer: Any, row: Mapping[str, Any], settings: Settings) -> str | None:
    """The prompt of a row as the trainer renders it; None where it cannot."""
    given = row.get(settings.text(INPUT) or "input")
    if settings.on(CHAT):
        chat = [{"role": "user", "content": given}] if isinstance(given, str) else given
        if not isinstance(chat, list) or not tokenizer.chat_template:
            return None
        return str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))
    template = settings.text(TEMPLATE)
    if not isinstance(given, str):
        return None
    return template.replace("{}", given, 1) if template else given


def _check_prompt(tokenizer: Any, prompt: str, settings: Settings, where: str) -> Iterator[Fault]:
    tokens, room = _tokens(tokenizer, prompt), settings.room_for_prompt
    if room is not None and len(tokens) > room:
        yield Fault(
            "openrlhf.prompt_cut",
            f"the prompt has {len(tokens)} tokens and room for {room:g}: its beginning, with the tools, is cut off",
            f"make {settings.written('data.max_len')} longer, or drop the row",
            "warning",
            where,
        )
    back = tokenizer.decode(tokens, skip_special_tokens=False)
    if split(back + _ANSWER, prompt).response != _ANSWER:
        yield Fault(
            "openrlhf.prompt_changed",
            "the tokenizer changes the prompt, so that the answer behind it cannot be found",
            "end the prompt with the header of a chat template, or write it in the tokenizer's normal form",
            where=where,
        )


def _tokens(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])

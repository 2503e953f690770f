"""Whether a tokenizer lets the reward see what the model writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolverify.checkup import Fault
from toolverify.verifier import Verifier
from toolverify_trl.markers import written_reply

#: Words, numbers and signs that tokenizers cut in different ways; the last letter has its accent apart.
_PROBE = "On 2026-01-05 it's 12.50 km to für 用户, isn't it?\n\n\tdef f(x): return x  # 3 e\u0301"


def check_tokenizer(folder: Path | None, verifier: Verifier) -> Iterator[Fault]:
    """Every fault that the tokenizer's folder tells."""
    if folder is None:
        return
    written = written_reply(verifier.format)
    hidden = sorted([token for token in special_tokens(folder) if token in written])
    if hidden:
        message = (
            f"{', '.join(hidden)}: markers of the format are special tokens, which TRL takes out of the text "
            "before it asks for rewards"
        )
        mend = f"make them ordinary tokens (special=False), or use Reward(tokenizer={str(folder)!r})"
        yield Fault("tokenizer.special_marker", message, mend, where=str(folder))
    if _is_swapped(folder, written + _PROBE):
        message = (
            "AutoTokenizer reads this folder with another tokenizer than the one that was saved, because the "
            "model's type has one of its own: other tokens for the same text"
        )
        mend = (
            "use a model type that keeps it (qwen3, llama), or set tokenizer_class in tokenizer_config.json"
        )
        yield Fault("tokenizer.swapped", message, mend, where=str(folder))


def special_tokens(folder: Path) -> set[str]:
    """The special tokens of a saved tokenizer."""
    saved, config = _read(folder / "tokenizer.json"), _read(folder / "tokenizer_config.json")
    added = [*_listed(saved.get("added_tokens")), *_members(config.get("added_tokens_decoder"))]
    found = {token.get("content") for token in added if isinstance(token, dict) and token.get("special")}
    named = [config.get(key) for key in ("extra_special_tokens", "additional_special_tokens")]
    for tokens in named:
        found |= {_content(token) for token in [*_listed(tokens), *_members(tokens)]}
    found |= {_content(value) for key, value in config.items() if key.endswith("_token")}
    return {token for token in found if isinstance(token, str) and token}


def _content(token: Any) -> Any:
    return token.get("content") if isinstance(token, dict) else token


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _members(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_swapped(folder: Path, text: str) -> bool:
    """Whether the tokens of a text differ; where transformers is not installed, what is known of Qwen2 must do."""
    if not (folder / "tokenizer.json").is_file() or not (folder / "config.json").is_file():
        return False
    try:
        from tokenizers import Tokenizer
        from transformers import AutoTokenizer
    except ImportError:
        return _looks_swapped(folder)
    try:
        saved = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text, add_special_tokens=False).ids
        loaded = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        return bool(saved != loaded(text, add_special_tokens=False)["input_ids"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        return _looks_swapped(folder)


def _looks_swapped(folder: Path) -> bool:
    model, config = _read(folder / "config.json"), _read(folder / "tokenizer_config.json")
    return model.get("model_type") == "qwen2" and not str(config.get("tokenizer_class")).startswith("Qwen2")

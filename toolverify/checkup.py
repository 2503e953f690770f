"""What `toolverify doctor` looks at, and what it finds: the words that backends and the core share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from toolverify.protocols import Backend

if TYPE_CHECKING:  # a verifier brings pydantic, which a plugin that only names a Setup need not wait for
    from toolverify.verifier import Verifier

Level = Literal["error", "warning"]


class Fault(Struct, frozen=True):
    """One thing that is wrong with a set-up.

    Attributes:
        code: What kind of fault it is, such as `config.ignored_key`.
        message: What is wrong, in one sentence.
        mend: What to do about it.
        level: `error` where training would go wrong; `warning` where it might.
        where: The file, key or row it is about.
    """

    code: str
    message: str
    mend: str
    level: Level = "error"
    where: str = ""


class Setup(Struct, frozen=True):
    """A set-up as far as it is known: every backend looks at what is there.

    Attributes:
        verifier: The profile, ready.
        rows: The first rows of the training data, as the trainer's own reader would see them.
        data: The file the rows come from.
        config: The trainer's configuration: keys, dotted where the trainer nests them, to their values.
        tokenizer: The folder of the tokenizer, which backends may load with transformers.
        versions: The installed versions of the distributions a backend asks about; None for what is missing.
        backend: The adapter whose rows and configuration these are; None where rows are those of `toolverify score`.
        places: Where each row stands in its file, as `line 3`.
    """

    verifier: Verifier
    rows: Sequence[Mapping[str, Any]] = ()
    data: Path | None = None
    config: Mapping[str, Any] = {}
    tokenizer: Path | None = None
    versions: Mapping[str, str | None] = {}
    backend: Backend | None = None
    places: Sequence[str] = ()

    def place(self, index: int) -> str:
        """Where a row is found: its line, and its id where it has one."""
        place = self.places[index] if index < len(self.places) else f"row {index + 1}"
        known = self.rows[index].get("id")
        return place if known is None or isinstance(known, dict | list) else f"{place}, id {known}"

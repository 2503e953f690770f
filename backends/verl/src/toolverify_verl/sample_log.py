"""The log that verl does not write: every sample's components, a line of JSON each."""

from __future__ import annotations

import logging
import os
import socket
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolverify.errors import ProfileError
from toolverify.rows import to_json
from toolverify.training import Scored

LOGGER = logging.getLogger("toolverify.verl")


class SampleLog:
    """A JSON Lines file that several threads and processes of one machine may append to.

    Every line is one write to a file opened for appending, which the system never mixes with another.

    Raises:
        ProfileError: The file cannot be written.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path.replace("{host}", socket.gethostname()).replace("{pid}", str(os.getpid())))
        self._broken = False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise ProfileError(
                f"cannot write the log: {error}", path="log", mend="name a file that can be written"
            ) from error
        weakref.finalize(self, os.close, self._descriptor)

    def write(
        self, scored: Scored, *, reward: float, step: int, identity: Sequence[Any], source: Any
    ) -> None:
        """Append a sample; a full disk ends the log, not the training."""
        record = {
            "step": step,
            "id": "_".join(str(part) for part in identity if part is not None) or None,
            "data_source": str(source),
            "reward": reward,
            "components": scored.components,
            "parts": scored.parts,
            "codes": list(dict.fromkeys(finding.code for finding in scored.findings)),
        }
        try:
            os.write(self._descriptor, to_json(record) + b"\n")
        except OSError as error:
            if not self._broken:
                self._broken = True
                LOGGER.error("the log %s is incomplete: %s", self.path, error)  # noqa: TRY400  # a trace says nothing more

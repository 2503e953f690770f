"""What it costs to have: peak memory, import time, and on which machine all of this was measured."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

from toolverify.bench.contenders import PROFILES, verifier_or_none
from toolverify.bench.hostile_inputs import ANSWER, TOOLS, framed, listed
from toolverify.bench.workload import Row
from toolverify.verifier import Verifier

#: Libraries that would make `import toolverify` slow for everybody.
HEAVY = ("numpy", "torch", "pandas")
_CHUNK = 500
_STARTS = 7
_LIBRARIES = ("toolverify", "msgspec", "jsonschema", "jsonschema-rs", "pydantic", "pluggy", "deepdiff")
_TIMED_IMPORT = """
import json, sys, time
wall, cpu = time.perf_counter(), time.process_time()
import toolverify
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
heavy = [name for name in {heavy!r} if name in sys.modules]
print(json.dumps({{"wall_ms": wall * 1000, "cpu_ms": cpu * 1000, "heavy": heavy}}))
"""


def memory(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Peak memory of each profile: the workload in chunks, and one hostile text.

    What Rust and C libraries take without asking Python's allocator is not in it.
    """
    hostile = framed(listed("{}"))
    peaks = []
    for profile in PROFILES:
        verifier = verifier_or_none(profile)
        if verifier is not None:
            peaks.append(
                {
                    "profile": profile,
                    "chunk": _CHUNK,
                    "workload_mb": _peak_mb(lambda verifier=verifier: _in_chunks(verifier, rows)),  # type: ignore[misc]
                    "hostile_mb": _peak_mb(lambda verifier=verifier: _one(verifier, hostile)),  # type: ignore[misc]
                }
            )
    return peaks


def _in_chunks(verifier: Verifier, rows: Sequence[Row]) -> None:
    """Compiled and scored chunk by chunk; the verdicts of a chunk live until the next one."""
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        cases = [verifier.compile(answer=row.answer, tools=row.tools) for row in chunk]
        verifier.score_batch([row.completion for row in chunk], cases)


def _one(verifier: Verifier, text: str) -> None:
    verifier.score(text, answer=ANSWER, tools=TOOLS)


def _peak_mb(run: Callable[[], None]) -> float:
    tracemalloc.start()
    try:
        run()
        return round(tracemalloc.get_traced_memory()[1] / 1e6, 2)
    finally:
        tracemalloc.stop()


def import_time() -> dict[str, Any]:
    """`import toolverify` in fresh processes: the median, and which heavy libraries came with it."""
    starts = [_fresh_import() for _ in range(_STARTS)]
    return {
        "starts": _STARTS,
        "wall_ms": round(median(start["wall_ms"] for start in starts), 1),
        "cpu_ms": round(median(start["cpu_ms"] for start in starts), 1),
        "heavy": sorted({name for start in starts for name in start["heavy"]}),
    }


def _fresh_import() -> dict[str, Any]:
    command = [sys.executable, "-I", "-c", _TIMED_IMPORT.format(heavy=HEAVY)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # our own interpreter
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def environment() -> dict[str, Any]:
    """Processor, interpreter and libraries."""
    return {
        "cpu": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": {name: version for name in _LIBRARIES if (version := _version(name))},
    }


def _processor() -> str:
    """The model's name where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.processor() or "unknown"


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""

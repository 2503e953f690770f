"""Checks of the reward file: that the trainer finds it, and can load it. It is read, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from toolverify.checkup import Fault, Level
from toolverify_openrlhf.settings import Settings

URL = "reward.remote_url"
AGENT = "train.agent_func_path"
_OURS = "give the path that `toolverify backends path openrlhf` prints"


def check_path(settings: Settings) -> Iterator[Fault]:
    """The trainer is pointed at a file, and the file is there."""
    if not settings.given:
        return
    where, text = settings.written(URL), settings.text(URL)
    paths = [part.strip() for part in text.split(",")]
    if settings.text(AGENT):
        told = "an agent brings its own reward: no reward file is asked"
        yield _fault("agent", told, where, f"leave {settings.written(AGENT)} out")
    elif not text:
        yield _fault("no_reward_file", "no reward file is named", where, _OURS)
    elif "$" in paths[0] or "`" in paths[0]:  # what a shell puts there is not known here
        return
    elif not paths[0].endswith(".py"):
        yield _fault(
            "no_py_file", f"{paths[0]!r} does not end in .py, so it is taken for a server", where, _OURS
        )
    else:
        if len(paths) > 1:
            yield _fault(
                "several_rewards",
                "only the first of several rewards is used",
                where,
                "name one",
                level="warning",
            )
        yield from _check_file(Path(paths[0]), where)


def _check_file(path: Path, where: str) -> Iterator[Fault]:
    if not path.is_absolute():
        yield _fault(
            "relative_path", f"{str(path)!r} is relative, and Ray's workers stand in other folders", where,
            "give the whole path",
        )  # fmt: skip
    if not path.is_file():
        yield _fault("no_file", f"there is no file {str(path)!r}", where, f"{_OURS}; every node needs it")
        return
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError) as error:
        yield _fault("file_unreadable", f"{path.name} cannot be read: {error}", where, "mend it")
        return
    yield from _check_source(tree, path)


def _check_source(tree: ast.Module, path: Path) -> Iterator[Fault]:
    where = str(path)
    found = [node for node in tree.body if "reward_func" in _bound(node)]
    if not found:
        yield _fault(
            "no_reward_func", "nothing at the top of the file is named reward_func", where,
            'write reward_func = make_reward_func(profile="…")',
        )  # fmt: skip
    if any(isinstance(node, ast.AsyncFunctionDef) for node in found):
        yield _fault("async_reward_func", "reward_func is async, and nobody awaits it", where, "write def")
    if _postponed(tree) and _has_dataclass(tree):
        yield _fault(
            "postponed_annotations", "a dataclass under `from __future__ import annotations`: loading the file fails",
            where, "take the import out: the file is not in sys.modules, where dataclasses look",
        )  # fmt: skip
    for name in _siblings(tree, path):
        yield _fault(
            "sibling_import", f"{name!r} stands beside the file, in a folder that nothing is imported from", where,
            "put it into an installed package, or on PYTHONPATH of every worker",
        )  # fmt: skip


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement at the top of a module gives to something."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    targets: Sequence[ast.expr] = node.targets if isinstance(node, ast.Assign) else ()
    if isinstance(node, ast.AnnAssign):
        targets = (node.target,)
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _postponed(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)


def _has_dataclass(tree: ast.Module) -> bool:
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return any("dataclass" in ast.unparse(mark) for node in classes for mark in node.decorator_list)


def _siblings(tree: ast.Module, path: Path) -> list[str]:
    """What is imported by a name that stands in the file's own folder, or relative to it."""
    names = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            names.append("." * node.level + (node.module or ""))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            modules = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            )
            names += [name for name in modules if _stands_beside(name.partition(".")[0], path)]
    return names


def _stands_beside(name: str, path: Path) -> bool:
    return path.stem != name and (
        (path.parent / f"{name}.py").is_file() or (path.parent / name / "__init__.py").is_file()
    )


def _fault(code: str, message: str, where: str, mend: str, level: Level = "error") -> Fault:
    return Fault(f"openrlhf.{code}", message, mend, level, where)

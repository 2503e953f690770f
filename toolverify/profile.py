"""Profiles: a reward written down, validated with errors that name the key and the mend."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from toolverify.errors import ProfileError
from toolverify.limits import DEFAULT_LIMITS, Limits
from toolverify.plugins import Registry, registry
from toolverify.suggest import closest

_MAX_PARENTS = 8


def _named(value: Any) -> Any:
    """A part without options may be written as its name alone."""
    return {"use": value} if isinstance(value, str) else value


def _as_tuple(value: Any) -> Any:
    if isinstance(value, list | tuple) and not value:
        raise ValueError("a profile needs at least one rule")
    return tuple(value) if isinstance(value, list) else value


class PartRef(BaseModel):
    """A part by name, with options: `"calls"` or `{ use = "format", silence = true }`."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    use: str

    @property
    def options(self) -> dict[str, Any]:
        """Everything beside the name."""
        return dict(self.model_extra or {})


class RuleRef(PartRef):
    """A rule by name; `name` is the key of its score, `gate` overrides the rule's own."""

    name: str | None = None
    gate: bool | None = None


Ref = Annotated[PartRef, BeforeValidator(_named)]
LimitNumber = Annotated[int, Field(ge=1)]


class LimitsModel(BaseModel):
    """The limits of a profile; see `toolverify.limits.Limits`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: LimitNumber = DEFAULT_LIMITS.text
    call: LimitNumber = DEFAULT_LIMITS.call
    attempts: LimitNumber = DEFAULT_LIMITS.attempts
    depth: LimitNumber = DEFAULT_LIMITS.depth
    digits: LimitNumber = DEFAULT_LIMITS.digits


class Profile(BaseModel):
    """A reward: which parts judge a completion, and how their scores become a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    summary: str = ""
    format: Ref
    answers: Ref = PartRef(use="calls")
    coercion: Ref = PartRef(use="none")
    defaults: Literal["none", "equivalent"] = "none"
    comparison: Ref = PartRef(use="json")
    relax: bool = True
    matcher: Ref = PartRef(use="unordered")
    rules: Annotated[
        tuple[Annotated[RuleRef, BeforeValidator(_named)], ...],
        BeforeValidator(_as_tuple),
    ]
    combine: Ref = PartRef(use="all")
    limits: LimitsModel = LimitsModel()

    def bounds(self) -> Limits:
        """The limits as the hot path wants them."""
        return Limits(**self.limits.model_dump())

    def with_format(self, name: str) -> Profile:
        """The same reward on another wire format."""
        return self.model_copy(update={"format": PartRef(use=name)})


def load_profile(source: str | os.PathLike[str] | Profile, parts: Registry | None = None) -> Profile:
    """A profile by name, by the path of a TOML file, or as it is.

    Raises:
        ProfileError: It is unknown or malformed; the error names the key and the way to mend it.
    """
    if isinstance(source, Profile):
        return source
    parts = parts or registry()
    if _is_path(source):
        path = Path(source)
        return _validate(_with_parents(_read_toml(path), str(path), parts), path.stem, str(path))
    entry = parts.get("profile", str(source)).value
    if isinstance(entry, Profile):
        return entry
    return _validate(_with_parents(_read_toml(entry), str(source), parts), str(source), f"profile {source}")


def profile_from(data: Mapping[str, Any], *, name: str, where: str, parts: Registry | None = None) -> Profile:
    """A profile from its keys, as they stand in a file of another kind.

    Raises:
        ProfileError: It is malformed; the error names the key and the way to mend it.
    """
    return _validate(_with_parents(dict(data), where, parts or registry()), name, where)


def _is_path(source: str | os.PathLike[str]) -> bool:
    return not isinstance(source, str) or source.endswith(".toml") or os.sep in source


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ProfileError(
            f"no file {str(path)!r}", mend="give the name of a profile or the path of a file"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"cannot read {str(path)!r}: {error}", mend="give a TOML file in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"not TOML: {error}", path=str(path), mend="mend the line it names") from error


def _with_parents(data: dict[str, Any], where: str, parts: Registry) -> dict[str, Any]:
    """`extends = "other"` takes over every key that is not set; limits are taken over one by one."""
    for _ in range(_MAX_PARENTS):
        if "extends" not in data:
            return data
        parent_name = data.pop("extends")
        if not isinstance(parent_name, str):
            raise ProfileError(
                "expected the name of a profile", path=f"{where}: extends", mend="write a string"
            )
        parent = _raw(parent_name, where, parts)
        limits = {**parent.get("limits", {}), **data.get("limits", {})}
        parent.pop("name", None)
        data = {**parent, **data, **({"limits": limits} if limits else {})}
    raise ProfileError(f"more than {_MAX_PARENTS} parents", path=f"{where}: extends", mend="end the chain")


def _raw(name: str, where: str, parts: Registry) -> dict[str, Any]:
    entry = parts.get("profile", name, path=f"{where}: extends").value
    if isinstance(entry, Profile):
        return entry.model_dump(exclude_unset=True)
    return _read_toml(entry)


def _validate(data: Mapping[str, Any], name: str, where: str) -> Profile:
    try:
        return Profile.model_validate({"name": name, **data})
    except ValidationError as error:
        raise _profile_error(error, where) from error


def _profile_error(error: ValidationError, where: str) -> ProfileError:
    """The first of pydantic's errors, as one that names key and mend."""
    errors = error.errors(include_url=False)
    first = next((found for found in errors if found["type"] == "extra_forbidden"), errors[0])
    steps = [str(step) for step in first["loc"]]
    key = ".".join(steps) or "the profile"
    if first["type"] == "extra_forbidden":
        model: type[BaseModel] = LimitsModel if steps[0] == "limits" else Profile
        return ProfileError(
            f"unknown key {key!r}",
            path=where,
            mend=closest(steps[-1], [*model.model_fields, *(["extends"] if model is Profile else [])]),
        )
    if first["type"] == "missing":
        return ProfileError(f"the key {key!r} is missing", path=where, mend=f"add {key} = …")
    got = f", got {first['input']!r}" if isinstance(first["input"], str | int | float) else ""
    return ProfileError(f"{key}: {first['msg']}{got}", path=where, mend="see docs/profiles.md")

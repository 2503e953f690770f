"""Dates and times as people write them in English, compared by meaning: a plugin to learn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal

from toolverify import hookimpl
from toolverify.compare import json_equal
from toolverify.errors import ProfileError
from toolverify.protocols import Comparison
from toolverify_dates.reading import Calendar, read_moment


# A part is a frozen dataclass: it pickles, threads may share it, and its fields are the options that a profile may set:
# comparison = { use = "date-meaning", order = "dmy" }. The name is no option, so it is a ClassVar.
@dataclass(frozen=True)
class DateMeaning:
    """Texts that mean the same day or time are equal, however they are written; all other values as in JSON.

    Attributes:
        order: Whether 05/03/2024 is in March (`dmy`) or in May (`mdy`); without it such a text is only a text.
        today: The day, as 2024-03-05, from which words such as tomorrow count; without it they are only words.
    """

    name: ClassVar[str] = "date-meaning"
    order: Literal["dmy", "mdy"] | None = None
    today: str | None = None

    def __post_init__(self) -> None:
        """A wrong option is an error of whoever wrote the profile, so it raises; what a model wrote never does."""
        if self.order not in {None, "dmy", "mdy"}:
            raise ProfileError(f"order {self.order!r}", path="comparison.order", mend="use dmy or mdy")
        self.calendar()

    # `options` are those that a task sets for one argument; here they stand above those of the profile.
    def equal(self, got: Any, want: Any, options: Mapping[str, Any]) -> bool:
        """Compare whole values; a text that is not understood equals itself alone."""
        chosen = {key: options[key] for key in ("order", "today") if key in options}
        calendar = (replace(self, **chosen) if chosen else self).calendar()
        return json_equal(_meant(got, calendar), _meant(want, calendar))

    # There is no `key` here, though it would be `frozen_json(_meant(value, calendar))` and fast: with a key, equal calls
    # are taken to satisfy a schema alike, and a schema may ask for one way to write a date.

    def calendar(self) -> Calendar:
        """How the options say that ambiguous texts are read."""
        try:
            return Calendar(self.order, None if self.today is None else date.fromisoformat(self.today))
        except (TypeError, ValueError) as error:
            mend = "write it as 2024-03-05"
            raise ProfileError(
                f"today {self.today!r}: {error}", path="comparison.today", mend=mend
            ) from error


def _meant(value: Any, calendar: Calendar) -> Any:
    """The value with a Moment in the place of each text that is understood."""
    if isinstance(value, str):
        return read_moment(value, calendar) or value
    if isinstance(value, list):
        return [_meant(item, calendar) for item in value]
    if isinstance(value, dict):  # the names of members are never dates
        return {key: _meant(member, calendar) for key, member in value.items()}
    return value


# The hooks. Each returns a list of values and changes nothing; their names and order do not matter.
@hookimpl
def toolverify_comparisons() -> Sequence[Comparison]:
    """Comparisons, by the names that profiles use."""
    return [DateMeaning()]


@hookimpl
def toolverify_profiles() -> Sequence[Path]:
    """Every TOML file of the folder is a profile, named after the file."""
    return sorted(Path(__file__).parent.glob("profiles/*.toml"))

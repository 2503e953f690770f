"""What a text means as a date or a time. Precision beats recall: what could mean two things means nothing here.

A model may write anything, so no text raises, and none takes long: only short ones are read, by patterns that never
try one place twice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

_LONGEST = 64
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_WEEKDAY = r"(?P<weekday>mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_NAMED = rf"(?:{_WEEKDAY}\.?,? )?(?:the )?"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII)  # \d means the digits 0 to 9 alone


_WRITTEN = (
    _pattern(rf"{_YEAR}(?P<mark>[-/])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}})"),
    _pattern(rf"{_NAMED}{_DAY}(?: of)? {_MONTH},? {_YEAR}"),
    _pattern(rf"{_NAMED}{_MONTH} (?:the )?{_DAY},? {_YEAR}"),
)
_NUMBERS = _pattern(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2{_YEAR}")
_CLOCK = r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<part>\d{1,6}))?)?)?"
_TIME = _pattern(rf"{_CLOCK} ?(?P<half>[ap]\.?m\.?)?(?: ?(?P<zone>z|utc|gmt|[+-]\d\d:?\d\d))?")
_RELATIVE = _pattern(
    rf"in (?P<ahead>\d{{1,4}}) days?|(?P<ago>\d{{1,4}}) days? ago|(?P<which>next|last) {_WEEKDAY}"
)
_WORDS = {
    "today": 0,
    "tomorrow": 1,
    "yesterday": -1,
    "the day after tomorrow": 2,
    "the day before yesterday": -2,
}
#: Where a date and a time stand side by side: the date first, or the time first.
_JOINTS = (re.compile(r"(?<=\d)t(?=\d)|,? at |, | "), re.compile(r",? on |, | "))


@dataclass(frozen=True)
class Calendar:
    """How ambiguous texts are read: the order of day and month, and the day of reference."""

    order: str | None = None
    today: date | None = None


@dataclass(frozen=True)
class Moment:
    """A day, a time of the day, or both; with both and a zone, it is written in UTC."""

    day: date | None
    time: time | None


def read_moment(text: str, calendar: Calendar) -> Moment | None:
    """What the whole text means; None where it means no day and no time, or could mean two."""
    if len(text) > _LONGEST:
        return None
    words = " ".join(text.lower().split())
    try:
        found = {_joined(*parts) for parts in _readings(words, calendar)}
    except (ValueError, OverflowError):  # the 30th of February, or a day beyond the calendar
        return None
    return found.pop() if len(found) == 1 else None


def _readings(words: str, calendar: Calendar) -> Iterator[tuple[date | None, time | None]]:
    """Every way to read the words: as a day, as a time, as a day and a time, as a time and a day."""
    day_first = [(words[: joint.start()], words[joint.end() :]) for joint in _JOINTS[0].finditer(words)]
    time_first = [(words[joint.end() :], words[: joint.start()]) for joint in _JOINTS[1].finditer(words)]
    for day_text, time_text in [(words, ""), ("", words), *day_first, *time_first]:
        day, at = _read_day(day_text, calendar), _read_time(time_text)
        if (day or not day_text) and (at or not time_text):
            yield day, at


def _joined(day: date | None, at: time | None) -> Moment:
    """One instant is one Moment, in whatever zone it was written; without a zone it is another."""
    if day is None or at is None or at.tzinfo is None:
        return Moment(day, at)
    instant = datetime.combine(day, at).astimezone(UTC)
    return Moment(instant.date(), instant.timetz())


def _read_day(words: str, calendar: Calendar) -> date | None:
    for pattern in _WRITTEN:
        if match := pattern.fullmatch(words):
            return _written_day(match)
    if calendar.order and (match := _NUMBERS.fullmatch(words)):
        first, second = int(match[1]), int(match[3])
        day, month = (first, second) if calendar.order == "dmy" else (second, first)
        return date(int(match["year"]), month, day)
    return None if calendar.today is None else _relative_day(words, calendar.today)


def _written_day(match: re.Match[str]) -> date | None:
    """The day that is written; none where the day of the week is another."""
    fields = match.groupdict()
    named = fields["month"]
    month = int(named) if named.isdigit() else _MONTHS.index(named[:3]) + 1
    day, weekday = date(int(fields["year"]), month, int(fields["day"])), fields.get("weekday")
    return day if weekday is None or _DAYS[day.weekday()] == weekday[:3] else None


def _relative_day(words: str, today: date) -> date | None:
    """Next Monday is the first Monday after today, last Monday the last one before."""
    if words in _WORDS:
        return today + timedelta(days=_WORDS[words])
    match = _RELATIVE.fullmatch(words)
    if match is None:
        return None
    if match["which"] is None:
        return today + timedelta(days=int(match["ahead"] or 0) - int(match["ago"] or 0))
    ahead = (_DAYS.index(match["weekday"][:3]) - today.weekday()) % 7 or 7
    return today + timedelta(days=ahead if match["which"] == "next" else (ahead - 7 or -7))


def _read_time(words: str) -> time | None:
    """A time of the day: 15:00, 3pm, 3:00 p.m.; a number alone is none."""
    if words == "noon":
        return time(12)
    match = _TIME.fullmatch(words)
    if match is None or (match["minute"] is None and match["half"] is None):
        return None
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"][0] == "p" else 0)
    part = int((match["part"] or "").ljust(6, "0"))
    return time(hour, int(match["minute"] or 0), int(match["second"] or 0), part, _zone(match["zone"]))


def _zone(written: str | None) -> timezone | None:
    if written is None or written[0] not in "+-":
        return None if written is None else UTC
    minutes = int(written[1:3]) * 60 + int(written[-2:])
    return timezone(timedelta(minutes=-minutes if written[0] == "-" else minutes))

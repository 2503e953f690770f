"""The words that requests put into arguments. Each stands in a call as it stands in the request."""

from collections.abc import Mapping
from typing import Any


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CITIES = _words(
    "Athens Bergen Berlin Boston Cairo Delhi Dublin Hanoi Helsinki Lima Lisbon London Madrid Nairobi Oslo "
    "Paris Porto Prague Quito Rome Seoul Tokyo Vienna Warsaw"
)
PEOPLE = _words("Ada Bruno Chen Dora Elif Farid Greta Hugo Ines Jonas Kofi Lena Marta Nils Olga Priya")
SUBJECTS = _words("budget contract delay exam invoice lease meeting offer picnic survey")
TOPICS = _words("chess cycling elections energy football housing robots schools space trains")
MUSICIANS = _words("Abba Bach Bjork Coltrane Fela Handel Mozart Prince Sade Vivaldi")
LANGUAGES = _words("Danish Finnish French German Greek Italian Korean Polish Spanish Turkish")
NOUNS = _words("bridge candle cloud forest garden ladder mirror ocean pencil river stone")
COMPANIES = _words("Adidas Bosch Canon Ericsson Fiat Intel Lego Nestle Nokia Shell Sony")
GROCERIES = _words("apples bread butter cheese coffee eggs flour honey milk onions rice")
ROOMS = _words("attic bathroom bedroom garage hall kitchen office studio")
DAYS = _words("monday tuesday wednesday thursday friday saturday sunday")
MONEY = _words("dollars euros francs kroner pesos pounds rupees yen")
LENGTHS = _words("centimeters feet inches kilometers meters miles yards")
SCALES = _words("celsius fahrenheit")
OPERATIONS = _words("minus plus times")
TIMES = tuple(f"{hour:02}:{minute:02}" for hour in range(6, 23) for minute in (0, 30))

#: Switches say a truth value in a word.
SWITCHES: Mapping[str, Any] = {"on": True, "off": False}


def as_they_are(words: tuple[str, ...]) -> Mapping[str, Any]:
    """Words that are their own values."""
    return {word: word for word in words}


def whole_numbers(first: int, last: int, step: int = 1) -> Mapping[str, Any]:
    """Digits and the numbers they mean."""
    return {str(number): number for number in range(first, last + 1, step)}


def halves(first: int, last: int) -> Mapping[str, Any]:
    """Numbers between whole ones."""
    return {f"{number}.5": number + 0.5 for number in range(first, last + 1)}

"""The tools of the world. A word or two before a slot tell which tool's argument it is, also in a longer request."""

from collections.abc import Mapping
from typing import Any

from toolverify_trl.demo import words
from toolverify_trl.demo.words import as_they_are, halves, whole_numbers
from toolverify_trl.demo.world_parts import Argument, Extra, Tool

_TEXT = {"type": "string"}
_INTEGER = {"type": "integer"}
_NUMBER = {"type": "number"}
_BOOLEAN = {"type": "boolean"}


def _text(name: str, values: tuple[str, ...]) -> Argument:
    return Argument(name, _TEXT, as_they_are(values))


def _choice(name: str, values: tuple[str, ...]) -> Argument:
    return Argument(name, {"type": "string", "enum": list(values)}, as_they_are(values))


def _several(name: str, values: tuple[str, ...], item: Mapping[str, Any] = _TEXT) -> Argument:
    return Argument(name, item, as_they_are(values), most=2)


def _integer(name: str, first: int, last: int, step: int = 1) -> Argument:
    return Argument(name, _INTEGER, whole_numbers(first, last, step))


def _number(name: str, first: int, last: int) -> Argument:
    return Argument(name, _NUMBER, {**whole_numbers(first, last), **halves(first, last)})


def _flag(name: str, phrase: str) -> Extra:
    """A truth value that is asked for by a phrase, or not at all."""
    return Extra(phrase, Argument(name, _BOOLEAN, {"": True}))


TOOLS = (
    Tool(
        "get_weather",
        "The weather forecast for a city.",
        (_text("city", words.CITIES),),
        (
            "what is the weather in {city}",
            "show me the weather in {city}",
            "will the weather be fine in {city}",
        ),
        (
            Extra(" for {days} days", _integer("days", 2, 9)),
            Extra(" in {scale}", _choice("scale", words.SCALES)),
        ),
    ),
    Tool(
        "get_time",
        "The local time in a city.",
        (_text("city", words.CITIES),),
        ("what time is it in {city}", "tell me the time in {city}", "look up the local time in {city}"),
    ),
    Tool(
        "find_flight",
        "Search for flights between two cities.",
        (_text("origin", words.CITIES), _text("destination", words.CITIES)),
        (
            "find a flight from {origin} to {destination}",
            "i want to fly from {origin} to {destination}",
            "search flights from {origin} to {destination}",
        ),
        (
            Extra(" on {day}", _choice("day", words.DAYS)),
            _flag("direct", " without a stop"),
        ),
    ),
    Tool(
        "find_hotel",
        "Search for a hotel.",
        (_text("city", words.CITIES), _integer("nights", 1, 14)),
        (
            "find a hotel in {city} for {nights} nights",
            "i need a hotel in {city} for {nights} nights",
            "look for {nights} nights at a hotel in {city}",
        ),
        (
            Extra(" with {stars} stars", _integer("stars", 2, 5)),
            _flag("pool", " with a pool"),
        ),
    ),
    Tool(
        "book_table",
        "Book a table at a restaurant.",
        (_text("city", words.CITIES), _integer("people", 2, 12)),
        (
            "book a table in {city} for {people} people",
            "reserve a table in {city} for {people} people",
            "i want dinner for {people} people at a table in {city}",
        ),
        (Extra(" at {time}", _text("time", words.TIMES)),),
    ),
    Tool(
        "set_alarm",
        "Set an alarm clock, for some days of the week or for the next.",
        (_text("time", words.TIMES),),
        ("wake me at {time}", "set an alarm for {time}", "i have to get up at {time}"),
        (Extra(" every {days}", _several("days", words.DAYS, {"type": "string", "enum": list(words.DAYS)})),),
    ),
    Tool(
        "start_timer",
        "Count down some minutes.",
        (_integer("minutes", 2, 59),),
        (
            "start a timer of {minutes} minutes",
            "set a timer for {minutes} minutes",
            "count down {minutes} minutes",
        ),
    ),
    Tool(
        "send_email",
        "Send an email to a person.",
        (_text("recipient", words.PEOPLE), _text("subject", words.SUBJECTS)),
        (
            "email {recipient} about the {subject}",
            "write an email to {recipient} about the {subject}",
            "let {recipient} know by email about the {subject}",
        ),
        (_flag("urgent", " and mark it urgent"),),
    ),
    Tool(
        "play_music",
        "Play music of somebody.",
        (_text("artist", words.MUSICIANS),),
        ("play {artist}", "put on some {artist}", "i want to hear {artist}"),
        (
            Extra(" at volume {volume}", _integer("volume", 10, 90, 10)),
            _flag("shuffle", " in any order"),
        ),
    ),
    Tool(
        "translate_word",
        "Translate a word.",
        (_text("word", words.NOUNS), _choice("language", words.LANGUAGES)),
        (
            "translate {word} into {language}",
            "how do you say {word} in {language}",
            "what is the word {word} in {language}",
        ),
    ),
    Tool(
        "find_news",
        "Search the news for a topic.",
        (_text("topic", words.TOPICS),),
        ("find news about {topic}", "what is the news on {topic}", "read me the news about {topic}"),
        (Extra(" since {since}", _choice("since", words.DAYS)),),
    ),
    Tool(
        "get_prices",
        "The prices of shares of some companies.",
        (_several("companies", words.COMPANIES),),
        (
            "how are {companies} shares doing",
            "check the price of {companies} shares",
            "quote {companies} shares",
        ),
    ),
    Tool(
        "add_groceries",
        "Put things on the shopping list.",
        (_several("items", words.GROCERIES),),
        ("add {items} to the shopping list", "we have run out of {items}", "remind me to buy {items}"),
    ),
    Tool(
        "switch_light",
        "Switch the light in a room.",
        (_choice("room", words.ROOMS), Argument("on", _BOOLEAN, words.SWITCHES)),
        (
            "turn {on} the light in the {room}",
            "switch {on} the {room} light",
            "i want the {room} light {on}",
        ),
    ),
    Tool(
        "set_heating",
        "Set the temperature of a room.",
        (_choice("room", words.ROOMS), _number("degrees", 15, 25)),
        (
            "heat the {room} to {degrees} degrees",
            "set the heating in the {room} to {degrees} degrees",
            "make it {degrees} degrees in the {room}",
        ),
    ),
    Tool(
        "convert_money",
        "Convert an amount of money.",
        (_number("amount", 2, 60), _choice("source", words.MONEY), _choice("target", words.MONEY)),
        (
            "convert {amount} {source} to {target}",
            "exchange {amount} {source} for {target}",
            "how much is {amount} {source} in {target}",
        ),
    ),
    Tool(
        "convert_length",
        "Convert a length.",
        (_number("value", 2, 60), _choice("unit", words.LENGTHS), _choice("into", words.LENGTHS)),
        (
            "how many {into} are {value} {unit}",
            "measure {value} {unit} in {into}",
            "give {value} {unit} in {into}",
        ),
    ),
    Tool(
        "calculate",
        "Do a sum with two numbers.",
        (_integer("first", 2, 60), _choice("operation", words.OPERATIONS), _integer("second", 2, 60)),
        (
            "what is {first} {operation} {second}",
            "compute {first} {operation} {second}",
            "work out {first} {operation} {second}",
        ),
    ),
)
BY_NAME = {tool.name: tool for tool in TOOLS}

"""Made-up tools with JSON Schemas, and values that satisfy them."""

from __future__ import annotations

from random import Random
from typing import Any

_VERB_TEXT = "get find list create update cancel book search compare estimate convert send check track plan"
_NOUN_TEXT = (
    "weather flights hotel invoice order route currency recipe calendar_event stock_price playlist ticket "
    "translation reminder warehouse shipment patient_record loan tax_rate sensor"
)
_VERBS, _NOUNS = _VERB_TEXT.split(), _NOUN_TEXT.split()
_PARAMETERS: dict[str, dict[str, Any]] = {
    "city": {"type": "string"},
    "query": {"type": "string"},
    "customer_name": {"type": "string"},
    "language": {"type": "string"},
    "note": {"type": "string"},
    "unit": {"type": "string", "enum": ["metric", "imperial", "kelvin"]},
    "sort_order": {"type": "string", "enum": ["ascending", "descending"]},
    "priority": {"type": "string", "enum": ["low", "normal", "high", "urgent"]},
    "limit": {"type": "integer", "minimum": 0},
    "year": {"type": "integer"},
    "account_id": {"type": "integer"},
    "quantity": {"type": "integer", "minimum": 0},
    "radius_km": {"type": "number"},
    "max_price": {"type": "number"},
    "threshold": {"type": "number"},
    "include_details": {"type": "boolean"},
    "dry_run": {"type": "boolean"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "ids": {"type": "array", "items": {"type": "integer"}},
    "location": {
        "type": "object",
        "properties": {"latitude": {"type": "number"}, "longitude": {"type": "number"}},
        "required": ["latitude", "longitude"],
    },
    "filters": {
        "type": "object",
        "properties": {"brand": {"type": "string"}, "in_stock": {"type": "boolean"}},
        "required": ["brand"],
    },
}
_PLACES = [
    "Berlin",
    "New York",
    "San Francisco",
    "Lyon",
    "Nairobi",
    "Austin, TX",
    "Seattle",
    "Oslo",
    "Cape Town",
    "Lima",
]
_FOREIGN_PLACES = [
    "München",
    "São Paulo",
    "東京",
    "Кропивницкий",
    "Zürich",
    "القاهرة",
    "Ålesund",
    "서울",
    "Málaga",
    "café ☕",
]


def make_tool(rng: Random, index: int) -> dict[str, Any]:
    """One tool as OpenAI writes it, with one to six parameters, at least one of them required."""
    names = rng.sample(list(_PARAMETERS), rng.choice((1, 2, 2, 3, 3, 4, 5, 6)))
    required = names[: rng.randint(1, len(names))]
    name = f"{rng.choice(_VERBS)}_{rng.choice(_NOUNS)}_{index}"
    properties = {key: {**_PARAMETERS[key], "description": f"The {key} to use."} for key in names}
    parameters = {"type": "object", "properties": properties, "required": required}
    description = f"Performs {name.replace('_', ' ')} and returns the result as JSON."
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


def make_call(rng: Random, tool: dict[str, Any], *, foreign: bool) -> dict[str, Any]:
    """A call that satisfies the tool's schema: all required parameters, and about half of the others."""
    function = tool["function"]
    parameters = function["parameters"]
    names = [
        name for name in parameters["properties"] if name in parameters["required"] or rng.random() < 0.5
    ]
    values = {name: make_value(rng, parameters["properties"][name], foreign=foreign) for name in names}
    return {"name": function["name"], "arguments": values}


def make_value(rng: Random, schema: dict[str, Any], *, foreign: bool) -> Any:
    """A value that satisfies the schema."""
    kind = schema["type"]
    if "enum" in schema:
        return rng.choice(schema["enum"])
    if kind == "string":
        return _text(rng, foreign=foreign)
    if kind == "array":
        return [make_value(rng, schema["items"], foreign=foreign) for _ in range(rng.randint(1, 4))]
    if kind == "object":
        properties = schema["properties"]
        return {name: make_value(rng, properties[name], foreign=foreign) for name in properties}
    return _scalar(rng, kind)


def _scalar(rng: Random, kind: str) -> bool | int | float:
    if kind == "boolean":
        return rng.random() < 0.5
    return rng.randrange(10_000) if kind == "integer" else round(rng.uniform(-1_000, 1_000), 2)


def _text(rng: Random, *, foreign: bool) -> str:
    place = rng.choice(_FOREIGN_PLACES if foreign else _PLACES)
    return place if rng.random() < 0.7 else f"{place} \u2014 {place}" if foreign else f"near {place} station"

"""Serializers of results, made from their dataclasses: the schema cannot say anything else than what is answered."""

import types
import typing
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from rest_framework import serializers

PLAIN: dict[Any, type[serializers.Field[Any, Any, Any, Any]]] = {
    int: serializers.IntegerField,
    float: serializers.FloatField,
    bool: serializers.BooleanField,
    datetime: serializers.DateTimeField,
    date: serializers.DateField,
}


def field_of(kind: Any, null: bool = False) -> serializers.Field[Any, Any, Any, Any]:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return field_of(next(one for one in inner if one is not type(None)), null=True)
    if origin is list or (origin is tuple and inner[-1] is Ellipsis):
        return serializers.ListField(child=field_of(inner[0]), allow_null=null)
    if origin is tuple:
        return serializers.ListField(child=serializers.JSONField(), allow_null=null)
    if origin is dict:
        return serializers.DictField(child=field_of(inner[1]), allow_null=null)
    if is_dataclass(kind):
        return shape_of(kind)(allow_null=null)  # type: ignore[arg-type]
    if kind is Decimal:
        return serializers.FloatField(allow_null=null)
    if kind is str:
        return serializers.CharField(allow_blank=True, allow_null=null)
    return PLAIN[kind](allow_null=null)


@cache
def shape_of(kind: Any) -> type[serializers.Serializer[Any]]:
    hints = typing.get_type_hints(kind)
    made: dict[str, Any] = {one.name: field_of(hints[one.name]) for one in fields(kind)}
    return type(f"{kind.__name__}ShapeSerializer", (serializers.Serializer,), made)


def answer_of(name: str, **parts: Any) -> type[serializers.Serializer[Any]]:
    """Of an answer with several parts, each a type, and what it is about."""
    from analytics.api.analysis_serializers import AboutSerializer

    made: dict[str, Any] = {part: field_of(kind) for part, kind in parts.items()}
    return type(f"{name}AnswerSerializer", (serializers.Serializer,), made | {"meta": AboutSerializer()})

"""What a contract says beside the standard's own words: its `customProperties`, held to what they may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypeVar

from open_data_contract_standard.model import CustomProperty
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from popbase.errors import ContractError

FeedKind = Literal["register", "sector", "decisions", "reference"]
Cadence = Literal["daily", "monthly", "yearly"]
UnknownCode = Literal["error", "warning"]

P = TypeVar("P", bound=BaseModel)


class _Properties(BaseModel):
    """`customProperties`: what the standard has no word for; any other name there is a mistake."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, coerce_numbers_to_str=True
    )


class _Statistics(BaseModel):
    """The words of SQL in which a feed says what the statistics ask of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    active_when: str | None = None
    active_from: str | None = None
    active_until: str | None = None
    sign_on: str | None = None
    weight: Annotated[float, Field(ge=0)] = 0.0
    dimensions: tuple[str, ...] = ()


class FeedProperties(_Properties):
    kind: FeedKind = "sector"
    cadence: Cadence = "daily"
    max_quarantine_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    base_table: str | None = None
    statistics: _Statistics = _Statistics()


class FieldProperties(_Properties):
    role: str | None = None
    codes: dict[str, str] = {}
    unknown_code: UnknownCode | None = None


def told(model: type[P], said: Sequence[CustomProperty] | None, where: str) -> P:
    """What an element's `customProperties` tell; raises ContractError, with `where` in its message."""
    try:
        return model.model_validate({c.property: c.value for c in said or []})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = ".".join(map(str, fault["loc"]))
        raise ContractError(f"{where}: the property '{name}' is wrong: {fault['msg']}.") from error

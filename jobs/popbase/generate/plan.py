"""The plan of faults: a YAML file that says what goes wrong, how often, where and when.

multiplier: 10            # times the historical rates
hostile_rows: 0.002       # rows planted to be refused, of each delivery's rows
repeated_keys: 0.001      # rows of a key that the same delivery already carries
corrected:                # delivery 001 is wrong, 002 replaces it
- {feed: tax, region: "330100", date: 2015-12-30}
hostile:                  # a delivery to be rejected for `reason` (or `every`), before the good one
- {feed: tax, region: "330200", date: 2015-12-31, reason: file.checksum}
late:                     # a delivery that arrives with a later day's
- {feed: housing, region: "510100", date: 2015-12-30, with: 2015-12-31}
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from popbase import contracts
from popbase.errors import UsageError
from popbase.generate.deliver import Delivery
from popbase.generate.hostile_deliveries import REASONS
from popbase.generate.parameters import Rates

EVERY = "every"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Strict):
    """One sender's delivery of one day."""

    feed: str
    region: str
    date: date

    def names(self, delivery: Delivery) -> bool:
        return (self.feed, self.region, self.date) == (delivery.feed, delivery.region, delivery.business_date)


class Hostile(Place):
    """A delivery that must be rejected; the good one follows it, unless the sender has nothing better."""

    reason: str
    alone: bool = False


class Late(Place):
    arrives: date = Field(alias="with")


class Every(_Strict):
    """Every kind of hostile delivery once, spread over that day's senders."""

    date: date
    reason: str = EVERY


class Plan(_Strict):
    multiplier: float = Field(default=1, ge=0, le=1000)
    hostile_rows: float = Field(default=0, ge=0, le=0.1)
    repeated_keys: float = Field(default=0, ge=0, le=0.1)
    corrected: Sequence[Place] = ()
    hostile: Sequence[Hostile | Every] = ()
    late: Sequence[Late] = ()

    @property
    def rates(self) -> Rates:
        return Rates().times(self.multiplier)

    def hostile_before(self, delivery: Delivery, position: int, senders: int) -> list[Hostile]:
        """What comes before this delivery; it is the nth of so many senders of the day."""
        here = [h for h in self.hostile if isinstance(h, Hostile) and h.names(delivery)]
        for every in self.hostile:
            if isinstance(every, Every) and every.date == delivery.business_date:
                here += [
                    Hostile(feed=delivery.feed, region=delivery.region, date=every.date, reason=reason)
                    for reason in list(REASONS)[position::senders]
                ]
        return here

    def is_corrected(self, delivery: Delivery) -> bool:
        return any(place.names(delivery) for place in self.corrected)

    def arrival(self, delivery: Delivery) -> date:
        """The day with whose deliveries this one is there."""
        return next((late.arrives for late in self.late if late.names(delivery)), delivery.business_date)


def read(path: Path | None) -> Plan:
    """The plan in a file; raises UsageError with the first thing that cannot be."""
    if path is None:
        return Plan()
    try:
        plan = Plan.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (OSError, yaml.YAMLError) as error:
        raise UsageError(f"The plan of faults {path.name} cannot be read: {type(error).__name__}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"The plan of faults {path.name} is wrong at '{where}': {first['msg']}.") from error
    _refuse(plan, path.name)
    return plan


def _refuse(plan: Plan, name: str) -> None:
    places = [p for p in (*plan.corrected, *plan.hostile, *plan.late) if isinstance(p, Place)]
    unknown = sorted({p.feed for p in places} - set(contracts.feed_names()))
    reasons = sorted({h.reason for h in plan.hostile if isinstance(h, Hostile)} - set(REASONS))
    if unknown or reasons:
        raise UsageError(
            f"The plan of faults {name} names what is not there: {', '.join(unknown + reasons)}."
        )
    if any(late.arrives <= late.date for late in plan.late):
        raise UsageError(
            f"The plan of faults {name} has a late delivery that arrives on or before its own day."
        )

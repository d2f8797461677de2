"""The landing folder: which deliveries have arrived (design section 4).

<landing>/<feed>/<region>/<business_date>/<delivery_no>/manifest.json
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from popbase.errors import StorageError

MANIFEST = "manifest.json"

REGION = re.compile(r"[0-9]{6}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NUMBER = re.compile(r"[0-9]{3,9}")  # ten digits would not fit the ledger's int


@dataclass(frozen=True)
class Place:
    """Where one delivery lies, as its folders' names say."""

    feed: str
    region: str
    business_date: date
    delivery_no: int
    folder: Path


def arrived(landing: Path, feed: str, until: date) -> list[Place]:
    """The feed's complete deliveries of business dates up to `until`, by region, date and number."""
    places: dict[tuple[str, date, int], Place] = {}
    for folder in _leaves(landing, feed, until):
        place = _place(feed, folder)
        if place:
            # '001' and '0001' are one number: the shorter name is the delivery, the other a stray.
            places.setdefault((place.region, place.business_date, place.delivery_no), place)
    return [places[identity] for identity in sorted(places)]


def strays(landing: Path, feed: str) -> list[Path]:
    """Folders with a manifest that no night will judge: their names say no region, date and number.

    Their senders think that they have delivered, so the night's report names them.
    """
    taken = {place.folder for place in arrived(landing, feed, date.max)}
    regions = list(_folders(landing / feed))
    days = [day for region in regions for day in _folders(region)]
    numbers = [number for day in days for number in _folders(day)]
    return sorted(f for f in [landing / feed, *regions, *days, *numbers] if f not in taken and _complete(f))


def _leaves(landing: Path, feed: str, until: date) -> Iterator[Path]:
    """Delivery folders with a manifest, the shorter of two names for one number first."""
    if not landing.is_dir():
        # A share that is not mounted must not look like a night without deliveries.
        raise StorageError(f"There is no landing folder '{landing}'; is its share mounted?")
    last = until.isoformat()
    for region in _folders(landing / feed, REGION):
        for day in _folders(region, DATE):
            if day.name <= last:
                yield from filter(_complete, sorted(_folders(day, NUMBER), key=lambda f: len(f.name)))


def _folders(folder: Path, name: re.Pattern[str] | None = None) -> Iterator[Path]:
    """Sub-folders; a linked one counts here, so that its delivery is rejected rather than overlooked."""
    try:
        with os.scandir(folder) as entries:
            found = [e.name for e in entries if (not name or name.fullmatch(e.name)) and e.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StorageError(f"The landing folder '{folder}' could not be read: {error.strerror}.") from error
    yield from (folder / n for n in found)


def _complete(folder: Path) -> bool:
    return os.path.lexists(folder / MANIFEST)


def _place(feed: str, folder: Path) -> Place | None:
    region, day, number = folder.parts[-3:]
    with suppress(ValueError):  # such as 2015-02-30
        if int(number) >= 1:
            return Place(feed, region, date.fromisoformat(day), int(number), folder)
    return None

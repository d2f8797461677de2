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
# Before 1949 there was no such department: the year is mistyped.
DATE = re.compile(r"(19(49|[5-9][0-9])|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}")
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
    if not landing.is_dir():
        # A share that is not mounted must not look like a night without deliveries.
        raise StorageError(f"There is no landing folder '{landing}'; is its share mounted?")
    places: dict[tuple[str, date, int], Place] = {}
    for folder in _delivered(str(landing / feed), until.isoformat()):
        place = _place(feed, folder)
        if place:
            # '001' and '0001' are one number: the shorter name is the delivery, the other a stray.
            places.setdefault((place.region, place.business_date, place.delivery_no), place)
    return [places[identity] for identity in sorted(places)]


def strays(landing: Path, feed: str) -> list[Path]:
    """Folders with a manifest that no night will judge: their names say no region, date and number.

    Their senders think that they have delivered, so the night's report names them.
    """
    taken = {str(place.folder) for place in arrived(landing, feed, date.max)}
    regions = _open_folders(str(landing / feed))
    days = [day for region in regions for day in _open_folders(region)]
    numbers = [number for day in days for number in _open_folders(day)]
    everything = [str(landing / feed), *regions, *days, *numbers]
    return sorted(Path(f) for f in everything if f not in taken and _complete(f))


def _delivered(feed: str, until: str) -> Iterator[str]:
    """Delivery folders with a manifest; of two names for one number the shorter first."""
    for region in _folders(feed, REGION):
        for day in _folders(region, DATE):
            if day[-len(until) :] <= until:  # ISO dates sort as text
                yield from filter(_complete, sorted(_folders(day, NUMBER), key=len))


def _folders(folder: str, name: re.Pattern[str] | None = None) -> list[str]:
    """Sub-folders; a linked one counts here, so that its delivery is rejected rather than overlooked.

    Paths are plain strings: a landing of years has a hundred thousand folders, and Path objects cost most.
    """
    try:
        with os.scandir(folder) as entries:
            return [e.path for e in entries if (not name or name.fullmatch(e.name)) and _is_folder(e)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StorageError(f"The landing folder '{folder}' could not be read: {error.strerror}.") from error


def _open_folders(folder: str) -> list[str]:
    """What nobody may look into (`lost+found`, `.ssh`) is no delivery, and stops no night."""
    try:
        return _folders(folder)
    except StorageError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _complete(folder: str) -> bool:
    return os.path.lexists(f"{folder}/{MANIFEST}")


def _place(feed: str, folder: str) -> Place | None:
    region, day, number = folder.split("/")[-3:]
    with suppress(ValueError):  # such as 2015-02-30
        if int(number) >= 1:
            return Place(feed, region, date.fromisoformat(day), int(number), Path(folder))
    return None

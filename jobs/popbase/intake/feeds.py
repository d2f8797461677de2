"""What came for a feed, taken in: the deliveries not yet judged, up to a business date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from popbase import contracts
from popbase.intake import ledger
from popbase.intake.delivery import Received, receive
from popbase.intake.ingest import ingest
from popbase.intake.landing import Place, arrived, strays
from popbase.intake.ledger import Judgement
from popbase.intake.manifest import changed
from popbase.lake import Lake
from popbase.settings import Settings


@dataclass(frozen=True)
class Remark:
    """Something about a delivery that stopped nothing; `detail` names a column or a folder, never a value."""

    place: Place
    code: str
    detail: str = ""


@dataclass(frozen=True)
class TakenIn:
    """What one night did with one feed; `strays`: how many folders with a manifest are no deliveries."""

    feed: str
    judgements: tuple[Judgement, ...] = ()
    remarks: tuple[Remark, ...] = ()
    strays: int = 0


def names(settings: Settings) -> list[str]:
    """The feeds with a contract, and the folders in landing that look like one: those are judged too."""
    landing = settings.landing_path
    folders = {f.name for f in landing.iterdir() if f.is_dir()} if landing.is_dir() else set()
    return sorted(
        set(contracts.feed_names()) | {name for name in folders if contracts.FEED_NAME.fullmatch(name)}
    )


def take_in(lake: Lake, settings: Settings, feed: str, *, until: date) -> TakenIn:
    """Judges the feed's deliveries of business dates up to `until` that no night has judged yet."""
    contract = contracts.feed(feed) if feed in contracts.feed_names() else None
    judged = {j.identity: j for j in ledger.standing(ledger.read(lake.root, feed))}
    places = arrived(settings.landing_path, feed, until)
    pending = [place for place in places if _identity(place) not in judged]
    remarks = [
        Remark(place, "manifest.changed")
        for place in places
        if _identity(place) in judged and changed(place, judged[_identity(place)].manifest_sha256)
    ]
    found = [receive(place, contract, settings) for place in pending]
    judgements = ingest(lake, feed, contract, found) if found else []
    warned = (_warned(delivery) for delivery in found if isinstance(delivery, Received))
    return TakenIn(
        feed,
        tuple(judgements),
        (*remarks, *(remark for group in warned for remark in group)),
        strays=len(strays(settings.landing_path, feed)),
    )


def _warned(delivery: Received) -> Iterator[Remark]:
    for warning in delivery.warnings:
        code, _, detail = warning.partition(": ")
        yield Remark(delivery.place, code, detail)


def _identity(place: Place) -> tuple[str, date, int]:
    return place.region, place.business_date, place.delivery_no

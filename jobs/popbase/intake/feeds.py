"""What came for a feed, taken in: the deliveries not yet judged, up to a business date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta

from popbase import contracts, lineage, storage
from popbase.contracts import Contract
from popbase.errors import StorageError, UsageError
from popbase.intake import ledger
from popbase.intake.delivery import NAMED, Received, Rejected, receive
from popbase.intake.ingest import ingest
from popbase.intake.landing import ClosedError, Place, landed, size, unreadable
from popbase.intake.ledger import Judgement
from popbase.intake.manifest import changed
from popbase.intake.taken import Remark, TakenIn, keep
from popbase.lake import Lake
from popbase.lease import leased, of_feed
from popbase.settings import Settings

Found = Sequence[Received | Rejected]

# Bytes: beside them the start of a session weighs most.
SMALL = 16 * 1024**2

# S3's clock and ours.
CLOCKS_APART = timedelta(hours=1)


def names(settings: Settings) -> list[str]:
    """The feeds with a contract, and the folders in landing that look like one: those are judged too."""
    try:
        folders = storage.store(settings.landing).folders("")
    except OSError as error:
        raise unreadable(settings.landing, error) from error
    return sorted({*contracts.feed_names(), *filter(contracts.FEED_NAME.fullmatch, folders)})


def chosen(settings: Settings, feed: str | None) -> list[str]:
    """That feed, or all; raises UsageError for one that nobody knows."""
    known = names(settings)
    if feed is not None and feed not in known:
        raise UsageError(f"There is no feed '{feed}'; the feeds are {', '.join(known)}.")
    return known if feed is None else [feed]


def small(lake: Lake, settings: Settings, *, until: date) -> list[str]:
    """The feeds of which something waits to be judged, and not much."""
    return [feed for feed in names(settings) if _is_small(lake, settings, feed, until)]


def _is_small(lake: Lake, settings: Settings, feed: str, until: date) -> bool:
    with suppress(StorageError):  # its own run meets it again and tells it
        places = pending(lake, settings, feed, until=until)
        return bool(places) and sum(map(size, places)) <= SMALL
    return False


def pending(lake: Lake, settings: Settings, feed: str, *, until: date, since: date = date.min) -> list[Place]:
    """The feed's deliveries of these business dates that no night has judged yet."""
    judged = {j.identity for j in ledger.read(lake.root, feed)}
    there = landed(settings.landing, feed, until).places
    return [p for p in there if p.business_date >= since and p.identity not in judged]


def take_in(lake: Lake, settings: Settings, feed: str, *, until: date, since: date = date.min) -> TakenIn:
    """Judges the feed's deliveries of these business dates that no night has judged yet; raises LeaseError
    where another run does."""
    with leased(lake.root, of_feed(feed)):
        taken = _taken_in(lake, settings, feed, since, until)
        keep(lake.root, taken)
        return taken


def _taken_in(lake: Lake, settings: Settings, feed: str, since: date, until: date) -> TakenIn:
    contract = contracts.feed(feed) if feed in contracts.feed_names() else None
    judged = {j.identity: j for j in ledger.standing(ledger.read(lake.root, feed))}
    there = landed(settings.landing, feed, until)
    places = [place for place in there.places if place.business_date >= since]
    looked_at = [_look_at(place, judged.get(place.identity), contract, settings) for place in places]
    found = [what for what in looked_at if isinstance(what, Received | Rejected)]
    judgements = _ingested(lake, settings, feed, contract, found, until) if found else []
    remarks = [what for what in looked_at if isinstance(what, Remark)]
    warnings = [warning for what in found if isinstance(what, Received) for warning in _warnings(what)]
    said = {judgement.identity for judgement in judgements}
    moved = [_remark(what.place, "delivery.moved") for what in found if what.place.identity not in said]
    known = (*remarks, *moved, *warnings, *_takeovers(judgements))
    return TakenIn(feed, tuple(judgements), known, strays=len(there.strays))


def _ingested(
    lake: Lake, settings: Settings, feed: str, contract: Contract | None, found: Found, until: date
) -> list[Judgement]:
    writes = [f"conformed/{feed}", f"quarantine/{feed}"]
    with lineage.job(settings, f"ingest.{feed}", until, writes=writes) as account:
        judgements = ingest(lake, feed, contract, found)
        account.took_in(settings, feed, judgements)
    return judgements


def _look_at(
    place: Place, judged: Judgement | None, contract: Contract | None, settings: Settings
) -> Received | Rejected | Remark | None:
    """A delivery that no night has judged; of one that was judged, whether it changed since.

    One that may not be read is not judged: its sender opens it, and the next night finds it.
    """
    try:
        if judged is None:
            return receive(place, contract, settings)
        if place.written and place.written < judged.judged_at - CLOCKS_APART:
            return None
        was_accepted = judged.status == "accepted"
        is_other = changed(place, judged.manifest_sha256, accepted=was_accepted)
        return _remark(place, "manifest.changed") if is_other else None
    except ClosedError:
        return _remark(place, "delivery.closed") if judged is None else None


def _takeovers(judgements: Sequence[Judgement]) -> Iterator[Remark]:
    """Bureaus that others say to have taken over: their own records end with it, so somebody should know."""
    for judgement in judgements:
        others = sorted({*judgement.replaces_regions} - {judgement.region})
        if others:
            named = ", ".join(others[:NAMED]) + f" and {len(others) - NAMED} more" * (len(others) > NAMED)
            yield Remark(*judgement.identity, "region.replaced", named)


def _warnings(delivery: Received) -> Iterator[Remark]:
    for warning in delivery.warnings:
        code, _, detail = warning.partition(": ")
        yield _remark(delivery.place, code, detail)


def _remark(place: Place, code: str, detail: str = "") -> Remark:
    return Remark(*place.identity, code, detail)

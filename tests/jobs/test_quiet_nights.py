"""Days on which nobody delivers: what falls due is published, otherwise nothing is written (invariant I6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from jobs.test_years import PEOPLE, send

from popbase.base import update
from popbase.publish.publication import Publications
from popbase.publish.reader import Reader
from popbase.settings import Settings

DELIVERED, QUIET, DUE = (date(2015, 3, day) for day in (2, 3, 4))


@pytest.fixture
def published(settings: Settings, tmp_path: Path, _session: object) -> Settings:
    """A village of which one will be registered in two days."""
    from popbase.night import run_night

    own = replace(settings, landing=str(tmp_path / "landing"), lake=str(tmp_path / "lake"))
    send(own, DELIVERED, PEOPLE, since={5: str(DUE)})
    assert run_night(own, DELIVERED).outcome == "published"
    return own


def written(settings: Settings) -> dict[Path, int]:
    return {p: p.stat().st_mtime_ns for p in Path(settings.lake).rglob("_delta_log/*")}


def persons(settings: Settings) -> int:
    publication = Publications(settings.lake).current()
    assert publication is not None
    with Reader(settings.lake, publication) as reader:
        (answer,) = reader.run("SELECT count(*) FROM base.person")
        return int(next(answer.rows)[0])


def test_a_day_on_which_nothing_comes_or_falls_due_writes_nothing(published: Settings) -> None:
    from popbase.night import run_night

    before = written(published)
    night = run_night(published, QUIET)
    assert (night.outcome, night.publication) == ("unchanged", 1)
    assert written(published) == before


def test_the_scheduler_s_steps_write_nothing_on_it_either(published: Settings) -> None:
    from popbase import steps

    before = written(published)
    steps.build_base(published, QUIET)
    assert steps.publish(published, QUIET, reports_too=True).outcome == "unchanged"
    assert written(published) == before


@pytest.mark.parametrize("rebuilt_rows", [100_000, -1], ids=["whole", "affected"])
def test_a_registration_that_lay_ahead_is_published_on_its_day(
    published: Settings, rebuilt_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from popbase.night import run_night

    monkeypatch.setattr(update, "REBUILT_ROWS", rebuilt_rows)
    assert persons(published) == PEOPLE - 1
    assert run_night(published, DUE).outcome == "published"
    assert persons(published) == PEOPLE
    tables = [p.tables for p in Publications(published.lake).all()]
    same = {t for t in tables[0] if t.startswith("base/") and tables[0][t] == tables[1][t]}
    assert {"base/tax", "base/person_history", "base/unregistered"} <= same

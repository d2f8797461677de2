"""Time in popbase is +08:00, fixed (design section 4).

Asia/Shanghai once had summer time, so the zone's name would move dates of 1986-1991 by a day.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

ZONE = timezone(timedelta(hours=8))
SPARK_ZONE = "+08:00"
DUCKDB_ZONE = "Etc/GMT-8"  # by POSIX: hours behind, with the sign turned


def now() -> datetime:
    return datetime.now(ZONE)


def after(last: datetime | None, *, by: timedelta = timedelta(microseconds=1)) -> datetime:
    """Now, or just after `last` where the clock went back: who comes later in a lake says a later time."""
    return now() if last is None else max(now(), last + by)


def today() -> date:
    return now().date()

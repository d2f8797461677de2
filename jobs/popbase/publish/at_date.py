"""A publication's world on a date before its own, as it knows it now: views over its histories.

Served are the tables that have a history or follow from one. Sector tables and statistics are of the
publication's own date alone; what was known then is another question, and an earlier publication answers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from popbase.errors import PublicationError, UsageError
from popbase.publish.publication import Publication


@dataclass(frozen=True)
class View:
    """What readers see of the table `source`: SQL over the name that is put in place of `{source}`."""

    source: str
    sql: str = "SELECT * FROM {source}"


_VALID = "valid_from <= DATE '{on}' AND (valid_to IS NULL OR valid_to > DATE '{on}')"
_PERSON = "SELECT * EXCLUDE (valid_from, valid_to) FROM {source} WHERE {valid}"
_ID_HISTORY = "SELECT * FROM {source} WHERE {valid}"

# Its records and evidence are the last that are known of it.
_ID_CASE = """
SELECT * REPLACE (
  CASE WHEN closed_on <= DATE '{on}' THEN 'closed' ELSE 'open' END AS status,
  CASE WHEN closed_on <= DATE '{on}' THEN closed_on END AS closed_on
) FROM {source} WHERE opened_on <= DATE '{on}'
"""

# A household as `base/household.py` makes it: the least of a struct is the first of an order.
HOUSEHOLD = """
SELECT household_id, head.registered_area AS registered_area, head.household_kind AS kind,
  head.person_id AS head, size
FROM (
  SELECT household_id, count(*) AS size, min({
    'is_other': relation_to_head IS DISTINCT FROM '02',
    'recency': CASE WHEN relation_to_head = '02' THEN -epoch_us(updated_at) ELSE 0 END,
    'record_no': record_no, 'person_id': person_id, 'household_kind': household_kind,
    'registered_area': registered_area
  }) AS head
  FROM {source}
  WHERE {valid} AND status = 'REGISTERED' AND household_id IS NOT NULL AND household_kind <> '30'
  GROUP BY household_id
)
"""

_VIEWS = {
    "base/person": View("base/person_history", _PERSON),
    "base/id_history": View("base/id_history", _ID_HISTORY),
    "base/id_case": View("base/id_case", _ID_CASE),
    "base/household": View("base/person_history", HOUSEHOLD),
}
SERVED = ", ".join(table.replace("/", ".") for table in _VIEWS)


def views(publication: Publication, on: date) -> Mapping[str, View]:
    """Table -> the view that stands for it; UsageError for a date that the publication cannot tell of."""
    if on > publication.business_date:
        raise UsageError(
            f"{on} lies after {publication.business_date}, the date that publication {publication.seq} is of."
        )
    if missing := {view.source for view in _VIEWS.values()} - publication.tables.keys():
        raise PublicationError(
            f"Publication {publication.seq} has no {min(missing)}, so it tells of its own date alone; "
            "the next night's has."
        )
    return {table: View(view.source, _on(view.sql, on)) for table, view in _VIEWS.items()}


def _on(sql: str, day: date) -> str:
    return sql.replace("{valid}", _VALID).replace("{on}", day.isoformat())

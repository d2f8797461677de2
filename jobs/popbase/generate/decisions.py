"""The authority's decisions on the planted troubles: national feed `id_correction`, one series."""

from __future__ import annotations

from dataclasses import dataclass, field

from popbase.generate.deliver import Cells, Row

CONTESTED, WRONG, SAME_PERSON, REVOKED = "11", "12", "90", "99"
AUTHORITY = "公安部户政管理机构"


@dataclass
class Series:
    """Numbers decisions one after the other."""

    issued: int = 0
    made: list[Row] = field(default_factory=list)

    def decide(self, kind: str, day: str, *, person: int = -1, **facts: str | None) -> Row:
        self.issued += 1
        cells: Cells = {
            "decision_no": f"GZ{day[:4]}{self.issued:06d}",
            "kind": kind,
            "effective_on": day,
            "authority": AUTHORITY,
            "updated_at": f"{day} 16:00:00",
            **facts,
        }
        row = Row(cells, op="U", person=person)
        self.made.append(row)
        return row

    def renumber(self, kind: str, day: str, *, region: str, cells: Cells, new: str, person: int) -> Row:
        """11 or 12: the record named gets a number of its own."""
        return self.decide(
            kind, day, person=person, register_region=region, record_no=cells["record_no"],
            old_citizen_id=cells["citizen_id"], new_citizen_id=new,
        )  # fmt: skip

    def confirm(self, day: str, *, one: tuple[str, Cells], other: tuple[str, Cells], person: int) -> Row:
        """90: two records are the same person, under the first one's number."""
        return self.decide(
            SAME_PERSON, day, person=person, register_region=one[0], record_no=one[1]["record_no"],
            other_region=other[0], other_record_no=other[1]["record_no"],
            old_citizen_id=other[1]["citizen_id"], new_citizen_id=one[1]["citizen_id"],
        )  # fmt: skip

    def revoke(self, day: str, row: Row) -> Row:
        return self.decide(REVOKED, day, person=row.person, revokes=row.cells["decision_no"])

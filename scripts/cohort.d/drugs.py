"""What was planted about drugs: the days, doses and kinds of record of each, from which the rows that a study shall see
follow by plain arithmetic on the choices, and what is reported of them by the visits that were chosen.

All stretches of one drug are planted apart or end to end: nothing here weighs one record against another, but the one
administration on day 1 that takes its day from the pack.
"""
from datetime import date

CAP_MONTHS = 36


class Stretch:
    """Days first..last (None: it goes on) of one record."""

    def __init__(self, item, table, drug, first, last, dose, frequency, rank):
        self.item, self.table, self.drug, self.first, self.last = item, table, drug, first, last
        self.dose, self.frequency, self.rank = dose, frequency, rank


def last_day(course):
    """The last day of treatment, in elapsed days; None: not over."""
    days = [d for d in (course.eot, course.death, course.withdrawn) if d is not None]
    if course.story == "capped":
        days.append(cap_of(course))
    return min(days) if days else None


def cap_of(course):
    """The same day of the month, 36 months on; the month's last where it has no such day."""
    d1 = date.fromordinal(course.d1)
    year, month = d1.year + CAP_MONTHS // 12, d1.month
    for day in range(d1.day, 0, -1):
        try:
            return date(year, month, day).toordinal() - course.d1
        except ValueError:
            continue
    return None


def seen_until(subject, delivery):
    """The last day on which an assessment of events, medication and doses saw the subject."""
    last = 0
    for node in subject.course.nodes:
        if node.no_contact or (node.late and delivery == 1):
            continue
        for visit in node.visits:
            if any(not w.startswith("T90") for w in visit.windows):
                last = max(last, visit.day)
    return last


def rows_as_of(subject, delivery):
    """(table, drug, start, end, dose, frequency, rank) with days as elapsed ones, None for an end that is not told."""
    seen, over = seen_until(subject, delivery), last_day(subject.course)
    found = []
    for s in sorted(subject.stretches, key=lambda s: (s.table, s.drug, s.first)):
        last = s.last
        if s.table == "exposures" and over is not None:
            last = over if last is None else min(last, over)
        if s.first > seen or (last is not None and last < s.first):
            continue
        if found and found[-1][:2] == (s.table, s.drug) and found[-1][4:] == (s.dose, s.frequency, s.rank) and \
                found[-1][3] is not None and s.first - found[-1][3] <= 2:
            found[-1] = found[-1][:3] + (last,) + found[-1][4:]  # one dose over a gap of at most a day
        else:
            found.append((s.table, s.drug, s.first, last, s.dose, s.frequency, s.rank))
    return [row[:3] + (row[3] if row[3] is not None and row[3] <= seen else None,) + row[4:] for row in found]


def cycles_as_of(subject, delivery):
    """(start, delay, mg) of the cycles of lenalidomide: each pack, and each 28 days of a statement, begins one; mg once it
    is over: the next one began, treatment ended, or its 28 days are past."""
    seen, over = seen_until(subject, delivery), last_day(subject.course)
    high = seen if over is None else min(seen, over)
    starts = [day for day in subject.cycles if day <= high]
    found = []
    for number, start in enumerate(starts):
        last = number + 1 == len(starts)
        end = high if last else starts[number + 1] - 1
        known = not last or (over is not None and over <= seen) or high >= start + 27
        found.append((start, start - starts[number - 1] - 28 if number else "", _milligrams(subject, start, end)
                      if known else ""))
    return found


def _milligrams(subject, first, last):
    days = sum(max(0, min(s.last, last) - max(s.first, first) + 1) for s in subject.stretches
               if s.drug == "lenalidomide")
    return str(25 * days)


def settle(subject):
    """The state of each record by what is told of it after each delivery."""
    over = last_day(subject.course)
    for item in {id(s.item): s.item for s in subject.stretches}.values():
        own = [s for s in subject.stretches if s.item is item]
        first, studied = min(s.first for s in own), own[0].table == "exposures"
        for delivery, name in ((1, "rows"), (2, "after")):
            row = item.rows[0]
            if studied and over == 0 and first == 1:  # all of its days are those of the administration on day 1
                row = row.copy(state="evidence", reason="")
            elif studied and over is not None and first > over:
                reason = "AFTER_DEATH" if first > (subject.course.death or first) else "AFTER_TREATMENT"
                row = row.copy(state="outside_window", reason=reason)
            elif first <= seen_until(subject, delivery):
                row = row.copy(state="delivered", reason="")
            else:
                row = row.copy(state="outside_window", reason="AWAITS_ASSESSMENT")
            setattr(item, name, [row])

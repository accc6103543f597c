"""Dexamethasone: which schedule was given is chosen by name, and written as somebody stated it."""
import drugs
import prophylaxis
from parts import DAILY, Row

WEEKLY = {"frequency": 1, "period": 1, "periodUnit": "wk"}
BURSTS = [day for first in (0, 8, 16) for day in range(first, first + 4)]  # three times four days
CLASSES = {480: "HIGH", 400: "ALT", 320: "STD_YOUNG", 160: "LOW", 80: "LOW_OLD"}  # by mg in 28 days


def choose(subject, rng):
    """mg a week from day 1 on; "high": 40 mg on twelve days of the first 28, and no more. Empty: nobody states it."""
    return rng.choice(("40", "40", "20", "high", ""))


def write(subject):
    over = drugs.last_day(subject.course)
    if subject.dexamethasone == "high":
        for first in (first for first in (0, 8, 16) if over is None or first <= over):
            _state(subject, 40, DAILY, "QD", first, first + 3)
    elif subject.dexamethasone:
        _state(subject, int(subject.dexamethasone), WEEKLY, "QS", 0, over)


def _state(subject, dose, repeat, frequency, first, last):
    item = prophylaxis.stated(subject, "dexamethasone", dose, repeat, first, last, Row("delivered"))
    subject._plant(item, "dexamethasone", first, last, str(dose), frequency, "stated")


def taken(subject, first, last):
    """mg from a day to another; None: nobody states any."""
    over = drugs.last_day(subject.course)
    last = last if over is None else min(last, over)
    days = {"high": BURSTS, "": ()}.get(subject.dexamethasone, range(0, max(last + 1, 0), 7))
    doses = [day for day in days if first <= day <= last]
    return len(doses) * (40 if subject.dexamethasone == "high" else int(subject.dexamethasone)) if doses else None


def of_cycle(subject, start, end):
    """(mg, mg of its first 28 days), None where there is none."""
    return taken(subject, start, end), taken(subject, start, min(end, start + 27))


def _expected(age, number):
    """What the recommendations plan for an age."""
    if age < 65:
        return 320 if number <= 4 else 160
    return 160 if age <= 75 else 80


def rows_of(subject, delivery, row, ages):
    cycles = drugs.cycles_as_of(subject, delivery)
    reason = "NO_EXPOSURE" if not cycles else "FIRST_CYCLE_NOT_OVER" if cycles[0][2] == "" else ""
    total, early = of_cycle(subject, cycles[0][0], cycles[0][3]) if cycles else (None, None)
    reason = reason or ("NO_DEXAMETHASONE" if total is None else "")
    rows = [row("DEXCLASS", "" if reason else total, CLASSES.get(early, "OTHER"), cycles[0][0] if cycles else None,
                "DEXCLASS", reason)]
    for number, (start, _, mg, end) in enumerate(cycles, 1):
        if mg == "":
            continue
        planned, (_, early) = _expected(ages[1], number), of_cycle(subject, start, end)
        differs = _expected(ages[0], number) != planned
        subject.asked_age |= differs
        judged = "" if early is None else "CONCORDANT" if early == planned else "HIGHER" if early > planned else "LOWER"
        lack = "NO_BIRTH_DATE" if subject.lacks == "birth" else "AGE_AMBIGUOUS" if differs else "NO_DEXAMETHASONE" if early is None else ""
        rows.append(row("DEXCLASS||cycle-%d" % number, planned, judged, start, "dexamethasone-age", lack))
    return rows

"""What follows from the days on which the study drug was planted: dose at the onset of an event, what was done with the
drug after it."""
from fractions import Fraction

import dexamethasone
import drugs
from days import iso


def taken(subject):
    """(first, last, dose, rank) of the study drug in order, cut at the end of treatment."""
    over = drugs.last_day(subject.course)
    found = []
    for s in sorted((s for s in subject.stretches if s.drug == drugs.STUDY_DRUG), key=lambda s: s.first):
        last = s.last if over is None else min(over, s.last)
        if s.first <= last:
            found.append((s.first, last, s.dose, s.rank))
    return found


def last_dose(subject, day):
    """(its day, its dose); None: there was none."""
    found = [(min(last, day), dose) for first, last, dose, _ in taken(subject) if first <= day]
    return max(found) if found else None


def on(subject, day):
    """The (first, last, dose, rank) that holds the day, or None."""
    return next((t for t in taken(subject) if t[0] <= day <= t[1]), None)


def action_after(subject, day, delivery):
    """Within a fortnight of a day: withdrawn before interrupted before delayed before reduced."""
    course, last = subject.course, day + 14
    if not last_dose(subject, day) or (course.eot is not None and course.eot < day):
        return ""
    if course.eot is not None and day <= course.eot <= last:
        return "withdrawn"
    if any(day <= first <= last for first, _ in drugs.interruptions_as_of(subject, delivery)):
        return "interrupted"
    planned = [start - delay for start, delay, *_ in drugs.cycles_as_of(subject, delivery) if delay != "" and delay >= 7]
    if any(day <= due <= last for due in planned):
        return "delayed cycle"
    doses = taken(subject)
    if any(day <= now[0] <= last and int(now[2]) < int(before[2]) for before, now in zip(doses, doses[1:])):
        return "reduced"
    return "none" if course.horizon >= last else ""


# ---- parameters of exposure ----

START_MG = {"25 mg daily": 525, "10 mg daily": 210, "15 mg every other day": 165, "5 mg daily": 105, "15 mg daily": 315,
            "5 mg every other day": 55}


def _period_end(subject, delivery):
    """The day after the last that counts for intensity; None: the first cycle is not over."""
    starts = [start for start, *_ in drugs.cycles_as_of(subject, delivery)]
    seen, over = drugs.seen_until(subject, delivery), drugs.last_day(subject.course)
    if over is not None and over <= seen:
        return over + 1
    if seen >= starts[-1] + 27:
        return starts[-1] + 28
    return starts[-1] if len(starts) > 1 else None


def _milligrams(subject, until):
    return sum(int(dose) * max(0, min(last, until - 1) - first + 1) for first, last, dose, _ in taken(subject))


def decimal(value):
    """Exact where it ends, else six decimals, half to even."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    digits = 6 if rest > 1 else next(n for n in range(40) if (value * 10 ** n).denominator == 1)
    scaled = round(value * 10 ** digits)  # Python rounds fractions half to even
    text = str(scaled).rjust(digits + 1, "0")
    return text if not digits else text[:-digits] + "." + text[-digits:]


def cycle_rows(subject, delivery):
    """Rows of the table: what was taken of 525 mg, and of dexamethasone, once the cycle is over."""
    rows = []
    for number, (start, delay, mg, end) in enumerate(drugs.cycles_as_of(subject, delivery), 1):
        total, early = dexamethasone.of_cycle(subject, start, end) if mg != "" else (None, None)
        rows.append((str(number), iso(subject.day(start)), "525", mg, "" if mg == "" else decimal(Fraction(
            100 * int(mg), 525)), str(delay), "" if total is None else str(total), dexamethasone.CLASSES.get(early, "")))
    return rows


def rows_of(subject, delivery, row, expected):
    """expected: (text, reason) of EXPDOSE."""
    text, missing = expected
    began = taken(subject)
    rows = [_concordance(subject, delivery, row, text, missing)]
    reason, end = ("NO_EXPOSURE", None) if not began or not drugs.cycles_as_of(subject, delivery) else (
        "", _period_end(subject, delivery))
    if not reason and end is None:
        reason = "FIRST_CYCLE_NOT_OVER"
    for name, plan, lack in (("RDISTD", 525, ""), ("RDIEXP", START_MG.get(text), missing)):
        why = reason or lack
        share = "" if why else decimal(Fraction(100 * 28 * _milligrams(subject, end), plan * end))
        rows.append(row(name, share, "", None if end is None else end - 1, name, why))
    return rows + _reactions(subject, delivery, row)


def _concordance(subject, delivery, row, text, missing):
    began = [one for one in taken(subject) if one[0] <= drugs.seen_until(subject, delivery)]
    if missing or not began:
        return row("CONCORD", rule="start-dose-concordance", reason=missing or "NO_EXPOSURE")
    if began[0][3] == "administered" and not any(0 < other[0] < 28 for other in began[1:]):  # a single dose
        over = drugs.last_day(subject.course)
        reason = drugs.unseen(subject, 27 if over is None else min(27, over), delivery) or "SCHEDULE_NOT_KNOWN"
        return row("CONCORD", "", "", began[0][0], "start-dose-concordance", reason)
    dose = int(began[0][2])
    actual, wanted = 21 * dose, START_MG[text]
    same = text == "%d mg daily" % dose
    judged = "CONCORDANT" if same else "HIGHER" if actual > wanted else "LOWER" if actual < wanted else "OTHER_SCHEDULE"
    return row("CONCORD", "", judged, began[0][0], "start-dose-concordance")


# ---- reactions to low counts ----

def counts(subject, concept, delivery, seen):
    """[(elapsed day, lowest value)] in order, of what a window took, or what dates an event that an assessment told of."""
    found = {}
    for item in subject.items:
        if not item.tested or item.tested[0] != concept or item.tested[2] is None or item.delivery > delivery:
            continue
        rows = item.after if delivery == 2 and item.after else item.rows
        day = item.tested[1]
        between = rows[0].state == "evidence" or (rows[0].state, rows[0].reason) == ("outside_window", "BETWEEN_WINDOWS")
        if rows[0].state == "delivered" or (between and day <= seen):
            found[day] = min(found.get(day, item.tested[2]), item.tested[2])
    return sorted(found.items())


def _recent(values, day):
    """The latest count of the three days up to a day is below 1.0."""
    near = [value for when, value in values if day - 3 <= when <= day]
    return bool(near) and near[-1] < 1


def _runs(values, bound):
    """The first day of each run of counts below a bound, from day 1 on."""
    low = False
    for day, value in values:
        if day >= 0 and value < bound and not low:
            yield day
        low = day >= 0 and value < bound


def _reactions(subject, delivery, row):
    seen = drugs.seen_until(subject, delivery)
    neutrophils, platelets = counts(subject, "ANC", delivery, seen), counts(subject, "PLT", delivery, seen)
    rows, doses = [], taken(subject)

    def add(rule, day, text, uses, reason=""):
        rows.append(row("CYTOACT||%s.%s" % (rule, iso(subject.day(day))), "", text, day, rule, reason,
                        unconfirmed=any(use and use[3] in ("dispensed", "intended") for use in uses)))
    cycles = drugs.cycles_as_of(subject, delivery)
    for (before, *_), (start, *_) in zip(cycles, cycles[1:]):
        if _recent(neutrophils, before + 28):
            add("cytopenia-start", before + 28, "DELAYED" if start - before >= 35 else "NOT_DELAYED", [on(subject, start)])
    for day in _runs(neutrophils, Fraction(1, 2)):
        goes_on = on(subject, day + 3)
        factor = any(s.drug == "filgrastim" and s.item.delivery <= delivery and s.first <= day + 3 and (s.last is None or s.last >= day)
                     for s in subject.stretches)
        text = ("NOT_STOPPED" if factor else "NO_REACTION") if goes_on else ("CONCORDANT" if factor else "NO_GCSF")
        add("cytopenia-neutrophils", day, text, [goes_on], _open(subject, doses, day, delivery))
    for before, now in zip(doses, doses[1:]):
        if now[0] <= seen and now[0] - before[1] > 1 and _recent(neutrophils, now[0]):
            add("cytopenia-restart", now[0], "REDUCED" if int(now[2]) < int(before[2]) else "NOT_REDUCED", [before, now])
    for day in _runs(platelets, Fraction(30)):
        before, after = on(subject, day), on(subject, day + 3)
        changed = before and (not after or int(after[2]) < int(before[2]))
        given = any(day <= when <= day + 3 and told <= delivery for when, told in subject.transfusions)
        add("cytopenia-platelets", day, "CONCORDANT" if given or changed else "NO_REACTION", [before, after],
            _open(subject, doses, day, delivery))
    return rows


def _open(subject, doses, day, delivery):
    return drugs.unseen(subject, day + 3, delivery) if doses else "NO_EXPOSURE"

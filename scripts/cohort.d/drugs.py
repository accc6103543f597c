"""What was planted about drugs: the days, doses and kinds of record of each, from which the rows that a study shall see
follow by plain arithmetic on the choices, and what is reported of them by the visits that were chosen.

All stretches of one drug are planted apart or end to end: nothing here weighs one record against another, but the one
administration on day 1 that takes its day from the pack.
"""
from datetime import date
from fractions import Fraction

from days import iso
from dialects import DRUGS
from parts import remembered

CAP_MONTHS = 36
STUDY_DRUG = "lenalidomide"
LEVELS = {"25": 1, "15": 2, "10": 3, "5": 4}
EXPOSURES = ("drug,dose,unit,frequency,route,start,end,evidence_rank,dose_level,cycle_no,cycle_day,change_type,"
             "change_reason,reported_window")
CONMEDS = ("substance,class,role,indication,dose,unit,frequency,route,start,start_rel,end,ongoing,evidence_rank,"
           "reported_window,prophylaxis_flag")


# What a drug is called in the rows of a study, and its part in treatment, where it is called by more than its code.
NAMES = {"aspirin": "acetylsalicylic acid", "amoxicillin clavulanate": "amoxicillin and beta-lactamase inhibitor",
         "piperacillin": "piperacillin and beta-lactamase inhibitor",
         "cotrimoxazole": "sulfamethoxazole and trimethoprim", "omeprazole": "A02BC01"}
ROLES = {"aspirin": "ANTITHROMBOTIC", "enoxaparin": "ANTITHROMBOTIC", "allopurinol": "TLS", "loperamide": "GI_SUPPORT",
         "filgrastim": "GCSF", "omeprazole": "", **dict.fromkeys(("bortezomib", "melphalan", "daratumumab"), "PRIOR_OR_NEXT_MM"),
         **dict.fromkeys(("amoxicillin clavulanate", "ceftriaxone", "meropenem", "piperacillin", "aciclovir",
                          "cotrimoxazole"), "ANTIINFECTIVE")}


def name_of(substance):
    return NAMES.get(substance, substance)


class Stretch:
    """Days first..last (None: it goes on) of one record."""

    def __init__(self, item, table, drug, first, last, dose, frequency, rank):
        self.item, self.table, self.drug, self.first, self.last = item, table, drug, first, last
        self.dose, self.frequency, self.rank = dose, frequency, rank
        self.route, self.prevents = "", ""

    def same(self, other):
        """Two records that make one row where they follow each other."""
        return (self.drug, self.dose, self.frequency, self.rank, self.route) == (
            other.drug, other.dose, other.frequency, other.rank, other.route)


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
    return assessments(subject, delivery)[-1][0]


def unseen(subject, last, delivery):
    """Why drugs up to a day cannot be judged: it is to come, or no assessment told of it; empty: they can."""
    if last <= seen_until(subject, delivery):
        return ""
    return "PERIOD_NOT_OVER" if last > subject.course.horizon else "AWAITS_ASSESSMENT"


def runs_as_of(subject, delivery, table):
    """[first, last or None, stretch] of what was begun by the last assessment; one dose over a gap of at most a day is one
    run."""
    seen, over, found = seen_until(subject, delivery), last_day(subject.course), []
    for s in sorted((s for s in subject.stretches if s.table == table and s.item.delivery <= delivery), key=lambda s: (s.drug, s.first)):
        last = s.last
        if table == "exposures" and over is not None:
            last = over if last is None else min(last, over)
        if s.first > seen or (last is not None and last < s.first):
            continue
        before = found[-1] if found else None
        if before and before[2].same(s) and before[1] is not None and s.first - before[1] <= 2:
            before[1] = last
        else:
            found.append([s.first, last, s])
    return found


def _told(subject, day, seen):
    """The end of a run, where an assessment has seen it."""
    return iso(subject.day(day)) if day is not None and day <= seen else ""


def exposures_as_of(subject, delivery):
    """Rows of the study drugs: each run of a dose, each interruption, and the end."""
    seen, rows, before = seen_until(subject, delivery), [], None
    for first, last, s in runs_as_of(subject, delivery, "exposures"):
        before = before if before and before[2].drug == s.drug else None
        rows.append((s.drug, s.dose, "mg", s.frequency, s.route, iso(subject.day(first)), _told(subject, last, seen),
                     s.rank, str(LEVELS.get(s.dose, "")) if s.drug == STUDY_DRUG else "",
                     *cycle_on(subject, first, delivery), _change(subject, delivery, before, first, s), "",
                     window_of(subject, first, delivery)))
        before = (first, last, s)
    own = [s for s in subject.stretches if s.drug == STUDY_DRUG]
    breaks = [(first, last, "interrupted", "") for first, last in interruptions_as_of(subject, delivery)]
    if own and subject.course.eot is not None:
        breaks.append((subject.course.eot + 1, None, "end", "ROSTER"))
    for first, last, change, reason in breaks:
        if first <= seen:
            rank = max((s for s in own if s.first < first), key=lambda s: s.first).rank
            rows.append((STUDY_DRUG, "0", "mg", "", "", iso(subject.day(first)), _told(subject, last, seen), rank, "",
                         *cycle_on(subject, first, delivery), change, reason, window_of(subject, first, delivery)))
    return sorted(rows)


def interruptions_as_of(subject, delivery):
    """(first, last or None): three days or more without the drug that an assessment has seen; it may not be over yet."""
    seen = seen_until(subject, delivery)
    return [(first, last if last <= seen else None) for first, last in subject.interruptions if seen >= first + 2]


def _change(subject, delivery, before, first, s):
    if not before:
        return "start"
    if Fraction(s.dose) != Fraction(before[2].dose):
        return "step_down" if Fraction(s.dose) < Fraction(before[2].dose) else "step_up"
    return "restart" if any(before[1] < day < first for day, _ in interruptions_as_of(subject, delivery)) else ""


def cycle_on(subject, day, delivery):
    """Number of the cycle and day in it; cycles end with treatment."""
    over = last_day(subject.course)
    starts = [start for start, *_ in cycles_as_of(subject, delivery) if start <= day]
    return (str(len(starts)), str(day - starts[-1] + 1)) if starts and (over is None or day <= over) else ("", "")


def conmeds_as_of(subject, delivery):
    """Rows of other drugs. What began before day 1 is told without its day, but for drugs against clots and myeloma."""
    seen, rows = seen_until(subject, delivery), []
    for first, last, s in runs_as_of(subject, delivery, "conmeds"):
        if last is not None and last < -14:
            continue
        if subject.course.death is not None and (last is None or last > subject.course.death):
            last = subject.course.death  # nothing is taken after it
        substance = next((own for own, name in NAMES.items() if name == s.drug), s.drug)
        role, exact = ROLES[substance], first >= 0 or ROLES[substance] in ("ANTITHROMBOTIC", "PRIOR_OR_NEXT_MM")
        ongoing = last is None or last > seen
        rows.append((s.drug, DRUGS[substance][0][:5], role, "", s.dose, "mg", s.frequency, s.route,
                     iso(subject.day(first)) if exact else "", "" if first >= 0 else "BEFORE",
                     "" if ongoing else iso(subject.day(last)), "Y" if ongoing else "", s.rank,
                     window_of(subject, max(first, 0), delivery), s.prevents))
    return sorted(rows)


@remembered
def assessments(subject, delivery):
    """(last day on which somebody was seen, window) of events, drugs and doses, in order; the baseline needs nobody to be
    seen."""
    found = [(0, "BASELINE")]
    for node in subject.course.nodes:
        if node.no_contact or (node.late and delivery == 1):
            continue
        seen = {}
        for visit in node.visits:
            for window in visit.windows:
                if not window.startswith("T90"):
                    seen[window] = max(seen.get(window, visit.day), visit.day)
        found += [(day, window) for window, day in seen.items()]
    return sorted(found)


def window_of(subject, day, delivery):
    """The assessment that reports what began on a day."""
    return next((window for seen, window in assessments(subject, delivery) if seen >= day), "")


@remembered
def cycles_as_of(subject, delivery):
    """(start, delay, mg, last day) of the cycles of lenalidomide: each pack, and each 28 days of a statement, begins one; mg once it
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
                      if known else "", end))
    return found


def _milligrams(subject, first, last):
    return str(sum(int(s.dose) * max(0, min(s.last, last) - max(s.first, first) + 1) for s in subject.stretches
                   if s.drug == STUDY_DRUG))


def settle(subject):
    """The state of each record by what is told of it after each delivery."""
    over = last_day(subject.course)
    for item in {id(s.item): s.item for s in subject.stretches}.values():
        own = [s for s in subject.stretches if s.item is item]
        first, studied = min(s.first for s in own), own[0].table == "exposures"
        for delivery, name in ((1, "rows"), (2, "after")):
            row = item.rows[0]
            if studied and first == 1 and 0 in (over, seen_until(subject, delivery)):  # the administration's day alone
                row = row.copy(state="evidence", reason="")
            elif studied and over is not None and first > over:
                reason = "AFTER_DEATH" if first > (subject.course.death or first) else "AFTER_TREATMENT"
                row = row.copy(state="outside_window", reason=reason)
            elif first <= seen_until(subject, delivery):
                row = row.copy(state="delivered", reason="")
            else:
                row = row.copy(state="outside_window", reason="AWAITS_ASSESSMENT")
            setattr(item, name, [row])

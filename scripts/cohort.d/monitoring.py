"""How often a test came late, counted on the days on which it was planted."""
import drugs

# set -> (concepts, days apart in the first three cycles or None, later, slack)
SETS = {"C": (("ANC", "PLT", "HGB"), 14, 28, 7), "R": (("CREAT",), 14, 28, 7), "L": (("ALT", "AST", "ALP", "BILI"), None,
        28, 7), "T": (("TSH",), None, 90, 15)}
SHOWN = ("delivered", "evidence", "held", "outside_window")


def _days(subject, concept, until, delivery):
    found = set()
    for item in subject.items:
        if item.tested and item.tested[0] == concept and item.delivery <= delivery:
            row = (item.after if delivery == 2 and item.after else item.rows)[0]
            if row.state in SHOWN and -14 <= item.tested[1] <= until:
                found.add(item.tested[1])
    return sorted(found)


def _gaps(days, until, early_until, early, late, slack):
    """Days from which the next test, or the end, was too far."""
    last, gaps = 0, []
    for day in [*days, until]:
        every = early if early is not None and last < early_until else late
        if day > last + every + slack:
            gaps.append(last)
        last = max(last, day)
    return gaps


def rows_of(subject, delivery, row):
    course = subject.course
    ends = [d for d in (course.eot, course.death, course.withdrawn) if d is not None] + [drugs.cap_of(course)]
    until = min([course.horizon, *ends])
    starts, rows = [start for start, *_ in drugs.cycles_as_of(subject, delivery)], []
    for name, (concepts, early, late, slack) in SETS.items():
        worst = None
        for concept in concepts:
            days = _days(subject, concept, until, delivery)
            if not days:
                continue
            gaps = _gaps(days, until, starts[3] if len(starts) > 3 else 84, early, late, slack)
            if worst is None or len(gaps) > len(worst[1]):
                worst = concept, gaps
        if worst is None:
            rows.append(row("MONGAP_" + name, rule="monitoring", reason="NO_RESULTS"))
        else:
            rows.append(row("MONGAP_" + name, len(worst[1]), worst[0], worst[1][0] if worst[1] else None, "monitoring"))
    return rows

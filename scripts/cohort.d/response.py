"""The course of the myeloma, planted by category: which response each assessment shows is chosen, then a value of the
monoclonal protein (or of the involved light chain) that is clearly of it is written.

Bounds of the categories are kept clear of: a partial response is a fall by 60 %, a very good one by 92 %, a minimal one
by 30 %, stable disease a fall by 5 %, progression a rise by half and by 8 g/L or more. Source: IMWG 2016.
"""
from parts import Row
from resources import Value

PLANS = ("deepening", "relapse", "stable", "partial", "not_measurable", "chains", "relapse_open", "single", "minimal",
         "progress", "no_baseline")
RANK = {"PD": 1, "SD": 2, "MR": 3, "PR": 4, "VGPR": 5}
# g/L; the first is the baseline's
PROTEIN = {"": "40.0", "VGPR": "3.0", "PR": "16.0", "MR": "28.0", "SD": "38.0", "PD": "55.0", "PD after PR": "24.0",
           "none": "4.0"}
KAPPA = {"": "240", "PR": "88.0", "VGPR": "12.3", "PD after PR": "240"}  # mg/L; lambda stays at 9.8
TENTHS = {"55.0": "5.50", "40.0": "4.00", "3.0": "0.30", "16.0": "1.60", "28.0": "2.80", "38.0": "3.80", "24.0": "2.40",
          "4.0": "0.40", "240": "24.0", "88.0": "8.80", "12.3": "1.23", "9.8": "0.98"}


def categories(plan, n):
    """Of the first n assessments after day 1."""
    if plan == "deepening":
        return (["PR"] * 2 + ["VGPR"] * n)[:n]
    if plan == "chains":
        return (["PR"] * 2 + ["VGPR"] * (n - 4) + ["PD"] * 2)[:n] if n > 5 else ["PR"] * n
    if plan == "relapse" and n > 3:
        return ["PR"] * (n - 2) + ["PD"] * 2
    if plan == "relapse_open" and n > 2:
        return ["PR"] * (n - 1) + ["PD"]
    if plan == "single":
        return (["SD"] * n)[:n - 1] + ["PR"] * min(1, n)
    return [{"stable": "SD", "minimal": "MR", "progress": "PD"}.get(plan, "PR")] * n


class Response:
    """What was chosen for one subject. `days`: elapsed days of the assessments that the study sees, in order."""

    def __init__(self, subject, rng):
        self.plan = PLANS[(subject.number // 4 + subject.number) % len(PLANS)]
        self.measured = "MPROT_S" in subject.plan.panel or rng.random() < 0.5
        self.days, self.shown = [], {}

    def prepare(self, subject):
        """Once it is certain who was seen when."""
        self.days = sorted({v.day for node in subject.course.nodes for v in node.visits if v.g90 and v.delivery == 1})
        self.shown = dict(zip(self.days, categories(self.plan, len(self.days))))

    def value(self, subject, visit, concept):
        """The value of a concept at a visit; None: it is not planted."""
        if concept not in ("MPROT_S", "FLC_K", "FLC_L"):
            return None
        chains = self.plan == "chains"
        if concept == "FLC_L":
            text = "9.8"
        elif concept == "FLC_K":
            text = KAPPA[self._name(visit, KAPPA)] if chains else "12.3"
        else:
            text = PROTEIN["none" if chains or self.plan == "not_measurable" else self._name(visit, PROTEIN)]
        unit = subject.dialect.units[concept][0]
        return Value(subject.dialect, concept, TENTHS[text] if unit.endswith("/dL") else text, None)

    def _name(self, visit, table):
        category = self.shown.get(visit.day, "")
        after = category + " after PR"
        return after if after in table and (self.plan != "progress" or category not in table) else category

    def concepts(self, visit):
        """What a visit measures although its panel does not."""
        if not self.measured or visit.counts_only or (visit.baseline and self.plan == "no_baseline"):
            return ()
        return ("FLC_K", "FLC_L", "MPROT_S") if self.plan == "chains" else ("MPROT_S",)

    def hidden(self, visit, concept):
        """What a panel measures, but not here."""
        return visit.baseline and self.plan == "no_baseline" and concept in ("MPROT_S", "FLC_K", "FLC_L")


def write_urine(subject):
    """A very good partial response wants urine: measured at baseline, and then too little to be measured again."""
    if not subject.response.measured or subject.response.plan != "deepening":
        return
    visit, w = subject.history.baseline.visits[0], subject.writer
    code = w.coded([{"system": subject.dialect.loinc_system, "code": "42482-0", "display": "Protein.monoclonal [Mass/time] "
                     "in 24 hour Urine by Electrophoresis"}], "laboratory", "M protein, urine")
    value = ('"valueQuantity":{"value":60,"unit":"mg/(24.h)","system":"http://unitsofmeasure.org","code":"mg/(24.h)"},')
    item = subject.simple("Observation", "u", lambda i, v, u: w.observation(
        i, v, u, "final", code, subject.patient_id, w.encounter_link(visit.encounter_id),
        w.effective(subject.day(visit.day), visit.minute), value, ""), Row(
            "delivered", windows=("BASELINE",), concept="MPROT_U", value="60"), subject.day(visit.day))
    subject.ranks.setdefault(("BASELINE", "MPROT_U"), []).append((0, item))


# ---- what follows from the categories ----

class Course:
    """Two assessments in a row confirm: the shallower of two responses, progression by progression."""

    def __init__(self, response):
        self.best = self.best_day = self.response_day = self.progression = self.open = None
        self.seen, self.last, self.last_day = None, None, None
        shown = [(day, response.shown[day]) for day in response.days]
        for place, (day, category) in enumerate(shown):
            following = shown[place + 1][1] if place + 1 < len(shown) else None
            self.last, self.last_day = category, day
            if category == "PD":
                if following == "PD":
                    self.progression = day
                    return
                self.open = day if following is None else self.open
                continue
            self.seen = max(self.seen or category, category, key=RANK.get)
            if following in (None, "PD"):
                continue
            both = min(category, following, key=RANK.get)
            if not self.best or RANK[both] > RANK[self.best]:
                self.best, self.best_day = both, day
            if RANK[both] >= RANK["PR"] and self.response_day is None:
                self.response_day = day


def obstacle(subject):
    response = subject.response
    if not response.measured or response.plan == "no_baseline":
        return "NO_BASELINE_DISEASE"
    if response.plan == "not_measurable":
        return "NOT_MEASURABLE"
    return "" if response.days else "NO_ASSESSMENT"


def last_contact(subject, delivery):
    """The last day on which somebody was seen in a window."""
    days = [v.day for node in subject.course.nodes for v in node.visits if (v.windows or v.g90) and
            not (v.delivery == 2 and delivery == 1)]
    return max([0, *days])


def rows_of(subject, delivery, row, cap):
    """row(name, value, text, day, rule, reason, unconfirmed) makes one."""
    reason, death = obstacle(subject), subject.course.death
    contact = last_contact(subject, delivery)
    lived = death if death is not None else contact
    rows = [row("OS", lived, "EVENT" if death is not None else "CENSORED", lived, "survival")]
    if reason:
        return rows + [row(name, rule="response", reason=reason) for name in ("BOR", "ORR", "TTR")] + [
            row("PFS", death, "EVENT", death, "response-times")
            if name == "PFS" and reason == "NO_ASSESSMENT" and death is not None and death <= cap else
            row(name, rule="response-times", reason=reason) for name in ("TTP", "PFS", "DOR")]
    c = Course(subject.response)
    certain = c.best is not None or c.progression is not None
    best = c.best or ("PD" if c.progression is not None else c.seen or "PD")
    rows.append(row("BOR", "", best, c.best_day, "response", unconfirmed=not certain))
    responded = c.best is not None and RANK[c.best] >= RANK["PR"]
    rows.append(row("ORR", int(responded), "Y" if responded else "N", c.response_day, "response",
                    unconfirmed=not responded and RANK[c.last] >= RANK["PR"]))
    rows.append(row("TTR", c.response_day, "", c.response_day, "response", "" if responded else "NO_RESPONSE"))
    either = min((d for d in (c.progression, death) if d is not None), default=None)
    for name, since, event in (("TTP", 0, c.progression), ("PFS", 0, either), ("DOR", c.response_day, either)):
        if since is None:
            rows.append(row(name, rule="response-times", reason="NO_RESPONSE"))
            continue
        counts = event is not None and event <= cap
        until = event if counts else min(c.last_day, cap)
        rows.append(row(name, until - since, "EVENT" if counts else "CENSORED", until, "response-times",
                        unconfirmed=not counts and c.open is not None))
    return rows


def questions_of(subject):
    """(code, what of, elapsed day): what the last assessment alone shows, and what a complete response would want."""
    if obstacle(subject):
        return []
    c, found = Course(subject.response), []
    if c.open is not None or (RANK[c.last] > RANK.get(c.best, 0) and RANK[c.last] >= RANK["MR"]):
        found.append(("RESPONSE_UNCONFIRMED", c.last, c.last_day))
    if c.seen == "VGPR":
        found.append(("CR_NOT_ASSESSABLE", "CR", c.last_day))
    return found

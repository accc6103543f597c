"""The course of the myeloma in the elranatamab study: what response.py plants by category, on days of this study. The
disease is measured before the first dose, then every four weeks; what a person is asked and the parameters follow from
the categories alone."""
import response
from parts import Row

EVERY = 28
URINE = ("42482-0", "Protein.monoclonal [Mass/time] in 24 hour Urine by Electrophoresis")


class Disease:
    """What was chosen, with the members that response.py asks for."""

    measured = True

    def __init__(self, number, last, baseline):
        self.plan = response.PLANS[number % len(response.PLANS)]
        self.baseline = baseline  # the day of the values before the first dose
        self.days = list(range(EVERY, last + 1, EVERY))
        self.shown = dict(zip(self.days, response.categories(self.plan, len(self.days))))

    @property
    def concepts(self):
        return ("FLC_K", "FLC_L", "MPROT_S") if self.plan == "chains" else ("MPROT_S",)

    def write(self, subject):
        if self.plan != "no_baseline":
            self._measure(subject, self.baseline, "")
            if self.plan == "deepening":
                self._urine(subject)
        for day in self.days:
            self._measure(subject, day, self.shown[day])

    def _measure(self, subject, day, category):
        for concept in self.concepts:
            value = response.Value(subject.dialect, concept, self._text(subject, concept, category), None)
            subject.result(concept, day, "07:40", value, row=None if day >= 0 else Row("evidence", concept=concept))

    def _text(self, subject, concept, category):
        if concept == "FLC_L":
            text = "9.8"
        elif concept == "FLC_K":
            text = response.KAPPA[self._name(category, response.KAPPA)]
        elif self.plan in ("chains", "not_measurable"):
            text = response.PROTEIN["none"]
        else:
            text = response.PROTEIN[self._name(category, response.PROTEIN)]
        return response.TENTHS[text] if subject.dialect.units[concept][0].endswith("/dL") else text

    def _name(self, category, table):
        after = category + " after PR"
        return after if after in table and (self.plan != "progress" or category not in table) else category

    def _urine(self, subject):
        """A very good partial response wants urine: too little to be measured again."""
        w, day = subject.writer, subject.day(self.baseline)
        code = w.coded([{"system": subject.dialect.loinc_system, "code": URINE[0], "display": URINE[1]}], "laboratory",
                       "M protein, urine")
        value = '"valueQuantity":{"value":60,"unit":"mg/(24.h)","system":"http://unitsofmeasure.org","code":"mg/(24.h)"},'
        row = Row("evidence", concept="MPROT_U") if self.baseline < 0 else Row(
            "delivered", windows=(subject.week(self.baseline),), concept="MPROT_U", value="60")
        item = subject.simple("Observation", "u", lambda i, v, u: w.observation(
            i, v, u, "final", code, subject.patient_id, "", w.effective(day, 460), value, ""), row, day)
        subject.rank(item, 0, self.baseline, "07:40")


def parameters_of(subject):
    """(name, value, text, elapsed day, rule, reason, unconfirmed) of all but survival, which hangs on contacts."""
    def row(name, value="", text="", day=None, rule="", reason="", unconfirmed=False):
        return name, value, text, day, rule, reason, unconfirmed
    never = 10 ** 6  # this study has no cap
    return [found for found in response.rows_of(subject, 1, row, never) if found[0] != "OS"]

"""How the kidneys did, chosen by name, and what of the baseline nobody wrote down."""
from days import iso
from dialects import SNOMED
from parts import Row

PLANS = ("", "", "", "", "impaired", "improving", "dialysis")
KEYS = {"impaired": 2, "improving": 2, "dialysis": 3}  # the grade of creatinine at baseline
DIALYSED = -3  # elapsed day
# What the record lacks, by the subject's number.
LACKS = {2: "birth", 5: "ECOG", 8: "CREAT", 7: "birthday", 10: "sex", 12: "HEIGHT"}


class Kidneys:
    def __init__(self, rng, measured):
        plan = rng.choice(PLANS)
        self.plan = plan if measured else ""  # without a baseline each bad value would be an event
        self.better = rng.randint(40, 200)  # the elapsed day from which they do well again

    def key(self, day):
        """The grade of creatinine on a day."""
        return 0 if self.plan == "improving" and day >= self.better else KEYS.get(self.plan, 0)

    def dialysed_near(self, day):
        """Within thirty days."""
        return self.plan == "dialysis" and abs(day - DIALYSED) <= 30


def lacks(subject):
    found = LACKS.get(subject.number % 13, "")
    return "" if found in ("birth", "birthday") and subject.dialect.name == "busan" else found  # whose ranges go by age


def write(subject):
    """Who is of no known age or sex has no clearance that it could stand beside."""
    used = subject.lacks not in ("birth", "sex")
    if subject.kidneys.plan == "dialysis":
        subject.simple("Procedure", "z", lambda i, v, u: subject.writer.plain("Procedure", i, v, u, {
            "status": "completed", "code": {"coding": [{"system": SNOMED, "code": "302497006", "display": "Hemodialysis"}]},
            "subject": {"reference": "Patient/" + subject.patient_id}, "performedDateTime": iso(subject.day(DIALYSED))}),
            Row("evidence") if used else Row("not_in_scope", "NOT_DERIVED"), subject.day(DIALYSED))

"""Courses of CRS and ICANS, written down whole: the chart of a few days and, beside it, what it adds up to by the ASTCT
scale. A day counts from that of the onset; every end was worked out by hand (24 hours after the last fever, vasopressor
or oxygen). Source: ASTCT 2019 (Lee, Biol Blood Marrow Transplant 25:625).

A chart's entries: (day, clock, what, more). clock None: only the day was written down. what is one of

    T C      fever, a temperature that is none         S O      blood pressure and saturation that are too low
    flow     oxygen; more: litres, device or None      zero     oxygen is off
    give     a drug at once; more: its name            run      a vasopressor; more: its name and hours
    care     a procedure; more: its SNOMED code, name, hours
    ice      points of the ICE score                   gcs      points of the coma scale
    fix      the temperature at the onset was none
    code     a diagnosis; more: grade in the code or None, day of its end or None
"""
SCALE = "ASTCT 2019"
TOCILIZUMAB, DEXAMETHASONE, PARACETAMOL = "tocilizumab", "dexamethasone", "paracetamol"
NASAL, MASK = "336623009", "336602003"
CPAP = ("47545007", "Continuous positive airway pressure ventilation", 5)

# By category, what the codes of a dialect say: grade in the code -> code; None: the code tells none.
CODES = {
    "CRS": {"icd-10-cm": {1: "D89.831", 2: "D89.832", 3: "D89.833"}, "icd-10-gm": {None: "D76.4"}},
    "ICANS": {"icd-10-cm": {1: "G92.01", 3: "G92.03"}, "icd-10-gm": {None: "G92.0"}},
}


class Course:
    """A chart and its truth. grades: (day, grade) where the worst of a day changes; doses: those it may follow."""

    def __init__(self, name, category, chart, grades, end, after=(1, "14:00"), doses=(1, 2, 3), treatment=(), hours=None,
                 **more):
        self.name, self.category, self.chart, self.grades, self.end = name, category, chart, grades, end
        self.after = after          # days after the dose, and the clock, of the onset
        self.doses = doses
        self.treatment = treatment  # in the order in which it was given
        self.hours = hours          # full hours from the dose, given at 10:00; None: a day tells none
        self.asked = more.get("asked", True)          # whether a person is asked about it
        self.closed = more.get("closed", True)        # whether it was seen to end
        self.same_day = more.get("same_day", False)
        self.coded_grade = more.get("coded_grade")    # beside that of the signs
        self.coded = more.get("coded", False)         # there is nothing but a code
        self.device = more.get("device")              # the grade once a person named a mask
        self.intensive = more.get("intensive", 0)     # days with a vasopressor or positive pressure
        self.late = more.get("late", ())              # what the second delivery brings
        self.later = more.get("later", self)          # the course with it; None: there was none

    @property
    def grade(self):
        return max((grade for _, grade in self.grades), default=None)

    @property
    def worst(self):
        return next((day for day, grade in self.grades if grade == self.grade), 0)


COOL = (1, "08:00", "C", None)
FEVER = (0, "14:00", "T", None)

CRS = [
    Course("fever", "CRS", [FEVER, COOL], [(0, 1)], 1, hours=28),
    Course("fever that comes back within 24 hours", "CRS",
           [FEVER, (0, "14:30", "give", PARACETAMOL), (0, "20:00", "C", None), (1, "02:00", "T", None),
            (2, "08:00", "C", None)], [(0, 1)], 2, hours=28),
    Course("low pressure in fever", "CRS", [FEVER, (0, "15:00", "S", None), (0, "18:00", "C", None), COOL], [(0, 2)], 1,
           hours=28),
    Course("low pressure after fever", "CRS", [FEVER, (0, "16:00", "C", None), (0, "18:00", "S", None), COOL], [(0, 1)],
           1, hours=28),
    Course("low pressure after fever, tocilizumab given", "CRS",
           [FEVER, (0, "15:00", "give", TOCILIZUMAB), (0, "17:00", "C", None), (0, "20:00", "S", None), COOL], [(0, 2)],
           1, treatment=(TOCILIZUMAB,), hours=28),
    Course("oxygen by nasal cannula", "CRS",
           [FEVER, (0, "14:30", "O", None), (0, "15:00", "flow", ("2", NASAL)), (0, "16:00", "give", DEXAMETHASONE),
            COOL, (1, "09:00", "zero", None)], [(0, 2)], 1, treatment=(DEXAMETHASONE, "oxygen"), hours=28),
    Course("one vasopressor", "CRS",
           [FEVER, (0, "15:00", "S", None), (0, "15:20", "give", TOCILIZUMAB), (0, "15:40", "give", DEXAMETHASONE),
            (0, "16:00", "run", ("norepinephrine", 12)), COOL], [(0, 3)], 2,
           treatment=(TOCILIZUMAB, DEXAMETHASONE, "norepinephrine"), hours=28, intensive=2),
    Course("two vasopressors at one time", "CRS",
           [FEVER, (0, "14:40", "S", None), (0, "15:00", "give", TOCILIZUMAB),
            (0, "16:00", "run", ("norepinephrine", 6)), (0, "18:00", "run", ("phenylephrine", 5)), COOL], [(0, 4)], 1,
           treatment=(TOCILIZUMAB, "norepinephrine", "phenylephrine"), hours=28, intensive=1),
    Course("a mask the next day", "CRS",
           [FEVER, (1, "09:00", "T", None), (1, "09:30", "flow", ("8", MASK)), (1, "10:00", "give", DEXAMETHASONE),
            (2, "08:00", "T", None), (2, "09:00", "zero", None), (3, "20:00", "C", None)],
           [(0, 1), (1, 3), (2, 1)], 3, doses=(3,), treatment=(DEXAMETHASONE, "oxygen"), hours=28),
    Course("positive pressure", "CRS", [FEVER, (0, "14:20", "O", None), (0, "15:00", "care", CPAP), COOL], [(0, 4)], 1,
           treatment=("oxygen",), hours=28, intensive=1),
    Course("oxygen by nobody knows what", "CRS",
           [FEVER, (0, "15:00", "flow", ("4", None)), COOL, (1, "09:00", "zero", None)], [(0, 2)], 1,
           treatment=("oxygen",), hours=28, device=3),
    Course("read again only later", "CRS", [FEVER, (3, "08:00", "C", None)], [(0, 1)], 3, doses=(2, 3), hours=28),
    Course("before the next dose", "CRS", [(0, "09:30", "T", None), (0, "20:00", "C", None), COOL], [(0, 1)], 1,
           after=(3, "09:30"), doses=(1,), hours=71),
    Course("on the day of a dose, no time told", "CRS", [(0, None, "T", None), (1, None, "C", None)], [(0, 1)], 1,
           after=(0, None), doses=(2, 3), same_day=True),
    Course("fever and a code of another grade", "CRS", [FEVER, (0, None, "code", (3, 1)), COOL], [(0, 1)], 1, hours=28,
           coded_grade=3),
    Course("a code alone", "CRS", [(0, None, "code", (2, 3))], [(0, 2)], 3, after=(1, None), coded=True, doses=(3,)),
    Course("low pressure that is told late", "CRS", [FEVER, COOL], [(0, 1)], 1, hours=28,
           late=[(0, "15:00", "S", None)], later=Course("low pressure in fever", "CRS", (), [(0, 2)], 1, hours=28)),
    Course("fever that is told late", "CRS", [FEVER, COOL], [(0, 1)], 1, hours=28,
           late=[(1, "02:00", "T", None), (2, "08:00", "C", None)],
           later=Course("fever that comes back", "CRS", (), [(0, 1)], 2, hours=28)),
    Course("fever that was none", "CRS", [FEVER, COOL], [(0, 1)], 1, hours=28, late=[(0, "14:00", "fix", None)],
           later=None),
    Course("nobody read again", "CRS", [FEVER], [(0, 1)], None, doses=(3,), hours=28, closed=False),
]

# After the fifth dose or a later one fever alone says little.
LATE_CRS = [
    Course("late fever alone", "CRS", [FEVER, COOL], [(0, 1)], 1, hours=28, asked=False),
    Course("late fever with low pressure", "CRS", [FEVER, (0, "14:10", "S", None), COOL], [(0, 2)], 1, hours=28),
    Course("late fever with tocilizumab", "CRS", [FEVER, (0, "15:00", "give", TOCILIZUMAB), COOL], [(0, 1)], 1, hours=28,
           treatment=(TOCILIZUMAB,)),
]

ICANS = [
    Course("nine points", "ICANS", [(0, "16:00", "ice", 9), (1, "09:00", "ice", 10)], [(0, 1)], 1, after=(1, "16:00"),
           hours=30),
    Course("worse within the day", "ICANS",
           [(0, "08:00", "ice", 8), (0, "20:00", "ice", 5), (1, "08:00", "ice", 9), (2, "08:00", "ice", 10)],
           [(0, 2), (1, 1)], 2, after=(1, "08:00"), doses=(2, 3), hours=22),
    Course("two points", "ICANS",
           [(0, "16:00", "ice", 2), (0, "17:00", "give", DEXAMETHASONE), (0, "18:00", "give", "levetiracetam"),
            (1, "09:00", "ice", 6), (2, "09:00", "ice", 10)], [(0, 3), (1, 2)], 2, after=(1, "16:00"), doses=(2, 3), hours=30,
           treatment=(DEXAMETHASONE, "levetiracetam")),
    Course("a code alone", "ICANS", [(0, None, "code", (3, 2))], [(0, 3)], 2, after=(1, None), doses=(2, 3), coded=True),
    Course("a coma score alone", "ICANS", [(0, "16:00", "gcs", 13)], [], None, after=(1, "16:00"), hours=30, closed=False),
]


def coded_grades(category, system):
    """Grades that the codes of a hospital's system tell; empty: it has no code."""
    return CODES[category].get(system.rsplit("/", 1)[-1], {})


def possible(course, system):
    """Whether a hospital of this system can write the course down."""
    codes = coded_grades(course.category, system)
    return all(entry[2] != "code" or codes for entry in course.chart)

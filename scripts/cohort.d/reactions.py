"""CRS and ICANS of a subject: which courses after which dose, what a person decided of each, and how they are written
down. What a course adds up to stands beside its chart in syndromes.py; here it is only dated."""
from days import minutes
from dialects import SNOMED, ice_canonical
from injections import CLOCK
from parts import Row
from syndromes import CRS, DEXAMETHASONE, ICANS, LATE_CRS, SCALE, coded_grades, possible

# unit -> (as written, canonical, grade of a fever by CTCAE 5.0)
FEVERS = {"Cel": [("38.0", "38.0", 1), ("38.6", "38.6", 1), ("39.4", "39.4", 2)],
          "[degF]": [("100.4", "38", 1), ("101.3", "38.5", 1), ("103.1", "39.5", 2)]}
COOL = {"Cel": [("36.8", "36.8", 0), ("37.9", "37.9", 0)], "[degF]": [("97.7", "36.5", 0), ("98.6", "37", 0)]}
LOW_PRESSURE, LOW_SATURATION = ("84", "89", "71"), ("88", "85", "89")
VERDICTS = ("confirm", "confirm", "confirm with a grade", "wait", "confirm", "refuse")
DAY_OF_DOSE = {1: 0, 2: 3, 3: 7}


def choose(subject):
    """After which doses: CRS after one or two of the first three, ICANS beside some, fever after a later dose."""
    number, chosen = subject.number, []
    doses = ((1, 3), (2,), (3,), (1, 2), ())[number % 5]
    for turn, dose in enumerate(doses):
        menu = [c for c in CRS if dose in c.doses and (c.closed and not c.coded or doses == (3,)) and
                all(r.over_before(c, DAY_OF_DOSE[dose]) and r.story is not c for r in chosen)]
        _take(subject, chosen, menu, DAY_OF_DOSE[dose], dose, turn)
    if number % 3 == 0:
        _beside(subject, chosen)
    if number % 4 == 1 and subject.course.treated >= 7 * 4 + 6 and all(r.story.closed for r in chosen):
        _take(subject, chosen, LATE_CRS, 28, 6, 2)
    return chosen


def _beside(subject, chosen):
    """ICANS, beside the first CRS if there is one; what treats one would treat both, so only one of them is treated."""
    if any(DEXAMETHASONE in r.story.treatment or r.story.late for r in chosen):
        return
    dose = chosen[0].dose if chosen else 2 + subject.number % 2
    menu = [c for c in ICANS if dose in c.doses and not (chosen and DEXAMETHASONE in c.treatment)]
    _take(subject, chosen, menu, DAY_OF_DOSE[dose], dose, 3)


def _take(subject, chosen, menu, dose_day, dose, turn):
    """The course that was planted least so far, of those that this hospital can write and that end in time."""
    counts, system = subject.plan.planted, subject.dialect.condition_system
    menu = [c for c in menu if possible(c, system) and dose_day + c.after[0] + 8 <= subject.course.last]
    if menu:
        story = min(menu, key=lambda c: counts[c.category, c.name])
        counts[story.category, story.name] += 1
        chosen.append(Reaction(story, dose_day, dose, VERDICTS[(subject.number + turn) % len(VERDICTS)]))


class Reaction:
    def __init__(self, story, dose_day, dose, verdict):
        self.story, self.dose_day, self.dose = story, dose_day, dose  # story None: it was none after all
        self.category, self.verdict = story.category, verdict if story.later else "wait"
        self.day = dose_day + story.after[0]  # of the onset

    def over_before(self, story, dose_day):
        ends = [s.end for s in (self.story, self.story.later) if s]
        return None not in ends and self.day + max(ends) < dose_day + story.after[0]

    # ---- writing ----

    def write(self, subject):
        self.onset = self.device = self.care = None
        for day, clock, what, more in self.story.chart:
            item = self._entry(subject, self.day + day, clock, what, more)
            self._settle(item[0], first=self.onset is None)
            self.onset = self.onset or item
        if self.story.asked:
            self._asked(subject)
        if self.story.late:
            self._late(subject)
        if self.verdict == "wait" and self.story and self.story.asked:
            self._waits(subject)
        if self.verdict.startswith("confirm"):
            self._confirmed(subject)
        elif self.verdict == "refuse" and self.story.asked:
            subject.decide("event", *self.onset, refuse=True)

    def _late(self, subject):
        """What the second delivery brings, and the course that it makes."""
        subject.delivery = 2
        for day, clock, what, more in self.story.late:
            self._entry(subject, self.day + day, clock, what, more)
        subject.delivery = 1
        self.story = self.story.later

    def waits(self):
        """Of what makes no row itself: held until a person spoke."""
        return Row("held", self.category + "_REVIEW")

    def _settle(self, item, first):
        if item.rows[0].state != "held" or self.verdict == "wait":
            return
        refused = Row("not_in_scope", "NO_EVENT" if first else "NOT_DERIVED")
        item.after = [refused if self.verdict == "refuse" else Row("evidence")]

    def _entry(self, subject, day, clock, what, more):
        """Gives (item, part)."""
        if what in "TC":
            unit = subject.dialect.units["TEMP"][0]
            return temperature(subject, day, clock, *subject.rng.choice((FEVERS if what == "T" else COOL)[unit])), ""
        if what == "S":
            text = subject.rng.choice(LOW_PRESSURE)
            return subject.reading("SBP", day, clock, text, text), ""
        if what == "O":
            text = subject.rng.choice(LOW_SATURATION)
            return subject.reading("SPO2", day, clock, text, text), ""
        return getattr(self, "_" + what)(subject, day, clock, more), ""

    def _fix(self, subject, day, clock, more):
        """A later version of the temperature at the onset: it was none."""
        item = self.onset[0]
        item.after = [Row("superseded")]
        subject.version_of = item
        fixed = temperature(subject, day, clock, *COOL[subject.dialect.units["TEMP"][0]][0])
        subject.version_of = None
        return fixed

    def _flow(self, subject, day, clock, more):
        litres, device = more
        tail = '"method":{"coding":[{"system":"%s","code":"%s"}]},' % (SNOMED, device) if device else ""
        item = subject.reading("O2FLOW", day, clock, litres, litres, tail=tail)
        if not device:
            self.device = item
        return item

    def _zero(self, subject, day, clock, more):
        return subject.reading("O2FLOW", day, clock, "0", "0")

    def _give(self, subject, day, clock, name):
        dose, route = {"tocilizumab": ("560", "intravenous"), "dexamethasone": ("10", "intravenous"),
                       "paracetamol": ("1000", "oral"), "levetiracetam": ("500", "oral")}[name]
        return subject.given(name, day, clock, dose, route)

    def _run(self, subject, day, clock, more):
        """At a rate for some hours: 5 ug/min are 0.3 mg an hour. The row ends on the last day of which it took a part."""
        name, hours = more
        end = day * 1440 + minutes(clock) + hours * 60
        last, minute = divmod(end + subject.clock_change(day, minutes(clock), end), 1440)
        return subject.use("MedicationAdministration", name, day, {
            "status": "completed", "effectivePeriod": {
                "start": subject.instant(day, clock), "end": subject.instant(last, "%02d:%02d" % divmod(minute, 60))},
            "dosage": {"route": {"text": "intravenous"}, "rateQuantity": {
                "value": 5, "unit": "ug/min", "system": "http://unitsofmeasure.org", "code": "ug/min"}}},
            start=subject.date(day), end=subject.date(last if minute else last - 1),
            dose="%d.%d" % divmod(3 * hours, 10), unit="mg",
            frequency="ONCE", route="INTRAVENOUS", evidence_rank="administered")

    def _care(self, subject, day, clock, more):
        code, words, hours = more
        end = "%02d:%s" % (int(clock[:2]) + hours, clock[3:])
        self.care = subject.simple("Procedure", "t", lambda i, v, u: subject.writer.plain("Procedure", i, v, u, {
            "status": "completed", "code": {"coding": [{"system": SNOMED, "code": code, "display": words}]},
            "subject": {"reference": "Patient/" + subject.patient_id},
            "performedPeriod": {"start": subject.instant(day, clock), "end": subject.instant(day, end)}}),
            self.waits(), subject.day(day))
        return self.care

    def _ice(self, subject, day, clock, points):
        return subject.simple("QuestionnaireResponse", "q", lambda i, v, u: subject.writer.plain(
            "QuestionnaireResponse", i, v, u, {
                "identifier": {"system": subject.dialect.base + "/form-number", "value": i},
                "questionnaire": ice_canonical(subject.dialect), "status": "completed",
                "subject": {"reference": "Patient/" + subject.patient_id}, "authored": subject.instant(day, clock),
                "item": [{"linkId": "total", "answer": [{"valueInteger": points}]}]}),
            self.waits(), subject.day(day))

    def _gcs(self, subject, day, clock, points):
        return subject.reading("GCS", day, clock, str(points), str(points))

    def _code(self, subject, day, clock, more):
        grade, end = more
        codes = coded_grades(self.category, subject.dialect.condition_system)
        self.coded_as = grade if grade in codes else next(iter(codes))
        words = "Cytokine release syndrome" if self.category == "CRS" else "Neurotoxicity of immune effector cells"
        return subject.diagnosis(codes[self.coded_as], words, day, None if end is None else self.day + end, self.waits())

    # ---- truth ----

    def grades(self):
        """(elapsed day, grade) as the signs show them; a code without a grade shows none."""
        if self.story.coded:
            return [(self.day, self.coded_as)] if self.coded_as else []
        return [(self.day + day, grade) for day, grade in self.story.grades]

    def _context(self, subject):
        story = self.story
        grades = self.grades()
        context = {"category": self.category, "onset": subject.date(self.day), "scale": SCALE,
                   "dose_number": self.dose, "dose_day": subject.date(self.dose_day),
                   "days_since_dose": self.day - self.dose_day, "days_since_first_dose": self.day}
        if grades:
            context["grade"] = max(grade for _, grade in grades)
        if self.end(subject) is not None:
            context["end"] = subject.date(self.end(subject))
            context["duration_days"] = self.end(subject) - self.day
        if story.hours is not None:
            onset = self.day * 1440 + minutes(story.after[1])
            context["hours_since_dose"] = story.hours - subject.clock_change(self.dose_day, CLOCK, onset) // 60
        if story.same_day:
            context["flag"] = "SAME_DAY"
        context["treatment"] = list(story.treatment)
        if story.coded_grade and self.coded_as:
            context["coded_grade"] = self.coded_as
        if self.category == "ICANS":
            context["concurrent_crs"] = any(
                other.category == "CRS" and other.story.asked and other.day <= (self.end(subject) or self.day) and
                self.day <= (other.end(subject) or other.day) for other in subject.reactions)
        return context

    def _asked(self, subject):
        subject.ask(self.category + "_REVIEW", self.onset[0], (1,), self.onset[1], **self._context(subject))
        if self.device:
            subject.ask("O2_DEVICE_UNKNOWN", self.device, (1,))
        if self.device and self.verdict != "refuse":
            subject.decide("device", self.device, device="MASK")

    def _waits(self, subject):
        context = self._context(subject)
        if self.device:
            context["grade"] = self.story.device
        subject.ask(self.category + "_REVIEW", self.onset[0], (2,), self.onset[1], **context)

    def end(self, subject):
        return None if self.story.end is None else self.day + self.story.end

    def _confirmed(self, subject):
        members = {"confirm": True}
        grades = self.grades()
        if self.device:
            grades = [(self.day, self.story.device)]
        if self.verdict == "confirm with a grade" or not grades:
            raised = min(5, max((grade for _, grade in grades), default=1) + 1)
            members["grade"] = raised
        if not self.story.asked:
            members["category"] = self.category
        subject.decide("event", *self.onset, **members)
        subject.confirmed.append((self, grades, members.get("grade")))

    def tell_row(self, subject, grades, raised):
        """The row that the confirmed event makes."""
        story, end = self.story, self.end(subject)
        more = {}
        if raised is not None:
            worst = max((grade for _, grade in grades), default=None)
            more["max_grade"] = raised
            if worst is None:
                grades = [(self.day, raised)]
        if end is None:
            known = min(d for d in (subject.course.horizon, subject.course.death, subject.course.withdrawn, 363)
                        if d is not None)
            more.update(self._open(known))
        parent = ""
        if self.category == "ICANS":
            parent = next((subject.date(other.day) for other, _, _ in subject.confirmed if other.category == "CRS" and
                           other.day <= (end or self.day) and self.day <= (other.end(subject) or other.day)), "")
        subject.episode(self.category, self.day, end, (2,), grades, certainty="confirmed",
                        scale=SCALE if grades or raised else "", treatment_given="Y" if story.treatment else "",
                        dose_number=self.dose, days_since_last_dose=self.day - self.dose_day,
                        parent="CRS " + parent if parent else "", **more)
        subject.ask("AE_RELATEDNESS", self.onset[0], (2,), self.onset[1])
        if self._intensive(subject) or subject.prolonged(self.day):
            subject.ask("AE_SERIOUS_EVIDENCE", self.onset[0], (2,), self.onset[1])

    def _intensive(self, subject):
        """A vasopressor or positive pressure from the day before to a week after the onset, whatever it was for."""
        return any(self.day - 1 <= r.day + r.story.intensive - 1 and r.day <= self.day + 7 for r in subject.reactions
                   if r.story and r.story.intensive)

    def _open(self, known):
        """Nobody saw it end: for 56 days it goes on, then nobody knows."""
        if known < self.day + 1 + 56:
            return {"ongoing": "Y", "outcome": "not recovered"}
        return {"outcome": "unknown"}


def temperature(subject, day, clock, text, number, grade):
    return subject.reading("TEMP", day, clock, text, number, grade=str(grade), direction="HIGH" if grade else "",
                           flag="exact")


def confirm_all(subject):
    """Once all are known: an event of the nerves belongs to the CRS that was there, and what one waits with is evidence of
    another."""
    for waiting in (r for r in subject.reactions if r.verdict == "wait" and r.care):
        if any(r.day - 1 <= waiting.day <= r.day + 7 for r, _, _ in subject.confirmed):
            waiting.care.after = [Row("evidence")]
    for reaction, grades, raised in subject.confirmed:
        reaction.tell_row(subject, grades, raised)

"""One subject of the elranatamab investigation, and the cohort of them.

Chosen first: how long the subject was followed, what became of each dose, which courses of CRS and ICANS and which other
events there were and what a person decided of them. Everything counts in elapsed days; collection is continuous for 52
weeks. Source: mappings/studies/elranatamab-rrmm.
"""
import json
import os
import random
from collections import Counter
from datetime import date

import ailments
import disease
import faults
import reactions
from days import day_of, iso, minutes
from histories import Visit
from dialects import DIALECTS, DRUGS
from injections import DUE, Injections, planned
from output import FREE_KINDS, Delivery, Roster
from parts import TRUTH_COLUMNS, Item, Row
from resources import Writer
from response import questions_of
from subject import Subject
from tables import Tables

STUDY = "elranatamab-rrmm"
LAST_DAY = 363
FAULTS = [faults.unit_missing, faults.code_unknown, faults.resource_invalid, faults.value_implausible,
          faults.time_without_offset, faults.unit_conflict, faults.status_unknown, faults.no_value, faults.entered_in_error,
          faults.modifier_extension, faults.operation_outcome, faults.unit_unknown, faults.value_type, faults.date_missing,
          faults.code_conflict, faults.preliminary, faults.cancelled, faults.type_not_read, faults.encounter_cancelled,
          faults.unlisted_drug]  # those that need no grid of windows
PANEL = ["ANC", "PLT", "HGB", "ALT", "CREAT", "K", "NA", "ALB", "BILI", "AST", "WBC", "LYMPH"]
UCUM = "http://unitsofmeasure.org"

MEDICINES = dict(DRUGS, **{
    "elranatamab": ("L01FX32", None, "elranatamab 40 mg/mL solution for injection"),
    "tocilizumab": ("L04AC07", "612865", "tocilizumab 20 mg/mL concentrate"),
    "paracetamol": ("N02BE01", "161", "paracetamol 650 mg tablets"),
    "levetiracetam": ("N03AX14", "114477", "levetiracetam 500 mg tablets"),
    "norepinephrine": ("C01CA03", None, "norepinephrine 1 mg/mL concentrate"),
    "phenylephrine": ("C01CA06", "8163", "phenylephrine 10 mg/mL injection"),
    "aciclovir": ("J05AB01", "281", "aciclovir 400 mg tablets"),
    "sulfamethoxazole and trimethoprim": ("J01EE01", "10831", "sulfamethoxazole and trimethoprim 400/80 mg tablets"),
    "amoxicillin": ("J01CA04", "723", "amoxicillin 1000 mg tablets"),
    "ceftriaxone": ("J01DD04", "2193", "ceftriaxone 2 g powder"),
    "lactulose": ("A06AD11", "6218", "lactulose syrup"),
})
ROLES = {"dexamethasone": "PREMEDICATION_OR_ANTIPYRETIC", "paracetamol": "PREMEDICATION_OR_ANTIPYRETIC",
         "tocilizumab": "CRS_TREATMENT", "levetiracetam": "ICANS_TREATMENT", "norepinephrine": "VASOPRESSOR",
         "phenylephrine": "VASOPRESSOR", "aciclovir": "ANTIINFECTIVE", "amoxicillin": "ANTIINFECTIVE",
         "sulfamethoxazole and trimethoprim": "ANTIINFECTIVE", "ceftriaxone": "ANTIINFECTIVE", "lactulose": "GI_SUPPORT"}


class Course:
    """How long a subject was followed: to `last`, the last day that is collected, because of death, withdrawal, the end of
    the 52 weeks or of what is known."""

    eot, nodes = None, ()

    def __init__(self, story, d1, horizon, last, treated, death=None, withdrawn=None):
        self.story, self.d1, self.horizon, self.last = story, d1, horizon, last
        self.treated = treated  # the last day on which doses are planned
        self.death, self.withdrawn = death, withdrawn


def choose_course(rng, number, as_of, most):
    weeks = rng.randint(min(4, most), most)
    story = ("treated", "whole year", "died", "stopped", "withdrew", "treated")[number % 6]
    if story == "whole year" and most < 52 and number % 18 != 1:
        story = "treated"
    if story == "whole year":
        horizon = LAST_DAY + rng.randint(20, 200)
        return Course(story, as_of - horizon, horizon, LAST_DAY, LAST_DAY)
    last = min(LAST_DAY, 7 * weeks + rng.randint(0, 6))
    if story == "treated":
        return Course(story, as_of - last, last, last, last)
    horizon = last + rng.randint(30, 300)
    if story == "died":
        return Course(story, as_of - horizon, horizon, last, last, death=last)
    if story == "withdrew":
        return Course(story, as_of - horizon, horizon, last, last, withdrawn=last)
    return Course(story, as_of - horizon, horizon, min(LAST_DAY, horizon), last)


class Patient(Subject):
    """Choices, resources and truth; what is told of events stands in reactions.py and ailments.py."""

    def _choose(self):
        rng = self.rng
        self.course = course = choose_course(rng, self.number, self.as_of, self.plan.most_weeks)
        self.recruited = course.d1
        self.anchor = "roster" if self.number % 3 else "administration"
        self.lacks = ""
        self.delivery, self.version_of = 1, None  # of what is written now; the resource of which it is a later version
        self.seen = 0
        self.born = course.d1 - 365 * (48 + self.number % 37) - self.number % 300
        self.reactions = reactions.choose(self)
        self.ailments = ailments.choose(self)
        self.steady = {"HGB": -1} if self.number % 7 == 3 else {}  # lives with a low count from the start
        self.screened = -6 if self.number % 6 == 4 else 0          # the day of the values before the first dose
        self.response = disease.Disease(self.number, course.last, self.screened)
        quiet = {week for week in range(0, 8)} | {week for a in self.ailments for week in a.weeks}
        held = {week for a in self.ailments for week in a.held}
        self.injections = Injections(rng, course.treated, quiet, held, self._lower_week())
        self.rows = {1: [], 2: []}   # (table, row) by the number of the truth
        self.decisions = []
        self.confirmed = []          # (reaction, grades, raised)
        self.counted = {}            # (concept, day) -> item
        self.marks = {}              # item -> codes that it raises
        self.visits = []             # days of a visit in a week without an event

    def _lower_week(self):
        return 4 if self.number % 5 == 2 else None

    # ---- truth ----

    def tell(self, table, phases=(1, 2), **row):
        """A row that the product shall write."""
        row.setdefault("subject_key", self.key)
        for phase in phases:
            self.rows[phase].append((table, row))

    def date(self, elapsed):
        return "" if elapsed is None else iso(self.day(elapsed))

    def ask(self, code, item, phases=(1, 2), part="", **context):
        """A question that stands on a part."""
        self.tell("items", phases, code=code, resource_type=item.kind, resource_id=item.rid, part=part,
                  context=json.dumps(context, separators=(",", ":")) if context else "")
        for phase in phases:
            self.marks.setdefault((id(item), part, phase), set()).add(code)

    def decide(self, kind, item, part="", **members):
        """What a person said, about one of the records."""
        self.decisions.append({
            "n": len(self.decisions) + 1, "at": iso(self.as_of) + "T09:00:00Z", "by": "physician-1",
            "reason": "chart review", "kind": kind, "scope": "site:" + self.dialect.name,
            "match": {"subject": self.key, "endpoint": self.dialect.name, "type": item.kind, "id": item.rid,
                      **({"part": part} if part else {})},
            "set": members, "approved_by": None, "undoes": None})

    def episode(self, category, onset, end, phases=(1, 2), grades=(), subcategory="", related="", baseline="",
                **more):
        """A row of ae_episodes and its changes of grade. `grades`: (day, grade); more: columns by name."""
        worst = max((grade for _, grade in grades), default=None)
        worst_day = next((day for day, grade in grades if grade == worst), None)
        number, last = self.injections.until(onset)
        row = {"category": category, "subcategory": subcategory, "onset": self.date(onset), "end": self.date(end),
               "onset_study_day": onset + 1, "teae": "Y", "assessed_window": week_of(onset),
               "max_grade": "" if worst is None else worst, "scale": "" if worst is None else "CTCAE 5.0",
               "max_grade_date": self.date(worst_day), "baseline_grade": baseline, "relatedness": related or "unassessed",
               "relatedness_by": "site" if related else "", "outcome": "recovered" if end is not None else "",
               "action_taken": self._action(onset if worst_day is None else worst_day),
               "days_since_first_dose": onset, "days_since_last_dose": onset - last, "dose_number": number,
               "certainty": "certain"}
        row.update(more)
        self.tell("ae_episodes", phases, **row)
        for day, grade in grades:
            self.tell("ae_grades", phases, category=category, onset=row["onset"], date=self.date(day), grade=grade)

    def cite(self, category, subcategory, onset, cited, phases=(1, 2)):
        """What an event rests on: (role, resource, kind, concept, elapsed day, grade)."""
        for role, item, kind, concept, day, grade in cited:
            self.tell("ae_evidence", phases, category=category, subcategory=subcategory, onset=self.date(onset),
                      source="%s/%s" % (item.kind, item.rid), role=role, kind=kind, concept=concept, date=self.date(day),
                      grade_at=grade)

    def cite_counts(self, category, concept, counts, end, subcategory="", onset=None):
        """The results of a course, (day, grade) of each, to the one that ended it."""
        first, worst = counts[0][0], max(grade for _, grade in counts)
        worst_day = next(day for day, grade in counts if grade == worst)
        steady = abs(self.steady.get(concept, 0))
        onset = first if onset is None else onset
        self.cite(category, subcategory, onset, [
            ("onset" if day == onset else "recovery" if day == end else "worst" if day == worst_day else "supporting",
             self.counted[concept, day], "lab", concept, day, grade) for day, grade in [*counts, (end, steady)]])

    def _action(self, day):
        """What was done with the drug in the fourteen days from the worst on."""
        course = self.course
        held = self.injections.held_after(day, 14)
        if held is not None and held <= course.last:
            if held + DUE <= course.horizon:
                return "interrupted"
        elif self.injections.lower_after(day, 14):
            return "reduced"
        elif course.horizon >= day + 14:
            return "none"
        return ""

    # ---- writing ----

    def write(self):
        self.write_patient()
        self._write_injections()
        self._write_premedication()
        self._write_prophylaxis()
        self._write_visits()
        self.response.write(self)
        self._write_stays()
        for reaction in self.reactions:
            reaction.write(self)
        for ailment in self.ailments:
            ailment.write(self)
        reactions.confirm_all(self)
        self._history_condition()
        self._write_outside()
        self._repeat()
        if self.faults:
            self._plant_faults()

    def _plant_faults(self):
        """Some, the list going round, each an extra record at a visit that has clean results too."""
        for _ in range(3):
            day = self.rng.choice(self.visits)
            visit = Visit(day, minutes("07:30"), (week_of(day),))
            before = len(self.items)
            FAULTS[self.plan.turn("faults") % len(FAULTS)](self, visit)
            for item in self.items[before:]:
                if item.rows[0].codes and item.rid:
                    self.ask(item.rows[0].codes, item)

    def instant(self, day, clock):
        """Of the hospital's clock; without a clock the day alone."""
        return iso(self.day(day)) if clock is None else self.dialect.zone.local(self.day(day), minutes(clock))

    def clock_change(self, day, minute, until):
        """Minutes by which the clock was put forward from a minute of an elapsed day to another minute from day 1 on."""
        zone = self.dialect.zone
        return zone.offset(self.day(until // 1440), until % 1440) - zone.offset(self.day(day), minute)

    def reading(self, concept, day, clock, text, number, row=None, tail="", **row_more):
        """One result of a week; the truth of its row is given, but for what every row of a week has."""
        w = self.writer
        code, words, coded = self.dialect.units[concept]
        day_of = self.day(day)
        when = ('"effectiveDateTime":"%s",' % iso(day_of) if clock is None
                else w.effective(day_of, minutes(clock)))
        value = '"valueInteger":%s,' % text if code == "{score}" else (
            '"valueQuantity":{"value":%s%s%s},' % (text, ',"unit":"%s"' % words if words else "",
                                                   ',"system":"%s","code":"%s"' % (UCUM, code) if coded else ""))
        row = row or Row("delivered", windows=(week_of(day),), concept=concept, value=number, **row_more)
        rid = self.version_of.rid if self.version_of else self.new_id("o")
        version = self.dialect.version(rid, self.delivery if self.version_of else 1)
        item = self.add("Observation", rid, version, w.observation(
            rid, version, self.updated(day_of), "final", w.code(concept), self.patient_id, "", when, value, tail), [row])
        self.rank(item, 0, day, clock)
        self.see(day, "record")
        return item

    def add(self, kind, rid, version, text, rows, delivery=1):
        return super().add(kind, rid, version, text, rows, max(delivery, self.delivery))

    def updated(self, day, delivery=1, step=0):
        return super().updated(day, max(delivery, self.delivery), step)

    def rank(self, item, part, day, clock):
        """Its place among the results of the week: an earlier day is closer to the target, of one day the later time."""
        row = item.rows[part]
        for window in row.windows:
            order = (day, 0, -minutes(clock)) if clock is not None else (day, 1, 0)
            self.ranks.setdefault((window, row.concept), []).append((order, item.delivery, item))

    def flag(self, which="rows"):
        """Of each week and concept the one closest to the target; another one once the second delivery came."""
        for (window, _), ranked in self.ranks.items():
            first = min((place for place in ranked if place[1] == 1), key=lambda place: place[0], default=None)
            last = min((place for place in ranked if not place[2].after), key=lambda place: place[0])
            if first:
                first[2].rows[0].anl01 = (window,)
            if first is not last:
                if first and not first[2].after:
                    first[2].after = [first[2].rows[0].copy(anl01=())]
                if last[1] == 1:
                    last[2].after = [last[2].rows[0].copy(anl01=(window,))]
                else:
                    last[2].rows[0].anl01 = (window,)

    def use(self, kind, substance, day, facts, row=None, **told):
        """A record of a drug; told: columns of its row in conmeds, none where it makes none."""
        if kind == "MedicationAdministration":
            self.see(day, "record")
        item = self.medication(kind, substance, facts, day, row)
        if told:
            self.tell("conmeds", substance=substance, role=ROLES[substance],
                      reported_window=week_of(max(0, day)), **told)
        return item

    def given(self, substance, day, clock, milligrams, route="intravenous"):
        """A single dose of another drug."""
        return self.use("MedicationAdministration", substance, day, {
            "status": "completed", "effectiveDateTime": self.instant(day, clock),
            "dosage": {"route": {"text": route}, "dose": amount(milligrams)}},
            start=self.date(day), end=self.date(day), dose=milligrams, unit="mg", frequency="ONCE",
            route=route.upper(), evidence_rank="administered")

    def _write_injections(self):
        before = None
        for injection in self.injections.given:
            self.see(injection.day, "record")
            injection.item = self.medication("MedicationAdministration", "elranatamab", {
                "status": "completed", "effectiveDateTime": self.instant(injection.day, "10:00"),
                "dosage": {"route": {"text": "subcutaneous"}, "dose": amount(injection.mg)}}, injection.day)
            change = "start" if before is None else "step_up" if int(injection.mg) > int(before) else \
                "step_down" if int(injection.mg) < int(before) else ""
            self.tell("exposures", drug="elranatamab", start=self.date(injection.day), end=self.date(injection.day),
                      dose=injection.mg, unit="mg", frequency="ONCE", route="SUBCUTANEOUS", evidence_rank="administered",
                      change_type=change, reported_window=week_of(injection.day))
            if injection.unusual:
                self.ask("DOSE_OFF_LADDER", injection.item)
            before = injection.mg

    def _write_premedication(self):
        """An hour before each of the first three doses."""
        for injection in self.injections.given[:3]:
            self.given("paracetamol", injection.day, "09:00", "650", "oral")
            self.given("dexamethasone", injection.day, "09:00", "20")

    def _write_prophylaxis(self):
        """Begun before day 1, and going on: it prevents, and is neither a treatment nor a sign."""
        for substance, dose, times, frequency in (("aciclovir", "400", 2, "BID"),
                                                  ("sulfamethoxazole and trimethoprim", "480", 1, "QD")):
            self.use("MedicationStatement", substance, -9, {
                "status": "active", "effectivePeriod": {"start": self.instant(-9, None)},
                "dateAsserted": self.instant(0, None),
                "dosage": [{"timing": {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}},
                            "route": {"text": "oral"}, "doseAndRate": [{"doseQuantity": amount(dose)}]}]},
                start_rel="BEFORE", dose=dose, unit="mg", frequency=frequency, route="ORAL",
                end=self.date(self.course.death), ongoing="" if self.course.death is not None else "Y",
                evidence_rank="stated", prophylaxis_flag="Y")

    def _write_visits(self):
        """One a week, in the morning before a dose, and a normal result of each test unless an event says otherwise."""
        lows = {(a.concept, day): key for a in self.ailments for day, key in a.counts}
        busy = {week for a in self.ailments for week in a.weeks}
        for week in range(0, self.course.last // 7 + 1):
            day = 7 * week
            if day > self.course.last or (week and week not in busy and (week % self.plan.every or self.rng.random() < 0.1)):
                continue
            self._visit(day)
            if week not in busy:
                self.visits.append(day)
            for concept in self.plan.weekly:
                if week or self.screened == 0:
                    self._count(concept, day, "07:30", lows.get((concept, day), 0))
        if self.screened < 0:
            for concept in self.plan.weekly:
                self._screen(concept)

    def _visit(self, day):
        self.see(day, "encounter")
        if not self.dialect.encounters:
            return
        zone, at = self.dialect.zone, self.day(day)
        self.simple("Encounter", "e", lambda i, v, u: self.writer.encounter(
            i, v, u, self.patient_id, zone.local(at, 430), zone.local(at, 760)), Row("evidence"), at)

    def _count(self, concept, day, clock, key, row=None):
        """A laboratory result of the grade that was picked."""
        key = key or self.steady.get(concept, 0)
        item = self.result(concept, day, clock, self.rng.choice(self.writer.values(concept, key)), row)
        self.counted.setdefault((concept, day), item)
        return item

    def result(self, concept, day, clock, value, row=None):
        w, at = self.writer, self.day(day)
        rid = self.new_id("o")
        version = self.dialect.version(rid, 1)
        tail = value.bare if self.dialect.name == "busan" and concept in ("WBC", "LYMPH") else value.tail
        row = row or Row("delivered", windows=(week_of(day),), concept=concept, grade=value.grade,
                         direction=value.direction if value.grade not in ("", "0") else "", value=value.number,
                         flag="exact" if value.grade else "")
        item = self.add("Observation", rid, version, w.observation(
            rid, version, self.updated(at), "final", w.code(concept), self.patient_id, "",
            w.effective(at, minutes(clock)), value.json, tail), [row])
        self.rank(item, 0, day, clock)
        self.see(day, "record")
        return item

    def _screen(self, concept):
        """A value from before the first dose is a baseline: evidence of the event that began from it."""
        used = any(a.concept == concept for a in self.ailments)
        self._count(concept, self.screened, "07:30", 0,
                    Row("evidence", concept=concept) if used else Row("outside_window", "BEFORE_FIRST_DOSE"))

    @staticmethod
    def week(day):
        return week_of(day)

    def ask_relatedness(self, concept, day):
        """Of an event of counts the question stands on the first of them."""
        self.ask("AE_RELATEDNESS", self.counted[concept, day])

    def _write_stays(self):
        """Two days after the first dose and one after the second, as the drug asks for; or both in one."""
        if not self.dialect.encounters:
            return
        stays = [(0, "08:00", self._left(), "12:00")] if self.number % 2 else [
            (0, "08:00", 2, "12:00"), (3, "08:00", 4, "12:00")]
        for first, came, last, left in stays:
            if last <= self.course.last:
                self.stay(first, came, last, left)

    def _left(self):
        """The day on which who stayed for both doses left: some could not as soon as planned, on the fifth day."""
        return 6 if self.number % 8 == 3 else 4

    def prolonged(self, onset):
        """Whether an event began in a stay that lasted longer than planned: on its first day it would be what led to it."""
        return self.dialect.encounters and self._left() == 6 <= self.course.last and 0 < onset <= 4

    def stay(self, first, came, last, left, kind="IMP", **facts):
        if not self.dialect.encounters:
            return None
        self.see(last, "encounter")

        def build(rid, version, updated):
            body = json.loads(self.writer.encounter(rid, version, updated, self.patient_id, self.instant(first, came),
                                                    self.instant(last, left), kind))
            return json.dumps(dict(body, **facts), ensure_ascii=False, separators=(",", ":"))
        return self.simple("Encounter", "e", build, Row("evidence"), self.day(last))

    def diagnosis(self, code, words, onset, end, row, **more):
        facts = {"code": code, "words": words, "onset": self.instant(onset, None),
                 "recorded": self.instant(onset, None), **more}
        if end is not None:
            facts["end"] = self.instant(end, None)
        return self.simple("Condition", "c", lambda i, v, u: self.writer.condition(i, v, u, self.patient_id, facts), row,
                           self.day(onset))

    def _repeat(self):
        """The second delivery brings a result again, just as it was; who was seen too briefly has none."""
        item = next((i for i in self.items if i.kind == "Observation" and i.rows[0].concept == "PLT"), None)
        if item and self.number // 4 % 2 == 0:
            self.add(item.kind, item.rid, item.version, item.text, [Row("unchanged")], 2)

    def _write_outside(self):
        """What no week takes: before day 1, after the 52 weeks, after withdrawal, after death."""
        self._outside(self.screened - self.rng.randint(1, 30), "BEFORE_FIRST_DOSE")
        if self.course.horizon > LAST_DAY + 7 and self.course.death is None and self.course.withdrawn is None:
            self._outside(LAST_DAY + self.rng.randint(1, 7), "AFTER_52_WEEKS")
        if self.course.withdrawn is not None:
            self._outside(self.course.withdrawn + 2, "AFTER_WITHDRAWAL")

    def _outside(self, day, reason):
        self._count("HGB", day, "07:30", 0, Row("outside_window", reason))

    # ---- what the tables say of the subject ----

    def summarise(self):
        course = self.course
        for phase in (1, 2):
            self.tell("subjects", (phase,), sex=self.gender, age_at_d1=self._age(), d1=self.date(0), d1_status="confirmed",
                      eot_status="none", recruitment_date=self.date(0), recruitment_day=1,
                      death_date=self.date(course.death), withdrawal_date=self.date(course.withdrawn))
            self._windows(phase)
            self._parameters(phase)

    def _age(self):
        born, first = date.fromordinal(self.born), date.fromordinal(self.course.d1)
        return first.year - born.year - ((first.month, first.day) < (born.month, born.day))

    def _windows(self, phase):
        course = self.course
        closed = course.death is not None or course.withdrawn is not None
        for week in range(52):
            if closed and 7 * week > course.last:
                break
            self.tell("windows", (phase,), window_id=week_of(7 * week), data_group="ALL", target_date=self.date(7 * week),
                      state="collected" if 7 * week <= course.horizon else "future")

    def _parameters(self, phase):
        def tell(name, **row):
            self.tell("derived", (phase,), row_id="%s|%s" % (self.key, name), param=name,
                      **dict({"state": "not_assessable" if row.get("reason") else "derived"}, **row))
        answers = {}
        for name, value, text, day, rule, reason, unconfirmed in disease.parameters_of(self):
            answers[name] = text
            tell(name, rule_id=rule, value=value, text=text, date=self.date(day), reason=reason,
                 **({"state": "unconfirmed"} if unconfirmed else {}))
        for code, what, day in questions_of(self):
            self.tell("items", (phase,), code=code, resource_type="", resource_id="", part="",
                      context=json.dumps({"day": self.date(day)}))
        death = self.course.death
        seen = death if death is not None else self.last_seen()
        tell("OS", rule_id="survival", value=seen, text="CENSORED" if death is None else "EVENT", date=self.date(seen))
        high = min(day for day in (LAST_DAY, self.course.death, self.course.withdrawn) if day is not None)
        due = [day for day in planned(answers["ORR"]) if day <= high and day + DUE <= self.course.horizon]
        value, text = self.injections.compliance(due)
        tell("RDISTD", rule_id="RDISTD", value=value, text=text, date=self.date(due[-1]))

        self._completeness(tell)

    def _completeness(self, tell):
        course, seen = self.course, self.last_seen()
        if course.death is not None or course.withdrawn is not None:
            text, day = ("DIED", course.death) if course.death is not None else ("WITHDRAWN", course.withdrawn)
        elif course.horizon < LAST_DAY:
            text, day = "ONGOING", seen
        else:
            text, day = ("COMPLETE", LAST_DAY) if seen >= LAST_DAY - 28 else ("INCOMPLETE", seen)
        tell("COMPLETE", rule_id="completeness", value=day + 1, text=text, date=self.date(day))

    def last_seen(self):
        """The last day on which the hospital saw the subject in the 52 weeks."""
        return self.seen

    def see(self, day, kind):
        """A visit, or where the hospital keeps none of them a result or a dose, shows that the subject was there."""
        if 0 <= day <= self.course.last and (kind == "encounter") == self.dialect.encounters:
            self.seen = max(self.seen, day)


def week_of(day):
    """W01 is elapsed 0 to 6."""
    return "W%02d" % (day // 7 + 1)


def amount(milligrams):
    return {"value": json.loads(str(milligrams)), "unit": "mg", "system": UCUM, "code": "mg"}


class Plan:
    """How much to write per subject, from --resources-per-subject."""

    def __init__(self, wanted):
        small = wanted is not None and wanted < 400
        self.most_weeks = 16 if small else 52
        self.every = 3 if small else 1  # weeks between visits in which nothing happens
        self.weekly = PANEL[:4] if small else PANEL
        self.extras, self.wanted = 0, None
        self.planted = Counter()        # how often each course was, so that all are

    def turn(self, what):
        """0, 1, 2 ...: so that a cohort goes round a table."""
        self.planted[what] += 1
        return self.planted[what] - 1


class Cohort:
    """Subjects, deliveries, decisions and truth of this study."""

    def __init__(self, options):
        self.options = options
        self.as_of = day_of(options.as_of)
        self.sites = options.sites.split(",")
        os.makedirs(options.out, exist_ok=True)
        self.writers = {site: Writer(DIALECTS[site], MEDICINES) for site in self.sites}
        self.plan = Plan(options.resources_per_subject)
        expected = (options.resources_per_subject or 800) * 1300 * options.subjects // len(self.sites)
        self.deliveries = {(site, n): Delivery(options.out, site, n, options, expected // (1, 20)[n - 1])
                           for site in self.sites for n in (1, 2)}
        self.decisions = {site: open(os.path.join(options.out, site, "decisions.jsonl"), "w", encoding="utf-8")
                          for site in self.sites}
        self.counts = dict.fromkeys(self.sites, 0)
        self.parts = {phase: Parts(options.out, phase) for phase in (1, 2)}
        self.tables = {phase: Tables(options.out, phase) for phase in (1, 2)}
        self.roster = Roster(options.out, STUDY)

    def run(self):
        for site in self.sites:
            if site in ("busan", "boston"):
                for rid, version, text in self.writers[site].medications("2019-05-02T08:00:00Z"):
                    self._put(site, None, Item(1, "Medication", rid, version, text,
                                               [Row("not_in_scope", "NOT_DERIVED")]))
        for number in range(self.options.subjects):
            self._subject(number)
        for part in (*self.deliveries.values(), *self.decisions.values(), *self.parts.values(), *self.tables.values(),
                     self.roster):
            part.close()

    def _subject(self, number):
        site = self.sites[number % len(self.sites)]
        rng = random.Random(self.options.seed * 1000003 + number)
        patient = Patient(self.writers[site], number, rng, self.plan, self.as_of, self.options.faults)
        patient.write()
        patient.flag()
        patient.summarise()
        self.roster.put(patient)
        for item in patient.items:
            self._put(site, patient, item)
        for phase, table in self.tables.items():
            for name, row in patient.rows[phase]:
                table.put(name, row)
        for decision in patient.decisions:
            self.counts[site] += 1
            self.decisions[site].write(json.dumps(dict(decision, n=self.counts[site]), ensure_ascii=False) + "\n")

    def _put(self, site, patient, item):
        self.deliveries[site, item.delivery].put(item)
        for phase, parts in self.parts.items():
            if item.delivery <= phase:
                parts.put(site, patient, item)

    def summary(self, seconds):
        count = sum(d.count for d in self.deliveries.values())
        size = sum(d.bytes for d in self.deliveries.values())
        with open(os.path.join(self.options.out, "cohort.json"), "w", encoding="utf-8") as out:
            json.dump({"study": STUDY, "as_of": self.options.as_of, "seed": self.options.seed, "sites": self.sites,
                       "subjects": self.options.subjects, "resources": count}, out, indent=2)
            out.write("\n")
        print("%d resources, %.1f MB, %.1f s, as of %s" % (count, size / 1e6, seconds, self.options.as_of))


class Parts:
    """expected-N.csv: the truth of every part."""

    def __init__(self, out, phase):
        self.phase = phase
        self.file = open(os.path.join(out, "expected-%d.csv" % phase), "w", encoding="utf-8", newline="")
        self.file.write(TRUTH_COLUMNS + "\n")

    def put(self, site, patient, item):
        free = item.kind in FREE_KINDS
        names = (patient.patient_id, patient.key) if patient and not free else ("", "")
        rows = item.after if self.phase == 2 and item.after else item.rows
        for row in rows:
            marks = patient.marks.get((id(item), row.part, self.phase), ()) if patient else ()
            row = row.copy(codes=";".join(sorted(marks)))
            kind = "" if item.kind == "Invalid" else item.kind
            self.file.write("%s,%s,%s,%s,%s,%s,%s,%d,%s\n" % (site, *names, kind, item.rid, item.version, row.text(),
                                                              item.delivery, row.flag))

    def close(self):
        self.file.close()

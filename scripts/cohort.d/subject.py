"""One subject: the choices put together and written down, each resource with the truth of its parts.

The truth of a part is fixed when its visit or event was chosen; writing only copies it. Which value a window flags
(anl01) follows from the order of closeness in which an assessment's visits were chosen.
"""
import random
from fractions import Fraction

import courses
import dexamethasone
import doses
import drugs
import events
import histories
import kidneys
import parameters
import prophylaxis
import questionnaires
import response
from days import CLOCK_CHANGES, iso
from parts import DAILY, Item, Lab, Row, dosage
from values import CYTOPENIAS, GROUPS, PANEL

class Plan:
    """How much to write per subject, from --resources-per-subject."""

    def __init__(self, wanted, most=None, events_wanted=None):
        self._by_size(wanted)
        self.most = self.most if most is None else min(36, most)
        self.events = self.events if events_wanted is None else events_wanted

    def _by_size(self, wanted):
        self.wanted = wanted
        if wanted is None:
            self.panel, self.most, self.share, self.extras, self.events = PANEL, 36, 0.86, 3, 4
            return
        size = 4 if wanted < 80 else 8 if wanted < 200 else 14 if wanted < 400 else len(PANEL)
        self.panel = PANEL[:size]
        self.most = max(2, min(36, int((wanted - 12) / ((size + 2) * 1.2))))
        self.share = 0.86
        self.extras = 0 if wanted < 60 else 1 if wanted < 150 else 3
        self.events = 1 if wanted < 60 else 3


class Subject:
    lacks = ""  # what of the baseline nobody wrote down (kidneys.py)

    def __init__(self, writer, number, rng, plan, as_of, faults):
        self.writer, self.dialect, self.number, self.rng, self.plan = writer, writer.dialect, number, rng, plan
        self.as_of = as_of
        self.key = "%s-%05d" % (self.dialect.prefix, number)
        self.count = 0
        self.items = []
        self.stretches = []  # drugs.Stretch: what the rows of drugs follow from
        self.cycles = []     # elapsed days on which one begins
        self.now = 1         # the delivery that is written
        self.late_story = False  # the last story comes with the second delivery
        self.asked_age = False  # what is told depends on the day of birth, which is not
        self.known = {}      # answers that are worked out once
        self.events = []     # events.Event: those that stories tell
        self.proposals = []  # events.Proposal: what a person is asked
        self.interruptions = []  # (first, last) elapsed day without the study drug that should have had it
        self.transfusions = []  # (elapsed day, delivery) on which platelets were given
        self.malignancy = None  # the delivery that tells of a second one, in question
        self.disprovable = None  # (fever, the reading that shows its end, event): a fever that may turn out to be an error
        self.ranks = {}  # (assessment, concept) -> [(order, item)]
        self.blocked = ""
        self.patient_id = self.new_id("p")
        self.gender = rng.choice(("female", "male"))
        self.mrn = "%08d" % (4000000 + number * 7)
        self.faults = faults
        self._choose()

    # ---- choices ----

    def _choose(self):
        rng, plan = self.rng, self.plan
        other = random.Random()  # for what later modules choose: the choices here stay as they were
        other.setstate(rng.getstate())
        self.other = random.Random(other.getrandbits(64))
        self.course = course = courses.choose(rng, self.number // 4, self.as_of, plan.most)
        self.month = None
        if self.faults and course.eot is not None and course.story.startswith("stopped_in_t30"):
            self.month = courses.month_inside(course, rng)
        share = min(plan.share, plan.most / max(1, len(course.nodes))) if plan.wanted else plan.share
        self.history = histories.pick_visits(rng, course, share, 0.2 if plan.extras else 0.1)
        self._change_nights()
        histories.pick_counts(rng, self.history, rng.choice((0, 1, 1, 2)) if plan.extras else rng.choice((0, 1)),
                              rng.random() < 0.12)
        histories.pick_conditions(rng, self.history, self.dialect.events, rng.choice((0, 1, 2)))
        self.lacks = kidneys.lacks(self)
        self.kidneys = kidneys.Kidneys(self.other, self.lacks != "CREAT")
        self.stories = events.choose(self, self.other, plan.events)
        self.clinic_fever = events.choose_clinic_fever(self, self.other)
        self.anchor = self._anchor()
        self.response = response.Response(self, self.other)
        self.forms = questionnaires.choose(self, self.other)
        self.doses = doses.Doses(self.other)
        self.dexamethasone = dexamethasone.choose(self, self.other)
        self.prior = prophylaxis.choose_prior(self, self.other)
        self.prophylaxis = prophylaxis.choose(self, self.other)
        self.recruited = course.d1 + rng.randint(0, 14)
        self._outside_visits()
        self.born = course.d1 - 365 * (52 + self.number % 33) - self.number % 300
        self.comorbidities = parameters.choose_comorbidities(rng)

    def _change_nights(self):
        """An assessment whose target is a night of clock change is visited in that very night."""
        for node in self.course.nodes:
            if self.course.d1 + node.target in CLOCK_CHANGES and node.k and not node.missed and not node.must and \
                    node.first_kind != "t90":
                node.visits = []
                visit = histories.place(self.rng, node, node.first_kind, 0, 0)
                visit.night, visit.minute = True, 90

    def _anchor(self):
        """Where D1 is known from. Without an end in the roster, supply must never look as if it had run out; and only
        the record that gives D1 is dated on it, so that nothing else is evidence for it."""
        wish = ("roster", "administration", "roster", "statement", "roster", "dispense", "roster")[self.number % 7]
        story = self.course.story
        if wish in ("administration", "dispense") and (story == "capped" or story.startswith("withdrew")):
            return "statement"
        return wish

    def _outside_visits(self):
        rng, course, history = self.rng, self.course, self.history
        gaps = [k for k in range(0, course.last30) if k not in history.busy and k + 1 not in history.busy]
        for k in rng.sample(gaps, min(len(gaps), self.plan.extras)):
            day = courses.gap_day(rng, k)
            history.visits.append(histories.Visit(day, rng.randint(500, 900), reason="BETWEEN_WINDOWS"))
        if course.tail_days and (self.plan.extras or rng.random() < 0.5):
            day = rng.randint(*course.tail_days)
            while any(start - 8 <= day <= start + 14 for _, start in self.stories):
                day = rng.randint(*course.tail_days)
            visit = histories.Visit(day, rng.randint(500, 900), reason=course.tail, g90_reason=course.tail)
            visit.kind = "quiet" if history.quiet_tail else "tail"
            history.visits.append(visit)
        if self.plan.extras and rng.random() < 0.5:
            day = -rng.randint(15, 200)
            history.visits.append(histories.Visit(day, rng.randint(500, 900), reason="BEFORE_BASELINE",
                                                  g90_reason="BEFORE_BASELINE"))
        self.gaps = gaps

    # ---- ids, versions, instants ----

    def new_id(self, kind):
        self.count += 1
        if self.dialect.uuid_versions:
            return "%08x-%04x-4c0e-8b0d-%012x" % ((self.number * 2654435761 + self.count) % 2**32, ord(kind[0]),
                                                 self.number * 1000000 + self.count)
        return "%s%s-%06d-%d" % (self.dialect.prefix.lower(), kind, self.number, self.count)

    def updated(self, day, delivery=1, step=0):
        """lastUpdated: the night after; a second delivery's are all later than the first's."""
        if delivery == 2:
            return iso(self.as_of + 20 + step) + "T04:10:%02dZ" % (self.count % 60)
        return iso(day + 1 + step) + "T02:%02d:%02dZ" % (self.count % 60, self.number % 60)

    def day(self, elapsed):
        return self.course.d1 + elapsed

    # ---- emission ----

    def add(self, kind, rid, version, text, rows, delivery=1):
        item = Item(delivery, kind, rid, version, text, rows)
        self.items.append(item)
        return item

    def simple(self, kind, letter, build, row, day, delivery=None):
        """A resource of one version and one part; build(id, version, lastUpdated) writes it."""
        delivery = delivery or self.now
        rid = self.new_id(letter)
        version = self.dialect.version(rid, 1)
        return self.add(kind, rid, version, build(rid, version, self.updated(day, delivery)), [row], delivery)

    def all_visits(self):
        yield from self.history.baseline.visits
        for node in self.course.nodes:
            yield from node.visits
        yield from self.history.visits

    def write(self):
        """Everything of the first delivery."""
        self.response.prepare(self)
        self.write_patient()
        self.write_treatment()
        for visit in sorted(self.all_visits(), key=lambda v: (v.day, v.minute)):
            if visit.delivery == 1:
                self.write_visit(visit)
        for event in self.history.conditions:
            if not event.get("late"):
                self.write_condition(event)
        self._history_condition()
        self._write_comorbidities()
        kidneys.write(self)
        response.write_urine(self)
        questionnaires.write(self)
        prophylaxis.write(self)
        dexamethasone.write(self)
        events.write(self, self.other)

    def write_patient(self):
        facts = {"mrn_system": "urn:%s:mrn" % self.dialect.name, "mrn": self.mrn, "family": "Subject%05d" % self.number,
                 "gender": self.gender if self.lacks != "sex" else None,
                 "birth": {"birth": None, "birthday": iso(self.born)[:4]}.get(self.lacks, iso(self.born))}
        if self.course.death is not None:
            facts["death"] = iso(self.day(self.course.death))
        rid, version = self.patient_id, self.dialect.version(self.patient_id, 1)
        text = self.writer.patient(rid, version, self.updated(self.course.d1), facts)
        self.add("Patient", rid, version, text, [Row("evidence")])

    def write_visit(self, visit):
        day = self.day(visit.day)
        taken = bool(visit.windows or visit.g90)
        if self.dialect.encounters and visit.encounter:
            visit.encounter_id = self.new_id("e")
            self._encounter(visit, day, taken)
        if self.dialect.specimens and visit.delivery == 1:
            item = self.simple("Specimen", "s", lambda i, v, u: self.writer.plain("Specimen", i, v, u, {
                "status": "available", "type": {"text": "Venous blood"},
                "subject": {"reference": "Patient/" + self.patient_id},
                "collection": {"collectedDateTime": self.dialect.zone.local(day, visit.minute),
                               "bodySite": {"text": "Left arm"}}}), Row("not_in_scope", "NOT_DERIVED"), day)
            visit.specimen_id = item.rid
        for concept in self._panel(visit):
            self.lab(visit, concept, self._key(visit, concept), visit.minute, visit.order)
        # between the two grids (in T90-m, outside T30-3m) the place of AE evidence is left open: none there
        if taken and (visit.node.k is None or visit.windows != visit.g90):
            self._vitals(visit, day, "not_in_scope", "AE_EVIDENCE")
        elif visit.reason == "BETWEEN_WINDOWS" and not visit.node:
            self._vitals(visit, day, "outside_window", "BETWEEN_WINDOWS")

    def _panel(self, visit):
        if visit.counts_only:
            return ("ANC", "PLT", "HGB", "WBC")
        panel = list(self.plan.panel)
        if visit.order > 0 and self.plan.wanted and self.plan.wanted < 150:
            panel = panel[:3]
        if getattr(visit, "kind", None) == "quiet":
            panel = [c for c in panel if c not in CYTOPENIAS]
        if visit.baseline and visit.order == 0:
            panel += [c for c in ("HEIGHT", "CREAT", "WEIGHT", "ECOG") if c not in panel]
        if visit.baseline or visit.g90:
            panel += [c for c in self.response.concepts(visit) if c not in panel]
        if self.kidneys.plan and "CREAT" not in panel and visit.windows and visit.order == 0:
            panel.append("CREAT")
        return [c for c in panel if not self.response.hidden(visit, c) and not (visit.baseline and c == self.lacks)]

    def _key(self, visit, concept):
        """The grade picked for a concept at a visit; None where the tables do not grade it."""
        if concept == "CREAT":
            return self.kidneys.key(visit.day)
        if concept in self.history.base:
            return visit.grades.get(concept, self.history.base[concept])
        if concept == "WBC":
            return visit.grades.get("ANC", self.history.base["ANC"])
        if visit.baseline or self.rng.random() < 0.8:
            return 0
        keys = self.writer.keys(concept)
        return self.rng.choice(keys) if keys else 0

    def placement(self, visit, concept):
        """(windows, reason) that were chosen for this visit, as far as the concept's group goes."""
        group = GROUPS[concept]
        if group == "g90":
            return visit.g90, visit.g90_reason
        if group == "baseline" and not visit.baseline:
            return (), "BETWEEN_WINDOWS"
        return visit.windows, visit.reason

    def lab(self, visit, concept, key, minute, order, delivery=None, when=None):
        """One result with its truth; ranked among the results of its assessment."""
        delivery = delivery or self.now
        value = self.response.value(self, visit, concept) or self.rng.choice(self.writer.values(concept, key))
        day = self.day(visit.day)
        tail, grade, flag, codes = self._limits(visit, concept, key, value)
        rid = self.new_id("o")
        version = self.dialect.version(rid, 1)
        text = when or (self.dialect.zone.utc(day, minute) if visit.night and self.dialect.night_utc else None)
        w = self.writer
        # only "final" results make an inferred contact
        status = "amended" if self.dialect.encounters and self.rng.random() < 0.02 else "final"
        body = w.observation(rid, version, self.updated(day, delivery), status, w.code(concept), self.patient_id,
                             w.encounter_link(visit.encounter_id), w.effective(day, minute, text), value.json,
                             w.specimen_link(visit.specimen_id) + tail)
        windows, reason = self.placement(visit, concept)
        if windows:
            row = Row("delivered", "", "", windows, concept, grade, value.direction if grade not in ("", "0") else "",
                      value.number, codes, flag)
        elif concept in visit.evidence:
            row = Row("evidence", concept=concept)
        else:
            row = Row("outside_window", reason, codes="NO_CONTACT" if reason == "NO_CONTACT" else "")
        item = self.add("Observation", rid, version, body, [row], delivery)
        number = Fraction(value.number) if value.number else None
        item.tested = (concept, visit.day, number)
        item.said = ("lab", concept, visit.day)
        item.lab = Lab(visit, concept, order, minute, key, number, row.reason if row.state == "outside_window" else "")
        if windows:
            self.ranks.setdefault((visit.node.name, concept), []).append((order, item))
        return item

    def _certainty(self, concept):
        """Creatinine is graded by its baseline too: below the limit nobody can say how far it rose."""
        return "provisional" if concept == self.lacks else "exact"

    def _limits(self, visit, concept, key, value):
        """Reference limits sent or left out, and what that makes of the grade."""
        exact = self._certainty(concept) if value.grade else ""
        if self.dialect.name != "busan":
            return value.tail, value.grade, exact, ""
        if concept in ("WBC", "LYMPH"):  # the site profile's range
            return value.bare, value.grade, exact, ""
        if concept in ("ANC", "PLT") and not visit.baseline and self.rng.random() < 0.2:
            if key <= -2:
                return value.bare, value.grade, exact, ""
            settled = visit.node and visit.node.k and visit.node.k not in self.history.busy
            if key == 0 and settled and self.history.base[concept] == 0:
                return value.bare, "", "unknown01", "RANGE_MISSING"
        return value.tail, value.grade, exact, ""

    def _encounter(self, visit, day, taken, delivery=1):
        rid, zone = visit.encounter_id, self.dialect.zone
        version = self.dialect.version(rid, 1)
        start = min(visit.minute, 480) - 10
        text = self.writer.encounter(rid, version, self.updated(day, delivery), self.patient_id,
                                     zone.local(day, start), zone.local(day, max(start + 130, 600)))
        row = Row("evidence") if taken else Row("outside_window", visit.reason)
        self.add("Encounter", rid, version, text, [row], delivery)

    def _vitals(self, visit, day, state, reason):
        """Read for adverse events only: no row of their own, and nothing cites them here."""
        w, rng = self.writer, self.rng
        rid = self.new_id("v")
        version = self.dialect.version(rid, 1)
        link, when = w.encounter_link(visit.encounter_id), w.effective(day, min(visit.minute + 7, 1439))
        if self.dialect.name in ("boston", "madrid"):
            text = w.blood_pressure(rid, version, self.updated(day), self.patient_id, link, when,
                                    rng.choice(w.values("SBP", None)), rng.choice(w.values("DBP", None)))
            rows = [Row(state, reason, "component[%d]" % n) for n in (0, 1)]
        else:
            value = rng.choice(w.values("TEMP", None))
            text = w.observation(rid, version, self.updated(day), "final", w.code("TEMP"), self.patient_id, link, when,
                                 value.json, "")
            rows = [Row(state, reason)]
        self.add("Observation", rid, version, text, rows)
        if self.dialect.panels and state == "not_in_scope":
            self._panel_resource(visit, day, link)

    def _panel_resource(self, visit, day, link):
        """A panel that only points at its members."""
        w = self.writer
        members = [i.rid for i in self.items[-len(self.plan.panel) - 3:] if i.lab and i.lab.visit is visit][:8]
        code = w.coded([{"system": "urn:boston:lis", "code": "LIS-CBC", "display": "Complete blood count"}], "laboratory",
                       "Complete blood count")
        tail = '"hasMember":[%s],' % ",".join('{"reference":"Observation/%s"}' % rid for rid in members)
        self.simple("Observation", "b", lambda i, v, u: w.observation(
            i, v, u, "final", code, self.patient_id, link, w.effective(day, visit.minute), "", tail),
            Row("not_in_scope", "PANEL"), day)

    def write_condition(self, event, delivery=1):
        day = self.day(event["onset_day"])
        facts = {"code": event["code"], "words": event["words"], "onset": iso(day), "recorded": iso(day + 1)}
        if event["end_day"] is not None:
            facts["end"] = iso(self.day(event["end_day"]))
        event["item"] = self.simple("Condition", "c", lambda i, v, u: self.writer.condition(
            i, v, u, self.patient_id, facts), Row("evidence", codes="AE_GRADE_HUMAN" if event["first"] else ""), day + 2,
            delivery)
        event["item"].said = ("condition", event["code"], event["onset_day"])

    def _history_condition(self):
        """The index disease, years before."""
        day = self.course.d1 - self.rng.randint(400, 1500)
        code = "C90.00" if self.dialect.condition_system.endswith("-cm") else "C90.0"
        facts = {"code": code, "words": "Multiple myeloma", "onset": iso(day), "recorded": iso(day + 3),
                 "category": "problem-list-item"}
        self.simple("Condition", "c", lambda i, v, u: self.writer.condition(i, v, u, self.patient_id, facts),
                    Row("not_in_scope", "NOT_DERIVED"), day)

    def _write_comorbidities(self):
        """What was there before day 1; a group of the Charlson index makes it evidence."""
        for comorbidity in self.comorbidities:
            day = self.course.d1 - self.rng.randint(200, 3000)
            facts = {"code": parameters.code_of(comorbidity, self.dialect.condition_system), "words": comorbidity[1],
                     "onset": iso(day), "recorded": iso(day + 5), "category": "problem-list-item"}
            row = Row("evidence") if comorbidity[2] else Row("not_in_scope", "NOT_LISTED")
            self.simple("Condition", "c", lambda i, v, u, f=facts: self.writer.condition(i, v, u, self.patient_id, f),
                        row, day)

    # ---- treatment ----

    def write_treatment(self):
        course, anchor = self.course, self.anchor
        if anchor == "administration":
            dose = self.doses.of(0, len(self._supply()))
            given = self.administration(0, 660, Row("delivered"), dose=dose)
            self._plant(given, "lenalidomide", 0, 0, str(dose), "ONCE", "administered")
            self._late_on_day_one()
        if anchor == "statement":
            self.statement()
        if anchor in ("dispense", "administration") or (anchor == "roster" and self.plan.extras > 1 and (
                course.eot is not None or course.rest == "future")):
            self._dispenses(first_is_evidence=anchor == "dispense")
        if anchor == "roster" and not self.dexamethasone:
            order = self.medication("MedicationRequest", "dexamethasone", {
                "status": "active", "intent": "order", "authoredOn": iso(self.day(-2)),
                "dosageInstruction": [dosage("40 mg once weekly", 40, {"frequency": 1, "period": 1,
                                                                       "periodUnit": "wk"}, "oral")]}, -2)
            self._plant(order, "dexamethasone", 0, None, "40", "QS", "intended")
        self._concomitant()

    def _plant(self, item, drug, first, last, dose, frequency, rank, table="exposures", route="ORAL"):
        stretch = drugs.Stretch(item, table, drug, first, last, dose, frequency, rank)
        stretch.route, stretch.prevents = route, "Y" if drug == "acetylsalicylic acid" else ""
        self.stretches.append(stretch)

    def _concomitant(self):
        """A drug begun after day 1 that goes on: collected at the next assessment."""
        substance = self.rng.choice(("aspirin", "allopurinol", "omeprazole"))
        dose, name = {"aspirin": (100, "acetylsalicylic acid"), "allopurinol": (300, "allopurinol"),
                      "omeprazole": (20, "A02BC01")}[substance]  # the last is in no row: named by its code
        item = self.medication("MedicationStatement", substance, {
            "status": "active", "effectivePeriod": {"start": iso(self.day(3))}, "dateAsserted": iso(self.day(3)),
            "dosage": [dosage("once daily", dose, DAILY, "oral")]}, 3)
        self._plant(item, name, 3, self.course.death, str(dose), "QD", "stated", "conmeds")

    def medication(self, kind, substance, facts, day, row=None):
        return self.simple(kind, "m", lambda i, v, u: self.writer.medication_use(
            kind, i, v, u, self.patient_id, substance, facts),
            row or Row("delivered"), self.day(day))

    def administration(self, day, minute, row, status="completed", substance="lenalidomide", dose=25):
        return self.medication("MedicationAdministration", substance, {
            "status": status, "effectiveDateTime": self.dialect.zone.local(self.day(day), minute),
            "dosage": {"text": "%d mg" % dose, "route": {"text": "oral"},
                       "dose": {"value": dose, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}},
            day, row)

    def _late_on_day_one(self):
        """On day 1 a result timed after the first dose belongs to no window."""
        visit = histories.Visit(0, 900, reason="BETWEEN_WINDOWS")
        self.lab(visit, "HGB", 0, 900, 0)

    def statement(self):
        dose = self.doses.of(0, 1)
        facts = {"status": "active", "effectivePeriod": {"start": iso(self.day(0))}, "dateAsserted": iso(self.day(2)),
                 "informationSource": {"reference": "Patient/" + self.patient_id},
                 "dosage": [dosage("%d mg daily, days 1-21 of 28" % dose, dose, {"frequency": 21, "period": 28,
                                                                                "periodUnit": "d"}, "oral")]}
        item = self.medication("MedicationStatement", "lenalidomide", facts, 0)
        for day in range(0, self.course.horizon + 1, 28):
            self._plant(item, "lenalidomide", day, day + 20, str(dose), "QD", "stated")
            self.cycles.append(day)

    def _dispenses(self, first_is_evidence):
        supply = self.doses.supply(self._supply(), drugs.seen_until(self, 1), self.course.eot is not None)
        for number, (day, capsules) in enumerate(supply):
            dose = self.doses.of(number, len(supply))
            handed = day - (0 if number or first_is_evidence else 1)  # the day before the first capsule
            item = self.medication("MedicationDispense", "lenalidomide", {
                "status": "completed", "whenHandedOver": self.dialect.zone.local(self.day(handed), 840),
                "quantity": {"value": capsules, "unit": "capsule"}, "daysSupply": {
                    "value": capsules, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"},
                "dosageInstruction": [dosage("%d mg daily, days 1-21 of 28" % dose, dose, DAILY)]}, handed)
            last = day + capsules - 1
            if number + 1 < len(supply):
                last = min(last, supply[number + 1][0] - 1)
            first = 1 if number == 0 and self.anchor == "administration" else day
            self._plant(item, "lenalidomide", first, last, str(dose), "QD", "dispensed", route="")
            if capsules == doses.TAKEN and (number + 1 < len(supply) or self.course.eot is None):
                self.interruptions.append((last + 1, day + 20))
            self.cycles.append(day)

    def _supply(self):
        """(day, capsules): a hand-over a cycle; the last one ends on the day treatment ended, or is still running."""
        eot = self.course.eot
        if eot is None:
            return [(day, 21) for day in range(0, self.course.horizon, 28)]
        if eot <= 20:
            return [(0, eot + 1)]
        return [(0, 21)] + [(day, 21) for day in reversed(range(eot - 20, 20, -28))]

    # ---- truth ----

    def flag(self, which="rows"):
        """Give every window its first value in the chosen order of closeness."""
        for ranked in self.ranks.values():
            taken = set()
            for _, item in sorted(ranked, key=lambda pair: pair[0]):
                rows = item.rows if which == "rows" else item.after or item.rows
                row = rows[0]
                if row.state != "delivered" or (which == "rows" and item.delivery == 2):
                    continue
                flagged = [w for w in row.windows if w not in taken]
                taken.update(flagged)
                if which == "rows":
                    row.anl01 = flagged
                elif row.anl01 != flagged:
                    item.after = [row.copy(anl01=flagged)]

    def windows_as_of(self, delivery):
        """Rows of courses.grid_rows with what the visits decided: the first chosen visit is the one of contact."""
        states = {}
        for node in self.course.nodes:
            if node.no_contact or (node.late and delivery == 1):
                continue
            for visit in sorted(node.visits, key=lambda v: v.order):
                for window in visit.windows:
                    states.setdefault(window, ("collected", visit.day))
        return courses.grid_rows(self.course, states)

    # ---- filler ----

    def fill(self):
        """More results up to the wanted number: of days that no window takes, and of codes that no table lists."""
        rng = self.rng
        concepts = [c for c in self.plan.panel if c not in CYTOPENIAS and c != "WBC"]
        visits = [v for v in self.all_visits() if v.delivery == 1 and (v.windows or v.g90)]
        number = 0
        while len(self.items) < (self.plan.wanted or 0):
            number += 1
            if number % 3 == 0:
                self._not_listed(rng.choice(visits))
                continue
            day, reason = (courses.gap_day(rng, rng.choice(self.gaps)), "BETWEEN_WINDOWS") if self.gaps else (
                -rng.randint(15, 300), "BEFORE_BASELINE")
            visit = histories.Visit(day, rng.randint(420, 1080), reason=reason, g90_reason=reason)
            self.lab(visit, rng.choice(concepts), 0, visit.minute, 0)

    def _not_listed(self, visit):
        """A result of a LOINC code that no table lists, at a visit that a window takes."""
        w, rng, day = self.writer, self.rng, self.day(visit.day)
        code, unit = w.not_listed(rng.randrange(7))
        value = '"valueQuantity":{"value":%d.%d,"unit":"%s","system":"http://unitsofmeasure.org","code":"%s"},' % (
            rng.randint(1, 200), rng.randint(0, 9), unit, unit)
        self.simple("Observation", "n", lambda i, v, u: w.observation(
            i, v, u, "final", code, self.patient_id, w.encounter_link(visit.encounter_id),
            w.effective(day, visit.minute + 3), value, ""), Row("not_in_scope", "NOT_LISTED"), day)

"""Adverse events planted whole: a story is picked for the days before an assessment, then the results, drugs, diagnoses
and stays that tell it are written, each with the truth of its part.

A story says what is true (this subject has febrile neutropenia that ended on the fifth day; this stay was planned and
speaks for nothing) and leaves no rule to be applied: days and values stand in it as they were chosen. Days count from
the day the story begins. Bounds are met on both sides: a temperature of exactly 38.3, fever over exactly an hour, a
stay that begins eight days on.
"""
import drugs
from days import iso
from dialects import SNOMED
from histories import Visit
from parts import DAILY, Row, dosage

# How a temperature is written, by what it is: below 38.0, from 38.0 to below 38.3, exactly 38.3, above.
TEMPERATURES = {"Cel": {"cool": ("36.4", "36.9", "37.9"), "warm": ("38.0", "38.2"), "edge": ("38.3",),
                        "fever": ("38.4", "38.6", "39.1")},
                "[degF]": {"cool": ("97.5", "98.4", "100.3"), "warm": ("100.4", "100.8"), "edge": ("100.94",),
                           "fever": ("101.5", "102.4", "103.1")}}
ANSWERS = {"positive": ("112283007", "Escherichia coli"), "contaminant": ("60875001", "Staphylococcus epidermidis"),
           "negative": ("264868006", "No growth")}
CULTURES = {"BLOODCULT": ("600-7", "Bacteria identified in Blood by Culture"),
            "URINECULT": ("630-4", "Bacteria identified in Urine by Culture")}
PROCEDURES = {"12719002": "TRANSFUSION_PLATELETS", "116863004": "TRANSFUSION_CELLS"}
TWICE = {"frequency": 2, "period": 1, "periodUnit": "d"}
CAUSALITY = "http://terminology.hl7.org/CodeSystem/adverse-event-causality-assess"
WARDS = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


class Event:
    """An event as the study shall see it; days are elapsed days, None where there is none."""

    def __init__(self, category, onset, end, subcategory="", grade="", worst=None, baseline="", outcome="recovered",
                 treated="", parent=None):
        self.category, self.subcategory, self.onset, self.end = category, subcategory, onset, end
        self.grade, self.worst, self.baseline, self.outcome = grade, worst, baseline, outcome
        self.treated, self.parent = treated, parent
        self.serious = ""  # "Y" where a stay names its own diagnosis
        self.relatedness = "unassessed"
        self.told = 1      # the delivery that tells of it
        self.gone = False  # disproved by the second delivery
        self.concept = None  # whose results are its course; None: it has no such
        self.cited = []      # (role, resource, grade) beside these

    @property
    def ongoing(self):
        return "Y" if self.outcome in ("not recovered", "recovering") else ""

    def cite(self, role, *items, grade=""):
        self.cited += [(role, item, grade) for item in items if item is not None]
        return self


class Proposal:
    """What a person is asked: whether this is an event. The item stands at the first evidence."""

    def __init__(self, category, onset, end=None, subcategory="", grade="", code="AE_CANDIDATE"):
        self.category, self.subcategory, self.onset, self.end = category, subcategory, onset, end
        self.grade, self.code = grade, code
        self.told = 1


class Stage:
    """What a story is told with; day 0 of the story is elapsed day `start`."""

    def __init__(self, subject, start, rng):
        self.subject, self.start, self.rng = subject, start, rng
        self.base = subject.history.base

    def day(self, day):
        return self.subject.day(self.start + day)

    # ---- what is true ----

    def event(self, category, onset, end, **more):
        if more.get("worst") is not None:
            more["worst"] += self.start
        event = Event(category, self.start + onset, None if end is None else self.start + end, **more)
        event.told = self.subject.now
        self.subject.events.append(event)
        return event

    def propose(self, category, onset, end=None, **more):
        proposal = Proposal(category, self.start + onset, None if end is None else self.start + end, **more)
        proposal.told = self.subject.now
        self.subject.proposals.append(proposal)

    def low_count(self, concept, category, grade, onset, end, **more):
        event = self.event(category, onset, end, grade=str(grade), worst=onset, baseline=str(-self.base[concept]), **more)
        event.concept = concept
        return event

    def fever(self, onset, end, low, begun, ended):
        """Febrile neutropenia, what it began with and what showed that it was over."""
        event = self.event("FEBRILE_NEUTROPENIA", onset, end, grade="3", worst=onset, parent=low)
        return event.cite("onset", *begun).cite("recovery", *ended)

    def infection(self, onset, end, subcategory, condition, treatment=(), **more):
        """An infection: its diagnosis, and treatment as (the grade that it proves, the first dose of it)."""
        graded = [(grade, item) for grade, item in treatment if grade]
        if graded:
            highest, item = max(graded, key=lambda pair: pair[0])
            more.update(grade=str(highest), worst=item.said[2] - self.start, treated="Y")
        event = self.event("INFECTION", onset, end, subcategory=subcategory, **more).cite("onset", condition)
        for grade, item in treatment:
            event.cite("supporting", item, grade=str(grade or ""))
        return event

    # ---- how it is told ----

    def count(self, concept, day, minute, key=None, codes=""):
        """A blood count between windows that dates an event; key None: as this subject always has it."""
        visit = Visit(self.start + day, minute, reason="BETWEEN_WINDOWS")
        visit.evidence = (concept,)
        item = self.subject.lab(visit, concept, self.base[concept] if key is None else key, minute, 0)
        item.rows[0].codes = codes
        return item

    def temperature(self, day, minute, kind, cited=True, codes="", held=""):
        """minute None: the day alone is told."""
        subject, w = self.subject, self.subject.writer
        unit, words, _ = subject.dialect.units["TEMP"]
        value = ('"valueQuantity":{"value":%s,"unit":"%s","system":"http://unitsofmeasure.org","code":"%s"},' % (
            self.rng.choice(TEMPERATURES[unit][kind]), words, unit))
        when = w.effective(self.day(day), minute) if minute is not None else (
            '"effectiveDateTime":"%s",' % iso(self.day(day)))
        row = Row("held", held, codes=codes) if held else Row("evidence", codes=codes) if cited else Row(
            "outside_window", "BETWEEN_WINDOWS")
        return self._says(subject.simple("Observation", "f", lambda i, v, u: w.observation(
            i, v, u, "final", w.code("TEMP"), subject.patient_id, "", when, value, ""), row, self.day(day)),
            "vital", "TEMP", day)

    def _says(self, item, kind, concept, day):
        """What this resource says where an event cites it."""
        item.said = (kind, concept, self.start + day)
        return item

    def culture(self, concept, day, answer, row):
        subject, w = self.subject, self.subject.writer
        loinc, words = CULTURES[concept]
        code = w.coded([{"system": subject.dialect.loinc_system, "code": loinc, "display": words}], "laboratory", words)
        found, name = ANSWERS[answer]
        value = '"valueCodeableConcept":{"coding":[{"system":"%s","code":"%s","display":"%s"}],"text":"%s"},' % (
            SNOMED, found, name, name)
        return self._says(subject.simple("Observation", "k", lambda i, v, u: w.observation(
            i, v, u, "final", code, subject.patient_id, "", w.effective(self.day(day), 700), value, ""), row,
            self.day(day)), "lab", concept, day)

    def diagnosis(self, code, words, onset, end, row, verification="confirmed", category="encounter-diagnosis"):
        facts = {"code": code, "words": words, "onset": iso(self.day(onset)), "recorded": iso(self.day(onset)),
                 "verification": verification, "category": category}
        if end is not None:
            facts["end"] = iso(self.day(end))
        subject = self.subject
        return self._says(subject.simple("Condition", "d", lambda i, v, u: subject.writer.condition(
            i, v, u, subject.patient_id, facts), row, self.day(onset)), "condition", code, onset)

    def coded(self, category, subcategory, onset, end, codes=""):
        """A diagnosis of that kind, in this hospital's codes."""
        _, code, words = next(kind for kind in self.subject.dialect.events[category] if kind[0] == subcategory)
        return self.diagnosis(code, words, onset, end, Row("evidence", codes=codes))

    def stated(self, substance, dose, repeat, first, last, route="oral", codes="", prevents="", unit="mg"):
        """A drug as the patient or the ward states it; last None: it goes on."""
        period = {"start": iso(self.day(first))}
        if last is not None:
            period["end"] = iso(self.day(last))
        instruction = dosage("as told", dose, repeat, route)
        item = self.subject.medication("MedicationStatement", substance, {
            "status": "active" if last is None else "completed", "effectivePeriod": period,
            "dateAsserted": iso(self.day(first)), "dosage": [instruction]}, self.start + first,
            Row("delivered", codes=codes))
        self._use(item, substance, first, last, str(dose), "BID" if repeat is TWICE else "QD", "stated", route, prevents)
        return item

    def given(self, substance, dose, days, route="intravenous", codes="", prevents=""):
        """Administrations, one a day."""
        items = []
        for day in days:
            item = self.subject.medication("MedicationAdministration", substance, {
                "status": "completed", "effectiveDateTime": self.subject.dialect.zone.local(self.day(day), 1020),
                "dosage": {"route": {"text": route}, "dose": {"value": dose, "unit": "mg", "code": "mg",
                                                              "system": "http://unitsofmeasure.org"}}},
                self.start + day, Row("delivered", codes=codes if not items else ""))
            items.append(item)
            self._use(item, substance, day, day, str(dose), "QD" if len(days) > 1 else "ONCE", "administered", route,
                      prevents)
        return items

    def _use(self, item, substance, first, last, dose, frequency, rank, route, prevents):
        self._says(item, "drug", drugs.name_of(substance), first)
        use = drugs.Stretch(item, "conmeds", drugs.name_of(substance), self.start + first,
                            None if last is None else self.start + last, dose, frequency, rank)
        use.route, use.prevents = route.upper(), prevents
        self.subject.stretches.append(use)

    def thyrotropin(self, day, value):
        """TSH between windows, with its range."""
        subject, w = self.subject, self.subject.writer
        code = w.coded([{"system": subject.dialect.loinc_system, "code": "3016-3", "display": "Thyrotropin"}],
                       "laboratory", "TSH")
        unit = '"unit":"mIU/L","system":"http://unitsofmeasure.org","code":"m[IU]/L"'
        item = subject.simple("Observation", "y", lambda i, v, u: w.observation(
            i, v, u, "final", code, subject.patient_id, "", w.effective(self.day(day), 500),
            '"valueQuantity":{"value":%s,%s},' % (value, unit),
            '"referenceRange":[{"low":{"value":0.4,%s},"high":{"value":4.0,%s}}],' % (unit, unit)), Row("evidence"),
            self.day(day))
        item.tested = ("TSH", self.start + day, None)
        return self._says(item, "lab", "TSH", day)

    def opinion(self, says, day, row, code=None, of=None, drug=None, actuality="actual"):
        """What the hospital's own report of an adverse event says of the study drug, or of another one. None: it has no
        record of the drug that such a report may point at."""
        subject = self.subject
        suspect = drug or next((s.item for s in subject.stretches if s.table == "exposures" and s.item.kind in (
            "MedicationStatement", "MedicationAdministration")), None)
        if suspect is None:
            return None
        facts = {"identifier": {"system": subject.dialect.base + "/report", "value": "%s-%d" % (subject.key, self.day(day))},
                 "actuality": actuality, "subject": {"reference": "Patient/" + subject.patient_id},
                 "date": iso(self.day(day)), "suspectEntity": [{
                     "instance": {"reference": "%s/%s" % (suspect.kind, suspect.rid)},
                     "causality": [{"assessment": {"coding": [{"system": CAUSALITY, "code": says}]}}]}]}
        if of:
            facts["resultingCondition"] = [{"reference": "Condition/" + of.rid}]
        if code:
            facts["event"] = {"coding": [{"system": subject.dialect.condition_system, "code": code}]}
        return self._says(subject.simple("AdverseEvent", "j", lambda i, v, u: subject.writer.plain(
            "AdverseEvent", i, v, u, facts), row, self.day(day)), "condition", "AdverseEvent", day)

    def procedure(self, code, words, day, row):
        subject = self.subject
        return self._says(subject.simple("Procedure", "q", lambda i, v, u: subject.writer.plain("Procedure", i, v, u, {
            "status": "completed", "code": {"coding": [{"system": SNOMED, "code": code, "display": words}]},
            "subject": {"reference": "Patient/" + subject.patient_id}, "performedDateTime": iso(self.day(day))}), row,
            self.day(day)), "procedure", PROCEDURES[code], day)

    def stay(self, first, last, cited, kind="IMP", **more):
        """A stay in hospital between windows. cited: it speaks for seriousness, or is asked about."""
        subject, zone = self.subject, self.subject.dialect.zone
        facts = {"status": "finished", "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                                                 "code": kind},
                 "subject": {"reference": "Patient/" + subject.patient_id},
                 "period": {"start": zone.local(self.day(first), 720), "end": zone.local(self.day(last), 780)}}
        facts.update(more)
        row = Row("evidence") if cited else Row("outside_window", "BETWEEN_WINDOWS")
        return self._says(subject.simple("Encounter", "h", lambda i, v, u: subject.writer.plain(
            "Encounter", i, v, u, facts), row, self.day(first)), "encounter", kind, first)


# ---- febrile neutropenia ----

def fever_once(s):
    """One high temperature two hours after a very low count."""
    few = s.count("ANC", 0, 480, -4)
    fever = s.temperature(0, 600, "fever")
    s.temperature(2, 540, "cool", cited=False)
    cool = s.temperature(4, 600, "cool")
    enough = s.count("ANC", 5, 480)
    low = s.low_count("ANC", "NEUTROPENIA", 4, 0, 5)
    event = s.fever(0, 5, low, (few, fever), (cool, enough))
    if s.subject.now == 1:
        s.subject.disprovable = fever, cool, event


def fever_lasting(s):
    """An hour and a minute at 38.0 or more; cool for exactly two days when the count is back already."""
    few = s.count("ANC", 0, 480, -3)
    first = s.temperature(0, 600, "warm")
    second = s.temperature(0, 661, "warm")
    s.temperature(1, 540, "cool", cited=False)
    enough = s.count("ANC", 2, 480)
    zone = s.subject.dialect.zone
    clocks = zone.offset(s.day(3), 540) - zone.offset(s.day(1), 540)  # they may change between
    cool = s.temperature(3, 540 + clocks, "cool")
    low = s.low_count("ANC", "NEUTROPENIA", 3, 0, 2)
    s.fever(0, 3, low, (few, first, second), (cool, enough))


def fever_before_count(s):
    """The count is taken the morning after."""
    fever = s.temperature(0, 1200, "fever")
    few = s.count("ANC", 1, 480, -4)
    s.temperature(2, 540, "cool", cited=False)
    cool = s.temperature(4, 600, "cool")
    enough = s.count("ANC", 6, 480)
    low = s.low_count("ANC", "NEUTROPENIA", 4, 1, 6)
    s.fever(0, 6, low, (fever,), (cool, enough)).cite("supporting", few)


def fever_of_an_hour(s):
    """Exactly sixty minutes are not more than sixty, and 38.3 is not above 38.3: the count is low, and no more."""
    s.count("ANC", 0, 480, -4)
    s.temperature(0, 600, "warm", cited=False)
    s.temperature(0, 660, "warm", cited=False)
    s.temperature(0, 690, "cool", cited=False)
    s.temperature(1, 600, "edge", cited=False)
    s.temperature(1, 640, "cool", cited=False)
    s.count("ANC", 3, 480)
    s.low_count("ANC", "NEUTROPENIA", 4, 0, 3)


def fever_with_enough(s):
    """A high temperature at a count that is low, but 1.0 or more."""
    if s.base["ANC"] <= -2:
        return fever_once(s)
    s.count("ANC", 0, 480, -2)
    s.temperature(0, 600, "fever", cited=False)
    s.temperature(2, 540, "cool", cited=False)
    s.count("ANC", 3, 480)
    s.low_count("ANC", "NEUTROPENIA", 2, 0, 3)


def fever_after_old_count(s):
    """The low count is two days old and nobody counted since: a person is asked."""
    s.count("ANC", 0, 480, -4)
    s.temperature(2, 600, "fever", codes="AE_CANDIDATE", held="AE_CANDIDATE")
    s.temperature(4, 600, "cool", cited=False)
    s.count("ANC", 5, 480)
    s.low_count("ANC", "NEUTROPENIA", 4, 0, 5)
    s.propose("FEBRILE_NEUTROPENIA", 2)


def fever_of_unknown_hour(s):
    """Two readings of 38.0 or more, of one of which the day alone is told: how long it lasted is not known."""
    s.count("ANC", 0, 480, -4)
    s.temperature(0, None, "warm", held="AE_CANDIDATE")
    s.temperature(0, 1200, "warm", codes="AE_CANDIDATE", held="AE_CANDIDATE")
    s.temperature(2, 540, "cool", cited=False)
    s.count("ANC", 4, 480)
    s.low_count("ANC", "NEUTROPENIA", 4, 0, 4)
    s.propose("FEBRILE_NEUTROPENIA", 0)


def fever_in_hospital(s):
    """Discharged cool before the count was back: it ends with the stay, which is asked about twice."""
    few = s.count("ANC", 0, 480, -4, codes="AE_SERIOUS_EVIDENCE")
    fever = s.temperature(0, 600, "fever", codes="AE_SERIOUS_EVIDENCE")
    s.temperature(2, 540, "cool", cited=False)
    stay = s.stay(0, 3, True)
    s.count("ANC", 5, 480)
    low = s.low_count("ANC", "NEUTROPENIA", 4, 0, 5).cite("supporting", stay)
    s.fever(0, 3, low, (few, fever), ()).cite("supporting", stay)
    s.propose("NEUTROPENIA", 0, code="AE_SERIOUS_EVIDENCE")
    s.propose("FEBRILE_NEUTROPENIA", 0, code="AE_SERIOUS_EVIDENCE")


def fever_of_pneumonia(s):
    """The infection found in it belongs to it, and its treatment grades it."""
    few = s.count("ANC", 0, 480, -4)
    fever = s.temperature(0, 600, "fever")
    condition = s.coded("INFECTION", "PNEUMONIA", 1, 6)
    doses = s.given("piperacillin", 4000, (1, 2, 3, 4))
    s.temperature(2, 540, "cool", cited=False)
    cool = s.temperature(4, 600, "cool")
    enough = s.count("ANC", 5, 480)
    low = s.low_count("ANC", "NEUTROPENIA", 4, 0, 5)
    event = s.fever(0, 5, low, (few, fever), (cool, enough))
    s.infection(1, 6, "PNEUMONIA", condition, [(3, doses[0])], parent=event)


# ---- infections ----

def infection_oral(s):
    condition = s.coded("INFECTION", "PNEUMONIA", 0, 6)
    s.infection(0, 6, "PNEUMONIA", condition, [(2, s.stated("amoxicillin clavulanate", 875, TWICE, 1, 6))])


def infection_intravenous(s):
    condition = s.coded("INFECTION", "URINARY", 0, 5)
    s.infection(0, 5, "URINARY", condition, [(3, s.given("ceftriaxone", 2000, (0, 1, 2))[0])])


def infection_rising(s):
    """By mouth first, then by vein: the grade rises with it."""
    condition = s.coded("INFECTION", "RESPIRATORY_OTHER", 0, 6)
    s.infection(0, 6, "RESPIRATORY_OTHER", condition, [(2, s.stated("amoxicillin clavulanate", 875, TWICE, 1, 2)),
                                                       (3, s.given("ceftriaxone", 2000, (3, 4))[0])])


def infection_untreated(s):
    s.infection(0, 4, "RESPIRATORY_OTHER", s.coded("INFECTION", "RESPIRATORY_OTHER", 0, 4, "AE_GRADE_HUMAN"))


def treatment_without_diagnosis(s):
    s.given("meropenem", 1000, (1, 2, 3), codes="AE_CANDIDATE")
    s.propose("INFECTION", 1, 3, grade="3")


def prophylaxis_alone(s):
    """Aciclovir as it prevents: nothing happened."""
    s.stated("aciclovir", 400, TWICE, 0, 5, prevents="Y")


def prophylaxis_beside_infection(s):
    """A dose that prevents, begun two days after a diagnosis: a person says which it is, and no grade is proved."""
    condition = s.coded("INFECTION", "URINARY", 0, 5, "AE_GRADE_HUMAN")
    s.stated("cotrimoxazole", 480, DAILY, 2, 6, codes="DRUG_ROLE_AMBIGUOUS")
    s.infection(0, 5, "URINARY", condition)


def blood_culture(s):
    """Positive, with a drug by vein a day later: certain. Nothing tells how long it lasted."""
    culture = s.culture("BLOODCULT", 1, "positive", Row("evidence"))
    s.infection(1, None, "", culture, [(3, s.given("ceftriaxone", 2000, (2, 3))[0])], outcome="unknown")


def blood_culture_contaminated(s):
    s.culture("BLOODCULT", 1, "contaminant", Row("held", "AE_CANDIDATE", codes="AE_CANDIDATE"))
    s.propose("INFECTION", 1)


def blood_culture_negative(s):
    s.culture("BLOODCULT", 1, "negative", Row("outside_window", "BETWEEN_WINDOWS"))


def urine_culture(s):
    s.culture("URINECULT", 1, "positive", Row("held", "AE_CANDIDATE", codes="AE_CANDIDATE"))
    s.propose("INFECTION", 1, subcategory="URINARY")


# ---- other candidates ----

def clot_treated(s):
    condition = s.coded("THROMBOEMBOLISM", "VTE_DVT", 0, 6, "AE_GRADE_HUMAN")
    drug = s.stated("enoxaparin", 80, TWICE, 0, 6, "subcutaneous")
    s.event("THROMBOEMBOLISM", 0, 6, subcategory="VTE_DVT", treated="Y").cite("onset", condition).cite("supporting", drug)


def anticoagulant_alone(s):
    s.stated("enoxaparin", 80, TWICE, 1, 6, "subcutaneous", codes="AE_CANDIDATE")
    s.propose("THROMBOEMBOLISM", 1, 6)


def anticoagulant_prevents(s):
    s.stated("enoxaparin", 40, DAILY, 1, 6, "subcutaneous", prevents="Y")


def loperamide_alone(s):
    s.stated("loperamide", 4, DAILY, 1, 4, codes="AE_CANDIDATE")
    s.propose("GASTROINTESTINAL", 1, 4, subcategory="DIARRHOEA")


def diarrhoea_treated(s):
    condition = s.coded("GASTROINTESTINAL", "DIARRHOEA", 0, 5, "AE_GRADE_HUMAN")
    drug = s.stated("loperamide", 4, DAILY, 1, 4)
    event = s.event("GASTROINTESTINAL", 0, 5, subcategory="DIARRHOEA", treated="Y")
    event.cite("onset", condition).cite("supporting", drug)


def growth_factor_uncounted(s):
    """Nobody counted in the week before."""
    s.given("filgrastim", 300, (1, 2), "subcutaneous", codes="AE_CANDIDATE", prevents="Y")
    s.propose("NEUTROPENIA", 1, 2)


def growth_factor_for_low_count(s):
    s.count("ANC", 0, 480, -4)
    doses = s.given("filgrastim", 300, (1, 2, 3), "subcutaneous")
    s.count("ANC", 5, 480)
    s.low_count("ANC", "NEUTROPENIA", 4, 0, 5, treated="Y").cite("supporting", doses[0])


def platelets_transfused(s):
    """The transfusion belongs to the low count."""
    s.count("PLT", 0, 480, -4)
    transfusion = s.procedure("12719002", "Platelet transfusion", 1, Row("evidence"))
    s.count("PLT", 4, 480)
    s.low_count("PLT", "THROMBOCYTOPENIA", 4, 0, 4, treated="Y").cite("supporting", transfusion)
    s.subject.transfusions.append((s.start + 1, s.subject.now))


def transfusion_alone(s):
    s.procedure("116863004", "Transfusion of red blood cells", 2, Row("held", "AE_CANDIDATE", codes="AE_CANDIDATE"))
    s.propose("ANAEMIA", 2)


def other_diagnosis(s):
    """A diagnosis of no table: whether it is an event at all is a person's to say."""
    s.diagnosis("H81.1", "Benign paroxysmal vertigo", 1, 5, Row("held", "AE_CANDIDATE", codes="AE_CANDIDATE"))
    s.propose("OTHER", 1, 5)


def doubted_pneumonia(s):
    s.diagnosis("J18.9", "Pneumonia", 1, 5, Row("held", "AE_CANDIDATE", codes="AE_CANDIDATE"), "provisional")
    s.propose("INFECTION", 1, 5, subcategory="PNEUMONIA")


def second_malignancy(s):
    """The tables know malignancies by ICD-10-CM alone: elsewhere it is a diagnosis of no table."""
    s.diagnosis("C50.9", "Malignant neoplasm of breast", 1, None, Row("held", "AE_CANDIDATE", codes="AE_CANDIDATE"))
    if not s.subject.dialect.condition_system.endswith("-cm"):
        return s.propose("OTHER", 1)
    s.propose("SPM", 1, subcategory="solid")
    s.subject.malignancy = s.subject.now


# ---- other laboratory ----

def liver(s):
    s.count("ALT", 0, 480, 3)
    s.count("ALT", 5, 480)
    s.low_count("ALT", "HEPATOTOXICITY", 3, 0, 5, subcategory="ALT")


def kidneys(s):
    s.count("CREAT", 0, 480, 2)
    s.count("CREAT", 6, 480)
    s.low_count("CREAT", "RENAL", 2, 0, 6)


def thyroid(s):
    """Beyond its range: that it is an event is certain, how severe it is a person says."""
    high, back = s.thyrotropin(0, "9.8"), s.thyrotropin(6, "2.1")
    high.rows[0].codes = "AE_GRADE_HUMAN"
    s.event("THYROID", 0, 6, subcategory="TSH_HIGH").cite("onset", high).cite("recovery", back)


# ---- what the hospital says of the drug ----

def called_related(s):
    """By the diagnosis it resulted in."""
    condition = s.coded("GASTROINTESTINAL", "CONSTIPATION", 0, 5, "AE_GRADE_HUMAN")
    told = s.opinion("Possible", 3, Row("evidence"), of=condition)
    event = s.event("GASTROINTESTINAL", 0, 5, subcategory="CONSTIPATION").cite("onset", condition).cite("supporting", told)
    event.relatedness = "related" if told else "unassessed"


def called_unrelated(s):
    """By its own code, a few days after; one that is no event yet says nothing."""
    _, code, _ = next(kind for kind in s.subject.dialect.events["GASTROINTESTINAL"] if kind[0] == "NAUSEA_VOMITING")
    condition = s.coded("GASTROINTESTINAL", "NAUSEA_VOMITING", 0, 4, "AE_GRADE_HUMAN")
    told = s.opinion("Unlikely", 6, Row("evidence"), code=code)
    s.opinion("Certain", 2, Row("not_in_scope", "STATUS_REFUSED"), code=code, actuality="potential")
    event = s.event("GASTROINTESTINAL", 0, 4, subcategory="NAUSEA_VOMITING")
    event.cite("onset", condition).cite("supporting", told)
    event.relatedness = "not related" if told else "unassessed"


def called_both(s):
    """The worse of two opinions holds; one of another drug does not count."""
    condition = s.coded("INFECTION", "RESPIRATORY_OTHER", 0, 6, "")
    drug = s.stated("amoxicillin clavulanate", 875, TWICE, 1, 6)
    other = s.opinion("Unlikely", 2, Row("evidence"), of=condition)
    told = s.opinion("Probably-Likely", 4, Row("evidence"), of=condition)
    event = s.infection(0, 6, "RESPIRATORY_OTHER", condition, [(2, drug)]).cite("supporting", other, told)
    event.relatedness = "related" if told else "unassessed"


def called_of_another_drug(s):
    condition = s.coded("INFECTION", "RESPIRATORY_OTHER", 0, 6, "")
    other = s.stated("amoxicillin clavulanate", 875, TWICE, 1, 6)
    s.opinion("Certain", 2, Row("not_in_scope", "NOT_DERIVED"), of=condition, drug=other)
    s.infection(0, 6, "RESPIRATORY_OTHER", condition, [(2, other)])


# ---- seriousness ----

def _pneumonia(s, codes="", **more):
    condition = s.coded("INFECTION", "PNEUMONIA", 0, 6, ";".join(filter(None, ("AE_GRADE_HUMAN", codes))))
    event = s.infection(0, 6, "PNEUMONIA", condition, **more)
    if codes:
        s.propose("INFECTION", 0, code=codes)
    return condition, event


def admitted_for_it(s):
    condition, event = _pneumonia(s)
    event.serious = "Y"
    event.cite("supporting", s.stay(1, 4, True, reasonReference=[{"reference": "Condition/" + condition.rid}]))


def diagnosis_of_the_stay(s):
    condition, event = _pneumonia(s)
    event.serious = "Y"
    about = [{"condition": {"reference": "Condition/" + condition.rid}}]
    event.cite("supporting", s.stay(0, 3, True, "ACUTE", diagnosis=about))


def stay_a_week_later(s):
    """Seven days after the onset a stay still asks."""
    _, event = _pneumonia(s, "AE_SERIOUS_EVIDENCE")
    event.cite("supporting", s.stay(7, 7, True))


def stays_that_say_nothing(s):
    """Begun eight days after; a day in the day clinic, under observation, in the emergency room."""
    _pneumonia(s)
    s.stay(8, 8, False)
    for day, kind in ((1, "SS"), (2, "OBSENC"), (3, "EMER")):
        s.stay(day, day, False, kind)


def stay_for_chemotherapy(s):
    """Planned: its reason is treatment. One that was over two days before the onset says nothing either."""
    _pneumonia(s)
    s.stay(-2, -2, False)
    system = s.subject.dialect.condition_system
    code = "Z51.11" if system.endswith("-cm") else "Z51.1"
    s.stay(1, 3, False, reasonCode=[{"coding": [{"system": system, "code": code}]}])


def planned_stay_that_lasted(s):
    """It began in a planned stay on its third day, which then lasted longer than planned. FHIR has told plans since R5."""
    condition = s.coded("INFECTION", "URINARY", 1, 6, "AE_GRADE_HUMAN;AE_SERIOUS_EVIDENCE")
    event = s.infection(1, 6, "URINARY", condition)
    s.propose("INFECTION", 1, code="AE_SERIOUS_EVIDENCE")
    zone = s.subject.dialect.zone
    event.cite("supporting", s.stay(-1, 5, True, plannedStartDate=zone.local(s.day(-1), 720),
                                    plannedEndDate=zone.local(s.day(3), 720)))


def planned_stay_as_planned(s):
    _pneumonia(s)
    zone = s.subject.dialect.zone
    s.stay(-1, 4, False, plannedStartDate=zone.local(s.day(-1), 720), plannedEndDate=zone.local(s.day(5), 720))


def intensive_care(s):
    """Grade 4 by the place, and a question whether its life was in danger."""
    condition = s.coded("INFECTION", "PNEUMONIA", 0, 7, "AE_SERIOUS_EVIDENCE")
    doses = s.given("meropenem", 1000, (1, 2, 3))
    event = s.infection(0, 7, "PNEUMONIA", condition, [(3, doses[0])])
    event.grade, event.worst = "4", s.start + 2
    s.propose("INFECTION", 0, code="AE_SERIOUS_EVIDENCE")
    zone = s.subject.dialect.zone
    stay = s.stay(1, 6, True, location=[{"location": {"reference": "Location/icu-1"}, "physicalType": {"coding": [
        {"system": WARDS, "code": "ICU"}]}, "period": {"start": zone.local(s.day(2), 600),
                                                      "end": zone.local(s.day(4), 600)}}])
    stay.said = ("encounter", "ICU", s.start + 2)
    event.cite("supporting", stay, grade="4")


# In the order in which subjects meet them; those of STAYS need a hospital that tells its stays.
STORIES = [fever_once, infection_intravenous, treatment_without_diagnosis, admitted_for_it, fever_lasting, infection_oral,
           anticoagulant_alone, stay_a_week_later, fever_before_count, infection_rising, loperamide_alone,
           stay_for_chemotherapy, fever_of_pneumonia, prophylaxis_beside_infection, growth_factor_uncounted,
           planned_stay_that_lasted, fever_in_hospital, blood_culture, second_malignancy, stays_that_say_nothing,
           fever_of_an_hour, prophylaxis_alone, other_diagnosis, intensive_care, fever_with_enough, clot_treated,
           urine_culture, planned_stay_as_planned, fever_after_old_count, growth_factor_for_low_count,
           blood_culture_contaminated, diagnosis_of_the_stay, platelets_transfused, diarrhoea_treated,
           transfusion_alone, doubted_pneumonia, anticoagulant_prevents, blood_culture_negative, infection_untreated,
           fever_of_unknown_hour, called_related, liver, called_unrelated, kidneys, called_both, thyroid,
           called_of_another_drug]
STAYS = {admitted_for_it, stay_a_week_later, stay_for_chemotherapy, planned_stay_that_lasted, fever_in_hospital,
         stays_that_say_nothing, intensive_care, planned_stay_as_planned, diagnosis_of_the_stay}
STARTS = {stays_that_say_nothing: -14, stay_a_week_later: -14}
CLOTS = {clot_treated, anticoagulant_alone}  # no second one while a first is open


def choose(subject, rng, most):
    """(story, the elapsed day it begins) for up to `most` assessments that are free: kept, of the 30-day grid alone, with
    nothing else before them. The days from 14 to 6 before such an assessment lie in no window."""
    history, chosen = subject.history, []
    kept = [n.k for n in subject.course.nodes if n.k and n.visits and not n.missed and n.first_kind != "t90"]
    numbers = [n.k for n in subject.course.nodes if n.k and n.k % 3 and not n.must and n.k < max(kept, default=0) + 1 and
               (n.missed or n.first_kind == "t30") and not {n.k - 1, n.k, n.k + 1} & history.busy and
               not {n.k - 1, n.k, n.k + 1} & history.reported]
    clotted = any(c["category_of"] == "THROMBOEMBOLISM" and c["end_day"] is None for c in history.conditions)
    rng.shuffle(numbers)
    turn = subject.number * most
    for k in numbers:
        if len(chosen) == most:
            break
        if {k - 1, k, k + 1} & history.busy:
            continue
        story = STORIES[turn % len(STORIES)]
        turn += 1
        if story in STAYS and not subject.dialect.encounters:
            continue
        if (story in CLOTS and clotted) or (story is kidneys and (subject.kidneys.plan or subject.lacks == "CREAT")):
            continue
        start = 30 * k + STARTS.get(story, -12 if story in STAYS else -rng.randint(13, 14))
        if story is growth_factor_uncounted and _seen_between(subject, start - 8, start + 2):
            continue
        chosen.append((story, start))
        history.busy.update((k - 1, k, k + 1))
    return chosen + _after_treatment(subject, rng, most)


def _seen_between(subject, first, last):
    visits = [v for node in subject.course.nodes for v in node.visits] + subject.history.visits
    return any(first <= v.day <= last for v in visits)


def _after_treatment(subject, rng, most):
    """One between the end of treatment and a follow-up that was kept: up to 30 days after the end it belongs to treatment."""
    last = subject.course.node("FU")
    if not most or last is None or not last.visits or last.missed or rng.random() < 0.4:
        return []
    story = rng.choice([s for s in STORIES if s not in STAYS | CLOTS | {second_malignancy, kidneys}])
    return [(story, subject.course.eot + rng.choice((22, 28, 29, 30, 31, 36)))]


def choose_clinic_fever(subject, rng):
    """A low count at an assessment that came with fever: the visit of the low count and the one of recovery, or None."""
    found = [e for e in subject.history.episodes if e.category == "NEUTROPENIA" and e.end is not None and all(
        v.windows and v.windows != v.g90 and v.node.k and not v.night for v in (e.onset, e.end)) and
        e.onset.grades.get("ANC", 0) <= -3 and not _seen_between(subject, e.onset.day + 1, e.end.day - 1)]
    if not found or rng.random() < 0.5 or not subject.dialect.encounters:  # elsewhere a reading is a contact
        return None
    episode = rng.choice(found)
    episode.removable = None
    return episode


def write_clinic_fever(subject, rng):
    """It lasts until two days of cool readings have gone by since the count was back."""
    episode = subject.clinic_fever
    if episode is None or episode.onset.encounter is False:
        return
    onset, end = episode.onset, episode.end
    first, last = Stage(subject, onset.day, rng), Stage(subject, end.day, rng)
    fever = first.temperature(0, onset.minute + 120, "fever")
    last.temperature(0, end.minute + 60, "cool").rows[0] = Row("not_in_scope", "AE_EVIDENCE")
    cool = last.temperature(2, end.minute + 75, "cool")
    few, enough = (next(i for i in subject.items if i.lab and i.lab.concept == "ANC" and i.lab.visit is visit)
                   for visit in (onset, end))
    first.fever(0, end.day + 2 - onset.day, Event("NEUTROPENIA", onset.day, end.day), (few, fever), (cool, enough))


def write(subject, rng):
    for place, (story, start) in enumerate(subject.stories):
        subject.now = 2 if subject.late_story and place + 1 == len(subject.stories) else 1
        story(Stage(subject, start, rng))
    subject.now = 1
    write_clinic_fever(subject, rng)

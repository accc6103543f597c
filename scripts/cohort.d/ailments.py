"""Events that are no CRS and no ICANS, each in weeks of its own: counts that fell and rose, infections and how they were
treated, what grew in cultures, fever with few neutrophils, what is one event though it came apart, second malignancies,
diagnoses that a person must look at, an infection that was fatal."""
from dialects import SNOMED
from events import ANSWERS, CULTURES
from parts import Row
from reactions import COOL, temperature

FIRST_WEEK, WEEKS = 8, 4  # each has four weeks for itself, from the ninth week on
CAUSALITY = "http://terminology.hl7.org/CodeSystem/adverse-event-causality-assess"


class Ailment:
    """`counts`: (day, grade key) of a concept on weekly visits; the others are normal."""

    concept = None
    counts = ()
    held = ()  # weeks whose dose was held back

    def __init__(self, week, number):
        self.week, self.number = week, number
        self.weeks = set(range(week, week + WEEKS))
        self.day = 7 * week

    def write(self, subject):
        raise NotImplementedError


class Cytopenia(Ailment):
    """Low at one visit or two, back at the next."""

    KINDS = (("ANC", "NEUTROPENIA", -3), ("PLT", "THROMBOCYTOPENIA", -2), ("HGB", "ANAEMIA", -3), ("ANC", "NEUTROPENIA", -4))

    def __init__(self, week, number):
        super().__init__(week, number)
        self.concept, self.category, worst = self.KINDS[number % len(self.KINDS)]
        self.counts = [(self.day, worst)]
        if number % 2:
            self.counts = [(self.day, worst + 1), (self.day + 7, worst)]
        self.end = self.counts[-1][0] + 7
        self.held = (self.end // 7,) if number % 3 else ()

    def write(self, subject):
        grades = [(day, -key) for day, key in self.counts]
        subject.episode(self.category, self.day, self.end, grades=grades, baseline=-subject.steady.get(self.concept, 0))
        subject.cite_counts(self.category, self.concept, grades, self.end)
        subject.ask_relatedness(self.concept, self.day)


class Liver(Ailment):
    concept = "ALT"

    def __init__(self, week, number):
        super().__init__(week, number)
        self.counts = [(self.day, 2), (self.day + 7, 3)]

    def write(self, subject):
        subject.episode("HEPATOTOXICITY", self.day, self.day + 14, grades=[(self.day, 2), (self.day + 7, 3)],
                        subcategory="ALT", baseline=0)
        subject.cite_counts("HEPATOTOXICITY", "ALT", [(self.day, 2), (self.day + 7, 3)], self.day + 14, "ALT")
        subject.ask_relatedness(self.concept, self.day)


class Infection(Ailment):
    """A diagnosis; its grade is that of the treatment, or a person's."""

    TREATED = ("intravenous", "oral", "")

    def write(self, subject):
        events = subject.dialect.events["INFECTION"]
        sub, code, words = events[self.number % 3]
        how = self.TREATED[self.number % 3]
        end = self.day + 8
        item = subject.diagnosis(code, words, self.day, end, Row("evidence"))
        grades, more = [], {}
        cited = [("onset", item, "condition", code, self.day, "")]
        if how == "intravenous":
            drug = subject.given("ceftriaxone", self.day + 1, "18:00", "2000")
            cited.append(("supporting", drug, "drug", "ceftriaxone", self.day + 1, 3))
            grades = [(self.day + 1, 3)]
            stay = subject.stay(self.day + 1, "08:00", self.day + 6, "12:00",
                                reasonReference=[{"reference": "Condition/" + item.rid}])
            if stay:
                cited.append(("supporting", stay, "encounter", "IMP", self.day + 1, ""))
                more = {"serious": "Y", "serious_hospital": "Y", "seriousness_origin": "evidence"}
        if how == "oral":
            cited.append(("supporting", self._tablets(subject), "drug", "amoxicillin", self.day + 1, 2))
            grades = [(self.day + 1, 2)]
        if how:
            more["treatment_given"] = "Y"
        else:
            subject.ask("AE_GRADE_HUMAN", item)
        related, told = self._word(subject, item)
        if told:
            cited.append(("supporting", told, "condition", "AdverseEvent", self.day, ""))
        subject.cite("INFECTION", sub, self.day, cited)
        if not related:
            subject.ask("AE_RELATEDNESS", item)
        subject.episode("INFECTION", self.day, end, grades=grades, subcategory=sub, related=related, **more)

    def _tablets(self, subject):
        day = self.day + 1
        return subject.use("MedicationStatement", "amoxicillin", day, {
            "status": "completed", "effectivePeriod": {"start": subject.instant(day, None),
                                                       "end": subject.instant(day + 6, None)},
            "dosage": [{"timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}, "route": {"text": "oral"},
                        "doseAndRate": [{"doseQuantity": {"value": 1000, "unit": "mg",
                                                          "system": "http://unitsofmeasure.org", "code": "mg"}}]}]},
            start=subject.date(day), end=subject.date(day + 6), dose="1000", unit="mg", frequency="TID", route="ORAL",
            evidence_rank="stated")

    def _word(self, subject, item):
        """What the physician said of it, if the hospital keeps such records."""
        code, word = (("Possible", "related"), ("Unlikely", "not related"), (None, ""))[self.number // 3 % 3]
        if not code:
            return "", None
        dose = subject.injections.given[-1].item
        told = subject.simple("AdverseEvent", "a", lambda i, v, u: subject.writer.plain("AdverseEvent", i, v, u, {
            "identifier": {"system": subject.dialect.base + "/report", "value": i}, "actuality": "actual",
            "subject": {"reference": "Patient/" + subject.patient_id}, "date": subject.instant(self.day, None),
            "resultingCondition": [{"reference": "Condition/" + item.rid}],
            "suspectEntity": [{"instance": {"reference": "MedicationAdministration/" + dose.rid},
                               "causality": [{"assessment": {"coding": [{"system": CAUSALITY, "code": code}]}}]}]}),
            Row("evidence"), subject.day(self.day))
        return word, told


class Febrile(Ailment):
    """Fever while neutrophils are few: no CRS, though a dose was given some days before."""

    concept = "ANC"

    def __init__(self, week, number):
        super().__init__(week, number)
        self.counts = [(self.day, -3)]

    def write(self, subject):
        unit = subject.dialect.units["TEMP"][0]
        fever = temperature(subject, self.day, "16:00", *{"Cel": ("38.9", "38.9", 1), "[degF]": ("102.2", "39", 1)}[unit])
        for day, clock in ((1, "08:00"), (2, "08:00"), (3, "20:00")):
            cool = temperature(subject, self.day + day, clock, *COOL[unit][-1])
        few, enough = subject.counted["ANC", self.day], subject._count("ANC", self.day + 3, "08:00", 0)
        subject.cite_counts("NEUTROPENIA", "ANC", [(self.day, 3)], self.day + 3)
        subject.cite("FEBRILE_NEUTROPENIA", "", self.day, [
            ("onset", fever, "vital", "TEMP", self.day, ""), ("onset", few, "lab", "ANC", self.day, ""),
            ("recovery", cool, "vital", "TEMP", self.day + 3, ""), ("recovery", enough, "lab", "ANC", self.day + 3, "")])
        subject.episode("NEUTROPENIA", self.day, self.day + 3, grades=[(self.day, 3)], baseline=0)
        subject.ask_relatedness("ANC", self.day)
        subject.episode("FEBRILE_NEUTROPENIA", self.day, self.day + 3, grades=[(self.day, 3)],
                        parent="NEUTROPENIA " + subject.date(self.day))
        subject.ask("AE_RELATEDNESS", fever)


class Candidate(Ailment):
    """A diagnosis of no table: a person says whether it is an event, and of what grade."""

    def write(self, subject):
        item = subject.diagnosis("H25.9", "Cataract", self.day + 1, self.day + 9, Row("held", "AE_CANDIDATE"))
        subject.ask("AE_CANDIDATE", item, (1,), category="OTHER", onset=subject.date(self.day + 1))
        if self.number % 3 == 2:
            subject.ask("AE_CANDIDATE", item, (2,), category="OTHER", onset=subject.date(self.day + 1))
        elif self.number % 3 == 1:
            subject.decide("event", item, refuse=True)
            item.after = [Row("not_in_scope", "NO_EVENT")]
        else:
            subject.decide("event", item, confirm=True, grade=2)
            item.after = [Row("evidence")]
            subject.episode("OTHER", self.day + 1, self.day + 9, (2,), [(self.day + 1, 2)], certainty="confirmed")
            subject.cite("OTHER", "", self.day + 1, [("onset", item, "condition", "H25.9", self.day + 1, "")], (2,))
            subject.ask("AE_RELATEDNESS", item, (2,))


class Nausea(Ailment):
    """A diagnosis whose grade is clinical; a person gives it."""

    def write(self, subject):
        sub, code, words = subject.dialect.events["GASTROINTESTINAL"][2]
        item = subject.diagnosis(code, words, self.day + 2, self.day + 6, Row("evidence"))
        subject.ask("AE_GRADE_HUMAN", item, (1,))
        subject.decide("grade", item, grade=1)
        subject.decide("relatedness", item, relatedness="related")
        subject.ask("AE_RELATEDNESS", item, (1,))
        subject.episode("GASTROINTESTINAL", self.day + 2, self.day + 6, (1,), subcategory=sub)
        subject.cite("GASTROINTESTINAL", sub, self.day + 2, [("onset", item, "condition", code, self.day + 2, "")])
        subject.episode("GASTROINTESTINAL", self.day + 2, self.day + 6, (2,), [(self.day + 2, 1)], subcategory=sub,
                        related="related", relatedness_by="physician-1")


class Admission(Ailment):
    """A diagnosis beside a stay in hospital, which speaks for its seriousness or not."""

    # class, first and last day from the onset, is a person asked, what a person says
    STAYS = (("IMP", 2, 4, True, {"serious": True, "criteria": ["hospital"]}), ("EMER", 0, 0, False, None),
             ("IMP", 2, 4, True, {"planned": True}), ("OBSENC", 1, 2, False, None), ("IMP", 7, 9, True, None),
             ("IMP", 8, 10, False, None), ("treatment", 1, 2, False, None), ("IMP", -3, -1, True, {"serious": False}))

    def write(self, subject):
        sub, code, words = subject.dialect.events["GASTROINTESTINAL"][0]
        kind, first, last, asked, answer = self.STAYS[subject.plan.turn("stays") % len(self.STAYS)]
        onset = self.day + 3
        item = subject.diagnosis(code, words, onset, onset + 4, Row("evidence"))
        facts = {"reasonCode": [{"coding": [{"system": subject.dialect.condition_system, "code": "Z51.1"}]}]}
        stay = subject.stay(onset + first, "09:00", onset + last, "11:00", *(("IMP",) if kind == "treatment" else (kind,)),
                            **(facts if kind == "treatment" else {}))
        asked, told = bool(asked and stay), {}
        subject.cite("GASTROINTESTINAL", sub, onset, [("onset", item, "condition", code, onset, "")])
        if asked:
            subject.cite("GASTROINTESTINAL", sub, onset, [("supporting", stay, "encounter", "IMP", onset + first, "")],
                         (1,) if answer == {"planned": True} else (1, 2))
        if asked:
            subject.ask("AE_SERIOUS_EVIDENCE", item, (1, 2) if answer is None else (1,))
        if asked and answer:
            subject.decide("stay" if "planned" in answer else "seriousness", item, **answer)
            if "serious" in answer:
                told = {"seriousness_origin": "human", "serious": "Y" if answer["serious"] else "",
                        "serious_hospital": "Y" if answer["serious"] else ""}
        subject.ask("AE_GRADE_HUMAN", item)
        subject.ask("AE_RELATEDNESS", item)
        subject.episode("GASTROINTESTINAL", onset, onset + 4, (1,), subcategory=sub)
        subject.episode("GASTROINTESTINAL", onset, onset + 4, (2,), subcategory=sub, **told)


class Merged(Ailment):
    """What is one event though it came apart: two low counts with a normal one between them, at most a week from each
    other; two diagnoses at most fourteen days apart; a diagnosis beside the counts."""

    def __init__(self, week, number):
        super().__init__(week, number)
        self.shape = ("counts", "diagnoses", "both")[number % 3]
        if self.shape == "counts":
            self.concept, self.counts = "PLT", [(self.day, -3), (self.day + 7, -2)]
        elif self.shape == "both":
            self.concept, self.counts = "ANC", [(self.day, -3)]

    def write(self, subject):
        getattr(self, "_" + self.shape)(subject)

    def _counts(self, subject):
        subject._count("PLT", self.day + 3, "08:00", 0)
        subject.cite_counts("THROMBOCYTOPENIA", "PLT", [(self.day, 3), (self.day + 3, 0), (self.day + 7, 2)], self.day + 14)
        subject.episode("THROMBOCYTOPENIA", self.day, self.day + 14, baseline=0,
                        grades=[(self.day, 3), (self.day + 3, 0), (self.day + 7, 2)])
        subject.ask_relatedness("PLT", self.day)

    def _diagnoses(self, subject):
        """Of one site; one of another site in the same days is an event of its own."""
        (sub, code, words), (other, other_code, other_words) = subject.dialect.events["INFECTION"][:2]
        first = subject.diagnosis(code, words, self.day, self.day + 3, Row("evidence"))
        again = subject.diagnosis(code, words, self.day + 17, self.day + 20, Row("evidence"))
        beside = subject.diagnosis(other_code, other_words, self.day + 5, self.day + 9, Row("evidence"))
        for item in (first, beside):
            subject.ask("AE_GRADE_HUMAN", item)
            subject.ask("AE_RELATEDNESS", item)
        subject.cite("INFECTION", sub, self.day, [("onset", first, "condition", code, self.day, ""),
                                                  ("supporting", again, "condition", code, self.day + 17, "")])
        subject.cite("INFECTION", other, self.day + 5, [("onset", beside, "condition", other_code, self.day + 5, "")])
        subject.episode("INFECTION", self.day, self.day + 20, subcategory=sub)
        subject.episode("INFECTION", self.day + 5, self.day + 9, subcategory=other)

    def _both(self, subject):
        """Two days before the count: the event begins with it, and its course is that of the counts."""
        sub, code, words = subject.dialect.events["NEUTROPENIA"][0]
        item = subject.diagnosis(code, words, self.day - 2, self.day + 1, Row("evidence"))
        subject.cite("NEUTROPENIA", sub, self.day - 2, [("onset", item, "condition", code, self.day - 2, "")])
        subject.cite_counts("NEUTROPENIA", "ANC", [(self.day, 3)], self.day + 7, sub, self.day - 2)
        subject.episode("NEUTROPENIA", self.day - 2, self.day + 7, grades=[(self.day, 3)], subcategory=sub, baseline=0)
        subject.ask_relatedness("ANC", self.day)


class Malignancy(Ailment):
    """A second one: always a question, and an event once a person confirmed it. The tables know malignancies by ICD-10-CM
    alone: elsewhere it is a diagnosis of no table."""

    def write(self, subject):
        known = subject.dialect.condition_system.endswith("-cm")
        category, sub = ("SPM", "solid") if known else ("OTHER", "")
        onset = self.day + 4
        item = subject.diagnosis("C50.9", "Malignant neoplasm of breast", onset, None, Row("held", "AE_CANDIDATE"))
        subject.ask("AE_CANDIDATE", item, (1,), category=category, onset=subject.date(onset))
        if self.number % 3 == 1:
            subject.ask("AE_CANDIDATE", item, (2,), category=category, onset=subject.date(onset))
            return
        subject.decide("event", item, confirm=True, grade=3)
        item.after = [Row("evidence")]
        subject.ask("AE_RELATEDNESS", item, (2,))
        subject.cite(category, sub, onset, [("onset", item, "condition", "C50.9", onset, "")], (2,))
        subject.episode(category, onset, None, (2,), [(onset, 3)], subcategory=sub, certainty="confirmed", ongoing="Y",
                        outcome="not recovered")


class Culture(Ailment):
    """What grew, and what it says: in blood with a drug by vein it is an infection, in urine or alone a question, a germ of
    the skin too; where nothing grew it says nothing."""

    SHAPES = ("treated", "alone", "urine", "skin", "nothing")

    def write(self, subject):
        shape = self.SHAPES[subject.plan.turn("cultures") % len(self.SHAPES)]
        concept = "URINECULT" if shape == "urine" else "BLOODCULT"
        answer = {"skin": "contaminant", "nothing": "negative"}.get(shape, "positive")
        row = Row("delivered", windows=(subject.week(self.day + 1),), concept=concept)
        item = self._culture(subject, concept, answer, row)
        if shape == "treated":
            drug = subject.given("ceftriaxone", self.day + 2, "18:00", "2000")
            subject.cite("INFECTION", "", self.day + 1, [("onset", item, "lab", concept, self.day + 1, ""),
                                                         ("supporting", drug, "drug", "ceftriaxone", self.day + 2, 3)])
            subject.episode("INFECTION", self.day + 1, None, grades=[(self.day + 2, 3)], outcome="unknown",
                            treatment_given="Y")
            subject.ask("AE_RELATEDNESS", item)
        elif shape != "nothing":
            subject.ask("AE_CANDIDATE", item, category="INFECTION", onset=subject.date(self.day + 1))

    def _culture(self, subject, concept, answer, row):
        w, day = subject.writer, subject.day(self.day + 1)
        loinc, words = CULTURES[concept]
        found, name = ANSWERS[answer]
        code = w.coded([{"system": subject.dialect.loinc_system, "code": loinc, "display": words}], "laboratory", words)
        value = '"valueCodeableConcept":{"coding":[{"system":"%s","code":"%s","display":"%s"}],"text":"%s"},' % (
            SNOMED, found, name, name)
        subject.see(self.day + 1, "record")
        item = subject.simple("Observation", "k", lambda i, v, u: w.observation(
            i, v, u, "final", code, subject.patient_id, "", w.effective(day, 700), value, ""), row, day)
        subject.rank(item, 0, self.day + 1, "11:40")
        return item


class Fatal(Ailment):
    """Of a subject who died: an infection of the last days, of which a person says that it was fatal."""

    def __init__(self, week, number, death):
        super().__init__(week, number)
        self.day = death - 4

    def write(self, subject):
        sub, code, words = subject.dialect.events["INFECTION"][self.number % 3]
        item = subject.diagnosis(code, words, self.day, None, Row("evidence"))
        subject.ask("AE_GRADE_HUMAN", item, (1,))
        subject.ask("AE_RELATEDNESS", item)
        subject.cite("INFECTION", sub, self.day, [("onset", item, "condition", code, self.day, "")])
        subject.episode("INFECTION", self.day, None, (1,), subcategory=sub, ongoing="Y", outcome="not recovered")
        subject.decide("outcome", item, outcome="fatal")
        subject.decide("grade", item, grade=5)
        subject.episode("INFECTION", self.day, self.day + 4, (2,), [(self.day, 5)], subcategory=sub, outcome="fatal",
                        serious="Y", serious_death="Y", seriousness_origin="human")


MENU = (Cytopenia, Admission, Infection, Candidate, Febrile, Infection, Liver, Nausea, Admission, Infection,
        Merged, Culture, Malignancy, Merged, Culture, Merged, Culture)


def choose(subject):
    """One in each four weeks; none of a kind twice."""
    chosen, seen, last = [], set(), subject.course.last // 7 - WEEKS + 1
    if subject.course.death is not None and last > FIRST_WEEK:
        last -= WEEKS
        chosen.append(Fatal(last, subject.number // 4, subject.course.death))
    # a reading would show that a reaction which nobody saw the end of is over
    unclear = max((r.day + 64 for r in subject.reactions if not r.story.closed), default=0)
    for turn, week in enumerate(range(FIRST_WEEK, last, WEEKS)):
        kind = MENU[(subject.number + turn) % len(MENU)]
        if kind is Febrile and 7 * week <= unclear:
            kind = Cytopenia
        number = subject.number // 4 + turn
        key = (kind, number % 3) if kind in (Infection, Merged) else kind if kind is Culture else "counts" if kind in (Cytopenia, Febrile) else kind
        if key not in seen:
            seen.add(key)
            chosen.append(kind(week, number))
    return chosen

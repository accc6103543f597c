"""What was given before and beside treatment: earlier lines, and drugs that prevent clots and infections;
and the levels of risk that they are held against.

Chosen by name (an earlier clot, high dexamethasone, heparin for four cycles), so that the level and whether prophylaxis
was given follow from the choice. Source: the Korean expert recommendations for lenalidomide, table 3.
"""
from fractions import Fraction

import dexamethasone
import drugs
import events
import parameters
from days import iso
from parts import DAILY, Row, dosage

# substance, first and last elapsed day of each course before day 1
PRIOR = {"": [], "one": [("bortezomib", -420, -300)], "two": [("melphalan", -900, -700), ("bortezomib", -420, -300)],
         "again": [("bortezomib", -900, -800), ("bortezomib", -420, -300)],
         "unclear": [("bortezomib", -420, -300), ("daratumumab", -380, -300)]}
# What a code says of risk, in ICD-10-CM, whose risks alone the tables know.
RISKS = {"chf", "cpd", "mi"}
CLASSES = {"acetylsalicylic acid": ("ASPIRIN", Fraction(100)), "enoxaparin": ("LMWH", Fraction(40))}


class Prophylaxis:
    def __init__(self):
        self.clot = False        # two months before day 1
        self.heparin = None      # the elapsed day until which it was given from day 1 on
        self.antibiotic = None   # the same


def choose_prior(subject, rng):
    return rng.choice(sorted(PRIOR))


def choose(subject, rng):
    chosen = Prophylaxis()
    chosen.clot = rng.random() < 0.15
    if chosen.clot or subject.dexamethasone == "high":
        chosen.heparin = rng.choice((None, 30, 200))
    chosen.antibiotic = rng.choice((None, None, 20, 120))
    told = {story for story, _ in subject.stories}  # one drug is planted once at a time
    if told & {events.clot_treated, events.anticoagulant_alone, events.anticoagulant_prevents}:
        chosen.heparin = None
    if events.prophylaxis_beside_infection in told:
        chosen.antibiotic = None
    return chosen


# ---- how it is told ----

def write(subject):
    for substance, first, last in PRIOR[subject.prior]:
        stated(subject, substance, 2, dexamethasone.WEEKLY, first, last, Row("evidence"))
    chosen = subject.prophylaxis
    if chosen.clot:
        _, code, words = next(k for k in subject.dialect.events["THROMBOEMBOLISM"] if k[0] == "VTE_DVT")
        facts = {"code": code, "words": words, "onset": iso(subject.day(-60)), "end": iso(subject.day(-40)),
                 "recorded": iso(subject.day(-60))}
        subject.simple("Condition", "d", lambda i, v, u: subject.writer.condition(i, v, u, subject.patient_id, facts),
                       Row("evidence"), subject.day(-60))
    for substance, dose, last in (("enoxaparin", 40, chosen.heparin), ("cotrimoxazole", 480, chosen.antibiotic)):
        if last is not None:
            item = stated(subject, substance, dose, DAILY, 0, last, Row("delivered"),
                           "subcutaneous" if substance == "enoxaparin" else "oral")
            use = drugs.Stretch(item, "conmeds", drugs.name_of(substance), 0, last, str(dose), "QD", "stated")
            use.route, use.prevents = "SUBCUTANEOUS" if substance == "enoxaparin" else "ORAL", "Y"
            subject.stretches.append(use)


def stated(subject, substance, dose, repeat, first, last, row, route="oral"):
    period = {"start": iso(subject.day(first))}
    if last is not None:
        period["end"] = iso(subject.day(last))
    return subject.medication("MedicationStatement", substance, {
        "status": "active" if last is None else "completed", "effectivePeriod": period,
        "dateAsserted": iso(subject.day(first)), "dosage": [dosage("as told", dose, repeat, route)]}, first, row)


# ---- what follows ----

def first_cycles(subject, number, delivery):
    """The last elapsed day of the first cycles: those there are, else 28 days each; they end with treatment."""
    starts, course = [start for start, *_ in drugs.cycles_as_of(subject, delivery)], subject.course
    last = starts[number] - 1 if len(starts) > number else 28 * number - 1
    return min([last] + [d for d in (course.eot, course.death, course.withdrawn) if d is not None])


def _days_with(subject, last, delivery, wanted):
    """How many of the days 0 .. last have a drug that is wanted."""
    days = set()
    for s in subject.stretches:
        if s.table == "conmeds" and s.item.delivery <= delivery and wanted(s):
            days.update(range(max(0, s.first), (last if s.last is None else min(last, s.last)) + 1))
    return len(days)


def _daily(s):
    return Fraction(s.dose) * (2 if s.frequency == "BID" else 1)


def _given(subject, last, delivery, of=None, above=False):
    """Whether a class (None: any) covers 80 % of the days; above: its doses for treatment too."""
    def wanted(s):
        name, most = CLASSES.get(s.drug, (None, None))
        return name is not None and of in (None, name) and (above or _daily(s) <= most)
    return 100 * _days_with(subject, last, delivery, wanted) >= 80 * (last + 1)


def _concordance(subject, last, delivery, of):
    if of and _given(subject, last, delivery, of):
        return "CONCORDANT"
    if of and _given(subject, last, delivery, of, above=True):
        return "TREATMENT_DOSE"
    if not _given(subject, last, delivery, above=True):
        return "NONE" if of else "CONCORDANT"
    return "OTHER_DRUG" if of or _given(subject, last, delivery) else "TREATMENT_DOSE"


def _other_risks(subject, delivery):
    """(factors, what is not known)"""
    found, missing = [], ""
    baseline = {concept: parameters.flagged(subject, concept, delivery).get("BASELINE") for concept in (
        "ECOG", "WEIGHT", "HEIGHT")}
    young, old = parameters.ages_on(subject, subject.course.d1)
    if subject.lacks == "birth":
        missing = "NO_BIRTH_DATE"
    elif young >= 75:
        found.append("AGE")
    elif old >= 75:
        missing = "AGE_AMBIGUOUS"
    if not baseline["ECOG"]:
        missing = missing or "NO_ECOG"
    elif baseline["ECOG"][2] >= 2:
        found.append("ECOG")
    if subject.dialect.condition_system.endswith("-cm") and RISKS & {group for _, _, group, _ in subject.comorbidities}:
        found.append("COMORBIDITY")
    if not baseline["WEIGHT"] or not baseline["HEIGHT"]:
        missing = missing or "NO_BMI"
    elif baseline["WEIGHT"][2] * 10000 >= 30 * baseline["HEIGHT"][2] ** 2:
        found.append("BMI")
    return found, missing


def level_of(subject, delivery):
    """(level or 0, factors, reason)"""
    chosen, course = subject.prophylaxis, subject.course
    found = ["RECENT_VTE"] if chosen.clot else []
    last = min([27] + [d for d in (course.eot, course.death, course.withdrawn) if d is not None])
    milligrams = dexamethasone.taken(subject, 0, min(last, drugs.seen_until(subject, delivery)))
    if milligrams is not None and milligrams >= 480:
        found.append("HIGH_DEXAMETHASONE")
    if found:
        return 1, ";".join(found), ""
    if drugs.unseen(subject, last, delivery):
        return 0, "", drugs.unseen(subject, last, delivery)
    if milligrams is None:
        return 0, "", "NO_DEXAMETHASONE_DOSE"
    found, missing = _other_risks(subject, delivery)
    platelets = parameters.flagged(subject, "PLT", delivery).get("BASELINE")
    if platelets and platelets[2] < 100:
        return 3, ";".join(found), ""
    if not found:
        subject.asked_age |= missing == "AGE_AMBIGUOUS"
        return (0, "", missing) if missing else (3, "", "")
    return (2, ";".join(found), "") if platelets else (0, ";".join(found), "NO_BASELINE_PLATELETS")


def rows_of(subject, delivery, row, crcl):
    chosen = PRIOR[subject.prior]
    reason = "" if chosen else "NO_PRIOR_DRUGS"
    reason = "LINES_UNCLEAR" if subject.prior == "unclear" else reason
    names = ";".join(dict.fromkeys(substance for substance, _, _ in chosen))
    rows = [row("PRIORLIN", len(chosen), names, 0, "prior-lines", reason, unconfirmed=True)]
    last = first_cycles(subject, 3, delivery)
    days = _days_with(subject, last, delivery, lambda s: s.drug == "sulfamethoxazole and trimethoprim")
    text = "GIVEN" if 100 * days >= 80 * (last + 1) else "PARTIAL" if days else "NONE"
    rows.append(row("ABXPROPH", days, text, last, "antibiotic-prophylaxis",
                    drugs.unseen(subject, last, delivery)))
    level, text, reason = level_of(subject, delivery)
    rows.append(row("VTELEVEL", level, text, 0, "vte-level", reason))
    if not level:
        return rows + [row("VTECONC", rule="vte-concordance", reason=reason)]
    last = first_cycles(subject, 4, delivery)
    reason = drugs.unseen(subject, last, delivery)
    judged = _concordance(subject, last, delivery, {1: "LMWH", 2: "ASPIRIN", 3: None}[level])
    if level == 1 and (crcl is None or crcl[0] < 30):  # warfarin stands for heparin
        other = _concordance(subject, last, delivery, "VKA")
        reason = reason or ("NO_RENAL_FUNCTION" if crcl is None and other != judged else "")
        judged = other
    return rows + [row("VTECONC", "", judged, last, "vte-concordance", reason)]

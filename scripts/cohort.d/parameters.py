"""The truth of derived parameters: worked out from what was chosen, with fractions, by the published equations.

Nothing here is read from what the product writes. A parameter of a window starts from the result that the window flags;
a weight is taken by its day alone. Source: Cockcroft and Gault 1976, Facon 2020, Charlson 1987, and the starting-dose
table of the Korean expert recommendations for lenalidomide.
"""
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

import dexamethasone
import drugs
import monitoring
import prophylaxis
import questionnaires
import response
import treatment
from days import iso
from parts import remembered

COLUMNS = "subject,row_id,value,text,date,window_id,rule_id,state,reason"

# code by dialect, group and weight of the Charlson index: what a subject may have had before day 1
COMORBIDITIES = [
    ({"icd-10-cm": "I50.9", "": "I50.9"}, "Heart failure", "chf", 1),
    ({"icd-10-cm": "J44.9", "": "J44.9"}, "Chronic obstructive lung disease", "cpd", 1),
    ({"icd-10-cm": "E11.9", "": "E11.9"}, "Type 2 diabetes", "diab", 1),
    ({"icd-10-cm": "E11.21", "": "E11.2"}, "Type 2 diabetes with nephropathy", "diabwc", 2),
    ({"icd-10-cm": "K74.60", "": "K74.6"}, "Cirrhosis of the liver", "mld", 1),
    ({"icd-10-cm": "I25.2", "": "I25.2"}, "Old myocardial infarction", "mi", 1),
    ({"icd-10-cm": "I10", "": "I10"}, "Hypertension", None, 0),
]
SEVERE_OVER_MILD = {"diab": "diabwc", "mld": "msld"}


def choose_comorbidities(rng):
    return rng.sample(COMORBIDITIES, rng.choice((0, 0, 1, 1, 2, 3)))


def code_of(comorbidity, system):
    codes = comorbidity[0]
    return codes["icd-10-cm"] if system.endswith("-cm") else codes[""]


def charlson(comorbidities):
    groups = {group: weight for _, _, group, weight in comorbidities if group}
    kept = {group: weight for group, weight in groups.items() if SEVERE_OVER_MILD.get(group) not in groups}
    return sum(kept.values()), ";".join(sorted(kept))


# ---- numbers ----

def tenths(value):
    """One decimal, half to even."""
    scaled = value * 10
    whole = scaled.numerator // scaled.denominator
    rest = scaled - whole
    whole += rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1)
    return "%d.%d" % (whole // 10, whole % 10)


def age_on(born, day):
    """Completed years."""
    b, d = date.fromordinal(born), date.fromordinal(day)
    return d.year - b.year - ((d.month, d.day) < (b.month, b.day))


def ages_on(subject, day):
    """The least and the most completed years: two where only the year of birth is told."""
    if subject.lacks != "birthday":
        return (age_on(subject.born, day),) * 2
    year = date.fromordinal(subject.born).year
    return age_on(date(year, 12, 31).toordinal(), day), age_on(date(year, 1, 1).toordinal(), day)


def clearance(subject, creatinine, age, kilograms):
    value = (140 - age) * kilograms / (72 * creatinine / Fraction("88.4"))
    return value * Fraction("0.85") if subject.gender == "female" else value


def group(value, cuts):
    """Cuts fall."""
    if value >= cuts[0]:
        return ">=%d" % cuts[0]
    return "%d-<%d" % (cuts[1], cuts[0]) if value >= cuts[1] else "<%d" % cuts[1]


# ---- what was measured ----

def rows_as_of(item, delivery):
    if item.delivery > delivery:
        return []
    return item.after if delivery == 2 and item.after else item.rows


NEEDED = ("CREAT", "ANC", "PLT", "ECOG", "WEIGHT", "HEIGHT")


@remembered
def _all_flagged(subject, delivery):
    """concept -> window -> (elapsed day, minute, value)"""
    found = {concept: {} for concept in NEEDED}
    for item in subject.items:
        for row in rows_as_of(item, delivery):
            if row.state == "delivered" and row.anl01 and row.concept in found:
                where = (item.lab.visit.day, item.lab.minute) if item.lab else (None, None)
                found[row.concept].update({window: (*where, Fraction(row.value)) for window in row.anl01})
    return found


def flagged(subject, concept, delivery):
    """window -> (elapsed day, minute, value)"""
    return _all_flagged(subject, delivery)[concept]


def weights(subject, delivery):
    """(elapsed day, minute, kilograms, collected, item): collected by a window, or from before the first one."""
    found = []
    for item in subject.items:
        if not item.lab or item.lab.concept != "WEIGHT" or item.lab.outside in ("AFTER_36_MONTHS", "AFTER_WITHDRAWAL"):
            continue
        for row in rows_as_of(item, delivery):
            if row.state in ("delivered", "outside_window", "evidence"):
                day = item.lab.visit.day
                found.append((day, item.lab.minute, item.lab.number, not item.lab.outside or day < -14, item))
    return found


def weight_for(found, day):
    """The latest in the 90 days up to that day, else the nearest in the 30 after; between windows last."""
    for collected in (True, False):
        before = [w for w in found if w[3] == collected and day - 90 <= w[0] <= day]
        after = [w for w in found if w[3] == collected and day < w[0] <= day + 30]
        if before:
            return max(before, key=lambda w: w[:2])
        if after:
            return min(after, key=lambda w: w[:2])
    return None


# ---- rows ----

class Rows:
    """Makes rows of one subject: what cannot be assessed has its reason and no value."""

    def __init__(self, subject):
        self.subject = subject

    def __call__(self, name, value="", text="", day=None, rule="", reason="", window="", unconfirmed=False):
        state = "not_assessable" if reason else "unconfirmed" if unconfirmed else "derived"
        value, text = ("", "") if reason else (str(value), text)
        return (self.subject.key, "%s|%s" % (self.subject.key, name), value, text,
                "" if day is None else iso(self.subject.day(day)), window, rule, state, reason)


@lru_cache(maxsize=4096)
def mdrd(gender, age, creatinine):
    """One decimal, half to even, of 175 x creatinine^-1.154 x age^-0.203, x 0.742 for women."""
    with localcontext() as context:
        context.prec = 40
        milligrams = Decimal(creatinine.numerator) / Decimal(creatinine.denominator) / Decimal("88.4")
        value = 175 * milligrams ** Decimal("-1.154") * Decimal(age) ** Decimal("-0.203")
        value = value * Decimal("0.742") if gender == "female" else value
        return str(value.quantize(Decimal("0.1"), ROUND_HALF_EVEN))


def _renal(subject, delivery, row):
    """Rows of every window with a creatinine, and of the baseline; gives the clearance at baseline. subject.used_weights:
    the weights between windows that were needed."""
    creatinines, found = flagged(subject, "CREAT", delivery), weights(subject, delivery)
    rows, clearances, subject.used_weights = [], {}, set()
    for window in sorted({*creatinines, "BASELINE"}):
        day, _, value = creatinines.get(window, (None, None, None))
        person = {"sex": "NO_SEX", "birth": "NO_BIRTH_DATE"}.get(subject.lacks, "")
        lack = "NO_CREATININE" if value is None else person
        weight = weight_for(found, day) if not lack else None
        reason = lack or ("" if weight else "NO_WEIGHT")
        if weight and weight[4].lab.outside:
            subject.used_weights.add(weight[4])
        young, old = ages_on(subject, subject.day(day)) if day is not None else (0, 0)
        partial = "PARTIAL_BIRTH_DATE" if young != old and not lack else ""
        both = [] if reason else [clearance(subject, value, age, weight[2]) for age in (old, young)]
        clearances[window] = (day, *both) if not reason else None
        rows.append(row("CRCLCG|" + window, "" if reason else tenths(both[0]), "", day, "crcl-cg", partial or reason, window))
        rows.append(row("EGFRMDRD|" + window, "" if lack else mdrd(subject.gender, old, value), "", day, "egfr-mdrd",
                        partial or lack, window))
        for of, cuts in (("dosing", (50, 30)), ("analysis", (60, 30))):
            rows.append(row("RENALGRP|%s|%s" % (window, of), "", "" if reason else group(both[0], cuts) + (
                " dialysis" if of == "dosing" and subject.kidneys.dialysed_near(day) else ""), day, "renal-" + of,
                            reason or _ambiguous(subject, group(both[0], cuts) != group(both[1], cuts)), window))
    rows.append(_improvement(clearances, row))
    baseline = clearances["BASELINE"]
    return rows, baseline[1:] if baseline else None, "" if baseline else (
        (person or "NO_WEIGHT") if "BASELINE" in creatinines else "NO_CREATININE")


def _ambiguous(subject, differs):
    subject.asked_age |= differs
    return "AGE_AMBIGUOUS" if differs else ""


PLACES = (">=60", "30-<60", "<30")


def _improvement(clearances, row):
    """The group at the best clearance up to the end of treatment against that at baseline."""
    known = {window: c for window, c in clearances.items() if c and group(c[1], (60, 30)) == group(c[2], (60, 30))}
    baseline = known.get("BASELINE")
    later = [c for window, c in known.items() if window not in ("BASELINE", "FU")]
    if not baseline or not later:
        return row("RENALRSP", rule="renal-response", reason="NO_LATER_GROUP" if baseline else "NO_BASELINE_GROUP")
    day, best, _ = max(later, key=lambda c: (c[1], -c[0]))
    was, now = group(baseline[1], (60, 30)), group(best, (60, 30))
    return row("RENALRSP", PLACES.index(was) - PLACES.index(now), "%s to %s" % (was, now), day, "renal-response")


def _start_dose(subject, delivery, crcl, reason):
    """(value, text, reason)"""
    counts = [flagged(subject, concept, delivery).get("BASELINE") for concept in ("ANC", "PLT")]
    for count, missing in zip(counts, ("NO_BASELINE_ANC", "NO_BASELINE_PLATELETS")):
        reason = reason or ("" if count else missing)
    if reason:
        return "", "", reason
    low = counts[0][2] < 1 or counts[1][2] < 50
    if group(crcl[0], (50, 30)) != group(crcl[1], (50, 30)):
        return "", "", _ambiguous(subject, True)
    table = {">=50": ("25 mg daily", "15 mg daily"), "30-<50": ("10 mg daily", "15 mg every other day"),
             "<30": ("15 mg every other day", "5 mg daily")}
    text = table[group(crcl[0], (50, 30))][low]
    if subject.kidneys.plan == "dialysis":
        text = "5 mg every other day" if low else "5 mg daily"
    return text.split()[0], text, ""


def _frailty(subject, delivery, index, row):
    young, years = ages_on(subject, subject.course.d1)
    points = (years >= 76) + (years >= 81) + (index >= 2)
    lack = "NO_BIRTH_DATE" if subject.lacks == "birth" else _ambiguous(subject, any(young < limit <= years
                                                                                    for limit in (76, 81)))
    ecog, (adl, iadl) = flagged(subject, "ECOG", delivery).get("BASELINE"), questionnaires.activities(subject)
    imwg = "" if adl is None or iadl is None else points + (adl <= 4) + (iadl <= 5)
    simple = points + min(2, int(ecog[2])) if ecog else ""
    return [row("FRAILIMW", imwg, "" if imwg == "" else ("FIT", "INTERMEDIATE", "FRAIL")[min(2, imwg)], 0, "frailty-imwg",
                lack or ("NO_ADL_IADL" if imwg == "" else "")),
            row("FRAILSIM", simple, "" if simple == "" else "FRAIL" if simple >= 2 else "NONFRAIL", 0,
                "frailty-simplified", lack or ("" if ecog else "NO_ECOG"))]


def of_subject(subject, delivery):
    row = Rows(subject)
    rows, crcl, reason = _renal(subject, delivery, row)
    index, groups = charlson(subject.comorbidities)
    rows.append(row("CHARLSON", index, groups, 0, "charlson"))
    rows += _frailty(subject, delivery, index, row)
    value, text, reason = _start_dose(subject, delivery, crcl, reason)
    rows.append(row("EXPDOSE", value, text, 0, "start-dose", reason))
    rows += treatment.rows_of(subject, delivery, row, (text, reason))
    rows += dexamethasone.rows_of(subject, delivery, row, ages_on(subject, subject.course.d1))
    rows += prophylaxis.rows_of(subject, delivery, row, crcl)
    rows += monitoring.rows_of(subject, delivery, row)
    rows += response.rows_of(subject, delivery, row, drugs.cap_of(subject.course))
    rows += questionnaires.rows_of(subject, row)
    contact = response.last_contact(subject, delivery)
    rows.append(row("SPM", contact, "CENSORED", contact, "spm", unconfirmed=subject.malignancy is not None and subject.malignancy <= delivery))
    return rows


def cite_weights(subject, delivery):
    """A weight that no window took is evidence where a clearance needed it."""
    _renal(subject, delivery, Rows(subject))
    for item in subject.items:
        rows = rows_as_of(item, delivery)
        if not rows or not item.lab or item.lab.concept != "WEIGHT" or not item.lab.outside:
            continue
        state = ("evidence", "") if item in subject.used_weights else ("outside_window", item.lab.outside)
        if rows[0].state in ("evidence", "outside_window") and (rows[0].state, rows[0].reason) != state:
            changed = [rows[0].copy(state=state[0], reason=state[1])]
            item.rows, item.after = (changed, item.after) if delivery == 1 else (item.rows, changed)


def ask_age(subject):
    """How old the subject was is asked, at the Patient, where two ages lead to two answers."""
    patient = next(item for item in subject.items if item.kind == "Patient")
    for delivery, name in ((1, "rows"), (2, "after")):
        subject.asked_age = False
        of_subject(subject, delivery)
        if subject.asked_age:
            setattr(patient, name, [patient.rows[0].copy(codes="AGE_AMBIGUOUS")])
        elif name == "after":
            patient.after = [patient.rows[0].copy(codes="")]

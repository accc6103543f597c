"""The truth of derived parameters: worked out from what was chosen, with fractions, by the published equations.

Nothing here is read from what the product writes. A parameter of a window starts from the result that the window flags;
a weight is taken by its day alone. Source: Cockcroft and Gault 1976, Facon 2020, Charlson 1987, and the starting-dose
table of the Korean expert recommendations for lenalidomide.
"""
from datetime import date
from fractions import Fraction

COLUMNS = "subject,row_id,value,text,reason"

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


def clearance(subject, creatinine, day, kilograms):
    value = (140 - age_on(subject.born, day)) * kilograms / (72 * creatinine / Fraction("88.4"))
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


def flagged(subject, concept, delivery):
    """window -> (elapsed day, minute, value)"""
    found = {}
    for item in subject.items:
        for row in rows_as_of(item, delivery):
            if row.state == "delivered" and row.concept == concept:
                for window in row.anl01:
                    where = (item.lab.visit.day, item.lab.minute) if item.lab else (None, None)
                    found[window] = (*where, Fraction(row.value))
    return found


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


# ---- parameters ----

def _renal(subject, delivery, rows):
    """Rows of every window with a creatinine, and of the baseline; gives the clearance at baseline."""
    creatinines, found, baseline = flagged(subject, "CREAT", delivery), weights(subject, delivery), None
    for window in sorted({*creatinines, "BASELINE"}):
        day, _, value = creatinines.get(window, (None, None, None))
        weight = weight_for(found, day) if value is not None else None
        reason = "NO_CREATININE" if value is None else "" if weight else "NO_WEIGHT"
        rows.append(("CRCLCG|" + window, "", "", reason))
        rows += [("RENALGRP|%s|%s" % (window, of), "", "", reason) for of in ("dosing", "analysis")]
        if reason:
            continue
        if weight[4].lab.outside:
            subject.used_weights.add(weight[4])
        result = clearance(subject, value, subject.day(day), weight[2])
        baseline = result if window == "BASELINE" else baseline
        rows[-3:] = [("CRCLCG|" + window, tenths(result), "", ""),
                     ("RENALGRP|%s|dosing" % window, "", group(result, (50, 30)), ""),
                     ("RENALGRP|%s|analysis" % window, "", group(result, (60, 30)), "")]
    return baseline, "" if baseline is not None else "NO_WEIGHT" if "BASELINE" in creatinines else "NO_CREATININE"


def _start_dose(subject, delivery, crcl, reason):
    counts = [flagged(subject, concept, delivery).get("BASELINE") for concept in ("ANC", "PLT")]
    for count, missing in zip(counts, ("NO_BASELINE_ANC", "NO_BASELINE_PLATELETS")):
        reason = reason or ("" if count else missing)
    if reason:
        return ("EXPDOSE", "", "", reason)
    low = counts[0][2] < 1 or counts[1][2] < 50
    table = {">=50": ("25 mg daily", "15 mg daily"), "30-<50": ("10 mg daily", "15 mg every other day"),
             "<30": ("15 mg every other day", "5 mg daily")}
    text = table[group(crcl, (50, 30))][low]
    return ("EXPDOSE", text.split()[0], text, "")


def _frailty(subject, delivery, index):
    years = age_on(subject.born, subject.course.d1)
    ecog = flagged(subject, "ECOG", delivery).get("BASELINE")
    if not ecog:
        return ("FRAILSIM", "", "", "NO_ECOG")
    score = (years >= 76) + (years >= 81) + (index >= 2) + min(2, int(ecog[2]))
    return ("FRAILSIM", str(score), "FRAIL" if score >= 2 else "NONFRAIL", "")


def of_subject(subject, delivery):
    """Rows of the table, and (subject.used_weights) which weights between windows were needed for them."""
    rows = []
    crcl, reason = _renal(subject, delivery, rows)
    index, groups = charlson(subject.comorbidities)
    rows.append(("CHARLSON", str(index), groups, ""))
    rows.append(_frailty(subject, delivery, index))
    rows.append(_start_dose(subject, delivery, crcl, reason))
    return [(subject.key, "%s|%s" % (subject.key, row[0]), *row[1:]) for row in rows]


def cite_weights(subject, delivery):
    """A weight that no window took is evidence where a clearance needed it."""
    subject.used_weights = set()
    of_subject(subject, delivery)
    for item in subject.items:
        rows = rows_as_of(item, delivery)
        if not rows or not item.lab or item.lab.concept != "WEIGHT" or not item.lab.outside:
            continue
        state = ("evidence", "") if item in subject.used_weights else ("outside_window", item.lab.outside)
        if rows[0].state in ("evidence", "outside_window") and (rows[0].state, rows[0].reason) != state:
            changed = [rows[0].copy(state=state[0], reason=state[1])]
            item.rows, item.after = (changed, item.after) if delivery == 1 else (item.rows, changed)

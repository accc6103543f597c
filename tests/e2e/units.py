#!/usr/bin/env python3
"""units.py list FOLDER: every conversion of the unit tables as lines "FROM TO VALUE OURS WHAT", OURS worked out exactly.
units.py judge: the same lines with UCUM's answer in front; status 1 unless every one is right.

Where UCUM does not convert, an amount of substance is held against the molar mass of its formula: our factor may differ
by half of its last digit, or as much as molar masses printed with five digits do. What neither knows stands in
CONVENTIONS with its reason.
"""
import csv
import os
import re
import sys
from fractions import Fraction

VALUES = ("1", "37.5")
DOSE_BASE = {"mass": "mg", "volume": "mL", "activity": "[IU]", "count": "1"}
FIVE_DIGITS = Fraction(2, 10**5)
NEAR = Fraction(1, 10**9)  # UCUM's answers are doubles

# Standard atomic weights, abridged (IUPAC 2021)
WEIGHTS = {"H": "1.008", "C": "12.011", "N": "14.007", "O": "15.999", "Na": "22.990", "Mg": "24.305", "P": "30.974",
           "K": "39.098", "Ca": "40.078", "I": "126.90"}
FORMULAS = {"CREAT": "C4H7N3O", "UREA": "CH4N2O", "UREA_N": "N2", "BILI": "C33H36N4O6", "CA": "Ca", "CA_CORR": "Ca", "CA_ION": "Ca",
            "MG": "Mg", "PHOS": "P", "GLUC": "C6H12O6", "URATE": "C5H4N4O3", "LACTATE": "C3H6O3", "FT4": "C15H11I4NO4",
            "FT3": "C15H12I3NO4"}
# The haemoglobin of a mmol is that of one haem: a quarter of the tetramer's 64,458 g/mol (ICSH). Urea nitrogen weighs
# the two N of each molecule of urea.
MASSES = {"HGB": Fraction(64458, 4)}
CHARGES = {"NA": 1, "K": 1, "CA": 2, "CA_CORR": 2, "MG": 2}

CONVENTIONS = {  # FROM, TO: the factor, and why UCUM says nothing
    ("[IU]/L", "U/L"): (1, "the IU of an enzyme is the U; UCUM's [IU] is arbitrary"),
    ("[USP'U]", "[IU]"): (1, "heparins are dosed in either; both are arbitrary to UCUM"),
}


def exact(text):
    return Fraction(text)


def ours(rule, value):
    affine = {"affine:(x-32)*5/9": (value - 32) * Fraction(5, 9), "affine:x-273.15": value - exact("273.15")}
    return affine[rule] if rule in affine else exact(rule) * value


def table(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def conversions(folder):
    for row in table(folder, "loinc-labs.csv"):
        for pair in filter(None, row["accepted_units"].split("|")):
            unit, rule = pair.rsplit("=", 1)
            nitrogen = "_N" if "nitrogen" in row["loinc_name"].lower() else ""
            yield unit, row["ucum_canonical"], rule, row["concept"] + nitrogen
    for row in table(folder, "dose-units.csv"):
        if row["source"].startswith("UCUM") and row["kind"] in DOSE_BASE:
            yield row["unit"], DOSE_BASE[row["kind"]], row["factor"], "dose"


def both_arbitrary(unit, to):
    """UCUM converts no arbitrary unit, not even to itself: any other in its place shows its prefix and volume."""
    pattern = re.compile(r"\[i?I?U\]")
    if pattern.search(unit) and pattern.search(to):
        return pattern.sub("cd", unit), pattern.sub("cd", to)
    return unit, to


def list_all(folder):
    for unit, to, rule, what in sorted(set(conversions(folder))):
        for value in VALUES:
            print(*both_arbitrary(unit, to), value, ours(rule, exact(value)), rule, what, sep="\t")


def molar_mass(concept):
    if concept in MASSES:
        return MASSES[concept]
    parts = re.findall(r"([A-Z][a-z]?)(\d*)", FORMULAS[concept])
    return sum(exact(WEIGHTS[element]) * int(count or 1) for element, count in parts)


def concentration(unit):
    """Grams or moles a litre, and which; None: not such a unit."""
    match = re.fullmatch(r"(p|n|u|m|)(g|mol|eq)/(dL|L|mL)", unit)
    if not match:
        return None
    prefix, kind, volume = match.groups()
    exponent = {"": 0, "m": 3, "u": 6, "n": 9, "p": 12}[prefix]
    return Fraction(1, 10**exponent) * {"dL": 10, "L": 1, "mL": 1000}[volume], kind


def by_substance(unit, to, concept):
    """The factor by molar mass or charge; None: neither is known."""
    source, target = concentration(unit), concentration(to)
    if not source or not target or source[1] == target[1]:
        return None
    moles = {"g": lambda: 1 / molar_mass(concept), "mol": lambda: 1, "eq": lambda: Fraction(1, CHARGES[concept])}
    try:
        return source[0] * moles[source[1]]() / (target[0] * moles[target[1]]())
    except KeyError:
        return None


def last_digit(text):
    """One in the last place of a decimal; a ratio is exact."""
    if "/" in text:
        return Fraction(0)
    return Fraction(1, 10 ** len(text.partition(".")[2]))


def judge(line, counts, used):
    answer, unit, to, value, got, rule, concept = line.rstrip("\n").split("\t")
    got = exact(got)
    if answer != "no":
        counts["UCUM"] += 1
        return abs(exact(answer) - got) <= NEAR * abs(got) + NEAR, f"UCUM says {answer}"
    if (unit, to) in CONVENTIONS:
        counts["convention"] += 1
        used.add((unit, to))
        return got == CONVENTIONS[unit, to][0] * exact(value), "as " + CONVENTIONS[unit, to][1]
    factor = by_substance(unit, to, concept)
    if factor is None:
        return False, "neither UCUM nor a molar mass says so"
    counts["molar mass"] += 1
    allowed = max(last_digit(rule) / 2, factor * FIVE_DIGITS if last_digit(rule) else 0)
    return abs(exact(rule) - factor) <= allowed, f"the molar mass gives {float(factor):.8g}"


def judge_all():
    counts, used, bad = {"UCUM": 0, "molar mass": 0, "convention": 0}, set(), []
    for line in sys.stdin:
        right, why = judge(line, counts, used)
        if not right:
            bad.append("\t".join(line.split("\t")[1:7]).strip() + ": " + why)
    bad += [f"{pair}: a convention that nothing needs" for pair in CONVENTIONS if pair not in used]
    bad += [f"nothing was judged by {name}" for name, count in counts.items() if count == 0]
    print("\n".join(bad) if bad else "ok: " + ", ".join(f"{count} by {name}" for name, count in counts.items()))
    return 1 if bad else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["list"]:
        list_all(sys.argv[2])
    else:
        sys.exit(judge_all())

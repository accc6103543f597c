#!/usr/bin/env python3
"""What the study databases of the end-to-end tests must hold, by the truth that scripts/cohort wrote beside its data.

    truth.py delivered COHORT N STUDY.db          the values delivered after N deliveries, one by one
    truth.py changes COHORT BEFORE.db AFTER.db    what the second delivery added, changed and withdrew
    truth.py same A.db B.db...                    A's values are those of all B together
    truth.py loadable FILE...                     what a server would hold and show, on standard output
    truth.py strangers ROSTER SITE FILE...        the roster, every second patient of the site by record number only

Numbers are compared as numbers: a server may drop the zero at the end of 1.20. Behind a comparator the number is a
bound and no value, so it is left out.
"""
import collections
import csv
import decimal
import glob
import json
import sqlite3
import sys

COLUMNS = ("subject_key, window_id, concept, CASE WHEN comparator IS NULL THEN value_num END, grade, "
           "grade_direction, grade_flag, anl01")


def resources(paths):
    """(line, resource, where) of each, the cut lines left out, which no server takes."""
    for path in sorted(paths):
        with open(path, encoding="utf-8") as file:
            for place, line in enumerate(file):
                try:
                    yield line, json.loads(line), (path, place)
                except ValueError:
                    continue


def findable(resource):
    """A result without a date of its own is found by no search that has dates."""
    return resource["resourceType"] != "Observation" or any(key.startswith("effective") for key in resource)


def number(text):
    return decimal.Decimal(text).normalize() if text not in (None, "") else None


def row(subject, window, concept, value, grade, direction, flag, closest):
    grade = int(grade) if grade not in (None, "") else None
    return (subject, window, concept, number(value), grade, direction or None if grade else None, flag or None,
            bool(closest) and closest != "0")


def truth(cohort, deliveries):
    """(subject, resource, part, window) -> the row it makes."""
    rows = {}
    hidden = {one["id"] for _, one, _ in resources(glob.glob(cohort + "/*/delivery-*/*")) if not findable(one)}
    with open("%s/expected-%s.csv" % (cohort, deliveries), encoding="utf-8") as file:
        for r in csv.DictReader(file):
            if r["state"] != "delivered" or r["resource_type"] != "Observation" or r["resource_id"] in hidden:
                continue
            closest = r["anl01_windows"].split(";")
            for window in r["windows"].split(";"):
                rows[r["subject"], r["resource_id"], r["part"], window] = row(
                    r["subject"], window, r["concept"], r["value_num"], r["grade"], r["grade_direction"],
                    r["grade_flag"], window in closest)
    return rows


def read(path, query, active="status <> 'withdrawn'"):
    with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as db:
        return db.execute("SELECT %s FROM observations WHERE %s" % (query, active)).fetchall()


def values(path):
    return collections.Counter(row(*cells) for cells in read(path, COLUMNS))


def compare(wanted, got, what):
    missing, extra = wanted - got, got - wanted
    for sign, rows in (("-", missing), ("+", extra)):
        for one in sorted(rows.elements(), key=repr)[:10]:
            print(sign, *one)
    if missing or extra:
        sys.exit("%s: %d missing, %d too many of %d" % (what, missing.total(), extra.total(), wanted.total()))
    print("%s: all %d as expected" % (what, wanted.total()))


def delivered(cohort, deliveries, database):
    wanted = collections.Counter(truth(cohort, deliveries).values())
    compare(wanted, values(database), "values after delivery " + deliveries)


def changes(cohort, before, after):
    old, new = truth(cohort, "1"), truth(cohort, "2")
    wanted = {"added": len(new.keys() - old.keys()), "withdrawn": len(old.keys() - new.keys()),
              "changed": sum(old[key] != new[key] for key in old.keys() & new.keys())}
    was = {cells[:2]: row(*cells[2:]) for cells in read(before, "subject_key, row_id, " + COLUMNS)}
    now = {cells[:2]: row(*cells[2:]) for cells in read(after, "subject_key, row_id, " + COLUMNS)}
    gone = {tuple(cells) for cells in read(after, "subject_key, row_id", "status = 'withdrawn'")}
    got = {"added": len(now.keys() - was.keys()), "withdrawn": len(gone & was.keys()),
           "changed": sum(was[key] != now[key] for key in was.keys() & now.keys())}
    print("values by the truth:", wanted, "and by the study database:", got)
    if wanted != got:
        sys.exit("the second delivery did not change what it should")


def same(first, *others):
    compare(sum((values(path) for path in others), collections.Counter()), values(first), "values")


PLANNED = ("plannedStartDate", "plannedEndDate")  # of R5: a strict R4 server refuses a stay that has them


def as_r4(line, resource):
    if not any(name in resource for name in PLANNED):
        return line
    return json.dumps({name: value for name, value in resource.items() if name not in PLANNED}) + "\n"


def loadable(*paths):
    found = [(resource.get("meta", {}).get("lastUpdated", ""), where, as_r4(line, resource))
             for line, resource, where in resources(paths) if findable(resource)]
    sys.stdout.writelines(line for _, _, line in sorted(found))


def strangers(roster, site, *paths):
    found = {one["id"]: one["identifier"][0] for _, one, _ in resources(paths) if one["resourceType"] == "Patient"}
    with open(roster, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for r in [r for r in rows if r["site"] == site and r["patient"] in found][::2]:
        identifier = found[r["patient"]]
        r.update(patient="", mrn_system=identifier["system"], mrn=identifier["value"])
    out = csv.DictWriter(sys.stdout, rows[0].keys(), lineterminator="\n")
    out.writeheader()
    out.writerows(rows)


COMMANDS = {"strangers": strangers, "delivered": delivered, "changes": changes, "same": same, "loadable": loadable}
if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](*sys.argv[2:])

"""The generator's own test: every line parses, ids are unique by version, the truth has one row a part, the same seed
gives the same bytes, the values of the tables are spelt as they are promised to be."""
import argparse
import csv
import glob
import json
import os
import tempfile
from collections import Counter
from decimal import Decimal

from dialects import DIALECTS, profile
from output import profile_text
from resources import Writer
from values import CYTOPENIA_GRADES, CYTOPENIAS, PANEL, RANGES, VALUES

STATES = {"delivered", "evidence", "unchanged", "superseded", "not_in_scope", "outside_window", "held", "retracted"}


def options(out, **changes):
    wanted = {"out": out, "subjects": 40, "resources_per_subject": 150, "assessments": None, "events": None, "seed": 7, "format": "both",
              "sites": ",".join(DIALECTS), "order": "subject", "second_delivery": True, "faults": True,
              "as_of": "2026-06-30", "study": "lendex-rrmm"}
    wanted.update(changes)
    return argparse.Namespace(**wanted)


def entries(out, delivery, bundles):
    """(site, resource or None) of every entry of one delivery."""
    for site in DIALECTS:
        if bundles:
            for path in sorted(glob.glob(os.path.join(out, site, "delivery-%d-bundle" % delivery, "*.json"))):
                with open(path, encoding="utf-8") as text:
                    for entry in json.load(text)["entry"]:
                        yield site, entry["resource"] if "resourceType" in entry["resource"] else None
            continue
        for path in sorted(glob.glob(os.path.join(out, site, "delivery-%d" % delivery, "*.ndjson"))):
            with open(path, encoding="utf-8") as lines:
                for line in lines:
                    try:
                        yield site, json.loads(line)
                    except ValueError:
                        yield site, None


def parts_of(resource):
    """How many parts an entry counts for at the door, by name."""
    if resource is None or resource["resourceType"] != "Observation" or not resource.get("component"):
        return [""]
    own = [""] if any(name.startswith("value") for name in resource) else []
    return own + ["component[%d]" % n for n in range(len(resource["component"]))]


def keys_of(out, delivery, bundles):
    found = Counter()
    for site, resource in entries(out, delivery, bundles):
        for part in parts_of(resource):
            named = resource and resource["resourceType"] != "OperationOutcome"
            found[(site, resource["resourceType"] if resource else "", resource["id"] if named else "",
                   resource["meta"]["versionId"] if named else "", part)] += 1
    return found


def truth(out, number):
    with open(os.path.join(out, "expected-%d.csv" % number), encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def check_parts(out):
    for number in (1, 2):
        rows = truth(out, number)
        assert {row["state"] for row in rows} <= STATES
        for delivery in range(1, number + 1):
            told = Counter((r["site"], r["resource_type"], r["resource_id"], r["version_id"], r["part"]) for r in rows
                           if int(r["delivery"]) == delivery)
            for bundles in (False, True):
                assert told == keys_of(out, delivery, bundles), "truth and delivery %d differ" % delivery
    once = Counter((r["site"], r["resource_type"], r["resource_id"], r["version_id"], r["part"]) for r in truth(out, 1)
                   if r["resource_id"])
    assert max(once.values()) == 1, "an id and version twice in one delivery"


def check_flags(out):
    """A window has one flagged value of a concept, and every collected value is in a window."""
    for number in (1, 2):
        flagged = Counter()
        for row in truth(out, number):
            if not row["resource_type"].startswith("Medication"):  # rows of drugs stand in no window
                assert (row["state"] == "delivered") == bool(row["windows"])
            assert set(row["anl01_windows"].split(";")) <= set(row["windows"].split(";")) | {""}
            flagged.update((row["subject"], row["concept"], w) for w in row["anl01_windows"].split(";") if w)
        assert max(flagged.values()) == 1


def check_values():
    """Values keep their distance from a second reading: normal ones lie in the range, low ones below, high ones above."""
    for (concept, unit), by_grade in VALUES.items():
        limits = RANGES.get((concept, unit))
        for key, texts in by_grade.items():
            for text in texts:
                if limits and key is not None:
                    low, high = Decimal(limits[0]), Decimal(limits[1])
                    side = -1 if Decimal(text) < low else 1 if Decimal(text) > high else 0
                    assert side == (key > 0) - (key < 0), (concept, unit, text)
    for dialect in DIALECTS.values():
        writer = Writer(dialect)
        for concept in PANEL:
            assert writer.values(concept, 0)
        for concept in CYTOPENIAS:
            for grade in (0, *CYTOPENIA_GRADES[concept]):
                assert writer.values(concept, grade)


def check_profiles(here):
    for name in DIALECTS:
        path = os.path.join(here, "..", "..", "mappings", "sites", name + ".json")
        with open(path, encoding="utf-8") as text:
            assert text.read() == profile_text(profile(name)), "%s differs: run cohort --profiles mappings/sites" % path


def content(folder):
    found = {}
    for path in glob.glob(os.path.join(folder, "**", "*"), recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as data:
                found[os.path.relpath(path, folder)] = data.read()
    return found


def check_seeds(generate, folder):
    first, again, other, mixed = (os.path.join(folder, name) for name in ("a", "b", "c", "d"))
    generate(options(first))
    generate(options(again))
    generate(options(other, seed=8))
    generate(options(mixed, order="shuffled"))
    assert content(first) == content(again), "one seed, two outputs"
    assert content(first) != content(other), "two seeds, one output"
    lines = [sorted(b"".join(data for name, data in content(out).items() if name.endswith(".ndjson")).splitlines())
             for out in (first, mixed)]
    assert lines[0] == lines[1], "shuffling changed a resource"
    assert truth(first, 2) == truth(mixed, 2)
    return first


def check_second_study(generate, folder):
    """Two deliveries, and what people decided; every part told once."""
    first, again, mixed = (os.path.join(folder, name) for name in ("e", "f", "g"))
    for out, order in ((first, "subject"), (again, "subject"), (mixed, "shuffled")):
        generate(options(out, study="elranatamab-rrmm", order=order))
    assert content(first) == content(again), "one seed, two outputs"
    assert truth(first, 2) == truth(mixed, 2)
    check_parts(first)
    for site in DIALECTS:
        with open(os.path.join(first, site, "decisions.jsonl"), encoding="utf-8") as lines:
            numbers = [json.loads(line)["n"] for line in lines]
        assert numbers == list(range(1, len(numbers) + 1)), "decisions are numbered from 1"


def run(generate):
    here = os.path.dirname(os.path.abspath(__file__))
    check_values()
    check_profiles(here)
    with tempfile.TemporaryDirectory() as folder:
        out = check_seeds(generate, folder)
        check_parts(out)
        check_flags(out)
        check_second_study(generate, folder)
    print("cohort: the self test passed")
    return 0

"""Files of a cohort: deliveries as NDJSON or Bundles (in order of subjects, or shuffled through buckets on disk), truth
tables, the roster. Everything is written as it is made; memory does not grow with the cohort."""
import json
import os
import random

import drugs
import episodes
import evidence
import parameters
import treatment
from days import iso
from dialects import DIALECTS
from parts import TRUTH_COLUMNS

SHARD_BYTES = 64 << 20
BUNDLE_ENTRIES = 200
BUCKET_BYTES = 24 << 20
FREE_KINDS = ("Invalid", "OperationOutcome")


class Ndjson:
    """Shards of lines; by resource type where the hospital exports that way."""

    def __init__(self, folder, per_type):
        self.folder, self.per_type = folder, per_type
        self.open = {}
        os.makedirs(folder, exist_ok=True)

    def put(self, kind, rid, text):
        name = (kind if self.per_type and kind not in FREE_KINDS else "Observation") if self.per_type else "resources"
        shard = self.open.get(name)
        if shard is None or shard[1] > SHARD_BYTES:
            number = shard[2] + 1 if shard else 1
            if shard:
                shard[0].close()
            path = os.path.join(self.folder, "%s-%04d.ndjson" % (name, number))
            shard = self.open[name] = [open(path, "wb", buffering=1 << 18), 0, number]
        data = text.encode() + b"\n"
        shard[0].write(data)
        shard[1] += len(data)

    def close(self):
        for shard in self.open.values():
            shard[0].close()


class Bundles:
    """Searchset pages of some hundred entries."""

    def __init__(self, folder, base):
        self.folder, self.base, self.number, self.entries = folder, base, 0, []
        os.makedirs(folder, exist_ok=True)

    def put(self, kind, rid, text):
        if kind == "Invalid":  # a cut line would end the page: an entry that is no FHIR resource stands for it
            entry = '{"resource":{"note":"the resource could not be rendered"},"search":{"mode":"match"}}'
        elif kind == "OperationOutcome":
            entry = '{"resource":%s,"search":{"mode":"outcome"}}' % text
        else:
            entry = '{"fullUrl":"%s/%s/%s","resource":%s,"search":{"mode":"match"}}' % (self.base, kind, rid, text)
        self.entries.append(entry)
        if len(self.entries) == BUNDLE_ENTRIES:
            self._page()

    def _page(self):
        self.number += 1
        path = os.path.join(self.folder, "bundle-%05d.json" % self.number)
        with open(path, "w", encoding="utf-8") as out:
            out.write('{"resourceType":"Bundle","id":"page-%d","type":"searchset","link":[{"relation":"self","url":'
                      '"%s/Observation?_count=%d"}],"entry":[\n' % (self.number, self.base, BUNDLE_ENTRIES))
            out.write(",\n".join(self.entries))
            out.write("\n]}\n")
        self.entries = []

    def close(self):
        if self.entries:
            self._page()


class Shuffled:
    """A bounded shuffle: lines go to buckets on disk at random, each bucket is shuffled in memory at the end."""

    def __init__(self, folder, inner, seed, expected_bytes):
        self.inner, self.rng = inner, random.Random(seed)
        count = max(1, min(200, expected_bytes // BUCKET_BYTES + 1))
        self.paths = [os.path.join(folder, ".bucket-%03d" % n) for n in range(count)]
        self.buckets = [open(path, "w", encoding="utf-8") for path in self.paths]

    def put(self, kind, rid, text):
        self.buckets[int(self.rng.random() * len(self.buckets))].write("%s\t%s\t%s\n" % (kind, rid, text))

    def close(self):
        for bucket, path in zip(self.buckets, self.paths):
            bucket.close()
            with open(path, encoding="utf-8") as lines:
                held = lines.readlines()
            os.unlink(path)
            self.rng.shuffle(held)
            for line in held:
                self.inner.put(*line[:-1].split("\t", 2))
        self.inner.close()


class Delivery:
    """One delivery of one hospital, in the formats asked for."""

    def __init__(self, out, site, number, options, expected_bytes):
        folder = os.path.join(out, site, "delivery-%d" % number)
        self.sinks = []
        for form in ("ndjson", "bundle"):
            if options.format not in (form, "both"):
                continue
            place = folder + ("-bundle" if options.format == "both" and form == "bundle" else "")
            sink = (Ndjson(place, DIALECTS[site].per_type) if form == "ndjson"
                    else Bundles(place, DIALECTS[site].base))
            if options.order == "shuffled":
                sink = Shuffled(place, sink, "%s|%s|%d" % (options.seed, site, number), expected_bytes)
            self.sinks.append(sink)
        self.count = self.bytes = 0

    def put(self, item):
        for sink in self.sinks:
            sink.put(item.kind, item.rid, item.text)
        self.count += 1
        self.bytes += len(item.text)

    def close(self):
        for sink in self.sinks:
            sink.close()


class Truth:
    """expected-N.csv and, by table, expected-episodes-N.csv, -evidence-N, -grades-N, -drugs-N, -cycles-N, -windows-N and
    -parameters-N; N = 2 is cumulative."""

    def __init__(self, out, number):
        self.number = number

        def table(name, columns):
            handle = open(os.path.join(out, "expected%s-%d.csv" % (name, number)), "w", encoding="utf-8", newline="")
            handle.write(columns + "\n")
            return handle
        self.parts = table("", TRUTH_COLUMNS)
        self.episodes = table("-episodes", "subject," + episodes.COLUMNS)
        self.evidence = table("-evidence", "subject," + evidence.EVIDENCE)
        self.grades = table("-grades", "subject," + evidence.GRADES)
        self.proposals = table("-proposals", "subject," + episodes.PROPOSAL_COLUMNS)
        self.exposures = table("-exposures", "subject," + drugs.EXPOSURES)
        self.conmeds = table("-conmeds", "subject," + drugs.CONMEDS)
        self.cycles = table("-cycles", "subject,cycle_no,start,planned_mg,actual_mg,rdi,delay_days,dex_total_mg,dex_class")
        self.windows = table("-windows", "subject,window_id,data_group,target_date,state,contact_date")
        self.parameters = table("-parameters", parameters.COLUMNS)

    def put(self, site, patient, subject, item):
        if item.delivery > self.number:
            return
        rows = item.after if self.number == 2 and item.after else item.rows
        kind = "" if item.kind == "Invalid" else item.kind
        if item.kind in FREE_KINDS:
            patient = subject = ""
        head = "%s,%s,%s,%s,%s,%s," % (site, patient, subject, kind, item.rid, item.version)
        self.parts.write("".join(["%s%s,%d,%s\n" % (head, row.text(), item.delivery, row.flag) for row in rows]))

    def put_episodes(self, subject):
        for row in episodes.rows_as_of(subject, self.number):
            self.episodes.write("%s,%s\n" % (subject.key, ",".join(row)))
        for row in evidence.evidence_as_of(subject, self.number):
            self.evidence.write("%s,%s\n" % (subject.key, ",".join(row)))
        for row in evidence.grades_as_of(subject, self.number):
            self.grades.write("%s,%s\n" % (subject.key, ",".join(row)))
        for row in episodes.proposals_as_of(subject, self.number):
            self.proposals.write("%s,%s\n" % (subject.key, ",".join(row)))

    def put_drugs(self, subject):
        for row in drugs.exposures_as_of(subject, self.number):
            self.exposures.write("%s,%s\n" % (subject.key, ",".join(row)))
        for row in drugs.conmeds_as_of(subject, self.number):
            self.conmeds.write("%s,%s\n" % (subject.key, ",".join(row)))
        for row in treatment.cycle_rows(subject, self.number):
            self.cycles.write("%s,%s\n" % (subject.key, ",".join(row)))

    def put_windows(self, subject):
        for name, group, target, state, contact in subject.windows_as_of(self.number):
            contact = iso(subject.day(contact)) if contact != "" else ""
            self.windows.write("%s,%s,%s,%s,%s,%s\n" % (subject.key, name, group, iso(subject.day(target)), state,
                                                       contact))

    def put_parameters(self, subject):
        for row in parameters.of_subject(subject, self.number):
            self.parameters.write(",".join(row) + "\n")

    def close(self):
        for handle in (self.parts, self.episodes, self.evidence, self.grades, self.proposals, self.exposures, self.conmeds,
                       self.cycles, self.windows, self.parameters):
            handle.close()


class Roster:
    COLUMNS = "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn"

    def __init__(self, out, study):
        self.study = study
        self.file = open(os.path.join(out, "roster.csv"), "w", encoding="utf-8", newline="")
        self.file.write(self.COLUMNS + "\n")

    def line(self, site, patient, subject, recruited="", end="", first="", withdrawn="", system="", mrn=""):
        self.file.write(",".join((site, self.study, patient, subject, recruited, end, first, withdrawn, system, mrn))
                        + "\n")

    def put(self, subject):
        course = subject.course
        by_mrn = subject.dialect.by_mrn and subject.number % 8 < 4
        self.line(subject.dialect.name, "" if by_mrn else subject.patient_id, subject.key, iso(subject.recruited),
                  iso(subject.day(course.eot)) if course.eot is not None else "",
                  iso(course.d1) if subject.anchor == "roster" else "",
                  iso(subject.day(course.withdrawn)) if course.withdrawn is not None else "",
                  "urn:%s:mrn" % subject.dialect.name if by_mrn else "", subject.mrn if by_mrn else "")

    def close(self):
        self.file.close()


def write_profiles(folder, profile):
    """The site profiles as committed under mappings/sites/."""
    os.makedirs(folder, exist_ok=True)
    for name in DIALECTS:
        with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as out:
            out.write(profile_text(profile(name)))


def profile_text(value):
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"

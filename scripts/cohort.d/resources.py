"""FHIR R4 resources as text. Everything clinical arrives chosen; this file only knows how each hospital writes it.

Templates are filled with %, once per resource, because a cohort has millions of them; what never changes at a hospital
(category, code, performer, the extensions of its EHR) is rendered once per concept.
"""
import json

from dialects import ATC, BEDSIDE, LOCAL, LOCAL_SYSTEM, NOT_LISTED, RXNORM, SNOMED, UCUM, DRUGS
from values import canonical, known_values, reference

CATEGORY_SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
VITALS = ("WEIGHT", "HEIGHT", "TEMP", "HR", "BP", *BEDSIDE)
FLAGS = {"N": "Normal", "L": "Low", "H": "High", "LL": "Critical low", "HH": "Critical high"}


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def members(value):
    """An object's members as they stand inside a larger object, ending in a comma."""
    return dump(value)[1:-1] + ","


class Value:
    """One known value as one hospital writes it, with the truth that belongs to it."""

    __slots__ = ("number", "grade", "direction", "json", "tail", "bare")

    def __init__(self, dialect, concept, text, key):
        code, words, coded = dialect.units[concept]
        self.number = canonical(concept, code, text)
        self.grade = "" if key is None else str(abs(key))
        self.direction = "LOW" if key and key < 0 else "HIGH" if key else ""
        self.json = quantity(concept, text, code, words, coded)
        limits = reference(concept, code)
        self.bare = ""
        self.tail = ""
        if limits:
            flag = "N" if not key else ("L" if key < 0 else "H") * (2 if abs(key) > 2 else 1)
            self.tail = interpretation(flag) + limits_json(limits, code, words, coded)


def quantity(concept, text, code, words, coded):
    if concept == "ECOG":
        return '"valueInteger":%s,' % text
    unit = ',"unit":"%s"' % words if words else ""
    return '"valueQuantity":{"value":%s%s%s},' % (text, unit, ',"system":"%s","code":"%s"' % (UCUM, code) if coded else "")


def interpretation(flag):
    return '"interpretation":[{"coding":[{"system":"%s","code":"%s","display":"%s"}]}],' % (
        INTERPRETATION, flag, FLAGS[flag])


def limits_json(limits, code, words, coded):
    def bound(text):
        unit = ',"unit":"%s"' % words if words else ""
        return '{"value":%s%s%s}' % (text, unit, ',"system":"%s","code":"%s"' % (UCUM, code) if coded else "")
    return '"referenceRange":[{"low":%s,"high":%s}],' % (bound(limits[0]), bound(limits[1]))


class Writer:
    """One hospital's resources."""

    def __init__(self, dialect, drugs=DRUGS):
        self.dialect, self.drugs = dialect, drugs
        self._values = {}
        self._codes = {}
        self._template = self._observation_template()

    # ---- pieces ----

    def values(self, concept, key):
        """Known values of a grade; key None takes the normal or the ungraded ones."""
        found = self._values.get((concept, key))
        if found is None:
            table = known_values(concept, self.dialect.units[concept][0])
            use = key if key in table else (0 if 0 in table else None)
            found = self._values[concept, key] = [Value(self.dialect, concept, text, use) for text in table[use]]
        return found

    def keys(self, concept):
        return [key for key in known_values(concept, self.dialect.units[concept][0]) if key]

    def code(self, concept):
        """category and code of a concept, as this hospital sends them."""
        found = self._codes.get(concept)
        if found is None:
            loinc, words = self.dialect.codes[concept]
            if self.dialect.name == "busan" and concept in LOCAL:
                coding = [{"system": LOCAL_SYSTEM, "code": LOCAL[concept], "display": words}]
            else:
                coding = [{"system": self.dialect.loinc_system, "code": loinc, "display": words}]
                if self.dialect.name == "boston":
                    coding.append({"system": "urn:boston:lis", "code": "LIS-" + concept, "display": concept})
            kind = "vital-signs" if concept in VITALS else "survey" if concept == "ECOG" else "laboratory"
            found = self._codes[concept] = self.coded(coding, kind, concept)
        return found

    def coded(self, coding, kind, words):
        return members({"category": [{"coding": [{"system": CATEGORY_SYSTEM, "code": kind}]}],
                        "code": {"coding": coding, "text": words}})

    def not_listed(self, pick):
        loinc, words, unit = NOT_LISTED[pick % len(NOT_LISTED)]
        found = self._codes.get(loinc)
        if found is None:
            coding = [{"system": self.dialect.loinc_system, "code": loinc, "display": words}]
            found = self._codes[loinc] = (self.coded(coding, "laboratory", words), unit)
        return found

    def _observation_template(self):
        d = self.dialect
        meta = {"source": "%s#lis-export" % d.base,
                "profile": ["%s/StructureDefinition/laboratory-result" % d.base]}
        extension = [{"url": "%s/StructureDefinition/order-priority" % d.base, "valueCode": "routine"}]
        return ('{"resourceType":"Observation","id":"%s","meta":{"versionId":"%s","lastUpdated":"%s",' +
                escape(dump(meta)[1:]) + ',"extension":' + escape(dump(extension)) +
                ',"identifier":[{"system":"%s/result","value":"%%s"}],"status":"%%s",%%s' % d.base +
                '"subject":{"reference":"Patient/%s"},%s%s"performer":[' +
                escape(dump({"reference": "Organization/lab", "display": d.organisation})) + '],%s%s"note":' +
                escape(dump([{"text": "Analyser 3"}])) + '}')

    # ---- resources ----

    def observation(self, rid, version, updated, status, code, patient, encounter, when, value, tail):
        return self._template % (rid, version, updated, rid, status, code, patient, encounter, when, value, tail)

    def effective(self, day, minute, text=None):
        zone = self.dialect.zone
        issued = zone.local(day, minute + 95 if minute < 1300 else 1439)
        return '"effectiveDateTime":"%s","issued":"%s",' % (text or zone.local(day, minute), issued)

    def encounter_link(self, encounter_id):
        if not encounter_id:
            return ""
        base = self.dialect.base + "/" if self.dialect.name == "essen" else ""
        return '"encounter":{"reference":"%sEncounter/%s"},' % (base, encounter_id)

    def specimen_link(self, specimen_id):
        return '"specimen":{"reference":"Specimen/%s"},' % specimen_id if specimen_id else ""

    def _meta(self, version, updated, **more):
        return dict({"versionId": version, "lastUpdated": updated, "source": self.dialect.base + "#ehr"}, **more)

    def _head(self, kind, rid, version, updated):
        return {"resourceType": kind, "id": rid, "meta": self._meta(version, updated),
                "identifier": [{"system": "%s/%s-number" % (self.dialect.base, kind.lower()), "value": rid}]}

    def patient(self, rid, version, updated, facts):
        body = self._head("Patient", rid, version, updated)
        body["identifier"] = [
            {"use": "usual", "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                                                  "code": "MR"}]},
             "system": facts["mrn_system"], "value": facts["mrn"], "assigner": {"display": self.dialect.organisation}}]
        body.update({"active": True, "name": [{"use": "official", "family": facts["family"], "given": ["Test"]}],
                     **{name: facts[own] for name, own in (("gender", "gender"), ("birthDate", "birth")) if facts[own]},
                     "address": [{"use": "home", "line": ["Calle Ejemplo 1"], "city": self.dialect.name.title()}],
                     "managingOrganization": {"display": self.dialect.organisation}})
        if facts.get("death"):
            body["deceasedDateTime"] = facts["death"]
        return dump(body)

    def encounter(self, rid, version, updated, patient, start, end, kind="AMB", status="finished"):
        body = self._head("Encounter", rid, version, updated)
        body.update({"status": status,
                     "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": kind},
                     "type": [{"coding": [{"system": SNOMED, "code": "185349003", "display": "Encounter for check up"}],
                               "text": "Haematology outpatient visit"}],
                     "subject": {"reference": "Patient/" + patient}, "period": {"start": start, "end": end},
                     "participant": [{"individual": {"reference": "Practitioner/haem-02", "display": "Haematology"}}],
                     "reasonCode": [{"text": "Multiple myeloma, treatment visit"}],
                     "location": [{"location": {"reference": "Location/opd-4", "display": "Day clinic, level 4"}}],
                     "serviceProvider": {"reference": "Organization/haematology", "display": self.dialect.organisation}})
        return dump(body)

    def condition(self, rid, version, updated, patient, event):
        body = self._head("Condition", rid, version, updated)
        status = "http://terminology.hl7.org/CodeSystem/condition-"
        body.update({
            "clinicalStatus": {"coding": [{"system": status + "clinical",
                                           "code": "resolved" if event.get("end") else "active"}]},
            "verificationStatus": {"coding": [{"system": status + "ver-status",
                                               "code": event.get("verification", "confirmed")}]},
            "category": [{"coding": [{"system": status + "category",
                                      "code": event.get("category", "encounter-diagnosis")}]}],
            "code": {"coding": [{"system": event.get("system", self.dialect.condition_system), "code": event["code"],
                                 "display": event["words"]}], "text": event["words"]},
            "subject": {"reference": "Patient/" + patient}, "onsetDateTime": event["onset"]})
        if event.get("end"):
            body["abatementDateTime"] = event["end"]
        body["recordedDate"] = event["recorded"]
        body["recorder"] = {"reference": "Practitioner/haem-02", "display": "Haematology"}
        return dump(body)

    def drug(self, substance, patient, rid):
        """medication[x] in this hospital's way, and what it needs inside the resource."""
        atc, rxnorm, words = self.drugs[substance]
        name = self.dialect.name
        coding = [{"system": ATC, "code": atc, "display": substance}]
        if name == "busan":
            return {"medicationReference": {"reference": "Medication/" + medication_id(substance), "display": words}}
        if name == "boston" and rxnorm:
            return {"medicationReference": {"type": "Medication", "identifier": {
                "system": "urn:boston:formulary", "value": "F-" + atc}, "display": words}}
        if name == "essen":
            inside = {"resourceType": "Medication", "id": "med1", "code": {"coding": coding, "text": words}}
            return {"contained": [inside], "medicationReference": {"reference": "#med1", "display": words}}
        return {"medicationCodeableConcept": {"coding": coding, "text": words}}

    def medication_use(self, kind, rid, version, updated, patient, substance, facts):
        body = self._head(kind, rid, version, updated)
        drug = dict(facts.pop("drug", None) or self.drug(substance, patient, rid))
        contained = drug.pop("contained", None)
        if contained:
            body["contained"] = contained
        body.update(drug)
        body["subject"] = {"reference": "Patient/" + patient}
        body.update(facts)
        body["note"] = [{"text": "Entered by the ward pharmacy; checked against the treatment plan."}]
        return dump(body)

    def medications(self, updated):
        """The hospital's formulary, one Medication a drug, for dialects that refer to it."""
        for substance, (atc, rxnorm, words) in sorted(self.drugs.items()):
            coding = [{"system": ATC, "code": atc, "display": substance}]
            rid = medication_id(substance)
            body = self._head("Medication", rid, self.dialect.version(rid.rjust(12, "0"), 1), updated)
            if self.dialect.name == "boston":
                body["identifier"] = [{"system": "urn:boston:formulary", "value": "F-" + atc}]
                if rxnorm:
                    coding = [{"system": RXNORM, "code": rxnorm, "display": substance}]
            body["code"] = {"coding": coding, "text": words}
            body["status"] = "active"
            yield rid, self.dialect.version(rid.rjust(12, "0"), 1), dump(body)

    def plain(self, kind, rid, version, updated, facts):
        body = self._head(kind, rid, version, updated)
        body.update(facts)
        return dump(body)

    def blood_pressure(self, rid, version, updated, patient, encounter, when, systolic, diastolic):
        def part(concept, value):
            loinc, words = self.dialect.codes[concept]
            return ('{"code":{"coding":[{"system":"%s","code":"%s","display":"%s"}]},%s}' % (
                self.dialect.loinc_system, loinc, words, value.json.rstrip(",")))
        parts = '"component":[%s,%s],' % (part("SBP", systolic), part("DBP", diastolic))
        return self.observation(rid, version, updated, "final", self.code("BP"), patient, encounter, when, "", parts)


def medication_id(substance):
    return "med-" + substance.replace(" ", "-")


def escape(text):
    return text.replace("%", "%%")

"""Planted faults, each with its truth. A fault is an extra resource at a visit that also has clean results (so that it
never decides a flag or a contact), or a story of a whole subject that blocks it.

plan_* run before a subject is written and change the choices; the others add resources afterwards.
"""
from days import bare, first_of_next_month, iso, month_of
from dialects import ATC, DRUGS, LOINC, SNOMED, UCUM
from events import Proposal
from parts import Row

LATER, EARLIER = 1, -1  # a faulty result is timed after the clean ones of its visit, or before them


# ---- before writing ----

def plan_no_contact(subject):
    """An assessment with results and no visit: the window is missed and its data are not collected. Never the last one
    kept, which what happened before it waits for."""
    history = subject.history
    last = max((n.k for n in subject.course.nodes if n.k and n.visits and n.first_kind != "t90"), default=0)
    nodes = [n for n in subject.course.nodes if n.k and n.k != last and n.visits and not n.must and
             not {n.k - 1, n.k, n.k + 1} & history.busy and n.k not in history.reported]
    if not nodes or not subject.dialect.encounters or len(nodes) < 2:
        return
    node = subject.rng.choice(nodes)
    node.no_contact = True
    for visit in node.visits:
        visit.encounter = False
        visit.reason = "NO_CONTACT"
        visit.g90_reason = "NO_CONTACT" if visit.g90 else "BETWEEN_WINDOWS"
        visit.windows = visit.g90 = ()


# ---- where a fault goes ----

def _visit(subject, grid_only=False):
    """A visit of the first delivery that a window takes, in an assessment no episode needs; None if there is none."""
    nodes = [n for n in subject.course.nodes if n.visits and not n.no_contact and not n.late and
             (n.k is None or n.k not in subject.history.busy)]
    nodes = [n for n in nodes if n.k and n.k % 3 and not n.must] if grid_only else nodes
    visits = [n.visits[0] for n in nodes if n.visits[0].windows and n.visits[0].delivery == 1 and not n.visits[0].night]
    return subject.rng.choice(visits) if visits else None


def _result(subject, visit, row, value=None, code=None, when=None, status="final", tail="", more="", concept="HGB",
            side=LATER, link=None):
    """An extra result at a visit; whatever is not given is as usual at this hospital. No two share a time of day."""
    w, day = subject.writer, subject.day(visit.day)
    minute, usual = _minute(subject, visit, side), code is None and when is None and status != "cancelled"
    normal = w.values(concept, 0)[0]
    when = w.effective(day, minute) if when is None else when

    def build(rid, version, updated):
        text = w.observation(rid, version, updated, status, code or w.code(concept), subject.patient_id,
                             w.encounter_link(visit.encounter_id), when, normal.json if value is None else value,
                             (link or "") + tail)
        return text[:-1] + more + "}"
    item = subject.simple("Observation", "x", build, row, day)
    if usual:
        item.tested = (concept, visit.day, None)
    return item


def _minute(subject, visit, side):
    subject.fault_count = getattr(subject, "fault_count", 0) + 1
    return visit.minute + 20 + 5 * subject.fault_count if side == LATER else 80 + 5 * subject.fault_count


def _rank(subject, visit, item, concept="HGB", earliest=False):
    """Behind the clean result of that visit; of two that were timed before it the later one stands nearer."""
    behind = 0.6 if earliest else 0.5 - 0.005 * subject.fault_count
    subject.ranks[(visit.node.name, concept)].append((visit.order + behind, item))


def _held(code):
    return Row("held", code, codes=code)


def _number(text, unit=None, code=None):
    out = '"valueQuantity":{"value":%s' % text
    if unit is not None:
        out += ',"unit":"%s"' % unit
    if code is not None:
        out += ',"system":"%s","code":"%s"' % (UCUM, code)
    return out + "},"


# ---- one fault each: (subject, visit) ----

def unit_missing(subject, visit):
    _result(subject, visit, _held("UNIT_MISSING"), _number("2.9"), concept="ANC")


def unit_unknown(subject, visit):
    _result(subject, visit, _held("UNIT_UNKNOWN"), _number("2.9", "10*12/L", "10*12/L"), concept="ANC")


def unit_conflict(subject, visit):
    _result(subject, visit, _held("UNIT_CONFLICT"), _number("210", "10*3/uL", "/uL"), concept="PLT")


def value_implausible(subject, visit):
    _result(subject, visit, _held("VALUE_IMPLAUSIBLE"), _number("250000", "10*9/L", "10*9/L"), concept="PLT")


def value_type(subject, visit):
    _result(subject, visit, _held("VALUE_TYPE"), '"valueString":"not detectable",', concept="ALT")


def code_unknown(subject, visit):
    name = subject.dialect.name
    code = subject.writer.coded([{"system": "urn:%s:bedside" % name, "code": "ANC-K", "display": "Neutro (POCT)"}],
                                "laboratory", "Neutro (POCT)")
    _result(subject, visit, _held("CODE_UNKNOWN"), _number("2.7", "10*9/L", "10*9/L"), code)


def code_conflict(subject, visit):
    code = subject.writer.coded([{"system": LOINC, "code": "751-8"}, {"system": LOINC, "code": "26515-7"}],
                                "laboratory", "Neutrophils / platelets")
    _result(subject, visit, _held("CODE_CONFLICT"), _number("3.3", "10*9/L", "10*9/L"), code)


def time_without_offset(subject, visit):
    day = subject.day(visit.day)
    _result(subject, visit, _held("TIME_WITHOUT_OFFSET"), when='"effectiveDateTime":"%s",' % bare(day, 600))


def date_missing(subject, visit):
    _result(subject, visit, _held("DATE_MISSING"), when="")


def date_from_issued(subject, visit):
    """No effective time: issued is taken, earlier that day than the clean result, which keeps the flag."""
    w, day = subject.writer, subject.day(visit.day)
    value = w.values("HGB", 0)[0]
    item = _result(subject, visit, Row("delivered", windows=visit.windows, concept="HGB", grade="0", value=value.number,
                                       codes="DATE_FROM_ISSUED", flag="exact"),
                   when='"issued":"%s",' % w.dialect.zone.local(day, 65), tail=value.tail)
    item.tested = ("HGB", visit.day, None)
    _rank(subject, visit, item, earliest=True)


def date_from_specimen(subject, visit):
    """No effective time, but the specimen says when it was taken: the specimen is evidence."""
    w, day = subject.writer, subject.day(visit.day)
    value = w.values("HGB", 0)[0]
    taken = subject.simple("Specimen", "s", lambda i, v, u: w.plain("Specimen", i, v, u, {
        "status": "available", "subject": {"reference": "Patient/" + subject.patient_id},
        "collection": {"collectedDateTime": w.dialect.zone.local(day, 70)}}), Row("evidence"), day)
    item = _result(subject, visit, Row("delivered", windows=visit.windows, concept="HGB", grade="0", value=value.number,
                                       flag="exact"), when='"issued":"%s",' % w.dialect.zone.local(day + 1, 65),
                   link=w.specimen_link(taken.rid), tail=value.tail)
    item.tested = ("HGB", visit.day, None)
    _rank(subject, visit, item, earliest=True)


def status_unknown(subject, visit):
    _result(subject, visit, _held("STATUS_UNKNOWN"), status="unknown")


def modifier_extension(subject, visit):
    more = ',"modifierExtension":[{"url":"https://fhir.example/StructureDefinition/negated","valueBoolean":true}]'
    _result(subject, visit, _held("MODIFIER_EXTENSION"), more=more)


def no_value(subject, visit):
    absent = ('"dataAbsentReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason",'
              '"code":"error","display":"Error"}]},')
    _result(subject, visit, Row("not_in_scope", "NO_VALUE"), absent)


def entered_in_error(subject, visit):
    _result(subject, visit, Row("retracted"), status="entered-in-error")


def cancelled(subject, visit):
    _result(subject, visit, Row("retracted"), status="cancelled")


def preliminary(subject, visit):
    value = subject.writer.values("HGB", 0)[0]
    _result(subject, visit, Row("delivered", windows=visit.windows, concept="HGB", value=value.number), tail=value.tail,
            status="preliminary")


def comparator(subject, visit):
    """ALT <10 is normal whatever it was; timed before the clean result of that visit."""
    row = Row("delivered", windows=visit.windows, concept="ALT", grade="0", flag="exact")
    text = ('"valueQuantity":{"value":10,"comparator":"<","unit":"U/L","system":"%s","code":"U/L"},' % UCUM)
    item = _result(subject, visit, row, text, concept="ALT", side=EARLIER,
                   tail=subject.writer.values("ALT", 0)[0].tail)
    _rank(subject, visit, item, "ALT")


def comparator_ambiguous(subject, visit):
    """Haemoglobin below the bound between grades 1 and 2: grade 2 or 3."""
    unit, words, coded = subject.dialect.units["HGB"]
    number = {"g/L": "100", "g/dL": "10.0", "mmol/L": "6.2"}[unit]
    text = '"valueQuantity":{"value":%s,"comparator":"<","unit":"%s"%s},' % (
        number, words, ',"system":"%s","code":"%s"' % (UCUM, unit) if coded else "")
    row = Row("delivered", windows=visit.windows, concept="HGB", codes="COMPARATOR_AMBIGUOUS")
    normal = subject.writer.values("HGB", 0)[0].tail
    item = _result(subject, visit, row, text, side=EARLIER, tail=normal[normal.index('"referenceRange"'):])
    _rank(subject, visit, item)


def interpretation_conflict(subject, visit):
    value = subject.writer.values("HGB", 0)[0]
    tail = value.tail.replace('"code":"N","display":"Normal"', '"code":"H","display":"High"', 1)
    row = Row("delivered", windows=visit.windows, concept="HGB", grade="0", value=value.number,
              codes="INTERPRETATION_CONFLICT", flag="exact")
    item = _result(subject, visit, row, tail=tail, side=EARLIER)
    _rank(subject, visit, item)


def range_text_only(subject, visit):
    if any(subject.history.base.values()):
        return
    value = subject.writer.values("ANC", 0)[0]
    row = Row("delivered", windows=visit.windows, concept="ANC", value=value.number, codes="RANGE_TEXT_ONLY",
              flag="unknown01")
    item = _result(subject, visit, row, concept="ANC", side=EARLIER,
                   tail='"referenceRange":[{"text":"adults: 1.8 to 7.5"}],')
    _rank(subject, visit, item, "ANC")


def partial_date(subject, visit):
    """The month around a target touches T30-k and lies inside no window."""
    visit = _visit(subject, grid_only=True)
    if visit:
        month = month_of(subject.day(visit.node.target))
        _result(subject, visit, _held("PARTIAL_DATE"), when='"effectiveDateTime":"%s",' % month)


def partial_outside(subject, visit):
    month = month_of(subject.day(-230))
    _result(subject, visit, Row("outside_window", "OUT_OF_WINDOW_PARTIAL"), when='"effectiveDateTime":"%s",' % month)


def partial_inside(subject, visit):
    """A month that lies wholly inside T90-m: collected, kept partial. Albumin belongs to the 90-day grid alone."""
    if not subject.month or first_of_next_month(subject.month[1]) - subject.month[1] > 31:
        return
    m, first = subject.month
    node = subject.course.node("N%02d" % (3 * m))
    if not node or not node.visits or node.no_contact:
        return
    value = subject.writer.values("ALB", 0)[0]
    _result(subject, node.visits[0], Row("delivered", windows=("T90-%02d" % m,), concept="ALB", grade="0",
                                         value=value.number, flag="exact"), value.json, concept="ALB", tail=value.tail,
            when='"effectiveDateTime":"%s",' % month_of(first))


def future_date(subject, visit):
    """Dated in a window that is still to come."""
    if subject.course.rest == "future" and subject.dialect.encounters and subject.course.last30 <= 33:
        day = subject.day(30 * (subject.course.last30 + 2))
        _result(subject, visit, _held("FUTURE_DATE"), when=subject.writer.effective(day, 600))


def after_death(subject, visit):
    course = subject.course
    if course.death is None or not subject.dialect.encounters:
        return
    day = course.death + 1 if course.story == "died_at_end" else course.eot + 90
    _result(subject, visit, _held("AFTER_DEATH"), when=subject.writer.effective(subject.day(day), 600))


def two_versions(subject, visit):
    """Both versions of a result in one delivery: the later one counts."""
    w, day = subject.writer, subject.day(visit.day)
    old, value = w.values("HGB", 0)[1], w.values("HGB", 0)[0]
    row = Row("delivered", windows=visit.windows, concept="HGB", grade="0", value=value.number, flag="exact")
    when = w.effective(day, _minute(subject, visit, EARLIER))
    item = _result(subject, visit, row, value.json, when=when, status="corrected", tail=value.tail)
    item.tested = ("HGB", visit.day, None)
    _rank(subject, visit, item)
    newer = w.dialect.version(item.rid, 2)
    item.text = item.text.replace('"versionId":"%s","lastUpdated":"%s"' % (item.version, subject.updated(day)),
                                  '"versionId":"%s","lastUpdated":"%s"' % (newer, subject.updated(day, step=2)), 1)
    item.version = newer
    older = w.dialect.version(item.rid, 1)
    text = w.observation(item.rid, older, subject.updated(day), "final", w.code("HGB"), subject.patient_id,
                         w.encounter_link(visit.encounter_id), when, old.json, old.tail)
    subject.add("Observation", item.rid, older, text, [Row("superseded")])


def resource_invalid(subject, visit):
    """A line cut in the middle. In a Bundle it is an entry whose resource is no FHIR resource."""
    subject.add("Invalid", "", "", '{"resourceType":"Observation","id":"cut-%d","status":"final","code":{"cod'
                % subject.number, [_held("RESOURCE_INVALID")])


def operation_outcome(subject, visit):
    subject.add("OperationOutcome", "", "", '{"resourceType":"OperationOutcome","issue":[{"severity":"warning",'
                '"code":"incomplete","details":{"text":"Some results were left out: try again later"}}]}',
                [Row("not_in_scope", "OperationOutcome")])


def type_not_read(subject, visit):
    subject.simple("Immunization", "i", lambda i, v, u: subject.writer.plain("Immunization", i, v, u, {
        "status": "completed", "vaccineCode": {"text": "Influenza, inactivated"},
        "patient": {"reference": "Patient/" + subject.patient_id}, "occurrenceDateTime": iso(subject.day(visit.day))}),
        Row("not_in_scope", "TYPE_NOT_READ"), subject.day(visit.day))


def procedure(subject, visit):
    subject.simple("Procedure", "t", lambda i, v, u: subject.writer.plain("Procedure", i, v, u, {
        "status": "completed", "code": {"coding": [{"system": SNOMED, "code": "234326005",
                                                    "display": "Incisional biopsy of lymph node"}]},
        "subject": {"reference": "Patient/" + subject.patient_id}, "performedDateTime": iso(subject.day(visit.day))}),
        Row("not_in_scope", "NOT_DERIVED"), subject.day(visit.day))


def _condition(subject, visit, row, code, words, system=None, verification="confirmed"):
    """A diagnosis that makes no episode, in the gap before a kept assessment."""
    if not visit.node.k:
        return
    facts = {"code": code, "words": words, "verification": verification, "onset": iso(subject.day(visit.day - 3)),
             "end": iso(subject.day(visit.day - 1)), "recorded": iso(subject.day(visit.day - 2))}
    if system:
        facts["system"] = system
    subject.simple("Condition", "c", lambda i, v, u: subject.writer.condition(i, v, u, subject.patient_id, facts), row,
                   subject.day(visit.day))


def condition_refuted(subject, visit):
    _condition(subject, visit, Row("not_in_scope", "STATUS_REFUSED"), "J18.9", "Pneumonia", verification="refuted")


def condition_candidate(subject, visit):
    """Portal vein thrombosis has a row of class "supporting": a person decides."""
    _condition(subject, visit, _held("AE_CANDIDATE"), "I81", "Portal vein thrombosis")
    if visit.node.k:
        subject.proposals.append(Proposal("THROMBOEMBOLISM", visit.day - 3, visit.day - 1, "VTE_OTHER"))


def condition_unverified(subject, visit):
    _condition(subject, visit, _held("CODE_UNVERIFIED"), "302215000", "Thrombocytopenic disorder", SNOMED)


def telephone(subject, visit):
    """A telephone contact opens no window: the assessment stays missed."""
    missed = [n for n in subject.course.nodes if n.k and n.missed and not n.visits]
    if subject.dialect.encounters and missed:
        day = subject.day(missed[0].target)
        zone = subject.dialect.zone
        subject.simple("Encounter", "e", lambda i, v, u: subject.writer.encounter(
            i, v, u, subject.patient_id, zone.local(day, 900), zone.local(day, 920), "VR"),
            Row("not_in_scope", "CLASS_NOT_READ"), day)


def encounter_cancelled(subject, visit):
    if subject.dialect.encounters:
        day, zone = subject.day(visit.day), subject.dialect.zone
        subject.simple("Encounter", "e", lambda i, v, u: subject.writer.encounter(
            i, v, u, subject.patient_id, zone.local(day, 900), zone.local(day, 920), "AMB", "cancelled"),
            Row("not_in_scope", "STATUS_REFUSED"), day)


def unlisted_drug(subject, visit):
    code = {"medicationCodeableConcept": {"coding": [{"system": "urn:%s:drugs" % subject.dialect.name,
                                                      "code": "X-77"}], "text": "Trial vitamin mix"}}
    subject.medication("MedicationStatement", "aspirin", {
        "drug": code, "status": "active", "effectivePeriod": {"start": iso(subject.day(visit.day))}}, visit.day,
        Row("held", "CODE_UNKNOWN", codes="CODE_UNKNOWN"))


def not_done(subject, visit):
    """A dose that was not given, before day 1: no first dose."""
    subject.administration(-2, 660, Row("not_in_scope"), "not-done", "dexamethasone")


MENU = [unit_missing, code_unknown, resource_invalid, value_implausible, time_without_offset, unit_conflict,
        partial_date, status_unknown, no_value, entered_in_error, modifier_extension, date_from_issued,
        operation_outcome, unit_unknown, value_type, date_missing, code_conflict, two_versions, comparator_ambiguous,
        interpretation_conflict, condition_candidate, preliminary, cancelled, comparator, range_text_only,
        partial_outside, type_not_read, procedure, condition_refuted, condition_unverified, telephone,
        encounter_cancelled, unlisted_drug, not_done, date_from_specimen]
ALWAYS = [partial_inside, future_date, after_death]


def plant(subject, many):
    """Some faults for one subject, the menu going round so that a small cohort meets most of them."""
    for number in range(many):
        visit = _visit(subject)
        if visit:
            MENU[(subject.number * many + number) % len(MENU)](subject, visit)
    visit = _visit(subject)
    if visit:
        for fault in ALWAYS:
            fault(subject, visit)


# ---- subjects that are blocked as a whole ----

def block(subject, kind):
    """Reduce a subject to what stays plain when everything of it is held."""
    subject.blocked = kind
    if kind == "ANCHOR_CONFLICT":
        subject.anchor = "roster"
    for node in subject.course.nodes:
        node.visits = node.visits[:1]


def write_blocked(subject):
    """Patient, visits and (for a conflict) the statement that disagrees: all held."""
    kind = subject.blocked
    subject.write_patient()
    if kind == "ANCHOR_CONFLICT":
        # by code, not by reference: a Medication that others refer to as well has no single state
        drug = {"medicationCodeableConcept": {"coding": [{"system": ATC, "code": DRUGS["lenalidomide"][0]}]}}
        facts = {"drug": drug, "status": "active", "effectivePeriod": {"start": iso(subject.day(5))},
                 "dateAsserted": iso(subject.day(6)), "dosage": [{"text": "25 mg daily, days 1-21 of 28"}]}
        subject.medication("MedicationStatement", "lenalidomide", facts, 5)
    for visit in sorted(subject.all_visits(), key=lambda v: v.day):
        if visit.windows:
            subject.write_visit(visit)
    for item in subject.items:
        item.rows = [Row("held", kind, row.part, codes="" if kind == "ANCHOR_MISSING" else row.codes) for row in item.rows]
    subject.ranks.clear()

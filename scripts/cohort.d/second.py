"""The second delivery of a subject: corrections, retractions, late results, repeats, an old version that comes late.

Each is chosen together with what becomes of the first delivery's truth: `after` holds a part's truth once both
deliveries are read.
"""
from fractions import Fraction

import courses
import histories
from parts import Row


def _candidates(subject, concept, runner_up=False):
    """Results of the first delivery that a window flags, outside episodes; with a second choice if asked for."""
    found = []
    for (name, what), ranked in sorted(subject.ranks.items()):
        node = subject.course.node(name)
        if what != concept or node is None or (node.k and node.k in subject.history.busy):
            continue
        ranked = sorted(ranked, key=lambda pair: pair[0])
        plain = [item for _, item in ranked if item.lab and item.after is None]
        if plain and plain[0] is ranked[0][1] and (len(ranked) > 1 or not runner_up):
            found.append(plain[0])
    return found


def _new_version(subject, item, value, status, row, elapsed=None):
    """Version 2 of a result, with another value or (elapsed) another day."""
    lab, w = item.lab, subject.writer
    version = w.dialect.version(item.rid, 2)
    day = subject.day(lab.visit.day if elapsed is None else elapsed)
    text = w.observation(item.rid, version, subject.updated(day, 2), status, w.code(lab.concept), subject.patient_id,
                         w.encounter_link(lab.visit.encounter_id), w.effective(day, lab.minute), value.json,
                         w.specimen_link(lab.visit.specimen_id) + value.tail)
    new = subject.add("Observation", item.rid, version, text, [row], 2)
    new.tested = (lab.concept, lab.visit.day if elapsed is None else elapsed, Fraction(value.number))
    return new


def _replace(subject, item, other):
    """In the order of closeness the new version stands where the old one stood."""
    ranked = subject.ranks[(item.lab.visit.node.name, item.lab.concept)]
    order = next(order for order, ranked_item in ranked if ranked_item is item)
    ranked.append((order, other))
    item.after = [Row("superseded")]


def correction(subject):
    """Another value, for a haemoglobin that a window flags; a normal one, since a low one would be an event."""
    for item in _candidates(subject, "HGB")[:1]:
        value = next(v for v in subject.writer.values("HGB", 0) if v.number != item.rows[0].value)
        row = Row("delivered", windows=item.rows[0].windows, concept="HGB", grade=value.grade, value=value.number,
                  flag="exact")
        _replace(subject, item, _new_version(subject, item, value, "corrected", row))


def moved(subject):
    """Another date, on which no window takes it: the value leaves the study, the flag goes to the next in line."""
    for item in _candidates(subject, "HGB")[1:2]:
        if subject.gaps and not any(episode.category == "ANAEMIA" for episode in subject.history.episodes):
            elapsed = courses.gap_day(subject.rng, subject.rng.choice(subject.gaps))
            value = subject.writer.values("HGB", 0)[0]
            _new_version(subject, item, value, "corrected", Row("outside_window", "BETWEEN_WINDOWS"), elapsed)
            item.after = [Row("superseded")]


def retraction(subject):
    """Entered in error: the flag goes to the next in line where there is one."""
    found = _candidates(subject, "ALT", runner_up=True) or _candidates(subject, "ALT")
    for item in found[-1:]:
        value = subject.writer.values("ALT", 0)[0]
        _new_version(subject, item, value, "entered-in-error", Row("retracted"))
        item.after = [Row("superseded")]


def late_result(subject):
    """A second result of the same day arrives late; timed later it takes the flag, timed earlier it does not."""
    concept = "K" if "K" in subject.plan.panel else "HGB"
    for number, item in enumerate(_candidates(subject, concept)[-2:]):
        visit, later = item.lab.visit, number == 0
        minute = visit.minute + (240 if later else -5)
        subject.lab(visit, concept, 0, minute, item.lab.order + (-0.5 if later else 0.1), delivery=2)


def late_visit(subject):
    """A missed assessment turns out to have been kept: its visit and results arrive late."""
    history = subject.history
    nodes = [n for n in subject.course.nodes if n.k and n.missed and n.k % 3 and
             not {n.k - 1, n.k, n.k + 1} & history.busy]
    if history.quiet_tail:
        nodes = [n for n in nodes if n.k < subject.course.last30 - 1]
    if not nodes:
        return
    node = subject.rng.choice(nodes)
    node.late = True
    visit = histories.place(subject.rng, node, "t30", subject.rng.randint(-5, 5), 0)
    visit.delivery = 2
    if subject.dialect.encounters:
        visit.encounter_id = subject.new_id("e")
        subject._encounter(visit, subject.day(visit.day), True, delivery=2)
    for concept in subject.plan.panel[:3]:
        subject.lab(visit, concept, subject.history.base.get(concept, 0), visit.minute, 0, delivery=2)


def episode_disproved(subject):
    """The only low count of an episode is corrected to the steady value: the episode goes."""
    for episode in subject.history.episodes:
        if not episode.removable:
            continue
        visit, concept = episode.removable
        item = next((i for _, i in subject.ranks.get((visit.node.name, concept), ()) if i.lab), None)
        if item is None or item.after is not None:
            continue
        value = subject.writer.values(concept, subject.history.base[concept])[0]
        grade = value.grade
        row = Row("delivered", windows=item.rows[0].windows, concept=concept, grade=grade,
                  direction=value.direction, value=value.number, flag="exact")
        _replace(subject, item, _new_version(subject, item, value, "corrected", row))
        episode.gone = True
        return


def fever_disproved(subject):
    """The one high temperature was entered in error: the low count stays, and had no fever."""
    if not subject.disprovable:
        return
    fever, cool, event = subject.disprovable
    version = subject.dialect.version(fever.rid, 2)
    text = fever.text.replace('"versionId":"%s"' % fever.version, '"versionId":"%s"' % version, 1).replace(
        '"status":"final"', '"status":"entered-in-error"', 1)
    subject.add("Observation", fever.rid, version, _later(text, subject.updated(0, 2)), [Row("retracted")], 2)
    fever.after, cool.after = [Row("superseded")], [Row("outside_window", "BETWEEN_WINDOWS")]
    event.gone = True


def late_diagnosis(subject):
    """A diagnosis that is recorded late; chosen with the others, held back by the writer."""
    for event in subject.history.conditions:
        if event.get("late"):
            subject.write_condition(event, delivery=2)


def repeats(subject):
    """Exact repeats of first-delivery resources."""
    first = [i for i in subject.items if i.delivery == 1 and i.rid and i.kind in ("Observation", "Encounter") and
             len(i.rows) == 1 and i.rows[0].state in ("delivered", "outside_window", "evidence") and i.after is None]
    for item in subject.rng.sample(first, min(len(first), 2)):
        subject.add(item.kind, item.rid, item.version, item.text, [Row("unchanged")], 2)


def old_version(subject):
    """Version 1 of a result arrives after version 2 was delivered: it never wins."""
    for item in _candidates(subject, "CREAT")[-1:]:
        lab, w = item.lab, subject.writer
        value = w.values("CREAT", 0)[0]
        newer = w.dialect.version(item.rid, 2)
        older_text = item.text
        day = subject.day(lab.visit.day)
        item.text = item.text.replace(
            '"versionId":"%s","lastUpdated":"' % item.version, '"versionId":"%s","lastUpdated":"' % newer, 1)
        item.text = _later(item.text, subject.updated(day, step=5))
        subject.add("Observation", item.rid, item.version, older_text, [Row("superseded")], 2)
        item.version = newer


def _later(text, instant):
    start = text.index('"lastUpdated":"') + len('"lastUpdated":"')
    return text[:start] + instant + text[text.index('"', start):]


STEPS = [correction, moved, retraction, late_result, late_visit, episode_disproved, late_diagnosis, old_version, repeats,
         fever_disproved]


def deliver(subject):
    """Every subject gets one or two of the steps, in turn; diagnoses held back always come."""
    if subject.blocked:
        return
    chosen = {subject.number % (len(STEPS) - 1), (subject.number // 4 + 3) % (len(STEPS) - 1)}
    for number, step in enumerate(STEPS):
        if number in chosen or step in (late_diagnosis, fever_disproved):
            step(subject)

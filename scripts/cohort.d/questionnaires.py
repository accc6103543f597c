"""Questionnaires, planted by score: how much a subject is troubled in each scale is chosen, then answers are written that
say so. All items of a scale get one answer, so that its score is known without any arithmetic: of four answers the
first is none and the last all of it. Some scales are left unanswered, or answered by half.
"""
from days import iso
from parts import Row

# scale -> (items, does more mean better)
SCALES = {
    "QLQ-C30": {"QLQL": (range(29, 31), True), "QLPF": (range(1, 6), True), "QLRF": (range(6, 8), True),
                "QLEF": (range(21, 25), True), "QLCF": ((20, 25), True), "QLSF": (range(26, 28), True),
                "QLFA": ((10, 12, 18), False), "QLNV": (range(14, 16), False), "QLPA": ((9, 19), False),
                "QLDY": ((8,), False), "QLSL": ((11,), False), "QLAP": ((13,), False), "QLCO": ((16,), False),
                "QLDI": ((17,), False), "QLFI": ((28,), False)},
    "QLQ-MY20": {"QLDS": (range(31, 37), False), "QLSE": (range(37, 47), False), "QLBI": ((47,), True),
                 "QLFP": (range(48, 51), True)},
    "KATZ-ADL": {"ADL": (range(1, 7), True)},
    "LAWTON-IADL": {"IADL": (range(1, 9), True)},
}
SYMPTOM = ("0", "33.333333", "66.666667", "100")      # by answer 1 to 4
GLOBAL = ("0", "16.666667", "33.333333", "50", "66.666667", "83.333333", "100")  # by answer 1 to 7
CODED = ("busan", "essen")  # answers by codes of their own; elsewhere as numbers
ANSWER_SYSTEM = "urn:%s:answers"


def canonical(site, instrument):
    return "https://fhir.%s.example/Questionnaire/%s" % (site, instrument.lower())


def link(site, item):
    return {"madrid": "p%d", "busan": "Q.%d", "essen": "frage-%d", "boston": "/q/%d"}[site] % item


def items_of(instrument):
    return sorted(item for items, _ in SCALES[instrument].values() for item in items)


def profile(site):
    """What the site's profile says of its questionnaires."""
    found = []
    for instrument in SCALES:
        low, high = (0, 1) if "ADL" in instrument else (1, 7 if instrument == "QLQ-C30" else 4)
        one = {"questionnaire": canonical(site, instrument), "instrument": instrument,
               "items": [{"link": link(site, item), "item": item} for item in items_of(instrument)]}
        if site in CODED:
            one["answers"] = [{"system": ANSWER_SYSTEM % site, "code": _code(value), "value": value}
                              for value in range(low, high + 1)]
        found.append(one)
    return found


def _code(value):
    return "answer-" + "abcdefgh"[value]


class Form:
    def __init__(self, instrument, visit, answers):
        self.instrument, self.visit, self.answers = instrument, visit, answers  # scale -> (answer or None, items given)


# ---- what is chosen ----

def _answers(instrument, rng):
    chosen = {}
    for scale, (items, _) in SCALES[instrument].items():
        answer = rng.randint(1, 7 if scale == "QLQL" else 4)
        given, draw = len(items), rng.random()
        if draw < 0.06:
            given = 0
        elif draw < 0.12 and len(items) > 2:
            given = (len(items) + 1) // 2  # just half of them, which is enough
        elif draw < 0.15 and len(items) > 2:
            given = (len(items) - 1) // 2  # too few
        chosen[scale] = (answer, given)
    return chosen


def choose(subject, rng):
    """Forms at visits that the 90-day group takes: the closest of each assessment."""
    if subject.plan.events == 0:
        return []
    visits = [subject.history.baseline.visits[0]] if subject.number % 5 else []
    later = [n.visits[0] for n in subject.course.nodes if n.visits and n.visits[0].g90]
    visits += rng.sample(later, min(len(later), 2))
    forms = []
    for instrument in (("QLQ-C30",), ("QLQ-MY20",), ("QLQ-C30", "QLQ-MY20"), ())[subject.number % 4]:
        forms += [Form(instrument, visit, _answers(instrument, rng)) for visit in visits]
    if subject.number % 3:
        for instrument, scale, most in (("KATZ-ADL", "ADL", 6), ("LAWTON-IADL", "IADL", 8)):
            if subject.number % 7 != 3 or scale == "ADL":  # one of the two is not enough
                forms.append(Form(instrument, subject.history.baseline.visits[0], {scale: (rng.randint(2, most), most)}))
    return forms


# ---- how it is told ----

def _answer(site, value):
    if site in CODED:
        return {"valueCoding": {"system": ANSWER_SYSTEM % site, "code": _code(value)}}
    return {"valueInteger": value}


def _given(form):
    """item -> answer. An activity is done alone (1) or not (0): as many ones as the sum says."""
    found = {}
    for scale, (items, _) in SCALES[form.instrument].items():
        answer, given = form.answers[scale]
        for place, item in enumerate(items):
            if "ADL" in scale:
                found[item] = 1 if place < answer else 0
            elif place < given:
                found[item] = answer
    return found


def write(subject):
    site = subject.dialect.name
    for form in subject.forms:
        day = subject.day(form.visit.day)
        items = [{"linkId": link(site, item), "answer": [_answer(site, value)]}
                 for item, value in sorted(_given(form).items())]
        taken = is_taken(form)
        ages = "ADL" in form.instrument and subject.lacks == "birth"  # no age, no frailty that asks for them
        told = any(_enough(form, scale) for scale in form.answers)
        row = Row("not_in_scope", "NOT_DERIVED") if taken and (ages or not told) else Row("evidence") if taken else Row("outside_window", form.visit.g90_reason)
        subject.simple("QuestionnaireResponse", "w", lambda i, v, u: subject.writer.plain(
            "QuestionnaireResponse", i, v, u, {
                "identifier": {"system": subject.dialect.base + "/form", "value": i},
                "questionnaire": canonical(site, form.instrument), "status": "completed",
                "subject": {"reference": "Patient/" + subject.patient_id},
                "authored": subject.dialect.zone.local(day, form.visit.minute), "item": items}), row, day)


# ---- what the study shall see ----

def is_taken(form):
    return bool(form.visit.g90)


def _score(scale, answer, better):
    if scale == "QLQL":
        return GLOBAL[answer - 1]
    return SYMPTOM[4 - answer] if better else SYMPTOM[answer - 1]


def _enough(form, scale):
    items, _ = SCALES[form.instrument][scale]
    return 2 * form.answers[scale][1] >= len(items)


def rows_of(subject, row):
    """Scores in each window, and how they changed since the baseline: any step of an answer is more than 5 points."""
    rows = []
    for instrument in ("QLQ-C30", "QLQ-MY20"):
        forms = [f for f in subject.forms if f.instrument == instrument and is_taken(f)]
        for scale, (_, better) in SCALES[instrument].items():
            first = next((f for f in forms if f.visit.baseline and _enough(f, scale)), None)
            for form in forms:
                if not _enough(form, scale):
                    continue
                text, answer = "", form.answers[scale][0]
                if first and form is not first:
                    more = answer - first.answers[scale][0]
                    good = more > 0 if scale == "QLQL" else more < 0
                    text = "UNCHANGED" if not more else "IMPROVED" if good else "WORSENED"
                rows.append(row("%s|%s" % (scale, form.visit.g90[0]), _score(scale, answer, better), text,
                                form.visit.day, "quality-of-life", window=form.visit.g90[0]))
    return rows


def activities(subject):
    """(ADL, IADL) at baseline; None where it was not asked."""
    found = {scale: form.answers[scale][0] for form in subject.forms for scale in ("ADL", "IADL")
             if scale in form.answers and is_taken(form)}
    return found.get("ADL"), found.get("IADL")

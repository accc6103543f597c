"""The truth of what events rest on, and of how their grades went: the results of a course as they were chosen, and what
a story cites beside them."""
import drugs
from days import iso
from episodes import events_as_of

EVIDENCE = "category,subcategory,onset,source,role,kind,concept,date,grade_at"
GRADES = "category,subcategory,onset,date,grade"
SILENCE = 56  # days without a result after which a course is one no more


def _counts_as_of(subject, concept, delivery):
    """(elapsed day, grade, resource) of every result that counts, by day."""
    found = []
    for item in subject.items:
        if item.lab is None or item.lab.concept != concept or item.delivery > delivery:
            continue
        row = (item.after if delivery == 2 and item.after else item.rows)[0]
        if row.state in ("delivered", "evidence"):
            found.append((item.lab.visit.day, abs(item.lab.key), item))
    return sorted(found, key=lambda result: result[0])


def _course(subject, event, delivery):
    """The results of an event: up to its end, or to the last one before nobody counted any more."""
    course = []
    for result in _counts_as_of(subject, event.concept, delivery):
        day = result[0]
        if day < event.onset or (event.end is not None and day > event.end):
            continue
        if course and day - course[-1][0] > SILENCE:
            break
        course.append(result)
    return course


def _role(event, day):
    return "onset" if day == event.onset else "recovery" if day == event.end else "worst" if day == event.worst else "supporting"


def _cited(subject, event, delivery):
    """(role, resource, elapsed day, grade)"""
    found = [(role, item, item.said[2], grade) for role, item, grade in event.cited]
    if event.concept:
        found += [(_role(event, day), item, day, str(grade)) for day, grade, item in _course(subject, event, delivery)]
    return found


def _changes(subject, event, delivery):
    """(elapsed day, grade) whenever it was another one, to the day before the end."""
    if event.concept:
        steps = [(day, grade) for day, grade, _ in _course(subject, event, delivery) if day != event.end]
    else:
        graded = {item.said[2]: int(grade) for _, item, grade in event.cited if grade}
        if event.grade:
            graded[event.worst] = int(event.grade)
        steps = sorted(graded.items())
    return [step for place, step in enumerate(steps) if place == 0 or steps[place - 1][1] != step[1]]


def _told(subject, delivery):
    return [event for event in events_as_of(subject, delivery) if drugs.window_of(subject, event.onset, delivery)]


def evidence_as_of(subject, delivery):
    return sorted((event.category, event.subcategory, iso(subject.day(event.onset)), "%s/%s" % (item.kind, item.rid), role,
                   item.said[0], item.said[1], iso(subject.day(day)), grade)
                  for event in _told(subject, delivery) for role, item, day, grade in _cited(subject, event, delivery))


def grades_as_of(subject, delivery):
    return sorted((event.category, event.subcategory, iso(subject.day(event.onset)), iso(subject.day(day)), str(grade))
                  for event in _told(subject, delivery) for day, grade in _changes(subject, event, delivery))

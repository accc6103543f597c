/*
 * When a dose is due, as orders, dispenses and statements say it.
 */
#include "fhir/facts.h"

static void add_texts(char *out, size_t room, const char *name, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const size_t used = strlen(out);

        snprintf(out + used, room - used, "%s%s", i == 0 ? name : ",", texts[i]);
    }
}

static void add_text(char *out, size_t room, const char *name, const char *text)
{
    const size_t used = strlen(out);

    if (text)
        snprintf(out + used, room - used, "%s%s", name, text);
}

/* A schedule in one line: "2x per 1 d mon,thu @08:00:00 PC"; what is not said does not stand there. */
static void print_schedule(const struct gw_schedule *got, char *out, size_t room)
{
    out[0] = '\0';
    add_text(out, room, " ", got->frequency);
    add_text(out, room, "-", got->frequency_max);
    add_text(out, room, " per ", got->period);
    add_text(out, room, "-", got->period_max);
    add_text(out, room, " ", got->period_unit);
    add_texts(out, room, " on ", got->days_of_week, got->day_count);
    add_texts(out, room, " at ", got->times_of_day, got->time_count);
    add_texts(out, room, " when ", got->when, got->when_count);
    add_texts(out, room, " event ", got->events, got->event_count);
    add_text(out, room, " from ", got->bounds.start);
    add_text(out, room, " to ", got->bounds.end);
    add_text(out, room, " for ", got->duration.value);
    add_text(out, room, " ", got->duration.code);
    add_text(out, room, " ", got->count);
    add_text(out, room, "-", got->count_max);
    add_text(out, room, " ", got->count ? "doses" : NULL);
    add_text(out, room, " code ", got->code.count > 0 ? got->code.codings[0].code : NULL);
    add_text(out, room, " text ", got->code.text);
    add_text(out, room, " ", got->as_needed ? "if needed" : NULL);
}

#define TIMING(members) "'timing':{" members "}"
#define REPEAT(members) TIMING("'repeat':{" members "}")

static const struct {
    const char *name;
    const char *dosage;
    const char *schedule;
} schedules[] = {
    {"nothing", "'text':'25 mg daily'", ""},
    {"once a day", REPEAT("'frequency':1,'period':1,'periodUnit':'d'"), " 1 per 1 d"},
    {"every other day", REPEAT("'frequency':1,'period':2,'periodUnit':'d'"), " 1 per 2 d"},
    {"a range of both", REPEAT("'frequency':1,'frequencyMax':2,'period':4,'periodMax':6,'periodUnit':'h'"),
     " 1-2 per 4-6 h"},
    {"numbers as written", REPEAT("'frequency':1,'period':1.50,'periodUnit':'wk'"), " 1 per 1.50 wk"},
    {"days of the week", REPEAT("'dayOfWeek':['mon','wed','fri']"), " on mon,wed,fri"},
    {"times of the day", REPEAT("'timeOfDay':['08:00:00','20:00:00']"), " at 08:00:00,20:00:00"},
    {"round meals", REPEAT("'when':['ACM','HS'],'frequency':2"), " 2 when ACM,HS"},
    {"for a time", REPEAT("'boundsDuration':{'value':21,'unit':'days','code':'d'}"), " for 21 d"},
    {"from and to", REPEAT("'boundsPeriod':{'start':'2024-01-15','end':'2024-02-04'}"),
     " from 2024-01-15 to 2024-02-04"},
    {"for at least a time: no bound", REPEAT("'boundsRange':{'low':{'value':21}},'frequency':1"), " 1"},
    {"for a range of times: no longer than its end",
     REPEAT("'boundsRange':{'low':{'value':14,'code':'d'},'high':{'value':21,'code':'d'}},'frequency':1"),
     " 1 for 21 d"},
    {"so many doses", REPEAT("'count':14,'frequency':2,'period':1,'periodUnit':'d'"), " 2 per 1 d 14 doses"},
    {"so many doses or more", REPEAT("'count':10,'countMax':14"), " 10-14 doses"},
    {"on given days", TIMING("'event':['2024-01-15','2024-01-22']"), " event 2024-01-15,2024-01-22"},
    {"a code",
     TIMING("'code':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation',"
            "'code':'QOD'}],'text':'every other day'}"),
     " code QOD text every other day"},
    {"a text in place of a code", TIMING("'code':{'text':'1-0-1'}"), " text 1-0-1"},
    {"an extension in place of a day", REPEAT("'dayOfWeek':[null,'thu',''],'frequency':null"), " on thu"},
    {"empty lists", TIMING("'event':[],'repeat':{'dayOfWeek':[],'when':[]}"), ""},
    {"if needed", "'asNeededBoolean':true", " if needed"},
    {"needed anyhow", "'asNeededBoolean':false", ""},
    {"if needed for something", "'asNeededCodeableConcept':{'text':'pain'}," REPEAT("'frequency':1"), " 1 if needed"},
    {"if needed for nothing that is said", "'asNeededCodeableConcept':{}", ""},
    {"if needed (R5)", "'asNeeded':true", " if needed"},
    {"if needed for something (R5)", "'asNeededFor':[{'text':'pain'}]", " if needed"},
    {"if needed for nothing (R5)", "'asNeededFor':[]", ""},
};

Test(dosage, says_when_a_dose_is_due)
{
    static const struct {
        const char *type;
        const char *element;
    } places[] = {{"MedicationRequest", "dosageInstruction"},
                  {"MedicationDispense", "dosageInstruction"},
                  {"MedicationStatement", "dosage"}};
    const size_t count = sizeof(schedules) / sizeof(schedules[0]);

    for (size_t i = 0; i < 3 * count; i++) {
        struct reading reading;
        char members[1000];
        char got[300];

        snprintf(members, sizeof(members), "'%s':[{%s}]", places[i / count].element, schedules[i % count].dosage);
        reading_with(&reading, places[i / count].type, members);
        cr_assert(eq(int, reading.rc, GW_OK), "%s: %s", members, reading.err.text);
        cr_assert(eq(sz, reading.fact.use.dosage_count, 1), "%s", members);
        print_schedule(&reading.fact.use.dosages[0].schedule, got, sizeof(got));
        cr_expect(eq(str, got, (char *)schedules[i % count].schedule), "%s of a %s", schedules[i % count].name,
                  places[i / count].type);
        reading_release(&reading);
    }
}

Test(dosage, stands_beside_the_others_as_it_was_written)
{
    struct reading reading;
    const struct gw_medication_use *use = &reading.fact.use;

    reading_with(&reading, "MedicationRequest",
                 "'dosageInstruction':["
                 "{'sequence':1,'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}},'route':{'text':'po'},"
                 "'doseAndRate':[{'doseQuantity':{'value':25,'code':'mg'}}]},"
                 "{'sequence':2,'timing':{'repeat':{'period':2}},"
                 "'doseAndRate':[{'doseQuantity':{'value':15,'code':'mg'}}]}]");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    cr_assert(eq(sz, use->dosage_count, 2));
    EXPECT_TEXT(use->dosages[0].sequence, "1", "sequence");
    EXPECT_TEXT(use->dosages[0].dose.value, "25", "dose");
    EXPECT_TEXT(use->dosages[0].route.text, "po", "route");
    EXPECT_TEXT(use->dosages[0].schedule.period_unit, "d", "schedule");
    EXPECT_TEXT(use->dosages[1].sequence, "2", "sequence");
    EXPECT_TEXT(use->dosages[1].dose.value, "15", "dose");
    EXPECT_TEXT(use->dosages[1].schedule.period, "2", "schedule");
    EXPECT_TEXT(use->dosages[1].schedule.period_unit, NULL, "of its own");
    EXPECT_TEXT(use->dose.value, NULL, "which of them holds is not for a reader to choose");
    reading_release(&reading);
}

Test(dosage, of_an_administration_has_no_schedule)
{
    struct reading reading;

    reading_with(&reading, "MedicationAdministration", "'dosage':{'dose':{'value':25,'code':'mg'},'timing':7}");
    cr_assert(eq(int, reading.rc, GW_OK), "%s", reading.err.text);
    cr_expect(eq(sz, reading.fact.use.dosage_count, 0));
    EXPECT_TEXT(reading.fact.use.dose.value, "25", "dose");
    reading_release(&reading);
}

static const struct {
    const char *dosage;
    const char *text;
} refusals[] = {
    {"'timing':'daily'", "timing: an object is wanted"},
    {"'timing':{'repeat':[]}", "timing.repeat: an object is wanted"},
    {"'timing':{'repeat':{'frequency':'2'}}", "timing.repeat.frequency: a number is wanted"},
    {"'timing':{'repeat':{'frequencyMax':'2'}}", "timing.repeat.frequencyMax: a number is wanted"},
    {"'timing':{'repeat':{'period':'1'}}", "timing.repeat.period: a number is wanted"},
    {"'timing':{'repeat':{'periodMax':{}}}", "timing.repeat.periodMax: a number is wanted"},
    {"'timing':{'repeat':{'periodUnit':1}}", "timing.repeat.periodUnit: a string is wanted"},
    {"'timing':{'repeat':{'dayOfWeek':'mon'}}", "timing.repeat.dayOfWeek: an array is wanted"},
    {"'timing':{'repeat':{'dayOfWeek':['mon',2]}}", "timing.repeat.dayOfWeek[1]: a string is wanted"},
    {"'timing':{'repeat':{'timeOfDay':[8]}}", "timing.repeat.timeOfDay[0]: a string is wanted"},
    {"'timing':{'repeat':{'when':[{}]}}", "timing.repeat.when[0]: a string is wanted"},
    {"'timing':{'repeat':{'boundsPeriod':'2024'}}", "timing.repeat.boundsPeriod: an object is wanted"},
    {"'timing':{'repeat':{'boundsDuration':{'value':'3'}}}", "timing.repeat.boundsDuration.value: a number is wanted"},
    {"'timing':{'event':'2024-01-15'}", "timing.event: an array is wanted"},
    {"'timing':{'code':'QD'}", "timing.code: an object is wanted"},
    {"'asNeededBoolean':'yes'", "asNeededBoolean: true or false is wanted"},
    {"'asNeeded':'yes'", "asNeeded: true or false is wanted"},
    {"'asNeededCodeableConcept':true", "asNeededCodeableConcept: an object is wanted"},
    {"'asNeededFor':{'text':'pain'}", "asNeededFor: an array is wanted"},
    {"'sequence':'1'", "sequence: a number is wanted"},
};

Test(dosage, of_a_wrong_type_is_refused_with_its_path)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct reading reading;
        char members[300];
        char text[300];

        snprintf(members, sizeof(members), "'dosageInstruction':[{},{%s}]", refusals[i].dosage);
        snprintf(text, sizeof(text), "MedicationRequest.dosageInstruction[1].%s", refusals[i].text);
        reading_with(&reading, "MedicationRequest", members);
        cr_expect(eq(int, reading.rc, GW_EINPUT), "%s", members);
        cr_expect(eq(str, reading.err.text, text));
        reading_release(&reading);
    }
}

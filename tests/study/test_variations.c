/*
 * One record of a subject told in other words, each in turn: a member left out, another status, a comparator, a coarser
 * date, a period for a date, an unknown code. Whatever it says, the derivation ends well, every row has its lineage,
 * every held part its question, and the order of the records makes no difference.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/study/explain.h"
#include "support/chart.h"
#include "support/doses.h"
#include "support/lineage.h"
#include "support/refusal.h"
#include "support/vary.h"
#include "support/whole.h"

static struct subject s;
static struct scratch scratch;
static struct gw_text first, second;
static size_t told; /* variations so far */

static void start(void)
{
    first = second = (struct gw_text)GW_TEXT_INIT((size_t)16 << 20);
    told = 0;
}

static void stop(void)
{
    gw_text_release(&first);
    gw_text_release(&second);
}

TestSuite(variations, .init = start, .fini = stop, .timeout = 240);

/* ---- what must hold ---- */

static void write(const struct gw_derived *derived, struct gw_text *out)
{
    gw_text_clear(out);
    gw_rows_write(&derived->rows, out);
    for (size_t i = 0; i < derived->item_count; i++)
        gw_text_print(out, "%s %s\n", derived->items[i].id, derived->items[i].context);
    gw_text_print(out, "%d\n", derived->blocked);
}

/* By an item of its own or of what it is evidence of. */
static bool is_asked(const struct gw_derived *derived, const struct gw_part_state *part)
{
    for (size_t i = 0; i < derived->item_count; i++)
        if (strcmp(derived->items[i].code, part->reason) == 0)
            return true;
    return false;
}

static void expect_accounted(const struct gw_derived *derived, const char *text)
{
    size_t parts = 0;

    for (size_t i = 0; i < s.count; i++)
        parts += s.facts[i].part_count;
    cr_expect(eq(sz, derived->part_count, parts), "%s", text);
    for (size_t i = 0; i < derived->part_count; i++)
        cr_expect(derived->parts[i].state != GW_STATE_HELD || is_asked(derived, &derived->parts[i]),
                  "%s %s is held, and nobody is asked: %s", s.facts[derived->parts[i].fact].id,
                  derived->parts[i].reason, text);
}

static void turn(void)
{
    for (size_t i = 0; i < s.count / 2; i++) {
        const struct gw_fact fact = s.facts[i];

        s.facts[i] = s.facts[s.count - 1 - i];
        s.facts[s.count - 1 - i] = fact;
    }
}

static void derive(struct gw_arena *arena, struct gw_derived *derived, const char *text)
{
    const struct gw_subject_input input = subject_input(&s);
    struct gw_error err;

    cr_assert(gw_derive(arena, &input, derived, &err) == GW_OK, "%s: %s", err.text, text);
}

/* Whatever was said, there is an answer to why a value is missing. */
static void ask(struct gw_arena *arena, const struct gw_derived *derived, const char *text)
{
    static const char *const concepts[] = {"ANC", "PLT", "HGB", "INFECTION", "CRS", "BOR"};
    const struct gw_subject_input input = subject_input(&s);
    const struct gw_explain_input in = {.subject = &input, .derived = derived};

    for (size_t w = 0; w < derived->windows.count && w < 4; w++)
        for (size_t c = 0; c < sizeof concepts / sizeof *concepts; c++) {
            struct gw_explanation explanation;
            struct gw_error err;
            const enum gw_status rc =
                gw_explain_missing(arena, &in, concepts[c], derived->windows.list[w].id, &explanation, &err);

            cr_expect(rc == GW_OK || rc == GW_EUSAGE, "%s: %s", err.text, text);
            cr_expect(rc != GW_OK || (explanation.answer && explanation.sentence_count > 0), "%s", text);
        }
}

/* After what was delivered before: what is told of the change, and the change itself. */
static void deliver(struct gw_arena *arena, struct gw_derived *derived, const char *text)
{
    struct gw_difference difference;
    struct gw_error err;

    cr_assert(gw_identify_derived(arena, &s.derived.rows, derived, &err) == GW_OK, "%s", text);
    cr_assert(gw_history(&s.derived.rows, derived, &err) == GW_OK, "%s", text);
    cr_assert(gw_difference(arena, &s.derived.rows, &derived->rows, &difference, &err) == GW_OK, "%s", text);
    cr_expect(eq(sz, difference.count, difference.added + difference.updated + difference.withdrawn), "%s", text);
    cr_assert(gw_difference(arena, &derived->rows, &derived->rows, &difference, &err) == GW_OK, "%s", text);
    cr_expect(eq(sz, difference.count, 0), "it differs from itself: %s", text);
}

/* The records from last to first: the same answer. */
static void expect_same_turned(struct gw_arena *arena, const struct gw_derived *derived, const char *text)
{
    struct gw_derived turned;

    write(derived, &first);
    turn();
    derive(arena, &turned, text);
    write(&turned, &second);
    turn();
    cr_expect(strcmp(first.at, second.at) == 0, "the order of the records counts: %s", text);
}

/* Each holds of all; what costs is looked at now and then. */
static void check(const char *text)
{
    struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);
    struct gw_derived derived;

    derive(&arena, &derived, text);
    expect_accounted(&derived, text);
    if (told % 16 == 0)
        lineage_check(&derived.rows, &s.rules);
    if (told % 4 == 0)
        ask(&arena, &derived, text);
    if (told % 3 == 0)
        expect_same_turned(&arena, &derived, text);
    if (told % 4 == 1)
        deliver(&arena, &derived, text);
    gw_arena_release(&arena);
    told++;
}

/* ---- other words ---- */

static bool is_named(const cJSON *item, const char *name)
{
    return item->string && strcmp(item->string, name) == 0;
}

static bool is_date(const cJSON *item)
{
    return cJSON_IsString(item) && strlen(item->valuestring) >= 10 && item->valuestring[4] == '-' &&
           item->valuestring[7] == '-';
}

static bool set_text(cJSON *item, bool fits, const char *text)
{
    return fits && cJSON_SetValuestring(item, text) != NULL;
}

static bool say_another_code(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "code"), "XYZ-1");
}

static bool say_another_word(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "system") || is_named(item, "unit") || is_named(item, "reference"),
                    "urn:elsewhere/1");
}

static bool say_unknown(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "status"), "unknown");
}

static bool say_going_on(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "status"), "in-progress");
}

static bool say_provisional(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "status"), "preliminary");
}

static bool say_refuted(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, cJSON_IsString(item) && strcmp(item->valuestring, "confirmed") == 0, "refuted");
}

static bool say_the_month(cJSON *parent, cJSON *item)
{
    char month[8] = "";

    (void)parent;
    return is_date(item) && set_text(item, true, strncat(month, item->valuestring, 7));
}

static bool say_a_time_without_offset(cJSON *parent, cJSON *item)
{
    char time[32] = "";

    (void)parent;
    return is_date(item) && set_text(item, true, strcat(strncat(time, item->valuestring, 10), "T10:00:00"));
}

static bool say_the_day(cJSON *parent, cJSON *item)
{
    char day[11] = "";

    (void)parent;
    return is_date(item) && item->valuestring[10] == 'T' && set_text(item, true, strncat(day, item->valuestring, 10));
}

static bool say_no_date(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_date(item), "2024-02-30");
}

static bool say_a_day_before(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_date(item), "2023-12-30");
}

static bool say_late(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_date(item), "2025-03-30");
}

/* effectiveDateTime as effectivePeriod, onsetDateTime as onsetPeriod ... */
static bool say_a_period(cJSON *parent, cJSON *item)
{
    const char *const end = item->string ? strstr(item->string, "DateTime") : NULL;
    char name[64] = "";
    cJSON *period;

    if (!end || !is_date(item))
        return false;
    strcat(strncat(name, item->string, (size_t)(end - item->string)), "Period");
    period = cJSON_AddObjectToObject(parent, name);
    cJSON_AddStringToObject(period, "start", item->valuestring);
    cJSON_AddStringToObject(period, "end", item->valuestring);
    return vary_leave_out(parent, item);
}

static bool say_a_number(cJSON *parent, cJSON *item, double value)
{
    (void)parent;
    if (!cJSON_IsNumber(item))
        return false;
    cJSON_SetNumberValue(item, value);
    return true;
}

static bool say_nought(cJSON *parent, cJSON *item)
{
    return say_a_number(parent, item, 0);
}

static bool say_less_than_nought(cJSON *parent, cJSON *item)
{
    return say_a_number(parent, item, -3);
}

static bool say_many(cJSON *parent, cJSON *item)
{
    return say_a_number(parent, item, 70000);
}

static bool compare(cJSON *parent, const cJSON *item, const char *comparator)
{
    return is_named(item, "value") && cJSON_IsNumber(item) && !cJSON_GetObjectItem(parent, "comparator") &&
           cJSON_AddStringToObject(parent, "comparator", comparator);
}

static bool say_below(cJSON *parent, cJSON *item)
{
    return compare(parent, item, "<");
}

static bool say_at_least(cJSON *parent, cJSON *item)
{
    return compare(parent, item, ">=");
}

static bool modify(cJSON *parent, cJSON *item)
{
    return is_named(item, "resourceType") && cJSON_AddArrayToObject(parent, "modifierExtension") &&
           cJSON_AddItemToArray(cJSON_GetObjectItem(parent, "modifierExtension"),
                                cJSON_Parse("{\"url\":\"urn:x\",\"valueBoolean\":true}"));
}

static bool withdraw(cJSON *parent, cJSON *item)
{
    (void)parent;
    return set_text(item, is_named(item, "status"), "entered-in-error");
}

/* ---- each in turn ---- */

static void take(const char *json, void *context)
{
    const size_t fact = *(const size_t *)context;
    const struct gw_fact kept = s.facts[fact];
    const char *const text = s.texts[fact], *const other = gw_arena_copy(&s.arena, json, strlen(json));

    if (subject_replace(&s, fact, other))
        check(other);
    s.facts[fact] = kept;
    s.texts[fact] = text;
}

static void vary_all(void)
{
    static vary_change *const changes[] = {
        vary_leave_out,  say_the_day,  say_another_code, say_another_word,          say_unknown, say_going_on,
        say_provisional, say_refuted,  say_the_month,    say_a_time_without_offset, say_no_date, say_a_day_before,
        say_late,        say_a_period, say_nought,       say_less_than_nought,      say_many,    say_below,
        say_at_least,    modify,       withdraw,
    };

    subject_derive(&s);
    for (size_t i = 0; i < s.count; i++)
        vary_json(s.texts[i], changes, sizeof changes / sizeof *changes, take, &i);
}

/* What records of drugs can say of doses, rates, rounds and products. */
static void add_dosages(void)
{
    static const char *const dosages[] = {
        "'timing':{'repeat':{'boundsPeriod':{'start':'2024-01-15','end':'2024-01-20'},'frequency':1,'frequencyMax':1,"
        "'period':1,'periodMax':1,'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{'value':10,'unit':'mg'}}]},"
        "{'timing':{'repeat':{'boundsPeriod':{'start':'2024-01-21','end':'2024-01-28'},'frequency':1,'period':1,"
        "'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{'value':15,'unit':'mg'}}]",
        "'sequence':1,'timing':{'repeat':{'boundsDuration':{'value':7,'code':'d'},'frequency':1,'period':1,"
        "'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{'value':10,'unit':'mg'}}]},{'sequence':2,'timing':{"
        "'repeat':{'frequency':1,'period':12,'periodUnit':'h'}},'doseAndRate':[{'doseQuantity':{'value':5,'unit':"
        "'mg'}}]",
        "'timing':{'event':['2024-02-15','2024-02-18','2024-02-20']},'doseAndRate':[{'doseQuantity':{'value':25,"
        "'unit':'mg','code':'mg','system':'http://unitsofmeasure.org'}}]",
        "'timing':{'repeat':{'frequency':21,'period':28,'periodUnit':'d'}},'route':{'coding':[{'system':"
        "'http://snomed.info/sct','code':'26643006'}]},'doseAndRate':[{'doseQuantity':{'value':2,'unit':'{capsule}'}}]",
        "'timing':{'repeat':{'dayOfWeek':['mon','thu'],'timeOfDay':['08:00:00']}},'asNeededBoolean':false,"
        "'doseAndRate':[{'doseQuantity':{'value':1,'unit':'tablet'}}]",
        "'timing':{'code':{'coding':[{'code':'QOD'}]}},'doseAndRate':[{'doseRange':{'low':{'value':1,'unit':'mg'},"
        "'high':{'value':2,'unit':'mg'}}}]",
        "'timing':{'repeat':{'frequency':2,'period':1,'periodUnit':'d'}},'doseAndRate':[{'doseQuantity':{'value':4,"
        "'unit':'mg'}}]},{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}},'doseAndRate':[{"
        "'doseQuantity':{'value':2,'unit':'mg'}}]",
    };
    static const char *const types[] = {"MedicationStatement", "MedicationRequest"};

    for (size_t i = 0; i < sizeof dosages / sizeof *dosages; i++)
        for (size_t k = 0; k < sizeof types / sizeof *types; k++)
            subject_add(
                &s,
                "{'resourceType':'%s','id':'do%zu%zu','status':'completed','subject':{'reference':'Patient/p1'},"
                "'%s':'2024-01-15','effectivePeriod':{'start':'2024-01-15','end':'2024-03-11'},"
                "'medicationReference':{'reference':'Medication/product'},'%s':[{%s}]}",
                types[k], i, k, k ? "authoredOn" : "dateAsserted", k ? "dosageInstruction" : "dosage", dosages[i]);
    subject_add(&s, "{'resourceType':'Medication','id':'product','code':{'coding':[{'system':"
                    "'http://www.whocc.no/atc','code':'L04AX04'}]},'ingredient':[{'itemCodeableConcept':{'coding':[{"
                    "'system':'http://www.whocc.no/atc','code':'L04AX04'}]},'strength':{'numerator':{'value':5,"
                    "'unit':'mg','code':'mg'},'denominator':{'value':1,'unit':'tablet'}}}]}");
    subject_add(&s, "{'resourceType':'MedicationAdministration','id':'drip','status':'completed','subject':{"
                    "'reference':'Patient/p1'},'medicationReference':{'reference':'Medication/product'},"
                    "'effectivePeriod':{'start':'2024-01-30T09:00:00+01:00','end':'2024-01-30T11:30:00+01:00'},"
                    "'dosage':{'rateQuantity':{'value':4,'unit':'mg/h','code':'mg/h'}}}");
    subject_add(&s, "{'resourceType':'MedicationDispense','id':'handed','status':'completed','subject':{'reference':"
                    "'Patient/p1'},'medicationReference':{'reference':'Medication/product'},'whenHandedOver':"
                    "'2024-03-20','quantity':{'value':21,'unit':'tablet'},'daysSupply':{'value':21,'unit':'d'},"
                    "'dosageInstruction':[{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}},"
                    "'doseAndRate':[{'doseQuantity':{'value':5,'unit':'mg'}}]}]}");
}

/* Limits by age and sex, components, specimens, values that others make. */
static void add_results(void)
{
    subject_add(&s, "{'resourceType':'Observation','id':'ranges','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'718-7'}]},'effectiveDateTime':'2024-02-14',"
                    "'valueQuantity':{'value':9.1,'unit':'g/dL','code':'g/dL','system':'http://unitsofmeasure.org'},"
                    "'referenceRange':[{'low':{'value':12,'unit':'g/dL'},'high':{'value':16,'unit':'g/dL'},"
                    "'appliesTo':[{'coding':[{'code':'female'}]}],'age':{'low':{'value':18,'code':'a'},'high':{'value':"
                    "120,'unit':'a'}}},{'low':{'value':13,'unit':'g/dL'},'high':{'value':17,'unit':'g/dL'},'appliesTo':"
                    "[{'coding':[{'code':'male'}]}]},{'text':'12 - 16'}]}");
    subject_add(&s, "{'resourceType':'Specimen','id':'tube','subject':{'reference':'Patient/p1'},'collection':{"
                    "'collectedDateTime':'2024-03-14T08:00:00+01:00'}}");
    subject_add(&s, "{'resourceType':'Observation','id':'white','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'6690-2'}]},'effectiveDateTime':"
                    "'2024-04-14T08:00:00Z','specimen':{'reference':'Specimen/tube'},'valueQuantity':{'value':2.0,"
                    "'unit':'10*9/L'},'interpretation':[{'coding':[{'code':'L'}]}]}");
    subject_add(&s, "{'resourceType':'Observation','id':'share','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'770-8'}]},'effectiveDateTime':"
                    "'2024-04-14T08:00:00Z','specimen':{'reference':'Specimen/tube'},'valueQuantity':{'value':40,"
                    "'unit':'%%'}}");
    subject_add(&s, "{'resourceType':'Observation','id':'pressure','status':'final','subject':{'reference':'Patient/p1'"
                    "},'code':{'coding':[{'system':'http://loinc.org','code':'85354-9'}]},'effectivePeriod':{'start':"
                    "'2024-02-14T08:00:00Z','end':'2024-02-14T09:00:00Z'},'component':[{'code':{'coding':[{'system':"
                    "'http://loinc.org','code':'8480-6'}]},'valueQuantity':{'value':84,'unit':'mmHg'}},{'code':{"
                    "'coding':[{'system':'http://loinc.org','code':'29463-7'}]},'valueQuantity':{'value':70,'unit':'kg'"
                    "}}]}");
    subject_add(&s, "{'resourceType':'Observation','id':'thyroid','status':'final','subject':{'reference':'Patient/p1'"
                    "},'code':{'coding':[{'system':'http://loinc.org','code':'3016-3'}]},'effectiveDateTime':"
                    "'2024-02-14','valueQuantity':{'value':9.0,'unit':'m[IU]/L'},'referenceRange':[{'low':{'value':0.4,"
                    "'unit':'m[IU]/L'},'high':{'value':4.0,'unit':'m[IU]/L'}}]}");
    subject_add(&s, "{'resourceType':'Observation','id':'culture','status':'final','subject':{'reference':'Patient/p1'"
                    "},'code':{'coding':[{'system':'http://loinc.org','code':'600-7'}]},'effectiveDateTime':"
                    "'2024-03-02','interpretation':[{'coding':[{'code':'POS'}]}],'valueCodeableConcept':{'coding':[{"
                    "'system':'http://snomed.info/sct','code':'10828004'}]}}");
}

Test(variations, of_doses_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    subject_add_patient(&s, "female", "1946-03-01");
    subject_add_visit(&s, "visit", "2024-02-14");
    add_dosages();
    vary_all();
    cr_expect(gt(sz, told, 500), "%zu", told);
    whole_release(&s, &scratch);
}

Test(variations, of_results_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    whole_add_course(&s);
    add_results();
    vary_all();
    cr_expect(gt(sz, told, 500), "%zu", told);
    whole_release(&s, &scratch);
}

/* ---- the roster and the day up to which all is known ---- */

static gw_day day_or_none(const char *text)
{
    return text ? subject_day(text) : GW_NO_DAY;
}

Test(variations, of_the_roster_and_of_what_is_known_never_break)
{
    static const char *const days[] = {NULL, "2023-12-01", "2024-01-15", "2024-02-10", "2024-04-20", "2025-02-01"};
    static const size_t count = sizeof days / sizeof *days;

    whole_init(&s, &scratch);
    whole_add_course(&s);
    whole_add_parameters(&s);
    whole_add_events(&s);
    subject_derive(&s);
    for (size_t i = 0; i < count * count * count; i++) {
        s.line.end_of_treatment = day_or_none(days[i % count]);
        s.line.withdrawn = day_or_none(days[i / count % count]);
        s.horizon = subject_day(days[i / count / count] ? days[i / count / count] : "2024-06-30");
        s.line.first_dose = i % 5 == 4 ? GW_NO_DAY : subject_day("2024-01-15");
        subject_study(&s)->d1_evidence[GW_RANK_DISPENSE] = i % 5 >= 3;
        s.facts[0].patient.deceased = i % 7 >= 5;
        s.facts[0].patient.deceased_date = i % 7 == 6 ? "2024-05-01" : NULL;
        check("roster");
    }
    whole_release(&s, &scratch);
}

/* The same results told twice: by identifier, by specimen, by what they say. */
static void add_twins(void)
{
#define TWIN(id, head, tail)                                                                                           \
    "{'resourceType':'Observation','id':'" id "','status':'final',"                                                    \
    "'meta':{'lastUpdated':'2024-02-14T1" head ":00:00Z'},'subject':{'reference':'Patient/p1'},"                       \
    "'identifier':[{'system':'urn:lab','value':'n1'}],'specimen':{'reference':'Specimen/tube'},'code':{'coding':[{"    \
    "'system':'http://loinc.org','code':" tail "}"
#define NUMBER "'751-8'}]},'effectiveDateTime':'2024-02-14T08:00:00Z','valueQuantity':{'value':1.2,'unit':'10*9/L'}"
#define CULTURE                                                                                                        \
    "'600-7'}]},'effectiveDateTime':'2024-02-14','valueCodeableConcept':{'coding':[{'system':"                         \
    "'http://snomed.info/sct','code':'10828004'}]}"
#define WORD "'718-7'}]},'effectiveDateTime':'2024-02-14','valueString':'11.2'"
    subject_add(&s, "%s", TWIN("n1", "0", NUMBER));
    subject_add(&s, "%s", TWIN("n2", "1", NUMBER));
    subject_add(&s, "%s", TWIN("n3", "1", NUMBER));
    subject_add(&s, "%s", TWIN("c1", "0", CULTURE));
    subject_add(&s, "%s", TWIN("c2", "1", CULTURE));
    subject_add(&s, "%s", TWIN("w1", "0", WORD));
    subject_add(&s, "%s", TWIN("w2", "1", WORD));
#undef TWIN
#undef NUMBER
#undef CULTURE
#undef WORD
    subject_add(&s, "{'resourceType':'Specimen','id':'tube','subject':{'reference':'Patient/p1'},'collection':{"
                    "'collectedDateTime':'2024-02-14T08:00:00+01:00'}}");
}

Test(variations, of_twins_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    subject_add_patient(&s, "female", "1946-03-01");
    subject_add_visit(&s, "visit", "2024-02-14");
    add_twins();
    vary_all();
    cr_expect(gt(sz, told, 300), "%zu", told);
    whole_release(&s, &scratch);
}

/* What speaks for a clot to come, for a response and for reactions to low counts. */
static void add_risks(void)
{
    static const struct {
        const char *code, *onset;
    } diagnoses[] = {{"I82.402", "2023-11-01"}, {"Z86.718", "2023-12-01"}, {"I21.4", "2023-12-20"},
                     {"J18.9", "2024-01-10"},   {"E66.9", "2020-01-01"},   {"D68.51", "2019-01-01"},
                     {"C90.30", "2024-03-01"},  {"N18.6", "2023-06-01"},   {"I50.9", "2020-01-01"}};

    for (size_t i = 0; i < sizeof diagnoses / sizeof *diagnoses; i++)
        subject_add_condition(&s, gw_arena_print(&s.arena, "risk%zu", i), diagnoses[i].code, diagnoses[i].onset, NULL);
    doses_add(&s, "B03XA01", "S -20..30 4000");
    doses_add(&s, "B01AB05", "S 0..100 40; S 101..120 80 bid");
    doses_add(&s, "B01AA03", "S 30..60 5");
    doses_add(&s, "H02AB02", "S 0..3 40; S 8..11 40; S 16..19 40");
    doses_add(&s, "L03AA02", "A 31 0.3");
    subject_add_value(&s, "kg", "29463-7", "2024-01-15", "101", "kg");
    subject_add_value(&s, "cm", "8302-2", "2024-01-15", "170", "cm");
    subject_add_value(&s, "crea", "2160-0", "2024-01-15", "1.1", "mg/dL");
    subject_add_value(&s, "ecog", "89247-1", "2024-01-15", "2", "{score}");
    subject_add_value(&s, "plt", "777-3", "2024-01-15", "120", "10*9/L");
    subject_add_value(&s, "tsh", "3016-3", "2024-04-14", "9.0", "m[IU]/L");
    subject_add_value(&s, "fixed", "25700-6", "2024-04-14", "1", "1");
}

Test(variations, of_risks_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    subject_add_patient(&s, "female", "1946-03-01");
    subject_add_visit(&s, "visit", "2024-02-14");
    add_risks();
    vary_all();
    cr_expect(gt(sz, told, 300), "%zu", told);
    whole_release(&s, &scratch);
}

/* Fevers and counts by the hour, what lowered them, a stay, and whom a physician suspects. */
static void add_fevers(void)
{
    static const struct {
        const char *id, *loinc, *when, *value, *unit;
    } values[] = {
        {"t1", "8310-5", "2024-02-20T08:00:00Z", "38.1", "Cel"},
        {"t2", "8310-5", "2024-02-20T09:30:00Z", "38.2", "Cel"},
        {"t3", "8310-5", "2024-02-20T10:00:00Z", "38.6", "Cel"},
        {"t4", "8310-5", "2024-02-22T10:00:00Z", "36.9", "Cel"},
        {"t5", "8310-5", "2024-02-25", "38.5", "Cel"},
        {"t6", "8310-5", "2024-03-10T10:00:00Z", "38.9", "Cel"},
        {"n1", "751-8", "2024-02-20T06:00:00Z", "0.8", "10*9/L"},
        {"n2", "751-8", "2024-02-20T20:00:00Z", "0.4", "10*9/L"},
        {"n3", "751-8", "2024-02-25T08:00:00Z", "<0.5", "10*9/L"},
        {"n4", "751-8", "2024-02-28", "1.8", "10*9/L"},
        {"n5", "751-8", "2024-03-11T09:00:00Z", ">=1.0", "10*9/L"},
    };
    static const char *const given[] = {"2024-02-20T07:00:00Z", "2024-02-20T09:00:00Z", "2024-02-20T09:00:00Z"};
    static const char *const suspects[] = {
        "'instanceCodeableConcept':{'coding':[{'system':'http://www.whocc.no/atc','code':'L04AX04'}]}",
        "'instance':{'reference':'Medication/capsule'}", "'instanceReference':{'reference':'Medication/capsule'}"};

    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        subject_add_value(&s, values[i].id, values[i].loinc, values[i].when, values[i].value, values[i].unit);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        subject_add(&s,
                    "{'resourceType':'MedicationAdministration','id':'relief%zu','status':'completed','subject':{"
                    "'reference':'Patient/p1'},'medicationCodeableConcept':{'coding':[{'system':"
                    "'http://www.whocc.no/atc','code':'N02BE01'}]},'effectiveDateTime':'%s'}",
                    i, given[i]);
    subject_add(&s, "{'resourceType':'Medication','id':'capsule','code':{'coding':[{'system':"
                    "'http://www.whocc.no/atc','code':'L04AX04'}]}}");
    for (size_t i = 0; i < sizeof suspects / sizeof *suspects; i++)
        subject_add(
            &s,
            "{'resourceType':'AdverseEvent','id':'said%zu','status':'completed','actuality':'actual','subject':{"
            "'reference':'Patient/p1'},'detected':'2024-02-21','recordedDate':'2024-02-22','event':{'coding':[{"
            "'system':'http://hl7.org/fhir/sid/icd-10-cm','code':'D70.1'}]},'suspectEntity':[{%s,'causality':[{"
            "'assessment':{'coding':[{'system':"
            "'http://terminology.hl7.org/CodeSystem/adverse-event-causality-assess','code':'Possible'}]}}]}]}",
            i, suspects[i]);
    subject_add(&s, "{'resourceType':'Encounter','id':'stay','status':'finished','class':{'code':'IMP'},'subject':{"
                    "'reference':'Patient/p1'},'period':{'start':'2024-02-20','end':'2024-02-24'}}");
}

Test(variations, of_fevers_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    subject_add_patient(&s, "female", "1946-03-01");
    subject_add_visit(&s, "visit", "2024-02-14");
    subject_add_visit(&s, "visit2", "2024-03-15");
    add_fevers();
    vary_all();
    cr_expect(gt(sz, told, 300), "%zu", told);
    whole_release(&s, &scratch);
}

static void start_chart(void)
{
    static const char profile[] = "{\"id\":\"busan\",\"zone\":\"Asia/Seoul\",\"contacts\":\"inferred\","
                                  "\"questionnaires\":[{\"questionnaire\":\"" CHART_ICE
                                  "\",\"instrument\":\"ICE\",\"items\":[{\"link\":\"ice\",\"item\":0}]}]}";
    struct gw_error err;

    subject_init_at(&s, "elranatamab-rrmm", "busan");
    scratch_init(&scratch);
    gw_site_close(s.site);
    cr_assert(gw_site_load(&s.arena, scratch_write(&scratch, "busan.json", profile), s.tables, &s.site, &err) == GW_OK,
              "%s", err.text);
    whole_shorten(&s, 4);
    chart_add_doses(&s);
    s.horizon = subject_day("2024-03-30");
}

Test(variations, of_charts_are_told_apart_and_never_break)
{
    static const char *const charts[] = {
        "d1 12:00 S 140;d1 16:00 S 138;d1 20:00 S 142;d2 14:00 T 38.5;d2 15:00 TF 102.2;d2 15:00 S 84;d2 16:00 O 88;"
        "d2 16:30 FN 2;d2 17:00 FM 8;d2 17:30 X 40;d2 18:00 R C01CA03 10;d2 18:30 A L04AC07;d2 19:00 R H01BA01 2;"
        "d2 20:00 P 47545007 10;d3 08:00 T 36.8",
        "d2 14:00 T 38.5;d2 C D89.832 d5;d2 21:00 A N02BE01;d3 08:00 T 36.8;d9 14:00 T 39.0;d9 T 38.8;d9 15:00 FV 30;"
        "d9 18:00 FH 40;d11 10:00 T 36.5;d11 C D89.831 d12",
        "d2 08:00 I 8;d2 20:00 I 5;d3 08:00 I 10;d9 I 2;d9 14:00 G 13;d9 C R47.01;d10 C G92.03 d12;d11 A H02AB02;"
        "d12 I 10",
    };

    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
        start_chart();
        chart_add(&s, charts[i]);
        vary_all();
        subject_release(&s);
        scratch_release(&scratch);
    }
    cr_expect(gt(sz, told, 500), "%zu", told);
}

Test(variations, of_doses_and_parameters_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    whole_add_course(&s);
    whole_add_parameters(&s);
    vary_all();
    cr_expect(gt(sz, told, 1000), "%zu", told);
    whole_release(&s, &scratch);
}

Test(variations, of_events_are_told_apart_and_never_break)
{
    whole_init(&s, &scratch);
    whole_add_course(&s);
    whole_add_events(&s);
    whole_add_questions(&s);
    whole_add_decisions(&s);
    vary_all();
    cr_expect(gt(sz, told, 1000), "%zu", told);
    whole_release(&s, &scratch);
}

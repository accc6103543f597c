#include "support/chart.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/json.h"

#define MOST 16

struct entry {
    const char *when; /* as FHIR has it */
    const char *until;
    char what[8], value[32], more[16];
    size_t id;
};

static const struct {
    const char *what, *loinc, *unit, *device;
} values[] = {
    {"T", "8310-5", "Cel", NULL},
    {"TF", "8310-5", "[degF]", NULL},
    {"S", "8480-6", "mm[Hg]", NULL},
    {"O", "59408-5", "%", NULL},
    {"X", "3150-0", "%", NULL},
    {"F", "3151-8", "L/min", NULL},
    {"FN", "3151-8", "L/min", "336623009"},
    {"FM", "3151-8", "L/min", "336602003"},
    {"FV", "3151-8", "L/min", "428285009"},
    {"FH", "3151-8", "L/min", "426854004"},
    {"G", "9269-2", "{score}", NULL},
};

static const char *moment(struct subject *s, int day, int minute)
{
    char text[11];

    gw_day_print(subject_day("2024-01-15") + day - 1 + (minute < 0 ? 0 : minute / 1440), text);
    return minute < 0 ? gw_arena_print(&s->arena, "%s", text)
                      : gw_arena_print(&s->arena, "%sT%02d:%02d:00+09:00", text, minute / 60 % 24, minute % 60);
}

static void add_value(struct subject *s, const struct entry *e)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const char *method = "";

        if (strcmp(values[i].what, e->what) != 0)
            continue;
        if (values[i].device)
            method = gw_arena_print(&s->arena, "'method':{'coding':[{'system':'http://snomed.info/sct','code':'%s'}]},",
                                    values[i].device);
        subject_add(s,
                    "{'resourceType':'Observation','id':'e%zu','status':'final','subject':{'reference':'Patient/p1'},"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'%s'}]},'effectiveDateTime':'%s',%s"
                    "'valueQuantity':{'value':%s,'system':'http://unitsofmeasure.org','code':'%s'}}",
                    e->id, values[i].loinc, e->when, method, e->value, values[i].unit);
        return;
    }
    cr_assert_fail("no value is called %s", e->what);
}

/* R at a rate, RQ inhaled at a rate, A at once. */
static void add_drug(struct subject *s, const struct entry *e)
{
    const char *inhaled =
        e->what[1] ? "'route':{'coding':[{'system':'http://snomed.info/sct','code':'447694001'}]}," : "";
    const char *time = e->until
                           ? gw_arena_print(&s->arena, "'effectivePeriod':{'start':'%s','end':'%s'}", e->when, e->until)
                           : gw_arena_print(&s->arena, "'effectiveDateTime':'%s'", e->when);

    subject_add(s,
                "{'resourceType':'MedicationAdministration','id':'e%zu','status':'completed',"
                "'subject':{'reference':'Patient/p1'},'medicationCodeableConcept':{'coding':[{'system':"
                "'http://www.whocc.no/atc','code':'%s'}]},%s,'dosage':{%s%s}}",
                e->id, e->value, time, inhaled,
                *e->what == 'R' ? "'rateQuantity':{'value':5,'code':'ug/min'}" : "'text':'as ordered'");
}

static void add_procedure(struct subject *s, const struct entry *e)
{
    const char *time = e->until
                           ? gw_arena_print(&s->arena, "'performedPeriod':{'start':'%s','end':'%s'}", e->when, e->until)
                           : gw_arena_print(&s->arena, "'performedDateTime':'%s'", e->when);

    subject_add(s,
                "{'resourceType':'Procedure','id':'e%zu','status':'completed','subject':{'reference':'Patient/p1'},"
                "'code':{'coding':[{'system':'http://snomed.info/sct','code':'%s'}]},%s}",
                e->id, e->value, time);
}

static void add_points(struct subject *s, const struct entry *e)
{
    subject_add(s,
                "{'resourceType':'QuestionnaireResponse','id':'e%zu','status':'completed',"
                "'subject':{'reference':'Patient/p1'},'questionnaire':'" CHART_ICE "','authored':'%s',"
                "'item':[{'linkId':'ice','answer':[{'valueInteger':%s}]}]}",
                e->id, e->when, e->value);
}

static void add_entry(struct subject *s, const char *text, size_t id)
{
    struct entry e = {.id = id};
    char name[8];
    int day, hour, minute = -1, used = 0;

    cr_assert(sscanf(text, " d%d%n", &day, &used) == 1, "%s", text);
    text += used;
    if (sscanf(text, " %d:%d%n", &hour, &minute, &used) == 2) {
        minute += 60 * hour;
        text += used;
    }
    cr_assert(sscanf(text, " %7s %31s %15s", e.what, e.value, e.more) >= 2, "%s", text);
    e.when = moment(s, day, minute);
    if (*e.more && *e.more != 'd')
        e.until = moment(s, day, minute + 60 * atoi(e.more));
    snprintf(name, sizeof name, "e%zu", id);
    if (strcmp(e.what, "C") == 0)
        subject_add_condition(s, name, e.value, e.when, *e.more ? moment(s, atoi(e.more + 1), -1) : NULL);
    else if (strcmp(e.what, "P") == 0)
        add_procedure(s, &e);
    else if (*e.what == 'A' || *e.what == 'R')
        add_drug(s, &e);
    else if (strcmp(e.what, "I") == 0)
        add_points(s, &e);
    else
        add_value(s, &e);
}

void chart_add(struct subject *s, const char *chart)
{
    char *rest = gw_arena_copy(&s->arena, chart, strlen(chart)), *entry;

    cr_assert(rest != NULL);
    for (size_t id = 0; (entry = strsep(&rest, ";")); id++)
        add_entry(s, entry, id);
}

void chart_add_doses(struct subject *s)
{
    static const int days[] = {1, 4, 8, 15, 22};

    subject_add_patient(s, "male", "1950-03-01");
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        subject_add(s,
                    "{'resourceType':'MedicationAdministration','id':'dose%zu','status':'completed',"
                    "'subject':{'reference':'Patient/p1'},'medicationCodeableConcept':{'coding':[{'system':"
                    "'http://www.whocc.no/atc','code':'L01FX32'}]},'effectiveDateTime':'%s','dosage':{'dose':{"
                    "'value':%d,'unit':'mg','system':'http://unitsofmeasure.org','code':'mg'}}}",
                    i + 1, moment(s, days[i], 600),
                    i == 0   ? 12
                    : i == 1 ? 32
                             : 76);
}

void chart_init(struct subject *s, struct scratch *scratch)
{
    subject_init_at(s, "elranatamab-rrmm", "busan");
    scratch_init(scratch);
    subject_set_profile(s, scratch,
                        "{\"id\":\"busan\",\"zone\":\"Asia/Seoul\",\"contacts\":\"inferred\","
                        "\"questionnaires\":[{\"questionnaire\":\"" CHART_ICE
                        "\",\"instrument\":\"ICE\",\"items\":[{\"link\":\"ice\",\"item\":0}]}],"
                        "\"scores\":[{\"system\":\"urn:sm:obs\",\"code\":\"ICE-T\",\"scale\":\"ICE\"}]}");
    chart_add_doses(s);
}

void chart_release(struct subject *s, struct scratch *scratch)
{
    subject_release(s);
    scratch_release(scratch);
}

/* ---- what is asked ---- */

static int study_day(const cJSON *context, const char *member)
{
    const char *text = gw_json_string(context, member);

    return text ? subject_day(text) - subject_day("2024-01-15") + 1 : 0;
}

static const char *summary(struct subject *s, const cJSON *context)
{
    const char *grade = gw_json_number(context, "grade"), *dose = gw_json_number(context, "dose_number");
    const int end = study_day(context, "end");
    const char *ended = end                                ? gw_arena_print(&s->arena, "end d%d", end)
                        : gw_json_true(context, "ongoing") ? "ongoing"
                                                           : "end ?";

    return gw_arena_print(&s->arena, "d%d g%s %s dose %s", study_day(context, "onset"), grade ? grade : "?", ended,
                          dose ? dose : "none");
}

static int by_onset(const void *x, const void *y)
{
    const char *const *a = x, *const *b = y;

    return atoi(*a + 1) - atoi(*b + 1);
}

const char *chart_items(struct subject *s, const char *code)
{
    const char *list[MOST];
    size_t count = 0;

    for (size_t i = 0; i < s->derived.item_count; i++) {
        const struct gw_item *item = &s->derived.items[i];
        const cJSON *context = NULL;
        struct gw_error err;

        if (strcmp(item->code, code) != 0)
            continue;
        cr_assert(count < MOST && gw_json_parse(&s->arena, item->context, strlen(item->context), NULL, &context, NULL,
                                                &err) == GW_OK,
                  "%s", item->context);
        list[count++] = summary(s, context);
    }
    if (count == 0)
        return "none";
    qsort(list, count, sizeof *list, by_onset);
    for (size_t i = 1; i < count; i++)
        list[0] = gw_arena_print(&s->arena, "%s | %s", list[0], list[i]);
    return list[0];
}

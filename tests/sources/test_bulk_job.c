/*
 * Which export is next, how it is asked for, and that notes give back what was written.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/bulk_ask.h"
#include "sources/bulk_job.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define NOW          1795168800
#define HOUR         3600
#define T1           "2026-11-19T08:00:00+01:00"
#define T2           "2026-11-20T08:00:00Z"

static struct gw_arena arena = GW_ARENA_INIT(64 << 20);
static struct gw_gate *gate;
static struct gw_web web;

static const enum gw_resource types[] = {GW_PATIENT, GW_OBSERVATION, GW_MEDICATION_REQUEST};
static const struct gw_bulk_member both[] = {{7, "pat-7"}, {3, "pat-3"}};
static const struct gw_bulk_member unknown[] = {{7, "pat-7"}, {9, NULL}};
static int64_t three_seven[] = {3, 7}, seven[] = {7};

static void open_all(void)
{
    cr_assert(gw_gate_new("https://fhir.example.org/r4", NULL, 0, &gate, NULL) == GW_OK);
    web.gate = gate;
}

static void close_all(void)
{
    gw_gate_free(gate);
    gw_arena_release(&arena);
}

TestSuite(bulk_job, .init = open_all, .fini = close_all);

static struct gw_bulk_settings settings_of(const struct gw_bulk_member *members, size_t count, bool by_patient)
{
    return (struct gw_bulk_settings){.web = &web,
                                     .level = GW_BULK_GROUP,
                                     .group = "g-1",
                                     .every_hours = 24,
                                     .by_patient = by_patient,
                                     .types = types,
                                     .type_count = COUNT(types),
                                     .members = members,
                                     .member_count = count};
}

#define ALL_OF(time, at)                                                                                               \
    {                                                                                                                  \
        .as_of = (time), .tried = (at), .members = { three_seven, 2 }                                                  \
    }
#define SEVEN_OF(time, at)                                                                                             \
    {                                                                                                                  \
        .as_of = (time), .tried = (at), .members = { seven, 1 }                                                        \
    }

static const struct {
    const char *name;
    struct bulk_mark marks[3];
    bool by_patient;
    const char *job; /* "scope since types: members"; NULL: none is due */
    int64_t wait_s;
} choices[] = {
    {"nothing is known", {{0}}, false, "all - Patient,Observation,MedicationRequest: 3 7", 0},
    {"all was complete a day ago",
     {ALL_OF(T1, NOW - 24 * HOUR), ALL_OF(T1, NOW - 24 * HOUR), ALL_OF(T1, NOW - 24 * HOUR)},
     false,
     "since " T1 " Patient,Observation,MedicationRequest: 3 7",
     0},
    {"a second less than a day ago",
     {ALL_OF(T1, NOW - 24 * HOUR + 1), ALL_OF(T1, NOW - 24 * HOUR + 2), ALL_OF(T1, NOW - 24 * HOUR + 3)},
     false,
     NULL,
     1},
    {"the clock was set back: nobody waits for years",
     {ALL_OF(T1, NOW + 1), ALL_OF(T1, NOW + 1), ALL_OF(T1, NOW + 1)},
     false,
     "since " T1 " Patient,Observation,MedicationRequest: 3 7",
     0},
    {"one type was never complete: it comes first, by itself",
     {ALL_OF(T1, 1), {.tried = 1}, ALL_OF(T1, 1)},
     false,
     "all - Observation: 3 7",
     0},
    {"but not before its time",
     {ALL_OF(T1, 1), {.tried = NOW - 1}, ALL_OF(T1, 1)},
     false,
     "since " T1 " Patient,MedicationRequest: 3 7",
     0},
    {"types complete at different times are asked for apart",
     {ALL_OF(T2, 1), ALL_OF(T1, 1), ALL_OF(T2, 1)},
     false,
     "since " T2 " Patient,MedicationRequest: 3 7",
     0},
    {"someone new: everything of everyone, once",
     {SEVEN_OF(T1, 1), SEVEN_OF(T1, 1), ALL_OF(T1, 1)},
     false,
     "all - Patient,Observation: 3 7",
     0},
    {"someone new: everything of that one, where people can be named",
     {SEVEN_OF(T1, NOW - 1), SEVEN_OF(T1, NOW - 1), ALL_OF(T1, NOW - 1)},
     true,
     "new - Patient,Observation: 3",
     0},
    {"someone new was tried an hour ago",
     {{.as_of = T1, .tried = NOW - 1, .tried_new = NOW - HOUR, .members = {seven, 1}},
      ALL_OF(T1, NOW - 2),
      ALL_OF(T1, NOW - 3)},
     true,
     NULL,
     24 * HOUR - 3},
};

static const char *describe(const struct bulk_job *job)
{
    struct gw_text text = GW_TEXT_INIT(4096);
    const char *comma = "", *out;

    gw_text_print(&text, "%s %s ",
                  job->scope == BULK_ALL   ? "all"
                  : job->scope == BULK_NEW ? "new"
                                           : "since",
                  job->since ? job->since : "-");
    for (size_t i = 0; i < COUNT(types); i++) {
        if (!job->types.of[types[i]])
            continue;
        gw_text_print(&text, "%s%s", comma, gw_resource_name(types[i]));
        comma = ",";
    }
    gw_text_add(&text, ":");
    for (size_t i = 0; i < job->members.count; i++)
        gw_text_print(&text, " %lld", (long long)job->members.list[i]);
    out = gw_arena_copy(&arena, text.at, text.length);
    gw_text_release(&text);
    return out;
}

Test(bulk_job, s19_the_next_one_asks_for_what_is_missing)
{
    for (size_t i = 0; i < COUNT(choices); i++) {
        const struct gw_bulk_settings settings = settings_of(both, 2, choices[i].by_patient);
        struct bulk_job job;
        struct gw_error err;
        int64_t wait_s;
        bool due;

        cr_assert(bulk_choose(&arena, &settings, choices[i].marks, NOW, &job, &due, &wait_s, &err) == GW_OK);
        cr_expect(due == (choices[i].job != NULL), "%s", choices[i].name);
        cr_expect(wait_s == choices[i].wait_s, "%s: %lld", choices[i].name, (long long)wait_s);
        if (due && choices[i].job)
            cr_expect_str_eq(describe(&job), choices[i].job, "%s", choices[i].name);
    }
}

Test(bulk_job, asks_for_nothing_while_nobody_is_enrolled)
{
    const struct bulk_mark marks[3] = {{0}};
    const struct gw_bulk_settings nobody = settings_of(NULL, 0, false), nameless = settings_of(&unknown[1], 1, true);
    struct bulk_job job;
    int64_t wait_s;
    bool due;

    cr_assert(bulk_choose(&arena, &nobody, marks, NOW, &job, &due, &wait_s, NULL) == GW_OK);
    cr_expect(!due && wait_s == 24 * HOUR);
    cr_assert(bulk_choose(&arena, &nameless, marks, NOW, &job, &due, &wait_s, NULL) == GW_OK);
    cr_expect(!due);
}

/* ---- what a job leaves behind ---- */

static const struct {
    const char *name;
    enum bulk_scope scope;
    bool complete;
    const char *as_of;
    size_t members;
    int64_t tried, tried_new;
} ends[] = {
    {"everything of everyone", BULK_ALL, true, T2, 2, NOW, 0},
    {"what changed", BULK_SINCE, true, T2, 1, NOW, 0},
    {"one who is new: the others stay where they were", BULK_NEW, true, T1, 2, 0, NOW},
    {"S19: partial success moves nothing", BULK_SINCE, false, T1, 1, NOW, 0},
    {"S19: nor for one who is new", BULK_NEW, false, T1, 1, 0, NOW},
};

Test(bulk_job, moves_the_mark_of_a_type_only_when_it_is_whole)
{
    for (size_t i = 0; i < COUNT(ends); i++) {
        const struct bulk_job job = {.scope = ends[i].scope, .as_of = T2, .members = {three_seven, 2}};
        struct bulk_mark mark = {.as_of = T1, .members = {seven, 1}};

        cr_assert(bulk_mark_end(&arena, &job, GW_OBSERVATION, ends[i].complete, NOW, &mark, NULL) == GW_OK);
        cr_expect_str_eq(mark.as_of, ends[i].as_of, "%s", ends[i].name);
        cr_expect(mark.members.count == ends[i].members, "%s", ends[i].name);
        cr_expect(mark.tried == ends[i].tried && mark.tried_new == ends[i].tried_new, "%s", ends[i].name);
    }
}

/* ---- the request ---- */

static const struct {
    const char *name;
    enum gw_bulk_level level;
    bool by_patient;
    const char *since;
    const char *url;
    const char *body;
} requests[] = {
    {"a group, all", GW_BULK_GROUP, false, NULL,
     "https://fhir.example.org/r4/Group/g-1/$export?_type=Patient,Observation", ""},
    {"patients, what changed: the sign of the offset is escaped", GW_BULK_PATIENT, false, T1,
     "https://fhir.example.org/r4/Patient/$export?_type=Patient,Observation&_since=2026-11-19T08:00:00%2B01:00", ""},
    {"the system", GW_BULK_SYSTEM, false, NULL, "https://fhir.example.org/r4/$export?_type=Patient,Observation", ""},
    {"STU2: named people by POST", GW_BULK_PATIENT, true, T1, "https://fhir.example.org/r4/Patient/$export",
     "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"_type\",\"valueString\":\"Patient,Observation\"},"
     "{\"name\":\"_since\",\"valueInstant\":\"" T1 "\"},"
     "{\"name\":\"patient\",\"valueReference\":{\"reference\":\"Patient/pat-7\"}}]}"},
};

Test(bulk_job, s19_is_asked_for_at_each_level)
{
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct gw_bulk_settings settings = settings_of(both, 2, requests[i].by_patient);
        struct bulk_job job = {.since = requests[i].since, .members = {seven, 1}};
        struct gw_text url = GW_TEXT_INIT(GW_URL_MAX), body = GW_TEXT_INIT(1 << 20);

        job.types.of[GW_PATIENT] = job.types.of[GW_OBSERVATION] = true;
        settings.level = requests[i].level;
        cr_assert(bulk_request(&settings, &job, &url, &body, NULL) == GW_OK);
        cr_expect_str_eq(url.at, requests[i].url, "%s", requests[i].name);
        cr_expect_str_eq(body.at, requests[i].body, "%s", requests[i].name);
        gw_text_release(&url);
        gw_text_release(&body);
    }
}

/* Two studies, two subjects. */
Test(bulk_job, names_a_patient_once_who_is_two_members)
{
    static const struct gw_bulk_member twice[] = {{7, "pat-7"}, {8, "pat-7"}};
    static int64_t numbers[] = {7, 8};
    const struct gw_bulk_settings settings = settings_of(twice, 2, true);
    const struct bulk_job job = {.members = {numbers, 2}};
    struct gw_text url = GW_TEXT_INIT(GW_URL_MAX), body = GW_TEXT_INIT(1 << 20);
    const char *first;

    cr_assert(bulk_request(&settings, &job, &url, &body, NULL) == GW_OK);
    first = strstr(body.at, "Patient/pat-7");
    cr_expect(first && !strstr(first + 1, "Patient/pat-7"), "%s", body.at);
    gw_text_release(&url);
    gw_text_release(&body);
}

static const struct {
    const char *text;
    enum gw_resource type;
} complaints[] = {
    {"The requested resource type \"MedicationRequest\" is not available", GW_MEDICATION_REQUEST},
    {"Unknown type Observation; supported are Patient, Encounter", GW_OBSERVATION},
    {"Medication is not supported", GW_RESOURCE_OTHER},
    {"PatientX, MyObservation", GW_RESOURCE_OTHER},
    {"Patient", GW_PATIENT},
    {"", GW_RESOURCE_OTHER},
};

Test(bulk_job, s19_finds_the_type_that_a_400_complains_about)
{
    struct bulk_types asked = {{false}};

    for (size_t i = 0; i < COUNT(types); i++)
        asked.of[types[i]] = true;
    for (size_t i = 0; i < COUNT(complaints); i++) {
        const struct gw_slice text = {complaints[i].text, strlen(complaints[i].text)};

        cr_expect(bulk_refused_type(&asked, text) == complaints[i].type, "%s", complaints[i].text);
    }
}

/* ---- notes ---- */

Test(bulk_job, notes_give_back_what_was_written)
{
    struct gw_text text = GW_TEXT_INIT(4096), again = GW_TEXT_INIT(4096);
    struct bulk_job job = {.state = BULK_LOADING,
                           .scope = BULK_SINCE,
                           .since = T1,
                           .members = {three_seven, 2},
                           .asked = NOW,
                           .restarts = 1,
                           .status_url = "https://fhir.example.org/r4/job?x=\"1\"",
                           .as_of = T2,
                           .requires_token = true};
    struct bulk_mark mark = {.as_of = T1, .tried = NOW, .tried_new = 5, .refused = true, .members = {seven, 1}};
    struct bulk_file file = {.kind = BULK_DELETED,
                             .progress = BULK_SPOOLED,
                             .type = "Goal",
                             .url = "https://f/1",
                             .count = -1,
                             .lines = 5000000000,
                             .cut = true};
    struct bulk_job job_read;
    struct bulk_mark mark_read;
    struct bulk_file file_read;

    job.types.of[GW_OBSERVATION] = job.refused.of[GW_SPECIMEN] = true;
    file.flawed.of[GW_CONDITION] = true;
    bulk_job_print(&job, &text);
    cr_assert(bulk_job_read(&arena, text.at, &job_read), "%s", text.at);
    bulk_job_print(&job_read, &again);
    cr_expect_str_eq(again.at, text.at);
    cr_expect(job_read.types.of[GW_OBSERVATION] && job_read.refused.of[GW_SPECIMEN] && job_read.restarts == 1);
    gw_text_clear(&text), gw_text_clear(&again);
    bulk_mark_print(&mark, &text);
    cr_assert(bulk_mark_read(&arena, text.at, &mark_read), "%s", text.at);
    bulk_mark_print(&mark_read, &again);
    cr_expect_str_eq(again.at, text.at);
    cr_expect(mark_read.tried == NOW && mark_read.refused && mark_read.members.list[0] == 7);
    gw_text_clear(&text), gw_text_clear(&again);
    bulk_file_print(&file, &text);
    cr_assert(bulk_file_read(&arena, text.at, &file_read), "%s", text.at);
    bulk_file_print(&file_read, &again);
    cr_expect_str_eq(again.at, text.at);
    cr_expect(file_read.lines == 5000000000 && file_read.cut && !file_read.all && file_read.count == -1);
    gw_text_release(&text);
    gw_text_release(&again);
}

Test(bulk_job, refuses_notes_that_are_none_of_ours)
{
    static const char *const texts[] = {"", "{}", "[]", "{\"state\":\"sleeping\"}",
                                        "{\"state\":\"waiting\",\"scope\":\"all\",\"members\":[],\"asked\":1,"
                                        "\"restarts\":0}"};
    struct bulk_job job;
    struct bulk_mark mark;
    struct bulk_file file;

    for (size_t i = 0; i < COUNT(texts); i++) {
        cr_expect(!bulk_job_read(&arena, texts[i], &job), "%s", texts[i]);
        cr_expect(!bulk_mark_read(&arena, texts[i], &mark), "%s", texts[i]);
        cr_expect(!bulk_file_read(&arena, texts[i], &file), "%s", texts[i]);
    }
}

/*
 * Enrolment that a hospital keeps as FHIR: ResearchSubjects and Groups.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/digest.h"
#include "gateway/core/json.h"
#include "gateway/core/text.h"
#include "gateway/study/roster.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct gw_arena arena = GW_ARENA_INIT(1 << 20);
static struct gw_zone *zone;
static struct gw_hmac *key;
static struct gw_roster_source source;

static void begin(void)
{
    static const uint8_t secret[32] = {1};
    struct gw_error err;

    cr_assert(gw_zone_open("Europe/Madrid", &zone, &err) == GW_OK);
    key = gw_hmac_new(secret, sizeof secret);
    cr_assert(key != NULL);
    source = (struct gw_roster_source){
        .site = "hm", .study = "st", .zone = zone, .key = key, .today = gw_day_of(2026, 11, 21)};
}

static void end(void)
{
    gw_hmac_free(key);
    gw_zone_close(zone);
    gw_arena_release(&arena);
}

TestSuite(roster_fhir, .init = begin, .fini = end);

/* ' stands for ". */
static const cJSON *parse(const char *text)
{
    char *copy = gw_arena_copy(&arena, text, strlen(text));
    const struct gw_json_options options = {.items = &arena};
    const cJSON *tree = NULL;
    struct gw_error err;

    for (char *at = copy; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    cr_assert(gw_json_parse(&arena, copy, strlen(copy), &options, &tree, NULL, &err) == GW_OK, "%s", err.text);
    return tree;
}

static enum gw_status read_all(const char *const *texts, size_t count, struct gw_roster *out, struct gw_error *err)
{
    const cJSON *resources[8];

    for (size_t i = 0; i < count; i++)
        resources[i] = parse(texts[i]);
    return gw_roster_read(&arena, &source, resources, count, out, err);
}

static const char *day_text(gw_day day)
{
    static char texts[4][11];
    static int next;

    if (day == GW_NO_DAY)
        return "";
    next = (next + 1) % 4;
    gw_day_print(day, texts[next]);
    return texts[next];
}

#define WHO "'individual':{'reference':'Patient/p-1'}"
#define RS(members)                                                                                                    \
    "{'resourceType':'ResearchSubject','id':'rs-1','meta':{'lastUpdated':'2026-03-04T23:30:00Z'}," members "}"
#define NUMBER "'identifier':[{'value':'ES-017'}],"

static const struct {
    const char *name;
    const char *resource;
    bool enrolled;
    const char *recruited, *withdrawn;
} subjects[] = {
    {"on study", RS(NUMBER "'status':'on-study','period':{'start':'2026-01-18'}," WHO), true, "2026-01-18", ""},
    {"observed", RS(NUMBER "'status':'on-study-observation'," WHO), true, "", ""},
    {"in follow-up", RS(NUMBER "'status':'follow-up','period':{'start':'2026-01-18'}," WHO), true, "2026-01-18", ""},
    {"recruited late in the evening: the next day at the site",
     RS(NUMBER "'status':'on-study','period':{'start':'2026-01-18T23:30:00Z'}," WHO), true, "2026-01-19", ""},
    {"recruited in some month", RS(NUMBER "'status':'on-study','period':{'start':'2026-01'}," WHO), true, "", ""},
    {"withdrawn", RS(NUMBER "'status':'withdrawn','period':{'start':'2026-01-18','end':'2026-02-20'}," WHO), true,
     "2026-01-18", "2026-02-20"},
    {"withdrawn on a day nobody wrote down: when we were told, at the site", RS(NUMBER "'status':'withdrawn'," WHO),
     true, "", "2026-03-05"},
    {"off study", RS(NUMBER "'status':'off-study','period':{'end':'2026-02-20'}," WHO), true, "", "2026-02-20"},
    {"a candidate", RS(NUMBER "'status':'candidate'," WHO), false, "", ""},
    {"screened", RS(NUMBER "'status':'screening'," WHO), false, "", ""},
    {"eligible", RS(NUMBER "'status':'eligible'," WHO), false, "", ""},
    {"ineligible, without a number", RS("'status':'ineligible'," WHO), false, "", ""},
    {"a status that is none", RS(NUMBER "'status':'perhaps'," WHO), false, "", ""},
    {"R5 says subject", RS(NUMBER "'status':'on-study','subject':{'reference':'Patient/p-1'}"), true, "", ""},
    {"a patient by an absolute address",
     RS(NUMBER "'status':'on-study','individual':{'reference':'https://fhir.hm.example/r4/Patient/p-1'}"), true, "",
     ""},
};

Test(roster_fhir, takes_research_subjects_who_are_on_the_study)
{
    for (size_t i = 0; i < COUNT(subjects); i++) {
        struct gw_roster roster;
        struct gw_error err = {0};

        cr_assert(read_all(&subjects[i].resource, 1, &roster, &err) == GW_OK, "%s: %s", subjects[i].name, err.text);
        cr_assert(roster.count == subjects[i].enrolled && roster.ignored == !subjects[i].enrolled, "%s",
                  subjects[i].name);
        if (roster.count == 0)
            continue;
        cr_expect_str_eq(roster.lines[0].subject, "ES-017");
        cr_expect_str_eq(roster.lines[0].patient, "p-1");
        cr_expect_str_eq(roster.lines[0].site, "hm");
        cr_expect_str_eq(roster.lines[0].study, "st");
        cr_expect_str_eq(day_text(roster.lines[0].recruited), subjects[i].recruited, "%s", subjects[i].name);
        cr_expect_str_eq(day_text(roster.lines[0].withdrawn), subjects[i].withdrawn, "%s", subjects[i].name);
        cr_expect(roster.lines[0].first_dose == GW_NO_DAY && !roster.lines[0].consent_missing);
    }
}

Test(roster_fhir, takes_the_number_of_the_system_it_is_told)
{
    static const char *const text = RS("'identifier':[{'system':'urn:ward','value':'7'},{'system':'urn:study','value':"
                                       "'ES-017'}],'status':'on-study'," WHO);
    struct gw_roster roster;
    struct gw_error err;

    cr_assert(read_all(&text, 1, &roster, &err) == GW_OK);
    cr_expect_str_eq(roster.lines[0].subject, "7");
    source.system = "urn:study";
    cr_assert(read_all(&text, 1, &roster, &err) == GW_OK);
    cr_expect_str_eq(roster.lines[0].subject, "ES-017");
}

Test(roster_fhir, misses_consent_where_others_have_it)
{
    static const char *const texts[] = {
        RS(NUMBER "'status':'on-study'," WHO),
        RS("'identifier':[{'value':'ES-018'}],'status':'on-study','consent':{'reference':'Consent/1'},"
           "'individual':{'reference':'Patient/p-2'}")};
    struct gw_roster roster;
    struct gw_error err;

    cr_assert(read_all(texts, 2, &roster, &err) == GW_OK);
    cr_expect(roster.lines[0].consent_missing && !roster.lines[1].consent_missing);
}

#define GROUP(members)                                                                                                 \
    "{'resourceType':'Group','id':'g','type':'person','actual':true,'meta':{'lastUpdated':'2026-03-04T12:00:00Z'},"    \
    "'member':[" members "]}"

Test(roster_fhir, takes_the_members_of_a_group_under_numbers_that_stay_and_tell_nobody)
{
    static const char *const before = GROUP("{'entity':{'reference':'Patient/p-1'},'period':{'start':'2026-01-18'}},"
                                            "{'entity':{'reference':'Patient/p-2'},'inactive':true},"
                                            "{'entity':{'reference':'Patient/p-3'},'period':{'end':'2026-02-20'}},"
                                            "{'entity':{'identifier':{'system':'urn:mrn','value':'7'}}}");
    static const char *const after = GROUP("{'entity':{'reference':'Patient/p-3'}},"
                                           "{'entity':{'reference':'Patient/p-1'}}");
    struct gw_roster old, new;
    struct gw_error err = {0};

    cr_assert(read_all(&before, 1, &old, &err) == GW_OK, "%s", err.text);
    cr_assert(read_all(&after, 1, &new, &err) == GW_OK, "%s", err.text);
    cr_assert(old.count == 4 && new.count == 2);
    for (size_t i = 0; i < old.count; i++) {
        cr_expect(strlen(old.lines[i].subject) == 21 && old.lines[i].subject[0] == 's', "%s", old.lines[i].subject);
        cr_expect(!old.lines[i].patient || !strstr(old.lines[i].subject, old.lines[i].patient));
    }
    cr_expect_str_eq(day_text(old.lines[0].recruited), "2026-01-18");
    cr_expect_str_eq(day_text(old.lines[0].withdrawn), "");
    cr_expect_str_eq(day_text(old.lines[1].withdrawn), "2026-03-04", "when we were told");
    cr_expect_str_eq(day_text(old.lines[2].withdrawn), "2026-02-20");
    cr_expect(!old.lines[3].patient && strcmp(old.lines[3].mrn, "7") == 0);
    cr_expect_str_eq(new.lines[0].subject, old.lines[2].subject);
    cr_expect_str_eq(new.lines[1].subject, old.lines[0].subject);
    cr_expect(strcmp(old.lines[0].subject, old.lines[1].subject) != 0);
}

static const struct {
    const char *name;
    const char *resources[2];
    const char *text;
} refusals[] = {
    {"no number",
     {RS("'status':'on-study'," WHO)},
     "ResearchSubject 1 of the endpoint has no identifier that is the subject's number: write it there, the former "
     "enrolment stays"},
    {"nobody",
     {RS(NUMBER "'status':'on-study'")},
     "ResearchSubject 1 of the endpoint names no Patient: correct it there, the former enrolment stays"},
    {"a practitioner",
     {RS(NUMBER "'status':'on-study','individual':{'reference':'Practitioner/p-1'}")},
     "ResearchSubject 1 of the endpoint names no Patient: correct it there, the former enrolment stays"},
    {"not quite a patient",
     {RS(NUMBER "'status':'on-study','individual':{'reference':'MyPatient/p-1'}")},
     "ResearchSubject 1 of the endpoint names no Patient: correct it there, the former enrolment stays"},
    {"a member who is nobody",
     {GROUP("{'entity':{'reference':'Patient/p-1'}},{'inactive':false}")},
     "member 2 of the endpoint names no Patient: correct it there, the former enrolment stays"},
    {"a subject twice",
     {RS(NUMBER "'status':'on-study'," WHO), RS(NUMBER "'status':'on-study','individual':{'reference':'Patient/p-2'}")},
     "ResearchSubject:2: this subject stands on line 1 too: a subject has one line"},
    {"a patient twice",
     {RS(NUMBER "'status':'on-study'," WHO), RS("'identifier':[{'value':'ES-018'}],'status':'on-study'," WHO)},
     "ResearchSubject:2: this patient stands on line 1 too: a patient is one subject"},
};

Test(roster_fhir, refuses_as_a_whole_what_would_enrol_nobody_knows_whom)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct gw_roster roster = {.count = 77};
        struct gw_error err = {0};

        cr_expect(read_all(refusals[i].resources, refusals[i].resources[1] ? 2 : 1, &roster, &err) == GW_ECONFIG, "%s",
                  refusals[i].name);
        cr_expect_str_eq(err.text, refusals[i].text, "%s: %s", refusals[i].name, err.text);
        cr_expect(roster.count == 77, "the former one stays");
    }
}

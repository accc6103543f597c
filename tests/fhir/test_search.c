/*
 * Search URLs and capability statements.
 */
#include "gateway/fhir/search.h"

#include "fhir/facts.h"

static const char *const codes[] = {"http://loinc.org|1-2", "urn:hm:lab|A,B$\\"};

#define BASE "https://ehr.example/r4"
#define DAYS .low = 19736, .high = 19766 /* 2024-01-14 and 2024-02-13 */

static const struct {
    const char *name;
    struct gw_search search;
    const char *url;
} cases[] = {
    {"a patient by number",
     {.type = GW_PATIENT, .identifier = {"urn:oid:1.2", "A 1|2"}, .low = GW_NO_DAY, .high = GW_NO_DAY},
     BASE "/Patient?identifier=urn%3Aoid%3A1.2%7CA%201%5C%7C2"},
    {"a number without a system",
     {.type = GW_PATIENT, .identifier = {NULL, "4711"}, .low = GW_NO_DAY, .high = GW_NO_DAY},
     BASE "/Patient?identifier=4711"},
    {"a patient by id",
     {.type = GW_PATIENT, .patient = "p-1", .low = GW_NO_DAY, .high = GW_NO_DAY},
     BASE "/Patient?_id=p-1"},
    {"a day wider on both sides",
     {.type = GW_OBSERVATION, .patient = "p-1", .category = "laboratory", DAYS, .count = 100},
     BASE "/Observation?patient=p-1&category=laboratory&date=ge2024-01-13&date=le2024-02-14&_count=100"},
    {"unbounded below",
     {.type = GW_ENCOUNTER, .patient = "p-1", .low = GW_NO_DAY, .high = 0},
     BASE "/Encounter?patient=p-1&date=le1970-01-02"},
    {"at the ends of time",
     {.type = GW_ENCOUNTER, .patient = "p-1", .low = GW_DAY_MIN, .high = GW_DAY_MAX},
     BASE "/Encounter?patient=p-1"},
    {"codes",
     {.type = GW_OBSERVATION, .patient = "p", .codes = codes, .code_count = 2, .low = GW_NO_DAY, .high = GW_NO_DAY},
     BASE "/Observation?patient=p&code=http%3A%2F%2Floinc.org%7C1-2,urn%3Ahm%3Alab%7CA%5C%2CB%5C%24%5C%5C"},
    {"an increment",
     {.type = GW_CONDITION,
      .patient = "p",
      .low = GW_NO_DAY,
      .high = GW_NO_DAY,
      .last_updated = "2024-02-14T19:00:00.5+02:00"},
     BASE "/Condition?patient=p&_lastUpdated=ge2024-02-14T19%3A00%3A00.5%2B02%3A00"},
    {"conditions whenever they were", {.type = GW_CONDITION, .patient = "p", DAYS}, BASE "/Condition?patient=p"},
    {"procedures whenever they were", {.type = GW_PROCEDURE, .patient = "p", DAYS}, BASE "/Procedure?patient=p"},
    {"adverse events, of a subject, whenever they were",
     {.type = GW_ADVERSE_EVENT, .patient = "p,1", DAYS},
     BASE "/AdverseEvent?subject=Patient%2Fp%5C%2C1"},
    {"answers to questionnaires",
     {.type = GW_QUESTIONNAIRE_RESPONSE, .patient = "p", DAYS},
     BASE "/QuestionnaireResponse?patient=p&authored=ge2024-01-13&authored=le2024-02-14"},
    {"reports",
     {.type = GW_DIAGNOSTIC_REPORT, .patient = "p", DAYS},
     BASE "/DiagnosticReport?patient=p&date=ge2024-01-13&date=le2024-02-14"},
    {"administrations",
     {.type = GW_MEDICATION_ADMINISTRATION, .patient = "p", DAYS, .include_medication = true, .fhir_version = 4},
     BASE "/MedicationAdministration?patient=p&effective-time=ge2024-01-13&effective-time=le2024-02-14"
          "&_include=MedicationAdministration:medication"},
    {"administrations (R5)",
     {.type = GW_MEDICATION_ADMINISTRATION, .patient = "p", DAYS, .fhir_version = 5},
     BASE "/MedicationAdministration?patient=p&date=ge2024-01-13&date=le2024-02-14"},
    {"orders",
     {.type = GW_MEDICATION_REQUEST, .patient = "p", .low = 19736, .high = GW_NO_DAY, .include_medication = true},
     BASE "/MedicationRequest?patient=p&authoredon=ge2024-01-13&_include=MedicationRequest:medication"},
    {"dispenses",
     {.type = GW_MEDICATION_DISPENSE, .patient = "p", .low = 19736, .high = GW_NO_DAY},
     BASE "/MedicationDispense?patient=p&whenhandedover=ge2024-01-13"},
    {"statements",
     {.type = GW_MEDICATION_STATEMENT, .patient = "p", .low = 19736, .high = GW_NO_DAY},
     BASE "/MedicationStatement?patient=p&effective=ge2024-01-13"},
    {"nothing to include in an Observation",
     {.type = GW_OBSERVATION, .patient = "p", .low = GW_NO_DAY, .high = GW_NO_DAY, .include_medication = true},
     BASE "/Observation?patient=p"},
    {"an id that is none cannot add a parameter",
     {.type = GW_OBSERVATION, .patient = "p&_count=9#\xC3\xA4", .low = GW_NO_DAY, .high = GW_NO_DAY},
     BASE "/Observation?patient=p%26_count%3D9%23%C3%A4"},
    {"in the order in which they changed",
     {.type = GW_CONDITION, .patient = "p", .low = GW_NO_DAY, .high = GW_NO_DAY, .sort = true, .count = 20},
     BASE "/Condition?patient=p&_sort=_lastUpdated&_count=20"},
    {"by POST",
     {.type = GW_OBSERVATION, .patient = "p-1", .category = "laboratory", DAYS, .post = true},
     BASE "/Observation/_search"},
    {"nothing asked", {.type = GW_SPECIMEN, .low = GW_NO_DAY, .high = GW_NO_DAY}, BASE "/Specimen"},
};

Test(search, is_written_as_fhir_wants_it)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gw_text url = GW_TEXT_INIT(4096);

        gw_search_url(&cases[i].search, BASE, &url);
        cr_expect(eq(str, url.at, (char *)cases[i].url), "%s", cases[i].name);
        gw_text_release(&url);
    }
}

static const struct {
    const char *name;
    struct gw_search search;
    const char *query;
} queries[] = {
    {"what a URL would say behind its question mark",
     {.type = GW_OBSERVATION, .patient = "p-1", .category = "laboratory", DAYS, .count = 100, .post = true},
     "patient=p-1&category=laboratory&date=ge2024-01-13&date=le2024-02-14&_count=100"},
    {"escaped as there",
     {.type = GW_PATIENT, .identifier = {"urn:x", "A&b=c d|e"}, .low = GW_NO_DAY, .high = GW_NO_DAY, .post = true},
     "identifier=urn%3Ax%7CA%26b%3Dc%20d%5C%7Ce"},
    {"the same for GET", {.type = GW_CONDITION, .patient = "p", .low = GW_NO_DAY, .high = GW_NO_DAY}, "patient=p"},
    {"nothing asked", {.type = GW_SPECIMEN, .low = GW_NO_DAY, .high = GW_NO_DAY}, ""},
};

Test(search, has_a_query_that_a_post_carries_as_its_body)
{
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct gw_text query = GW_TEXT_INIT(4096);

        gw_search_query(&queries[i].search, &query);
        EXPECT_TEXT(query.at, queries[i].query, "%s", queries[i].name);
        gw_text_release(&query);
    }
}

Test(search, reads_one_resource)
{
    struct gw_text url = GW_TEXT_INIT(4096);

    gw_read_url(BASE, "Medication", "a/../b c.1-2", &url);
    EXPECT_TEXT(url.at, BASE "/Medication/a%2F..%2Fb%20c.1-2", "encoded");
    gw_text_release(&url);
}

static const struct {
    enum gw_resource type;
    const char *r4;
    const char *r5;
} parameters[] = {
    {GW_OBSERVATION, "date", "date"},
    {GW_ENCOUNTER, "date", "date"},
    {GW_MEDICATION_ADMINISTRATION, "effective-time", "date"},
    {GW_MEDICATION_REQUEST, "authoredon", "authoredon"},
    {GW_MEDICATION_DISPENSE, "whenhandedover", "whenhandedover"},
    {GW_MEDICATION_STATEMENT, "effective", "effective"},
    {GW_CONDITION, NULL, NULL},
    {GW_PROCEDURE, NULL, NULL},
    {GW_QUESTIONNAIRE_RESPONSE, "authored", "authored"},
    {GW_DIAGNOSTIC_REPORT, "date", "date"},
    {GW_ADVERSE_EVENT, NULL, NULL},
    {GW_PATIENT, NULL, NULL},
    {GW_MEDICATION, NULL, NULL},
};

Test(search, knows_the_date_parameter)
{
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        EXPECT_TEXT(gw_search_date_parameter(parameters[i].type, 4), parameters[i].r4, "case %zu", i);
        EXPECT_TEXT(gw_search_date_parameter(parameters[i].type, 5), parameters[i].r5, "case %zu", i);
    }
}

static enum gw_status load(struct gw_arena *arena, const char *file, struct gw_capability *out)
{
    char path[400];
    const cJSON *tree;
    struct gw_error err = {0};

    snprintf(path, sizeof(path), "%s/fixtures/fhir/%s", SOURCE_DIR, file);
    cr_assert(eq(int, gw_json_load(arena, path, 1 << 20, &tree, NULL, &err), GW_OK), "%s", err.text);
    return gw_capability_read(tree, out, &err);
}

Test(capability, says_what_a_server_claims)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    struct gw_capability got;

    cr_assert(eq(int, load(&arena, "capability-r4.json", &got), GW_OK));
    EXPECT_TEXT(got.software, "Example EHR", "software");
    EXPECT_TEXT(got.software_version, "2025.2", "its version");
    EXPECT_TEXT(got.fhir_version, "4.0.1", "FHIR");
    cr_expect(got.reads[GW_PATIENT] && got.reads[GW_OBSERVATION] && got.reads[GW_MEDICATION_ADMINISTRATION]);
    cr_expect(got.reads[GW_CONDITION], "listed without interactions");
    cr_expect(got.reads[GW_MEDICATION_REQUEST] == false, "written only");
    cr_expect(got.reads[GW_PROCEDURE] == false, "of the client's side");
    cr_expect(got.reads[GW_ENCOUNTER] == false, "not listed");
    cr_expect(got.includes_medication[GW_MEDICATION_ADMINISTRATION]);
    cr_expect(got.includes_medication[GW_MEDICATION_REQUEST], "includes of any kind");
    cr_expect(got.includes_medication[GW_OBSERVATION] == false);
    cr_expect(got.claims[GW_PATIENT] == 0 && got.claims[GW_OBSERVATION] == (GW_CLAIM_LAST_UPDATED | GW_CLAIM_DATE));
    cr_expect(got.reads[GW_RESOURCE_OTHER] == false);
    gw_arena_release(&arena);
}

Test(capability, of_r5_with_parameters_for_all_types)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    struct gw_capability got;

    cr_assert(eq(int, load(&arena, "capability-r5.json", &got), GW_OK));
    EXPECT_TEXT(got.software_version, NULL, "no version");
    EXPECT_TEXT(got.fhir_version, "5.0.0", "FHIR");
    cr_expect(got.claims[GW_OBSERVATION] == GW_CLAIM_LAST_UPDATED && got.claims[GW_ENCOUNTER] == GW_CLAIM_LAST_UPDATED);
    cr_expect(got.claims[GW_CONDITION] == 0, "a type that is not listed");
    cr_expect(got.includes_medication[GW_ENCOUNTER] == false);
    gw_arena_release(&arena);
}

static const struct {
    const char *name;
    const char *server;
    bool bulk, subscriptions, history;
    unsigned observation, encounter, dose, event;
} offers[] = {
    {"no more than the type", "'resource':[{'type':'Observation'}]", false, false, false, 0, 0, 0, 0},
    {"what it searches by",
     "'resource':[{'type':'Observation','searchParam':[{'name':'patient'},{'name':'category'},{'name':'code'},"
     "{'name':'date'}]},{'type':'Encounter','searchParam':[{'name':'patient'}]}]",
     false, false, false, GW_CLAIM_PATIENT | GW_CLAIM_CATEGORY | GW_CLAIM_CODE | GW_CLAIM_DATE, GW_CLAIM_PATIENT, 0, 0},
    {"dates by the name that the type has",
     "'resource':[{'type':'MedicationAdministration','searchParam':[{'name':'effective-time'}]},"
     "{'type':'AdverseEvent','searchParam':[{'name':'subject'},{'name':'date'}]}]",
     false, false, false, 0, 0, GW_CLAIM_DATE, GW_CLAIM_PATIENT},
    {"a date of R5 in R4", "'resource':[{'type':'MedicationAdministration','searchParam':[{'name':'date'}]}]", false,
     false, false, 0, 0, 0, 0},
    {"what holds for all types",
     "'searchParam':[{'name':'_lastUpdated'}],'resource':[{'type':'Observation','searchParam':[{'name':'code'}]},"
     "{'type':'Encounter'}]",
     false, false, false, GW_CLAIM_CODE | GW_CLAIM_LAST_UPDATED, GW_CLAIM_LAST_UPDATED, 0, 0},
    {"former versions", "'resource':[{'type':'Observation','interaction':[{'code':'history-instance'}]}]", false, false,
     true, 0, 0, 0, 0},
    {"an export of the system", "'operation':[{'name':'export'}]", true, false, false, 0, 0, 0, 0},
    {"an export of groups", "'resource':[{'type':'Group','operation':[{'name':'group-export'}]}]", true, false, false,
     0, 0, 0, 0},
    {"another operation", "'resource':[{'type':'Group','operation':[{'name':'export-status'}]}]", false, false, false,
     0, 0, 0, 0},
    {"subscriptions", "'resource':[{'type':'Subscription'}]", false, true, false, 0, 0, 0, 0},
};

Test(capability, lists_what_a_server_searches_by_and_offers_besides)
{
    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
        struct gw_arena arena = GW_ARENA_INIT(1 << 20);
        struct gw_capability got;
        struct gw_error err = {0};
        const cJSON *tree;
        char *text = gw_arena_print(&arena,
                                    "{'resourceType':'CapabilityStatement','fhirVersion':'4.0.1','rest':[{'mode':"
                                    "'server',%s}]}",
                                    offers[i].server);

        for (char *at = text; *at; at++)
            *at = *at == '\'' ? '"' : *at;
        cr_assert(gw_json_parse(&arena, text, strlen(text), NULL, &tree, NULL, &err) == GW_OK, "%s", err.text);
        cr_assert(gw_capability_read(tree, &got, &err) == GW_OK, "%s", err.text);
        cr_expect(got.bulk_export == offers[i].bulk, "%s: export", offers[i].name);
        cr_expect(got.subscriptions == offers[i].subscriptions, "%s: subscriptions", offers[i].name);
        cr_expect(got.history[GW_OBSERVATION] == offers[i].history, "%s: history", offers[i].name);
        cr_expect(got.claims[GW_OBSERVATION] == offers[i].observation, "%s: Observation", offers[i].name);
        cr_expect(got.claims[GW_ENCOUNTER] == offers[i].encounter, "%s: Encounter", offers[i].name);
        cr_expect(got.claims[GW_MEDICATION_ADMINISTRATION] == offers[i].dose, "%s: doses", offers[i].name);
        cr_expect(got.claims[GW_ADVERSE_EVENT] == offers[i].event, "%s: AdverseEvent", offers[i].name);
        gw_arena_release(&arena);
    }
}

Test(capability, refuses_another_resource)
{
    struct gw_arena arena = GW_ARENA_INIT(1 << 20);
    struct gw_capability got = {.software = "untouched"};

    cr_expect(eq(int, load(&arena, "page-empty.json", &got), GW_EINPUT));
    EXPECT_TEXT(got.software, "untouched", "out");
    cr_expect(eq(int, gw_capability_read(NULL, &got, NULL), GW_EINPUT));
    gw_arena_release(&arena);
}

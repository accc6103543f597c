/*
 * What an entry becomes in the ledger.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/core/json.h"
#include "gateway/sources/intake.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct gw_arena arena = GW_ARENA_INIT(16 << 20);
static struct gw_intake intake;

/* pat-17 is subject 17; so is the record number 0815. */
static size_t whose(void *ctx, const char *patient, const struct gw_identifier *identifiers, size_t count,
                    const int64_t **subjects)
{
    static const int64_t number = 17;

    (void)ctx;
    *subjects = &number;
    if (patient && strcmp(patient, "pat-17") == 0)
        return 1;
    for (size_t i = 0; i < count; i++) {
        if (gw_same(identifiers[i].value, "0815"))
            return 1;
    }
    return 0;
}

static void open_intake(void)
{
    intake = (struct gw_intake){
        .endpoint = "hm", .site = "hm", .invalid_blocks = "R", .key = gw_hmac_new("key", 3), .whose = whose};
}

static void close_intake(void)
{
    gw_hmac_free(intake.key);
    gw_arena_release(&arena);
}

TestSuite(intake, .init = open_intake, .fini = close_intake);

static const struct gw_intake_place line_12 = {"obs.ndjson", "obs.ndjson", 12, 12};

static struct gw_intake_answer take(const char *text, const struct gw_intake_place *place)
{
    struct gw_intake_answer answer;
    struct gw_entry entry;
    struct gw_error err = {0};

    cr_assert(gw_entry_read(&arena, (struct gw_slice){text, strlen(text)}, &entry, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_intake_entry(&intake, &arena, NULL, &entry, place, &answer, &err) == GW_OK, "%s", err.text);
    return answer;
}

#define OBSERVATION(more) "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"x\"}," more "}"
#define OF_17             "\"subject\":{\"reference\":\"Patient/pat-17\"}"

static const struct {
    const char *name;
    const char *text;
    enum gw_keep_mode mode;
    int64_t subject;
    const char *type;
    const char *id;
    enum gw_state state;
    const char *reason;
} cases[] = {
    {"a subject's Observation", OBSERVATION("\"id\":\"o-1\"," OF_17), GW_KEEP_FACT, 17, "Observation", "o-1", 0, NULL},
    {"by an absolute reference with a version",
     OBSERVATION("\"id\":\"o-1\",\"subject\":{\"reference\":\"https://x.example/r4/Patient/pat-17/_history/3\"}"),
     GW_KEEP_FACT, 17, "Observation", "o-1", 0, NULL},
    {"by record number",
     OBSERVATION("\"id\":\"o-1\",\"subject\":{\"identifier\":{\"system\":\"s\",\"value\":\"0815\"}}"), GW_KEEP_FACT, 17,
     "Observation", "o-1", 0, NULL},
    {"by a urn that no Bundle explains", OBSERVATION("\"id\":\"o-1\",\"subject\":{\"reference\":\"urn:uuid:pat-17\"}"),
     GW_KEEP_FACT, 17, "Observation", "o-1", 0, NULL},
    {"the Patient", "{\"resourceType\":\"Patient\",\"id\":\"pat-17\"}", GW_KEEP_FACT, 17, "Patient", "pat-17", 0, NULL},
    {"the Patient by record number",
     "{\"resourceType\":\"Patient\",\"id\":\"other\",\"identifier\":[{\"value\":\"1\"},{\"value\":\"0815\"}]}",
     GW_KEEP_FACT, 17, "Patient", "other", 0, NULL},
    {"a Medication is everybody's", "{\"resourceType\":\"Medication\",\"id\":\"m-1\"}", GW_KEEP_SHARED, GW_NOBODY,
     "Medication", "m-1", 0, NULL},
    {"somebody else", OBSERVATION("\"id\":\"o-2\",\"subject\":{\"reference\":\"Patient/pat-99\"}"), GW_KEEP_DOOR,
     GW_NOBODY, "Observation", "o-2", GW_STATE_NOT_IN_SCOPE, "NOT_ENROLLED"},
    {"a group", OBSERVATION("\"id\":\"o-2\",\"subject\":{\"reference\":\"Group/pat-17\"}"), GW_KEEP_DOOR, GW_NOBODY,
     "Observation", "o-2", GW_STATE_NOT_IN_SCOPE, "NOT_ENROLLED"},
    {"somebody else's Patient", "{\"resourceType\":\"Patient\",\"id\":\"pat-99\"}", GW_KEEP_DOOR, GW_NOBODY, "Patient",
     "pat-99", GW_STATE_NOT_IN_SCOPE, "NOT_ENROLLED"},
    {"a Specimen of nobody", "{\"resourceType\":\"Specimen\",\"id\":\"s-1\"}", GW_KEEP_DOOR, GW_NOBODY, "Specimen",
     "s-1", GW_STATE_NOT_IN_SCOPE, "NOT_ENROLLED"},
    {"an adverse event", "{\"resourceType\":\"AdverseEvent\",\"id\":\"ae-1\",\"actuality\":\"actual\"," OF_17 "}",
     GW_KEEP_FACT, 17, "AdverseEvent", "ae-1", 0, NULL},
    {"an adverse event of a staff member",
     "{\"resourceType\":\"AdverseEvent\",\"id\":\"ae-2\",\"subject\":{\"reference\":\"Practitioner/pat-17\"}}",
     GW_KEEP_DOOR, GW_NOBODY, "AdverseEvent", "ae-2", GW_STATE_NOT_IN_SCOPE, "NOT_ENROLLED"},
    {"answers to a questionnaire", "{\"resourceType\":\"QuestionnaireResponse\",\"id\":\"q-1\"," OF_17 "}",
     GW_KEEP_FACT, 17, "QuestionnaireResponse", "q-1", 0, NULL},
    {"answers about nobody", "{\"resourceType\":\"QuestionnaireResponse\",\"id\":\"q-2\"}", GW_KEEP_DOOR, GW_NOBODY,
     "QuestionnaireResponse", NULL, GW_STATE_HELD, "RESOURCE_INVALID"},
    {"a report", "{\"resourceType\":\"DiagnosticReport\",\"id\":\"d-1\"," OF_17 "}", GW_KEEP_FACT, 17,
     "DiagnosticReport", "d-1", 0, NULL},
    {"a type that is not read", "{\"resourceType\":\"Goal\",\"id\":\"g-1\"," OF_17 "}", GW_KEEP_DOOR, GW_NOBODY, "Goal",
     "g-1", GW_STATE_NOT_IN_SCOPE, "TYPE_NOT_READ"},
    {"a type that nobody could have named", "{\"resourceType\":\"Jane Doe, born 1950\",\"id\":\"g-1\"}", GW_KEEP_DOOR,
     GW_NOBODY, NULL, NULL, GW_STATE_NOT_IN_SCOPE, "TYPE_NOT_READ"},
    {"an outcome", "{\"resourceType\":\"OperationOutcome\"}", GW_KEEP_DOOR, GW_NOBODY, "OperationOutcome", NULL,
     GW_STATE_NOT_IN_SCOPE, "OperationOutcome"},
    {"no subject", OBSERVATION("\"id\":\"o-3\""), GW_KEEP_DOOR, GW_NOBODY, "Observation", NULL, GW_STATE_HELD,
     "RESOURCE_INVALID"},
    {"no id", OBSERVATION(OF_17), GW_KEEP_DOOR, GW_NOBODY, "Observation", NULL, GW_STATE_HELD, "RESOURCE_INVALID"},
    {"no FHIR", "{\"a\":1}", GW_KEEP_DOOR, GW_NOBODY, NULL, NULL, GW_STATE_HELD, "RESOURCE_INVALID"},
};

Test(intake, s2_gives_every_entry_its_place)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct gw_intake_answer got = take(cases[i].text, &line_12);
        const struct gw_keep_entry *entry = &got.entry;

        cr_expect(entry->mode == cases[i].mode, "%s", cases[i].name);
        cr_expect(entry->subject == cases[i].subject, "%s", cases[i].name);
        cr_expect(gw_same(entry->type, cases[i].type), "%s: %s", cases[i].name, entry->type);
        cr_expect(gw_same(entry->id, cases[i].id), "%s: %s", cases[i].name, entry->id);
        cr_expect(gw_same(entry->reason, cases[i].reason), "%s: %s", cases[i].name, entry->reason);
        cr_expect(!cases[i].reason || entry->state == cases[i].state, "%s", cases[i].name);
        cr_expect((entry->item != NULL) == gw_same(entry->reason, "RESOURCE_INVALID"), "%s", cases[i].name);
        cr_expect(got.invalid == (entry->item != NULL), "%s", cases[i].name);
        cr_expect((entry->raw.length > 0) == (entry->mode != GW_KEEP_DOOR), "%s: bytes past the door", cases[i].name);
        cr_expect_str_eq(entry->source, "obs.ndjson");
        cr_expect(entry->line == 12 && entry->part_count == 1 && gw_same(entry->endpoint, "hm"), "%s", cases[i].name);
    }
}

Test(intake, s10_takes_versions_bytes_and_their_hash)
{
    static const char text[] =
        OBSERVATION("\"id\":\"o-1\",\"meta\":{\"versionId\":\"4\",\"lastUpdated\":\"2024-01-01T00:00:00Z\"}," OF_17);
    const struct gw_intake_answer got = take(text, &line_12);
    uint8_t hash[GW_SHA256_BYTES];

    cr_expect_str_eq(got.entry.version_id, "4");
    cr_expect_str_eq(got.entry.last_updated, "2024-01-01T00:00:00Z");
    cr_expect(got.entry.raw.at == text && got.entry.raw.length == strlen(text));
    gw_sha256(text, strlen(text), hash);
    cr_expect(memcmp(hash, got.entry.sha256, sizeof(hash)) == 0);
}

#define COMPONENTS "\"component\":[{\"code\":{\"text\":\"a\"}},{\"code\":{\"text\":\"b\"}}]"

Test(intake, counts_parts_and_says_where_they_begin)
{
    const struct gw_intake_answer without = take(OBSERVATION("\"id\":\"o-1\"," COMPONENTS "," OF_17), &line_12);
    const struct gw_intake_answer with =
        take(OBSERVATION("\"id\":\"o-1\",\"valueString\":\"x\"," COMPONENTS "," OF_17), &line_12);

    cr_expect(without.entry.part_count == 2 && without.entry.components_only);
    cr_expect(with.entry.part_count == 3 && !with.entry.components_only);
}

Test(intake, counts_the_parts_of_what_ends_at_the_door_too)
{
    const struct gw_intake_answer got =
        take(OBSERVATION("\"id\":\"o-1\"," COMPONENTS ",\"subject\":{\"reference\":\"Patient/p\"}"), &line_12);

    cr_expect(got.entry.mode == GW_KEEP_DOOR && got.entry.part_count == 2);
}

#define REQUEST(medication)                                                                                            \
    "{\"resourceType\":\"MedicationRequest\",\"id\":\"r\",\"status\":\"active\",\"intent\":\"order\"," OF_17           \
    ",\"medicationReference\":{" medication "}}"

static const struct {
    const char *text;
    const char *id;
} references[] = {
    {REQUEST("\"reference\":\"Medication/m-7\""), "m-7"},
    {REQUEST("\"reference\":\"https://x.example/r4/Medication/m-7/_history/2\""), "m-7"},
    {REQUEST("\"reference\":\"#m\""), NULL},
    {REQUEST("\"identifier\":{\"system\":\"urn:drugs\",\"value\":\"7\"}"), "urn:drugs|7"},
    {REQUEST("\"identifier\":{\"value\":\"7\"}"), "|7"},
};

Test(intake, links_a_use_to_its_medication)
{
    for (size_t i = 0; i < COUNT(references); i++) {
        const struct gw_intake_answer got = take(references[i].text, &line_12);

        cr_expect(got.entry.reference_count == (references[i].id ? 1u : 0u), "%s", references[i].text);
        if (references[i].id && got.entry.reference_count)
            cr_expect_str_eq(got.entry.references[0].id, references[i].id);
    }
}

Test(intake, names_a_medication_by_its_identifiers)
{
    const struct gw_intake_answer got = take(
        "{\"resourceType\":\"Medication\",\"id\":\"m-7\",\"identifier\":[{\"system\":\"urn:drugs\",\"value\":\"7\"},"
        "{\"value\":\"8\"},{\"system\":\"urn:drugs\"}]}",
        &line_12);

    cr_assert(got.entry.mode == GW_KEEP_SHARED && got.entry.reference_count == 2);
    cr_expect_str_eq(got.entry.references[0].id, "urn:drugs|7");
    cr_expect_str_eq(got.entry.references[1].id, "|8");
    cr_expect(got.entry.references[0].by_identifier);
}

Test(intake, finds_the_patient_of_a_bundle_by_its_full_url)
{
    static const char text[] =
        "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":["
        "{\"fullUrl\":\"urn:uuid:aa\",\"resource\":{\"resourceType\":\"Patient\",\"id\":\"pat-17\"}},"
        "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o-1\",\"status\":\"final\","
        "\"code\":{\"text\":\"x\"},\"subject\":{\"reference\":\"urn:uuid:aa\"}}},"
        "{\"resource\":null},{\"request\":{\"method\":\"DELETE\",\"url\":\"Observation/o-9\"}}]}";
    static const char *const reasons[] = {NULL, NULL, "NO_RESOURCE", "DELETED"};
    struct gw_intake_people people;
    struct gw_bundle bundle;
    struct gw_error err = {0};

    cr_assert(gw_bundle_read(&arena, (struct gw_slice){text, strlen(text)}, &bundle, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_intake_people(&arena, &bundle, &people, &err) == GW_OK && bundle.count == 4 && people.count == 1);
    for (size_t i = 0; i < bundle.count; i++) {
        struct gw_intake_answer answer;

        cr_assert(gw_intake_entry(&intake, &arena, &people, &bundle.entries[i], &line_12, &answer, &err) == GW_OK);
        cr_expect(gw_same(answer.entry.reason, reasons[i]), "entry %zu: %s", i, answer.entry.reason);
        cr_expect(answer.entry.subject == (reasons[i] ? GW_NOBODY : 17), "entry %zu", i);
    }
}

Test(intake, s11_tells_a_person_what_the_source_deleted)
{
    static const struct {
        const char *url;
        const char *fingerprint; /* NULL: counted, and nobody is told */
    } deletions[] = {
        {"Observation/o-9", "SOURCE_DELETED|hm||||Observation"},
        {"https://fhir.example.org/r4/Condition/c-1", "SOURCE_DELETED|hm||||Condition"},
        {"Observation?status=final", NULL},
        {"Obs|ervation/o-9", NULL},
    };
    struct gw_intake telling = intake;

    telling.deleted_blocks = "-";
    for (size_t i = 0; i < sizeof deletions / sizeof *deletions; i++) {
        const char *text = gw_arena_print(&arena,
                                          "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{"
                                          "\"request\":{\"method\":\"DELETE\",\"url\":\"%s\"}}]}",
                                          deletions[i].url);
        struct gw_intake_answer answer, again;
        struct gw_bundle bundle;
        struct gw_error err = {0};

        cr_assert(gw_bundle_read(&arena, (struct gw_slice){text, strlen(text)}, &bundle, &err) == GW_OK);
        cr_assert(gw_intake_entry(&telling, &arena, NULL, &bundle.entries[0], &line_12, &answer, &err) == GW_OK);
        cr_assert(gw_intake_entry(&telling, &arena, NULL, &bundle.entries[0], &line_12, &again, &err) == GW_OK);
        cr_expect_str_eq(answer.entry.reason, "DELETED");
        cr_expect((answer.entry.item != NULL) == (deletions[i].fingerprint != NULL), "%s", deletions[i].url);
        if (!answer.entry.item || !deletions[i].fingerprint)
            continue;
        cr_expect_str_eq(answer.entry.item->fingerprint, deletions[i].fingerprint);
        cr_expect_str_eq(answer.entry.item->id, again.entry.item->id);
        cr_expect(answer.entry.item_if_kept && strcmp(answer.entry.item->blocks, "-") == 0);
    }
}

Test(intake, names_the_cause_of_what_cannot_be_read_without_its_place)
{
    const struct gw_intake_place other = {"obs.ndjson", "obs.ndjson", 13, 13};
    const struct gw_intake_answer first = take(OBSERVATION("\"id\":\"o-1\",\"component\":[1]," OF_17), &line_12);
    const struct gw_intake_answer again = take(OBSERVATION("\"id\":\"o-1\",\"component\":[1]," OF_17), &line_12);
    const struct gw_intake_answer below =
        take(OBSERVATION("\"id\":\"o-1\",\"component\":[{\"code\":{\"text\":\"a\"}},1]," OF_17), &other);

    cr_expect(strncmp(first.entry.item->fingerprint, "RESOURCE_INVALID|hm||||Observation.component", 44) == 0, "%s",
              first.entry.item->fingerprint);
    cr_expect_str_eq(first.entry.item->fingerprint, below.entry.item->fingerprint);
    cr_expect_str_eq(first.entry.item->id, again.entry.item->id);
    cr_expect_str_neq(first.entry.item->id, below.entry.item->id);
    cr_expect_str_eq(first.entry.item->blocks, "R");
    cr_expect(first.entry.item->id[0] == 'x' && strlen(first.entry.item->id) == 21);
    cr_expect(strncmp(first.entry.item->context, "{\"note\":\"Observation.component", 30) == 0);
}

Test(intake, names_what_has_no_id_by_its_place_in_the_page)
{
    const struct gw_intake_place page = {"https://x.example/r4/", "https://x.example/r4/Observation", 0, 3};
    const struct gw_intake_answer good = take(OBSERVATION("\"id\":\"o-1\"," OF_17), &page);
    const struct gw_intake_answer bad = take(OBSERVATION(OF_17), &page);

    cr_expect_str_eq(good.entry.source, page.source);
    cr_expect(good.entry.line == 0);
    cr_expect_str_eq(bad.entry.source, "https://x.example/r4/Observation");
    cr_expect(bad.entry.line == 3);
}

Test(intake, copies_what_must_outlive_the_tree)
{
    static const char *const texts[] = {REQUEST("\"reference\":\"Medication/m-7\""), "{\"a\":1}",
                                        "{\"resourceType\":\"Goal\",\"id\":\"g-1\"}"};

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct gw_arena page = GW_ARENA_INIT(1 << 20);
        struct gw_keep_entry entry = take(texts[i], &line_12).entry;
        struct gw_error err = {0};

        cr_assert(gw_intake_copy(&page, &entry, &err) == GW_OK);
        gw_arena_release(&arena); /* a stale pointer is the sanitizer's to find */
        arena = (struct gw_arena)GW_ARENA_INIT(16 << 20);
        cr_expect((i == 0) == gw_same(entry.id, "r") && (i == 2) == gw_same(entry.id, "g-1"));
        cr_expect(i != 0 || (entry.reference_count == 1 && strcmp(entry.references[0].id, "m-7") == 0));
        cr_expect(i != 1 || strncmp(entry.item->fingerprint, "RESOURCE_INVALID|hm|", 20) == 0);
        gw_arena_release(&page);
    }
}

Test(intake, says_so_when_memory_ends)
{
    static const char text[] = "{\"a\":1}";
    struct gw_arena small = GW_ARENA_INIT(64);
    struct gw_intake_answer answer;
    struct gw_error err = {0};

    cr_expect(gw_intake_unreadable(&intake, &small, (struct gw_slice){text, 7}, &line_12, "no reason", &answer, &err) ==
              GW_ENOMEM);
    gw_arena_release(&small);
}

#define SAYS(severity, code)                                                                                           \
    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"" severity "\",\"code\":\"" code                \
    "\",\"diagnostics\":\"Jane Doe\"}]}"

static const struct gw_intake_place observations = {"https://f.example/r4/", "https://f.example/r4/Observation", 0, 3},
                                    conditions = {"https://f.example/r4/", "https://f.example/r4/Condition", 0, 9};

Test(intake, s1_tells_once_for_a_kind_of_search_that_the_record_may_be_incomplete)
{
    const struct gw_item *first, *again, *elsewhere;

    cr_expect(take(SAYS("warning", "incomplete"), &observations).entry.item == NULL, "nobody wants to be told");
    intake.incomplete_blocks = "-";
    first = take(SAYS("warning", "incomplete"), &observations).entry.item;
    again = take(SAYS("warning", "incomplete"), &observations).entry.item;
    elsewhere = take(SAYS("warning", "incomplete"), &conditions).entry.item;
    cr_assert(first && again && elsewhere);
    cr_expect_str_eq(first->code, "SOURCE_INCOMPLETE");
    cr_expect_str_eq(first->fingerprint, "SOURCE_INCOMPLETE|hm||||warning incomplete");
    cr_expect_str_eq(first->blocks, "-");
    cr_expect(!strstr(first->context, "Jane"));
    cr_expect_str_eq(first->id, again->id);
    cr_expect_str_neq(first->id, elsewhere->id);
    cr_expect_str_eq(first->fingerprint, elsewhere->fingerprint, "one cause");
    cr_expect(take(SAYS("information", "informational"), &observations).entry.item == NULL);
    cr_expect(take(SAYS("warning", "suppressed"), &observations).entry.item == NULL);
}

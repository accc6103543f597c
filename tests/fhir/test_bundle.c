/*
 * Pages and lines as entries, with the bytes of each resource.
 */
#include <stdlib.h>

#include "fhir/facts.h"

static const char *const modes[] = {"match", "include", "outcome", "deleted", "empty"};

struct page {
    struct gw_arena arena;
    struct gw_text text;
    struct gw_bundle bundle;
    struct gw_error err;
    enum gw_status rc;
};

static void page_load(struct page *page, const char *file)
{
    char path[400];

    memset(page, 0, sizeof(*page));
    page->arena.limit = 1 << 20;
    page->text = (struct gw_text)GW_TEXT_INIT(1 << 20);
    snprintf(path, sizeof(path), "%s/fixtures/fhir/%s", SOURCE_DIR, file);
    cr_assert(eq(int, gw_text_read_file(&page->text, path, &page->err), GW_OK), "%s", page->err.text);
    page->rc =
        gw_bundle_read(&page->arena, (struct gw_slice){page->text.at, page->text.length}, &page->bundle, &page->err);
}

static void page_release(struct page *page)
{
    gw_text_release(&page->text);
    gw_arena_release(&page->arena);
}

/* "match ma-1; ..." of all entries. */
static void print_entries(const struct gw_bundle *bundle, char *out, size_t room)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < bundle->count; i++) {
        const struct gw_entry *entry = &bundle->entries[i];

        cr_expect(eq(sz, entry->index, i));
        used += (size_t)snprintf(out + used, room - used, "%s", modes[entry->mode]);
        if (entry->mode == GW_ENTRY_DELETED)
            used += (size_t)snprintf(out + used, room - used, " %s/%s", or_dash(entry->deleted_type),
                                     or_dash(entry->deleted_id));
        else if (gw_json_string(entry->resource, "id"))
            used += (size_t)snprintf(out + used, room - used, " %s", gw_json_string(entry->resource, "id"));
        used += (size_t)snprintf(out + used, room - used, "; ");
    }
}

static const struct {
    const char *file;
    const char *type;
    const char *next;
    const char *entries;
} pages[] = {
    {"page-searchset.json", "searchset",
     "https://ehr.example/r4?_getpages=77&_getpagesoffset=3&_count=3&ct=a%2Bb%3D%3D",
     "match ma-1; match ma-2; include len-10; outcome; outcome; outcome b-1; empty; "},
    {"page-history.json", "history", NULL,
     "match o-1; deleted Observation/o-2; deleted Observation/o-3; deleted Observation/o-4; deleted -/urn:uuid:5; "
     "deleted -/-; deleted Observation/o-6; "},
    {"page-batch-response.json", "batch-response", NULL, "match; empty; match; empty; "},
    {"page-empty.json", "searchset", NULL, ""},
    {"page-r5.json", "searchset", NULL, "match ma-1; match ma-2; match e-1; match p-1; match ms-1; match len-10; "},
    {"page-blanks.json", "collection", NULL, "match; match; match; match; match; "},
};

Test(bundle, lists_its_entries)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        struct page page;
        char entries[1000];

        page_load(&page, pages[i].file);
        cr_assert(eq(int, page.rc, GW_OK), "%s: %s", pages[i].file, page.err.text);
        EXPECT_TEXT(page.bundle.type, pages[i].type, "%s", pages[i].file);
        EXPECT_TEXT(page.bundle.next, pages[i].next, "%s", pages[i].file);
        print_entries(&page.bundle, entries, sizeof(entries));
        cr_expect(eq(str, entries, (char *)pages[i].entries), "%s", pages[i].file);
        page_release(&page);
    }
}

Test(bundle, keeps_the_page_and_full_urls_as_given)
{
    struct page page;

    page_load(&page, "page-searchset.json");
    cr_assert(eq(int, page.rc, GW_OK), "%s", page.err.text);
    EXPECT_TEXT(page.bundle.self, "https://ehr.example/r4/MedicationAdministration?patient=pat-17&_count=3", "self");
    EXPECT_TEXT(page.bundle.entries[0].full_url, "https://ehr.example/r4/MedicationAdministration/ma-1", "full URL");
    cr_expect(page.bundle.entries[6].resource == NULL);
    cr_expect(eq(sz, page.bundle.entries[6].raw.length, 0));
    page_release(&page);
}

Test(bundle, leaves_a_resource_that_is_no_object_as_bytes)
{
    struct page page;
    const struct gw_entry *entry;

    page_load(&page, "page-batch-response.json");
    cr_assert(eq(int, page.rc, GW_OK), "%s", page.err.text);
    entry = &page.bundle.entries[2];
    cr_expect(entry->resource == NULL);
    cr_expect(eq(sz, entry->raw.length, strlen("[\"not\",\"an\",\"object\"]")));
    cr_expect(memcmp(entry->raw.at, "[\"not\",\"an\",\"object\"]", entry->raw.length) == 0);
    page_release(&page);
}

static const char *const blanks[] = {
    "{ \"subject\" : { \"reference\" : \"Patient/1\" } , \"resourceType\" : \"Observation\" ,\r\n"
    " \"note\" : [ { \"text\" : \"a \\\"}]\\\\\" } ] }",
    "{\"resourceType\":\"Basic\",\"x\":[1,[],{},[{\"y\":[-0.5e+3 ] } ] ]}",
    "{\"resourceType\":\"Basic\",\"z\":\"\\\\\\\\\\\"\"}",
    "{ }",
    "{\"resourceType\":\"Basic\",\"last\":true }",
};

Test(bundle, gives_the_very_bytes_of_each_resource)
{
    struct page page;

    page_load(&page, "page-blanks.json");
    cr_assert(eq(int, page.rc, GW_OK), "%s", page.err.text);
    cr_assert(eq(sz, page.bundle.count, sizeof(blanks) / sizeof(blanks[0])));
    for (size_t i = 0; i < page.bundle.count; i++) {
        const struct gw_slice raw = page.bundle.entries[i].raw;

        cr_expect(eq(sz, raw.length, strlen(blanks[i])), "entry %zu", i);
        cr_expect(memcmp(raw.at, blanks[i], strlen(blanks[i])) == 0, "entry %zu: %.*s", i, (int)raw.length, raw.at);
    }
    page_release(&page);
}

static const struct {
    const char *name;
    const char *text;
    const char *error;
} refusals[] = {
    {"nothing", "", NULL},
    {"half a page", "{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Observation'", NULL},
    {"a page from a proxy", "<html>", NULL},
    {"an array", "[]", "a Bundle is wanted, got JSON without a resourceType"},
    {"another resource", "{'resourceType':'Observation'}", "a Bundle is wanted, got a resource of type Observation"},
    {"a resource of an unknown type is not named", "{'resourceType':'Ana'}",
     "a Bundle is wanted, got a resource of another type"},
    {"an entry that is no object", "{'resourceType':'Bundle','entry':[{},3]}", "Bundle.entry[1]: an object is wanted"},
    {"entries that are no array", "{'resourceType':'Bundle','entry':{}}", "Bundle.entry: an array is wanted"},
    {"a next link that is no text", "{'resourceType':'Bundle','link':[{'relation':'next','url':1}]}",
     "Bundle.link[0].url: a string is wanted"},
};

Test(bundle, refuses_what_is_none)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct gw_arena arena = GW_ARENA_INIT(1 << 16);
        struct gw_bundle bundle = {.count = 77};
        struct gw_error err = {0};
        const char *json = double_quotes(&arena, refusals[i].text);

        cr_expect(eq(int, gw_bundle_read(&arena, (struct gw_slice){json, strlen(json)}, &bundle, &err), GW_EINPUT),
                  "%s", refusals[i].name);
        cr_expect(err.text[0] != 0, "%s", refusals[i].name);
        if (refusals[i].error)
            cr_expect(eq(str, err.text, (char *)refusals[i].error), "%s", refusals[i].name);
        cr_expect(eq(sz, bundle.count, 77), "%s: touched", refusals[i].name);
        gw_arena_release(&arena);
    }
}

Test(bundle, says_why_a_server_answered_with_an_outcome)
{
    struct page page;

    page_load(&page, "outcome-denied.json");
    cr_expect(eq(int, page.rc, GW_EINPUT));
    EXPECT_TEXT(page.err.text, "a Bundle is wanted, got OperationOutcome: fatal security, error of no known code",
                "issues only");
    page_release(&page);
}

Test(bundle, that_does_not_fit_is_a_limit)
{
    struct page page;
    enum gw_status rc = GW_ENOMEM;

    page_load(&page, "page-searchset.json");
    for (size_t limit = 1; rc == GW_ENOMEM && limit < 1 << 20; limit += 64) {
        gw_arena_clear(&page.arena);
        page.arena.limit = limit;
        rc = gw_bundle_read(&page.arena, (struct gw_slice){page.text.at, page.text.length}, &page.bundle, &page.err);
    }
    cr_expect(eq(int, rc, GW_OK), "%s", page.err.text);
    page_release(&page);
}

#define WARNING "{'severity':'warning','code':'value'}"
#define SEVEN   WARNING "," WARNING "," WARNING "," WARNING "," WARNING "," WARNING "," WARNING
#define EIGHT_TOLD                                                                                                     \
    "warning value, warning value, warning value, warning value, warning value, warning value, warning value, "        \
    "warning value"

static const struct {
    const char *name;
    const char *outcome;
    const char *line;
    int worst;
} outcomes[] = {
    {"one", "{'issue':[{'severity':'error','code':'not-found'}]}", "error not-found", 2},
    {"two", "{'issue':[{'severity':'information','code':'informational'},{'severity':'warning','code':'incomplete'}]}",
     "information informational, warning incomplete", 1},
    {"the worst counts", "{'issue':[{'severity':'fatal','code':'exception'},{'severity':'warning','code':'value'}]}",
     "fatal exception, warning value", 3},
    {"success (R5)", "{'issue':[{'severity':'success','code':'success'}]}", "information success", 0},
    {"no words of FHIR's", "{'issue':[{'severity':'Ana','code':'MRN 17'},{}]}",
     "error of no known code, error of no known code", 2},
    {"no issue", "{'issue':[]}", "no issue given", 0},
    {"no list", "{}", "no issue given", 0},
    {"eight are told", "{'issue':[" SEVEN "," WARNING "]}", EIGHT_TOLD, 1},
    {"the ninth is counted, and may be the worst", "{'issue':[" SEVEN "," WARNING ",{'severity':'fatal'}]}",
     EIGHT_TOLD " and 1 more", 3},
};

/* Thousands of issues take no more memory than a few, and none of them is lost to the worst. */
Test(outcome, of_thousands_of_issues_is_a_short_line_all_the_same)
{
    struct gw_arena arena = GW_ARENA_INIT(8 << 20);
    struct gw_text text = GW_TEXT_INIT(4 << 20);
    const cJSON *tree;
    int worst = -1;

    gw_text_add(&text, "{\"issue\":[");
    for (int i = 0; i < 20000; i++)
        gw_text_add(&text, "{\"severity\":\"information\"},");
    gw_text_add(&text, "{\"severity\":\"fatal\"}]}");
    cr_assert(eq(int, gw_json_parse(&arena, text.at, text.length, NULL, &tree, NULL, NULL), GW_OK));
    cr_expect(strstr(gw_outcome_print(&arena, tree, &worst), " and 19993 more") != NULL);
    cr_expect(eq(int, worst, 3));
    gw_text_release(&text);
    gw_arena_release(&arena);
}

Test(outcome, is_one_line_of_severities_and_codes)
{
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        struct gw_arena arena = GW_ARENA_INIT(1 << 16);
        const char *json = double_quotes(&arena, outcomes[i].outcome);
        const cJSON *tree;
        int worst = -1;

        cr_assert(eq(int, gw_json_parse(&arena, json, strlen(json), NULL, &tree, NULL, NULL), GW_OK));
        EXPECT_TEXT(gw_outcome_print(&arena, tree, &worst), outcomes[i].line, "%s", outcomes[i].name);
        cr_expect(eq(int, worst, outcomes[i].worst), "%s", outcomes[i].name);
        gw_arena_release(&arena);
    }
}

static const struct {
    const char *name;
    const char *line;
    enum gw_status rc;
    enum gw_entry_mode mode;
    const char *rest; /* the raw bytes, or the error */
} lines[] = {
    {"a resource", "{'resourceType':'Patient'}\n", GW_OK, GW_ENTRY_MATCH, "{'resourceType':'Patient'}"},
    {"CRLF and blanks", " \t{'a':[1 ] } \r\n", GW_OK, GW_ENTRY_MATCH, "{'a':[1 ] }"},
    {"a byte order mark", "\xEF\xBB\xBF{'a':1}", GW_OK, GW_ENTRY_MATCH, "{'a':1}"},
    {"an outcome", "{'resourceType':'OperationOutcome'}", GW_OK, GW_ENTRY_OUTCOME,
     "{'resourceType':'OperationOutcome'}"},
    {"a Bundle", "{'resourceType':'Bundle'}", GW_EINPUT, GW_ENTRY_MATCH,
     "a resource is wanted, got a Bundle; give each Bundle as a file of its own"},
    {"an array", "[{}]", GW_EINPUT, GW_ENTRY_MATCH, "a resource is wanted: a JSON object"},
    {"two on a line", "{'a':1}{'b':2}", GW_EINPUT, GW_ENTRY_MATCH, NULL},
    {"a line cut short", "{'resourceType':'Pat", GW_EINPUT, GW_ENTRY_MATCH, NULL},
};

Test(bundle, reads_one_line)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct gw_arena arena = GW_ARENA_INIT(1 << 16);
        const char *json = double_quotes(&arena, lines[i].line);
        const char *rest = lines[i].rest ? double_quotes(&arena, lines[i].rest) : NULL;
        struct gw_error err = {0};
        struct gw_entry entry;

        cr_expect(eq(int, gw_entry_read(&arena, (struct gw_slice){json, strlen(json)}, &entry, &err), lines[i].rc),
                  "%s", lines[i].name);
        if (lines[i].rc == GW_OK) {
            cr_expect(eq(int, entry.mode, lines[i].mode), "%s", lines[i].name);
            cr_expect(eq(sz, entry.raw.length, strlen(rest)), "%s", lines[i].name);
            cr_expect(memcmp(entry.raw.at, rest, strlen(rest)) == 0, "%s", lines[i].name);
            cr_expect(entry.resource != NULL);
        } else {
            EXPECT_TEXT(rest ? err.text : NULL, rest, "%s", lines[i].name);
        }
        gw_arena_release(&arena);
    }
}

static const struct {
    const char *name;
    const char *head;
    bool bundle;
} heads[] = {
    {"a Bundle", "{'resourceType':'Bundle','type':", true},
    {"blanks and a mark", "\xEF\xBB\xBF \n{ \t'resourceType' :\r\n 'Bundle' }", true},
    {"not the first member", "{'id':'a','meta':{'tag':[{'code':'}'}]},'resourceType':'Bundle'", true},
    {"a quote inside a text", "{'id':'a\\'b','resourceType':'Bundle'", true},
    {"another resource", "{'resourceType':'Observation','x':'Bundle'}", false},
    {"a Bundle inside", "{'contained':[{'resourceType':'Bundle'}],'resourceType':'List'}", false},
    {"a second line", "{'resourceType':'Patient'}\n{'resourceType':'Bundle'}", false},
    {"a second object", "{'a':1}\n{'resourceType':'Bundle'}", false},
    {"a text, not a name", "{'x':'resourceType','y':'Bundle'}", false},
    {"a longer word", "{'resourceType':'BundleEntry'}", false},
    {"a longer name", "{'resourceTypes':'Bundle'}", false},
    {"an array", "[{'resourceType':'Bundle'}]", false},
    {"cut in the value", "{'resourceType':'Bun", false},
    {"cut in the name", "{'resourceTy", false},
    {"cut behind the colon", "{'resourceType':", false},
    {"cut before the colon", "{'resourceType'", false},
    {"nothing", "", false},
    {"blanks", " \n", false},
    {"HTML", "<html>", false},
};

Test(bundle, is_known_by_its_head)
{
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct gw_arena arena = GW_ARENA_INIT(1 << 16);
        const char *json = double_quotes(&arena, heads[i].head);
        char *exact = malloc(strlen(json) + 1); /* so that a byte too many is seen */

        memcpy(exact, json, strlen(json));
        cr_expect(eq(int, gw_looks_like_bundle((struct gw_slice){exact, strlen(json)}), heads[i].bundle), "%s",
                  heads[i].name);
        free(exact);
        gw_arena_release(&arena);
    }
}

Test(bundle, reads_r5_spellings)
{
    struct page page;
    struct gw_fact facts[6];

    page_load(&page, "page-r5.json");
    cr_assert(eq(sz, page.bundle.count, 6), "%s", page.err.text);
    for (size_t i = 0; i < 6; i++)
        cr_assert(eq(int, gw_fact_read(&page.arena, page.bundle.entries[i].resource, &facts[i], &page.err), GW_OK),
                  "%s", page.err.text);
    EXPECT_TEXT(facts[0].use.reference.id, "len-10", "medication.reference");
    EXPECT_TEXT(facts[0].use.effective.date, "2026-02-14", "occurenceDateTime");
    EXPECT_TEXT(facts[1].use.medication.text, "daratumumab", "medication.concept");
    EXPECT_TEXT(facts[1].use.effective.period.start, "2026-02-14T08:00:00Z", "occurencePeriod");
    EXPECT_TEXT(facts[1].use.rate.unit, "mL/h", "rateRatio");
    EXPECT_TEXT(facts[2].encounter.class_code.code, "AMB", "class");
    EXPECT_TEXT(facts[2].encounter.period.end, "2026-02-14", "actualPeriod");
    cr_assert(eq(sz, facts[2].encounter.reasons.concept_count, 2));
    EXPECT_TEXT(facts[2].encounter.reasons.concepts[0].text, "fever", "reason");
    EXPECT_TEXT(facts[2].encounter.reasons.concepts[1].text, "cough", "reason");
    cr_expect(eq(sz, facts[2].encounter.reasons.reference_count, 1), "a reason by reference");
    EXPECT_TEXT(facts[3].procedure.performed.date, "2026-02-15", "occurrenceDateTime");
    cr_expect(eq(int, facts[4].standing, GW_NEGATIVE));
    cr_expect(eq(sz, facts[5].medication.ingredient_count, 2));
    EXPECT_TEXT(facts[5].medication.ingredients[0].text, "lenalidomide", "item.concept");
    page_release(&page);
}

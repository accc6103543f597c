/*
 * Everything the readers are fed in the third-party data: nothing crashes, every text is a fact, a type that is not
 * read, or a refusal with a reason, and an entry's raw bytes are the resource again.
 *
 * The data stand beside the checkout, not in it; without them the suite skips. Long files are sampled.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fhir/facts.h"
#include "support/corpus.h"

enum { LINES_A_FILE = 3000, MAX_REASONS = 64, MAX_BYTES = 8 << 20 };

struct tally {
    struct gw_arena arena;
    struct gw_arena again; /* for raw bytes that are read a second time */
    size_t texts;
    size_t facts[GW_RESOURCE_COUNT];
    size_t standings[GW_UNDECIDED + 1];
    size_t refused;
    size_t modified;
    struct {
        char text[400];
        size_t count;
    } reasons[MAX_REASONS];
};

/* Counts under the message with digits left out, so that places and bytes do not make a reason of their own. */
static void count_refusal(struct tally *tally, const struct gw_error *err)
{
    char text[400];
    size_t i = 0;

    cr_assert(err->text[0] != 0, "a refusal says why");
    snprintf(text, sizeof(text), "%s", err->text);
    for (char *at = text; *at; at++)
        *at = *at >= '0' && *at <= '9' ? '#' : *at;
    while (i + 1 < MAX_REASONS && *tally->reasons[i].text && strcmp(tally->reasons[i].text, text) != 0)
        i++;
    snprintf(tally->reasons[i].text, sizeof(tally->reasons[i].text), "%s", text);
    tally->reasons[i].count++;
    tally->refused++;
}

static void read_one(struct tally *tally, const cJSON *resource)
{
    struct gw_error err = {0};
    struct gw_fact fact;

    if (gw_fact_read(&tally->arena, resource, &fact, &err) != GW_OK) {
        cr_expect(eq(int, err.status, GW_EINPUT), "%s", err.text);
        count_refusal(tally, &err);
        return;
    }
    cr_assert(fact.part_count >= 1);
    cr_assert(fact.type_name != NULL);
    tally->facts[fact.type]++;
    if (fact.type != GW_RESOURCE_OTHER && fact.type != GW_OPERATION_OUTCOME)
        tally->standings[fact.standing]++;
    tally->modified += fact.modifier_extension;
}

static void read_entry(struct tally *tally, const struct gw_entry *entry)
{
    struct gw_error err = {0};
    struct gw_entry again;

    if (!entry->resource)
        return;
    read_one(tally, entry->resource);
    cr_expect(entry->raw.at[0] == '{' && entry->raw.at[entry->raw.length - 1] == '}');
    if (!gw_same(gw_json_string(entry->resource, "resourceType"), "Bundle")) {
        cr_expect(eq(int, gw_entry_read(&tally->again, entry->raw, &again, &err), GW_OK), "%s", err.text);
        cr_expect(cJSON_GetArraySize(again.resource) == cJSON_GetArraySize(entry->resource));
    }
    gw_arena_clear(&tally->again);
}

static void read_line(struct tally *tally, struct gw_slice line)
{
    struct gw_error err = {0};
    struct gw_entry entry;

    tally->texts++;
    if (gw_entry_read(&tally->arena, line, &entry, &err) == GW_OK)
        read_entry(tally, &entry);
    else
        count_refusal(tally, &err);
    gw_arena_clear(&tally->arena);
}

static void read_text(struct tally *tally, struct gw_slice text)
{
    struct gw_error err = {0};
    struct gw_bundle bundle;

    if (!gw_looks_like_bundle(text)) {
        read_line(tally, text);
        return;
    }
    tally->texts++;
    if (gw_bundle_read(&tally->arena, text, &bundle, &err) == GW_OK) {
        for (size_t i = 0; i < bundle.count; i++)
            read_entry(tally, &bundle.entries[i]);
    } else {
        count_refusal(tally, &err);
    }
    gw_arena_clear(&tally->arena);
}

static void read_lines(struct tally *tally, const char *path)
{
    FILE *lines = corpus_open(path);
    char *line = NULL;
    size_t room = 0;
    ssize_t length;

    cr_assert(lines != NULL, "%s", path);
    for (int n = 0; n < LINES_A_FILE && (length = getline(&line, &room, lines)) > 0; n++)
        read_line(tally, (struct gw_slice){line, (size_t)length});
    free(line);
    corpus_close(lines);
}

static void read_file(const char *path, void *ctx)
{
    struct tally *tally = ctx;
    struct gw_text text = GW_TEXT_INIT(MAX_BYTES);

    if (strstr(path, ".ndjson")) {
        read_lines(tally, path);
    } else if (strstr(path, ".json")) {
        cr_assert(gw_text_read_file(&text, path, NULL) == GW_OK, "%s", path);
        read_text(tally, (struct gw_slice){text.at, text.length});
    }
    gw_text_release(&text);
}

static void print_tally(const char *folder, const struct tally *tally)
{
    printf("%s: %zu texts, %zu refused, %zu with a modifier\n  facts:", folder, tally->texts, tally->refused,
           tally->modified);
    for (int i = 0; i < GW_RESOURCE_COUNT; i++)
        printf(" %s %zu", i == GW_RESOURCE_OTHER ? "other" : gw_resource_name(i), tally->facts[i]);
    printf("\n  accepted %zu, provisional %zu, waiting %zu, withdrawn %zu, negative %zu, refused %zu, undecided %zu\n",
           tally->standings[0], tally->standings[1], tally->standings[2], tally->standings[3], tally->standings[4],
           tally->standings[5], tally->standings[6]);
    for (int i = 0; i < MAX_REASONS && *tally->reasons[i].text; i++)
        printf("  %zu x %s\n", tally->reasons[i].count, tally->reasons[i].text);
}

static void read_folder(const char *folder, size_t texts_at_least)
{
    struct tally *tally = calloc(1, sizeof(*tally));

    tally->arena.limit = 256 << 20;
    tally->again.limit = 256 << 20;
    if (!corpus_each(folder, read_file, tally)) {
        free(tally);
        cr_skip("the third-party data are not beside the checkout");
    }
    print_tally(folder, tally);
    cr_expect(tally->texts >= texts_at_least, "%s: only %zu texts", folder, tally->texts);
    cr_expect(tally->refused * 2 < tally->texts, "%s: most texts are refused", folder);
    gw_arena_release(&tally->arena);
    gw_arena_release(&tally->again);
    free(tally);
}

Test(corpus, the_examples_of_the_standard)
{
    read_folder("hl7-examples", 400);
}

Test(corpus, the_examples_of_us_core)
{
    read_folder("uscore-examples", 200);
}

Test(corpus, what_vendors_send)
{
    read_folder("vendor-quirks", 150);
}

Test(corpus, oncology_fixtures)
{
    read_folder("mcode", 60);
}

Test(corpus, administrations_of_a_real_hospital)
{
    read_folder("mimic-demo", 10000);
}

Test(corpus, synthetic_patients)
{
    read_folder(".", 10000);
}

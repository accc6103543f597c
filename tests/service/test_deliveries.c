/*
 * The way a datum came must not show: the made-up cohorts of both studies through the real ledger, pass and study
 * database, in deliveries of every cut and order, pages of every size, with a derivation after each delivery. The
 * canonical dump of the study database is that of one `map` of everything, to the byte.
 *
 * Superseded versions, retractions and repeats are in the cohorts' second delivery. Patients and drugs come first where
 * a delivery is cut at random, as in a sync: a first dose that moves by weeks waits for a person, and that is no equal.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/decisions.h"
#include "gateway/service/map.h"
#include "gateway/sinks/export.h"
#include "service/enrolment.h"
#include "support/scratch.h"

#define KEY "a key of the tests, made up by us"

enum { LINES_MAX = 4096, PARTS_MAX = 16 };

static const struct study {
    const char *name, *cohort;
    bool decided;
} studies[] = {
    {"lendex-rrmm", SOURCE_DIR "/fixtures/cohort-small", false},
    {"elranatamab-rrmm", SOURCE_DIR "/fixtures/cohort-elranatamab", true},
};

enum order { AS_IT_CAME, BACKWARDS, SHUFFLED };
enum former { NOTHING, THE_SAME, ANOTHER };

static const struct way {
    const char *name;
    enum order order;
    size_t parts;       /* deliveries, each derived; 0: the two that the cohort has */
    size_t page;        /* entries that are kept at once */
    bool twice;         /* each delivery again after it */
    bool earlier;       /* the horizon comes with the deliveries, a week each */
    bool latest;        /* superseded versions are never seen, as on a server that keeps none */
    enum former former; /* before all comes a version of every second record that says so, or what another one says */
} ways[] = {
    {.name = "one delivery in small pages", .order = AS_IT_CAME, .parts = 1, .page = 7},
    {.name = "one delivery, its last line first", .order = BACKWARDS, .parts = 1, .page = 1000},
    {.name = "two deliveries", .order = AS_IT_CAME, .page = 1000},
    {.name = "two deliveries in pages of 37, told twice", .order = AS_IT_CAME, .page = 37, .twice = true},
    {.name = "the corrections before what they correct", .order = BACKWARDS, .page = 250},
    {.name = "five deliveries of anything", .order = SHUFFLED, .parts = 5, .page = 11},
    {.name = "sixteen deliveries of anything, each of them twice",
     .order = SHUFFLED,
     .parts = 16,
     .page = 3,
     .twice = true},
    {.name = "nine deliveries, a week after each other", .order = SHUFFLED, .parts = 9, .page = 100, .earlier = true},
    {.name = "the latest versions alone", .order = AS_IT_CAME, .page = 1000, .latest = true},
    {.name = "versions that say the same", .order = AS_IT_CAME, .page = 100, .former = THE_SAME},
    {.name = "versions that are wrong", .order = AS_IT_CAME, .page = 100, .former = ANOTHER},
    {.name = "wrong versions and three deliveries", .order = SHUFFLED, .parts = 3, .page = 100, .former = ANOTHER},
};

struct line {
    struct gw_slice text;
    bool second;                                         /* of the second delivery */
    struct gw_slice type, id, version, updated, patient; /* as written; empty: none */
};

struct cohort { /* one hospital of it */
    const struct study *study;
    const char *site;
    struct scratch scratch;
    struct gw_arena arena;
    struct line lines[LINES_MAX];
    size_t count;
};

struct gateway { /* a ledger and a study database of its own */
    struct cohort *cohort;
    struct gw_arena arena;
    struct gw_protocol protocol;
    const struct gw_site *site;
    struct gw_roster roster;
    struct gw_hmac *key;
    struct gw_ledger *ledger;
    struct gw_sink *sink;
    struct enrolment enrolment;
    struct gw_intake intake;
    size_t page;
    int64_t delivery;
};

static struct gw_error err;

static void fine(enum gw_status rc)
{
    cr_assert(eq(int, rc, GW_OK), "%s", err.text);
}

/* ---- what the hospital has ---- */

/* The text behind the first of these words, up to the quote. */
static struct gw_slice behind(struct gw_slice line, const char *words)
{
    const char *at = memmem(line.at, line.length, words, strlen(words));

    if (!at)
        return (struct gw_slice){line.at, 0};
    at += strlen(words);
    return (struct gw_slice){at, strcspn(at, "\"\n")};
}

static struct line line_of(const char *at, size_t length, bool second)
{
    const struct gw_slice text = {at, length};

    return (struct line){.text = text,
                         .second = second,
                         .type = behind(text, "\"resourceType\":\""),
                         .id = behind(text, "\"id\":\""),
                         .version = behind(text, "\"versionId\":\""),
                         .updated = behind(text, "\"lastUpdated\":\""),
                         .patient = behind(text, "\"reference\":\"Patient/")};
}

static void read_lines(struct cohort *c, const char *path, bool second)
{
    struct gw_text text = GW_TEXT_INIT(16u << 20);
    const char *at;

    fine(gw_text_read_file(&text, path, &err));
    at = gw_arena_copy(&c->arena, text.at, text.length);
    gw_text_release(&text);
    while (*at) {
        const size_t length = strcspn(at, "\n");

        cr_assert(lt(sz, c->count, LINES_MAX));
        c->lines[c->count++] = line_of(at, length, second);
        at += length + (at[length] == '\n');
    }
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_delivery(struct cohort *c, int number)
{
    const char *folder = gw_arena_print(&c->arena, "%s/%s/delivery-%d", c->study->cohort, c->site, number);
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, NULL, by_name);

    cr_assert(gt(int, count, 2), "%s", folder);
    for (int i = 0; i < count; i++) {
        if (*entries[i]->d_name != '.')
            read_lines(c, gw_arena_print(&c->arena, "%s/%s", folder, entries[i]->d_name), number == 2);
        free(entries[i]);
    }
    free(entries);
}

static void cohort_open(struct cohort *c, const struct study *study, const char *site)
{
    *c = (struct cohort){.study = study, .site = site, .arena = GW_ARENA_INIT(64u << 20)};
    scratch_init(&c->scratch);
    read_delivery(c, 1);
    read_delivery(c, 2);
    cr_assert(gt(sz, c->count, 200), "%s", site);
}

static void cohort_close(struct cohort *c)
{
    gw_arena_release(&c->arena);
    scratch_release(&c->scratch);
}

static const char *cohort_file(struct cohort *c, const char *name)
{
    return gw_arena_print(&c->arena, "%s/%s/%s", c->study->cohort, c->site, name);
}

static const char *package(struct cohort *c)
{
    return gw_arena_print(&c->arena, SOURCE_DIR "/mappings/studies/%s", c->study->name);
}

static const char *profile(struct cohort *c)
{
    return gw_arena_print(&c->arena, SOURCE_DIR "/mappings/sites/%s.json", c->site);
}

static const char *roster(struct cohort *c)
{
    return gw_arena_print(&c->arena, "%s/roster.csv", c->study->cohort);
}

/* As a sync asks first: whose records, and which drugs when. */
static bool is_first(const struct line *line)
{
    return memmem(line->type.at, line->type.length, "Medication", 10) ||
           memmem(line->type.at, line->type.length, "Patient", 7);
}

/* ---- versions ---- */

static bool same(struct gw_slice a, struct gw_slice b)
{
    return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

/* Written alike, in UTC: texts compare as times do. */
static bool is_superseded(const struct cohort *c, const struct line *line)
{
    for (size_t i = 0; line->id.length > 0 && i < c->count; i++)
        if (same(c->lines[i].type, line->type) && same(c->lines[i].id, line->id) &&
            strncmp(c->lines[i].updated.at, line->updated.at, line->updated.length) > 0)
            return true;
    return false;
}

static const struct line *another(const struct cohort *c, size_t line)
{
    for (size_t i = line + 1; i < c->count; i++)
        if (c->lines[line].patient.length > 0 && same(c->lines[i].type, c->lines[line].type) &&
            same(c->lines[i].patient, c->lines[line].patient) && !same(c->lines[i].id, c->lines[line].id))
            return &c->lines[i];
    return NULL;
}

/* The text of a line up to a slice of it, and then other words. */
static const char *put_instead(struct gw_text *out, const char *from, struct gw_slice old, struct gw_slice new)
{
    gw_text_append(out, from, (size_t)(old.at - from));
    gw_text_append(out, new.at, new.length);
    return old.at + old.length;
}

/* An early version: what stands in the record, or in another one of the patient's. Drugs and Patients stay as they are.
 */
static void write_former(const struct cohort *c, enum former former, struct gw_text *out)
{
    static const struct gw_slice none = {"0", 1}, ago = {"2001-01-01T00:00:00Z", 20};

    for (size_t i = 0; i < c->count; i++) {
        const struct line *line = &c->lines[i], *from = former == THE_SAME ? line : another(c, i);
        const char *at;

        if (!is_first(line) && from && i % 2 == 0 && line->version.length > 0) {
            at = put_instead(out, from->text.at, from->id, line->id);
            at = put_instead(out, at, from->version, none);
            at = put_instead(out, at, from->updated, ago);
            gw_text_append(out, at, (size_t)(from->text.at + from->text.length - at));
            gw_text_add(out, "\n");
        }
    }
}

/* ---- the cut ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static size_t part_of(const struct cohort *c, const struct way *way, size_t line, uint32_t *seed)
{
    if (way->former != NOTHING)
        return is_first(&c->lines[line]) ? 0
                                         : 1 + (way->parts ? next_random(seed) % way->parts : c->lines[line].second);
    if (way->parts == 0)
        return c->lines[line].second == (way->order == AS_IT_CAME);
    return way->order == SHUFFLED && !is_first(&c->lines[line]) ? next_random(seed) % way->parts : 0;
}

/* The lines of each part; early versions are in one before the others. */
static void write_parts(struct cohort *c, const struct way *way, struct gw_text *parts)
{
    uint32_t seed = 11;

    if (way->former != NOTHING)
        write_former(c, way->former, &parts[0]);
    for (size_t i = 0; i < c->count; i++) {
        const size_t line = way->order == BACKWARDS ? c->count - 1 - i : i;
        struct gw_text *part = &parts[part_of(c, way, line, &seed)];

        if (way->latest && is_superseded(c, &c->lines[line]))
            continue;
        gw_text_append(part, c->lines[line].text.at, c->lines[line].text.length);
        gw_text_add(part, "\n");
        cr_assert(not(part->failed));
    }
}

/* ---- one gateway ---- */

static enum gw_status skip_page(void *ctx, struct gw_keep_entry *entries, size_t count, struct gw_error *e)
{
    (void)ctx, (void)entries, (void)count, (void)e;
    return GW_OK;
}

static enum gw_status keep_page(void *ctx, struct gw_keep_entry *entries, size_t count, struct gw_error *e)
{
    struct gateway *g = ctx;
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < count; i += g->page) {
        const struct gw_keep_page page = {.delivery = g->delivery,
                                          .fetched_at = 1782820800,
                                          .entries = entries + i,
                                          .count = count - i < g->page ? count - i : g->page};
        struct gw_keep_answer answer;

        rc = gw_ledger_keep(g->ledger, &page, &answer, e);
    }
    return rc;
}

static void gateway_open(struct gateway *g, struct cohort *c, struct scratch *scratch, size_t page)
{
    *g = (struct gateway){.cohort = c, .arena = GW_ARENA_INIT(256u << 20), .page = page};
    fine(gw_protocol_load(&g->arena, package(c), &g->protocol, &err));
    fine(gw_site_load(&g->arena, profile(c), g->protocol.tables, &g->site, &err));
    fine(gw_roster_load(&g->arena, roster(c), c->study->name, c->site, &g->roster, &err));
    g->key = gw_hmac_new(KEY, strlen(KEY));
    fine(gw_ledger_open(scratch_path(scratch, "ledger.db"), &g->ledger, &err));
    fine(gw_sink_sqlite_open(scratch_path(scratch, "study.db"), c->study->name, &g->sink, &err));
    fine(enrolment_open(&g->enrolment, &g->arena, g->ledger, &g->roster, g->site, c->study->name, c->site,
                        gw_day_of(2026, 6, 30), &err));
    g->intake = (struct gw_intake){.endpoint = c->site,
                                   .site = c->site,
                                   .key = g->key,
                                   .whose = enrolment_whose,
                                   .invalid_blocks = "R",
                                   .ctx = &g->enrolment};
}

/* Whose records are whose is known before they come: a roster of record numbers learns it from the Patients. */
static void learn_patients(struct gateway *g, const char *path)
{
    const struct gw_files files = {.intake = &g->intake, .page = skip_page};
    struct gw_files_answer answer = {0};

    fine(gw_files_read(&files, path, &answer, &err));
}

static void deliver(struct gateway *g, const char *path)
{
    const struct gw_files files = {.intake = &g->intake, .page = keep_page, .ctx = g};
    struct gw_files_answer answer = {0};

    fine(gw_ledger_begin(g->ledger, &err));
    fine(gw_ledger_deliver(g->ledger, "test", "2026-06-30", &g->delivery, &err));
    fine(gw_files_read(&files, path, &answer, &err));
    fine(gw_ledger_commit(g->ledger, &err));
    cr_assert(eq(sz, answer.refused, 0), "%s", answer.first.text);
}

static void decide(struct gateway *g)
{
    struct gw_decisions decisions = {NULL, 0};

    fine(gw_decisions_load(&g->arena, cohort_file(g->cohort, "decisions.jsonl"), &decisions, &err));
    for (size_t i = 0; i < decisions.count; i++) {
        struct gw_decision decision = decisions.list[i];

        fine(gw_ledger_decide(g->ledger, &decision, &err));
    }
}

/* weeks: how long before the last day it is read. */
static void derive(struct gateway *g, size_t weeks)
{
    struct gw_pass pass = {.ledger = g->ledger,
                           .sink = g->sink,
                           .protocol = &g->protocol,
                           .key = g->key,
                           .subjects = g->enrolment.subjects,
                           .subject_count = g->enrolment.count,
                           .now = "2026-06-30T20:00:00Z"};
    struct gw_pass_result result;
    struct gw_equation equation;

    for (size_t i = 0; i < g->enrolment.count; i++) {
        g->enrolment.subjects[i].horizon = gw_day_of(2026, 6, 30) - 7 * (gw_day)weeks;
        fine(gw_ledger_mark(g->ledger, g->enrolment.subjects[i].number, &err));
    }
    fine(gw_pass_run(&pass, &result, &err));
    fine(gw_ledger_equation(g->ledger, &equation, &err));
    cr_expect(eq(i64, equation.in, equation.sum));
    cr_expect(eq(i64, equation.waiting, 0));
}

static char *dump(const char *database)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    fine(gw_export_dump(database, out, &err));
    fclose(out);
    return text;
}

static void gateway_close(struct gateway *g)
{
    g->sink->close(g->sink);
    gw_ledger_close(g->ledger);
    gw_hmac_free(g->key);
    gw_site_close(g->site);
    gw_arena_release(&g->arena);
}

/* ---- ways to the same ---- */

static char *mapped(struct cohort *c)
{
    const char *const inputs[] = {cohort_file(c, "delivery-1"), cohort_file(c, "delivery-2")};
    const char *out = gw_arena_print(&c->arena, "%s/out", c->scratch.folder);
    const struct gw_map_options options = {
        .study = package(c),
        .site = profile(c),
        .enrolment = roster(c),
        .out = out,
        .decisions = c->study->decided ? cohort_file(c, "decisions.jsonl") : NULL,
        .as_of = gw_day_of(2026, 6, 30),
        .inputs = inputs,
        .input_count = 2,
    };
    struct gw_map_result result;

    fine(gw_map_run(&options, &result, &err));
    return dump(gw_arena_print(&c->arena, "%s/study/study.db", out));
}

/* What people decided stands between the deliveries: they may know of it before it came. */
static void go(struct gateway *g, const struct way *way, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        learn_patients(g, paths[i]);
    for (size_t i = 0; i < count; i++) {
        for (int again = 0; again <= way->twice; again++)
            deliver(g, paths[i]);
        if (g->cohort->study->decided && i == count / 2)
            decide(g);
        derive(g, way->earlier ? count - 1 - i : 0);
    }
}

static char *gone(struct cohort *c, const struct way *way)
{
    const size_t count = (way->parts ? way->parts : 2) + (way->former != NOTHING);
    struct gw_text parts[PARTS_MAX];
    const char *paths[PARTS_MAX];
    struct scratch scratch;
    struct gateway g;

    for (size_t i = 0; i < count; i++)
        parts[i] = (struct gw_text)GW_TEXT_INIT(64u << 20);
    write_parts(c, way, parts);
    scratch_init(&scratch);
    for (size_t i = 0; i < count; i++) {
        const char *name = gw_arena_print(&c->arena, "part-%zu.ndjson", i);

        paths[i] = gw_arena_print(&c->arena, "%s", scratch_put(&scratch, name, parts[i].at, parts[i].length));
        gw_text_release(&parts[i]);
    }
    gateway_open(&g, c, &scratch, way->page);
    go(&g, way, paths, count);
    gateway_close(&g);
    {
        char *text = dump(scratch_path(&scratch, "study.db"));

        scratch_release(&scratch);
        return text;
    }
}

static const char *line_at(struct cohort *c, const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return gw_arena_print(&c->arena, "%.*s", (int)strcspn(text + at, "\n"), text + at);
}

static void compare(struct cohort *c, const struct way *way, const char *got, const char *wanted)
{
    size_t at = 0;

    while (got[at] && got[at] == wanted[at])
        at++;
    cr_expect(got[at] == wanted[at], "%s, %s: after %s there is\n%s\nand not\n%s", c->site, c->study->name, way->name,
              line_at(c, got, at), line_at(c, wanted, at));
}

static void check(const struct study *study)
{
    static const char *const sites[] = {"madrid", "busan", "essen", "boston"};
    static struct cohort c;

    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        char *wanted;

        cohort_open(&c, study, sites[i]);
        wanted = mapped(&c);
        cr_assert(gt(sz, strlen(wanted), 50000), "%s", sites[i]);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            char *got = gone(&c, &ways[w]);

            compare(&c, &ways[w], got, wanted);
            free(got);
        }
        free(wanted);
        cohort_close(&c);
    }
}

Test(deliveries, leave_no_trace_in_the_first_study)
{
    check(&studies[0]);
}

Test(deliveries, leave_no_trace_in_the_second_study)
{
    check(&studies[1]);
}

/*
 * What one subject costs to derive, beside reading the same bytes strictly: for scripts/bench.
 *
 *      derive COMMON PACKAGE SITE.json ROSTER.csv AS-OF FILE...     NDJSON files of one subject
 *
 * Prints facts, bytes, CPU nanoseconds a fact to read them and CPU nanoseconds a fact to derive the subject.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/core/json.h"
#include "gateway/core/text.h"
#include "gateway/study/derive.h"

#define MAX_BYTES (1u << 30)

static int64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void need(enum gw_status status, const struct gw_error *err)
{
    if (status == GW_OK)
        return;
    fprintf(stderr, "derive: %s\n", err->text);
    exit(65);
}

struct bench {
    struct gw_arena arena;
    struct gw_subject_input input;
    struct gw_fact *facts;
    size_t count, capacity;
    size_t bytes;
};

static void read_line(struct bench *b, const char *line, size_t length)
{
    const cJSON *tree = NULL;
    struct gw_error err;
    struct gw_fact *fact = GW_ARENA_PUSH(&b->arena, b->facts, b->count, b->capacity);

    need(fact ? gw_json_parse(&b->arena, line, length, NULL, &tree, NULL, &err)
              : gw_fail(&err, GW_ENOMEM, "bench", "out of memory"),
         &err);
    need(gw_fact_read(&b->arena, tree, fact, &err), &err);
    fact->endpoint = gw_site_id(b->input.site);
    fact->source = "bench";
    gw_sha256(line, length, fact->sha256);
}

static int64_t read_file(struct bench *b, const char *path)
{
    struct gw_text text = GW_TEXT_INIT(MAX_BYTES);
    struct gw_error err;
    const char *kept, *end;
    int64_t began;

    need(gw_text_read_file(&text, path, &err), &err);
    kept = gw_arena_copy(&b->arena, text.at, text.length); /* facts point into it */
    end = kept + text.length;
    b->bytes += text.length;
    gw_text_release(&text);
    began = cpu_ns();
    for (const char *line = kept, *next; line < end; line = next + 1) {
        next = memchr(line, '\n', (size_t)(end - line));
        next = next ? next : end;
        if (next > line)
            read_line(b, line, (size_t)(next - line));
    }
    return cpu_ns() - began;
}

static void load(struct bench *b, char **argv)
{
    static struct gw_rules rules;
    struct gw_roster roster;
    struct gw_error err;

    need(gw_study_load(&b->arena, argv[2], &b->input.study, &err), &err);
    need(gw_tables_load_for(&b->arena, argv[1], b->input.study, &b->input.tables, &err), &err);
    need(gw_rules_load(&b->arena, argv[1], &rules, &err), &err);
    b->input.rules = &rules;
    need(gw_site_load(&b->arena, argv[3], b->input.tables, &b->input.site, &err), &err);
    need(gw_roster_load(&b->arena, argv[4], b->input.study->id, gw_site_id(b->input.site), &roster, &err), &err);
    if (roster.count != 1 || !gw_day_parse(argv[5], &b->input.horizon)) {
        fprintf(stderr, "derive: one roster line and a date are wanted\n");
        exit(64);
    }
    b->input.roster = &roster.lines[0];
    b->input.key = gw_hmac_new("a key of the benchmark", 22);
}

int main(int argc, char **argv)
{
    struct bench b = {.arena = GW_ARENA_INIT(MAX_BYTES)};
    struct gw_derived derived;
    struct gw_error err;
    int64_t reading = 0, deriving;

    if (argc < 7)
        return 64;
    load(&b, argv);
    for (int i = 6; i < argc; i++)
        reading += read_file(&b, argv[i]);
    b.input.facts = b.facts;
    b.input.fact_count = b.count;
    deriving = cpu_ns();
    need(gw_derive(&b.arena, &b.input, &derived, &err), &err);
    deriving = cpu_ns() - deriving;
    printf("%zu %zu %lld %lld\n", b.count, b.bytes, (long long)(reading / (int64_t)b.count),
           (long long)(deriving / (int64_t)b.count));
    gw_hmac_free(b.input.key);
    gw_site_close(b.input.site);
    gw_arena_release(&b.arena);
    return 0;
}

/*
 * bench_study FILE VALUES: a study database of so many observations, each with a line of provenance, 1,000 a subject,
 * among the windows, doses and events of a subject. Made up, and the same bytes of content whenever it is made.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/made_up.h"
#include "gateway/sinks/sink.h"

enum { VALUES_A_SUBJECT = 1000, WINDOWS = 36, EVENTS = 5, ARENA_BYTES = 64 << 20 };

struct study {
    struct gw_sink *sink;
    struct gw_arena arena; /* of one subject */
    struct gw_rows rows;
    const char *key;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_study: %s: %s\n", what, why);
    exit(1);
}

static const char *have(const char *text)
{
    if (!text)
        die("a row", "no memory");
    return text;
}

/* A text of the subject and a number. */
#define PRINTED(s, format, n) have(gw_arena_print(&(s)->arena, format, (s)->key, n))

static void *add(struct study *s, enum gw_table_id table, const char *row_id)
{
    struct gw_row *row = gw_rows_add(&s->rows, &s->arena, table);

    if (!row)
        die("a row", "no memory");
    row->row_id = row_id;
    row->subject_key = s->key;
    row->study = "lendex-rrmm";
    row->site = "madrid";
    row->status = "active";
    return row;
}

static void add_value(struct study *s, int n)
{
    static const char *const concepts[] = {"ANC", "PLT", "HGB", "CREAT", "TEMP", "ALT", "LDH", "WEIGHT"};
    struct gw_row_observations *row = made_up_value(&s->arena, &s->rows, s->key, n);
    struct gw_row_provenance *line;

    if (!row)
        die("a row", "no memory");
    row->concept = concepts[n % (int)(sizeof concepts / sizeof *concepts)];
    line = add(s, GW_TABLE_provenance, PRINTED(s, "%s|p%d", n));
    line->table = "observations";
    line->of_row = row->row_id;
    line->role = "value";
    line->resource_type = "Observation";
    line->source_hash = PRINTED(s, "h%s%08d", n);
    line->mapped_at = "2024-12-31T10:00:00Z";
}

static void add_course(struct study *s)
{
    struct gw_row_subjects *person = add(s, GW_TABLE_subjects, s->key);

    person->sex = "female";
    person->age_at_d1 = 71;
    person->d1 = "2024-01-15";
    for (int i = 1; i <= WINDOWS; i++) {
        struct gw_row_windows *window = add(s, GW_TABLE_windows, PRINTED(s, "%s@T30-%02d", i));
        struct gw_row_exposures *dose = add(s, GW_TABLE_exposures, PRINTED(s, "%s|e%d", i));

        window->window_id = have(gw_arena_print(&s->arena, "T30-%02d", i));
        window->state = "collected";
        window->target_elapsed = 30 * i;
        window->contact_date = "2024-02-14";
        window->contact_kind = "encounter";
        dose->exp_id = dose->row_id;
        dose->drug = "lenalidomide";
        dose->dose = "25";
        dose->unit = "mg";
        dose->start = "2024-01-15";
        dose->evidence_rank = "administered";
    }
    for (int i = 1; i <= EVENTS; i++) {
        struct gw_row_ae_episodes *episode = add(s, GW_TABLE_ae_episodes, PRINTED(s, "%s|a%d", i));

        episode->ae_id = episode->row_id;
        episode->category = "NEUTROPENIA";
        episode->term = "Neutrophil count decreased";
        episode->onset = "2024-02-14";
        episode->max_grade = 3;
    }
}

static void deliver(struct study *s)
{
    struct gw_rows none = {0};
    struct gw_difference difference;
    struct gw_receipt receipt;
    struct gw_error failure;

    gw_rows_sort(&s->rows);
    if (gw_difference(&s->arena, &none, &s->rows, &difference, &failure) != GW_OK)
        die("rows", failure.text);
    const struct gw_batch batch = {"lendex-rrmm", s->key, 0, 1, &difference, "2024-12-31T10:00:00Z"};
    if (s->sink->apply(s->sink, &batch, &receipt, &failure) != GW_OK)
        die("the study database", failure.text);
}

int main(int argc, char **argv)
{
    struct study s = {.arena = GW_ARENA_INIT(ARENA_BYTES)};
    struct gw_error failure;

    if (argc != 3)
        die("usage", "bench_study FILE VALUES");
    if (gw_sink_sqlite_build(argv[1], "lendex-rrmm", &s.sink, &failure) != GW_OK)
        die("the study database", failure.text);
    if (s.sink->begin(s.sink, &failure) != GW_OK)
        die("the study database", failure.text);
    for (int left = atoi(argv[2]), number = 1; left > 0; left -= VALUES_A_SUBJECT, number++) {
        char key[16];

        gw_arena_clear(&s.arena);
        s.rows = (struct gw_rows){0};
        snprintf(key, sizeof key, "ES-%06d", number);
        s.key = key;
        add_course(&s);
        for (int n = 0; n < VALUES_A_SUBJECT && n < left; n++)
            add_value(&s, n);
        deliver(&s);
    }
    if (s.sink->commit(s.sink, &failure) != GW_OK)
        die("the study database", failure.text);
    s.sink->close(s.sink);
    gw_arena_release(&s.arena);
    return 0;
}

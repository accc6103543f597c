/*
 * A study database with one row of each kind that an export takes, and a canary in every cell that none may take; and
 * the folder it is exported to.
 */
#ifndef SINKS_EXPORT_DESK_H
#define SINKS_EXPORT_DESK_H

#include <dirent.h>
#include <unistd.h>

#include "sinks/desk.h"
#include "sinks/sdtm.h"

#define CANARY "CANARY"

static inline void *export_row(struct desk *desk, struct gw_rows *rows, enum gw_table_id table, const char *row_id)
{
    return desk_row(desk, rows, table, "ES-017", row_id);
}

static inline struct gw_row_observations *export_value(struct desk *desk, struct gw_rows *rows, const char *obs_id,
                                                       const char *window, const char *concept)
{
    struct gw_row_observations *row =
        export_row(desk, rows, GW_TABLE_observations, gw_arena_print(&desk->arena, "%s@%s", obs_id, window));

    row->obs_id = obs_id;
    row->window_id = window;
    row->concept = concept;
    row->effective_start = "2024-02-14T08:00:00+01:00";
    row->study_day = 31;
    return row;
}

static inline void export_window(struct desk *desk, struct gw_rows *rows, const char *id, const char *state, int target)
{
    struct gw_row_windows *row =
        export_row(desk, rows, GW_TABLE_windows, gw_arena_print(&desk->arena, "ES-017@%s", id));

    row->window_id = id;
    row->state = state;
    row->target_elapsed = target;
    if (strcmp(state, "collected") == 0 && target > 0) {
        row->contact_date = "2024-02-14";
        row->contact_kind = "encounter";
    }
    if (strcmp(state, "truncated") == 0)
        row->truncation_reason = "EOT";
}

static inline void export_findings(struct desk *desk, struct gw_rows *rows)
{
    static const char *const windows[] = {"T30-01", "T90-01"};
    struct gw_row_observations *row;

    for (int i = 0; i < 2; i++) {
        row = export_value(desk, rows, "o1", windows[i], "ANC");
        row->source_value = "1200";
        row->source_unit = "/uL";
        row->value_num = "1.200";
        row->unit = "10*9/L";
        row->grade = 2;
    }
    row = export_value(desk, rows, "o2", "BASELINE", "LDH");
    row->comparator = "<";
    row->source_value = row->value_num = "10";
    row->source_unit = row->unit = "U/L";
    row->anl01 = true;
    row->status = "provisional";
    row = export_value(desk, rows, "o3", "T30-01", "BLOODCULT");
    row->source_value = CANARY " typed by the laboratory";
    row->value_text = "negative";
    row = export_value(desk, rows, "o4", "T30-01", "TEMP");
    row->source_value = row->value_num = "38.5";
    row->source_unit = row->unit = "Cel";
    row->site_of_measure = "=axilla()";
    row = export_value(desk, rows, "o5", "BASELINE", "ECOG");
    row->source_value = row->value_num = "1";
}

static inline void export_drugs(struct desk *desk, struct gw_rows *rows)
{
    struct gw_row_exposures *dose = export_row(desk, rows, GW_TABLE_exposures, "e1");

    dose->exp_id = "e1";
    dose->drug = "lenalidomide";
    dose->dose = "25";
    dose->unit = "mg";
    dose->start = "2024-01-15";
    dose->end = "2024-02-04";
    dose->evidence_rank = "administered";
    dose = export_row(desk, rows, GW_TABLE_exposures, "e2");
    dose->exp_id = "e2";
    dose->drug = "lenalidomide";
    dose->start = "2024-02";
    dose->evidence_rank = "intended";
    struct gw_row_conmeds *drug = export_row(desk, rows, GW_TABLE_conmeds, "c1");
    drug->cm_id = "c1";
    drug->substance = "filgrastim";
    drug->start_rel = "BEFORE";
    drug->ongoing = true;
}

static inline void export_events(struct desk *desk, struct gw_rows *rows)
{
    struct gw_row_ae_episodes *episode = export_row(desk, rows, GW_TABLE_ae_episodes, "a1");

    episode->ae_id = "a1";
    episode->category = "NEUTROPENIA";
    episode->term = "Neutrophil count decreased";
    episode->onset = "2024-02-14";
    episode->onset_study_day = 31;
    episode->max_grade = 2;
    episode->serious = true;
    episode->relatedness = "unassessed";
    episode->action_taken = "delayed cycle";
    episode->outcome = "recovering";
    struct gw_row_ae_evidence *evidence = export_row(desk, rows, GW_TABLE_ae_evidence, "a1|h1|0|onset");
    evidence->ae_id = "a1";
    evidence->source_hash = "h1";
    evidence->role = "onset";
    for (int i = 0; i < 2; i++) {
        struct gw_row_provenance *line = export_row(desk, rows, GW_TABLE_provenance, i ? "p2" : "p1");
        line->table = "observations";
        line->of_row = i ? "o1@T90-01" : "o1@T30-01";
        line->role = "value";
        line->source_hash = "h1";
    }
    struct gw_row_provenance *line = export_row(desk, rows, GW_TABLE_provenance, "p3");
    line->table = "ae_episodes";
    line->of_row = "a1";
    line->role = "onset";
    line->resource_type = "Observation";
    line->source_hash = "h1";
    line->mapped_at = "2024-03-01T10:00:00Z";
    struct gw_row_ae_grades *grade = export_row(desk, rows, GW_TABLE_ae_grades, "a1|2024-02-14");
    grade->ae_id = "a1";
    grade->date = "2024-02-14";
    grade->grade = 2;
    grade->object = "Neutrophil count decreased";
}

static inline void export_parameters(struct desk *desk, struct gw_rows *rows)
{
    static const char *const names[] = {"BOR", "QLQL", "CRCLCG"};

    for (int i = 0; i < 3; i++) {
        struct gw_row_derived *row =
            export_row(desk, rows, GW_TABLE_derived, gw_arena_print(&desk->arena, "ES-017|%s", names[i]));
        row->param = names[i];
        row->state = i == 1 ? "not_assessable" : "derived";
        row->reason = i == 1 ? "NO_ANSWERS" : NULL;
        row->text = i == 0 ? "VGPR" : i == 2 ? CANARY " of a parameter that no domain takes" : NULL;
        row->date = "2024-02-14";
    }
}

static inline bool export_takes(const struct gw_column *column)
{
    for (int d = 0; d < SDTM_DOMAINS; d++)
        for (size_t i = 0; i < sdtm_domains()[d].count; i++)
            for (int f = 0; f < 2; f++)
                if (sdtm_domains()[d].variables[i].from[f].column == column)
                    return true;
    return false;
}

/*
 * A canary in every empty text that no variable names, stamps included; but a comparator is one of four signs, and of a
 * withdrawal only that it was is asked.
 */
static inline void export_hide(struct gw_rows *rows)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);
        for (size_t c = 0; c < table->column_count; c++) {
            const struct gw_column *column = &table->columns[c];
            if (column->type == GW_COLUMN_integer || column->type == GW_COLUMN_boolean || export_takes(column) ||
                strcmp(column->name, "comparator") == 0 || strcmp(column->name, "withdrawal_date") == 0)
                continue;
            for (size_t i = 0; i < rows->tables[t].count; i++) {
                gw_cell_text *cell = (gw_cell_text *)((char *)rows->tables[t].rows[i] + column->offset);
                if (!*cell)
                    *cell = CANARY;
            }
        }
    }
}

/* ES-017, delivered in two batches: what is in the first alone is withdrawn. */
static inline void export_desk_init(struct desk *desk)
{
    struct gw_rows none = {0}, first = {0}, second = {0};
    struct gw_rows *both[] = {&first, &second};

    desk_init(desk);
    for (int i = 0; i < 2; i++) {
        struct gw_row_subjects *person = export_row(desk, both[i], GW_TABLE_subjects, "ES-017");
        person->sex = "female";
        person->age_at_d1 = 71;
        person->d1 = "2024-01-15";
        person->recruitment_date = "2024-01-18"; /* which no domain here has */
        export_window(desk, both[i], "BASELINE", "collected", 0);
        export_window(desk, both[i], "T30-01", "collected", 30);
        export_window(desk, both[i], "T30-02", "missed", 60);
        export_window(desk, both[i], "T90-01", "truncated", 90);
        export_window(desk, both[i], "T30-04", "open", 120);
        export_window(desk, both[i], "T30-05", "future", 150);
        export_findings(desk, both[i]);
        export_drugs(desk, both[i]);
        export_events(desk, both[i]);
        export_parameters(desk, both[i]);
    }
    export_value(desk, &first, "o9", "T30-01", "HGB")->value_text = CANARY " withdrawn";
    export_hide(&first);
    export_hide(&second);
    desk_apply(desk, "ES-017", &none, &first, 0);
    desk_apply(desk, "ES-017", &first, &second, 1);
    desk_close(desk);
}

/* DIR of the export in the scratch folder. */
static inline const char *export_dir(struct desk *desk, const char *name)
{
    return gw_arena_print(&desk->arena, "%s", scratch_path(&desk->scratch, name));
}

static inline const char *export_to(struct desk *desk, const char *format, const char *name)
{
    const char *dir = export_dir(desk, name);
    size_t unfit = 0;

    DESK_OK(desk, gw_export_folder(desk->path, format, dir, &unfit, &desk->err));
    cr_expect(unfit == 0, "%zu", unfit);
    return dir;
}

/* All bytes of a file of the folder; in the desk's arena. */
static inline struct gw_slice export_read(struct desk *desk, const char *dir, const char *name)
{
    struct gw_text text = GW_TEXT_INIT(1 << 24);

    DESK_OK(desk, gw_text_read_file(&text, gw_arena_print(&desk->arena, "%s/%s", dir, name), &desk->err));
    struct gw_slice slice = {gw_arena_copy(&desk->arena, text.at, text.length), text.length};
    gw_text_release(&text);
    return slice;
}

static inline void export_expect_file(struct desk *desk, const char *dir, const char *name, const char *wanted)
{
    const struct gw_slice text = export_read(desk, dir, name);

    cr_expect(strcmp(text.at, wanted) == 0, "%s:\n%s\nwanted\n%s", name, text.at, wanted);
}

typedef void export_file(struct desk *desk, const char *dir, const char *name, void *context);

static inline size_t export_each_file(struct desk *desk, const char *dir, export_file *each, void *context)
{
    DIR *open = opendir(dir);
    size_t count = 0;

    cr_assert(open != NULL, "%s", dir);
    for (struct dirent *entry; (entry = readdir(open));)
        if (entry->d_name[0] != '.') {
            each(desk, dir, entry->d_name, context);
            count++;
        }
    closedir(open);
    return count;
}

static inline void export_expect_clean(struct desk *desk, const char *dir, const char *name, void *context)
{
    const struct gw_slice bytes = export_read(desk, dir, name);

    (void)context;
    cr_expect(memmem(bytes.at, bytes.length, CANARY, strlen(CANARY)) == NULL, "%s has what must not leave", name);
}

static inline void export_expect_same(struct desk *desk, const char *dir, const char *name, void *context)
{
    const struct gw_slice one = export_read(desk, dir, name), other = export_read(desk, context, name);

    cr_expect(one.length == other.length && memcmp(one.at, other.at, one.length) == 0, "%s differs", name);
}

/* What holds for every format: nothing leaves that may not, and two exports are the same bytes, a second apart. */
static inline void export_expect_promises(struct desk *desk, const char *format)
{
    const char *dir = export_to(desk, format, "one");

    sleep(1);
    cr_expect(export_each_file(desk, dir, export_expect_clean, NULL) > 0);
    export_each_file(desk, dir, export_expect_same, (void *)export_to(desk, format, "other"));
}

#endif

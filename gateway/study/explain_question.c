/*
 * What was asked about a missing value: which kind of thing, in which window; and whether a row answers it after all.
 */
#include <string.h>

#include "gateway/core/settings.h"
#include "gateway/study/parameters.h"
#include "study/explain_question.h"

void question_answer(struct question *q, const char *code)
{
    q->t->out->answer = code;
}

const char *question_days(struct question *q)
{
    return tell_text(q->t, "%s to %s", tell_day(q->t, q->window->low), tell_day(q->t, q->window->high));
}

gw_day question_horizon(const struct question *q)
{
    return q->t->in->subject->horizon;
}

bool question_is_of(const struct question *q, const struct gw_part_state *part)
{
    return q->laboratory && gw_same(part->concept, q->concept);
}

bool question_is_in(const struct question *q, const struct gw_part_state *part)
{
    return part->first != GW_NO_DAY && part->first <= q->window->high && part->last >= q->window->low;
}

void question_add_blocking(struct question *q)
{
    const struct gw_derived *derived = q->t->in->derived;

    for (size_t i = 0; i < derived->item_count; i++)
        if (*derived->items[i].blocks == 'S')
            telling_add_item(q->t, &derived->items[i]);
}

/* ---- windows ---- */

/* The windows of day 1 before anything cuts them; with an end, those that follow it among them. */
static struct gw_windows uncut_windows(struct question *q, bool ended)
{
    const gw_day d1 = q->t->in->derived->windows.anchors.d1, start = d1 == GW_NO_DAY ? 0 : d1;
    const struct gw_anchors anchors = {start, ended ? start + 1 : GW_NO_DAY, GW_NO_DAY, GW_NO_DAY, GW_NO_DAY};
    struct gw_windows windows = {0};

    if (gw_windows_build(q->t->arena, q->t->in->subject->study, &anchors, &windows, NULL) != GW_OK)
        q->t->failed = true;
    return windows;
}

static const struct gw_window *window_named(const struct gw_windows *windows, const char *id)
{
    for (size_t i = 0; i < windows->count; i++)
        if (strcmp(windows->list[i].id, id) == 0)
            return &windows->list[i];
    return NULL;
}

/* A window as it would be for a subject whom nothing cuts short; NULL: the study has none of that name. */
const struct gw_window *question_uncut(struct question *q)
{
    const struct gw_windows treated = uncut_windows(q, false), ended = uncut_windows(q, true);
    const struct gw_window *window = window_named(&treated, q->window_id);

    return window ? window : window_named(&ended, q->window_id);
}

/* ---- there is a row ---- */

/* A row of the table that holds what is asked for. */
static bool row_answers(const struct question *q, const struct gw_row *row)
{
    if (q->laboratory) {
        const struct gw_row_observations *value = (const struct gw_row_observations *)row;
        return gw_same(value->concept, q->concept) && gw_same(value->window_id, q->window_id);
    }
    if (q->parameter) {
        const struct gw_row_derived *derived = (const struct gw_row_derived *)row;
        return gw_same(derived->param, q->concept) &&
               (!derived->window_id || !q->window_id || gw_same(derived->window_id, q->window_id));
    }
    const struct gw_row_ae_episodes *episode = (const struct gw_row_ae_episodes *)row;
    return gw_same(episode->category, q->concept) && gw_same(episode->assessed_window, q->window_id);
}

static enum gw_table_id table_of(const struct question *q)
{
    return q->parameter ? GW_TABLE_derived : q->category ? GW_TABLE_ae_episodes : GW_TABLE_observations;
}

/* Of several values the one that stands for the window. */
static bool stands(enum gw_table_id table, const struct gw_row *row)
{
    return table == GW_TABLE_observations && ((const struct gw_row_observations *)row)->anl01;
}

static const struct gw_row *find_row(const struct question *q, size_t *count)
{
    const enum gw_table_id table = table_of(q);
    const struct gw_row_list *list = &q->t->in->derived->rows.tables[table];
    const struct gw_row *found = NULL;

    *count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!row_answers(q, list->rows[i]))
            continue;
        ++*count;
        if (!found || stands(table, list->rows[i]))
            found = list->rows[i];
    }
    return found;
}

static const char *present_code(const struct question *q, const struct gw_row *row)
{
    const struct gw_rows *delivered = q->t->in->delivered;

    if (q->parameter && ((const struct gw_row_derived *)row)->reason)
        return "NOT_ASSESSABLE";
    if (delivered && !gw_rows_find(delivered, table_of(q), row->row_id))
        return q->t->in->derived->blocked ? "BLOCKED" : "NOT_DELIVERED";
    return gw_same(row->status, "provisional") ? "PRELIMINARY" : "PRESENT";
}

bool question_is_present(struct question *q)
{
    size_t count;
    const struct gw_row *row = find_row(q, &count);
    bool in_window; /* else of the subject as a whole */

    if (!row)
        return false;
    in_window = q->window_id && !(q->parameter && !((const struct gw_row_derived *)row)->window_id);
    question_answer(q, present_code(q, row));
    tell(q->t, "because", "It is not missing: there %s of %s%s%s; row %s stands for it.",
         count == 1 ? "is 1 row" : tell_text(q->t, "are %zu rows", count), q->concept, in_window ? " in " : "",
         in_window ? q->window_id : "", row->row_id);
    if (strcmp(q->t->out->answer, "BLOCKED") == 0)
        question_add_blocking(q);
    tell_all_of_row(q->t, table_of(q), row);
    return true;
}

/* ---- reading it ---- */

static void find_laboratory(struct question *q)
{
    const struct gw_subject_input *subject = q->t->in->subject;
    const struct gw_lab *labs;
    const size_t count = gw_tables_labs(subject->tables, &labs);
    size_t rows = 0, baseline = 0;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(labs[i].concept, q->concept) != 0)
            continue;
        rows++;
        baseline += labs[i].group == GW_LAB_BASELINE;
        q->groups |= gw_study_lab_groups(subject->study, &labs[i]);
    }
    q->laboratory = rows > 0;
    q->baseline_only = baseline == rows && !subject->study->continuous;
}

static enum gw_status no_concept(struct question *q, struct gw_error *err)
{
    const struct gw_lab *labs;
    const size_t count = gw_tables_labs(q->t->in->subject->tables, &labs);
    const char **names = gw_arena_alloc(q->t->arena, (count + 1) * sizeof *names), *near = NULL;

    for (size_t i = 0; names && i < count; i++)
    names[i] = labs[i].concept;
    if (names)
        near = gw_settings_nearest(q->concept, names, count);
    return gw_fail(err, GW_EUSAGE, "study.explain",
                   "there is no concept \"%.40s\"%s%s: name one of loinc-labs.csv, a derived parameter or an event "
                   "category of the study",
                   q->concept, near ? "; write " : "", near ? near : "");
}

static enum gw_status no_window(struct question *q, struct gw_error *err)
{
    const struct gw_windows all = uncut_windows(q, false);
    const char **names = gw_arena_alloc(q->t->arena, (all.count + 1) * sizeof *names), *near = NULL;

    for (size_t i = 0; names && i < all.count; i++)
        names[i] = all.list[i].id;
    if (names)
        near = gw_settings_nearest(q->window_id, names, all.count);
    return gw_fail(err, GW_EUSAGE, "study.explain",
                   "the study %s has no window \"%.40s\"%s%s: see casement study windows", q->t->in->subject->study->id,
                   q->window_id, near ? "; write " : "", near ? near : "");
}

enum gw_status question_read(struct question *q, struct gw_error *err)
{
    const struct gw_study *study = q->t->in->subject->study;

    find_laboratory(q);
    q->category = !q->laboratory && gw_is_among(study->categories, study->category_count, q->concept);
    /* SPM is both: in a window the events, else what is counted of them */
    q->parameter = !q->laboratory && !(q->category && q->window_id) && gw_parameter_find(q->concept);
    q->category &= !q->parameter;
    if (!q->laboratory && !q->category && !q->parameter)
        return no_concept(q, err);
    if (!q->window_id && !q->parameter)
        return gw_fail(err, GW_EUSAGE, "study.explain", "%.40s has values in windows: say which window is meant",
                       q->concept);
    if (q->window_id && !question_uncut(q) && !q->t->failed)
        return no_window(q, err);
    q->window = telling_window(q->t, q->window_id);
    q->row = telling_window_row(q->t, q->window_id);
    return GW_OK;
}

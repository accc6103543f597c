/*
 * What a row of its table says, and why: sentences for values, windows, events, parameters and exceptions; for every
 * other table its cells, so that a new one needs nothing here.
 */
#include <assert.h>
#include <string.h>

#include "study/explain_parts.h"
#include "study/sheet.h"

/* ---- windows ---- */

static const char *anchor_text(struct telling *t, const struct gw_window *window)
{
    const struct gw_anchors *anchors = &t->in->derived->windows.anchors;
    const bool from_end = window->rule->from == GW_ANCHOR_EOT;

    return tell_text(t, "%s (%s)", from_end ? "the end of treatment" : "day 1",
                     tell_day(t, from_end ? anchors->eot : anchors->d1));
}

static gw_day anchor_day(const struct telling *t, const struct gw_window *window)
{
    const struct gw_anchors *anchors = &t->in->derived->windows.anchors;

    return window->rule->from == GW_ANCHOR_EOT ? anchors->eot : anchors->d1;
}

static void tell_cut(struct telling *t, const struct gw_window *window)
{
    static const struct {
        const char *code, *words;
    } cuts[] = {{"EOT", "the end of treatment"},
                {"CAP", "the end of the study's span"},
                {"DEATH", "the day of death"},
                {"WITHDRAWAL", "the withdrawal of consent"}};

    for (size_t i = 0; window->truncation && i < sizeof cuts / sizeof *cuts; i++)
        if (strcmp(cuts[i].code, window->truncation) == 0)
            tell(t, "window", "It would have gone on to %s; %s cut it.", tell_day(t, window->full_high), cuts[i].words);
}

static void tell_contact(struct telling *t, const struct gw_window *window)
{
    const struct gw_row_windows *row = telling_window_row(t, window->id);

    assert(row); /* a window without days has none, and nothing lies in it */
    if (row->contact_date)
        tell(t, "window", "Its state is %s: %s on %s is the routine contact closest to its target.", row->state,
             gw_same(row->contact_kind, "encounter") ? "an encounter" : "a record taken as a contact",
             row->contact_date);
    else if (gw_same(row->state, "collected"))
        tell(t, "window", "Its state is collected: it needs no routine contact.");
    else
        tell(t, "window", "Its state is %s: no routine contact up to %s.", row->state,
             tell_day(t, window->high < t->in->subject->horizon ? window->high : t->in->subject->horizon));
}

void tell_window(struct telling *t, const char *window_id, const int *days)
{
    const struct gw_window *window = telling_window(t, window_id);
    const char *target;

    if (!window)
        return;
    target = tell_text(t, "%s %s", tell_distance(t, window->target - anchor_day(t, window)), anchor_text(t, window));
    tell(t, "window", "Window %s is centred on %s, %s, and takes %s to %s%s%s%s.", window->id,
         tell_day(t, window->target), target, tell_day(t, window->low), tell_day(t, window->high),
         days ? "; the value lies " : "", days ? tell_distance(t, *days) : "", days ? " the target" : "");
    tell_cut(t, window);
    tell_contact(t, window);
}

static void row_windows(struct telling *t, const struct gw_row *any)
{
    const struct gw_row_windows *row = (const struct gw_row_windows *)any;

    tell(t, "says", "Window %s of subject %s (group %s) is %s.", row->window_id, row->subject_key, row->data_group,
         row->state);
    tell_window(t, row->window_id, NULL);
}

/* ---- values ---- */

static void tell_source_value(struct telling *t, const struct gw_row_observations *row, const char *transformation)
{
    const char *code =
        tell_text(t, "%s|%s", tell_or(row->source_system, "no system"), tell_or(row->source_code, "no code"));
    const char *wrote = tell_text(t, "%s%s%s%s", tell_or(row->comparator, ""), tell_or(row->source_value, "nothing"),
                                  row->source_unit ? " " : "", tell_or(row->source_unit, ""));

    if (transformation)
        tell(t, "value", "The source wrote %s under %s; %s gives %s %s.", wrote, code, transformation, row->value_num,
             row->unit);
    else
        tell(t, "value", "The source wrote %s under %s; the value stands as written.", wrote, code);
}

static void tell_flags(struct telling *t, const struct gw_row_observations *row)
{
    const char *flags = "";

    if (gw_same(row->status, "provisional")) {
        tell(t, "flags", "It is preliminary: kept, never flagged or graded.");
        return;
    }
    if (row->anl01)
        flags = tell_with(t, flags, "closest to the target (anl01)");
    if (row->anl02)
        flags = tell_with(t, flags, "worst (anl02)");
    if (row->anl03)
        flags = tell_with(t, flags, "last (anl03)");
    if (*flags)
        tell(t, "flags", "Of the values of %s in %s it is the %s.", row->concept, row->window_id, flags);
    else
        tell(t, "flags", "It carries no flag: other values of %s in %s are closer, worse or later.", row->concept,
             row->window_id);
}

/* The bounds of the rows that give this grade; where several do, which of them depends on the baseline. */
static const char *grade_bounds(struct telling *t, const struct gw_row_observations *row, const char **term)
{
    const enum gw_direction direction = gw_same(row->grade_direction, "LOW") ? GW_LOW : GW_HIGH;
    const struct gw_grade_row *rows;
    const size_t count = gw_tables_grades_of(t->in->subject->tables, row->concept, &rows);
    const char *bounds = "";

    for (size_t i = 0; i < count; i++) {
        if (rows[i].direction != direction || rows[i].grade != row->grade || !rows[i].machine)
            continue;
        bounds = tell_text(t, "%s%s%s", bounds, *bounds ? ", or " : "", tell_bounds(t, &rows[i]));
        *term = rows[i].term;
    }
    return bounds;
}

static void tell_limits(struct telling *t, const struct gw_row_observations *row)
{
    const char *low = tell_or(row->range_low, "no lower limit");
    const char *high = tell_or(row->range_high, "no upper limit");

    if (row->range_origin)
        tell(t, "grade", "The reference limits are %s to %s, %s.", low, high,
             gw_same(row->range_origin, "site") ? "of the site's profile" : "of the result itself");
}

static void tell_grade(struct telling *t, const struct gw_row_observations *row)
{
    const char *term = "", *bounds;

    if (gw_same(row->grade_flag, "unknown01"))
        tell(t, "grade", "Its grade is 0 or 1 of %s: the limit that would tell is not known.", row->grade_scale);
    else if (row->grade == 0)
        tell(t, "grade", "It is grade 0 of %s: it lies in no row of the table.", row->grade_scale);
    if (row->grade == GW_NULL_INTEGER || row->grade <= 0) {
        tell_limits(t, row);
        return;
    }
    bounds = grade_bounds(t, row, &term);
    tell(t, "grade", "It is grade %d of %s (%s, too %s): the table gives that grade %s%s.", row->grade,
         row->grade_scale, term, gw_same(row->grade_direction, "LOW") ? "low" : "high", bounds,
         gw_same(row->grade_flag, "provisional") ? "; provisional, since no baseline is known" : "");
    tell_limits(t, row);
}

static const char *transformation_of(const struct telling *t)
{
    for (size_t i = 0; i < t->out->source_count; i++)
        if (strcmp(t->out->sources[i].role, "value") == 0)
            return t->out->sources[i].lineage->transformation;
    return NULL;
}

static void row_observations(struct telling *t, const struct gw_row *any)
{
    const struct gw_row_observations *row = (const struct gw_row_observations *)any;
    const char *value = tell_or(row->value_num, tell_or(row->value_text, "without a value"));
    const char *day = row->study_day == GW_NULL_INTEGER ? "" : tell_text(t, " (study day %d)", row->study_day);
    const int days = row->target_diff;

    tell(t, "says", "%s of subject %s in window %s is %s%s%s%s, dated %s%s.", row->concept, row->subject_key,
         row->window_id, tell_or(row->comparator, ""), value, row->unit ? " " : "", tell_or(row->unit, ""),
         row->effective_start, day);
    tell_source_value(t, row, transformation_of(t));
    tell_window(t, row->window_id, days == GW_NULL_INTEGER ? NULL : &days);
    tell_flags(t, row);
    tell_grade(t, row);
}

/* ---- events ---- */

static void tell_course(struct telling *t, const struct gw_row_ae_episodes *row)
{
    const char *end = row->end ? tell_text(t, "ended on %s", row->end) : row->ongoing ? "goes on" : "has no known end";

    tell(t, "course", "It began on %s (study day %d) and %s%s%s.", row->onset, row->onset_study_day, end,
         row->outcome ? "; outcome " : "", tell_or(row->outcome, ""));
    if (row->max_grade != GW_NULL_INTEGER)
        tell(t, "grade", "Its highest grade is %d of %s, on %s.", row->max_grade, row->scale, row->max_grade_date);
    else
        tell(t, "grade", "It has no grade: none of its evidence tells one, a person gives it.");
}

static void tell_assessment(struct telling *t, const struct gw_row_ae_episodes *row)
{
    tell(t, "window", "It is collected at %s, the first collected assessment that did not end before the onset.",
         row->assessed_window);
    tell_window(t, row->assessed_window, NULL);
}

static void tell_evidence(struct telling *t, const struct gw_row_ae_episodes *row)
{
    const struct gw_row_list *list = &t->in->derived->rows.tables[GW_TABLE_ae_evidence];
    const char *kinds = "";
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct gw_row_ae_evidence *evidence = (const struct gw_row_ae_evidence *)list->rows[i];

        if (!gw_same(evidence->ae_id, row->ae_id))
            continue;
        count++;
        if (!strstr(kinds, evidence->kind))
            kinds = tell_with(t, kinds, evidence->kind);
    }
    tell(t, "evidence", "It stands on %s (%s).", tell_count(t, count, "piece of evidence", "pieces of evidence"),
         kinds);
}

static void row_ae_episodes(struct telling *t, const struct gw_row *any)
{
    const struct gw_row_ae_episodes *row = (const struct gw_row_ae_episodes *)any;

    tell(t, "says", "Subject %s had an event of category %s%s%s%s; it is %s.", row->subject_key, row->category,
         row->term ? " (" : "", tell_or(row->term, ""), row->term ? ")" : "", row->certainty);
    tell_course(t, row);
    tell_evidence(t, row);
    tell_assessment(t, row);
}

/* ---- parameters and exceptions ---- */

static void row_derived(struct telling *t, const struct gw_row *any)
{
    const struct gw_row_derived *row = (const struct gw_row_derived *)any;
    const char *where = row->window_id ? tell_text(t, " in window %s", row->window_id) : "";

    if (row->reason) {
        const char *sentence = gw_rules_reason(t->in->subject->rules, row->reason);

        tell(t, "says", "%s of subject %s%s cannot be assessed: %s.", row->param, row->subject_key, where, row->reason);
        tell(t, "because", "%s", tell_or(sentence, "This release has no sentence for that reason."));
    } else {
        tell(t, "says", "%s of subject %s%s is %s%s%s.", row->param, row->subject_key, where, tell_or(row->value, ""),
             row->value && row->text ? ", " : "", tell_or(row->text, ""));
    }
    if (gw_same(row->state, "unconfirmed"))
        tell(t, "says", "It is unconfirmed: it rests on something that a person has yet to confirm.");
    if (row->inputs)
        tell(t, "inputs", "It was made from these rows: %s.", row->inputs);
    if (row->window_id)
        tell_window(t, row->window_id, NULL);
}

static void row_exceptions(struct telling *t, const struct gw_row *any)
{
    const struct gw_row_exceptions *row = (const struct gw_row_exceptions *)any;

    tell(t, "says", "Exception %s of subject %s has the code %s and is %s.", row->row_id, row->subject_key, row->code,
         row->state);
    if (row->of_rows)
        tell(t, "says", "It is about these rows: %s.", row->of_rows);
}

/* ---- any table ---- */

static void row_of_any(struct telling *t, const struct gw_table *table, const struct gw_row *row)
{
    char buffer[12];

    tell(t, "says", "Row %s of the table %s, of subject %s, says: %s.", row->row_id, table->name, row->subject_key,
         tell_cells(t, table, row));
    for (size_t i = 0; i < table->column_count; i++) {
        const char *name = table->columns[i].name;

        if (strcmp(name, "reported_window") == 0)
            tell_window(t, gw_row_cell(table, row, i, buffer), NULL);
    }
}

void tell_row(struct telling *t, enum gw_table_id table, const struct gw_row *row)
{
    static void (*const tellers[GW_TABLE_COUNT])(struct telling *, const struct gw_row *) = {
        [GW_TABLE_windows] = row_windows,         [GW_TABLE_observations] = row_observations,
        [GW_TABLE_ae_episodes] = row_ae_episodes, [GW_TABLE_derived] = row_derived,
        [GW_TABLE_exceptions] = row_exceptions,
    };

    if (tellers[table])
        tellers[table](t, row);
    else
        row_of_any(t, gw_table_of(table), row);
}

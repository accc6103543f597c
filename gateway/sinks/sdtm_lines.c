/*
 * Which rows each SDTM domain is made of.
 */
#include <string.h>

#include "sinks/sdtm_values.h"

static struct sdtm_line *add_line(struct sdtm_subject *subject, enum gw_table_id table, const struct gw_row *row)
{
    struct sdtm_line *line = GW_ARENA_PUSH(&subject->reading->arena, subject->lines, subject->count, subject->capacity);

    if (!line) {
        subject->failed = true;
        return NULL;
    }
    *line = (struct sdtm_line){.table = table, .row = row};
    return line;
}

static const struct gw_row_list *rows_of(const struct sdtm_subject *subject, enum gw_table_id table)
{
    return &subject->reading->rows.tables[table];
}

static void take_all(struct sdtm_subject *subject, enum gw_table_id table)
{
    const struct gw_row_list *list = rows_of(subject, table);

    for (size_t i = 0; i < list->count; i++)
        add_line(subject, table, list->rows[i]);
}

void take_DM(struct sdtm_subject *subject)
{
    take_all(subject, GW_TABLE_subjects);
}

void take_SV(struct sdtm_subject *subject)
{
    const struct gw_row_list *list = rows_of(subject, GW_TABLE_windows);

    for (size_t i = 0; i < list->count; i++) {
        const char *state = ((const struct gw_row_windows *)list->rows[i])->state;
        if (!gw_same(state, "open") && !gw_same(state, "future"))
            add_line(subject, GW_TABLE_windows, list->rows[i]);
    }
}

/* ---- findings ---- */

/* Where a concept's or a parameter's values go; NULL: a parameter that no domain takes. */
static const char *domain_of(const char *concept, const char *otherwise)
{
    const struct sdtm_test *test = sdtm_test_of(concept);

    return test ? test->domain : otherwise;
}

static void take_observations(struct sdtm_subject *subject)
{
    const struct gw_row_list *list = rows_of(subject, GW_TABLE_observations);

    for (size_t i = 0; i < list->count; i++) {
        const char *concept = ((const struct gw_row_observations *)list->rows[i])->concept;
        if (gw_same(domain_of(concept, "LB"), subject->domain->name))
            add_line(subject, GW_TABLE_observations, list->rows[i]);
    }
}

static void take_parameters(struct sdtm_subject *subject)
{
    const struct gw_row_list *list = rows_of(subject, GW_TABLE_derived);

    for (size_t i = 0; i < list->count; i++) {
        const char *param = ((const struct gw_row_derived *)list->rows[i])->param;
        if (gw_same(domain_of(param, NULL), subject->domain->name))
            add_line(subject, GW_TABLE_derived, list->rows[i]);
    }
}

void take_LB(struct sdtm_subject *subject)
{
    take_observations(subject);
}

void take_VS(struct sdtm_subject *subject)
{
    take_observations(subject);
}

void take_RS(struct sdtm_subject *subject)
{
    take_observations(subject);
    take_parameters(subject);
}

void take_QS(struct sdtm_subject *subject)
{
    take_parameters(subject);
}

/* ---- interventions and events ---- */

void take_EX(struct sdtm_subject *subject)
{
    const struct gw_row_list *list = rows_of(subject, GW_TABLE_exposures);

    for (size_t i = 0; i < list->count; i++)
        if (!gw_same(((const struct gw_row_exposures *)list->rows[i])->evidence_rank, "intended"))
            add_line(subject, GW_TABLE_exposures, list->rows[i]);
}

void take_EC(struct sdtm_subject *subject)
{
    take_all(subject, GW_TABLE_exposures);
}

void take_CM(struct sdtm_subject *subject)
{
    take_all(subject, GW_TABLE_conmeds);
}

void take_AE(struct sdtm_subject *subject)
{
    take_all(subject, GW_TABLE_ae_episodes);
}

void take_FACE(struct sdtm_subject *subject)
{
    take_all(subject, GW_TABLE_ae_grades);
}

/* ---- relations ---- */

/* One record of a relation; one that is there already is not told twice (a value in two windows, two roles). */
static void relate(struct sdtm_subject *subject, const struct gw_row *row, struct sdtm_relation relation)
{
    struct sdtm_line *line;

    for (size_t i = subject->count; i > 0; i--) {
        const struct sdtm_relation *other = &subject->lines[i - 1].relation;
        if (!gw_same(other->id, relation.id))
            break;
        if (gw_same(other->value, relation.value) && gw_same(other->domain, relation.domain))
            return;
    }
    line = add_line(subject, GW_TABLE_ae_episodes, row);
    if (line)
        line->relation = relation;
}

/* What a relation of an episode is called. */
static const char *name_relation(struct sdtm_subject *subject, const char *ae_id, const char *how)
{
    const char *name = gw_arena_print(&subject->reading->arena, "%s-%s", ae_id, how);

    subject->failed |= !name;
    return name;
}

/* The record that a row of these tables is found by. */
static bool find_record(const struct sdtm_subject *subject, const struct gw_row_provenance *line,
                        struct sdtm_relation *out)
{
    const struct gw_rows *rows = &subject->reading->rows;
    const struct gw_row *row;

    if (gw_same(line->table, "observations") && (row = gw_rows_find(rows, GW_TABLE_observations, line->of_row))) {
        const struct gw_row_observations *value = (const struct gw_row_observations *)row;
        const char *domain = domain_of(value->concept, "LB");
        *out = (struct sdtm_relation){.domain = domain,
                                      .variable = strcmp(domain, "VS") == 0   ? "VSSPID"
                                                  : strcmp(domain, "RS") == 0 ? "RSSPID"
                                                                              : "LBSPID",
                                      .value = value->obs_id};
        return true;
    }
    if (gw_same(line->table, "exposures") && gw_rows_find(rows, GW_TABLE_exposures, line->of_row)) {
        *out = (struct sdtm_relation){.domain = "EC", .variable = "ECSPID", .value = line->of_row};
        return true;
    }
    if (gw_same(line->table, "conmeds") && gw_rows_find(rows, GW_TABLE_conmeds, line->of_row)) {
        *out = (struct sdtm_relation){.domain = "CM", .variable = "CMSPID", .value = line->of_row};
        return true;
    }
    return false;
}

static void relate_evidence(struct sdtm_subject *subject, const struct gw_row *episode,
                            const struct gw_row_ae_evidence *evidence)
{
    const struct gw_row_list *lines = rows_of(subject, GW_TABLE_provenance);
    const char *name = NULL;

    for (size_t i = 0; i < lines->count; i++) {
        const struct gw_row_provenance *line = (const struct gw_row_provenance *)lines->rows[i];
        struct sdtm_relation record;

        if (!gw_same(line->source_hash, evidence->source_hash) || !gw_same(line->role, "value") ||
            !find_record(subject, line, &record))
            continue;
        if (!name) {
            name = name_relation(subject, evidence->ae_id, value_upper(subject, NULL, evidence->role));
            relate(subject, episode, (struct sdtm_relation){"AE", "AESPID", evidence->ae_id, name});
        }
        record.id = name;
        relate(subject, episode, record);
    }
}

static void relate_grades(struct sdtm_subject *subject, const struct gw_row_ae_episodes *episode)
{
    const struct gw_row_list *grades = rows_of(subject, GW_TABLE_ae_grades);

    for (size_t i = 0; i < grades->count; i++) {
        if (!gw_same(((const struct gw_row_ae_grades *)grades->rows[i])->ae_id, episode->ae_id))
            continue;
        const char *name = name_relation(subject, episode->ae_id, "GRADES");
        relate(subject, (const struct gw_row *)episode, (struct sdtm_relation){"AE", "AESPID", episode->ae_id, name});
        relate(subject, (const struct gw_row *)episode, (struct sdtm_relation){"FA", "FALNKID", episode->ae_id, name});
        return;
    }
}

static void relate_episode(struct sdtm_subject *subject, const struct gw_row_ae_episodes *episode)
{
    const struct gw_row_list *evidence = rows_of(subject, GW_TABLE_ae_evidence);
    const struct gw_row *row = (const struct gw_row *)episode;

    for (size_t i = 0; i < evidence->count; i++)
        if (gw_same(((const struct gw_row_ae_evidence *)evidence->rows[i])->ae_id, episode->ae_id))
            relate_evidence(subject, row, (const struct gw_row_ae_evidence *)evidence->rows[i]);
    relate_grades(subject, episode);
    if (episode->parent_ae && gw_rows_find(&subject->reading->rows, GW_TABLE_ae_episodes, episode->parent_ae)) {
        const char *name = name_relation(subject, episode->ae_id, "PARENT");
        relate(subject, row, (struct sdtm_relation){"AE", "AESPID", episode->ae_id, name});
        relate(subject, row, (struct sdtm_relation){"AE", "AESPID", episode->parent_ae, name});
    }
}

void take_RELREC(struct sdtm_subject *subject)
{
    const struct gw_row_list *episodes = rows_of(subject, GW_TABLE_ae_episodes);

    for (size_t i = 0; i < episodes->count; i++)
        relate_episode(subject, (const struct gw_row_ae_episodes *)episodes->rows[i]);
}

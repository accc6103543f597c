/*
 * A hospital's profile against the tables: spellings of units, local codes, questionnaires and scores.
 *
 * Source: mappings/RULES.md 6, 7 and 13; mappings/README.md, "A site's ConceptMap".
 */
#include <string.h>

#include "study/lint_parts.h"
#include "study/site_parts.h"

/* A spelling of the hospital stands before the common one: that it means another unit is a slip, or wants to be said
 * there. */
static void check_contradictions(struct lint *l, const char *path, const struct gw_site *site)
{
    for (size_t i = 0; i < site->alias_count; i++) {
        const struct unit_alias *const own = &site->aliases[i];
        const char *const common = gw_tables_unit_alias(l->tables, own->text);

        if (common && strcmp(common, own->code) != 0)
            gw_findings_add(&l->findings, path, own->line,
                            "\"%s\" is meant as \"%s\", but as \"%s\" in unit-aliases.csv; correct one of them",
                            own->text, own->code, common);
    }
}

static void check_target(struct lint *l, const char *path, const struct site_code *row)
{
    const struct gw_lab *lab;

    if (!gw_same(row->target.system, GW_SYSTEM_LOINC))
        return;
    lab = gw_tables_lab(l->tables, row->target.code);
    if (!lab)
        gw_findings_add(
            &l->findings, path, row->line,
            "\"%s\" is mapped to %s, which is in no row of loinc-labs.csv; correct it, add a row, or take the "
            "mapping out",
            row->local.code, row->target.code);
    else if (!lab->verified)
        gw_findings_note(
            &l->findings, path, row->line,
            "\"%s\" is mapped to %s, which is not verified: it is disabled, and raises CODE_UNVERIFIED when "
            "met",
            row->local.code, row->target.code);
}

static void check_instrument(struct lint *l, const char *path, const struct gw_form_map *form)
{
    for (size_t i = 0; i < l->rules.scale_count; i++)
        if (gw_same(l->rules.scales[i].instrument, form->instrument))
            return;
    gw_findings_add(&l->findings, path, form->line, "instruments.csv has no instrument \"%s\"; correct it",
                    form->instrument);
}

static void check_scale(struct lint *l, const char *path, const struct gw_score_map *score)
{
    if (!gw_rules_total(&l->rules, score->scale))
        gw_findings_add(&l->findings, path, score->line,
                        "instruments.csv has no recorded total of a scale \"%s\"; correct it", score->scale);
}

static const char *name_of(struct lint *l, const struct gw_coding *coding)
{
    return gw_arena_print(l->arena, "%s#%s", coding->system, coding->code);
}

static void tell_cycle(struct lint *l, const char *path, const char *way, const struct lint_edge *closing)
{
    gw_findings_add(&l->findings, path, closing->line, "codes are mapped to each other: %s; break the way round", way);
}

static bool check_code_cycles(struct lint *l, const char *path, const struct site_codes *codes)
{
    struct lint_edge *const edges = gw_arena_alloc(l->arena, (codes->count + 1) * sizeof *edges);

    for (size_t i = 0; edges && i < codes->count; i++) {
        edges[i] = (struct lint_edge){name_of(l, &codes->rows[i].local), name_of(l, &codes->rows[i].target),
                                      codes->rows[i].line};
        if (!edges[i].from || !edges[i].to)
            return false;
    }
    return edges && lint_cycles(l, path, edges, codes->count, tell_cycle);
}

static bool check_system_cycles(struct lint *l, const char *path, const struct site_codes *codes)
{
    struct lint_edge *const edges = gw_arena_alloc(l->arena, (codes->system_count + 1) * sizeof *edges);

    for (size_t i = 0; edges && i < codes->system_count; i++)
        edges[i] = (struct lint_edge){codes->systems[i].source, codes->systems[i].target, codes->systems[i].line};
    return edges && lint_cycles(l, path, edges, codes->system_count, tell_cycle);
}

void lint_site(struct lint *l, const char *path)
{
    const struct gw_site *const site = site_read(l->arena, path, l->tables, &l->findings);

    if (!site)
        return;
    lint_aliases(l, path, site->aliases, site->alias_count);
    check_contradictions(l, path, site);
    for (size_t i = 0; i < site->codes.count; i++)
        check_target(l, path, &site->codes.rows[i]);
    for (size_t i = 0; i < site->form_count; i++)
        check_instrument(l, path, &site->forms[i]);
    for (size_t i = 0; i < site->score_count; i++)
        check_scale(l, path, &site->scores[i]);
    if (!check_code_cycles(l, path, &site->codes) || !check_system_cycles(l, path, &site->codes))
        gw_findings_no_memory(&l->findings, path);
    if (site->zone)
        gw_zone_close(site->zone);
}

/*
 * From the codings of an Observation to a laboratory row.
 *
 * Source: mappings/RULES.md 6.
 */
#include "gateway/study/measure.h"

#include <string.h>

#include "study/tables_parts.h"

struct candidate {
    const struct gw_lab *lab; /* NULL: the coding names a LOINC code of no row, or nothing */
    bool listed_elsewhere;    /* it is or is mapped to a LOINC code */
    bool direct;              /* by its own LOINC code, not by the site's map */
};

static struct candidate look_up(const struct gw_tables *tables, const struct gw_site *site,
                                const struct gw_coding *coding)
{
    struct candidate found = {.direct = gw_same(coding->system, GW_SYSTEM_LOINC) && coding->code};
    const struct gw_coding *target;

    found.lab = found.direct ? gw_tables_lab(tables, coding->code) : NULL;
    found.listed_elsewhere = found.direct;
    if (found.lab)
        return found;
    target = gw_site_target(site, coding);
    if (!target || !gw_same(target->system, GW_SYSTEM_LOINC))
        return found;
    found.direct = false;
    found.listed_elsewhere = true;
    found.lab = gw_tables_lab(tables, target->code);
    return found;
}

/* Two rows of one concept may still read one unit differently: urea and urea nitrogen in mg/dL. */
static bool read_units_alike(const struct gw_lab *a, const struct gw_lab *b)
{
    for (size_t i = 0; i < a->factor_count; i++) {
        const struct gw_unit_factor *other = factor_of(b, a->factors[i].unit);

        if (other && strcmp(other->shown, a->factors[i].shown) != 0)
            return false;
    }
    return true;
}

static bool contradict(const struct gw_lab *a, const struct gw_lab *b)
{
    return strcmp(a->concept, b->concept) != 0 || !read_units_alike(a, b);
}

/* The better of what is known so far and one more coding. */
static void weigh(struct gw_code_result *result, const struct gw_site *site, const struct gw_coding *coding,
                  const struct candidate *found)
{
    if (!found->lab) {
        if (result->verdict == GW_CODE_UNKNOWN && found->listed_elsewhere) {
            result->verdict = GW_CODE_NOT_LISTED;
            result->source = coding;
        } else if (!result->source && coding->system && coding->code) {
            result->source = coding;
        }
        return;
    }
    if (result->verdict == GW_CODE_MAPPED) {
        if (!found->lab->verified)
            return;
        if (contradict(result->lab, found->lab))
            result->verdict = GW_CODE_CONFLICT;
        else if (found->lab->preference >= result->lab->preference)
            return;
    } else if (!found->lab->verified && result->verdict == GW_CODE_UNVERIFIED) {
        return;
    } else {
        result->verdict = found->lab->verified ? GW_CODE_MAPPED : GW_CODE_UNVERIFIED;
    }
    if (result->verdict == GW_CODE_CONFLICT)
        return;
    result->lab = found->lab;
    result->source = coding;
    result->rule = found->direct ? "loinc" : gw_site_rule(site);
}

struct gw_code_result gw_code_map(const struct gw_tables *tables, const struct gw_site *site,
                                  const struct gw_concept *code)
{
    struct gw_code_result result = {.verdict = GW_CODE_UNKNOWN};

    for (size_t i = 0; i < code->count && result.verdict != GW_CODE_CONFLICT; i++) {
        const struct candidate found = look_up(tables, site, &code->codings[i]);

        weigh(&result, site, &code->codings[i], &found);
    }
    if (result.verdict == GW_CODE_CONFLICT) {
        result.lab = NULL;
        result.rule = NULL;
    }
    return result;
}

/*
 * The level of risk of venous thromboembolism, and whether what was given against it is what the level asks for.
 *
 *      level 1   recent clot, immobilisation, high-dose dexamethasone   heparin; warfarin where kidneys or platelets
 * fail level 2   any other risk, platelets of 100 or more               aspirin level 3   none, or fewer platelets
 * nothing
 *
 * The first level that holds counts; level 1 does not look at platelets. Source: mappings/RULES.md 13; Korean expert
 * recommendations for lenalidomide, Table 3.
 */
#include <string.h>

#include "study/bound.h"
#include "study/coverage.h"
#include "study/renal.h"
#include "study/vte_risk.h"

/* ---- the level ---- */

/* Level 2 or 3; 0: not known. */
static int lower_level(struct engine *e, const struct vte_risk *other, struct parameter *level)
{
    const struct datum *platelets = engine_baseline(e, "PLT");
    const enum side side = platelets ? bound_side(e, platelets, &e->in->study->vte.platelets) : SIDE_UNKNOWN;

    if (platelets)
        inputs_add_datum(e, &level->inputs, platelets, NULL);
    if (side == SIDE_BELOW)
        return 3;
    if (!other->found && !other->reason)
        return 3;
    if (!other->found)
        level->reason = other->reason;
    else if (side == SIDE_UNKNOWN)
        level->reason = platelets ? "PLATELETS_NOT_EXACT" : "NO_BASELINE_PLATELETS";
    return level->reason ? 0 : 2;
}

static void take_risk(struct engine *e, struct parameter *level, const struct vte_risk *risk)
{
    inputs_add_all(e, &level->inputs, &risk->inputs);
    level->unconfirmed |= risk->unconfirmed;
    level->decision = level->decision ? level->decision : risk->decision;
}

/* 0: not known, the parameter says why. */
static int find_level(struct engine *e, struct parameter *level)
{
    struct vte_risk high, other;
    int found;

    vte_high_risk(e, &high);
    take_risk(e, level, &high);
    level->text = high.found;
    if (high.found)
        return 1;
    level->reason = high.reason;
    if (level->reason)
        return 0;
    vte_other_risk(e, &other);
    take_risk(e, level, &other);
    found = lower_level(e, &other, level);
    level->text = other.found;
    if (gw_same(level->reason, "AGE_AMBIGUOUS"))
        age_ask(e);
    return found;
}

/* ---- what was given ---- */

enum strength {
    ANY,
    PREVENTIVE, /* at most the preventive dose, or of a class without one */
    KNOWN,      /* preventive, or above it: not without a dose */
};

struct wanted {             /* which exposures count */
    const char *class_name; /* NULL: any class */
    enum strength strength;
};

static const char *class_of(const struct engine *e, const struct exposure *exposure)
{
    const struct gw_vte_rules *rules = &e->in->study->vte;

    for (size_t i = 0; exposure->drug && i < rules->classes.count; i++)
        if (strncmp(exposure->drug->atc, rules->classes.items[i].atc, strlen(rules->classes.items[i].atc)) == 0)
            return rules->classes.items[i].class_name;
    return NULL;
}

/* Below, at or above the preventive dose of its substance; of one without such a dose, what its purpose says. */
static enum side side_of_dose(const struct engine *e, const struct exposure *exposure)
{
    const struct gw_vte_rules *rules = &e->in->study->vte;

    for (size_t i = 0; i < rules->doses.count; i++) {
        const struct gw_vte_dose *dose = &rules->doses.items[i];
        const struct gw_ratio daily = gw_ratio_of(dose->daily);
        int order;

        if (strcmp(dose->substance, exposure->substance) != 0)
            continue;
        if (!exposure->has_dose || !gw_same(exposure->unit, dose->unit))
            return SIDE_UNKNOWN;
        order = gw_ratio_compare(e->arena, &exposure->dose, &daily);
        return order > 0 ? SIDE_ABOVE : order < 0 ? SIDE_BELOW : SIDE_AT;
    }
    return exposure->purpose == GW_PURPOSE_TREATMENT ? SIDE_ABOVE : SIDE_BELOW;
}

static bool counts(const struct engine *e, const struct exposure *exposure, void *context)
{
    const struct wanted *wanted = context;
    const char *name = class_of(e, exposure);
    enum side side;

    if (!name || (wanted->class_name && strcmp(name, wanted->class_name) != 0))
        return false;
    side = side_of_dose(e, exposure);
    return wanted->strength == ANY || (wanted->strength == KNOWN && side != SIDE_UNKNOWN) || side == SIDE_BELOW ||
           side == SIDE_AT;
}

/* ---- whether it is what the level asks for ---- */

struct given { /* over the period */
    const struct period *period;
    struct parameter *parameter;
};

static bool covers(struct engine *e, const struct given *given, const char *class_name, enum strength strength)
{
    struct wanted wanted = {class_name, strength};
    struct coverage coverage = {.inputs = &given->parameter->inputs};

    bool reached;

    coverage_of(e, given->period, counts, &wanted, &coverage);
    reached = coverage_reaches(given->period, coverage.days, e->in->study->vte.coverage_percent);
    given->parameter->unconfirmed |= reached && coverage.intended;
    return reached;
}

/* NULL: a dose is not known that decides. class_name NULL: nothing is asked for. */
static const char *outcome(struct engine *e, const struct given *given, const char *class_name)
{
    if (class_name && covers(e, given, class_name, PREVENTIVE))
        return "CONCORDANT";
    if (class_name && covers(e, given, class_name, KNOWN))
        return "TREATMENT_DOSE";
    if (class_name && covers(e, given, class_name, ANY))
        return NULL;
    if (!covers(e, given, NULL, ANY))
        return class_name ? "NONE" : "CONCORDANT";
    if (class_name || covers(e, given, NULL, PREVENTIVE))
        return "OTHER_DRUG";
    return covers(e, given, NULL, KNOWN) ? "TREATMENT_DOSE" : NULL;
}

/* Warfarin stands for heparin where kidneys or platelets fail: -1 not known, else whether. */
static int wants_warfarin(struct engine *e, struct parameter *parameter)
{
    const struct gw_vte_rules *rules = &e->in->study->vte;
    const struct datum *platelets = engine_baseline(e, "PLT");
    const enum side few = platelets ? bound_side(e, platelets, &rules->warfarin_platelets) : SIDE_UNKNOWN;
    struct renal renal;
    int side;

    renal_on(e, engine_baseline(e, "CREAT"), NULL, &renal);
    side = renal.clearance.reason ? 0 : renal_side(e, &renal, &rules->warfarin_crcl);
    inputs_add_all(e, &parameter->inputs, &renal.clearance.inputs);
    if (platelets)
        inputs_add_datum(e, &parameter->inputs, platelets, NULL);
    if (few == SIDE_BELOW) /* the source asks for warfarin here and warns of any prophylaxis elsewhere */
        parameter->unconfirmed = true;
    if (few == SIDE_BELOW || side < 0)
        return 1;
    return few == SIDE_UNKNOWN || side == 0 ? -1 : 0;
}

static void judge_level_1(struct engine *e, const struct given *given)
{
    struct parameter *parameter = given->parameter;
    const int warfarin = wants_warfarin(e, parameter);
    const char *heparin_text = outcome(e, given, "LMWH"), *warfarin_text = outcome(e, given, "VKA");

    if (warfarin < 0 && !gw_same(heparin_text, warfarin_text)) {
        parameter->reason = engine_baseline(e, "PLT") ? "NO_RENAL_FUNCTION" : "NO_BASELINE_PLATELETS";
        return;
    }
    parameter->text = warfarin > 0 ? warfarin_text : heparin_text;
}

static void judge(struct engine *e, int level, const struct parameter *level_parameter, struct parameter *concordance)
{
    struct period period;
    const struct given given = {&period, concordance};

    concordance->unconfirmed = level_parameter->unconfirmed;
    concordance->decision = level_parameter->decision;
    concordance->reason = level_parameter->reason;
    if (level == 0)
        return;
    period = first_cycles(e, e->in->study->vte.cycles);
    concordance->date = period.last;
    concordance->reason = period.reason;
    if (period.reason)
        return;
    if (level == 1)
        judge_level_1(e, &given);
    else
        concordance->text = outcome(e, &given, level == 2 ? "ASPIRIN" : NULL);
    if (!concordance->text && !concordance->reason)
        concordance->reason = "DOSE_NOT_KNOWN";
}

/* ---- the family ---- */

void derive_thromboprophylaxis(struct engine *e)
{
    struct parameter level = {.name = "VTELEVEL", .rule = "vte-level", .date = e->anchors.d1};
    struct parameter concordance = {.name = "VTECONC", .rule = "vte-concordance", .date = GW_NO_DAY};
    int found;

    if (!e->in->study->vte.on || !e->in->study->renal.on)
        return;
    found = find_level(e, &level);
    level.value = gw_arena_print(e->arena, "%d", found);
    e->failed |= !level.value;
    if (e->failed)
        return;
    parameter_add(e, &level);
    inputs_add_all(e, &concordance.inputs, &level.inputs);
    judge(e, found, &level, &concordance);
    if (!e->failed)
        parameter_add(e, &concordance);
}

/*
 * IMWG categories of one assessment. Source: mappings/RULES.md 13.
 */
#include "study/response.h"

#include <assert.h>

const char *response_name(enum response response)
{
    static const char *const names[] = {NULL, "PD", "SD", "MR", "PR", "VGPR", "CR"};

    return names[response];
}

/* ---- comparisons: false where the arena ends, which `failed` keeps ---- */

struct scale {
    struct gw_arena *arena;
    bool failed;
};

static int compare(struct scale *s, const struct gw_ratio *a, const struct gw_ratio *b)
{
    return gw_ratio_compare(s->arena, a, b);
}

static struct gw_ratio sum(struct scale *s, const struct gw_ratio *a, const struct gw_ratio *b)
{
    struct gw_ratio out = *a;

    s->failed |= !gw_ratio_add(s->arena, a, b, &out);
    return out;
}

static struct gw_ratio times(struct scale *s, const struct gw_ratio *a, const struct gw_ratio *b)
{
    struct gw_ratio out = *a;

    s->failed |= !gw_ratio_multiply(s->arena, a, b, &out);
    return out;
}

static struct gw_ratio difference(struct scale *s, const struct gw_ratio *a, const struct gw_ratio *b)
{
    const struct gw_ratio minus = gw_ratio_of(gw_decimal_from_int(-1));
    const struct gw_ratio negative = times(s, b, &minus);

    return sum(s, a, &negative);
}

/* (100 + sign * percent) / 100 of a value. */
static struct gw_ratio changed_by(struct scale *s, const struct gw_ratio *value, const struct gw_decimal *percent,
                                  int sign)
{
    const struct gw_ratio hundred = gw_ratio_of(gw_decimal_from_int(100));
    const struct gw_ratio part = gw_ratio_of(*percent);
    struct gw_ratio factor = sign > 0 ? sum(s, &hundred, &part) : difference(s, &hundred, &part);

    factor.denominator = gw_decimal_from_int(100);
    return times(s, &factor, value);
}

static bool at_least(struct scale *s, const struct disease_value *value, const struct gw_decimal *bound)
{
    const struct gw_ratio limit = gw_ratio_of(*bound);

    return value->known && !value->at_most && compare(s, &value->value, &limit) >= 0;
}

static bool below(struct scale *s, const struct disease_value *value, const struct gw_decimal *bound)
{
    const struct gw_ratio limit = gw_ratio_of(*bound);
    const int order = value->known && !value->at_least ? compare(s, &value->value, &limit) : 1;

    return order < 0 || (order == 0 && value->less);
}

static bool fell(struct scale *s, const struct disease_value *from, const struct disease_value *to,
                 const struct gw_decimal *percent)
{
    struct gw_ratio limit;

    assert(from->known && to->known); /* what is followed was measured at baseline and now */
    if (to->at_least)
        return false;
    limit = changed_by(s, &from->value, percent, -1);
    return compare(s, &to->value, &limit) <= 0;
}

/* By so many percent of the lowest value, and by so much. */
static bool rose(struct scale *s, const struct disease_value *lowest, const struct disease_value *now,
                 const struct gw_decimal *percent, const struct gw_decimal *by, bool more_than)
{
    const struct gw_ratio step = gw_ratio_of(*by);
    struct gw_ratio relative, absolute;

    if (!lowest->known || !now->known || now->at_most)
        return false;
    relative = changed_by(s, &lowest->value, percent, +1);
    absolute = sum(s, &lowest->value, &step);
    return compare(s, &now->value, &relative) >= 0 && compare(s, &now->value, &absolute) >= (more_than ? 1 : 0);
}

/* ---- what can be followed ---- */

struct disease_value disease_chain_difference(struct gw_arena *arena, const struct disease *disease,
                                              enum light_chain involved)
{
    const struct disease_value *own = involved == CHAIN_LAMBDA ? &disease->lambda : &disease->kappa;
    const struct disease_value *other = involved == CHAIN_LAMBDA ? &disease->kappa : &disease->lambda;
    struct scale s = {arena, false};
    struct disease_value out = {.known = own->known && other->known && !own->at_most && !own->at_least &&
                                         !other->at_most && !other->at_least};

    if (involved == CHAIN_NONE || !out.known)
        return (struct disease_value){0};
    out.value = difference(&s, &own->value, &other->value);
    out.known = !s.failed;
    return out;
}

/* kappa > ratio_high * lambda: kappa is involved; kappa < ratio_low * lambda: lambda is. */
static enum light_chain involved_chain(struct scale *s, const struct gw_response_rules *rules,
                                       const struct disease *baseline)
{
    const struct gw_ratio high = gw_ratio_of(rules->ratio_high), low = gw_ratio_of(rules->ratio_low);
    struct gw_ratio bound;

    if (!disease_chain_difference(s->arena, baseline, CHAIN_KAPPA).known)
        return CHAIN_NONE;
    bound = times(s, &high, &baseline->lambda.value);
    if (compare(s, &baseline->kappa.value, &bound) > 0)
        return at_least(s, &baseline->kappa, &rules->measurable_flc) ? CHAIN_KAPPA : CHAIN_NONE;
    bound = times(s, &low, &baseline->lambda.value);
    if (compare(s, &baseline->kappa.value, &bound) < 0)
        return at_least(s, &baseline->lambda, &rules->measurable_flc) ? CHAIN_LAMBDA : CHAIN_NONE;
    return CHAIN_NONE;
}

bool response_measurable(struct gw_arena *arena, const struct gw_response_rules *rules, const struct disease *baseline,
                         struct measurable *out)
{
    struct scale s = {arena, false};

    out->serum = at_least(&s, &baseline->serum, &rules->measurable_serum);
    out->urine = at_least(&s, &baseline->urine, &rules->measurable_urine);
    out->chain = out->serum || out->urine ? CHAIN_NONE : involved_chain(&s, rules, baseline);
    return !s.failed;
}

/* ---- categories ---- */

bool response_can_be_complete(const struct disease *now)
{
    return now->serum_fixation != FIXATION_UNKNOWN && now->urine_fixation != FIXATION_UNKNOWN && now->marrow.known;
}

static bool progressed(struct scale *s, const struct response_context *c, const struct disease *now)
{
    const struct gw_response_rules *rules = c->rules;
    const struct disease_value chains = disease_chain_difference(s->arena, now, c->measurable.chain);
    const bool high = at_least(s, &c->lowest->serum, &rules->pd_serum_high_from);

    return rose(s, &c->lowest->serum, &now->serum, &rules->pd_percent, high ? &rules->pd_serum_high : &rules->pd_serum,
                false) ||
           rose(s, &c->lowest->urine, &now->urine, &rules->pd_percent, &rules->pd_urine, false) ||
           rose(s, &c->lowest->marrow, &now->marrow, &rules->pd_percent, &rules->pd_marrow_points, false) ||
           (c->measurable.chain != CHAIN_NONE &&
            rose(s, &c->lowest->kappa, &chains, &rules->pd_percent, &rules->pd_dflc, true));
}

/* Of a disease followed by light chains alone immunofixation may have been negative all along: their ratio tells. */
static bool ratio_is_normal(struct scale *s, const struct gw_response_rules *rules, const struct disease *now)
{
    const struct gw_ratio high = gw_ratio_of(rules->ratio_high), low = gw_ratio_of(rules->ratio_low);
    const struct gw_ratio most = times(s, &high, &now->lambda.value), least = times(s, &low, &now->lambda.value);

    return compare(s, &now->kappa.value, &most) <= 0 && compare(s, &now->kappa.value, &least) >= 0;
}

static bool complete(struct scale *s, const struct response_context *c, const struct disease *now)
{
    return !c->plasmacytoma && now->serum_fixation == FIXATION_NEGATIVE && now->urine_fixation == FIXATION_NEGATIVE &&
           below(s, &now->marrow, &c->rules->cr_marrow_percent) &&
           (c->measurable.chain == CHAIN_NONE || ratio_is_normal(s, c->rules, now));
}

/* Urine that was not measured again stands as it was: it was not measurable then. */
static bool urine_is_low(struct scale *s, const struct response_context *c, const struct disease *now,
                         const struct gw_decimal *bound)
{
    const struct disease_value *urine = now->urine.known ? &now->urine : &c->baseline->urine;

    return below(s, urine, bound);
}

/* What immunofixation alone still shows is a fall of all that was measurable. */
static bool very_good(struct scale *s, const struct response_context *c, const struct disease *now)
{
    if (c->measurable.serum && !fell(s, &c->baseline->serum, &now->serum, &c->rules->vgpr_serum_percent))
        return false;
    return urine_is_low(s, c, now, &c->rules->vgpr_urine);
}

static bool partial(struct scale *s, const struct response_context *c, const struct disease *now)
{
    const bool urine_low = below(s, &now->urine, &c->rules->pr_urine);

    if (c->measurable.serum && !fell(s, &c->baseline->serum, &now->serum, &c->rules->pr_serum_percent))
        return false;
    if (c->measurable.urine)
        return urine_low || fell(s, &c->baseline->urine, &now->urine, &c->rules->pr_urine_percent);
    return !now->urine.known || urine_low;
}

static bool minimal(struct scale *s, const struct response_context *c, const struct disease *now)
{
    if (c->measurable.serum && !fell(s, &c->baseline->serum, &now->serum, &c->rules->mr_serum_percent))
        return false;
    return !c->measurable.urine || fell(s, &c->baseline->urine, &now->urine, &c->rules->mr_urine_percent);
}

/* What the disease is followed by was measured again. */
static bool followed(struct scale *s, const struct response_context *c, const struct disease *now)
{
    const struct disease_value chains = disease_chain_difference(s->arena, now, c->measurable.chain);

    return (!c->measurable.serum || now->serum.known) && (!c->measurable.urine || now->urine.known) &&
           (c->measurable.chain == CHAIN_NONE || chains.known);
}

static enum response by_chains(struct scale *s, const struct response_context *c, const struct disease *now)
{
    const struct disease_value from = disease_chain_difference(s->arena, c->baseline, c->measurable.chain);
    const struct disease_value to = disease_chain_difference(s->arena, now, c->measurable.chain);

    if (fell(s, &from, &to, &c->rules->vgpr_dflc_percent))
        return RESPONSE_VGPR;
    return fell(s, &from, &to, &c->rules->pr_dflc_percent) ? RESPONSE_PR : RESPONSE_SD;
}

static enum response by_protein(struct scale *s, const struct response_context *c, const struct disease *now)
{
    if (very_good(s, c, now))
        return RESPONSE_VGPR;
    if (partial(s, c, now))
        return RESPONSE_PR;
    return minimal(s, c, now) ? RESPONSE_MR : RESPONSE_SD;
}

bool response_assess(struct gw_arena *arena, const struct response_context *c, const struct disease *now,
                     enum response *out)
{
    struct scale s = {arena, false};
    const bool can_follow = c->measurable.serum || c->measurable.urine || c->measurable.chain != CHAIN_NONE;

    if (!can_follow)
        *out = RESPONSE_NONE;
    else if (progressed(&s, c, now))
        *out = RESPONSE_PD;
    else if (!followed(&s, c, now))
        *out = RESPONSE_NONE;
    else if (complete(&s, c, now))
        *out = RESPONSE_CR;
    else
        *out = c->measurable.chain != CHAIN_NONE ? by_chains(&s, c, now) : by_protein(&s, c, now);
    return !s.failed;
}

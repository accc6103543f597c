/*
 * The decisions that are in force for this subject, in an order in which they are found by what they are about.
 *
 * Of n decisions, n log n once a derivation; nothing of it depends on the order in which they are given.
 */
#include "study/fact_decisions.h"
#include "study/order.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which are in force ---- */

struct candidate {
    const struct gw_decision *decision;
    bool undone;
    bool approved;
};

static int by_number(const void *a, const void *b)
{
    const int64_t x = ((const struct candidate *)a)->decision->n, y = ((const struct candidate *)b)->decision->n;

    return ORDER(x, y);
}

static struct candidate *numbered(struct candidate *list, size_t count, int64_t n)
{
    const struct gw_decision wanted = {.n = n};
    const struct candidate key = {.decision = &wanted};

    return count ? bsearch(&key, list, count, sizeof *list, by_number) : NULL;
}

static bool may_approve(const struct engine *e, const struct gw_decision *decision, const char *by)
{
    return by && (e->in->author_approves || !gw_decision_same_person(by, decision->by));
}

/* From the last to the first: an undo that was undone itself takes nothing back. */
static void weigh(const struct engine *e, struct candidate *list, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        const struct gw_decision *d = list[i].decision;
        struct candidate *other = NULL;

        list[i].approved = !gw_decision_wants_approval(d) || list[i].approved || may_approve(e, d, d->approved_by);
        if (list[i].undone)
            continue;
        if (d->kind == GW_DECIDE_UNDO && (other = numbered(list, i, d->undoes)))
            other->undone = true;
        if (d->kind == GW_DECIDE_APPROVE && (other = numbered(list, i, strtoll(d->set[GW_SET_DECISION], NULL, 10))))
            other->approved |= may_approve(e, other->decision, d->by);
    }
}

static const char *scope_id(const struct gw_decision *decision, const char *prefix)
{
    const size_t length = strlen(prefix);

    return strncmp(decision->scope, prefix, length) == 0 ? decision->scope + length : NULL;
}

static bool concerns(const struct engine *e, const struct gw_decision *decision)
{
    const char *study = scope_id(decision, "study:"), *site = scope_id(decision, "site:");

    if (decision->kind == GW_DECIDE_UNDO || decision->kind == GW_DECIDE_APPROVE)
        return false;
    if ((study && strcmp(study, e->in->study->id) != 0) || (site && strcmp(site, gw_site_id(e->in->site)) != 0))
        return false;
    return !decision->match.subject || strcmp(decision->match.subject, e->in->roster->subject) == 0;
}

/* ---- what they are found by ---- */

struct decided { /* one in force, and the place where it is looked for */
    enum gw_decision_kind kind;
    const char *print; /* a fingerprint, else NULL */
    const char *id;    /* of an evidence fact, with the next three; else NULL: the subject or nothing */
    const char *type;
    const char *endpoint;
    int component;
    const char *which; /* which anchor, rule, phrase, patient or event of it; "" */

    const char *only; /* it holds for records of this endpoint; NULL: of all */
    int breadth;      /* 0 an endpoint, 1 a site, 2 a study */
    const struct gw_decision *decision;
};

static int compare_places(const struct decided *a, const struct decided *b)
{
    int order = ORDER(a->kind, b->kind);

    if (order == 0)
        order = order_texts(a->print, b->print);
    if (order == 0)
        order = order_texts(a->id, b->id);
    if (order == 0)
        order = order_texts(a->type, b->type);
    if (order == 0)
        order = order_texts(a->endpoint, b->endpoint);
    if (order == 0)
        order = ORDER(a->component, b->component);
    return order_then(order, order_texts(a->which, b->which));
}

/* At one place the narrower first, then the later. */
static int in_order(const void *a, const void *b)
{
    const struct decided *x = a, *y = b;
    const int order = compare_places(x, y);

    if (order != 0)
        return order;
    if (x->breadth != y->breadth)
        return x->breadth - y->breadth;
    return ORDER(y->decision->n, x->decision->n);
}

/* Blanks at both ends and case are no part of what a laboratory says. */
static const char *fold(struct engine *e, const char *text)
{
    size_t length;
    char *folded;

    text += strspn(text, " \t\r\n");
    length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]))
        length--;
    folded = gw_arena_copy(e->arena, text, length);
    for (char *at = folded; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    e->failed |= !folded;
    return folded ? folded : "";
}

/* What is left when the site is taken out of a fingerprint: a study's rule holds at every site. */
static const char *without_site(struct engine *e, const char *print)
{
    const char *const site = strchr(print, '|') + 1, *const after = strchr(site, '|');
    const char *const rest = gw_arena_print(e->arena, "%.*s%s", (int)(site - print), print, after);

    e->failed |= !rest;
    return rest ? rest : "";
}

const char *decided_assessment(struct engine *e, const char *window, const char *of)
{
    const char *which = gw_arena_print(e->arena, "%s|%s", window, of);

    e->failed |= !which;
    return which ? which : "";
}

static const char *which_of(struct engine *e, const struct gw_decision *d)
{
    static const enum gw_decision_member names[] = {GW_SET_ANCHOR, GW_SET_RULE, GW_SET_LINK, GW_SET_UNLINK, GW_SET_OF};

    if (d->kind == GW_DECIDE_TARGET || d->kind == GW_DECIDE_RESEND)
        return d->set[GW_SET_ROW] ? d->set[GW_SET_ROW] : "";
    if (d->kind == GW_DECIDE_RESPONSE)
        return decided_assessment(e, d->set[GW_SET_WINDOW], d->set[GW_SET_OF]);
    if (d->kind == GW_DECIDE_SIGN)
        return d->set[GW_SET_WINDOW];
    if (d->kind == GW_DECIDE_SIGNED) /* whatever is accepted ends the signature; what is kept is one change */
        return decided_assessment(e, d->set[GW_SET_WINDOW], d->set[GW_SET_ACCEPT] ? "" : d->set[GW_SET_OF]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (d->set[names[i]])
            return d->set[names[i]];
    return d->set[GW_SET_PHRASE] ? fold(e, d->set[GW_SET_PHRASE]) : "";
}

/* "component[2]" is 2; the resource itself is -1, what cannot be a part is none. */
static int component_of(const char *part)
{
    int component = -1;

    return part && sscanf(part, "component[%d]", &component) == 1 ? component : -1;
}

static void keep(struct engine *e, const struct gw_decision *d)
{
    const struct gw_decision_match *match = &d->match;
    const char *endpoint = match->fingerprint ? scope_id(d, "endpoint:") : NULL; /* evidence names its own */
    struct decided *slot = GW_ARENA_PUSH(e->arena, e->decided, e->decided_count, e->decided_capacity);

    if (!slot) {
        e->failed = true;
        return;
    }
    *slot = (struct decided){.kind = d->kind,
                             .print = match->fingerprint,
                             .id = match->id,
                             .type = match->type,
                             .endpoint = match->endpoint,
                             .component = component_of(match->part),
                             .which = which_of(e, d),
                             .only = endpoint,
                             .breadth = endpoint               ? 0
                                        : scope_id(d, "site:") ? 1
                                                               : 2,
                             .decision = d};
    if (match->fingerprint && scope_id(d, "study:"))
        slot->print = without_site(e, match->fingerprint);
    e->decided_kinds |= UINT64_C(1) << d->kind;
    e->decided_facts |= d->kind == GW_DECIDE_STATUS || d->kind == GW_DECIDE_PLACE || d->kind == GW_DECIDE_PATIENT ||
                        d->kind == GW_DECIDE_RECRUITMENT || decided_says(d, GW_SET_ATC);
}

void stage_decide(struct engine *e)
{
    const size_t count = e->in->decision_count;
    struct candidate *list = count ? gw_arena_alloc(e->arena, count * sizeof *list) : NULL;

    e->failed |= count && !list;
    if (!list)
        return;
    for (size_t i = 0; i < count; i++)
        list[i].decision = &e->in->decisions[i];
    qsort(list, count, sizeof *list, by_number);
    weigh(e, list, count);
    for (size_t i = 0; i < count && !e->failed; i++)
        if (!list[i].undone && list[i].approved && concerns(e, list[i].decision))
            keep(e, list[i].decision);
    if (e->decided_count > 1)
        qsort(e->decided, e->decided_count, sizeof *e->decided, in_order);
    decide_facts(e);
}

/* ---- looking them up ---- */

static bool any(const struct engine *e, enum gw_decision_kind kind)
{
    return (e->decided_kinds >> kind & 1) && !e->failed;
}

static const struct gw_decision *look_up(const struct engine *e, const struct decided *place, const char *endpoint)
{
    size_t low = 0, high = e->decided_count;

    while (low < high) { /* the first that is not before it */
        const size_t middle = low + (high - low) / 2;

        if (compare_places(&e->decided[middle], place) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < e->decided_count && compare_places(&e->decided[low], place) == 0; low++)
        if (!e->decided[low].only || gw_same(e->decided[low].only, endpoint))
            return e->decided[low].decision;
    return NULL;
}

static const struct gw_decision *of_fact(const struct engine *e, enum gw_decision_kind kind, size_t index, int part,
                                         const char *which)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const bool observed = fact->type == GW_OBSERVATION;

    return fact->id ? look_up(e,
                              &(struct decided){.kind = kind,
                                                .id = fact->id,
                                                .type = fact->type_name,
                                                .endpoint = fact->endpoint,
                                                .component = observed ? fact->observation.parts[part].component : -1,
                                                .which = which},
                              fact->endpoint)
                    : NULL;
}

static const struct gw_decision *of_cause(struct engine *e, enum gw_decision_kind kind, const char *code,
                                          const struct item_about *about, const char *which)
{
    const char *endpoint = about->has_fact ? e->in->facts[about->fact].endpoint : NULL;
    struct decided place = {.kind = kind, .component = -1, .which = which};
    const struct gw_decision *found;

    if (!(place.print = engine_fingerprint(e, code, about)))
        return NULL;
    found = look_up(e, &place, endpoint);
    if (found)
        return found;
    place.print = without_site(e, place.print);
    return look_up(e, &place, endpoint);
}

static const struct gw_decision *find(struct engine *e, enum gw_decision_kind kind, const char *code,
                                      const struct item_about *about, const char *which)
{
    const struct gw_decision *found;

    if (!any(e, kind))
        return NULL;
    assert(about->has_fact);
    found = of_fact(e, kind, about->fact, about->part, which);
    return found ? found : of_cause(e, kind, code, about, which);
}

const struct gw_decision *decided_cause(struct engine *e, enum gw_decision_kind kind, const char *code,
                                        const struct item_about *about)
{
    return any(e, kind) ? of_cause(e, kind, code, about, "") : NULL;
}

const struct gw_decision *decided_next(const struct engine *e, enum gw_decision_kind kind, size_t *at)
{
    while (*at < e->decided_count)
        if (e->decided[(*at)++].kind == kind)
            return e->decided[*at - 1].decision;
    return NULL;
}

const struct gw_decision *decided_fact(struct engine *e, enum gw_decision_kind kind, size_t fact, int part)
{
    return any(e, kind) ? of_fact(e, kind, fact, part, "") : NULL;
}

const struct gw_decision *decided_event(struct engine *e, enum gw_decision_kind kind, size_t fact, int part,
                                        const char *category)
{
    const struct gw_decision *any_event = decided_fact(e, kind, fact, part);
    const struct gw_decision *this_one = any(e, kind) ? of_fact(e, kind, fact, part, category) : NULL;

    return decided_later(any_event, this_one);
}

const struct gw_decision *decided_find(struct engine *e, enum gw_decision_kind kind, const char *code,
                                       const struct item_about *about)
{
    return find(e, kind, code, about, "");
}

const struct gw_decision *decided_item(struct engine *e, enum gw_decision_kind kind, const char *code,
                                       const struct item_about *about)
{
    const struct gw_decision *found = find(e, kind, code, about, "");

    decided_note(e, found, code, about);
    return found;
}

const struct gw_decision *decided_phrase(struct engine *e, const char *code, const struct item_about *about,
                                         const char *phrase)
{
    const struct gw_decision *found =
        any(e, GW_DECIDE_VALUE) && phrase ? find(e, GW_DECIDE_VALUE, code, about, fold(e, phrase)) : NULL;

    decided_note(e, found, code, about);
    return found;
}

const struct gw_decision *decided_subject(const struct engine *e, enum gw_decision_kind kind, const char *which)
{
    return any(e, kind) ? look_up(e, &(struct decided){.kind = kind, .component = -1, .which = which}, NULL) : NULL;
}

const struct gw_decision *decided_anchor(struct engine *e, const char *which, const struct item_about *about)
{
    const struct gw_decision *found = NULL;

    if (any(e, GW_DECIDE_ANCHOR) && about->has_fact)
        found = of_fact(e, GW_DECIDE_ANCHOR, about->fact, about->part, which);
    return found ? found : decided_subject(e, GW_DECIDE_ANCHOR, which);
}

bool decided_is_of(const struct gw_decision *decision, const char *category)
{
    const char *of = decision->set[GW_SET_OF] ? decision->set[GW_SET_OF] : decision->set[GW_SET_CATEGORY];

    return !of || strcmp(of, category) == 0;
}

bool decided_rule_off(const struct engine *e, const char *rule)
{
    return decided_subject(e, GW_DECIDE_RULE, rule) != NULL;
}

bool decided_names(const struct engine *e, const struct gw_decision_match *match, size_t index, int part)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const int component = fact->type == GW_OBSERVATION ? fact->observation.parts[part].component : -1;

    return gw_same(match->id, fact->id) && gw_same(match->type, fact->type_name) &&
           gw_same(match->endpoint, fact->endpoint) && component_of(match->part) == component;
}

/* ---- what follows ---- */

void decided_note(struct engine *e, const struct gw_decision *decision, const char *code,
                  const struct item_about *about)
{
    struct answered *slot;

    if (!decision)
        return;
    slot = GW_ARENA_PUSH(e->arena, e->answered, e->answered_count, e->answered_capacity);
    if (slot)
        *slot = (struct answered){.code = code, .about = *about, .decision = decision->n};
    else
        e->failed = true;
}

const char *decided_rule(struct engine *e, const char *rules, const struct gw_decision *decision)
{
    const char *id;

    if (!decision)
        return rules;
    id = gw_arena_print(e->arena, "decision:%lld", (long long)decision->n);
    e->failed |= !id;
    return id ? engine_rules(e, (const char *const[]){rules, id}, 2) : rules;
}

gw_day decided_day(const struct gw_decision *decision, enum gw_decision_member member)
{
    gw_day day;

    return decided_says(decision, member) && gw_day_parse(decision->set[member], &day) ? day : GW_NO_DAY;
}

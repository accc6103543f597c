/*
 * The decisions that are in force for this subject, in an order in which they are found by what they are about.
 *
 * Of n decisions, n log n once a derivation; nothing of it depends on the order in which they are given.
 */
#include "study/decided.h"

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

    return x < y ? -1 : x > y;
}

static struct candidate *numbered(struct candidate *list, size_t count, int64_t n)
{
    const struct gw_decision wanted = {.n = n};
    const struct candidate key = {.decision = &wanted};

    return count ? bsearch(&key, list, count, sizeof *list, by_number) : NULL;
}

static bool may_approve(const struct engine *e, const struct gw_decision *decision, const char *by)
{
    return by && (e->in->author_approves || strcmp(by, decision->by) != 0);
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

struct decided { /* one in force */
    const char *key;
    const char *endpoint; /* it holds for records of this one only; NULL: of all */
    int breadth;          /* 0 an endpoint, 1 a site, 2 a study */
    const struct gw_decision *decision;
};

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
    return folded;
}

/* What is left when the site is taken out of a fingerprint: a study's rule holds at every site. */
static const char *without_site(struct engine *e, const char *print)
{
    const char *first = strchr(print, '|'), *second = first ? strchr(first + 1, '|') : NULL;

    if (!second)
        return print;
    return gw_arena_print(e->arena, "%.*s%s", (int)(first + 1 - print), print, second);
}

/* One text a place: kind, what the decision is about, and which anchor, rule or phrase of it. */
static const char *key_of(struct engine *e, enum gw_decision_kind kind, const char *about, const char *which)
{
    const char *key =
        about ? gw_arena_print(e->arena, "%s\n%s\n%s", gw_decision_kind_name(kind), about, which ? which : "") : NULL;

    e->failed |= !key;
    return key;
}

static const char *evidence_text(struct engine *e, const char *endpoint, const char *type, const char *id,
                                 const char *part)
{
    return gw_arena_print(e->arena, "%s|%s|%s|%s", endpoint ? endpoint : "", type, id ? id : "", part ? part : "");
}

static const char *which_of(struct engine *e, const struct gw_decision *d)
{
    return d->set[GW_SET_ANCHOR]   ? d->set[GW_SET_ANCHOR]
           : d->set[GW_SET_RULE]   ? d->set[GW_SET_RULE]
           : d->set[GW_SET_PHRASE] ? fold(e, d->set[GW_SET_PHRASE])
                                   : NULL;
}

static const char *about_of(struct engine *e, const struct gw_decision *d)
{
    const struct gw_decision_match *match = &d->match;

    if (match->fingerprint)
        return scope_id(d, "study:") ? without_site(e, match->fingerprint) : match->fingerprint;
    return match->id ? evidence_text(e, match->endpoint, match->type, match->id, match->part) : "";
}

static int in_order(const void *a, const void *b)
{
    const struct decided *x = a, *y = b;
    const int order = strcmp(x->key, y->key);

    if (order != 0)
        return order;
    if (x->breadth != y->breadth)
        return x->breadth - y->breadth;
    return x->decision->n > y->decision->n ? -1 : 1; /* the latest first */
}

static void keep(struct engine *e, const struct gw_decision *d)
{
    const char *endpoint = d->match.fingerprint ? scope_id(d, "endpoint:") : NULL; /* evidence names its own */
    const char *key = key_of(e, d->kind, about_of(e, d), which_of(e, d));
    struct decided *slot = GW_ARENA_PUSH(e->arena, e->decided, e->decided_count, e->decided_capacity);

    if (!slot || !key) {
        e->failed = true;
        return;
    }
    *slot = (struct decided){key, endpoint, endpoint ? 0 : scope_id(d, "site:") ? 1 : 2, d};
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
    if (e->decided_count > 1 && !e->failed)
        qsort(e->decided, e->decided_count, sizeof *e->decided, in_order);
}

/* ---- looking them up ---- */

static const struct gw_decision *look_up(struct engine *e, const char *key, const char *endpoint)
{
    size_t low = 0, high = e->decided_count;

    while (key && low < high) { /* the first that is not before it */
        const size_t middle = low + (high - low) / 2;

        if (strcmp(e->decided[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; key && low < e->decided_count && strcmp(e->decided[low].key, key) == 0; low++)
        if (!e->decided[low].endpoint || (endpoint && strcmp(e->decided[low].endpoint, endpoint) == 0))
            return e->decided[low].decision;
    return NULL;
}

static const char *part_name(struct engine *e, const struct gw_fact *fact, int part)
{
    return fact->type == GW_OBSERVATION ? engine_part_name(e, &fact->observation.parts[part]) : "";
}

static const struct gw_decision *of_fact(struct engine *e, enum gw_decision_kind kind, size_t index, int part,
                                         const char *which)
{
    const struct gw_fact *fact = &e->in->facts[index];
    const char *about = evidence_text(e, fact->endpoint, fact->type_name, fact->id, part_name(e, fact, part));

    return look_up(e, key_of(e, kind, about, which), fact->endpoint);
}

static const struct gw_decision *of_cause(struct engine *e, enum gw_decision_kind kind, const char *code,
                                          const struct item_about *about, const char *which)
{
    const char *endpoint = about->has_fact ? e->in->facts[about->fact].endpoint : NULL;
    const char *print = engine_fingerprint(e, code, about);
    const struct gw_decision *found = look_up(e, key_of(e, kind, print, which), endpoint);

    if (!found && print)
        found = look_up(e, key_of(e, kind, without_site(e, print), which), endpoint);
    return found;
}

static const struct gw_decision *find(struct engine *e, enum gw_decision_kind kind, const char *code,
                                      const struct item_about *about, const char *which)
{
    const struct gw_decision *found = NULL;

    if (e->decided_count == 0 || e->failed)
        return NULL;
    if (about->has_fact)
        found = of_fact(e, kind, about->fact, about->part, which);
    return found ? found : of_cause(e, kind, code, about, which);
}

const struct gw_decision *decided_fact(struct engine *e, enum gw_decision_kind kind, size_t fact, int part)
{
    return e->decided_count > 0 && !e->failed ? of_fact(e, kind, fact, part, NULL) : NULL;
}

const struct gw_decision *decided_find(struct engine *e, enum gw_decision_kind kind, const char *code,
                                       const struct item_about *about)
{
    return find(e, kind, code, about, NULL);
}

const struct gw_decision *decided_item(struct engine *e, enum gw_decision_kind kind, const char *code,
                                       const struct item_about *about)
{
    const struct gw_decision *found = find(e, kind, code, about, NULL);

    decided_note(e, found, code, about);
    return found;
}

const struct gw_decision *decided_phrase(struct engine *e, const char *code, const struct item_about *about,
                                         const char *phrase)
{
    const struct gw_decision *found =
        e->decided_count > 0 && phrase ? find(e, GW_DECIDE_VALUE, code, about, fold(e, phrase)) : NULL;

    decided_note(e, found, code, about);
    return found;
}

const struct gw_decision *decided_subject(struct engine *e, enum gw_decision_kind kind, const char *which)
{
    return e->decided_count > 0 && !e->failed ? look_up(e, key_of(e, kind, "", which), NULL) : NULL;
}

const struct gw_decision *decided_anchor(struct engine *e, const char *which, const struct item_about *about)
{
    const struct gw_decision *found = NULL;

    if (e->decided_count > 0 && !e->failed && about->has_fact)
        found = of_fact(e, GW_DECIDE_ANCHOR, about->fact, about->part, which);
    return found ? found : decided_subject(e, GW_DECIDE_ANCHOR, which);
}

bool decided_rule_off(struct engine *e, const char *rule)
{
    return decided_subject(e, GW_DECIDE_RULE, rule) != NULL;
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
        *slot = (struct answered){code, *about, decision->n};
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
    return engine_rules(e, (const char *const[]){rules, id}, 2);
}

gw_day decided_day(const struct gw_decision *decision, enum gw_decision_member member)
{
    gw_day day;

    return decided_says(decision, member) && gw_day_parse(decision->set[member], &day) ? day : GW_NO_DAY;
}

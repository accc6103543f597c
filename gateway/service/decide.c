/*
 * A person's answer: what it is about, whether it can be one, and what follows.
 *
 *      exception or cause ──> kind and members ──> decision ──> ledger ──> pass
 */
#include "gateway/service/decide.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/core/json.h"
#include "gateway/ledger/report.h"
#include "service/rederive.h"

static const char where[] = "service.decide";

struct deciding {
    struct gw_arena *arena;
    const struct gw_decide_request *request;
    struct gw_decide_result *out;
    struct rederive rederive;
    struct gw_ledger_items items; /* those the selector names */
    bool cause;                   /* it names a whole cause */
    const struct gw_item_class *class;
    bool anchors; /* D1 or EOT may move */
    char now[GW_INSTANT_BYTES];
};

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory for a decision");
}

/* ---- what it is about ---- */

static enum gw_status find_class(struct deciding *d, struct gw_error *err)
{
    const char *code = d->items.list[0].code;

    d->class = gw_rules_class(&d->rederive.sources[0].protocol.rules, code);
    if (!d->class)
        return gw_fail(err, GW_ECONFIG, where, "this release's tables have no exception %s", code);
    if (!*d->class->decisions)
        return gw_fail(err, GW_EUSAGE, where, "%s is not decided here: %s", code, d->class->resolutions);
    if (d->cause && (strcmp(d->class->rule_scope, "no") == 0 || strcmp(d->class->rule_scope, "-") == 0))
        return gw_fail(err, GW_EUSAGE, where,
                       "%s is another case each time: decide each of its exceptions by its id, as casement exceptions "
                       "show prints it",
                       code);
    return GW_OK;
}

static enum gw_status find_items(struct deciding *d, struct gw_error *err)
{
    const char *selector = d->request->selector;
    enum gw_status rc = gw_ledger_items(d->request->ledger, d->arena, selector, false, &d->items, err);

    if (rc != GW_OK)
        return rc;
    if (d->items.count == 0)
        return gw_fail(err, GW_EUSAGE, where,
                       "no exception has the cause or id \"%.120s\": see casement exceptions list", selector);
    d->cause = strcmp(d->items.list[0].fingerprint, selector) == 0;
    if (!d->cause && d->items.count > 1)
        return gw_fail(err, GW_EUSAGE, where,
                       "%zu exceptions have ids that begin with \"%.40s\": write more of the one", d->items.count,
                       selector);
    for (size_t i = 0; i < d->items.count; i++)
        d->out->values += strcmp(d->items.list[i].state, "open") == 0;
    return find_class(d, err);
}

/* The study of a subject; of several that have this number the first. */
static const char *study_of(const struct deciding *d, const char *subject)
{
    for (size_t i = 0; i < d->rederive.count; i++)
        for (size_t j = 0; j < d->rederive.sources[i].subject_count; j++)
            if (strcmp(d->rederive.sources[i].subjects[j].line->subject, subject) == 0)
                return d->rederive.sources[i].protocol.study->id;
    return NULL;
}

/* class|site|... */
static const char *site_scope(struct deciding *d, const char *fingerprint)
{
    const char *site = strchr(fingerprint, '|') + 1;

    return gw_arena_print(d->arena, "site:%.*s", (int)strcspn(site, "|"), site);
}

static enum gw_status set_scope(struct deciding *d, struct gw_decision *decision, struct gw_error *err)
{
    const struct gw_ledger_item *item = &d->items.list[0];
    const char *study = d->cause ? NULL : study_of(d, item->subject_key);

    decision->scope = d->request->scope;
    if (decision->scope)
        return GW_OK;
    if (!d->cause && !study)
        return gw_fail(err, GW_EUSAGE, where, "the exception belongs to no subject of the roster");
    decision->scope = d->cause ? site_scope(d, item->fingerprint) : gw_arena_print(d->arena, "study:%s", study);
    return decision->scope ? GW_OK : no_memory(err);
}

/* ---- what it says ---- */

/* The match of a kind: a cause as a whole, else the record, else its subject. */
static struct gw_decision_match match_of(const struct deciding *d, enum gw_decision_kind kind)
{
    const struct gw_ledger_item *item = &d->items.list[0];
    const char *matches = gw_decision_matches(kind);

    if (d->cause)
        return (struct gw_decision_match){.fingerprint = item->fingerprint};
    if (*item->resource_id && strchr(matches, 'E'))
        return (struct gw_decision_match){.subject = item->subject_key,
                                          .endpoint = item->endpoint,
                                          .type = item->resource_type,
                                          .id = item->resource_id,
                                          .part = item->part};
    return (struct gw_decision_match){.subject = item->subject_key};
}

static enum gw_status assign(struct deciding *d, struct gw_decision *decision, const char *assignment,
                             struct gw_error *err)
{
    const char *equals = strchr(assignment, '=');
    const char *name = equals ? gw_arena_copy(d->arena, assignment, (size_t)(equals - assignment)) : assignment;

    return name ? gw_decision_set(d->arena, decision, name, equals ? equals + 1 : NULL, err) : no_memory(err);
}

static enum gw_status assign_all(struct deciding *d, struct gw_decision *decision, struct gw_error *err)
{
    enum gw_status rc = GW_OK;

    for (size_t i = 0; rc == GW_OK && i < d->request->assignment_count; i++)
        rc = assign(d, decision, d->request->assignments[i], err);
    return rc;
}

/* What nobody needs to write: which anchor the exception is about. */
static void set_anchor(const struct deciding *d, struct gw_decision *decision)
{
    if (decision->kind == GW_DECIDE_ANCHOR && !decision->set[GW_SET_ANCHOR])
        decision->set[GW_SET_ANCHOR] = strncmp(d->class->code, "ANCHOR_", 7) == 0 ? "D1" : "EOT";
}

/* Nor of which event, where its evidence may be that of several: the last cell of the cause. */
static void set_event(const struct deciding *d, struct gw_decision *decision)
{
    const char *category = strrchr(d->items.list[0].fingerprint, '|') + 1;
    const enum gw_decision_kind kind = decision->kind;
    const bool of_event = kind == GW_DECIDE_EVENT || kind == GW_DECIDE_GRADE || kind == GW_DECIDE_STAY ||
                          kind == GW_DECIDE_SERIOUSNESS || kind == GW_DECIDE_RELATEDNESS ||
                          kind == GW_DECIDE_ACTION_TAKEN || kind == GW_DECIDE_OUTCOME;

    if (of_event && decision->match.id && *category && !decision->set[GW_SET_OF])
        decision->set[GW_SET_OF] = category;
}

/* Of which assessment of the disease, or which change of a signed window. */
static void set_assessment(const struct deciding *d, struct gw_decision *decision)
{
    const struct gw_ledger_item *item = &d->items.list[0];

    if ((decision->kind != GW_DECIDE_RESPONSE && decision->kind != GW_DECIDE_SIGNED) || d->cause)
        return;
    decision->set[GW_SET_WINDOW] = decision->set[GW_SET_WINDOW] ? decision->set[GW_SET_WINDOW] : item->window_ids;
    decision->set[GW_SET_OF] =
        decision->set[GW_SET_OF] ? decision->set[GW_SET_OF] : strrchr(item->fingerprint, '|') + 1;
}

/* Which row of the study database, which question about it, and what stood on both sides: as the exception was shown.
 */
static void set_row(const struct deciding *d, struct gw_decision *decision)
{
    const struct gw_ledger_item *item = &d->items.list[0];
    const cJSON *context = NULL;

    if (d->cause || (decision->kind != GW_DECIDE_TARGET && decision->kind != GW_DECIDE_RESEND) ||
        gw_json_parse(d->arena, item->context, strlen(item->context), NULL, &context, NULL, NULL) != GW_OK)
        return;
    decision->set[GW_SET_ITEM] = item->id;
    decision->set[GW_SET_ROW] = gw_json_string(context, "row");
    decision->set[GW_SET_STOOD] = gw_json_string(context, "stood");
}

static bool kind_fits(struct deciding *d, const struct gw_decision *decision, enum gw_decision_kind kind,
                      struct gw_decision *out, struct gw_error *err)
{
    *out = *decision;
    out->kind = kind;
    out->match = match_of(d, kind);
    set_anchor(d, out);
    set_event(d, out);
    set_assessment(d, out);
    set_row(d, out);
    return gw_decision_check(out, err) == GW_OK;
}

static enum gw_status no_kind(const struct deciding *d, const char *why, struct gw_error *err)
{
    return gw_fail(err, GW_EUSAGE, where, "%s; what answers %s: %s (%s)", why, d->class->code, d->class->resolutions,
                   d->class->decisions);
}

/* The kind the person named, else the first of the exception's class that the members make sense for. */
static enum gw_status choose_kind(struct deciding *d, struct gw_decision *decision, struct gw_error *err)
{
    struct gw_error first = {.status = GW_OK}, failure;
    const char *list = d->class->decisions;
    struct gw_decision fitting;
    char word[40];

    for (size_t length; *list; list += length + (list[length] == ';')) {
        length = strcspn(list, ";");
        snprintf(word, sizeof word, "%.*s", (int)length, list);
        if (d->request->kind && strcmp(d->request->kind, word) != 0)
            continue;
        if (kind_fits(d, decision, gw_decision_kind_of(word), &fitting, &failure)) {
            *decision = fitting;
            return GW_OK;
        }
        if (first.status == GW_OK)
            first = failure;
    }
    if (first.status == GW_OK)
        return no_kind(d, "this kind of decision is none for it", err);
    return no_kind(d, first.text, err);
}

/* What can be seen to be wrong before anybody is derived. */
static enum gw_status check_sense(struct deciding *d, const struct gw_decision *decision, struct gw_error *err)
{
    const char *loinc = decision->set[GW_SET_LOINC], *print = d->items.list[0].fingerprint;
    const char *score = decision->set[GW_SET_SCORE];

    if (loinc && !gw_tables_lab(d->rederive.sources[0].protocol.tables, loinc))
        return gw_fail(
            err, GW_EUSAGE, where,
            "\"%.20s\" is in no row of loinc-labs.csv: correct it, or write ignore to leave such results out", loinc);
    if (score && !gw_rules_total(&d->rederive.sources[0].protocol.rules, score))
        return gw_fail(err, GW_EUSAGE, where, "\"%.20s\" is no scale whose total instruments.csv knows", score);
    if (decision->set[GW_SET_LINK] && strcmp(d->class->code, "SUBJECT_MERGE") != 0)
        return gw_fail(err, GW_EUSAGE, where,
                       "a patient is found by the roster: name it there, or write stop to leave the subject out");
    if (decision->set[GW_SET_ITEM] && strcmp(d->items.list[0].state, "auto_closed") == 0)
        return gw_fail(err, GW_EUSAGE, where,
                       "%.21s is closed: what stands there is another by now, and so is the question; see casement "
                       "exceptions list",
                       d->items.list[0].id);
    if (d->cause && decision->kind == GW_DECIDE_CODE && strstr(print, "||||"))
        return gw_fail(err, GW_EUSAGE, where,
                       "this cause is of everything that has no code at all: decide its exceptions one by one");
    return GW_OK;
}

static enum gw_status build(struct deciding *d, struct gw_decision *decision, struct gw_error *err)
{
    enum gw_status rc = find_items(d, err);

    if (rc == GW_OK)
        rc = set_scope(d, decision, err);
    if (rc == GW_OK && assign_all(d, decision, err) != GW_OK)
        rc = err->status == GW_ENOMEM ? GW_ENOMEM : no_kind(d, gw_arena_print(d->arena, "%s", err->text), err);
    if (rc == GW_OK)
        rc = choose_kind(d, decision, err);
    return rc == GW_OK ? check_sense(d, decision, err) : rc;
}

/* ---- about another decision ---- */

static enum gw_status find_other(struct deciding *d, int64_t n, struct gw_decisions *all,
                                 const struct gw_decision **other, struct gw_error *err)
{
    const enum gw_status rc = gw_ledger_decisions(d->request->ledger, all, err);

    if (rc != GW_OK)
        return rc;
    *other = gw_decisions_find(all, n);
    return *other ? GW_OK
                  : gw_fail(err, GW_EUSAGE, where, "there is no decision %lld: see casement exceptions decisions",
                            (long long)n);
}

static bool author_approves(const struct deciding *d)
{
    return d->request->config && !d->request->config->four_eyes;
}

static enum gw_status check_approval(const struct deciding *d, const struct gw_decision *other, struct gw_error *err)
{
    if (!gw_decision_wants_approval(other))
        return gw_fail(err, GW_EUSAGE, where, "decision %lld acts without approval", (long long)other->n);
    if (!author_approves(d) && gw_decision_same_person(other->by, d->request->by))
        return gw_fail(err, GW_EUSAGE, where, "decision %lld is by %s: another person approves it (--as NAME)",
                       (long long)other->n, other->by);
    return GW_OK;
}

/* Of the same subject and scope as what it is about, so that it is found with it. */
static enum gw_status refer(struct deciding *d, struct gw_decision *decision, struct gw_error *err)
{
    const struct gw_decision *other, *root;
    const int64_t n = d->request->undoes ? d->request->undoes : d->request->approves;
    struct gw_decisions all;
    enum gw_status rc = find_other(d, n, &all, &other, err);

    if (rc == GW_OK && d->request->approves)
        rc = check_approval(d, other, err);
    if (rc != GW_OK)
        return rc;
    root = gw_decisions_root(&all, other);
    decision->kind = d->request->undoes ? GW_DECIDE_UNDO : GW_DECIDE_APPROVE;
    decision->undoes = d->request->undoes;
    decision->scope = gw_arena_print(d->arena, "%s", other->scope);
    if (root && root->match.subject)
        decision->match.subject = gw_arena_print(d->arena, "%s", root->match.subject);
    if (d->request->approves)
        decision->set[GW_SET_DECISION] = gw_arena_print(d->arena, "%lld", (long long)n);
    return decision->scope ? GW_OK : no_memory(err);
}

/* ---- all of it ---- */

/* Anchors come of drug records, their codes, days and status, and of what a person says of them. */
static bool moves_anchors(enum gw_decision_kind kind)
{
    return kind == GW_DECIDE_ANCHOR || kind == GW_DECIDE_RECRUITMENT || kind == GW_DECIDE_PATIENT ||
           kind == GW_DECIDE_PLACE || kind == GW_DECIDE_STATUS || kind == GW_DECIDE_CODE;
}

static enum gw_status append(struct deciding *d, struct gw_decision *decision, struct gw_error *err)
{
    struct gw_decisions all = {NULL, 0};
    const struct gw_decision *root;
    enum gw_status rc = gw_ledger_decide(d->request->ledger, decision, err);

    if (rc == GW_OK)
        rc = gw_ledger_decisions(d->request->ledger, &all, err);
    root = rc == GW_OK ? gw_decisions_root(&all, decision) : NULL;
    d->anchors = root && moves_anchors(root->kind);
    return rc;
}

static enum gw_status decide(struct deciding *d, struct gw_error *err)
{
    struct gw_decision *decision = &d->out->decision;
    enum gw_status rc;

    *decision = (struct gw_decision){
        .n = INT64_MAX, .at = d->now, .by = d->request->by, .reason = d->request->reason, .kind = GW_DECIDE_COUNT};
    rc = d->request->selector ? build(d, decision, err) : refer(d, decision, err);
    if (rc != GW_OK)
        return rc;
    decision->n = 0;
    decision->at = gw_arena_print(d->arena, "%s", d->now);
    if (gw_decision_wants_approval(decision) && author_approves(d))
        decision->approved_by = decision->by;
    d->out->waits = gw_decision_wants_approval(decision) && !decision->approved_by;
    return append(d, decision, err);
}

/* Its exceptions stand until the study database has taken the rows. */
static bool is_sent(const struct gw_decision *decision)
{
    return decision->set[GW_SET_RESTORE_OURS] || decision->set[GW_SET_RESEND];
}

/* An answer that no stage asks for leaves its exceptions open: who gave it is told. */
static enum gw_status count_unanswered(struct deciding *d, struct gw_error *err)
{
    struct gw_ledger_items open;
    enum gw_status rc;

    if (!d->request->selector || d->out->waits || d->out->held_back > 0)
        return GW_OK;
    rc = gw_ledger_items(d->request->ledger, d->arena, d->request->selector, true, &open, err);
    if (is_sent(&d->out->decision))
        d->out->sent = rc == GW_OK ? open.count : 0;
    else
        d->out->unanswered = rc == GW_OK ? open.count : 0;
    return rc;
}

enum gw_status gw_decide_run(struct gw_arena *arena, const struct gw_decide_request *request,
                             struct gw_decide_result *out, struct gw_error *err)
{
    struct deciding d = {.arena = arena, .request = request, .out = out};
    enum gw_status rc;

    *out = (struct gw_decide_result){.waits = false};
    gw_instant_print(time(NULL), d.now);
    rc = rederive_open(&d.rederive, arena, request->ledger, request->ledger_path, request->config, err);
    if (rc == GW_OK)
        rc = decide(&d, err);
    out->left = request->beside;
    if (rc == GW_OK && !request->beside)
        rc = rederive_run(&d.rederive, d.now, d.anchors, &out->pass, &out->held_back, err);
    out->changed = d.rederive.changed;
    if (rc == GW_OK && !request->beside)
        rc = count_unanswered(&d, err);
    rederive_release(&d.rederive);
    return rc;
}

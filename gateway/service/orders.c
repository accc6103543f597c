/*
 * Orders against a ledger: made for what it holds, held against it again, begun.
 *
 *      space "purge.waiting", name <hash>    the line of one that a running service is to take up
 *      space "purge.order", name <hash>      "17" the subject whose purge it began; "" it was not carried out
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/ledger/audit.h"
#include "gateway/ledger/notes.h"
#include "gateway/ledger/settle.h"
#include "gateway/service/order.h"
#include "service/retention.h"

#define ROWS_MEMORY ((size_t)2 << 30) /* of one subject */

enum { SUBJECTS_MEMORY = 256 * 1024 * 1024, DAY_S = 86400, WHAT_MAX = 800, SHORT_HASH = 16, OTHERS_WRITE = 022 };

static const char where[] = "service.order";
static const char waiting[] = "purge.waiting", used[] = "purge.order"; /* spaces of notes */

/* ---- the key ---- */

static enum gw_status refuse_private(const struct gw_signature_key *key, const char *path, struct gw_error *err)
{
    uint8_t signature[GW_SIGNATURE_BYTES];

    return gw_signature_make(key, "", 0, signature, NULL) != GW_OK
               ? GW_OK
               : gw_fail(err, GW_ECONFIG, where,
                         "%s: holds the private half: leave that with whoever orders, and put here what openssl pkey "
                         "-pubout prints",
                         path);
}

static enum gw_status open_key(const struct gw_config *config, struct gw_signature_key **out, struct gw_error *err)
{
    struct stat status;
    enum gw_status rc;

    *out = NULL;
    if (!config->order_key)
        return gw_fail(err, GW_ECONFIG, where,
                       "%s: nobody may order a purge: name the public half of their key, \"retain\": {\"order_key\": "
                       "\"officer.pem\"}",
                       config->path);
    rc = gw_signature_key_read(config->order_key, out, err);
    if (rc == GW_OK && stat(config->order_key, &status) == 0 && (status.st_mode & OTHERS_WRITE))
        rc = gw_fail(err, GW_ECONFIG, where, "%s: others may put a key of theirs in its place: chmod go-w",
                     config->order_key);
    return rc == GW_OK ? refuse_private(*out, config->order_key, err) : rc;
}

enum gw_status gw_order_key_name(const struct gw_config *config, char out[GW_KEY_NAME_DIGITS + 1], struct gw_error *err)
{
    struct gw_signature_key *key = NULL;
    enum gw_status rc;

    *out = '\0';
    if (!config->order_key)
        return GW_OK;
    rc = open_key(config, &key, err);
    if (rc == GW_OK)
        snprintf(out, GW_KEY_NAME_DIGITS + 1, "%s", gw_signature_key_name(key));
    gw_signature_key_free(key);
    return rc;
}

/* ---- the subject as it is ---- */

static enum gw_status find_subject(struct gw_ledger *ledger, struct gw_arena *arena, const char *study, const char *key,
                                   struct gw_ledger_subject *out, struct gw_error *err)
{
    struct gw_ledger_subjects all = {0};
    const enum gw_status rc = gw_ledger_subjects(ledger, arena, &all, err);

    for (size_t i = 0; rc == GW_OK && i < all.count; i++)
        if (strcmp(all.list[i].study, study) == 0 && strcmp(all.list[i].subject_key, key) == 0) {
            *out = all.list[i];
            return out->purged ? gw_fail(err, GW_EINPUT, where, "%.60s of %.60s was purged already", key, study)
                               : GW_OK;
        }
    return rc == GW_OK ? gw_fail(err, GW_EINPUT, where, "no subject %.60s of %.60s is in this ledger", key, study) : rc;
}

static enum gw_status look_at(struct gw_ledger *ledger, struct gw_arena *arena, const char *study, const char *key,
                              struct gw_ledger_subject *subject, struct gw_purge_view *view, struct gw_error *err)
{
    enum gw_status rc = find_subject(ledger, arena, study, key, subject, err);

    view->subject = rc == GW_OK ? subject->number : GW_NOBODY;
    return rc == GW_OK ? gw_ledger_purge_look(ledger, arena, &retention_notes, view, 1, err) : rc;
}

/* ---- making one ---- */

static enum gw_status sign(const struct gw_order_request *request, const struct gw_purge_order *order,
                           struct gw_text *out, struct gw_error *err)
{
    struct gw_signature_key *key = NULL;
    enum gw_status rc = gw_signature_key_secret(request->key, &key, err);

    if (rc == GW_OK)
        rc = gw_order_print(out, order, key, err);
    gw_signature_key_free(key);
    return rc;
}

/* What it is made against. */
static enum gw_status describe(struct gw_ledger *ledger, struct gw_arena *arena, struct gw_purge_order *order,
                               struct gw_error *err)
{
    struct gw_ledger_subject subject = {.number = GW_NOBODY};
    struct gw_purge_view view = {.subject = GW_NOBODY};
    char head[GW_ORDER_HASH_BYTES];
    enum gw_status rc = look_at(ledger, arena, order->study, order->subject, &subject, &view, err);

    if (rc == GW_OK)
        rc = gw_audit_hash(ledger, &order->trail, head, err);
    if (rc != GW_OK)
        return rc;
    order->head = gw_arena_print(arena, "%s", head);
    order->revision = subject.revision;
    order->versions = view.versions;
    order->parts = view.parts;
    order->door_parts = view.door_parts;
    order->items = view.items;
    order->facts = gw_arena_print(arena, "%s", view.facts);
    return order->head && order->facts ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for an order");
}

enum gw_status gw_order_make(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_order_request *request,
                             struct gw_text *out, struct gw_purge_order *order, struct gw_error *err)
{
    char at[GW_INSTANT_BYTES], until[GW_INSTANT_BYTES];
    enum gw_status rc;

    gw_instant_print(request->now, at);
    gw_instant_print(request->now + (int64_t)GW_ORDER_DAYS * DAY_S, until);
    *order = (struct gw_purge_order){.installation = request->config->installation,
                                     .study = request->study,
                                     .subject = request->subject,
                                     .withdraw = request->withdraw,
                                     .reason = request->reason,
                                     .by = request->by,
                                     .at = gw_arena_print(arena, "%s", at),
                                     .until = gw_arena_print(arena, "%s", until)};
    rc = order->at && order->until ? describe(ledger, arena, order, err)
                                   : gw_fail(err, GW_ENOMEM, where, "no memory for an order");
    return rc == GW_OK ? sign(request, order, out, err) : rc;
}

/* ---- holding one against the ledger ---- */

struct taking {
    struct gw_ledger *ledger;
    const struct gw_config *config;
    struct gw_arena *arena;
    struct gw_purge_order *order;
    char hash[GW_ORDER_HASH_BYTES];
    struct gw_ledger_subject subject;
    struct gw_purge_view view;
    char now[GW_INSTANT_BYTES];
    const char *by; /* who handed it in; NULL: nobody is named */
    bool goes_on;   /* it was begun, and is not at its end */
    struct gw_error *err;
};

static enum gw_status refuse(struct taking *t, const char *why)
{
    return gw_fail(t->err, GW_EINPUT, where, "the order of %s about %.60s is not carried out: %s", t->order->at,
                   t->order->subject, why);
}

/* What is known of an order that was taken up before. */
static enum gw_status check_used(struct taking *t)
{
    struct gw_tombstones stones = {NULL, 0};
    const char *number = NULL;
    enum gw_status rc = gw_ledger_note(t->ledger, t->arena, used, t->hash, &number, t->err);

    if (rc != GW_OK || !number)
        return rc;
    if (!*number)
        return refuse(t, "it was handed in before and did not fit; the audit trail says why");
    rc = gw_ledger_tombstones(t->ledger, t->arena, &stones, t->err);
    for (size_t i = 0; rc == GW_OK && i < stones.count; i++)
        if (stones.list[i].subject == strtoll(number, NULL, 10) && !stones.list[i].ended) {
            t->goes_on = true;
            return GW_OK;
        }
    return rc == GW_OK ? refuse(t, "it was carried out before") : rc;
}

static enum gw_status check_place(struct taking *t)
{
    char head[GW_ORDER_HASH_BYTES] = "";
    int64_t row = t->order->trail;
    enum gw_status rc = GW_OK;

    if (!gw_same(t->order->installation, t->config->installation))
        return refuse(t, "it is of another installation");
    if (row > 0)
        rc = gw_audit_hash(t->ledger, &row, head, t->err);
    if (rc == GW_OK && (row == 0 || strcmp(head, t->order->head) != 0))
        rc = refuse(t, "it was made for another ledger, or this is an older copy of it");
    return rc;
}

static enum gw_status check_state(struct taking *t)
{
    const struct gw_purge_order *o = t->order;
    const enum gw_status rc = look_at(t->ledger, t->arena, o->study, o->subject, &t->subject, &t->view, t->err);

    if (rc != GW_OK)
        return rc;
    if (t->subject.revision != o->revision || t->view.versions != o->versions || t->view.parts != o->parts ||
        t->view.door_parts != o->door_parts || t->view.items != o->items || strcmp(t->view.facts, o->facts) != 0)
        return refuse(t, "what is kept of the subject changed since; look again with casement purge, and have it made "
                         "anew");
    return GW_OK;
}

static enum gw_status check(struct taking *t, const char *line, size_t length, int64_t now)
{
    struct gw_signature_key *key = NULL;
    enum gw_status rc = open_key(t->config, &key, t->err);

    gw_instant_print(now, t->now);
    if (rc == GW_OK)
        rc = gw_order_read(t->arena, line, length, key, t->order, t->hash, t->err);
    gw_signature_key_free(key);
    if (rc == GW_OK)
        rc = check_place(t);
    if (rc == GW_OK)
        rc = check_used(t);
    if (rc != GW_OK || t->goes_on)
        return rc;
    if (strcmp(t->now, t->order->until) > 0)
        return refuse(t, "it expired");
    return check_state(t);
}

/* ---- beginning one ---- */

static enum gw_status audit_order(struct taking *t)
{
    const struct gw_purge_order *o = t->order;
    char what[WHAT_MAX];

    snprintf(what, sizeof what,
             "the purge of %lld versions with %lld parts and %lld exceptions; what was delivered %s%s%s",
             (long long)o->versions, (long long)(o->parts + o->door_parts), (long long)o->items,
             o->withdraw ? "is withdrawn" : "stays", t->by ? "; handed in by " : "", t->by ? t->by : "");
    return gw_audit_note(t->ledger,
                         &(struct gw_audit_act){.act = GW_AUDIT_ORDER,
                                                .by = o->by,
                                                .study = t->subject.study,
                                                .site = t->subject.site,
                                                .subject = t->subject.subject_key,
                                                .what = what,
                                                .old_hash = o->facts,
                                                .new_hash = t->hash,
                                                .reason = o->reason},
                         t->err);
}

/* The ordinary difference: of the subject no row is left. */
static enum gw_status settle_without_rows(struct taking *t, struct gw_arena *arena, const char *why)
{
    const struct gw_kept_facts facts = {.subject = t->subject.number};
    const struct gw_derived derived = {.next_day = GW_NO_DAY};
    char rule_set[40];
    struct gw_rows previous = {0}, none = {0};
    struct gw_difference difference;
    struct gw_settled settled;
    int64_t revision;
    enum gw_status rc = gw_ledger_rows(t->ledger, arena, t->subject.number, GW_LATEST, &previous, &revision, t->err);

    snprintf(rule_set, sizeof rule_set, "order %.*s", SHORT_HASH, t->hash);
    if (rc == GW_OK)
        rc = gw_difference(arena, &previous, &none, &difference, t->err);
    struct gw_settlement settlement = {.facts = &facts,
                                       .derived = &derived,
                                       .previous = &previous,
                                       .next = &none,
                                       .difference = &difference,
                                       .stamp = {.rule_set_version = rule_set, .mapped_at = t->now},
                                       .reason = why};
    return rc == GW_OK ? gw_ledger_settle(t->ledger, &settlement, &settled, t->err) : rc;
}

static enum gw_status withdraw_rows(struct taking *t, const char *why)
{
    struct gw_arena arena = GW_ARENA_INIT(ROWS_MEMORY);
    const enum gw_status rc = settle_without_rows(t, &arena, why);

    gw_arena_release(&arena);
    return rc;
}

static enum gw_status begin(struct taking *t, bool told)
{
    char why[WHAT_MAX], number[24];
    enum gw_status rc = told ? GW_OK : audit_order(t);

    snprintf(why, sizeof why, "order %.*s of %s: %s", SHORT_HASH, t->hash, t->order->by, t->order->reason);
    snprintf(number, sizeof number, "%lld", (long long)t->subject.number);
    if (rc == GW_OK)
        rc = gw_ledger_note_put(t->ledger, used, t->hash, number, t->err);
    if (rc == GW_OK && told)
        rc = gw_ledger_note_put(t->ledger, waiting, t->hash, NULL, t->err);
    if (rc == GW_OK && t->order->withdraw)
        rc = withdraw_rows(t, why);
    return rc == GW_OK ? gw_ledger_purge_begin(t->ledger, t->subject.number, why, t->err) : rc;
}

static enum gw_status note(struct taking *t, const char *line)
{
    const enum gw_status rc = audit_order(t);

    return rc == GW_OK ? gw_ledger_note_put(t->ledger, waiting, t->hash, line, t->err) : rc;
}

static enum gw_status end(struct taking *t, enum gw_status rc)
{
    if (rc == GW_OK)
        return gw_ledger_commit(t->ledger, t->err);
    gw_ledger_rollback(t->ledger);
    return rc;
}

static enum gw_status is_noted(struct taking *t, bool *noted)
{
    const char *line = NULL;
    const enum gw_status rc = gw_ledger_note(t->ledger, t->arena, waiting, t->hash, &line, t->err);

    *noted = line != NULL;
    return rc;
}

enum gw_status gw_order_hand_in(struct gw_ledger *ledger, const struct gw_config *config, const char *line,
                                size_t length, int64_t now, bool beside, const char *by, struct gw_arena *arena,
                                struct gw_purge_order *order, enum gw_order_answer *answer, struct gw_error *err)
{
    struct taking t = {.ledger = ledger, .config = config, .arena = arena, .order = order, .err = err};
    bool noted = false;
    enum gw_status rc = check(&t, line, length, now);

    t.by = by && strlen(by) <= GW_ORDER_TEXT_MAX ? by : NULL; /* no half of a name */

    *answer = t.goes_on ? GW_ORDER_GOES_ON : beside ? GW_ORDER_NOTED : GW_ORDER_BEGUN;
    if (rc == GW_OK && !t.goes_on)
        rc = is_noted(&t, &noted);
    if (rc == GW_OK && noted && beside)
        rc = refuse(&t, "it is noted already, and waits for the running service");
    if (rc != GW_OK || t.goes_on)
        return rc;
    rc = gw_ledger_begin(ledger, err);
    return rc == GW_OK ? end(&t, beside ? note(&t, line) : begin(&t, noted)) : rc;
}

/* ---- those that were noted ---- */

/* What the order itself, or the settings, are to blame for; anything else is the ledger's or the machine's. */
static bool is_about_order(enum gw_status rc)
{
    return rc == GW_EDENIED || rc == GW_EINPUT || rc == GW_ECONFIG || rc == GW_ENOINPUT;
}

static enum gw_status put_aside(struct taking *t, const char *hash, const char *why)
{
    enum gw_status rc = gw_ledger_begin(t->ledger, t->err);

    if (rc != GW_OK)
        return rc;
    rc = gw_audit_note(t->ledger,
                       &(struct gw_audit_act){.act = GW_AUDIT_ORDER_REFUSAL,
                                              .study = t->order->study,
                                              .subject = t->order->subject,
                                              .what = "an order that was noted",
                                              .new_hash = hash,
                                              .reason = why},
                       t->err);
    if (rc == GW_OK)
        rc = gw_ledger_note_put(t->ledger, waiting, hash, NULL, t->err);
    if (rc == GW_OK)
        rc = gw_ledger_note_put(t->ledger, used, hash, "", t->err);
    return end(t, rc);
}

static enum gw_status take_up(struct gw_ledger *ledger, const struct gw_config *config,
                              const struct gw_ledger_note *noted, int64_t now, size_t *begun, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(SUBJECTS_MEMORY);
    struct gw_purge_order order = {.withdraw = false};
    struct gw_error failure = {.status = GW_OK};
    struct taking t = {.ledger = ledger, .config = config, .arena = &arena, .order = &order, .err = &failure};
    enum gw_status rc = check(&t, noted->text, strlen(noted->text), now);

    t.err = err;
    if (rc == GW_OK)
        rc = gw_ledger_begin(ledger, err);
    else if (is_about_order(rc))
        rc = put_aside(&t, noted->name, failure.text);
    else
        *err = failure;
    if (rc == GW_OK && failure.status == GW_OK) {
        rc = end(&t, begin(&t, true));
        *begun += rc == GW_OK;
    }
    gw_arena_release(&arena);
    return rc;
}

enum gw_status gw_orders_take_up(struct gw_ledger *ledger, const struct gw_config *config, int64_t now, size_t *begun,
                                 struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(SUBJECTS_MEMORY);
    struct gw_ledger_notes noted = {0};
    enum gw_status rc = gw_ledger_notes(ledger, &arena, waiting, &noted, err);

    *begun = 0;
    for (size_t i = 0; rc == GW_OK && i < noted.count; i++)
        rc = take_up(ledger, config, &noted.list[i], now, begun, err);
    gw_arena_release(&arena);
    return rc;
}

enum gw_status gw_orders_waiting(struct gw_ledger *ledger, size_t *count, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(SUBJECTS_MEMORY);
    struct gw_ledger_notes noted = {0};
    const enum gw_status rc = gw_ledger_notes(ledger, &arena, waiting, &noted, err);

    *count = noted.count;
    gw_arena_release(&arena);
    return rc;
}

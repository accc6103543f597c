/*
 * What the ledger's own acts say in the trail, and what their hashes are of. Appended within the step of the act.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/decisions.h"
#include "ledger/store.h"

enum { WHY_MAX_BYTES = 1024 };

static void hex_of(const char *text, size_t length, char out[2 * GW_SHA256_BYTES + 1])
{
    uint8_t digest[GW_SHA256_BYTES];

    gw_sha256(text, length, digest);
    gw_hex(digest, sizeof digest, out);
}

/* A decision's subject is named without its study; "site:hm" and "study:s" are scopes. */
static enum gw_status place_decision(struct gw_ledger *ledger, const struct gw_decision *root, char study[65],
                                     char site[65], struct gw_error *err)
{
    sqlite3_stmt *of = ledger_bind(ledger, STATEMENT_SUBJECT_NAMED, root->match.subject);
    bool row = false;
    enum gw_status rc = root->match.subject ? ledger_step(ledger, of, &row, err) : GW_OK;

    *study = *site = '\0';
    if (row) {
        snprintf(study, 65, "%s", (const char *)sqlite3_column_text(of, 0));
        snprintf(site, 65, "%s", (const char *)sqlite3_column_text(of, 1));
        sqlite3_reset(of);
    }
    if (strncmp(root->scope, "site:", 5) == 0)
        snprintf(site, 65, "%s", root->scope + 5);
    if (strncmp(root->scope, "study:", 6) == 0)
        snprintf(study, 65, "%s", root->scope + 6);
    return rc;
}

enum gw_status audit_decision(struct gw_ledger *ledger, const struct gw_decision *decision,
                              const struct gw_decision *root, const char *text, struct gw_error *err)
{
    struct gw_audit_act act = {
        .act = GW_AUDIT_DECISION, .by = decision->by, .subject = root->match.subject, .reason = decision->reason};
    char hash[2 * GW_SHA256_BYTES + 1], what[200], study[65], site[65];
    enum gw_status rc = place_decision(ledger, root, study, site, err);

    hex_of(text, strlen(text), hash);
    if (decision->kind == GW_DECIDE_UNDO || decision->kind == GW_DECIDE_APPROVE) {
        act.act = decision->kind == GW_DECIDE_UNDO ? GW_AUDIT_UNDO : GW_AUDIT_APPROVAL;
        snprintf(what, sizeof what, "decision %lld, by decision %lld",
                 decision->kind == GW_DECIDE_UNDO ? (long long)decision->undoes
                                                  : strtoll(decision->set[GW_SET_DECISION], NULL, 10),
                 (long long)decision->n);
    } else {
        snprintf(what, sizeof what, "decision %lld (%s) for %s%s%s", (long long)decision->n,
                 gw_decision_kind_name(decision->kind), decision->scope, decision->approved_by ? ", approved by " : "",
                 decision->approved_by ? decision->approved_by : "");
    }
    act.study = study;
    act.site = site;
    act.what = what;
    act.new_hash = hash;
    return rc == GW_OK ? audit_append(ledger, &act, err) : rc;
}

struct about { /* revisions.about */
    char hash[2 * GW_SHA256_BYTES + 1];
    int64_t decision;
    char rule_set[200];
};

static enum gw_status read_about(struct gw_ledger *ledger, int64_t subject, int64_t revision, struct about *out,
                                 struct gw_error *err)
{
    sqlite3_stmt *of = ledger_bind(ledger, STATEMENT_REVISION_ABOUT, subject, revision);
    long long decision = 0;
    bool row;
    enum gw_status rc = ledger_step(ledger, of, &row, err);

    *out = (struct about){.decision = 0};
    if (rc != GW_OK || !row)
        return rc;
    const char *text = (const char *)sqlite3_column_text(of, 0);
    if (text)
        sscanf(text, "%64s %lld %199[^\n]", out->hash, &decision, out->rule_set);
    out->decision = decision;
    sqlite3_reset(of);
    return GW_OK;
}

/* Of the subject, or of all. */
static enum gw_status last_decision(struct gw_ledger *ledger, const char *subject_key, int64_t *n, struct gw_error *err)
{
    struct gw_decisions all = {NULL, 0};
    const enum gw_status rc = gw_ledger_decisions(ledger, &all, err);

    *n = 0;
    for (size_t i = all.count; rc == GW_OK && *n == 0 && i-- > 0;)
        if (!all.list[i].match.subject || strcmp(all.list[i].match.subject, subject_key) == 0)
            *n = all.list[i].n;
    return rc;
}

/* Why rows changed: what is another than at the revision before. Nothing is: a day came. */
static void print_why(struct gw_text *out, bool facts, const struct about *before, const struct about *after)
{
    if (facts)
        gw_text_add(out, "new facts");
    if (after->decision > before->decision)
        gw_text_print(out, "%sdecisions up to %lld", out->length ? ", " : "", (long long)after->decision);
    if (*before->rule_set && strcmp(before->rule_set, after->rule_set) != 0)
        gw_text_print(out, "%sanother rule set (%s)", out->length ? ", " : "", after->rule_set);
    if (out->length == 0)
        gw_text_add(out, "a day came, or settings changed");
}

/* An act about a subject, which gets its study, site and number. Texts in the arena of the call. */
static enum gw_status append_of(struct gw_ledger *ledger, int64_t number, const struct gw_audit_act *act,
                                struct gw_error *err)
{
    struct gw_audit_act whole = *act;
    struct gw_ledger_subject subject;
    const enum gw_status rc = gw_ledger_subject(ledger, &ledger->arena, number, &subject, err);

    if (rc != GW_OK)
        return rc;
    whole.study = subject.study;
    whole.site = subject.site;
    whole.subject = subject.subject_key;
    return audit_append(ledger, &whole, err);
}

/* Never settled before: new, another version, or a fact that others refer to. */
static bool any_new(const struct gw_kept_facts *facts)
{
    for (size_t i = 0; i < facts->count; i++)
        if (*facts->list[i].states == '\0')
            return true;
    return false;
}

enum gw_status audit_revision(struct gw_ledger *ledger, const struct gw_settlement *settlement,
                              const struct gw_settled *settled, const struct gw_text *rows, struct gw_text *about,
                              struct gw_error *err)
{
    const struct gw_difference *difference = settlement->difference;
    struct gw_text why = GW_TEXT_INIT(WHY_MAX_BYTES);
    struct about before, after = {.decision = 0};
    struct gw_ledger_subject subject;
    char what[200];
    enum gw_status rc = gw_ledger_subject(ledger, &ledger->arena, settlement->facts->subject, &subject, err);

    if (rc == GW_OK)
        rc = read_about(ledger, subject.number, settled->from_revision, &before, err);
    if (rc == GW_OK)
        rc = last_decision(ledger, subject.subject_key, &after.decision, err);
    if (rc != GW_OK)
        return rc;
    hex_of(rows->at, rows->length, after.hash);
    snprintf(after.rule_set, sizeof after.rule_set, "%s", settlement->stamp.rule_set_version);
    gw_text_print(about, "%s %lld %s", after.hash, (long long)after.decision, after.rule_set);
    if (settlement->reason)
        gw_text_add(&why, settlement->reason);
    else
        print_why(&why, any_new(settlement->facts), &before, &after);
    snprintf(what, sizeof what, "revision %lld from %lld: %zu rows added, %zu changed, %zu withdrawn",
             (long long)settled->to_revision, (long long)settled->from_revision, difference->added, difference->updated,
             difference->withdrawn);
    rc = about->failed || why.failed ? ledger_no_memory(err, "an audit row")
                                     : audit_append(ledger,
                                                    &(struct gw_audit_act){.act = GW_AUDIT_REVISION,
                                                                           .study = subject.study,
                                                                           .site = subject.site,
                                                                           .subject = subject.subject_key,
                                                                           .what = what,
                                                                           .old_hash = before.hash,
                                                                           .new_hash = after.hash,
                                                                           .reason = why.at},
                                                    err);
    gw_text_release(&why);
    return rc;
}

enum gw_status audit_delivery(struct gw_ledger *ledger, int64_t subject, int64_t revision, const char *receipt,
                              struct gw_error *err)
{
    struct about about;
    char what[200];
    enum gw_status rc = read_about(ledger, subject, revision, &about, err);

    snprintf(what, sizeof what, AUDIT_DELIVERY_WHAT, (long long)revision, receipt);
    return rc == GW_OK
               ? append_of(ledger, subject,
                           &(struct gw_audit_act){.act = GW_AUDIT_DELIVERY, .what = what, .new_hash = about.hash}, err)
               : rc;
}

enum gw_status audit_reconciliation(struct gw_ledger *ledger, int64_t subject, int64_t revision, int64_t again,
                                    int64_t found, struct gw_error *err)
{
    struct about about;
    char what[200];
    enum gw_status rc = read_about(ledger, subject, revision, &about, err);
    const size_t length = (size_t)snprintf(what, sizeof what, AUDIT_RECONCILIATION_WHAT, (long long)revision);

    if (again > 0)
        snprintf(what + length, sizeof what - length, "; %lld later %s for it again", (long long)again,
                 again == 1 ? "delivery waits" : "deliveries wait");
    else if (found > 0)
        snprintf(what + length, sizeof what - length, "; %lld %s there without a receipt", (long long)found,
                 found == 1 ? "delivery was" : "deliveries were");
    return rc == GW_OK
               ? append_of(ledger, subject,
                           &(struct gw_audit_act){.act = GW_AUDIT_RECONCILIATION, .what = what, .new_hash = about.hash},
                           err)
               : rc;
}

enum gw_status audit_refusal(struct gw_ledger *ledger, int64_t subject, const struct gw_refusal *refusal,
                             struct gw_error *err)
{
    const char *what = gw_arena_print(
        &ledger->arena, "row %s of %s, %s", refusal->row_id, gw_table_of(refusal->table)->name,
        refusal->kind == GW_REFUSAL_TOUCHED ? "changed there by others" : "refused by the study database");

    return what ? append_of(ledger, subject,
                            &(struct gw_audit_act){.act = GW_AUDIT_REFUSAL, .what = what, .reason = refusal->reason},
                            err)
                : ledger_no_memory(err, "an audit row");
}

enum gw_status audit_acceptance(struct gw_ledger *ledger, int64_t subject, enum gw_table_id table, const char *row_id,
                                int64_t decision, struct gw_error *err)
{
    const char *what = gw_arena_print(&ledger->arena, "row %s of %s", row_id, gw_table_of(table)->name);
    const char *why = decision ? gw_arena_print(&ledger->arena, "decision %lld", (long long)decision) : "";

    return what && why ? append_of(ledger, subject,
                                   &(struct gw_audit_act){.act = GW_AUDIT_ACCEPTANCE, .what = what, .reason = why}, err)
                       : ledger_no_memory(err, "an audit row");
}

/* Codes of the items that block, each once: "MRN_CONFLICT, SUBJECT_MERGE". */
static void print_blocking(struct gw_text *out, const struct gw_derived *derived)
{
    for (size_t i = 0; i < derived->item_count; i++) {
        const struct gw_item *item = &derived->items[i];
        bool told = *item->blocks != 'S';

        for (size_t k = 0; !told && k < i; k++)
            told = *derived->items[k].blocks == 'S' && strcmp(derived->items[k].code, item->code) == 0;
        if (!told)
            gw_text_print(out, "%s%s", out->length ? ", " : "", item->code);
    }
}

enum gw_status audit_block(struct gw_ledger *ledger, int64_t subject, const struct gw_derived *derived,
                           struct gw_error *err)
{
    struct gw_text why = GW_TEXT_INIT(WHY_MAX_BYTES);
    const struct gw_audit_act block = {.act = GW_AUDIT_BLOCK, .what = "nothing more of the subject is delivered"},
                              unblock = {.act = GW_AUDIT_UNBLOCK, .what = "the subject is delivered again"};
    struct gw_audit_act act = derived->blocked ? block : unblock;
    enum gw_status rc;

    print_blocking(&why, derived);
    act.reason = derived->blocked ? why.at : NULL;
    rc = why.failed ? ledger_no_memory(err, "an audit row") : append_of(ledger, subject, &act, err);
    gw_text_release(&why);
    return rc;
}

/* ---- a ledger from before there was a trail ---- */

static enum gw_status adopt_decision(struct gw_ledger *ledger, const struct gw_decisions *all,
                                     const struct gw_decision *decision, struct gw_error *err)
{
    const struct gw_decision *root = gw_decisions_root(all, decision);
    sqlite3_stmt *line = ledger_bind(ledger, STATEMENT_DECISION_GET, decision->n);
    bool row;
    enum gw_status rc = ledger_step(ledger, line, &row, err);
    const char *text = rc == GW_OK && row ? ledger_text(&ledger->arena, line, 0) : NULL;

    if (rc != GW_OK || !row)
        return rc;
    sqlite3_reset(line);
    return text ? audit_decision(ledger, decision, root ? root : decision, text, err)
                : ledger_no_memory(err, "the decisions");
}

static enum gw_status adopt_all(struct gw_ledger *ledger, struct gw_error *err)
{
    struct gw_decisions all = {NULL, 0};
    char what[100];
    int64_t revisions = 0;
    enum gw_status rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_AUDIT_UNTOLD), 0, &revisions, err);

    snprintf(what, sizeof what, AUDIT_ADOPTION_WHAT, (long long)revisions);
    if (rc == GW_OK)
        rc = audit_append(ledger, &(struct gw_audit_act){.act = GW_AUDIT_ADOPTION, .what = what}, err);
    if (rc == GW_OK)
        rc = gw_ledger_decisions(ledger, &all, err);
    for (size_t i = 0; rc == GW_OK && i < all.count; i++)
        rc = adopt_decision(ledger, &all, &all.list[i], err);
    return rc;
}

enum gw_status audit_adopt(struct gw_ledger *ledger, struct gw_error *err)
{
    struct step step;
    int64_t any = 0;
    enum gw_status rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_AUDIT_ANY), 1, &any, err);

    if (rc != GW_OK || any)
        return rc;
    rc = step_begin(ledger, &step, err);
    return rc == GW_OK ? step_end(ledger, &step, adopt_all(ledger, err), err) : rc;
}

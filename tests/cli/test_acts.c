/*
 * Every act of audit.def, made as it is made in the field, and the row that tells of it: who, when (UTC and the site's
 * zone), about whom, what, from which hash to which, why. An act without a case here fails.
 */
#include <pwd.h>
#include <unistd.h>

#include "cli/acts_made.h"
#include "gateway/core/date.h"

TestSuite(acts, .timeout = 600);

/* ---- the table ---- */

static char user[80]; /* whoever types without --as */

/* site: its zone stands in the row, too. what, reason: how they begin. */
static const struct act {
    void (*make)(struct ground *g);
    const char *by; /* NULL: the service */
    const char *study, *site, *subject, *what, *reason;
    bool old_hash, new_hash;
} acts[GW_AUDIT_KINDS] = {
    [GW_AUDIT_START] = {after_a_sync, .what = "casement sync"},
    [GW_AUDIT_END] = {after_a_sync, .what = "casement sync"},
    [GW_AUDIT_ADOPTION] = {begin_a_trail_late, .what = "a ledger with 1 revisions from before it"},
    [GW_AUDIT_KEY] = {after_a_sync, .what = "the pseudonym key ", .new_hash = true},
    [GW_AUDIT_PACKAGE] = {after_a_sync, .study = "lendex-rrmm", .what = "the study package lendex-rrmm 1.",
                          .new_hash = true},
    [GW_AUDIT_PROFILE] = {read_another_profile, .study = "lendex-rrmm", .site = "madrid",
                          .what = "the profile of the site madrid for the study lendex-rrmm", .old_hash = true,
                          .new_hash = true},
    [GW_AUDIT_CLOSING] = {close_the_study, .study = "lendex-rrmm",
                          .what = "that the last day of the study lendex-rrmm is 2026-12-31, and its facts go on "
                                  "2027-01-01",
                          .old_hash = true, .new_hash = true},
    [GW_AUDIT_ROSTER] = {change_a_line, .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                         .what = "a changed line: end of treatment 2024-02-20, before none", .old_hash = true,
                         .new_hash = true},
    [GW_AUDIT_REMOVAL] = {take_a_line_out, .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                          .what = "its line: nothing more is asked for", .old_hash = true},
    [GW_AUDIT_ENROLMENT] = {after_a_sync, .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                            .what = "a new subject, a patient of the endpoint first"},
    [GW_AUDIT_REVISION] = {bring_a_correction, .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                           .what = "revision 2 from 1: ", .reason = "new facts", .old_hash = true, .new_hash = true},
    [GW_AUDIT_BLOCK] = {block, .study = "lendex", .site = "hm", .subject = "ES-017",
                        .what = "nothing more of the subject is delivered", .reason = "MRN_CONFLICT"},
    [GW_AUDIT_UNBLOCK] = {unblock, .study = "lendex", .site = "hm", .subject = "ES-017",
                          .what = "the subject is delivered again"},
    [GW_AUDIT_ORDER] = {carry_an_order_out, .by = "dpo", .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                        .what = "the purge of 3 versions with 3 parts and ", .reason = "consent withdrawn",
                        .old_hash = true, .new_hash = true},
    [GW_AUDIT_ORDER_REFUSAL] = {find_an_order_expired, .study = "lendex-rrmm", .subject = "S-1",
                                .what = "an order that was noted",
                                .reason = "the order of 1970-01-01T00:16:40Z about S-1 is not carried out: it expired",
                                .new_hash = true},
    [GW_AUDIT_PURGE] = {carry_an_order_out, .study = "lendex-rrmm", .site = "madrid", .subject = "S-1",
                        .what = "3 versions with 3 parts and ", .reason = "order ", .new_hash = true},
    [GW_AUDIT_SWEEP] = {carry_an_order_out, .what = "the ledger's file"},
    [GW_AUDIT_DELIVERY] = {deliver_three, .study = "lendex", .site = "hm", .subject = "ES-017",
                           .what = "revision 3 to the study database, receipt r-3", .new_hash = true},
    [GW_AUDIT_RECONCILIATION] = {find_it_behind, .study = "lendex", .site = "hm", .subject = "ES-017",
                                 .what = "the study database, which stands at revision 1; 2 later deliveries",
                                 .new_hash = true},
    [GW_AUDIT_RECALL] = {find_it_ahead, .study = "lendex", .site = "hm", .subject = "ES-017",
                         .what = "revision 7 as the study database has it", .reason = "the ledger was restored",
                         .new_hash = true},
    [GW_AUDIT_REFUSAL] = {be_refused, .study = "lendex", .site = "hm", .subject = "ES-017",
                          .what = "row o1@T30-01 of observations, refused by the study database",
                          .reason = "SQLSTATE 22003"},
    [GW_AUDIT_ACCEPTANCE] = {be_taken_after_all, .study = "lendex", .site = "hm", .subject = "ES-017",
                             .what = "row o1@T30-01 of observations", .reason = "decision 4"},
    [GW_AUDIT_MIGRATION] = {migrate, .by = user, .study = "lendex-rrmm",
                            .what = "schema acts of database postgres at "},
    [GW_AUDIT_DECISION] = {decide, .by = "dm1", .study = "lendex", .site = "hm", .subject = "ES-017",
                           .what = "decision 1 (anchor) for study:lendex", .reason = "letter of the hospital",
                           .new_hash = true},
    [GW_AUDIT_APPROVAL] = {approve, .by = "dm2", .study = "lendex", .site = "hm", .subject = "ES-017",
                           .what = "decision 1, by decision 2", .reason = "read the letter", .new_hash = true},
    [GW_AUDIT_UNDO] = {undo, .by = "dm2", .study = "lendex", .site = "hm", .subject = "ES-017",
                       .what = "decision 1, by decision 2", .reason = "read the letter", .new_hash = true},
    [GW_AUDIT_PLAN] = {plan, .by = user, .study = "lendex-rrmm", .subject = "S-1",
                       .what = PACKAGE ": 0 of 1 subjects would change"},
    [GW_AUDIT_REPLAY] = {replay, .by = "dm1", .study = "lendex-rrmm", .what = "1 subject out of S-1",
                         .reason = "a new range"},
    [GW_AUDIT_REFETCH] = {ask_again, .by = "dm1", .study = "lendex-rrmm",
                          .what = "Observation of 1 subject (S-1) from 2024-02-01 to 2024-03-01",
                          .reason = "re-issued results"},
    [GW_AUDIT_REBUILD] = {rebuild, .by = "dm1", .study = "lendex-rrmm",
                          .what = "the study database from the ledger into again.db: ", .new_hash = true},
    [GW_AUDIT_EXPORT] = {export_it, .by = "dm1", .study = "lendex-rrmm", .what = "the study database as csv, ",
                         .new_hash = true},
};

/* ---- the row ---- */

struct seen {
    const char *act;
    struct gw_arena arena;
    struct gw_audit_row row; /* the last one of the act */
    size_t count;
};

static const char *keep(struct seen *seen, const char *text)
{
    return gw_arena_copy(&seen->arena, text, strlen(text));
}

static bool see(void *ctx, const struct gw_audit_row *row)
{
    struct seen *seen = ctx;

    if (strcmp(row->act, seen->act) != 0)
        return true;
    seen->count++;
    seen->row = (struct gw_audit_row){.at = keep(seen, row->at),
                                      .zone = keep(seen, row->zone),
                                      .by = keep(seen, row->by),
                                      .study = keep(seen, row->study),
                                      .site = keep(seen, row->site),
                                      .subject = keep(seen, row->subject),
                                      .what = keep(seen, row->what),
                                      .old_hash = keep(seen, row->old_hash),
                                      .new_hash = keep(seen, row->new_hash),
                                      .reason = keep(seen, row->reason)};
    return true;
}

static void expect_text(const char *act, const char *member, const char *got, const char *wanted)
{
    cr_expect(gw_same(got, wanted ? wanted : ""), "%s, %s: %s", act, member, got);
}

static void expect_beginning(const char *act, const char *member, const char *got, const char *wanted)
{
    cr_expect(wanted ? strncmp(got, wanted, strlen(wanted)) == 0 : *got == '\0', "%s, %s: %s", act, member, got);
}

static void expect_hash(const char *act, const char *member, const char *got, bool wanted)
{
    cr_expect(wanted ? strlen(got) >= 16 && strspn(got, "0123456789abcdef") == strlen(got) : *got == '\0',
              "%s, %s: \"%s\"", act, member, got);
}

static void expect_row(const struct act *wanted, const char *act, const struct gw_audit_row *row, const char *from,
                       const char *to)
{
    cr_expect(strcmp(row->at, from) >= 0 && strcmp(row->at, to) <= 0, "%s: at %s, not %s to %s", act, row->at, from,
              to);
    expect_text(act, "zone", row->zone, wanted->site ? "Europe/Madrid" : "");
    if (wanted->by)
        expect_text(act, "by", row->by, wanted->by);
    else
        expect_beginning(act, "by", row->by, "service (");
    expect_text(act, "study", row->study, wanted->study);
    expect_text(act, "site", row->site, wanted->site);
    expect_text(act, "subject", row->subject, wanted->subject);
    expect_beginning(act, "what", row->what, wanted->what);
    expect_beginning(act, "reason", row->reason, wanted->reason);
    expect_hash(act, "old hash", row->old_hash, wanted->old_hash);
    expect_hash(act, "new hash", row->new_hash, wanted->new_hash);
}

static void make_and_read(enum gw_audit_kind kind)
{
    struct seen seen = {.act = gw_audit_name(kind), .arena = GW_ARENA_INIT(1 << 20)};
    char from[GW_INSTANT_BYTES], to[GW_INSTANT_BYTES];
    struct ground g = {.synced = false};
    struct gw_error err = {0};

    gw_instant_print(time(NULL), from);
    acts[kind].make(&g);
    gw_instant_print(time(NULL), to);
    cr_assert(gw_audit_rows(g.ledger, see, &seen, &err) == GW_OK, "%s", err.text);
    cr_assert(seen.count > 0, "no row tells of %s", seen.act);
    expect_row(&acts[kind], seen.act, &seen.row, from, to);
    leave(&g);
    gw_arena_release(&seen.arena);
}

Test(acts, stand_in_the_trail_with_who_when_what_and_why_each_of_them)
{
    snprintf(user, sizeof user, "%s", getpwuid(geteuid())->pw_name);
    for (int kind = 0; kind < GW_AUDIT_KINDS; kind++) {
        cr_expect(acts[kind].make != NULL, "%s has no case here", gw_audit_name((enum gw_audit_kind)kind));
        if (acts[kind].make)
            make_and_read((enum gw_audit_kind)kind);
    }
}

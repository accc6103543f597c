/*
 * casement audit on the files of a ledger, as a stranger with the public half of the key would use it.
 */
#include <criterion/criterion.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "gateway/ledger/audit.h"
#include "support/program.h"
#include "support/scratch.h"

TestSuite(audit_command, .timeout = 120);

static void make_trail(struct scratch *scratch)
{
    static const struct gw_audit_act acts[] = {
        {.act = GW_AUDIT_START, .what = "casement run"},
        {.act = GW_AUDIT_ROSTER,
         .by = "dm1",
         .site = "hm",
         .subject = "ES-017",
         .what = "a new line",
         .reason = "letter",
         .new_hash = "abcdef0123456789"},
        {.act = GW_AUDIT_ROSTER, .by = "dm2", .site = "hm", .subject = "ES-018", .what = "another line"},
    };
    struct gw_ledger *ledger;
    struct gw_error err;

    cr_assert(gw_ledger_open(scratch_path(scratch, "ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    cr_assert(gw_audit_zone(ledger, "hm", "Europe/Madrid", &err) == GW_OK);
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        cr_assert(gw_audit_note(ledger, &acts[i], &err) == GW_OK, "%s", err.text);
    gw_ledger_close(ledger);
}

static void run(struct scratch *scratch, struct program *program, const char *verb, const char *option,
                const char *value)
{
    program_run(program, scratch->folder,
                (const char *[]){CASEMENT, "audit", verb, "--ledger", "ledger.db", option, value, NULL});
}

Test(audit_command, shows_the_acts_of_one_subject_in_a_sentence)
{
    struct scratch scratch;
    struct program shown;

    scratch_init(&scratch);
    make_trail(&scratch);
    run(&scratch, &shown, "show", "--subject", "ES-017");
    cr_expect(shown.code == 0, "%s", shown.err);
    cr_expect(strstr(shown.out, "dm1 read in the roster a new line; subject ES-017; because: letter; nothing -> "
                                "abcdef012345"),
              "%s", shown.out);
    cr_expect(strstr(shown.out, " in Europe/Madrid)"), "%s", shown.out);
    cr_expect(!strstr(shown.out, "ES-018") && !strstr(shown.out, "started"), "%s", shown.out);
    program_release(&shown);
    run(&scratch, &shown, "show", "--since", "2999-01-01");
    cr_expect(strcmp(shown.out, "Nothing of that in the trail\n") == 0, "%s", shown.out);
    program_release(&shown);
    scratch_release(&scratch);
}

Test(audit_command, verifies_with_the_public_half_of_the_key_and_names_the_bad_row)
{
    struct scratch scratch;
    struct program told;
    sqlite3 *db;

    scratch_init(&scratch);
    make_trail(&scratch);
    run(&scratch, &told, "key", NULL, NULL);
    cr_assert(told.code == 0, "%s", told.err);
    cr_expect(strstr(told.out, "BEGIN PUBLIC KEY") && !strstr(told.out, "PRIVATE"));
    scratch_write(&scratch, "public.pem", told.out);
    program_release(&told);

    run(&scratch, &told, "verify", "--key", "public.pem");
    cr_expect(told.code == 0, "%s%s", told.out, told.err);
    cr_expect(strstr(told.out, "3 rows, 1 signed checkpoint\n"), "%s", told.out);
    cr_expect(strstr(told.out, "cover them all"), "%s", told.out);
    cr_expect(strstr(told.out, "ok  decisions, revisions and receipts are those"), "%s", told.out);
    program_release(&told);

    cr_assert(sqlite3_open(scratch_path(&scratch, "ledger.db"), &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db,
                           "DROP TRIGGER audit_unchanged; UPDATE audit SET text = replace(text, 'dm1', 'dm3');"
                           "CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'append "
                           "only'); END",
                           NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    run(&scratch, &told, "verify", "--key", "public.pem");
    cr_expect(told.code == 65, "%s%s", told.out, told.err);
    cr_expect(strstr(told.out, "FAIL  row 2: its hash does not follow"), "%s", told.out);
    program_release(&told);
    scratch_release(&scratch);
}

Test(audit_command, tells_what_is_not_yet_signed)
{
    struct scratch scratch;
    struct program told;
    struct gw_ledger *ledger;
    struct gw_error err;

    scratch_init(&scratch);
    make_trail(&scratch);
    cr_assert(gw_ledger_open(scratch_path(&scratch, "ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
    for (int i = 0; i < 2; i++)
        cr_assert(gw_audit_note(ledger, &(struct gw_audit_act){.act = GW_AUDIT_START, .what = "more"}, &err) == GW_OK);
    run(&scratch, &told, "verify", NULL, NULL);
    cr_expect(told.code == 0, "%s%s", told.out, told.err);
    cr_expect(strstr(told.out, "\nnot yet signed: 2 rows since 2"), "%s", told.out);
    program_release(&told);
    gw_ledger_close(ledger);
    run(&scratch, &told, "verify", NULL, NULL);
    cr_expect(strstr(told.out, "cover them all"), "%s", told.out);
    program_release(&told);
    scratch_release(&scratch);
}

Test(audit_command, names_a_decision_that_was_put_in_by_hand)
{
    struct scratch scratch;
    struct program told;
    sqlite3 *db;

    scratch_init(&scratch);
    make_trail(&scratch);
    cr_assert(sqlite3_open(scratch_path(&scratch, "ledger.db"), &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, "INSERT INTO decisions VALUES (1, '{}')", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    run(&scratch, &told, "verify", NULL, NULL);
    cr_expect(told.code == 65, "%s%s", told.out, told.err);
    cr_expect(strstr(told.out, "FAIL  decision 1 was changed or put in by hand"), "%s", told.out);
    cr_expect(strstr(told.err, "the ledger is not what its audit trail tells"), "%s", told.err);
    program_release(&told);
    scratch_release(&scratch);
}

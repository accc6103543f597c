/*
 * REDCap as a study database when something goes wrong there: nothing of a person's is overwritten, what is refused
 * keeps nothing else back, a crash between rows and receipt is made good, and no other project is written to.
 */
#include <criterion/criterion.h>

#include "sinks/redcap_desk.h"

Test(redcap_faults, leaves_alone_what_a_person_changed)
{
    static const struct {
        const char *name, *field, *typed, *reason;
        bool withdrawn; /* what we wanted of o1 */
    } cases[] = {
        {"D7: typed over", VALUE, "1.4", "", false},
        {"D7: other digits", VALUE, "1.200", "", false},
        {"D7: another column", "observations_unit", "g/L", "", false},
        {"D7: the digest", "observations_written", "x", "", false},
        {"D7: deleted", NULL, NULL, "missing", false},
        {"D7: withdrawn by us", VALUE, "1.4", "", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redcap_desk desk;
        struct gw_rows none = {0}, first = {0}, second = {0};

        redcap_desk_init(&desk);
        redcap_desk_add(&desk, &first, "o1", "1.20");
        redcap_desk_add(&desk, &first, "o2", "7");
        if (!cases[i].withdrawn)
            redcap_desk_add(&desk, &second, "o1", "1.60");
        redcap_desk_add(&desk, &second, "o2", "8");
        redcap_desk_ship_well(&desk, &none, &first, 0, 1);
        fake_redcap_type(&desk.redcap, "o1", cases[i].field, cases[i].typed);
        redcap_desk_ship_well(&desk, &first, &second, 1, 2);
        cr_expect(desk.shipment.refusals.count == 1 &&
                      redcap_desk_refuses(&desk, 0, GW_REFUSAL_TOUCHED, "o1", cases[i].reason),
                  "%s", cases[i].name);
        cr_expect(!cases[i].field || redcap_desk_is(&desk, "o1", cases[i].field, cases[i].typed), "%s", cases[i].name);
        cr_expect(redcap_desk_is(&desk, "o2", VALUE, "8"), "%s: all others go through", cases[i].name);
        redcap_desk_ship_well(&desk, &first, &second, 1, 2);
        cr_expect(redcap_desk_refuses(&desk, 0, GW_REFUSAL_TOUCHED, "o1", cases[i].reason),
                  "%s: sent again, named again", cases[i].name);
        redcap_desk_release(&desk);
    }
}

Test(redcap_faults, delivers_499_rows_beside_one_that_is_refused)
{
    static const struct {
        const char *name, *locked, *refused, *grade_flag, *window, *reason;
    } cases[] = {
        {"D4: a locked form", "o250", NULL, "exact", "T30-01", "locked"},
        {"D4: a value that a rule of theirs refuses", NULL, "666", "exact", "T30-01",
         "not taken: observations_value_num"},
        {"D4: a term that is no choice", NULL, NULL, "surely", "T30-01", "not taken: observations_grade_flag"},
        {"D4: a window that is no event", NULL, NULL, "exact", "T30-99", "no event of this window"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redcap_desk desk;
        struct gw_rows none = {0}, first = {0};
        int written = 0;

        redcap_desk_init(&desk);
        desk.redcap.locked = cases[i].locked;
        desk.redcap.refused = cases[i].refused;
        for (int row = 0; row < 500; row++) {
            const char *row_id = gw_arena_print(&desk.arena, "o%03d", row);

            redcap_desk_add_in(&desk, &first, row == 250 ? cases[i].window : "T30-01", row_id, row == 250 ? "666" : "1")
                ->grade_flag = row == 250 ? cases[i].grade_flag : "exact";
        }
        redcap_desk_ship_well(&desk, &none, &first, 0, 1);
        cr_expect(desk.shipment.refusals.count == 1 &&
                      redcap_desk_refuses(&desk, 0, GW_REFUSAL_REJECTED, "o250", cases[i].reason),
                  "%s: %s", cases[i].name, desk.shipment.refusals.list ? desk.shipment.refusals.list[0].reason : "");
        for (int row = 0; row < 500; row++)
            written += *fake_redcap_cell(&desk.redcap, gw_arena_print(&desk.arena, "o%03d", row), VALUE) != '\0';
        cr_expect(written == 499, "%s: %d", cases[i].name, written);
        cr_expect(desk.redcap.imports < 25, "%s: halves, not rows: %d", cases[i].name, desk.redcap.imports);
        redcap_desk_release(&desk);
    }
}

/*
 * D1: the connection ends at each import in turn, before or after it is done: the receipt taken back, rows, the receipt
 * written. What is sent then, and from where, is what the courier would send: the difference from where it stands.
 */
Test(redcap_faults, ends_equal_wherever_the_connection_is_cut)
{
    for (int at = 0; at < 3; at++)
        for (int cut = FAKE_CUT_BEFORE; cut <= FAKE_CUT_AFTER; cut++) {
            struct redcap_desk desk;
            struct gw_rows none = {0}, first = {0}, second = {0}, third = {0};
            int64_t stands;

            redcap_desk_init(&desk);
            redcap_desk_add(&desk, &first, "o1", "1.20");
            redcap_desk_add(&desk, &first, "o4", "4");
            redcap_desk_add(&desk, &second, "o1",
                            "1.40"); /* o1 changed and back, o2 there and gone, o4 gone and back */
            redcap_desk_add(&desk, &second, "o2", "2");
            redcap_desk_add(&desk, &third, "o1", "1.20");
            redcap_desk_add(&desk, &third, "o3", "3");
            redcap_desk_add(&desk, &third, "o4", "4");
            redcap_desk_ship_well(&desk, &none, &first, 0, 1);
            desk.redcap.cut_at = desk.redcap.imports + at;
            desk.redcap.cut = (enum fake_cut)cut;
            cr_expect(redcap_desk_ship(&desk, &first, &second, 1, 2) == GW_ERETRY, "%d %d: %s", at, cut,
                      desk.failure.text);
            stands = strtoll(fake_redcap_receipt(&desk.redcap, "ES-017"), NULL, 10);
            cr_expect(stands == (at == 0 && cut == FAKE_CUT_BEFORE  ? 1
                                 : at == 2 && cut == FAKE_CUT_AFTER ? 2
                                                                    : 0),
                      "%d %d: %lld", at, cut, (long long)stands);
            redcap_desk_ship_well(&desk, stands == 0 ? &none : stands == 1 ? &first : &second, &third, stands, 3);
            cr_expect(desk.shipment.refusals.count == 0, "%d %d", at, cut);
            cr_expect(redcap_desk_is(&desk, "o1", VALUE, "1.20") && redcap_desk_is(&desk, "o3", VALUE, "3") &&
                          redcap_desk_is(&desk, "o4", VALUE, "4"),
                      "%d %d", at, cut);
            cr_expect(redcap_desk_is(&desk, "o4", "observations_status", "active"), "%d %d", at, cut);
            cr_expect(!*fake_redcap_cell(&desk.redcap, "o2", "observations_row_id") ||
                          redcap_desk_is(&desk, "o2", "observations_status", "withdrawn"),
                      "%d %d: a row of no revision", at, cut);
            cr_expect_str_eq(fake_redcap_receipt(&desk.redcap, "ES-017"), "3");
            redcap_desk_release(&desk);
        }
}

Test(redcap_faults, stops_at_a_project_that_is_not_the_studys)
{
    static const struct {
        const char *name, *token, *codes, *study, *locked;
        bool staging;
        int status, miscount;
        enum gw_status wanted;
    } cases[] = {
        {"D8: a project that is not in production", NULL, NULL, NULL, NULL, true, 0, 0, GW_ECONFIG},
        {"D8: a project with another study's rows", NULL, NULL, "other", NULL, false, 0, 0, GW_ECONFIG},
        {"D5: a token that is no more", "ABC", NULL, NULL, NULL, false, 0, 0, GW_EDENIED},
        {"D5: a file without a token", "a b", NULL, NULL, NULL, false, 0, 0, GW_ECONFIG},
        {"a project that cannot say nothing", NULL, "NIX, x|UNK, NI", NULL, NULL, false, 0, 0, GW_ECONFIG},
        {"a receipt that is locked", NULL, NULL, NULL, "receipt", false, 0, 0, GW_ECONFIG},
        {"a count that is not ours", NULL, NULL, NULL, NULL, false, 0, 3, GW_EPROTO},
        {"D6: busy", NULL, NULL, NULL, NULL, false, 503, 0, GW_ERETRY},
        {"a page in place of an answer", NULL, NULL, NULL, NULL, false, 200, 0, GW_EPROTO},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redcap_desk desk;
        struct gw_rows none = {0}, first = {0}, second = {0};

        redcap_desk_init(&desk);
        redcap_desk_add(&desk, &first, "o1", "1.20");
        redcap_desk_add(&desk, &second, "o1", "1.40");
        redcap_desk_ship_well(&desk, &none, &first, 0, 1);
        redcap_desk_close(&desk);
        if (cases[i].study)
            desk.target.study = cases[i].study;
        redcap_desk_open(&desk);
        if (cases[i].token)
            redcap_desk_write_token(&desk, cases[i].token);
        if (cases[i].codes)
            desk.redcap.missing_codes = cases[i].codes;
        desk.redcap.locked = cases[i].locked;
        desk.redcap.production = !cases[i].staging;
        desk.redcap.status = cases[i].status;
        desk.redcap.miscount = cases[i].miscount;
        cr_expect(redcap_desk_ship(&desk, &first, &second, 1, 2) == cases[i].wanted, "%s: %d %s", cases[i].name,
                  desk.failure.status, desk.failure.text);
        cr_expect(redcap_desk_is(&desk, "o1", VALUE, "1.20"), "%s", cases[i].name);
        redcap_desk_release(&desk);
    }
}

Test(redcap_faults, goes_on_with_a_token_that_was_changed)
{
    struct redcap_desk desk;
    struct gw_rows none = {0}, first = {0};

    redcap_desk_init(&desk);
    redcap_desk_add(&desk, &first, "o1", "1.20");
    redcap_desk_write_token(&desk, "OLD");
    cr_expect(redcap_desk_ship(&desk, &none, &first, 0, 1) == GW_EDENIED);
    redcap_desk_write_token(&desk, FAKE_REDCAP_TOKEN);
    redcap_desk_ship_well(&desk, &none, &first, 0, 1);
    redcap_desk_release(&desk);
}

Test(redcap_faults, refuses_settings_that_cannot_be_safe)
{
    static const struct {
        const char *name, *url;
        unsigned mode;
    } cases[] = {
        {"no API", "https://redcap.example.org/", 0600},
        {"a query", "https://redcap.example.org/?x=/api/", 0600},
        {"plain", "http://redcap.example.org/api/", 0600},
        {"a user", "https://u:p@redcap.example.org/api/", 0600},
        {"a token that others read", "https://redcap.example.org/api/", 0644},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redcap_desk desk;
        struct gw_remote *other = NULL;

        redcap_desk_init(&desk);
        desk.target.url = cases[i].url;
        chmod(desk.token_file, cases[i].mode);
        cr_expect(gw_sink_redcap_open(&desk.loop, &desk.target, &other, &desk.failure) == GW_ECONFIG, "%s: %s",
                  cases[i].name, desk.failure.text);
        redcap_desk_release(&desk);
    }
}

Test(redcap_faults, is_closed_at_each_of_its_questions)
{
    for (size_t steps = 0; steps < 40; steps++) {
        struct redcap_desk desk;
        struct gw_rows none = {0}, first = {0};

        redcap_desk_init(&desk);
        redcap_desk_add(&desk, &first, "o1", "1.20");
        const struct gw_batch sent = redcap_desk_batch(&desk, &none, &first, 0, 1);

        desk.shipment =
            (struct gw_shipment){.batches = &sent, .count = 1, .receipts = desk.receipts, .arena = &desk.arena};
        desk.remote->deliver(desk.remote, &desk.shipment, redcap_desk_on_done, &desk);
        for (size_t i = 0; i < steps && desk.calls == 0; i++)
            uv_run(&desk.loop, UV_RUN_ONCE);
        const bool ended = desk.calls == 1;

        redcap_desk_release(&desk);
        cr_expect(desk.calls == 1, "once");
        cr_expect(desk.failure.status == (ended ? GW_OK : GW_ECANCELED), "%zu: %s", steps, desk.failure.text);
    }
}

/* It was there when the project was looked at, or it was not: either way no row is taken for a refused one. */
Test(redcap_faults, d5_stops_where_a_field_is_gone_and_goes_on_when_it_is_back)
{
    for (int known = 0; known < 2; known++) {
        struct redcap_desk desk;
        struct gw_rows none = {0}, first = {0}, second = {0};
        int imports;

        redcap_desk_init(&desk);
        redcap_desk_add(&desk, &first, "o1", "1.20");
        redcap_desk_add(&desk, &second, "o1", "1.40");
        redcap_desk_add(&desk, &second, "o2", "2");
        redcap_desk_ship_well(&desk, &none, &first, 0, 1);
        if (!known) {
            redcap_desk_close(&desk);
            redcap_desk_open(&desk);
        }
        imports = desk.redcap.imports;
        fake_redcap_drop(&desk.redcap, VALUE);
        cr_expect(redcap_desk_ship(&desk, &first, &second, 1, 2) == GW_ECONFIG, "%d: %s", known, desk.failure.text);
        cr_expect(strstr(desk.failure.text, VALUE) && strstr(desk.failure.text, "--format redcap-dictionary"), "%s",
                  desk.failure.text);
        cr_expect(desk.shipment.refusals.count == 0 && redcap_desk_is(&desk, "o1", VALUE, "1.20"), "%d", known);
        cr_expect(desk.redcap.imports == imports + (known ? 2 : 0), "%d: the receipt taken back, and one of rows",
                  known);
        redcap_desk_lay(&desk);
        redcap_desk_ship_well(&desk, known ? &none : &first, &second, known ? 0 : 1, 2);
        cr_expect(redcap_desk_is(&desk, "o1", VALUE, "1.40") && redcap_desk_is(&desk, "o2", VALUE, "2"), "%d", known);
        redcap_desk_release(&desk);
    }
}

Test(redcap_faults, says_before_the_first_row_what_the_project_lacks)
{
    static const char *const windows[] = {"BASELINE", "T30-01", "T30-02"};
    static const struct {
        const char *name, *field, *event, *says;
        bool repeats;
    } cases[] = {
        {"all of it is there", NULL, NULL, NULL, true},
        {"a field", "windows_contact_kind", NULL, "(1, the first is windows_contact_kind)", true},
        {"a window", NULL, "T30-02", "(1, the first is T30-02)", true},
        {"the subject's own event", NULL, "SUBJECT", "no event called SUBJECT", true},
        {"a window that the study has not", NULL, "T90-01", NULL, true},
        {"a repeating instrument", NULL, NULL, "nothing repeats", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redcap_desk desk;

        redcap_desk_init(&desk);
        if (cases[i].field)
            fake_redcap_drop(&desk.redcap, cases[i].field);
        desk.redcap.without_event = cases[i].event;
        desk.redcap.repeats = cases[i].repeats;
        desk.calls = 0;
        desk.remote->examine(desk.remote, windows, sizeof windows / sizeof *windows, redcap_desk_on_done, &desk);
        cr_expect(redcap_desk_wait(&desk) == (cases[i].says ? GW_ECONFIG : GW_OK), "%s: %s", cases[i].name,
                  desk.failure.text);
        cr_expect(!cases[i].says || strstr(desk.failure.text, cases[i].says), "%s: %s", cases[i].name,
                  desk.failure.text);
        cr_expect(desk.redcap.imports == 0, "%s: nothing is written", cases[i].name);
        redcap_desk_release(&desk);
    }
}

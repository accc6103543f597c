/*
 * PostgreSQL as a study database: shipments that apply once, on their own revision, without what is refused.
 */
#include "sinks/remote_desk.h"

static const char all[] = "SELECT coalesce(string_agg(row_id || '=' || coalesce(value_num::text, '') || ':' || status,"
                          " ' ' ORDER BY row_id, subject_key), '') FROM observations";

Test(postgres, adds_changes_and_withdraws)
{
    struct remote_desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};

    remote_desk_init(&desk, "adds");
    remote_desk_observation(&desk, &first, "ES-017", "o1", "1.20");
    remote_desk_observation(&desk, &first, "ES-017", "o2", "7")->anl01 = true;
    remote_desk_observation(&desk, &second, "ES-017", "o1", "1.40");
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &none, &first, 0)) == GW_OK, "%s",
              desk.failure.text);
    cr_expect(desk.receipts[0].applied && desk.receipts[0].revision == 1);
    cr_expect(remote_desk_says(&desk, all, "o1=1.20:active o2=7:active"));
    cr_expect(remote_desk_says(&desk, "SELECT anl01 FROM observations WHERE row_id = 'o2'", "t"));
    cr_expect(remote_desk_says(&desk, "SELECT anl01 IS NULL FROM observations WHERE row_id = 'o1'", "t"));
    cr_expect(remote_desk_says(&desk, "SELECT pg_typeof(value_num) FROM observations WHERE row_id = 'o1'", "numeric"));
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &first, &second, 1)) == GW_OK);
    cr_expect(remote_desk_says(&desk, all, "o1=1.40:active o2=:withdrawn"));
    cr_expect(remote_desk_says(&desk, "SELECT concept IS NULL FROM observations WHERE row_id = 'o2'", "t"),
              "a tombstone says nothing");
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &second, &first, 2)) == GW_OK);
    cr_expect(remote_desk_says(&desk, all, "o1=1.20:active o2=7:active"), "a tombstone may come back to life");
    cr_expect(desk.shipment.refusals.count == 0);
    remote_desk_release(&desk);
}

Test(postgres, carries_every_text_as_it_is)
{
    static const char *const texts[] = {
        "",  " ",    "NULL", "null", "{a,b}",    "\"",  "\\",    "a\"b\\c", "'", "\t\n", "\xc3\xa9\xe2\x82\xac",
        ",", "=1+1", "\\N",  "(x)",  "a)b,\"\"", "x\\", "\\\"\\"};
    struct remote_desk desk;
    struct gw_rows none = {0}, first = {0};
    const size_t count = sizeof texts / sizeof *texts;

    remote_desk_init(&desk, "texts");
    for (size_t i = 0; i < count; i++) {
        struct gw_row_observations *row = remote_desk_observation(
            &desk, &first, "ES-017", gw_arena_print(&desk.arena, "o%02zu", i), i % 3 ? "0.0" : NULL);

        row->value_text = texts[i];
        row->study_day = i % 2 ? -5 : GW_NULL_INTEGER;
    }
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &none, &first, 0)) == GW_OK, "%s",
              desk.failure.text);
    for (size_t i = 0; i < count; i++) {
        char sql[200];

        snprintf(sql, sizeof sql, "SELECT value_text FROM observations WHERE row_id = 'o%02zu'", i);
        cr_expect(remote_desk_says(&desk, sql, texts[i]), "%zu", i);
    }
    cr_expect(remote_desk_says(&desk, "SELECT count(*) FROM observations WHERE study_day = -5", "9"));
    cr_expect(remote_desk_says(&desk, "SELECT count(*) FROM observations WHERE value_num IS NULL", "6"));
    remote_desk_release(&desk);
}

Test(postgres, applies_a_batch_once_and_only_on_its_revision)
{
    static const struct {
        const char *name;
        int64_t from;
        bool there; /* as far as the receipt tells */
    } cases[] = {{"sent twice", 0, true}, {"from the future", 5, false}, {"from before everything", -1, false}};
    struct remote_desk desk;
    struct gw_rows none = {0}, first = {0}, other = {0};

    remote_desk_init(&desk, "once");
    remote_desk_observation(&desk, &first, "ES-017", "o1", "1.20");
    remote_desk_observation(&desk, &other, "ES-017", "o1", "9.99");
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &none, &other, 3)) == GW_OK);
    cr_expect(!desk.receipts[0].applied && desk.receipts[0].revision == 0, "it knows nobody of this name");
    cr_expect(remote_desk_says(&desk, all, ""));
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &none, &first, 0)) == GW_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct gw_batch batch = remote_desk_batch(&desk, "ES-017", &none, &other, cases[i].from);

        cr_expect(remote_desk_send_one(&desk, batch) == GW_OK, "%s: %s", cases[i].name, desk.failure.text);
        cr_expect(desk.receipts[0].applied == cases[i].there && desk.receipts[0].revision == 1, "%s", cases[i].name);
        cr_expect(remote_desk_says(&desk, all, "o1=1.20:active"), "%s", cases[i].name);
        cr_expect(remote_desk_says(&desk, "SELECT count(*) FROM batches", "1"), "%s", cases[i].name);
    }
    remote_desk_release(&desk);
}

Test(postgres, says_where_every_subject_stands)
{
    struct remote_desk desk;
    struct gw_rows none = {0}, one = {0}, two = {0};
    struct gw_stands stands;

    remote_desk_init(&desk, "stands");
    remote_desk_observation(&desk, &one, "ES-001", "o1", "1");
    remote_desk_observation(&desk, &two, "ES-002", "o1", "2");
    const struct gw_batch batches[] = {remote_desk_batch(&desk, "ES-001", &none, &one, 0),
                                       remote_desk_batch(&desk, "ES-002", &none, &two, 0)};
    cr_expect(remote_desk_send(&desk, batches, 2) == GW_OK);
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-002", &two, &none, 1)) == GW_OK);
    desk.calls = 0;
    desk.remote->stand(desk.remote, &desk.arena, &stands, remote_desk_on_done, &desk);
    cr_expect(remote_desk_wait(&desk) == GW_OK);
    cr_assert(stands.count == 2);
    cr_expect_str_eq(stands.list[0].subject_key, "ES-001");
    cr_expect(stands.list[0].revision == 1 && stands.list[1].revision == 2);
    cr_expect(remote_desk_says(&desk,
                               "SELECT string_agg(from_revision || '>' || to_revision, ' ' ORDER BY to_revision)"
                               " FROM batches WHERE subject_key = 'ES-002'",
                               "0>1 1>2"));
    remote_desk_release(&desk);
}

Test(postgres, leaves_alone_what_a_person_changed)
{
    static const struct {
        const char *name, *by_hand, *after;
        bool withdrawn; /* what we wanted of o1 */
    } cases[] = {
        {"d7_typed", "UPDATE observations SET value_num = 1.4 WHERE row_id = 'o1'", "o1=1.4:active o2=8:active", false},
        {"d7_digits", "UPDATE observations SET value_num = 1.200 WHERE row_id = 'o1'", "o1=1.200:active o2=8:active",
         false},
        {"d7_other_column", "UPDATE observations SET unit = 'g/L' WHERE row_id = 'o1'", "o1=1.20:active o2=8:active",
         false},
        {"d7_deleted", "DELETE FROM observations WHERE row_id = 'o1'", "o2=8:active", false},
        {"d7_withdrawal", "UPDATE observations SET value_num = 1.4 WHERE row_id = 'o1'", "o1=1.4:active o2=8:active",
         true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct remote_desk desk;
        struct gw_rows none = {0}, first = {0}, second = {0};

        remote_desk_init(&desk, cases[i].name);
        remote_desk_observation(&desk, &first, "ES-017", "o1", "1.20");
        remote_desk_observation(&desk, &first, "ES-017", "o2", "7");
        if (!cases[i].withdrawn)
            remote_desk_observation(&desk, &second, "ES-017", "o1", "9");
        remote_desk_observation(&desk, &second, "ES-017", "o2", "8");
        cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &none, &first, 0)) == GW_OK);
        remote_desk_exec(&desk, cases[i].by_hand);
        for (int again = 0; again < 2; again++) { /* the answer to the first was lost */
            const struct gw_batch batch = remote_desk_batch(&desk, "ES-017", &first, &second, 1);

            cr_expect(remote_desk_send_one(&desk, batch) == GW_OK, "%s: %s", cases[i].name, desk.failure.text);
            cr_expect(desk.receipts[0].applied, "%s: the rest of it is there", cases[i].name);
            cr_expect(remote_desk_says(&desk, all, cases[i].after), "%s", cases[i].name);
            cr_assert(desk.shipment.refusals.count == 1, "%s", cases[i].name);
            const struct gw_refusal *refusal = desk.shipment.refusals.list;
            cr_expect(refusal->kind == GW_REFUSAL_TOUCHED && refusal->table == GW_TABLE_observations);
            cr_expect_str_eq(refusal->subject_key, "ES-017");
            cr_expect_str_eq(refusal->row_id, "o1");
            cr_expect_str_eq(refusal->reason, strstr(cases[i].name, "deleted") ? "missing" : "");
        }
        remote_desk_release(&desk);
    }
}

Test(postgres, d7_finds_what_was_changed_by_hand)
{
    struct remote_desk desk;
    struct gw_rows none = {0}, first = {0};
    struct gw_refusals found;

    remote_desk_init(&desk, "drift");
    for (int i = 0; i < 300; i++)
        remote_desk_observation(&desk, &first, "ES-017", gw_arena_print(&desk.arena, "o%03d", i), "1.20")->anl02 = true;
    remote_desk_row(&desk, &first, GW_TABLE_windows, "ES-017", "T30-01");
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &none, &first, 0)) == GW_OK);
    for (int changed = 0; changed < 2; changed++) {
        desk.calls = 0;
        desk.remote->inspect(desk.remote, &desk.arena, &found, remote_desk_on_done, &desk);
        cr_expect(remote_desk_wait(&desk) == GW_OK, "%s", desk.failure.text);
        cr_assert(found.count == (changed ? 2 : 0), "%zu", found.count);
        remote_desk_exec(&desk, "UPDATE observations SET anl02 = false WHERE row_id = 'o123';"
                                "UPDATE windows SET low = 3");
    }
    cr_expect(found.list[0].table == GW_TABLE_windows && found.list[1].table == GW_TABLE_observations);
    cr_expect_str_eq(found.list[1].row_id, "o123");
    remote_desk_release(&desk);
}

Test(postgres, d4_delivers_499_rows_of_500)
{
    struct remote_desk desk;
    struct gw_rows none = {0}, first = {0}, other = {0};

    remote_desk_init(&desk, "d4");
    remote_desk_exec(&desk, "ALTER TABLE observations ADD CHECK (value_num < 100)");
    for (int i = 0; i < 500; i++)
        remote_desk_observation(&desk, &first, "ES-017", gw_arena_print(&desk.arena, "o%03d", i),
                                i == 313 ? "100" : "99.9");
    remote_desk_observation(&desk, &other, "ES-018", "o1", "5");
    const struct gw_batch batches[] = {remote_desk_batch(&desk, "ES-017", &none, &first, 0),
                                       remote_desk_batch(&desk, "ES-018", &none, &other, 0)};
    for (int again = 0; again < 2; again++) {
        cr_expect(remote_desk_send(&desk, batches, 2) == GW_OK, "%s", desk.failure.text);
        cr_expect(desk.receipts[0].applied && desk.receipts[1].applied);
        cr_expect(remote_desk_says(&desk, "SELECT count(*) FROM observations WHERE subject_key = 'ES-017'", "499"));
        cr_expect(remote_desk_says(&desk, "SELECT count(*) FROM observations WHERE subject_key = 'ES-018'", "1"));
        cr_expect(remote_desk_says(&desk, "SELECT count(*) FROM batches", "2"));
        cr_expect(remote_desk_says(&desk, "SELECT count(*) FROM refusals", "1"));
        cr_assert(desk.shipment.refusals.count == 1, "%zu", desk.shipment.refusals.count);
        const struct gw_refusal *refusal = desk.shipment.refusals.list;
        cr_expect(refusal->kind == GW_REFUSAL_REJECTED);
        cr_expect_str_eq(refusal->row_id, "o313");
        cr_expect(strstr(refusal->reason, "23514"), "%s", refusal->reason);
    }
    remote_desk_release(&desk);
}

Test(postgres, d4_finds_any_rows_that_are_refused)
{
    struct remote_desk desk;
    struct gw_rows none = {0}, many[20] = {0};
    struct gw_batch batches[20];
    size_t bad = 0, rows = 0;

    remote_desk_init(&desk, "d4_any");
    remote_desk_exec(&desk, "ALTER TABLE observations ADD CHECK (value_num < 100)");
    srand(7);
    for (size_t s = 0; s < 20; s++) {
        const char *subject = gw_arena_print(&desk.arena, "ES-%03zu", s);
        const size_t count = s == 3 ? 1 : 1 + (size_t)rand() % 30;

        for (size_t i = 0; i < count; i++) {
            const bool refused = s == 3 || rand() % 11 == 0;

            remote_desk_observation(&desk, &many[s], subject, gw_arena_print(&desk.arena, "o%02zu", i),
                                    refused ? "1000" : "1");
            bad += refused;
            rows++;
        }
        batches[s] = remote_desk_batch(&desk, subject, &none, &many[s], 0);
    }
    cr_expect(bad > 5 && remote_desk_send(&desk, batches, 20) == GW_OK, "%s", desk.failure.text);
    for (size_t s = 0; s < 20; s++)
        cr_expect(desk.receipts[s].applied);
    cr_expect(desk.shipment.refusals.count == bad, "%zu of %zu", desk.shipment.refusals.count, bad);
    cr_expect(
        remote_desk_says(&desk, "SELECT count(*) FROM observations", gw_arena_print(&desk.arena, "%zu", rows - bad)));
    remote_desk_release(&desk);
}

Test(postgres, d7_leaves_alone_a_row_that_a_person_put_there_first)
{
    struct remote_desk desk;
    struct gw_rows none = {0}, first = {0}, other = {0};

    remote_desk_init(&desk, "put_first");
    remote_desk_exec(&desk, "INSERT INTO observations (subject_key, row_id, status, value_num, written)"
                            " VALUES ('ES-017', 'o1', 'active', 5, ''), ('ES-099', 'o1', 'active', 6, '')");
    remote_desk_observation(&desk, &first, "ES-017", "o1", "1.20");
    remote_desk_observation(&desk, &first, "ES-017", "o2", "7");
    remote_desk_observation(&desk, &other, "ES-018", "o3", "8");
    const struct gw_batch batches[] = {remote_desk_batch(&desk, "ES-018", &none, &other, 0),
                                       remote_desk_batch(&desk, "ES-017", &none, &first, 0)};
    for (int again = 0; again < 2; again++) {
        cr_expect(remote_desk_send(&desk, batches, 2) == GW_OK, "%s", desk.failure.text);
        cr_expect(desk.receipts[0].applied && desk.receipts[1].applied);
        cr_expect(remote_desk_says(&desk, all, "o1=5:active o1=6:active o2=7:active o3=8:active"));
        cr_assert(desk.shipment.refusals.count == 1, "%zu", desk.shipment.refusals.count);
        const struct gw_refusal *refusal = desk.shipment.refusals.list;
        cr_expect(refusal->kind == GW_REFUSAL_TOUCHED, "a person's row, and no value that was refused");
        cr_expect_str_eq(refusal->subject_key, "ES-017");
        cr_expect_str_eq(refusal->row_id, "o1");
        cr_expect_str_eq(refusal->reason, "");
    }
    cr_expect(remote_desk_says(&desk, "SELECT count(*) FROM batches", "2"));
    remote_desk_release(&desk);
}

Test(postgres, d4_tells_a_rule_of_their_own_from_a_row_that_was_there)
{
    struct remote_desk desk;
    struct gw_rows none = {0}, first = {0};

    remote_desk_init(&desk, "own_unique");
    remote_desk_exec(&desk, "CREATE UNIQUE INDEX ON observations (value_num)");
    remote_desk_observation(&desk, &first, "ES-017", "o1", "7");
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &none, &first, 0)) == GW_OK);
    struct gw_rows second = {0};
    remote_desk_observation(&desk, &second, "ES-018", "o1", "7");
    remote_desk_observation(&desk, &second, "ES-018", "o2", "8");
    cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-018", &none, &second, 0)) == GW_OK, "%s",
              desk.failure.text);
    cr_assert(desk.shipment.refusals.count == 1, "%zu", desk.shipment.refusals.count);
    cr_expect(desk.shipment.refusals.list[0].kind == GW_REFUSAL_REJECTED);
    cr_expect_str_eq(desk.shipment.refusals.list[0].row_id, "o1");
    cr_expect(strstr(desk.shipment.refusals.list[0].reason, "23505"));
    cr_expect(remote_desk_says(&desk, all, "o1=7:active o2=8:active"));
    remote_desk_release(&desk);
}

Test(postgres, d8_refuses_a_database_that_is_not_its_own)
{
    static const struct {
        const char *name, *sql, *told;
    } cases[] = {
        {"d8_study", "UPDATE target SET study = 'elranatamab'", "elranatamab"},
        {"d8_purpose", "UPDATE target SET purpose = 'staging'", "staging"},
        {"d8_installation", "UPDATE target SET installation = 'other'", "other"},
        {"d8_release", "INSERT INTO releases VALUES (99)", "99"},
        {"d8_nobody", "DELETE FROM target", "casement db migrate"},
        {"d8_not_laid", "DROP TABLE target CASCADE", "casement db migrate"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct remote_desk desk;
        struct gw_rows none = {0}, first = {0};

        remote_desk_init(&desk, cases[i].name);
        remote_desk_exec(&desk, cases[i].sql);
        remote_desk_observation(&desk, &first, "ES-017", "o1", "1.20");
        cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &none, &first, 0)) == GW_ECONFIG, "%s",
                  cases[i].name);
        cr_expect(strstr(desk.failure.text, cases[i].told), "%s: %s", cases[i].name, desk.failure.text);
        cr_expect(remote_desk_says(&desk, all, ""), "%s", cases[i].name);
        remote_desk_release(&desk);
    }
}

Test(postgres, d5_says_what_was_taken_from_it)
{
    static const struct {
        const char *name, *sql;
        enum gw_status status;
    } cases[] = {
        {"d5_column", "ALTER TABLE observations DROP COLUMN unit", GW_ECONFIG},
        {"d5_table", "DROP TABLE receipts", GW_ECONFIG},
        {"d5_trigger",
         "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS "
         "$$ BEGIN RAISE 'no' USING ERRCODE = '42501'; END $$;"
         "CREATE TRIGGER no BEFORE INSERT ON observations FOR EACH ROW EXECUTE FUNCTION no()",
         GW_EDENIED},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct remote_desk desk;
        struct gw_rows none = {0}, first = {0};

        remote_desk_init(&desk, cases[i].name);
        remote_desk_exec(&desk, cases[i].sql);
        remote_desk_observation(&desk, &first, "ES-017", "o1", "1.20");
        cr_expect(remote_desk_send_one(&desk, remote_desk_batch(&desk, "ES-017", &none, &first, 0)) == cases[i].status,
                  "%s: %s", cases[i].name, desk.failure.text);
        cr_expect(remote_desk_says(&desk, "SELECT count(*) FROM observations", "0"));
        remote_desk_release(&desk);
    }
}

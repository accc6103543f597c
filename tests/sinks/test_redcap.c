/*
 * REDCap as a study database: rows are instances that never shift, nothing of a person's is overwritten, what is
 * refused keeps nothing else back, and a crash between rows and receipt is made good.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/sinks/redcap.h"
#include "support/fake_redcap.h"
#include "support/scratch.h"

struct desk {
    struct fake_redcap redcap;
    struct scratch scratch;
    char token_file[300];
    struct gw_redcap_target target;
    uv_loop_t loop;
    struct gw_remote *remote;
    struct gw_arena arena;
    struct gw_error failure;
    size_t calls;
    bool closed;
    struct gw_receipt receipts[8];
    struct gw_shipment shipment; /* the last one */
};

static void on_done(void *ctx, const struct gw_error *failure)
{
    struct desk *desk = ctx;

    desk->calls++;
    desk->failure = failure ? *failure : (struct gw_error){0};
}

static enum gw_status desk_wait(struct desk *desk)
{
    cr_assert(desk->calls == 0, "never from within");
    while (desk->calls == 0)
        uv_run(&desk->loop, UV_RUN_ONCE);
    cr_expect(desk->calls == 1);
    cr_expect(!strstr(desk->failure.text, FAKE_REDCAP_TOKEN) && !strstr(desk->failure.text, "ES-0"), "%s",
              desk->failure.text);
    return desk->failure.status;
}

static void desk_write_token(struct desk *desk, const char *token)
{
    snprintf(desk->token_file, sizeof desk->token_file, "%s", scratch_write(&desk->scratch, "token", token));
    chmod(desk->token_file, 0600);
}

static void desk_open(struct desk *desk)
{
    cr_assert(gw_sink_redcap_open(&desk->loop, &desk->target, &desk->remote, &desk->failure) == GW_OK, "%s",
              desk->failure.text);
}

static void desk_init(struct desk *desk)
{
    *desk = (struct desk){.arena = GW_ARENA_INIT((size_t)256 << 20)};
    fake_redcap_init(&desk->redcap);
    scratch_init(&desk->scratch);
    desk_write_token(desk, FAKE_REDCAP_TOKEN "\n");
    uv_loop_init(&desk->loop);
    desk->target = (struct gw_redcap_target){.url = desk->redcap.url,
                                             .token_file = desk->token_file,
                                             .study = "lendex",
                                             .installation = "hm",
                                             .production = true};
    desk_open(desk);
}

static void on_closed(void *ctx)
{
    struct desk *desk = ctx;

    desk->closed = true;
}

static void desk_close(struct desk *desk)
{
    desk->closed = false;
    desk->remote->close(desk->remote, on_closed, desk);
    cr_expect(!desk->closed, "never from within");
    uv_run(&desk->loop, UV_RUN_DEFAULT);
    cr_expect(desk->closed);
}

static void desk_release(struct desk *desk)
{
    desk_close(desk);
    cr_expect(uv_loop_close(&desk->loop) == 0, "the loop holds nothing of it");
    cr_expect_str_eq(desk->redcap.wrong, "", "the wire form");
    gw_arena_release(&desk->arena);
    fake_redcap_release(&desk->redcap);
    scratch_release(&desk->scratch);
}

static struct gw_row_observations *add_in(struct desk *desk, struct gw_rows *rows, const char *window,
                                          const char *row_id, const char *value)
{
    struct gw_row_observations *row =
        (struct gw_row_observations *)gw_rows_add(rows, &desk->arena, GW_TABLE_observations);

    row->row_id = row_id;
    row->subject_key = "ES-017";
    row->study = "lendex";
    row->site = "hm";
    row->status = "active";
    row->concept = "ANC";
    row->value_num = value;
    row->window_id = window;
    row->row_version = 1;
    return row;
}

static struct gw_row_observations *add(struct desk *desk, struct gw_rows *rows, const char *row_id, const char *value)
{
    return add_in(desk, rows, "T30-01", row_id, value);
}

static struct gw_batch batch(struct desk *desk, struct gw_rows *previous, struct gw_rows *next, int64_t from,
                             int64_t to)
{
    struct gw_difference *difference = gw_arena_alloc(&desk->arena, sizeof *difference);

    gw_rows_sort(previous);
    gw_rows_sort(next);
    cr_assert(gw_difference(&desk->arena, previous, next, difference, &desk->failure) == GW_OK);
    return (struct gw_batch){.study = "lendex",
                             .subject_key = "ES-017",
                             .from_revision = from,
                             .to_revision = to,
                             .difference = difference,
                             .applied_at = "2024-12-31T10:00:00Z"};
}

static enum gw_status ship(struct desk *desk, struct gw_rows *previous, struct gw_rows *next, int64_t from, int64_t to)
{
    const struct gw_batch sent = batch(desk, previous, next, from, to);

    desk->calls = 0;
    desk->shipment =
        (struct gw_shipment){.batches = &sent, .count = 1, .receipts = desk->receipts, .arena = &desk->arena};
    desk->remote->deliver(desk->remote, &desk->shipment, on_done, desk);
    return desk_wait(desk);
}

static void ship_well(struct desk *desk, struct gw_rows *previous, struct gw_rows *next, int64_t from, int64_t to)
{
    cr_assert(ship(desk, previous, next, from, to) == GW_OK, "%s", desk->failure.text);
    cr_expect(desk->receipts[0].applied && desk->receipts[0].revision == to, "%d %lld", desk->receipts[0].applied,
              (long long)desk->receipts[0].revision);
}

static bool is(struct desk *desk, const char *row_id, const char *field, const char *wanted)
{
    const char *got = fake_redcap_cell(&desk->redcap, row_id, field);

    if (strcmp(got, wanted) != 0)
        fprintf(stderr, "%s %s: got %s, wanted %s\n", row_id, field, got, wanted);
    return strcmp(got, wanted) == 0;
}

static bool refuses(struct desk *desk, size_t i, enum gw_refusal_kind kind, const char *row_id, const char *reason)
{
    const struct gw_refusal *refusal = &desk->shipment.refusals.list[i];

    return desk->shipment.refusals.count > i && refusal->kind == kind && refusal->table == GW_TABLE_observations &&
           strcmp(refusal->subject_key, "ES-017") == 0 && strcmp(refusal->row_id, row_id) == 0 &&
           strcmp(refusal->reason, reason) == 0;
}

#define VALUE "observations_value_num"

Test(redcap, adds_changes_and_withdraws_and_blanks_what_is_no_more)
{
    struct desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};

    desk_init(&desk);
    add(&desk, &first, "o1", "1.20")->unit = "10*9/L";
    add(&desk, &first, "o2", "7")->anl01 = true;
    add(&desk, &second, "o1", "1.40");
    ship_well(&desk, &none, &first, 0, 1);
    cr_expect(is(&desk, "o1", VALUE, "1.20") && is(&desk, "o2", "observations_anl01", "Y"));
    cr_expect(is(&desk, "o1", "observations_anl01", ""), "nothing is not said to be nothing where nothing was");
    ship_well(&desk, &first, &second, 1, 2);
    cr_expect(is(&desk, "o1", VALUE, "1.40") && is(&desk, "o1", "observations_unit", "NI"));
    cr_expect(is(&desk, "o2", "observations_status", "withdrawn"));
    cr_expect(is(&desk, "o2", VALUE, "NI") && is(&desk, "o2", "observations_anl01", "NI"));
    cr_expect(is(&desk, "o2", "observations_concept", "NI"), "a tombstone says nothing");
    ship_well(&desk, &second, &first, 2, 3);
    cr_expect(is(&desk, "o2", VALUE, "7") && is(&desk, "o2", "observations_status", "active"));
    cr_expect_str_eq(fake_redcap_receipt(&desk.redcap, "ES-017"), "3");
    cr_expect(desk.shipment.refusals.count == 0);
    cr_expect(fake_redcap_count(&desk.redcap) == 3, "two rows and the receipt");
    desk_release(&desk);
}

Test(redcap, carries_every_text_as_it_is)
{
    static const char *const texts[] = {"a&b=c", "+ %41", "\"q\"", "\\", "\xc3\xa9\xe2\x82\xac", "a\nb", "[0]", "=1+1"};
    struct desk desk;
    struct gw_rows none = {0}, first = {0};
    const size_t count = sizeof texts / sizeof *texts;
    char name[8];

    desk_init(&desk);
    for (size_t i = 0; i < count; i++)
        add(&desk, &first, gw_arena_print(&desk.arena, "o%zu", i), NULL)->value_text = texts[i];
    ship_well(&desk, &none, &first, 0, 1);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "o%zu", i);
        cr_expect(is(&desk, name, "observations_value_text", texts[i]));
    }
    desk_release(&desk);
}

/* Instances: of each event and table from 1 on, in the order of row ids; one that is given stays. */
Test(redcap, keeps_each_row_in_its_instance)
{
    struct desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};

    desk_init(&desk);
    fake_redcap_add(&desk.redcap, "ES-017", "t3001_arm_1", "observations", 4); /* a person's */
    add(&desk, &first, "o5", "5");
    add(&desk, &first, "o7", "7");
    add_in(&desk, &first, "BASELINE", "o6", "6");
    add_in(&desk, &first, NULL, "o9", "9");
    ship_well(&desk, &none, &first, 0, 1);
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o5"), "t3001_arm_1/5");
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o6"), "baseline_arm_1/1");
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o7"), "t3001_arm_1/6");
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o9"), "subject_arm_1/1");
    add(&desk, &second, "o1", "1");
    add(&desk, &second, "o7", "7.5");
    ship_well(&desk, &first, &second, 1, 2);
    desk_close(&desk); /* another run, which remembers nothing */
    desk_open(&desk);
    ship_well(&desk, &second, &first, 2, 3);
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o1"), "t3001_arm_1/7", "before the others, and after them there");
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o5"), "t3001_arm_1/5", "a tombstone keeps its place");
    cr_expect_str_eq(fake_redcap_place(&desk.redcap, "o7"), "t3001_arm_1/6");
    cr_expect(is(&desk, "o5", VALUE, "5") && is(&desk, "o7", VALUE, "7") && is(&desk, "o1", VALUE, "NI"));
    desk_release(&desk);
}

Test(redcap, leaves_alone_what_a_person_changed)
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
        struct desk desk;
        struct gw_rows none = {0}, first = {0}, second = {0};

        desk_init(&desk);
        add(&desk, &first, "o1", "1.20");
        add(&desk, &first, "o2", "7");
        if (!cases[i].withdrawn)
            add(&desk, &second, "o1", "1.60");
        add(&desk, &second, "o2", "8");
        ship_well(&desk, &none, &first, 0, 1);
        fake_redcap_type(&desk.redcap, "o1", cases[i].field, cases[i].typed);
        ship_well(&desk, &first, &second, 1, 2);
        cr_expect(desk.shipment.refusals.count == 1 && refuses(&desk, 0, GW_REFUSAL_TOUCHED, "o1", cases[i].reason),
                  "%s", cases[i].name);
        cr_expect(!cases[i].field || is(&desk, "o1", cases[i].field, cases[i].typed), "%s", cases[i].name);
        cr_expect(is(&desk, "o2", VALUE, "8"), "%s: all others go through", cases[i].name);
        ship_well(&desk, &first, &second, 1, 2);
        cr_expect(refuses(&desk, 0, GW_REFUSAL_TOUCHED, "o1", cases[i].reason), "%s: sent again, named again",
                  cases[i].name);
        desk_release(&desk);
    }
}

/* REDCap trims and writes line ends in its own way, and a blank it may show as we said it: no person did that. */
Test(redcap, takes_what_redcap_itself_changes_for_its_own)
{
    struct desk desk;
    struct gw_rows none = {0}, first = {0}, second = {0};

    desk_init(&desk);
    add(&desk, &first, "o1", "1.20")->value_text = " a\nb ";
    add(&desk, &second, "o1", "1.40")->value_text = "c";
    ship_well(&desk, &none, &first, 0, 1);
    fake_redcap_type(&desk.redcap, "o1", "observations_value_text", "a\r\nb");
    ship_well(&desk, &first, &second, 1, 2);
    cr_expect(desk.shipment.refusals.count == 0 && is(&desk, "o1", VALUE, "1.40"));
    desk_release(&desk);
}

Test(redcap, delivers_499_rows_beside_one_that_is_refused)
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
        struct desk desk;
        struct gw_rows none = {0}, first = {0};
        int written = 0;

        desk_init(&desk);
        desk.redcap.locked = cases[i].locked;
        desk.redcap.refused = cases[i].refused;
        for (int row = 0; row < 500; row++) {
            const char *row_id = gw_arena_print(&desk.arena, "o%03d", row);

            add_in(&desk, &first, row == 250 ? cases[i].window : "T30-01", row_id, row == 250 ? "666" : "1")
                ->grade_flag = row == 250 ? cases[i].grade_flag : "exact";
        }
        ship_well(&desk, &none, &first, 0, 1);
        cr_expect(desk.shipment.refusals.count == 1 && refuses(&desk, 0, GW_REFUSAL_REJECTED, "o250", cases[i].reason),
                  "%s: %s", cases[i].name, desk.shipment.refusals.list ? desk.shipment.refusals.list[0].reason : "");
        for (int row = 0; row < 500; row++)
            written += *fake_redcap_cell(&desk.redcap, gw_arena_print(&desk.arena, "o%03d", row), VALUE) != '\0';
        cr_expect(written == 499, "%s: %d", cases[i].name, written);
        cr_expect(desk.redcap.imports < 25, "%s: halves, not rows: %d", cases[i].name, desk.redcap.imports);
        desk_release(&desk);
    }
}

Test(redcap, applies_a_batch_once_and_only_on_its_revision)
{
    static const struct {
        const char *name;
        int64_t from, to;
        bool there;
    } cases[] = {{"sent twice", 0, 1, true}, {"from the future", 5, 6, false}, {"from before it all", -1, 0, false}};
    struct desk desk;
    struct gw_rows none = {0}, first = {0}, other = {0};

    desk_init(&desk);
    add(&desk, &first, "o1", "1.20");
    add(&desk, &other, "o1", "9.99");
    cr_expect(ship(&desk, &none, &other, 3, 4) == GW_OK);
    cr_expect(!desk.receipts[0].applied && desk.receipts[0].revision == 0, "it knows nobody of this name");
    ship_well(&desk, &none, &first, 0, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect(ship(&desk, &none, &other, cases[i].from, cases[i].to) == GW_OK, "%s", cases[i].name);
        cr_expect(desk.receipts[0].applied == cases[i].there && desk.receipts[0].revision == 1, "%s", cases[i].name);
        cr_expect(is(&desk, "o1", VALUE, "1.20"), "%s", cases[i].name);
    }
    desk_release(&desk);
}

/*
 * D1: the connection ends at each import in turn, before or after it is done: the receipt taken back, rows, the receipt
 * written. What is sent then, and from where, is what the courier would send: the difference from where it stands.
 */
Test(redcap, ends_equal_wherever_the_connection_is_cut)
{
    for (int at = 0; at < 3; at++)
        for (int cut = FAKE_CUT_BEFORE; cut <= FAKE_CUT_AFTER; cut++) {
            struct desk desk;
            struct gw_rows none = {0}, first = {0}, second = {0}, third = {0};
            int64_t stands;

            desk_init(&desk);
            add(&desk, &first, "o1", "1.20");
            add(&desk, &first, "o4", "4");
            add(&desk, &second, "o1", "1.40"); /* o1 changed and back, o2 there and gone, o4 gone and back */
            add(&desk, &second, "o2", "2");
            add(&desk, &third, "o1", "1.20");
            add(&desk, &third, "o3", "3");
            add(&desk, &third, "o4", "4");
            ship_well(&desk, &none, &first, 0, 1);
            desk.redcap.cut_at = desk.redcap.imports + at;
            desk.redcap.cut = (enum fake_cut)cut;
            cr_expect(ship(&desk, &first, &second, 1, 2) == GW_ERETRY, "%d %d: %s", at, cut, desk.failure.text);
            stands = strtoll(fake_redcap_receipt(&desk.redcap, "ES-017"), NULL, 10);
            cr_expect(stands == (at == 0 && cut == FAKE_CUT_BEFORE  ? 1
                                 : at == 2 && cut == FAKE_CUT_AFTER ? 2
                                                                    : 0),
                      "%d %d: %lld", at, cut, (long long)stands);
            ship_well(&desk, stands == 0 ? &none : stands == 1 ? &first : &second, &third, stands, 3);
            cr_expect(desk.shipment.refusals.count == 0, "%d %d", at, cut);
            cr_expect(is(&desk, "o1", VALUE, "1.20") && is(&desk, "o3", VALUE, "3") && is(&desk, "o4", VALUE, "4"),
                      "%d %d", at, cut);
            cr_expect(is(&desk, "o4", "observations_status", "active"), "%d %d", at, cut);
            cr_expect(!*fake_redcap_cell(&desk.redcap, "o2", "observations_row_id") ||
                          is(&desk, "o2", "observations_status", "withdrawn"),
                      "%d %d: a row of no revision", at, cut);
            cr_expect_str_eq(fake_redcap_receipt(&desk.redcap, "ES-017"), "3");
            desk_release(&desk);
        }
}

Test(redcap, says_where_every_subject_stands_and_which_rows_were_changed)
{
    struct desk desk;
    struct gw_rows none = {0}, first = {0};
    struct gw_stands stands;
    struct gw_refusals found;

    desk_init(&desk);
    add(&desk, &first, "o1", "1.20");
    add(&desk, &first, "o2", "7");
    ship_well(&desk, &none, &first, 0, 4);
    fake_redcap_add(&desk.redcap, "A person's", "subject_arm_1", "", 0);
    desk.calls = 0;
    desk.remote->stand(desk.remote, &desk.arena, &stands, on_done, &desk);
    cr_expect(desk_wait(&desk) == GW_OK, "%s", desk.failure.text);
    cr_assert(stands.count == 1, "a record without a receipt is none of ours");
    cr_expect(strcmp(stands.list[0].subject_key, "ES-017") == 0 && stands.list[0].revision == 4);
    for (int i = 0; i < 2; i++) {
        desk.calls = 0;
        desk.remote->inspect(desk.remote, &desk.arena, &found, on_done, &desk);
        cr_expect(desk_wait(&desk) == GW_OK, "%s", desk.failure.text);
        cr_assert(found.count == (size_t)i, "%zu", found.count);
        fake_redcap_type(&desk.redcap, "o2", VALUE, "7.1");
    }
    cr_expect(strcmp(found.list[0].row_id, "o2") == 0 && strcmp(found.list[0].subject_key, "ES-017") == 0);
    cr_expect(found.list[0].kind == GW_REFUSAL_TOUCHED && found.list[0].table == GW_TABLE_observations);
    desk_release(&desk);
}

Test(redcap, stops_at_a_project_that_is_not_the_studys)
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
        struct desk desk;
        struct gw_rows none = {0}, first = {0}, second = {0};

        desk_init(&desk);
        add(&desk, &first, "o1", "1.20");
        add(&desk, &second, "o1", "1.40");
        ship_well(&desk, &none, &first, 0, 1);
        desk_close(&desk);
        if (cases[i].study)
            desk.target.study = cases[i].study;
        desk_open(&desk);
        if (cases[i].token)
            desk_write_token(&desk, cases[i].token);
        if (cases[i].codes)
            desk.redcap.missing_codes = cases[i].codes;
        desk.redcap.locked = cases[i].locked;
        desk.redcap.production = !cases[i].staging;
        desk.redcap.status = cases[i].status;
        desk.redcap.miscount = cases[i].miscount;
        cr_expect(ship(&desk, &first, &second, 1, 2) == cases[i].wanted, "%s: %d %s", cases[i].name,
                  desk.failure.status, desk.failure.text);
        cr_expect(is(&desk, "o1", VALUE, "1.20"), "%s", cases[i].name);
        desk_release(&desk);
    }
}

Test(redcap, goes_on_with_a_token_that_was_changed)
{
    struct desk desk;
    struct gw_rows none = {0}, first = {0};

    desk_init(&desk);
    add(&desk, &first, "o1", "1.20");
    desk_write_token(&desk, "OLD");
    cr_expect(ship(&desk, &none, &first, 0, 1) == GW_EDENIED);
    desk_write_token(&desk, FAKE_REDCAP_TOKEN);
    ship_well(&desk, &none, &first, 0, 1);
    desk_release(&desk);
}

Test(redcap, refuses_settings_that_cannot_be_safe)
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
        struct desk desk;
        struct gw_remote *other = NULL;

        desk_init(&desk);
        desk.target.url = cases[i].url;
        chmod(desk.token_file, cases[i].mode);
        cr_expect(gw_sink_redcap_open(&desk.loop, &desk.target, &other, &desk.failure) == GW_ECONFIG, "%s: %s",
                  cases[i].name, desk.failure.text);
        desk_release(&desk);
    }
}

Test(redcap, is_closed_at_each_of_its_questions)
{
    for (size_t steps = 0; steps < 40; steps++) {
        struct desk desk;
        struct gw_rows none = {0}, first = {0};

        desk_init(&desk);
        add(&desk, &first, "o1", "1.20");
        const struct gw_batch sent = batch(&desk, &none, &first, 0, 1);

        desk.shipment =
            (struct gw_shipment){.batches = &sent, .count = 1, .receipts = desk.receipts, .arena = &desk.arena};
        desk.remote->deliver(desk.remote, &desk.shipment, on_done, &desk);
        for (size_t i = 0; i < steps && desk.calls == 0; i++)
            uv_run(&desk.loop, UV_RUN_ONCE);
        const bool ended = desk.calls == 1;

        desk_release(&desk);
        cr_expect(desk.calls == 1, "once");
        cr_expect(desk.failure.status == (ended ? GW_OK : GW_ECANCELED), "%zu: %s", steps, desk.failure.text);
    }
}

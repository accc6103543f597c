/*
 * A sync whose study database is a REDCap project (a fake of it): what a hospital has ends there, what a person typed
 * there is left alone and told, and whatever goes wrong in between, it ends with what it would have had without.
 */
#include "service/delivery_bench.h"

#include <sys/stat.h>

#include "gateway/sinks/redcap.h"
#include "support/fake_redcap.h"

#define EVENT "t3001_arm_1"
#define VALUE "observations_value_num"
#define PLATELETS                                                                                                      \
    "{\"resourceType\":\"Observation\",\"id\":\"plt-p1\",\"status\":\"final\","                                        \
    "\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2024-02-16T08:00:00Z\"},"                                         \
    "\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],"                                                         \
    "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"777-3\"}]},"                                    \
    "\"subject\":{\"reference\":\"Patient/p1\"},\"effectiveDateTime\":\"2024-02-14T09:30:00+01:00\","                  \
    "\"valueQuantity\":{\"value\":151,\"unit\":\"10*9/L\",\"system\":\"http://unitsofmeasure.org\","                   \
    "\"code\":\"10*9/L\"}}"

struct site {
    struct bench bench;
    struct fake_redcap redcap;
};

static const char *write_secret(struct bench *b, const char *name, const char *text)
{
    const char *path = bench_path(b, name);

    scratch_write(&b->scratch, name, text);
    cr_assert(chmod(path, 0600) == 0);
    return path;
}

static void lay(struct site *s)
{
    const char *path = bench_path(&s->bench, "dictionary.csv");
    FILE *out = fopen(path, "w");

    cr_assert(out && gw_redcap_dictionary(out, &s->bench.err) == GW_OK);
    fclose(out);
    fake_redcap_upload(&s->redcap, path);
}

/* One key for all: rows of two sites can be compared. */
static void set_up(struct site *s)
{
    bench_open(&s->bench);
    write_secret(&s->bench, "pseudonym.key", "0123456789012345678901234567890123456789");
    fake_redcap_init(&s->redcap);
    lay(s);
    s->bench.study.sink_kind = "redcap";
    s->bench.study.redcap =
        (struct gw_redcap_target){.url = s->redcap.url,
                                  .token_file = write_secret(&s->bench, "token", FAKE_REDCAP_TOKEN "\n"),
                                  .study = "lendex-rrmm",
                                  .installation = "t",
                                  .production = true};
}

static void tear_down(struct site *s)
{
    cr_expect_str_eq(s->redcap.wrong, "", "the wire form");
    fake_redcap_release(&s->redcap);
    bench_close(&s->bench);
}

static const struct gw_sync_delivery *sync_well(struct site *s)
{
    const struct gw_error *failure = bench_sync(&s->bench);

    cr_assert(failure->status == GW_OK, "%s", failure->text);
    cr_expect(s->bench.result.deliveries[0].waiting == 0);
    return &s->bench.result.deliveries[0];
}

static int has(struct site *s, const char *value)
{
    return fake_redcap_count_of(&s->redcap, "observations", VALUE, value);
}

static int open_items(struct site *s, const char *code)
{
    return fake_redcap_count_of(&s->redcap, "exceptions", "exceptions_code", code);
}

static void amend(struct site *s, const char *resource)
{
    fake_hospital_add(&s->bench.hospital, resource);
}

Test(delivery_redcap, brings_what_a_hospital_has_and_what_it_corrects_and_takes_back)
{
    struct site s;
    char row[80];

    set_up(&s);
    cr_expect(sync_well(&s)->batches == 1);
    cr_expect(s.bench.result.deliveries[0].rows > 3 && s.bench.result.deliveries[0].refused == 0);
    cr_expect(has(&s, "1.20") == 1 &&
              fake_redcap_count_of(&s.redcap, "subjects", "subjects_study", "lendex-rrmm") == 1);
    cr_expect_str_eq(fake_redcap_receipt(&s.redcap, "S-1"), "1");
    snprintf(row, sizeof row, "%s", fake_redcap_row(&s.redcap, "observations", EVENT));
    cr_expect_str_eq(fake_redcap_place(&s.redcap, row), EVENT "/1");

    amend(&s, FAKE_COUNT("p1", "6", "amended", "1.40"));
    cr_expect(sync_well(&s)->batches == 1);
    cr_expect_str_eq(fake_redcap_cell(&s.redcap, row, VALUE), "1.40", "a correction, in the same instance");
    cr_expect_str_eq(fake_redcap_place(&s.redcap, row), EVENT "/1");

    amend(&s, FAKE_COUNT("p1", "7", "entered-in-error", "1.40"));
    cr_expect(sync_well(&s)->batches == 1);
    cr_expect_str_eq(fake_redcap_cell(&s.redcap, row, "observations_status"), "withdrawn");
    cr_expect_str_eq(fake_redcap_cell(&s.redcap, row, VALUE), "NI", "a tombstone keeps its instance and says nothing");
    cr_expect(has(&s, "1.40") == 0);

    cr_expect(sync_well(&s)->batches == 0, "nothing flows twice");
    tear_down(&s);
}

Test(delivery_redcap, d7_leaves_alone_what_a_person_typed_and_tells_it_once)
{
    struct site s;
    char row[80];

    set_up(&s);
    sync_well(&s);
    snprintf(row, sizeof row, "%s", fake_redcap_row(&s.redcap, "observations", EVENT));
    fake_redcap_type(&s.redcap, row, VALUE, "9.99");
    amend(&s, FAKE_COUNT("p1", "6", "amended", "1.40"));
    amend(&s, PLATELETS);
    cr_expect(sync_well(&s)->refused >= 1);
    cr_expect_str_eq(fake_redcap_cell(&s.redcap, row, VALUE), "9.99");
    cr_expect(open_items(&s, "TARGET_CHANGED") == 1, "told in the same sync");
    cr_expect(has(&s, "151") == 1, "the other rows arrive");
    cr_expect(sync_well(&s)->batches == 0, "and not again and again");
    cr_expect(open_items(&s, "TARGET_CHANGED") == 1);
    tear_down(&s);
}

Test(delivery_redcap, d4_tells_what_the_project_refuses_until_it_takes_it)
{
    static const struct {
        const char *name;
        bool locked; /* the form of the row; else its value is refused by a rule */
    } cases[] = {{"D4: a locked form", true}, {"D4: a value that is not taken", false}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct site s;
        char row[80];

        set_up(&s);
        sync_well(&s);
        snprintf(row, sizeof row, "%s", fake_redcap_row(&s.redcap, "observations", EVENT));
        s.redcap.locked = cases[i].locked ? row : NULL;
        s.redcap.refused = cases[i].locked ? NULL : "1.40";
        amend(&s, FAKE_COUNT("p1", "6", "amended", "1.40"));
        amend(&s, PLATELETS);
        cr_expect(sync_well(&s)->refused >= 1, "%s", cases[i].name);
        cr_expect_str_eq(fake_redcap_cell(&s.redcap, row, VALUE), "1.20", "%s", cases[i].name);
        cr_expect(has(&s, "151") == 1, "%s: the other rows arrive", cases[i].name);
        cr_expect(open_items(&s, "PUSH_REJECTED") == 1, "%s", cases[i].name);
        s.redcap.locked = s.redcap.refused = NULL;
        amend(&s, FAKE_COUNT("p1", "7", "amended", "1.60"));
        sync_well(&s);
        cr_expect_str_eq(fake_redcap_cell(&s.redcap, row, VALUE), "1.60", "%s", cases[i].name);
        cr_expect(open_items(&s, "PUSH_REJECTED") == 0, "%s: it is taken now", cases[i].name);
        tear_down(&s);
    }
}

/* ---- what a person or time mends ------------------------------------------------------------------------------- */

static void be_away(struct site *s)
{
    s->redcap.status = 503;
}

static void show_a_page(struct site *s)
{
    s->redcap.status = 200;
}

static void come_back(struct site *s)
{
    s->redcap.status = 0;
}

static void revoke_token(struct site *s)
{
    write_secret(&s->bench, "token", "F00D");
}

static void renew_token(struct site *s)
{
    write_secret(&s->bench, "token", FAKE_REDCAP_TOKEN);
}

static void open_token(struct site *s)
{
    cr_assert(chmod(s->bench.study.redcap.token_file, 0644) == 0);
}

static void drop_field(struct site *s)
{
    fake_redcap_drop(&s->redcap, VALUE);
}

static void mean_staging(struct site *s)
{
    s->bench.study.redcap.production = false;
}

static void mean_production(struct site *s)
{
    s->bench.study.redcap.production = true;
}

static void mean_another(struct site *s)
{
    s->bench.study.redcap.study = "other";
}

static void mean_this(struct site *s)
{
    s->bench.study.redcap.study = "lendex-rrmm";
}

static void miscount(struct site *s)
{
    s->redcap.miscount = 3;
}

static void count_well(struct site *s)
{
    s->redcap.miscount = 0;
}

/* When and by what it was written is no content. */
static bool is_stamp(const char *field)
{
    for (int t = 0; t < GW_TABLE_COUNT; t++) {
        const struct gw_table *table = gw_table_of((enum gw_table_id)t);
        const size_t length = strlen(table->name);

        if (strncmp(field, table->name, length) != 0 || field[length] != '_')
            continue;
        for (size_t i = 0; i < table->column_count; i++)
            if (table->columns[i].stamp && strcmp(field + length + 1, table->columns[i].name) == 0)
                return true;
        if (strcmp(field + length + 1, "written") == 0)
            return true;
    }
    return false;
}

/* What is there after a correction that nothing stood in the way of. The caller's. */
static char *content_without_fault(void)
{
    struct site s;
    char *content;

    set_up(&s);
    sync_well(&s);
    amend(&s, FAKE_COUNT("p1", "6", "amended", "1.40"));
    sync_well(&s);
    content = fake_redcap_content(&s.redcap, is_stamp);
    tear_down(&s);
    return content;
}

/* The first line of what is there that should not be, or of what should. */
static void expect_content(struct site *s, const char *wanted, const char *name)
{
    char *content = fake_redcap_content(&s->redcap, is_stamp);
    const char *got = content;

    while (*got && *got == *wanted) {
        got++;
        wanted++;
    }
    while (got > content && got[-1] != '\n') {
        got--;
        wanted--;
    }
    cr_expect(!*got && !*wanted, "%s: got %.*s, wanted %.*s", name, (int)strcspn(got, "\n"), got,
              (int)strcspn(wanted, "\n"), wanted);
    free(content);
}

static const struct {
    const char *name;
    void (*spoil)(struct site *s);
    void (*mend)(struct site *s);
    enum gw_status status;
} faults[] = {
    {"D6: it is busy or away", be_away, come_back, GW_ERETRY},
    {"D6: a page in place of an answer, with status 200", show_a_page, come_back, GW_EPROTO},
    {"D5: a token that is no more", revoke_token, renew_token, GW_EDENIED},
    {"D5: a token's file that is open to others", open_token, renew_token, GW_ECONFIG},
    {"D5: a field that is no more", drop_field, lay, GW_ECONFIG},
    {"D8: a project in production where staging is meant", mean_staging, mean_production, GW_ECONFIG},
    {"D8: a project with another study's rows", mean_another, mean_this, GW_ECONFIG},
    {"a count that is not that of what was sent", miscount, count_well, GW_EPROTO},
};

Test(delivery_redcap, keeps_what_cannot_be_delivered_and_ends_as_without_the_fault, .timeout = 600)
{
    char *wanted = content_without_fault();

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct site s;

        set_up(&s);
        sync_well(&s);
        faults[i].spoil(&s);
        amend(&s, FAKE_COUNT("p1", "6", "amended", "1.40"));
        cr_expect(bench_sync(&s.bench)->status == faults[i].status, "%s: %s", faults[i].name,
                  s.bench.result.deliveries[0].failure.text);
        cr_expect(!strstr(s.bench.result.deliveries[0].failure.text, FAKE_REDCAP_TOKEN), "%s", faults[i].name);
        cr_expect(s.bench.result.deliveries[0].waiting == 1, "%s: %lld", faults[i].name,
                  (long long)s.bench.result.deliveries[0].waiting);
        cr_expect(has(&s, "1.20") == 1 && has(&s, "1.40") == 0, "%s: no row is written", faults[i].name);
        faults[i].mend(&s);
        sync_well(&s);
        expect_content(&s, wanted, faults[i].name);
        tear_down(&s);
    }
    free(wanted);
}

/*
 * D1: the connection ends at each import of the correction in turn, after the request was sent: before it is done, or
 * after. The courier asks where the subject stands, and goes on from there in the same sync.
 */
Test(delivery_redcap, d1_ends_as_without_the_fault_wherever_the_connection_is_cut, .timeout = 600)
{
    char *wanted = content_without_fault();
    bool reached = true;

    for (int at = 0; reached; at++)
        for (int cut = FAKE_CUT_BEFORE; cut <= FAKE_CUT_AFTER; cut++) {
            struct site s;

            set_up(&s);
            sync_well(&s);
            s.redcap.cut_at = s.redcap.imports + at;
            s.redcap.cut = (enum fake_cut)cut;
            amend(&s, FAKE_COUNT("p1", "6", "amended", "1.40"));
            sync_well(&s);
            reached = s.redcap.imports > s.redcap.cut_at;
            expect_content(&s, wanted, cut == FAKE_CUT_BEFORE ? "cut before it was done" : "cut after it was done");
            tear_down(&s);
        }
    free(wanted);
}

/*
 * Files mapped without a network: the last day that anything can be known of.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/service/map.h"
#include "support/scratch.h"

static struct scratch scratch;

static void start(void)
{
    scratch_init(&scratch);
    scratch_write(&scratch, "roster.csv",
                  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
                  "madrid,lendex-rrmm,p1,S-1,,,2024-01-15,,,\n");
    scratch_write(&scratch, "p.ndjson", "{\"resourceType\":\"Patient\",\"id\":\"p1\"}\n");
}

static void stop(void)
{
    scratch_release(&scratch);
}

TestSuite(map, .init = start, .fini = stop);

static struct gw_map_result map(const char *now, gw_day as_of)
{
    char roster[256], input[256], out[256];
    const char *const inputs[] = {strcpy(input, scratch_path(&scratch, "p.ndjson"))};
    struct gw_map_options options = {.study = SOURCE_DIR "/mappings/studies/lendex-rrmm",
                                     .site = SOURCE_DIR "/mappings/sites/madrid.json",
                                     .enrolment = strcpy(roster, scratch_path(&scratch, "roster.csv")),
                                     .out = strcpy(out, scratch_path(&scratch, "out")),
                                     .as_of = as_of,
                                     .inputs = inputs,
                                     .input_count = 1};
    struct gw_map_result result;
    struct gw_error err;

    cr_assert(gw_instant_read(now, &options.now));
    options.now /= 1000000000;
    cr_assert(gw_map_run(&options, &result, &err) == GW_OK, "%s", err.text);
    return result;
}

static void expect_delivery(const char *name, const char *day)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    cr_assert(eq(int, sqlite3_open(scratch_path(&scratch, "out/hospital/ledger.db"), &db), SQLITE_OK));
    cr_assert(eq(int, sqlite3_prepare_v2(db, "SELECT as_of FROM deliveries", -1, &statement, NULL), SQLITE_OK));
    cr_assert(eq(int, sqlite3_step(statement), SQLITE_ROW));
    cr_expect(gw_same((const char *)sqlite3_column_text(statement, 0), day), "%s: %s", name,
              (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static const struct {
    const char *name, *now, *as_of, *day;
} days[] = {
    {"a day that has been", "2024-03-01T12:00:00Z", "2024-02-10", "2024-02-10"},
    {"today", "2024-03-01T12:00:00Z", "2024-03-01", "2024-03-01"},
    {"a day to come", "2024-03-01T12:00:00Z", "2024-03-02", "2024-03-01"},
    {"the site's day, not that of Greenwich", "2024-03-01T23:30:00Z", "2024-03-02", "2024-03-02"},
    {"none named", "2024-03-01T22:30:00Z", NULL, "2024-03-01"},
};

Test(map, takes_no_day_after_today_as_known)
{
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        gw_day asked = GW_NO_DAY;
        char day[11];

        if (days[i].as_of)
            cr_assert(gw_day_parse(days[i].as_of, &asked));
        gw_day_print(map(days[i].now, asked).as_of, day);
        cr_expect(eq(str, day, (char *)days[i].day), "%s", days[i].name);
        expect_delivery(days[i].name, days[i].day);
    }
}

/* ---- being stopped ---- */

struct patience {
    size_t asked, enough; /* the question that is answered with yes, from 1 */
};

static bool is_enough(void *ctx)
{
    struct patience *patience = ctx;

    return ++patience->asked == patience->enough;
}

static enum gw_status map_until(struct patience *patience, struct gw_error *err)
{
    char roster[256], input[256], out[256];
    const char *const inputs[] = {strcpy(input, scratch_path(&scratch, "p.ndjson"))};
    const struct gw_map_options options = {.study = SOURCE_DIR "/mappings/studies/lendex-rrmm",
                                           .site = SOURCE_DIR "/mappings/sites/madrid.json",
                                           .enrolment = strcpy(roster, scratch_path(&scratch, "roster.csv")),
                                           .out = strcpy(out, scratch_path(&scratch, "out")),
                                           .as_of = gw_day_of(2024, 3, 1),
                                           .inputs = inputs,
                                           .input_count = 1,
                                           .stopped = is_enough,
                                           .ctx = patience};
    struct gw_map_result result;

    return gw_map_run(&options, &result, err);
}

static bool is_there(const char *name)
{
    return access(scratch_path(&scratch, name), F_OK) == 0;
}

/* After each page and each subject, and before the rename: no OUT, no OUT.part, until nobody stops it. */
Test(map, leaves_nothing_when_it_is_stopped_at_any_place)
{
    enum gw_status rc = GW_ECANCELED;
    size_t stops = 0;

    scratch_write(&scratch, "roster.csv",
                  "site,study,patient,subject,recruited,end_of_treatment,first_dose,withdrawn,mrn_system,mrn\n"
                  "madrid,lendex-rrmm,p1,S-1,,,2024-01-15,,,\n"
                  "madrid,lendex-rrmm,,S-2,,,2024-01-15,,urn:mrn,2\n"); /* its id is looked for: one more reading */
    while (rc == GW_ECANCELED) {
        struct patience patience = {.enough = ++stops};
        struct gw_error err = {0};

        rc = map_until(&patience, &err);
        cr_assert(rc == GW_OK || rc == GW_ECANCELED, "%s", err.text);
        cr_expect(is_there("out") == (rc == GW_OK), "%zu", stops);
        cr_expect(is_there("out.part") == false, "%zu", stops);
    }
    cr_expect(stops > 4, "learning, reading, two subjects, the end: %zu", stops);
}

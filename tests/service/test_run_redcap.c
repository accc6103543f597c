/*
 * The service with a study in REDCap (a fake of it): what a routine visit brought arrives there, and what is corrected
 * or taken back later; what a person typed or locked there is left alone when the source says something else.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/sinks/redcap.h"
#include "service/run_bench.h"
#include "support/fake_redcap.h"

#define COUNT_FIELD "observations_value_num"
#define DAY         "2026-11-20"
#define EVENT       "t3001_arm_1"

static struct fake_redcap redcap;

static void use_redcap(struct bench *b)
{
    struct gw_error err;
    char sink[400];
    FILE *out = fopen(scratch_write(&b->scratch, "dictionary.csv", ""), "w");

    cr_assert(out && gw_redcap_dictionary(out, &err) == GW_OK);
    fclose(out);
    fake_redcap_init(&redcap);
    fake_redcap_upload(&redcap, scratch_path(&b->scratch, "dictionary.csv"));
    scratch_write(&b->scratch, "token", FAKE_REDCAP_TOKEN);
    cr_assert(chmod(scratch_path(&b->scratch, "token"), 0600) == 0);
    snprintf(sink, sizeof sink, "{\"kind\":\"redcap\",\"url\":\"%s\",\"token_file\":\"token\"}", redcap.url);
    reword(b, "{\"kind\":\"sqlite\",\"path\":\"study.db\"}", sink);
}

static int active(const char *instrument, const char *field, const char *value)
{
    int count;

    pthread_mutex_lock(&redcap.lock);
    count = fake_redcap_count_of(&redcap, instrument, field, value);
    pthread_mutex_unlock(&redcap.lock);
    return count;
}

/* Sockets are real: the service's time goes on in steps, each of them a moment in earnest. */
static void wait_for(struct bench *b, const char *instrument, const char *field, const char *value)
{
    for (int i = 0; i < 720 && active(instrument, field, value) == 0; i++) {
        pass(b, 10000);
        usleep(2000);
    }
    cr_assert(active(instrument, field, value) == 1, "%s %s", field, value);
}

static void open_site(struct bench *b)
{
    set_up(b, 1, 1);
    use_redcap(b);
    add_visit_with_count(&b->world.places[0], "p0", DAY, "1.20");
    start(b);
    wait_for(b, "observations", COUNT_FIELD, "1.20");
}

static void close_site(struct bench *b)
{
    tear_down(b);
    cr_expect_str_eq(redcap.wrong, "", "the wire form");
    fake_redcap_release(&redcap);
}

Test(run_redcap, delivers_what_a_routine_visit_brought, .timeout = 600)
{
    struct bench b;

    open_site(&b);
    cr_expect(active("subjects", "subjects_study", "lendex-rrmm") == 1);
    close_site(&b);
}

/* Late results are asked for again within nine days. */
static void nine_days(struct bench *b, uint64_t step_ms)
{
    for (uint64_t passed = 0; passed < 9 * DAY_MS; passed += step_ms) {
        pass(b, step_ms);
        usleep(1000);
    }
}

static void come(struct bench *b, uint64_t step_ms, const char *version, const char *status, const char *value)
{
    add_count(&b->world.places[0], "p0", DAY, version, status, value, b->world.time.now_ms);
    nine_days(b, step_ms);
}

/* The first row of the window in which the value is. */
static void find_row(char row[80])
{
    pthread_mutex_lock(&redcap.lock);
    snprintf(row, 80, "%s", fake_redcap_row(&redcap, "observations", EVENT));
    pthread_mutex_unlock(&redcap.lock);
    cr_assert(*row);
}

static void expect_cell(const char *row, const char *field, const char *wanted)
{
    pthread_mutex_lock(&redcap.lock);
    cr_expect_str_eq(fake_redcap_cell(&redcap, row, field), wanted);
    pthread_mutex_unlock(&redcap.lock);
}

Test(run_redcap, brings_what_is_corrected_and_then_taken_back_into_the_same_instance, .timeout = 600)
{
    char row[80];
    struct bench b;

    open_site(&b);
    find_row(row);
    come(&b, 6 * HOUR_MS, "2", "amended", "1.25");
    wait_for(&b, "observations", COUNT_FIELD, "1.25");
    expect_cell(row, COUNT_FIELD, "1.25");
    come(&b, 6 * HOUR_MS, "3", "entered-in-error", "1.25");
    wait_for(&b, "exceptions", "exceptions_code", "WITHDRAWN_AFTER_PUSH");
    expect_cell(row, "observations_status", "withdrawn");
    cr_expect(active("observations", COUNT_FIELD, "1.25") == 0);
    close_site(&b);
}

Test(run_redcap, d7_writes_over_nothing_that_a_person_typed, .timeout = 600)
{
    char row[80];
    struct bench b;

    open_site(&b);
    find_row(row);
    pthread_mutex_lock(&redcap.lock);
    fake_redcap_type(&redcap, row, COUNT_FIELD, "9.99");
    pthread_mutex_unlock(&redcap.lock);
    come(&b, 6 * HOUR_MS, "2", "amended", "1.25");
    wait_for(&b, "exceptions", "exceptions_code", "TARGET_CHANGED");
    expect_cell(row, COUNT_FIELD, "9.99");
    close_site(&b);
}

/* Another count of the window, in a record of its own. */
static void add_other(struct bench *b, const char *value)
{
    fake_place_add(&b->world.places[0], b->world.time.now_ms,
                   "{\"resourceType\":\"Observation\",\"id\":\"other-p0\",\"status\":\"final\","
                   "\"meta\":{\"versionId\":\"1\"},\"category\":[{\"coding\":[{\"code\":\"laboratory\"}]}],"
                   "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"751-8\"}]},"
                   "\"subject\":{\"reference\":\"Patient/p0\"},\"effectiveDateTime\":\"" DAY "T11:30:00+01:00\","
                   "\"valueQuantity\":{\"value\":%s,\"unit\":\"10*9/L\",\"system\":\"http://unitsofmeasure.org\","
                   "\"code\":\"10*9/L\"}}",
                   value);
}

/* The form of one row is locked: that one waits for a person, what comes beside it arrives. */
Test(run_redcap, d4_goes_on_with_the_other_rows_where_a_form_is_locked, .timeout = 600)
{
    char row[80];
    struct bench b;

    open_site(&b);
    find_row(row);
    pthread_mutex_lock(&redcap.lock);
    redcap.locked = row;
    pthread_mutex_unlock(&redcap.lock);
    add_other(&b, "1.60");
    come(&b, HOUR_MS, "2", "amended", "1.25");
    wait_for(&b, "exceptions", "exceptions_code", "PUSH_REJECTED");
    expect_cell(row, COUNT_FIELD, "1.20");
    cr_expect(active("observations", COUNT_FIELD, "1.60") == 1);
    pthread_mutex_lock(&redcap.lock);
    redcap.locked = NULL;
    pthread_mutex_unlock(&redcap.lock);
    close_site(&b);
}

/*
 * The service with a study in REDCap (a fake of it): what a routine visit brought arrives there.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/sinks/redcap.h"
#include "service/run_bench.h"
#include "support/fake_redcap.h"

#define COUNT_FIELD "observations_value_num"

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

Test(run_redcap, delivers_what_a_routine_visit_brought, .timeout = 300)
{
    struct bench b;

    set_up(&b, 1, 1);
    use_redcap(&b);
    add_visit_with_count(&b.world.places[0], "p0", "2026-11-20", "1.20");
    start(&b);
    wait_for(&b, "observations", COUNT_FIELD, "1.20");
    cr_expect(active("subjects", "subjects_study", "lendex-rrmm") == 1);
    tear_down(&b);
    cr_expect_str_eq(redcap.wrong, "", "the wire form");
    fake_redcap_release(&redcap);
}

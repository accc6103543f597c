/*
 * What a sync refuses before it asks anybody, and an end by our own disk.
 */
#include "service/sync_bench.h"

#include <unistd.h>

#include "support/fake_disk.h"

Test(sync_refusals, leaves_a_state_folder_alone_that_another_instance_holds)
{
    struct gw_ledger *ledger = NULL;
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    cr_assert(eq(int, gw_ledger_open(path_of(&b, "state/ledger.db"), &ledger, &b.err), GW_OK), "%s", b.err.text);
    cr_expect(eq(int, run(&b), GW_EBUSY));
    gw_ledger_close(ledger);
    run_fine(&b);
    tear_down(&b);
}

Test(sync_refusals, makes_a_pseudonym_key_for_a_new_ledger_and_for_no_other)
{
    struct bench b;

    set_up(&b, HEADER MADRID, 1, NULL);
    run_fine(&b);
    cr_assert(eq(int, unlink(b.config.pseudonym_key), 0));
    cr_expect(eq(int, run(&b), GW_ECONFIG));
    cr_expect(ne(int, access(b.config.pseudonym_key, F_OK), 0));
    tear_down(&b);
}

static void name_no_endpoint(struct bench *b)
{
    b->options.endpoint = "third";
}

static void name_no_package(struct bench *b)
{
    b->study.package = "/nowhere";
}

static void name_another_study(struct bench *b)
{
    b->study.id = "elranatamab-rrmm";
}

static void name_another_site(struct bench *b)
{
    b->endpoints[0].site_profile = SOURCE_DIR "/mappings/sites/essen.json";
}

static void name_no_sink(struct bench *b)
{
    b->study.sink_kind = "abacus";
}

static void name_no_state(struct bench *b)
{
    b->config.state = "/nowhere/at/all";
}

static void promise_windows_only(struct bench *b)
{
    b->config.retain_windows = true;
}

static void have_no_endpoint(struct bench *b)
{
    b->config.endpoint_count = 0;
    fake_server_free(b->hospitals[0].server);
}

static const struct {
    const char *name;
    void (*spoil)(struct bench *b);
    enum gw_status status;
    const char *says;
} refusals[] = {
    {"an endpoint that is not there", name_no_endpoint, GW_EUSAGE, "first"},
    {"a package that is not there", name_no_package, GW_ECONFIG, "/nowhere"},
    {"the package of another study", name_another_study, GW_ECONFIG, "lendex-rrmm"},
    {"the profile of another site", name_another_site, GW_ECONFIG, "essen"},
    {"an unknown kind of sink", name_no_sink, GW_ECONFIG, "abacus"},
    {"a state folder that cannot be made", name_no_state, GW_ECREATE, "/nowhere"},
    {"a retention that is not kept", promise_windows_only, GW_ECONFIG, "retain"},
    {"no endpoint", have_no_endpoint, GW_ECONFIG, "casement.json"},
};

Test(sync_refusals, refuses_settings_before_it_asks_anybody)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct bench b;

        set_up(&b, HEADER MADRID, 1, NULL);
        refusals[i].spoil(&b);
        cr_expect(eq(int, run(&b), refusals[i].status), "%s: %s", refusals[i].name, b.err.text);
        cr_expect(ne(ptr, strstr(b.err.text, refusals[i].says), NULL), "%s: %s", refusals[i].name, b.err.text);
        if (b.config.endpoint_count > 0)
            cr_expect(eq(u32, fake_server_requests(b.hospitals[0].server), 0), "%s", refusals[i].name);
        tear_down(&b);
    }
}

/* Whatever of it fails, the sync ends, and the next one goes on. */
Test(sync_refusals, l2_ends_with_our_disk)
{
    struct bench b;

    fake_disk_install();
    for (int at = 40; at <= 160; at += 40) {
        set_up(&b, HEADER MADRID, 1, NULL);
        fake_disk_fail(at, SQLITE_IOERR);
        cr_expect(eq(int, run(&b), GW_EIO), "at %d: %s", at, b.err.text);
        cr_expect(fake_disk.failed);
        fake_disk_heal();
        run_fine(&b);
        expect_cell(&b, VALUE, "1.20", "");
        tear_down(&b);
    }
}

/*
 * Memory that ends while a derivation is compared with what was delivered: it is there for the derivation, and some
 * bytes more.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "gateway/study/seal.h"
#include "support/refusal.h"

#define STEP 8

static struct subject s;
static struct gw_rows before;

static void stop(void)
{
    subject_release(&s);
}

TestSuite(memory_history, .fini = stop, .timeout = 120);

static void add_again(const char *id, const char *version, const char *rest)
{
    subject_add(
        &s,
        "{'resourceType':'Observation','id':'%s','subject':{'reference':'Patient/p1'},'meta':{'versionId':'%s'},"
        "'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},%s}",
        id, version, rest);
    s.facts[s.count - 1].delivery = 1;
}

/* One value is corrected, one withdrawn. */
static void start(void)
{
    subject_init(&s);
    subject_add_monthly_visits(&s, 3);
    subject_add_lab(&s, "corrected", "751-8", "2024-02-14", "0.8");
    subject_add_lab(&s, "withdrawn", "777-3", "2024-03-15", "40");
    subject_derive(&s);
    before = s.derived.rows;
    add_again("corrected", "2",
              "'status':'corrected','effectiveDateTime':'2024-02-14','valueQuantity':{'value':0.9,"
              "'system':'http://unitsofmeasure.org','code':'10*9/L'}");
    add_again("withdrawn", "2", "'status':'entered-in-error'");
}

static enum gw_status derive_and_compare(struct gw_arena *arena, struct gw_derived *derived, struct gw_error *err)
{
    const struct gw_subject_input input = subject_input(&s);
    enum gw_status rc = gw_derive(arena, &input, derived, err);

    if (rc == GW_OK)
        rc = gw_identify_derived(arena, &before, derived, err);
    return rc == GW_OK ? gw_history(&before, derived, err) : rc;
}

static size_t items_of(const struct gw_derived *derived, const char *code)
{
    size_t count = 0;

    for (size_t i = 0; i < derived->item_count; i++)
        count += gw_same(derived->items[i].code, code);
    return count;
}

static void expect_refusals(struct gw_derived *derived)
{
    const struct gw_subject_input input = subject_input(&s);
    struct gw_arena measure = GW_ARENA_INIT((size_t)64 << 20);
    struct gw_error err = {.text = ""};
    enum gw_status rc;
    size_t limit, refused = 0;

    cr_assert(gw_derive(&measure, &input, derived, &err) == GW_OK, "%s", err.text);
    limit = measure.used;
    gw_arena_release(&measure);
    do {
        struct gw_arena arena = GW_ARENA_INIT(limit);

        rc = derive_and_compare(&arena, derived, &err);
        cr_assert(rc == GW_OK || (rc == GW_ENOMEM && *err.text), "%zu bytes: %s", limit, err.text);
        refused += rc != GW_OK;
        gw_arena_release(&arena);
        limit += STEP;
    } while (rc != GW_OK);
    cr_expect(gt(sz, refused, 50));
    rc = derive_and_compare(&s.arena, derived, &err);
    cr_assert(rc == GW_OK, "%s", err.text);
}

Test(memory_history, ends_with_a_sentence_wherever_it_ends)
{
    struct gw_derived derived;

    start();
    expect_refusals(&derived);
    cr_expect(eq(sz, items_of(&derived, "CORRECTION_AFTER_PUSH"), 1));
    cr_expect(eq(sz, items_of(&derived, "WITHDRAWN_AFTER_PUSH"), 1));
    cr_expect(eq(sz, derived.lasting_count, 0));
    before = derived.rows; /* nothing changes any more: what was told then stays */
    expect_refusals(&derived);
    cr_expect(eq(sz, items_of(&derived, "CORRECTION_AFTER_PUSH"), 0));
    cr_expect(eq(sz, derived.lasting_count, 2));
}

/* The first value stays as it was signed, and is asked about. */
Test(memory_history, ends_with_a_sentence_where_a_window_was_signed)
{
    static struct gw_signed_rows signature;
    struct gw_derived derived;
    char seal[GW_SEAL_BYTES];
    struct gw_error err;
    size_t count;

    start();
    cr_assert(gw_window_seal(&before, "T30-01", seal, &count, &err) == GW_OK);
    signature = (struct gw_signed_rows){
        subject_decide(&s, "sign", "", gw_arena_print(&s.arena, "{'window':'T30-01','revision':1,'seal':'%s'}", seal)),
        before};
    s.signatures = &signature;
    s.signature_count = 1;
    expect_refusals(&derived);
    cr_expect(eq(sz, items_of(&derived, "SIGNED_CHANGED"), 1));
    cr_expect(eq(sz, items_of(&derived, "CORRECTION_AFTER_PUSH"), 0));
}

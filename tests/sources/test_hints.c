/*
 * S20: hints are kept once, listed until they are done, and stay when rung again meanwhile.
 */
#include <criterion/criterion.h>

#include "gateway/sources/hints.h"
#include "support/scratch.h"

static struct scratch scratch;
static struct gw_ledger *ledger;
static struct gw_arena arena = GW_ARENA_INIT(16 << 20);
static struct gw_error err;

static void begin(void)
{
    scratch_init(&scratch);
    cr_assert(gw_ledger_open(scratch_path(&scratch, "ledger.db"), &ledger, &err) == GW_OK, "%s", err.text);
}

static void end(void)
{
    gw_ledger_close(ledger);
    gw_arena_release(&arena);
    scratch_release(&scratch);
}

TestSuite(hints, .init = begin, .fini = end);

static const struct gw_hint of_patient = {.number = 7, .type = "Observation", .id = "o-1", .patient = "p-1"};
static const struct gw_hint of_type = {.number = 8, .type = "Condition"};
static const struct gw_hint of_anything = {.number = 9};

static void put(const char *endpoint, const struct gw_hint *hint, int64_t utc)
{
    cr_assert(gw_hint_put(ledger, endpoint, hint, utc, &err) == GW_OK, "%s", err.text);
}

static struct gw_waiting_hints all(void)
{
    struct gw_waiting_hints list;

    cr_assert(gw_hints(ledger, &arena, &list, &err) == GW_OK, "%s", err.text);
    return list;
}

Test(hints, s20_say_what_to_look_at_again)
{
    struct gw_waiting_hints list;

    put("hm-ehr", &of_patient, 100);
    put("hm-ehr", &of_type, 101);
    put("hm-lab", &of_anything, 102);
    list = all();
    cr_assert(list.count == 3);
    cr_expect(gw_same(list.list[0].patient, "p-1") && gw_same(list.list[0].type, "Observation") &&
              gw_same(list.list[0].id, "o-1") && gw_same(list.list[0].endpoint, "hm-ehr"));
    cr_expect(gw_same(list.list[1].endpoint, "hm-ehr") && !list.list[1].patient && !list.list[1].id);
    cr_expect(gw_same(list.list[1].type, "Condition") && list.list[1].at == 101);
    cr_expect(gw_same(list.list[2].endpoint, "hm-lab") && !list.list[2].type && list.list[2].at == 102);
}

Test(hints, s20_are_one_however_often_they_are_rung)
{
    for (int i = 0; i < 50; i++)
        put("hm-ehr", &of_patient, 100 + i);
    cr_assert(all().count == 1);
    cr_expect(all().list[0].at == 100, "since the first");
}

Test(hints, s20_are_gone_when_done_and_stay_when_rung_meanwhile)
{
    struct gw_waiting_hints list;

    put("hm-ehr", &of_patient, 100);
    put("hm-ehr", &of_anything, 100);
    list = all();
    put("hm-ehr", &of_patient, 130); /* while the hospital is being asked */
    for (size_t i = 0; i < list.count; i++)
        cr_assert(gw_hint_done(ledger, &list.list[i], &err) == GW_OK);
    list = all();
    cr_assert(list.count == 1 && gw_same(list.list[0].id, "o-1"));
    cr_assert(gw_hint_done(ledger, &list.list[0], &err) == GW_OK);
    cr_assert(gw_hint_done(ledger, &list.list[0], &err) == GW_OK, "twice is once");
    cr_expect(all().count == 0);
}

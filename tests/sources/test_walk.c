/*
 * When a walk through pages no longer gets anywhere.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sources/walk.h"

static struct walk walk;
static struct gw_error err;

static void open_walk(void)
{
    cr_assert(walk_init(&walk, &err) == GW_OK);
}

static void close_walk(void)
{
    walk_release(&walk);
}

TestSuite(walk, .init = open_walk, .fini = close_walk);

static enum gw_status see(const char *id, bool goes_on)
{
    struct gw_keep_entry entry = {.mode = GW_KEEP_FACT, .type = "Condition", .id = id};

    return walk_page(&walk, &entry, id ? 1 : 0, 0, goes_on, &err);
}

Test(walk, s6_bears_one_page_without_news_and_not_a_second)
{
    cr_expect(see("a", true) == GW_OK);
    cr_expect(see("a", true) == GW_OK);
    cr_expect(see("b", true) == GW_OK);
    cr_expect(see(NULL, true) == GW_OK);
    cr_expect(see("b", true) == GW_EPROTO);
}

Test(walk, may_end_with_pages_without_news)
{
    cr_expect(see("a", true) == GW_OK);
    cr_expect(see("a", true) == GW_OK);
    cr_expect(see("a", false) == GW_OK);
}

Test(walk, s6_ends_after_ten_thousand_pages)
{
    char id[16];

    for (unsigned page = 1; page < GW_PULL_PAGES_MAX; page++) {
        snprintf(id, sizeof(id), "c%u", page);
        cr_assert(see(id, true) == GW_OK, "page %u: %s", page, err.text);
    }
    cr_expect(see("last", true) == GW_EPROTO && strstr(err.text, "10000"), "%s", err.text);
}

Test(walk, begins_anew_after_a_restart)
{
    static const struct gw_keep_reference reference = {.type = "Medication", .id = "m1"};
    struct gw_keep_entry entry = {.mode = GW_KEEP_FACT,
                                  .type = "MedicationRequest",
                                  .id = "r",
                                  .last_updated = "2024-03-01T10:00:00Z",
                                  .references = &reference,
                                  .reference_count = 1};
    char mark[INSTANT_BYTES];

    cr_assert(walk_visit(&walk, "https://x.example/1", &err) == GW_OK);
    cr_expect(walk_visit(&walk, "https://x.example/1", &err) == GW_EPROTO);
    cr_assert(walk_page(&walk, &entry, 1, 0, true, &err) == GW_OK &&
              walk_page(&walk, &entry, 1, 0, true, &err) == GW_OK);
    cr_expect(walk.references.count == 1 && strcmp(walk.references.list[0], "m1") == 0);
    walk_restart(&walk);
    cr_expect(walk_visit(&walk, "https://x.example/1", &err) == GW_OK);
    cr_expect(walk.references.count == 0 && walk.pages == 0 && walk.entries == 0);
    walk_watermark(&walk, NULL, mark);
    cr_expect_str_eq(mark, "");
    cr_expect(walk_page(&walk, &entry, 1, 0, true, &err) == GW_OK && walk.references.count == 1);
}

Test(walk, takes_no_watermark_from_what_came_along)
{
    struct gw_keep_entry entry = {
        .mode = GW_KEEP_SHARED, .type = "Medication", .id = "m1", .last_updated = "2024-03-01T10:00:00Z"};
    char mark[INSTANT_BYTES];

    cr_assert(walk_page(&walk, &entry, 1, 0, false, &err) == GW_OK);
    walk_watermark(&walk, NULL, mark);
    cr_expect_str_eq(mark, "");
}

Test(id_set, knows_what_it_was_given_and_nothing_else)
{
    struct gw_id_set *set = gw_id_set_new();
    char id[24];

    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof(id), "Observation/o-%d", i);
        cr_expect(!gw_id_set_has(set, id));
        cr_assert(gw_id_set_add(set, id) && gw_id_set_add(set, id));
    }
    cr_expect(gw_id_set_count(set) == 5000);
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof(id), "Observation/o-%d", i);
        cr_expect(gw_id_set_has(set, id));
    }
    cr_expect(!gw_id_set_has(set, "Observation/o-5000"));
    gw_id_set_clear(set);
    cr_expect(gw_id_set_count(set) == 0 && !gw_id_set_has(set, "Observation/o-1"));
    gw_id_set_free(set);
}

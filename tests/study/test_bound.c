/*
 * A value with a comparator against a bound: what it says, and no more.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "study/bound.h"

static struct gw_arena arena = GW_ARENA_INIT(1 << 16);

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(bound, .fini = release);

/* Against a bound of 5. */
static const struct {
    const char *comparator, *value;
    enum side side;
} sides[] = {
    {NULL, "4.9", SIDE_BELOW},   {NULL, "5.0", SIDE_AT},    {NULL, "5.1", SIDE_ABOVE},
    {"<", "4.9", SIDE_BELOW},    {"<", "5", SIDE_BELOW},    {"<", "5.1", SIDE_UNKNOWN},
    {"<=", "4.9", SIDE_BELOW},   {"<=", "5", SIDE_UNKNOWN}, {"<=", "5.1", SIDE_UNKNOWN},
    {">", "4.9", SIDE_UNKNOWN},  {">", "5", SIDE_ABOVE},    {">", "5.1", SIDE_ABOVE},
    {">=", "4.9", SIDE_UNKNOWN}, {">=", "5", SIDE_UNKNOWN}, {">=", "5.1", SIDE_ABOVE},
    {"ad", "4.9", SIDE_UNKNOWN}, /* R5: enough to give this amount */
};

static struct gw_decimal read_decimal(const char *text)
{
    struct gw_decimal value;

    cr_assert(gw_decimal_parse(&arena, text, strlen(text), &value, NULL) == GW_OK);
    return value;
}

Test(bound, leaves_open_what_a_comparator_leaves_open)
{
    const struct engine e = {.arena = &arena};
    const struct gw_decimal five = read_decimal("5");

    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        const struct appraisal value = {.measure = {.value_num = sides[i].value,
                                                    .comparator = sides[i].comparator,
                                                    .canonical = gw_ratio_of(read_decimal(sides[i].value))}};
        const struct datum datum = {.measured = true, .value = &value};

        cr_expect(eq(int, bound_side(&e, &datum, &five), sides[i].side), "%s%s",
                  sides[i].comparator ? sides[i].comparator : "", sides[i].value);
        cr_expect(eq(int, bound_exact(&datum), !sides[i].comparator));
    }
}

Test(bound, says_nothing_of_what_is_no_number)
{
    const struct engine e = {.arena = &arena};
    const struct gw_decimal five = read_decimal("5");
    const struct appraisal coded = {.measure = {.value_text = "positive"}}, number = {.measure = {.value_num = "4"}};
    const struct datum answer = {.measured = true, .value = &coded}, unread = {.measured = false, .value = &number};

    cr_expect(eq(int, bound_side(&e, &answer, &five), SIDE_UNKNOWN));
    cr_expect(eq(int, bound_side(&e, &unread, &five), SIDE_UNKNOWN));
    cr_expect(not(bound_exact(&answer)));
    cr_expect(not(bound_exact(&unread)));
}

/*
 * Powers with broken exponents. What is wanted was computed with 50 digits elsewhere; the roots and inverses are exact.
 */
#include "gateway/core/power.h"

#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define MOST         4

static struct gw_arena arena = GW_ARENA_INIT(1 << 20);

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(power, .fini = release);

static struct gw_power power_of(const char *base, int32_t thousandths)
{
    struct gw_power power = {.thousandths = thousandths};
    struct gw_error err = {0};

    cr_assert(gw_ratio_parse(&arena, base, &power.base, &err) == GW_OK, "%s: %s", base, err.text);
    return power;
}

static const struct {
    struct {
        const char *base;
        int32_t thousandths;
    } powers[MOST];
    const char *product;
} cases[] = {
    {{{"2", 1000}}, "2.000000"},
    {{{"2", 500}}, "1.414214"},
    {{{"4", 1500}}, "8.000000"},
    {{{"10", -3000}}, "0.001000"},
    {{{"10", 999}}, "9.977001"},
    {{{"1000", 333}}, "9.977001"},
    {{{"1/3", 1000}}, "0.333333"},
    {{{"88.4/88.4", -1154}}, "1.000000"},
    {{{"999999.999999", 1000}}, "999999.999999"},
    {{{"123456789012345678901234567890/100000000000000000000000", 1000}}, "1234567.890123"},
    {{{"1e-18", 500}}, "0.000000"},
    {{{"7", 0}}, "1.000000"},
    {{{"3", 1154}, {"3", -1154}}, "1.000000"},
    /* estimated filtration: a constant, creatinine in mg/dL, age, sex */
    {{{"175", 1000}, {"1", -1154}, {"70", -203}}, "73.872560"},
    {{{"175", 1000}, {"1", -1154}, {"70", -203}, {"0.742", 1000}}, "54.813439"},
    {{{"175", 1000}, {"177/88.4", -1154}, {"75", -203}}, "32.692293"},
    {{{"175", 1000}, {"0.52", -1154}, {"40", -203}}, "176.015945"},
    {{{"186", 1000}, {"12.3", -1154}, {"91", -203}, {"0.742", 1000}}, "3.051272"},
};

Test(power, multiplies_powers_to_six_decimals)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gw_power powers[MOST];
        struct gw_decimal product;
        size_t count = 0;

        for (; count < MOST && cases[i].powers[count].base; count++)
            powers[count] = power_of(cases[i].powers[count].base, cases[i].powers[count].thousandths);
        cr_assert(gw_powers(powers, count, &product), "case %zu", i);
        cr_expect(eq(str, (char *)gw_decimal_print(&arena, &product), (char *)cases[i].product), "case %zu", i);
    }
}

Test(power, gives_back_every_root)
{
    for (int n = 1; n <= 300; n++) {
        const struct gw_ratio cube = gw_ratio_of(gw_decimal_from_int((int64_t)n * n * n));
        const struct gw_power third[] = {{cube, 333}, {cube, 333}, {cube, 334}}, half = {cube, 500};
        const struct gw_decimal wanted = gw_decimal_from_int((int64_t)n * n * n);
        struct gw_decimal product, square;

        cr_assert(gw_powers(third, 3, &product));
        cr_expect(gw_decimal_compare(&product, &wanted) == 0, "%d", n);
        cr_assert(gw_powers((struct gw_power[]){half, half, {cube, -1000}}, 3, &square));
        cr_expect(eq(str, (char *)gw_decimal_print(&arena, &square), (char *)"1.000000"), "%d", n);
    }
}

Test(power, refuses_what_has_no_power_or_is_too_large)
{
    const struct gw_power zero = power_of("0", 1000), negative = power_of("-2", 1000);
    const struct gw_power large = power_of("2", 40000), almost = power_of("2", 39999), tiny = power_of("2", -50000);
    struct gw_decimal product = {.coefficient = 5};

    cr_expect(not(gw_powers(&zero, 1, &product)));
    cr_expect(not(gw_powers(&negative, 1, &product)));
    cr_expect(not(gw_powers(&large, 1, &product)));
    cr_expect(eq(i64, product.coefficient, 5));
    cr_expect(gw_powers(&almost, 1, &product), "below the limit");
    cr_expect(gw_powers(&tiny, 1, &product) && product.coefficient == 0, "nothing that six decimals show");
}

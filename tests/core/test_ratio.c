/*
 * Unit factors and converted values: exact where a decimal can be, else six decimals, half to even.
 */
#include "gateway/core/decimal.h"
#include "support/chance.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct gw_arena arena = GW_ARENA_INIT(64 << 20);

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(ratio, .fini = release);

static struct gw_decimal read_decimal(const char *text)
{
    struct gw_decimal value = {0};

    cr_assert(eq(int, gw_decimal_parse(&arena, text, strlen(text), &value, NULL), GW_OK), "%s", text);
    return value;
}

static struct gw_ratio read_ratio(const char *text)
{
    struct gw_ratio value = {0};
    struct gw_error err = {0};

    cr_assert(eq(int, gw_ratio_parse(&arena, text, &value, &err), GW_OK), "%s: %s", text, err.text);
    return value;
}

static const struct {
    const char *value;
    const char *factor;
    const char *printed;
} products[] = {
    /* one and powers of ten keep the digits */
    {"1200", "1/1000", "1.200"},
    {"9.9", "10", "99"},
    {"1.20", "1", "1.20"},
    {"1.20", "1.0", "1.20"},
    {"1.20", "10/10", "1.20"},
    {"1.20", "1000", "1200"},
    {"1.2", "0.001", "0.0012"},
    {"0.00", "1/100", "0.0000"},
    {"-5", "1e-3", "-0.005"},
    {"4.50", "100/1", "450"},
    {"123456789012345678901", "1/1000", "123456789012345678.901"},
    /* other finite products are exact */
    {"1.20", "88.4", "106.08"},
    {"100", "2", "200"},
    {"0.5", "2", "1"},
    {"2.50", "-1", "-2.5"},
    {"36", "25/36", "25"},
    {"0.00", "25/36", "0"},
    {"-0", "88.4", "0"},
    {"1", "1/8", "0.125"},
    {"1", "3/1024", "0.0029296875"},
    {"1", "1/18014398509481984", "0.000000000000000055511151231257827021181583404541015625"},
    {"1", "1/36893488147419103232", "0.00000000000000000002710505431213761085018632002174854278564453125"},
    {"1E245", "5", "5E+245"},
    {"1E245", "1/2", "5E+244"},
    {"5E-50", "3", "1.5E-49"},
    {"12345678901234567890", "2", "24691357802469135780"},
    /* the rest has six decimals, half to even */
    {"4.3", "25/36", "2.986111"},
    {"-4.3", "25/36", "-2.986111"},
    {"1", "1/3", "0.333333"},
    {"2", "1/3", "0.666667"},
    {"1", "10/3", "3.333333"},
    {"1", "1/3000000", "0.000000"},
    {"2", "1/3000000", "0.000001"},
    {"-1", "1/3000000", "0.000000"},
    {"0.9999999", "100/99", "1.010101"},
    {"2.9999999", "1/3", "1.000000"},
    {"98.6", "5/9", "54.777778"},
    {"7.5", "7.50062/1", "56.25465"},
    {"1", "0.3/0.7", "0.428571"},
    {"1", "3e5/7e3", "42.857143"},
    {"1e-1000000", "1/3", "0.000000"},
    {"123456789012345678901234567890", "1/7", "17636684144620811271604938270"},
    {"123456789012345678901234567891", "1/7", "17636684144620811271604938270.142857"},
    {"1", "1/123456789012345678901", "0.000000"},
    {"1e20", "1/123456789012345678901", "0.810000"},
};

Test(ratio, prints_a_converted_value_by_the_rule_for_numbers)
{
    for (size_t i = 0; i < COUNT(products); i++) {
        const struct gw_decimal value = read_decimal(products[i].value);
        const struct gw_ratio factor = read_ratio(products[i].factor);

        cr_expect(eq(str, (char *)gw_ratio_print_product(&arena, &value, &factor), (char *)products[i].printed),
                  "%s * %s", products[i].value, products[i].factor);
    }
}

static const struct {
    const char *fahrenheit;
    const char *celsius;
} temperatures[] = {
    {"98.6", "37"},
    {"100.4", "38"},
    {"99", "37.222222"},
    {"32", "0"},
    {"-40", "-40"},
    {"0", "-17.777778"},
    {"101.30", "38.5"},
    {"98.60000000000000000001", "37.000000"},
    {"32.00000225", "0.00000125"},
    {"32.000001", "0.000001"},
};

Test(ratio, converts_units_with_an_offset)
{
    const struct gw_ratio offset = read_ratio("-32");
    const struct gw_ratio factor = read_ratio("5/9");

    for (size_t i = 0; i < COUNT(temperatures); i++) {
        struct gw_ratio value = gw_ratio_of(read_decimal(temperatures[i].fahrenheit));

        cr_assert(gw_ratio_add(&arena, &value, &offset, &value));
        cr_assert(gw_ratio_multiply(&arena, &value, &factor, &value));
        cr_expect(eq(str, (char *)gw_ratio_print(&arena, &value), (char *)temperatures[i].celsius), "%s degF",
                  temperatures[i].fahrenheit);
    }
}

Test(ratio, adds_over_different_denominators)
{
    const struct gw_ratio third = read_ratio("1/3");
    const struct gw_ratio sixth = read_ratio("1/6");
    struct gw_ratio sum;

    cr_assert(gw_ratio_add(&arena, &third, &sixth, &sum));
    cr_expect(eq(str, (char *)gw_ratio_print(&arena, &sum), (char *)"0.5"));
    cr_assert(gw_ratio_add(&arena, &third, &third, &sum));
    cr_expect(eq(str, (char *)gw_ratio_print(&arena, &sum), (char *)"0.666667"));
}

static const struct {
    const char *ratio;
    unsigned places;
    const char *printed;
} rounded[] = {
    {"5600/72", 1, "77.8"}, /* (140 - 70) * 80 / 72 */
    {"78", 1, "78.0"},
    {"0", 1, "0.0"},
    {"0.04", 1, "0.0"},
    {"-0.04", 1, "0.0"},
    {"1/3", 0, "0"},
    {"2/3", 0, "1"},
    {"2/3", 3, "0.667"},
    {"100050000/2", 2, "50025000.00"},
    /* a half goes to the even neighbour, anything above it up */
    {"0.25", 1, "0.2"},
    {"0.35", 1, "0.4"},
    {"0.75", 1, "0.8"},
    {"0.85", 1, "0.8"},
    {"-0.25", 1, "-0.2"},
    {"-0.35", 1, "-0.4"},
    {"0.05", 1, "0.0"},
    {"0.15", 1, "0.2"},
    {"1/2", 0, "0"},
    {"3/2", 0, "2"},
    {"0.2500000000000000000000001", 1, "0.3"},
    {"0.2499999999999999999999999", 1, "0.2"},
    {"9.95", 1, "10.0"},
    {"9.85", 1, "9.8"},
    {"1/8", 2, "0.12"},
    {"3/8", 2, "0.38"},
    {"25/99", 2, "0.25"},
    {"1.25e3", 1, "1250.0"},
};

Test(ratio, rounds_to_so_many_decimals_half_to_even)
{
    for (size_t i = 0; i < COUNT(rounded); i++) {
        const struct gw_ratio value = read_ratio(rounded[i].ratio);

        cr_expect(
            eq(str, (char *)gw_ratio_print_rounded(&arena, &value, rounded[i].places), (char *)rounded[i].printed),
            "%s to %u", rounded[i].ratio, rounded[i].places);
    }
}

static const char *const refused[] = {"", "/", "1/", "/2", "1/0", "1/0.0", "1/-2", "1/2/3", "1 / 2", "a", "1/b", "1;2"};

Test(ratio, refuses_what_is_no_factor)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        const struct gw_ratio before = {.numerator = {.coefficient = 42}};
        struct gw_ratio value = before;
        struct gw_error err = {0};

        cr_expect(eq(int, gw_ratio_parse(&arena, refused[i], &value, &err), GW_EINPUT), "\"%s\"", refused[i]);
        cr_expect(eq(int, memcmp(&value, &before, sizeof value), 0), "\"%s\"", refused[i]);
        cr_expect(ne(chr, err.text[0], '\0'), "\"%s\"", refused[i]);
    }
}

static const struct {
    const char *a;
    const char *b;
    int order;
} orders[] = {
    {"1/3", "2/6", 0},
    {"1/3", "0.333333", 1},
    {"1/3", "0.333334", -1},
    {"-1/3", "1/3", -1},
    {"-1/3", "-1/4", -1},
    {"0", "0/5", 0},
    {"25/36", "0.69444444444444444444444444444444", 1},
    {"999999999999999999/999999999999999998", "999999999999999998/999999999999999997", -1},
    {"1e1000000/3", "1/3", 1},
};

Test(ratio, compares_by_value_even_without_memory)
{
    struct gw_arena none = GW_ARENA_INIT(1);

    for (size_t i = 0; i < COUNT(orders); i++) {
        const struct gw_ratio a = read_ratio(orders[i].a);
        const struct gw_ratio b = read_ratio(orders[i].b);

        cr_expect(eq(int, gw_ratio_compare(&arena, &a, &b), orders[i].order), "%s, %s", orders[i].a, orders[i].b);
        cr_expect(eq(int, gw_ratio_compare(&none, &b, &a), -orders[i].order), "%s, %s", orders[i].b, orders[i].a);
    }
    gw_arena_release(&none);
}

static uint64_t seed = 1;

/* numerator / denominator as the rule wants it, by plain 128-bit integers. Both below 10^9. */
static void expected(int64_t numerator, int64_t denominator, char out[64])
{
    const uint64_t scale = 1000000000000000; /* finite quotients by such denominators that fit in 15 places */
    const unsigned __int128 magnitude = (unsigned __int128)(numerator < 0 ? -numerator : numerator);
    const unsigned __int128 exact = magnitude * scale;
    uint64_t quotient;
    uint64_t rest;

    if (exact % (uint64_t)denominator == 0) {
        const unsigned __int128 shown = exact / (uint64_t)denominator;
        size_t end = (size_t)snprintf(out, 64, "%s%llu.%015llu", numerator < 0 ? "-" : "",
                                      (unsigned long long)(shown / scale), (unsigned long long)(shown % scale));

        while (out[end - 1] == '0')
            out[--end] = '\0';
        if (out[end - 1] == '.')
            out[--end] = '\0';
        return;
    }
    quotient = (uint64_t)(magnitude * 1000000 / (uint64_t)denominator);
    rest = (uint64_t)(magnitude * 1000000 % (uint64_t)denominator);
    if (rest * 2 > (uint64_t)denominator || (rest * 2 == (uint64_t)denominator && quotient % 2 == 1))
        quotient++;
    snprintf(out, 64, "%s%llu.%06llu", numerator < 0 && quotient > 0 ? "-" : "",
             (unsigned long long)(quotient / 1000000), (unsigned long long)(quotient % 1000000));
}

Test(ratio, divides_as_integers_do)
{
    for (int i = 0; i < 20000; i++) {
        static const int64_t limits[] = {10, 100, 4000, 1000000};
        const int64_t numerator = (int64_t)(chance_next(&seed) % 1000000000) - 500000000;
        int64_t denominator = 1 + (int64_t)(chance_next(&seed) % (uint64_t)limits[chance_next(&seed) % COUNT(limits)]);
        struct gw_ratio ratio;
        char wanted[64];

        while (denominator % 8192 == 0) /* whose finite quotients need more places than the other opinion has */
            denominator++;
        ratio = (struct gw_ratio){gw_decimal_from_int(numerator), gw_decimal_from_int(denominator)};
        expected(numerator, denominator, wanted);
        cr_expect(eq(str, (char *)gw_ratio_print(&arena, &ratio), wanted), "%lld / %lld", (long long)numerator,
                  (long long)denominator);
        gw_arena_clear(&arena);
    }
}

Test(ratio, rounds_a_long_quotient_like_a_short_one)
{
    static const char *const scales[] = {"1", "1000000000000000000000", "0.000000000000000000000001"};

    for (int i = 0; i < 2000; i++) {
        const int64_t numerator = (int64_t)(chance_next(&seed) % 1000000) + 1;
        const int64_t denominator = (int64_t)(chance_next(&seed) % 1000) + 1;
        struct gw_ratio ratio = {gw_decimal_from_int(numerator), gw_decimal_from_int(denominator)};
        const char *const wanted = gw_ratio_print(&arena, &ratio);
        const struct gw_decimal scale = read_decimal(scales[i % COUNT(scales)]);
        const struct gw_decimal odd = read_decimal("1000000000000000000000000000057");

        cr_assert(gw_decimal_multiply(&arena, &ratio.numerator, &scale, &ratio.numerator));
        cr_assert(gw_decimal_multiply(&arena, &ratio.denominator, &scale, &ratio.denominator));
        cr_assert(gw_decimal_multiply(&arena, &ratio.numerator, &odd, &ratio.numerator));
        cr_assert(gw_decimal_multiply(&arena, &ratio.denominator, &odd, &ratio.denominator));
        cr_expect(eq(str, (char *)gw_ratio_print(&arena, &ratio), (char *)wanted), "%lld / %lld", (long long)numerator,
                  (long long)denominator);
        gw_arena_clear(&arena);
    }
}

Test(ratio, gives_no_text_at_the_limit_of_its_arena)
{
    const struct gw_decimal value = read_decimal("4.3");
    const struct gw_ratio factor = read_ratio("25/36");
    struct gw_arena none = GW_ARENA_INIT(1);

    cr_expect(eq(ptr, (void *)gw_ratio_print_product(&none, &value, &factor), NULL));
    gw_arena_release(&none);
}

typedef bool combine(struct gw_arena *, const struct gw_ratio *, const struct gw_ratio *, struct gw_ratio *);

static bool print_quotient(struct gw_arena *page, const struct gw_ratio *a, const struct gw_ratio *b,
                           struct gw_ratio *out)
{
    const char *const text = gw_ratio_print_product(page, &a->numerator, b);

    *out = gw_ratio_of(gw_decimal_from_int(0));
    return text && gw_decimal_parse(&arena, text, strlen(text), &out->numerator, NULL) == GW_OK;
}

/* Long terms, whose sum and product are known by other means; the quotients are those of the table above. */
static const struct {
    const char *name;
    combine *work;
    const char *a, *b, *wanted;
} combinations[] = {
    {"a sum over one denominator", gw_ratio_add, "123456789012345678901234567890/7", "1/7",
     "123456789012345678901234567891/7"},
    {"a sum over two", gw_ratio_add, "100000000000000000000/3", "1/100000000000000000001",
     "10000000000000000000100000000000000000003/300000000000000000003"},
    {"a product", gw_ratio_multiply, "100000000000000000001/3", "100000000000000000001/100000000000000000003",
     "10000000000000000000200000000000000000001/300000000000000000009"},
    {"a quotient by a short divisor", print_quotient, "123456789012345678901234567890", "1/7",
     "17636684144620811271604938270"},
    {"a quotient by a long divisor", print_quotient, "1e20", "1/123456789012345678901", "0.81"},
    {"none of a long divisor", print_quotient, "0", "5/123456789012345678901", "0"},
    {"a long product", print_quotient, "123456789012345678901234567890", "7", "864197523086419752308641975230"},
};

Test(ratio, computes_wholly_or_not_at_all)
{
    for (size_t i = 0; i < COUNT(combinations); i++) {
        const struct gw_ratio a = read_ratio(combinations[i].a), b = read_ratio(combinations[i].b);
        const struct gw_ratio wanted = read_ratio(combinations[i].wanted);
        bool done = false;

        for (size_t limit = 0; !done; limit++) {
            struct gw_arena tight = GW_ARENA_INIT(limit);
            struct gw_ratio got;

            done = combinations[i].work(&tight, &a, &b, &got);
            if (done)
                cr_expect(eq(int, gw_ratio_compare(&arena, &got, &wanted), 0), "%s", combinations[i].name);
            gw_arena_release(&tight);
            cr_assert(lt(sz, limit, 4096), "%s: it is never enough", combinations[i].name);
        }
    }
}

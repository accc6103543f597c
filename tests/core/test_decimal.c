/*
 * Decimals as written: the grammar, comparison and exact sums and products, checked against libcrypto's BIGNUM.
 */
#include "gateway/core/decimal.h"
#include "support/chance.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define ROUNDS       4000
#define LONGEST      400

static struct gw_arena arena = GW_ARENA_INIT(64 << 20);

static void release(void)
{
    gw_arena_release(&arena);
}

TestSuite(decimal, .fini = release);

static struct gw_decimal read_decimal(const char *text)
{
    struct gw_decimal value = {0};
    struct gw_error err = {0};

    cr_assert(eq(int, gw_decimal_parse(&arena, text, strlen(text), &value, &err), GW_OK), "%s: %s", text, err.text);
    return value;
}

static const struct {
    const char *text;
    const char *printed;
} spellings[] = {
    {"0", "0"},
    {"-0", "0"},
    {"0.00", "0.00"},
    {"-0.0", "0.0"},
    {"0E5", "0"},
    {"0e-3", "0.000"},
    {"1.20", "1.20"},
    {"-1.20", "-1.20"},
    {"0.05", "0.05"},
    {"1e0", "1"},
    {"12E2", "1200"},
    {"12e+2", "1200"},
    {"1.2e1", "12"},
    {"120e-1", "12.0"},
    {"1E-22", "0.0000000000000000000001"},
    {"9007199254740993", "9007199254740993"},
    {"999999999999999999", "999999999999999999"},
    {"1000000000000000000", "1000000000000000000"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"0.1234567890123456789", "0.1234567890123456789"},
    {"0.000000000000000000000000000001", "0.000000000000000000000000000001"},
    {"0.0000000000000000000", "0.0000000000000000000"},
    {"3.14159265358979323846264338327950288419716939937510", "3.14159265358979323846264338327950288419716939937510"},
    {"1.000000000000000000E-245", "1.000000000000000000E-245"},
    {"-1.000000000000000000E+245", "-1.000000000000000000E+245"},
    {"1e40", "10000000000000000000000000000000000000000"},
    {"1e41", "1E+41"},
    {"12e400", "1.2E+401"},
    {"1e1000000", "1E+1000000"},
    {"12e1000000", "1.2E+1000001"},
    {"1.2E+1000001", "1.2E+1000001"},
    {"1.2e-999999", "1.2E-999999"},
    {"0e-50", "0E-50"},
    {"1e0000000000000000002", "100"},
};

Test(decimal, s12_keeps_the_digits_it_was_written_with)
{
    for (size_t i = 0; i < COUNT(spellings); i++) {
        const struct gw_decimal value = read_decimal(spellings[i].text);

        cr_expect(eq(str, (char *)gw_decimal_print(&arena, &value), (char *)spellings[i].printed), "%s",
                  spellings[i].text);
    }
}

static const char *const refused[] = {
    "",
    "-",
    "+1",
    ".5",
    "5.",
    "1.e3",
    "01",
    "-01",
    "00",
    "1e",
    "1e+",
    "1E-",
    "e3",
    " 1",
    "1 ",
    "1,5",
    "1.2.3",
    "0x10",
    "NaN",
    "1_0",
    "--1",
    "1e1.5",
    "<0.2",
    "1e5e5",
    "1ex",
    "1.5e+",
    "\xd9\xa1",
    "1e1000001",
    "1e-1000001",
    "0.1e-1000000",
    "1e99999999999999999999",
};

Test(decimal, refuses_what_the_grammar_does_not_have)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        const struct gw_decimal before = {.coefficient = 42};
        struct gw_decimal value = before;
        struct gw_error err = {0};

        cr_expect(eq(int, gw_decimal_parse(&arena, refused[i], strlen(refused[i]), &value, &err), GW_EINPUT), "\"%s\"",
                  refused[i]);
        cr_expect(eq(int, memcmp(&value, &before, sizeof value), 0), "\"%s\" must leave the output alone", refused[i]);
    }
}

Test(decimal, reads_no_further_than_its_length)
{
    struct gw_decimal value = {0};

    cr_assert(eq(int, gw_decimal_parse(&arena, "1234", 2, &value, NULL), GW_OK));
    cr_expect(eq(i64, value.coefficient, 12));
    cr_expect(eq(int, gw_decimal_parse(&arena, "1\0005", 3, &value, NULL), GW_EINPUT));
}

Test(decimal, names_the_place_and_never_the_value_in_an_error)
{
    struct gw_decimal value;
    struct gw_error err = {0};

    gw_decimal_parse(&arena, "98765x", 6, &value, &err);
    cr_expect(ne(ptr, strstr(err.text, "for 5 of 6 characters"), NULL), "%s", err.text);
    cr_expect(eq(ptr, strstr(err.text, "98765"), NULL), "%s", err.text);
}

Test(decimal, needs_no_memory_up_to_eighteen_digits)
{
    static const char *const texts[] = {"999999999999999999", "-0.000000000000000001", "0.00000000000000000000000001",
                                        "0.000000000000000000000000"};
    struct gw_arena none = GW_ARENA_INIT(1);
    struct gw_decimal value;

    for (size_t i = 0; i < COUNT(texts); i++) {
        cr_expect(eq(int, gw_decimal_parse(&none, texts[i], strlen(texts[i]), &value, NULL), GW_OK), "%s", texts[i]);
        cr_expect(eq(ptr, (void *)value.digits, NULL), "%s", texts[i]);
    }
    cr_expect(eq(int, gw_decimal_parse(&none, "1234567890123456789", 19, &value, NULL), GW_ENOMEM));
    gw_arena_release(&none);
}

static const struct {
    const char *a;
    const char *b;
    int order;
} orders[] = {
    {"1.0", "1.00", 0},
    {"0.5", "0.499", 1},
    {"0.499", "0.5", -1},
    {"-0", "0", 0},
    {"-0.00", "0e100", 0},
    {"-1", "1", -1},
    {"-2", "-1", -1},
    {"-1.5", "-1.50", 0},
    {"0", "1E-22", -1},
    {"0", "-1E-22", 1},
    {"1E-22", "1E-21", -1},
    {"9007199254740993", "9007199254740992", 1},
    {"9007199254740993", "9007199254740993.0000", 0},
    {"1.000000000000000000E-245", "0", 1},
    {"-1.000000000000000000E-245", "0", -1},
    {"1.000000000000000000E+245", "1E245", 0},
    {"-1.000000000000000000E+245", "1.000000000000000000E-245", -1},
    {"1e1000000", "1", 1},
    {"-1e1000000", "1", -1},
    {"1e-1000000", "1", -1},
    {"1e-1000000", "0", 1},
    {"1e1000000", "1e-1000000", 1},
    {"10e999999", "1e1000000", 0},
    {"0e1000000", "0e-1000000", 0},
    {"999999999999999999", "1e18", -1},
    {"1000000000000000000", "1e18", 0},
    {"1000000000000000001", "1e18", 1},
    {"1e18", "1000000000000000000.0", 0},
    {"123456789012345678901234567890", "123456789012345678901234567890.0", 0},
    {"123456789012345678901234567890", "123456789012345678901234567890.01", -1},
    {"123456789012345678901234567891", "12345678901234567890123456789e1", 1},
    {"-123456789012345678901234567891", "-12345678901234567890123456789e1", -1},
};

Test(decimal, compares_by_value)
{
    for (size_t i = 0; i < COUNT(orders); i++) {
        const struct gw_decimal a = read_decimal(orders[i].a);
        const struct gw_decimal b = read_decimal(orders[i].b);

        cr_expect(eq(int, gw_decimal_compare(&a, &b), orders[i].order), "%s, %s", orders[i].a, orders[i].b);
        cr_expect(eq(int, gw_decimal_compare(&b, &a), -orders[i].order), "%s, %s", orders[i].b, orders[i].a);
    }
}

/* A million zeros written out a hundred thousand times would outlast any timeout. */
Test(decimal, compares_a_huge_exponent_without_expanding_it, .timeout = 20)
{
    const struct gw_decimal huge = read_decimal("1e1000000");
    const struct gw_decimal one = read_decimal("1");
    const struct gw_decimal also_huge = read_decimal("1.000000000000000000000000e1000000");

    for (int i = 0; i < 100000; i++) {
        cr_assert(eq(int, gw_decimal_compare(&huge, &one), 1));
        cr_assert(eq(int, gw_decimal_compare(&huge, &also_huge), 0));
    }
}

static const struct {
    const char *a;
    const char *b;
    const char *sum;
    const char *product;
} results[] = {
    {"1.20", "88.4", "89.60", "106.080"},
    {"-273.15", "300.15", "27.00", "-81985.9725"},
    {"0", "0.00", "0.00", "0.00"},
    {"1e3", "0.00", "1000.00", "0"},
    {"-1", "1", "0", "-1"},
    {"999999999999999999", "1", "1000000000000000000", "999999999999999999"},
    {"999999999999999999", "999999999999999999", "1999999999999999998", "999999999999999998000000000000000001"},
    {"-999999999999999999", "1e18", "1", "-999999999999999999000000000000000000"},
    {"1e30", "-1", "999999999999999999999999999999", "-1000000000000000000000000000000"},
    {"1e30", "-1e30", "0", "-1E+60"},
    {"12345678901234567890.5", "-12345678901234567890.5", "0.0", "-152415787532388367514250878776253619990.25"},
    {"0", "1e-1000000", "1E-1000000", "0E-1000000"},
};

Test(decimal, adds_and_multiplies_exactly)
{
    for (size_t i = 0; i < COUNT(results); i++) {
        const struct gw_decimal a = read_decimal(results[i].a);
        const struct gw_decimal b = read_decimal(results[i].b);
        struct gw_decimal sum;
        struct gw_decimal product;

        cr_assert(gw_decimal_add(&arena, &a, &b, &sum));
        cr_assert(gw_decimal_multiply(&arena, &a, &b, &product));
        cr_expect(eq(str, (char *)gw_decimal_print(&arena, &sum), (char *)results[i].sum), "%s + %s", results[i].a,
                  results[i].b);
        cr_expect(eq(str, (char *)gw_decimal_print(&arena, &product), (char *)results[i].product), "%s * %s",
                  results[i].a, results[i].b);
    }
}

Test(decimal, computes_with_every_int64)
{
    static const int64_t values[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX};

    for (size_t i = 0; i < COUNT(values); i++) {
        const struct gw_decimal value = gw_decimal_from_int(values[i]);
        const struct gw_decimal zero = gw_decimal_from_int(0);
        struct gw_decimal same;

        cr_assert(gw_decimal_add(&arena, &value, &zero, &same));
        cr_expect(eq(int, gw_decimal_compare(&value, &same), 0));
        cr_expect(eq(int, gw_decimal_sign(&value), (values[i] > 0) - (values[i] < 0)));
        cr_assert(gw_decimal_multiply(&arena, &value, &value, &same));
        cr_expect(eq(int, gw_decimal_compare(&same, &value), values[i] != 0 && values[i] != 1));
    }
}

Test(decimal, refuses_a_sum_of_more_than_a_million_digits)
{
    const struct gw_decimal huge = read_decimal("1e1000000");
    const struct gw_decimal large = read_decimal("1e999999");
    const struct gw_decimal one = read_decimal("1");
    struct gw_decimal sum;

    cr_expect(not(gw_decimal_add(&arena, &huge, &one, &sum)));
    cr_assert(gw_decimal_add(&arena, &large, &one, &sum));
    cr_expect(eq(u32, sum.count, 1000000));
    cr_expect(eq(int, gw_decimal_compare(&sum, &large), 1));
    for (int i = 0; i < 3; i++) /* 8e999999 and a bit: as many digits as there may be */
        cr_assert(gw_decimal_add(&arena, &sum, &sum, &sum));
    cr_expect(not(gw_decimal_add(&arena, &sum, &sum, &sum)));
}

Test(decimal, says_no_at_the_limit_of_its_arena)
{
    const struct gw_decimal a = read_decimal("123456789012345678901234567890");
    const struct gw_decimal b = read_decimal("999999999999999999");
    struct gw_arena none = GW_ARENA_INIT(1);
    struct gw_decimal out;

    cr_expect(not(gw_decimal_add(&none, &a, &b, &out)));
    cr_expect(not(gw_decimal_multiply(&none, &a, &b, &out)));
    cr_expect(not(gw_decimal_multiply(&none, &b, &b, &out)));
    cr_expect(eq(ptr, (void *)gw_decimal_print(&none, &a), NULL));
    gw_arena_release(&none);
}

/* The limit rises by a byte until the work is done: every allocation of it is refused once. How often it was. */
static size_t count_refusals(bool (*work)(struct gw_arena *, const struct gw_decimal *, const struct gw_decimal *,
                                          struct gw_decimal *),
                             const char *a_text, const char *b_text, const char *wanted)
{
    const struct gw_decimal a = read_decimal(a_text);
    const struct gw_decimal b = read_decimal(b_text);
    const struct gw_decimal result = read_decimal(wanted);

    for (size_t limit = 0; limit < 4096; limit++) {
        struct gw_arena tight = GW_ARENA_INIT(limit);
        struct gw_decimal out = {0};
        const bool done = work(&tight, &a, &b, &out);

        if (done)
            cr_expect(eq(int, gw_decimal_compare(&out, &result), 0), "%s, %s: %zu bytes", a_text, b_text, limit);
        gw_arena_release(&tight);
        if (done)
            return limit;
    }
    cr_assert(false, "%s, %s: it is never enough", a_text, b_text);
    return 0;
}

Test(decimal, computes_long_numbers_wholly_or_not_at_all)
{
    static const char long_one[] = "123456789012345678901234567890", nines[] = "-99999999999999999999999999999";

    cr_expect(gt(sz, count_refusals(gw_decimal_add, long_one, "1", "123456789012345678901234567891"), 30));
    cr_expect(gt(sz, count_refusals(gw_decimal_add, long_one, nines, "23456789012345678901234567891"), 30));
    cr_expect(gt(sz,
                 count_refusals(gw_decimal_multiply, long_one, nines,
                                "-12345678901234567890123456788876543210987654321098765432110"),
                 60));
}

/* 1e1000000 is the largest power that is read; a product of a hundred of them the largest there is. */
Test(decimal, refuses_a_product_beyond_all_exponents)
{
    static const char *const powers[] = {"1e1000000", "1e-1000000"};

    for (size_t i = 0; i < COUNT(powers); i++) {
        const struct gw_decimal factor = read_decimal(powers[i]);
        struct gw_decimal product = factor;

        for (int n = 1; n < 100; n++)
            cr_assert(gw_decimal_multiply(&arena, &product, &factor, &product), "%s, %d times", powers[i], n);
        cr_expect(eq(int, product.exponent, i == 0 ? 100000000 : -100000000));
        cr_expect(not(gw_decimal_multiply(&arena, &product, &factor, &product)), "%s", powers[i]);
    }
}

/* The other opinion: BIGNUM. */

static uint64_t seed;

static unsigned below(unsigned limit)
{
    return (unsigned)(chance_next(&seed) % limit);
}

/* Short ones most of the time, since they have two ways through the code; zeros and nines more often than chance. */
static void make_decimal(char *out)
{
    const unsigned digits = below(3) ? 1 + below(22) : 1 + below(LONGEST);
    const unsigned point = below(2) ? 0 : below(digits);
    const unsigned style = below(4);

    if (below(2))
        *out++ = '-';
    for (unsigned i = 0; i < digits; i++) {
        char digit = (char)('0' + below(10));

        if (style == 0 && i > 0)
            digit = '0';
        if (style == 1)
            digit = '9';
        if (i == 0 && digit == '0' && point != 1)
            digit = '1';
        if (i == point && i > 0)
            *out++ = '.';
        *out++ = digit;
    }
    if (below(3) == 0)
        out += sprintf(out, "e%d", (int)below(61) - 30);
    else if (below(10) == 0)
        out += sprintf(out, "E%+d", (int)below(601) - 300);
    *out = '\0';
}

#define COMMON_EXPONENT 2000 /* every value of these tests is a whole multiple of 10^-2000 */

static BIGNUM *whole(const char *digits, size_t count, bool negative, int exponent)
{
    char text[8192];
    size_t at = 0;
    BIGNUM *number = NULL;

    if (negative)
        text[at++] = '-';
    text[at++] = '0';
    memcpy(text + at, digits, count);
    at += count;
    memset(text + at, '0', (size_t)(exponent + COMMON_EXPONENT));
    text[at + (size_t)(exponent + COMMON_EXPONENT)] = '\0';
    cr_assert(BN_dec2bn(&number, text) > 0);
    return number;
}

/* Straight from the text, so that our parser is checked too. */
static BIGNUM *of_text(const char *text)
{
    const bool negative = *text == '-';
    char digits[LONGEST + 1];
    size_t count = 0;
    bool places = false;
    int exponent = 0;

    for (text += negative; *text && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.')
            places = true;
        else
            digits[count++] = *text;
        exponent -= places && *text != '.';
    }
    if (*text)
        exponent += atoi(text + 1);
    return whole(digits, count, negative, exponent);
}

static BIGNUM *of_decimal(const struct gw_decimal *value)
{
    char room[32];

    if (value->digits)
        return whole(value->digits, value->count, value->negative, value->exponent);
    snprintf(room, sizeof room, "%lld", (long long)value->coefficient);
    return whole(room + (room[0] == '-'), strlen(room) - (room[0] == '-'), room[0] == '-', value->exponent);
}

static void expect_same(const struct gw_decimal *got, const BIGNUM *wanted, const char *a, char sign, const char *b)
{
    BIGNUM *const number = of_decimal(got);

    cr_expect(eq(int, BN_cmp(number, wanted), 0), "%s %c %s", a, sign, b);
    cr_expect(not(got->digits && (got->count <= 18 || got->digits[0] == '0')), "%s %c %s: not in short form", a, sign,
              b);
    BN_free(number);
}

static void check_pair(const char *a_text, const char *b_text, BN_CTX *context, const BIGNUM *unit)
{
    const struct gw_decimal a = read_decimal(a_text);
    const struct gw_decimal b = read_decimal(b_text);
    BIGNUM *const a_number = of_text(a_text);
    BIGNUM *const b_number = of_text(b_text);
    BIGNUM *const wanted = BN_new();
    struct gw_decimal got;

    cr_expect(eq(int, gw_decimal_compare(&a, &b), BN_cmp(a_number, b_number)), "%s <=> %s", a_text, b_text);
    BN_add(wanted, a_number, b_number);
    cr_assert(gw_decimal_add(&arena, &a, &b, &got));
    expect_same(&got, wanted, a_text, '+', b_text);
    BN_mul(wanted, a_number, b_number, context);
    BN_div(wanted, NULL, wanted, unit, context);
    cr_assert(gw_decimal_multiply(&arena, &a, &b, &got));
    expect_same(&got, wanted, a_text, '*', b_text);
    BN_free(wanted);
    BN_free(b_number);
    BN_free(a_number);
}

Test(decimal, agrees_with_libcrypto_on_random_numbers)
{
    BN_CTX *const context = BN_CTX_new();
    BIGNUM *const unit = whole("1", 1, false, 0);

    seed = 20261120;
    for (int i = 0; i < ROUNDS; i++) {
        char a[LONGEST + 16];
        char b[LONGEST + 16];

        make_decimal(a);
        make_decimal(b);
        check_pair(a, b, context, unit);
        check_pair(a, a, context, unit);
        gw_arena_clear(&arena);
    }
    BN_free(unit);
    BN_CTX_free(context);
}

Test(decimal, prints_what_it_reads_back_as_the_same_number)
{
    seed = 7;
    for (int i = 0; i < ROUNDS; i++) {
        char text[LONGEST + 16];
        struct gw_decimal value;
        struct gw_decimal again;

        make_decimal(text);
        value = read_decimal(text);
        again = read_decimal(gw_decimal_print(&arena, &value));
        cr_expect(eq(int, gw_decimal_compare(&value, &again), 0), "%s", text);
        gw_arena_clear(&arena);
    }
}

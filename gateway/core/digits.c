/*
 * Schoolbook arithmetic on decimal digits.
 */
#include "core/digits.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>

#define LIMB        1000000000u /* nine digits: products of two fit a uint64_t with room for the carry */
#define LIMB_DIGITS 9

static struct digits trimmed(const char *at, size_t count)
{
    while (count > 0 && *at == '0') {
        at++;
        count--;
    }
    return (struct digits){at, count, 0};
}

static size_t length_of(struct digits a)
{
    return a.count + a.zeros;
}

/* The digit with place value 10^place. */
static unsigned digit_at(struct digits a, size_t place)
{
    if (place < a.zeros || place >= length_of(a))
        return 0;
    return (unsigned)(a.at[a.count - 1 - (place - a.zeros)] - '0');
}

static bool any_digit(const char *at, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (at[i] != '0')
            return true;
    }
    return false;
}

int digits_compare(struct digits a, struct digits b)
{
    const size_t common = a.count < b.count ? a.count : b.count;
    int order;

    assert(a.count > 0 && b.count > 0);
    if (length_of(a) != length_of(b))
        return length_of(a) < length_of(b) ? -1 : 1;
    order = memcmp(a.at, b.at, common);
    if (order != 0)
        return order < 0 ? -1 : 1;
    return (int)any_digit(a.at + common, a.count - common) - (int)any_digit(b.at + common, b.count - common);
}

bool digits_add(struct gw_arena *arena, struct digits a, struct digits b, struct digits *out)
{
    const size_t length = 1 + (length_of(a) > length_of(b) ? length_of(a) : length_of(b));
    char *const sum = gw_arena_raw(arena, length);
    unsigned carry = 0;

    if (!sum)
        return false;
    for (size_t place = 0; place < length; place++) {
        const unsigned digit = digit_at(a, place) + digit_at(b, place) + carry;

        carry = digit >= 10;
        sum[length - 1 - place] = (char)('0' + digit - 10 * carry);
    }
    *out = trimmed(sum, length);
    return true;
}

bool digits_subtract(struct gw_arena *arena, struct digits larger, struct digits smaller, struct digits *out)
{
    const size_t length = length_of(larger);
    char *const rest = gw_arena_raw(arena, length + 1);
    unsigned borrow = 0;

    if (!rest)
        return false;
    for (size_t place = 0; place < length; place++) {
        const unsigned digit = 10 + digit_at(larger, place) - digit_at(smaller, place) - borrow;

        borrow = digit < 10;
        rest[length - 1 - place] = (char)('0' + digit % 10);
    }
    *out = trimmed(rest, length);
    return true;
}

static size_t limbs_of(struct digits a)
{
    return (a.count + LIMB_DIGITS - 1) / LIMB_DIGITS;
}

/* Nine digits a limb, lowest first; the zeros are left to the caller. */
static uint32_t *to_limbs(struct gw_arena *arena, struct digits a)
{
    uint32_t *const limbs = gw_arena_alloc(arena, (limbs_of(a) + 1) * sizeof *limbs);

    if (!limbs)
        return NULL;
    for (size_t i = 0; i < a.count; i++) {
        uint32_t *const limb = &limbs[(a.count - 1 - i) / LIMB_DIGITS];

        *limb = *limb * 10 + (uint32_t)(a.at[i] - '0');
    }
    return limbs;
}

static void multiply_limbs(uint32_t *product, const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count)
{
    for (size_t i = 0; i < a_count; i++) {
        uint64_t carry = 0;

        for (size_t j = 0; j < b_count; j++) {
            carry += product[i + j] + (uint64_t)a[i] * b[j];
            product[i + j] = (uint32_t)(carry % LIMB);
            carry /= LIMB;
        }
        product[i + b_count] = (uint32_t)carry;
    }
}

bool digits_multiply(struct gw_arena *arena, struct digits a, struct digits b, struct digits *out)
{
    const size_t count = limbs_of(a) + limbs_of(b);
    const size_t length = count * LIMB_DIGITS + a.zeros + b.zeros;
    uint32_t *const a_limbs = to_limbs(arena, a);
    uint32_t *const b_limbs = to_limbs(arena, b);
    uint32_t *const product = gw_arena_alloc(arena, (count + 1) * sizeof *product);
    char *const text = gw_arena_raw(arena, length + 1);

    if (!a_limbs || !b_limbs || !product || !text)
        return false;
    multiply_limbs(product, a_limbs, limbs_of(a), b_limbs, limbs_of(b));
    memset(text, '0', length);
    for (size_t i = 0; i < count; i++) {
        char *const limb = text + (count - 1 - i) * LIMB_DIGITS;

        for (size_t digit = LIMB_DIGITS; digit-- > 0; product[i] /= 10)
            limb[digit] = (char)('0' + product[i] % 10);
    }
    *out = trimmed(text, length);
    return true;
}

static bool divide_short(struct gw_arena *arena, struct digits a, uint64_t divisor, struct digits *out, bool *exact)
{
    const size_t length = length_of(a);
    char *const quotient = gw_arena_raw(arena, length + 1);
    uint64_t rest = 0;

    if (!quotient)
        return false;
    for (size_t i = 0; i < length; i++) {
        rest = rest * 10 + (i < a.count ? (uint64_t)(a.at[i] - '0') : 0); /* below 10^19, which fits */
        quotient[i] = (char)('0' + rest / divisor);
        rest %= divisor;
    }
    *out = trimmed(quotient, length);
    *exact = rest == 0;
    return true;
}

static BIGNUM *to_bignum(struct gw_arena *arena, struct digits a)
{
    char *const text = gw_arena_raw(arena, length_of(a) + 2);
    BIGNUM *number = NULL;

    if (!text)
        return NULL;
    text[0] = '0'; /* so that zero has a digit too */
    if (a.count > 0)
        memcpy(text + 1, a.at, a.count);
    memset(text + 1 + a.count, '0', a.zeros);
    text[1 + length_of(a)] = '\0';
    return BN_dec2bn(&number, text) > 0 ? number : NULL;
}

static bool from_bignum(struct gw_arena *arena, const BIGNUM *number, struct digits *out)
{
    char *const text = BN_bn2dec(number);
    const char *const copy = text ? gw_arena_copy(arena, text, strlen(text)) : NULL;

    if (copy)
        *out = trimmed(copy, strlen(copy));
    OPENSSL_free(text);
    return copy != NULL;
}

static bool divide_long(struct gw_arena *arena, struct digits a, struct digits b, struct digits *out, bool *exact)
{
    BN_CTX *const context = BN_CTX_new();
    BIGNUM *const dividend = to_bignum(arena, a);
    BIGNUM *const divisor = to_bignum(arena, b);
    BIGNUM *const quotient = BN_new();
    BIGNUM *const rest = BN_new();
    bool done = context && dividend && divisor && quotient && rest;

    done = done && BN_div(quotient, rest, dividend, divisor, context) && from_bignum(arena, quotient, out);
    if (done)
        *exact = BN_is_zero(rest);
    BN_free(rest);
    BN_free(quotient);
    BN_free(divisor);
    BN_free(dividend);
    BN_CTX_free(context);
    return done;
}

bool digits_divide(struct gw_arena *arena, struct digits a, struct digits b, struct digits *out, bool *exact)
{
    uint64_t divisor = 0;

    if (length_of(b) > SHORT_DIGITS)
        return divide_long(arena, a, b, out, exact);
    for (size_t place = length_of(b); place-- > 0;)
        divisor = divisor * 10 + digit_at(b, place);
    assert(divisor > 0);
    return divide_short(arena, a, divisor, out, exact);
}

bool digits_round(struct gw_arena *arena, struct digits a, size_t drop, struct digits *out)
{
    assert(drop > 0);
    const size_t kept = drop < a.count ? a.count - drop : 0;
    const bool up = drop <= a.count && a.at[kept] >= '5';

    return digits_add(arena, (struct digits){a.at, kept, 0}, (struct digits){"1", up, 0}, out);
}

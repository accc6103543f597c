/*
 * One UTF-8 character, strictly (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
 */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stddef.h>

/* The length in bytes of the character at p, which lies before end; 0 when it is not one. */
static inline size_t utf8_length(const unsigned char *p, const unsigned char *end)
{
    const size_t room = (size_t)(end - p);
    const unsigned char lead = p[0];

    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4 || room < 2)
        return 0;
    if (lead < 0xE0)
        return (p[1] & 0xC0) == 0x80 ? 2 : 0;
    /* the second byte alone tells overlong forms (E0, F0), surrogates (ED) and what lies above U+10FFFF (F4) */
    const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high || room < 3 || (p[2] & 0xC0) != 0x80)
        return 0;
    if (lead < 0xF0)
        return 3;
    return room >= 4 && (p[3] & 0xC0) == 0x80 ? 4 : 0;
}

#endif

/*
 * One UTF-8 character in and out, strictly (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
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

/* The character c, which is no surrogate, at out: what follows it. */
static inline char *utf8_put(char *out, unsigned c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else {
        *out++ = (char)(0xF0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3F));
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    }
    return out;
}

#endif

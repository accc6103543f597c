/*
 * The one way a failure is recorded, and the exit status it becomes.
 */
#include "gateway/core/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The length of text without a UTF-8 sequence that was cut at its end. */
static size_t whole_characters(const char *text, size_t length)
{
    size_t start = length;

    while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return length;
    const unsigned char lead = (unsigned char)text[start - 1];
    const size_t needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    return needed > length - start + 1 ? start - 1 : length;
}

/* One line, whatever came in from outside: control characters (C1 ones too, which terminals obey) become spaces. */
static void flatten(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p; p++) {
        if (p[0] == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F)
            p[0] = p[1] = ' ';
        else if (*p < 0x20 || *p == 0x7F)
            *p = ' ';
    }
}

enum gw_status gw_fail(struct gw_error *err, enum gw_status status, const char *where, const char *format, ...)
{
    char text[sizeof err->text]; /* apart, since an argument may be err->text itself */
    va_list args;

    if (!err)
        return status;
    va_start(args, format);
    const int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length < 0)
        text[0] = '\0';
    else if ((size_t)length >= sizeof text)
        text[whole_characters(text, sizeof text - 1)] = '\0';
    flatten(text);
    err->status = status;
    err->where = where;
    memcpy(err->text, text, sizeof text);
    return status;
}

int gw_exit_code(enum gw_status status)
{
    switch (status) {
    case GW_OK:
        return 0;
    case GW_EUSAGE:
        return 64;
    case GW_EINPUT:
        return 65;
    case GW_ENOINPUT:
        return 66;
    case GW_ERETRY:
        return 69;
    case GW_ENOMEM:
    case GW_ECANCELED:
        return 70;
    case GW_ECREATE:
        return 73;
    case GW_EIO:
        return 74;
    case GW_EBUSY:
        return 75;
    case GW_EPROTO:
        return 76;
    case GW_EDENIED:
        return 77;
    case GW_ECONFIG:
        return 78;
    }
    return 70;
}

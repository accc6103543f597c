/*
 * Names joined by commas.
 */
#include "service/named.h"

#include <string.h>

enum gw_status named_check(const char *names, struct gw_error *err)
{
    return names && strlen(names) > NAMED_MAX
               ? gw_fail(err, GW_EUSAGE, "service.named",
                         "the list that begins with \"%.20s\" is longer than %d bytes: name fewer, several times, or "
                         "leave it out for all",
                         names, NAMED_MAX)
               : GW_OK;
}

bool named_next(const char **rest, struct gw_slice *out)
{
    if (!*rest)
        return false;
    *out = (struct gw_slice){*rest, strcspn(*rest, ",")};
    *rest = (*rest)[out->length] ? *rest + out->length + 1 : NULL;
    return true;
}

bool named_is(struct gw_slice name, const char *text)
{
    return strlen(text) == name.length && memcmp(name.at, text, name.length) == 0;
}

bool named_has(const char *names, const char *name)
{
    struct gw_slice one;

    while (named_next(&names, &one))
        if (named_is(one, name))
            return true;
    return false;
}

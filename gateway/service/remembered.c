/*
 * Small facts about subjects that outlive a sync.
 */
#include "service/remembered.h"

#include <stdio.h>
#include <string.h>

enum { DAY_LENGTH = 10 };

static const char horizon_query[] = "horizon";
static const char derived_query[] = "derived";

/* The day at the head of a watermark; GW_NO_DAY: there is none. */
static gw_day leading_day(const char *text)
{
    char day[DAY_LENGTH + 1] = "";
    gw_day out;

    if (text)
        snprintf(day, sizeof day, "%s", text);
    return gw_day_parse(day, &out) ? out : GW_NO_DAY;
}

enum gw_status remembered_horizon(struct gw_ledger *ledger, struct gw_arena *arena, const char *endpoint,
                                  int64_t subject, gw_day *day, struct gw_error *err)
{
    const char *text = NULL;
    const enum gw_status rc =
        gw_ledger_cursor(ledger, arena, &(struct gw_cursor){endpoint, subject, horizon_query, "", ""}, &text, err);

    *day = leading_day(text);
    return rc;
}

enum gw_status remember_horizon(struct gw_ledger *ledger, const char *endpoint, int64_t subject, gw_day day,
                                struct gw_error *err)
{
    char text[DAY_LENGTH + 1];

    gw_day_print(day, text);
    return gw_ledger_move(ledger, &(struct gw_cursor){endpoint, subject, horizon_query, "", ""}, text, err);
}

enum gw_status remember_horizon_reached(struct gw_ledger *ledger, struct gw_arena *arena, const char *endpoint,
                                        int64_t subject, gw_day day, struct gw_error *err)
{
    gw_day before;
    const enum gw_status rc = remembered_horizon(ledger, arena, endpoint, subject, &before, err);

    if (rc != GW_OK || (before != GW_NO_DAY && before >= day))
        return rc;
    return remember_horizon(ledger, endpoint, subject, day, err);
}

enum gw_status remembered_derivation(struct gw_ledger *ledger, struct gw_arena *arena, int64_t subject,
                                     struct derived_before *out, struct gw_error *err)
{
    const char *text = NULL;
    const enum gw_status rc =
        gw_ledger_cursor(ledger, arena, &(struct gw_cursor){"", subject, derived_query, "", ""}, &text, err);

    *out = (struct derived_before){.horizon = leading_day(text)};
    if (out->horizon != GW_NO_DAY && strlen(text) > DAY_LENGTH)
        snprintf(out->digest, sizeof out->digest, "%s", text + DAY_LENGTH + 1);
    return rc;
}

enum gw_status remember_derivation(struct gw_ledger *ledger, int64_t subject, const struct derived_before *derived,
                                   struct gw_error *err)
{
    char day[DAY_LENGTH + 1], text[DAY_LENGTH + 1 + DERIVED_DIGITS + 1];

    gw_day_print(derived->horizon, day);
    snprintf(text, sizeof text, "%s %s", day, derived->digest);
    return gw_ledger_move(ledger, &(struct gw_cursor){"", subject, derived_query, "", ""}, text, err);
}

enum gw_status remembered_input(struct gw_ledger *ledger, struct gw_arena *arena, const char *name,
                                struct remembered_input *out, struct gw_error *err)
{
    const char *text = NULL, *blank;
    const enum gw_status rc =
        gw_ledger_cursor(ledger, arena, &(struct gw_cursor){"", GW_NOBODY, name, "", ""}, &text, err);

    *out = (struct remembered_input){.path = NULL};
    blank = rc == GW_OK && text ? strchr(text, ' ') : NULL;
    if (!blank)
        return rc;
    snprintf(out->digest, sizeof out->digest, "%.*s", (int)(blank - text), text);
    out->path = blank + 1;
    return rc;
}

enum gw_status remember_input(struct gw_ledger *ledger, const char *name, const char *path, const char *digest,
                              struct gw_error *err)
{
    struct gw_text text = GW_TEXT_INIT(64 * 1024);
    enum gw_status rc;

    gw_text_print(&text, "%s %s", digest, path);
    if (text.failed)
        rc = gw_fail(err, GW_ENOMEM, "service.remembered", "%s: the path is too long to be remembered", path);
    else
        rc = gw_ledger_move(ledger, &(struct gw_cursor){"", GW_NOBODY, name, "", ""}, text.at, err);
    gw_text_release(&text);
    return rc;
}

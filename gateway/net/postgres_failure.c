/*
 * What a failure means, by its SQLSTATE (PostgreSQL manual, appendix A).
 */
#include <stdio.h>
#include <string.h>

#include "net/postgres_link.h"

static const char where[] = "net.postgres";

enum { SQLSTATE_LENGTH = 5 };

/* Is it one of these states, or of these classes? Their list has a space between any two. */
static bool is_among(const char *sqlstate, const char *list)
{
    while (*list) {
        const size_t length = strcspn(list, " ");

        if (strncmp(sqlstate, list, length) == 0)
            return true;
        list += length + strspn(list + length, " ");
    }
    return false;
}

static enum gw_status status_of(const char *sqlstate)
{
    if (is_among(sqlstate, "08 40 53 55P03 57014 57P 25006 25P03 58"))
        return GW_ERETRY;
    if (is_among(sqlstate, "28 42501"))
        return GW_EDENIED;
    return is_among(sqlstate, "22 23") ? GW_EINPUT : GW_ECONFIG;
}

static const char *advice(enum gw_status status)
{
    switch (status) {
    case GW_ERETRY:
        return "it is tried again";
    case GW_EDENIED:
        return "check the user, its password and what it is granted";
    case GW_EINPUT:
        return "it refuses a value";
    default:
        return "run casement db migrate, or check which database this is";
    }
}

static const char *field_of(const PGresult *result, int field)
{
    const char *text = PQresultErrorField(result, field);

    return text ? text : "";
}

/* The first failure of a run is the one that matters: the others follow from it. */
void link_note_result(struct gw_postgres *p, const PGresult *result)
{
    const char *sqlstate = field_of(result, PG_DIAG_SQLSTATE), *table = field_of(result, PG_DIAG_TABLE_NAME),
               *column = field_of(result, PG_DIAG_COLUMN_NAME), *constraint = field_of(result, PG_DIAG_CONSTRAINT_NAME);

    if (p->failure.status != GW_OK)
        return;
    snprintf(p->sqlstate, sizeof p->sqlstate, "%s", sqlstate);
    if (!*sqlstate) {
        gw_fail(&p->failure, GW_ERETRY, where, "the study database at %s went away; it is tried again",
                p->settings.host);
        return;
    }
    const enum gw_status status = status_of(sqlstate);
    gw_fail(&p->failure, status, where, "the study database %s at %s answered SQLSTATE %s%s%s%s%s%s%s: %s",
            p->settings.database, p->settings.host, sqlstate, *table ? ", table " : "", table,
            *column ? ", column " : "", column, *constraint ? ", constraint " : "", constraint, advice(status));
}

void link_note_away(struct gw_postgres *p, const char *what)
{
    if (p->failure.status == GW_OK)
        gw_fail(&p->failure, GW_ERETRY, where, "the study database at %s %s; it is tried again", p->settings.host,
                what);
}

/* ---- a refused dial -------------------------------------------------------------------------------------------- */

static bool is_sqlstate(const char *text, size_t length)
{
    return length == SQLSTATE_LENGTH && strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") >= SQLSTATE_LENGTH;
}

/*
 * libpq hands out no fields of a refused dial, only its text, a line for each host; asked to be brief it ends the line
 * of a server that answered in the SQLSTATE and nothing else, in whatever language the server speaks. Of several hosts
 * the one counts that no waiting mends.
 */
static void find_sqlstate(const char *text, char *out)
{
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        const size_t length = strcspn(text, "\n");
        const char *last = memrchr(text, ' ', length);

        last = last ? last + 1 : text;
        if (!is_sqlstate(last, length - (size_t)(last - text)) || (*out && status_of(last) == GW_ERETRY))
            continue;
        snprintf(out, SQLSTATE_LENGTH + 1, "%.*s", SQLSTATE_LENGTH, last);
        if (status_of(out) != GW_ERETRY)
            return;
    }
}

static void note_state(struct gw_postgres *p)
{
    const enum gw_status status = status_of(p->sqlstate);

    if (status == GW_EDENIED)
        gw_fail(&p->failure, GW_EDENIED, where, "the study database %s at %s refuses the user %s (SQLSTATE %s): %s",
                p->settings.database, p->settings.host, p->settings.user, p->sqlstate, advice(GW_EDENIED));
    else if (status == GW_ERETRY)
        gw_fail(&p->failure, GW_ERETRY, where,
                "the study database at %s takes no connection now (SQLSTATE %s); it is tried again", p->settings.host,
                p->sqlstate);
    else
        gw_fail(&p->failure, GW_ECONFIG, where,
                "the study database %s at %s cannot be used (SQLSTATE %s): check its name, and that it takes "
                "connections",
                p->settings.database, p->settings.host, p->sqlstate);
}

/* What libpq itself found wrong is told in its own words, which are English: messages stay in C (cli/main.c). */
static void note_words(struct gw_postgres *p)
{
    static const char *const wrong[] = {"SSL", "certificate"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (strstr(PQerrorMessage(p->conn), wrong[i])) {
            gw_fail(&p->failure, GW_ECONFIG, where,
                    "the study database %s at %s cannot be used (%s): check \"ca\" and the certificate that it shows",
                    p->settings.database, p->settings.host, wrong[i]);
            return;
        }
}

void link_note_refusal(struct gw_postgres *p)
{
    find_sqlstate(PQerrorMessage(p->conn), p->sqlstate);
    if (*p->sqlstate)
        note_state(p);
    else if (PQconnectionNeedsPassword(p->conn))
        gw_fail(&p->failure, GW_EDENIED, where, "the study database %s at %s wants a password of the user %s: %s",
                p->settings.database, p->settings.host, p->settings.user, advice(GW_EDENIED));
    else
        note_words(p);
}

const char *gw_postgres_sqlstate(const struct gw_postgres *p)
{
    return p->sqlstate;
}

bool gw_postgres_met_double(const struct gw_postgres *p)
{
    return is_among(p->sqlstate, "23505 23P01");
}

bool gw_postgres_serves_on(const struct gw_postgres *p)
{
    return gw_postgres_connected(p) && is_among(p->sqlstate, "40 55P03 57014");
}

/*
 * What a failure means, by its SQLSTATE (PostgreSQL manual, appendix A).
 */
#include <stdio.h>
#include <string.h>

#include "net/postgres_link.h"

static const char where[] = "net.postgres";

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

/* libpq tells of a refused dial in words alone: those that no waiting mends are told from those that pass. */
void link_note_refusal(struct gw_postgres *p)
{
    static const char *const denied[] = {"authentication", "password", "no pg_hba.conf entry", "role \""};
    static const char *const wrong[] = {"does not exist", "SSL", "certificate"};
    const char *text = PQerrorMessage(p->conn);

    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++)
        if (strstr(text, denied[i])) {
            gw_fail(&p->failure, GW_EDENIED, where, "the study database %s at %s refuses the user %s: %s",
                    p->settings.database, p->settings.host, p->settings.user, advice(GW_EDENIED));
            return;
        }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (strstr(text, wrong[i])) {
            gw_fail(&p->failure, GW_ECONFIG, where,
                    "the study database %s at %s cannot be used (%s): check its name, and \"ca\" and the certificate "
                    "that it shows",
                    p->settings.database, p->settings.host, wrong[i]);
            return;
        }
}

const char *gw_postgres_sqlstate(const struct gw_postgres *p)
{
    return p->sqlstate;
}

bool gw_postgres_serves_on(const struct gw_postgres *p)
{
    return gw_postgres_connected(p) && is_among(p->sqlstate, "40 55P03 57014");
}

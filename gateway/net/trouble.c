/*
 * Statuses and failures as kinds of trouble.
 */
#include "gateway/net/trouble.h"

const char *gw_trouble_name(enum gw_trouble trouble)
{
    static const char *const names[GW_TROUBLE_COUNT] = {"none",   "away",         "cut",     "not-fhir",  "damaged",
                                                        "busy",   "unauthorized", "refused", "ungranted", "too-large",
                                                        "denied", "tls",          "leak",    "ours"};

    return names[trouble];
}

enum gw_trouble gw_trouble_of_status(int status)
{
    switch (status) {
    case 401:
        return GW_TROUBLE_UNAUTHORIZED;
    case 407:
        return GW_TROUBLE_DENIED;
    case 408:
    case 425:
        return GW_TROUBLE_AWAY;
    case 429:
    case 503:
        return GW_TROUBLE_BUSY;
    case 501:
    case 505:
        return GW_TROUBLE_REFUSED;
    default:
        if (status < 300)
            return GW_TROUBLE_NONE;
        return status >= 500 ? GW_TROUBLE_AWAY : GW_TROUBLE_REFUSED;
    }
}

enum gw_trouble gw_trouble_of_failure(enum gw_status status)
{
    switch (status) {
    case GW_OK:
        return GW_TROUBLE_NONE;
    case GW_ERETRY:
        return GW_TROUBLE_AWAY;
    case GW_EPROTO:
        return GW_TROUBLE_DAMAGED;
    case GW_EDENIED:
    case GW_ECONFIG:
        return GW_TROUBLE_DENIED;
    default:
        return GW_TROUBLE_OURS;
    }
}

bool gw_trouble_passes(enum gw_trouble trouble)
{
    switch (trouble) {
    case GW_TROUBLE_AWAY:
    case GW_TROUBLE_CUT:
    case GW_TROUBLE_NOT_FHIR:
    case GW_TROUBLE_BUSY:
    case GW_TROUBLE_UNAUTHORIZED:
    case GW_TROUBLE_TLS:
        return true;
    default:
        return false;
    }
}

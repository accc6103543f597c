/*
 * "sink" of a study in casement.json: a file, a PostgreSQL database, or a REDCap project.
 *
 * A PostgreSQL study database is named with what makes it the right one: its schema is the study's alone, and purpose
 * and installation are compared with the target's own row on every connection. Which project of REDCap is meant is said
 * by its token; purpose is compared with the project's status.
 */
#include <string.h>

#include "service/config_parts.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { NAME_MAX_LENGTH = 63, TEXT_MAX_LENGTH = 64, PORT = 5432, PORT_MAX = 65535 };

static const char *const sqlite_keys[] = {"kind", "path", NULL};
static const char *const postgres_keys[] = {"kind", "host", "port",   "database", "user", "password_file", "ca", "cert",
                                            "key",  "tls",  "schema", "purpose",  NULL};
static const char *const redcap_keys[] = {"kind", "url", "token_file", "ca", "purpose", NULL};

/* ---- texts ----------------------------------------------------------------------------------------------------- */

/* What stands in messages and rows: something, and nothing that a terminal would obey. */
static const char *read_label(struct gw_settings *settings, const cJSON *sink, const char *key, bool required)
{
    const char *text = gw_settings_text(settings, sink, key, required);
    bool plain = text && *text && strlen(text) <= TEXT_MAX_LENGTH;

    for (const char *at = text; plain && *at; at++)
        plain = (unsigned char)*at > ' ' && *at != 0x7f;
    if (text && !plain)
        gw_settings_finding(settings, gw_json_get(sink, key), "\"%s\" is a name of up to %d characters without blanks",
                            key, TEXT_MAX_LENGTH);
    return text;
}

static bool is_schema(const char *name)
{
    return ((*name >= 'a' && *name <= 'z') || *name == '_') && strlen(name) <= NAME_MAX_LENGTH &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0' && strncmp(name, "pg_", 3) != 0;
}

/* One schema a study: "lendex-rrmm" lies in lendex_rrmm. */
static const char *read_schema(struct gw_settings *settings, const cJSON *sink, const char *study)
{
    const char *given = gw_settings_text(settings, sink, "schema", false);
    char *name = gw_arena_print(settings->arena, "%s", given ? given : study ? study : "study");

    for (char *at = name; !given && at && (at = strchr(at, '-'));)
        *at = '_';
    if (name && !is_schema(name))
        gw_settings_finding(settings, given ? gw_json_get(sink, "schema") : sink,
                            "%s is no schema's name: write \"schema\" with up to %d small letters, digits and '_', "
                            "that begins with a letter and not with pg_",
                            given ? "\"schema\"" : "the study's id", NAME_MAX_LENGTH);
    return name;
}

/* ---- PostgreSQL ------------------------------------------------------------------------------------------------ */

static void read_host(struct gw_settings *settings, const cJSON *sink, struct gw_postgres_settings *out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:,";

    out->host = gw_settings_text(settings, sink, "host", true);
    if (out->host && *out->host != '/' && (!*out->host || out->host[strspn(out->host, letters)] != '\0'))
        gw_settings_finding(settings, gw_json_get(sink, "host"),
                            "\"host\" is a name or an address alone, or the folder of a socket: /var/run/postgresql");
    out->port = (unsigned)gw_settings_int(settings, sink, "port", PORT, 1, PORT_MAX);
}

/* Over a network a study's rows go inside TLS, with the server's name in its certificate; there is no other switch. */
static void read_tls(struct gw_settings *settings, const cJSON *sink, struct gw_postgres_settings *out)
{
    out->ca = config_path(settings, sink, "ca", false);
    out->cert = config_path(settings, sink, "cert", false);
    out->key = config_path(settings, sink, "key", false);
    out->plain = !gw_settings_bool(settings, sink, "tls", true);
    if (!out->cert != !out->key)
        gw_settings_finding(settings, sink, "\"cert\" and \"key\" go together; write both or neither");
    if (out->plain && out->host && !gw_postgres_is_here(out->host))
        gw_settings_finding(settings, gw_json_get(sink, "tls"),
                            "\"tls\": false is for sockets and loopback addresses alone; take it out, and name the "
                            "server's authority as \"ca\" where the system does not know it");
}

static void read_postgres(struct gw_settings *settings, const cJSON *sink, const char *installation,
                          struct gw_config_study *out)
{
    struct gw_postgres_target *target = &out->postgres;
    const char *purpose = read_label(settings, sink, "purpose", false);

    gw_settings_check_keys(settings, sink, postgres_keys);
    read_host(settings, sink, &target->connection);
    target->connection.database = read_label(settings, sink, "database", true);
    target->connection.user = read_label(settings, sink, "user", true);
    target->connection.password = config_path(settings, sink, "password_file", false);
    read_tls(settings, sink, &target->connection);
    target->schema = read_schema(settings, sink, out->id);
    target->study = out->id;
    target->installation = installation;
    target->purpose = purpose ? purpose : "production";
}

/* ---- REDCap ---------------------------------------------------------------------------------------------------- */

static void read_redcap(struct gw_settings *settings, const cJSON *sink, const char *installation,
                        struct gw_config_study *out)
{
    static const char *const purposes[] = {"production", "staging"};
    struct gw_redcap_target *target = &out->redcap;
    struct gw_error odd;

    gw_settings_check_keys(settings, sink, redcap_keys);
    target->url = gw_settings_text(settings, sink, "url", true);
    if (target->url && gw_redcap_check_url(target->url, &odd) != GW_OK)
        gw_settings_finding(settings, gw_json_get(sink, "url"), "%s", odd.text);
    target->token_file = config_path(settings, sink, "token_file", true);
    target->ca = config_path(settings, sink, "ca", false);
    target->study = out->id;
    target->installation = installation;
    target->production = gw_settings_choice(settings, sink, "purpose", purposes, COUNT(purposes), 0) == 0;
}

/* ---- any of them ----------------------------------------------------------------------------------------------- */

void config_sink(struct gw_settings *settings, const cJSON *study, const char *installation,
                 struct gw_config_study *out)
{
    static const char *const kinds[] = {"sqlite", "postgres", "redcap"};
    const cJSON *sink = gw_settings_object(settings, study, "sink", true);
    int kind;

    if (!sink)
        return;
    kind = gw_settings_choice(settings, sink, "kind", kinds, COUNT(kinds), 0);
    out->sink_kind = kinds[kind];
    if (kind == 1) {
        read_postgres(settings, sink, installation, out);
    } else if (kind == 2) {
        read_redcap(settings, sink, installation, out);
    } else {
        gw_settings_check_keys(settings, sink, sqlite_keys);
        out->sink_path = config_path(settings, sink, "path", true);
    }
}

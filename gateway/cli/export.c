/*
 * casement export: the study database as text, and in the formats of others.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/acts.h"
#include "cli/commands.h"
#include "cli/cut.h"
#include "cli/output.h"
#include "cli/study_database.h"
#include "gateway/sinks/export.h"
#include "gateway/sinks/redcap.h"

static const char where[] = "cli.export";

#define ARENA_BYTES ((size_t)64 << 20)

enum { WHAT_MAX_BYTES = 8192 };

static enum gw_status print_dump(const char *database, char digest[2 * GW_SHA256_BYTES + 1], struct gw_error *err)
{
    struct acts_copy copy;
    enum gw_status rc = acts_copy(&copy, err), ended;

    study_database_print();
    if (rc == GW_OK)
        rc = gw_export_dump(database, copy.stream, err);
    ended = acts_copied(&copy, digest, rc == GW_OK ? err : NULL);
    return rc == GW_OK ? ended : rc;
}

static bool is_folder_format(const char *format)
{
    for (size_t i = 0; gw_export_format(i); i++)
        if (strcmp(gw_export_format(i), format) == 0)
            return true;
    return false;
}

static enum gw_status write_folder(const char *database, const char *format, const char *dir, struct gw_error *err)
{
    char name[PATH_MAX];
    size_t length = strlen(dir), unfit = 0;
    enum gw_status rc;

    while (length > 1 && dir[length - 1] == '/')
        length--;
    if (snprintf(name, sizeof name, "%.*s", (int)length, dir) >= (int)sizeof name)
        return gw_fail(err, GW_ECREATE, where, "the name of the folder is too long: name another --out");
    rc = gw_export_folder(database, format, name, &unfit, err);
    if (rc == GW_OK && unfit > 0)
        fprintf(stderr, "casement: %zu values do not fit into %s and are left empty: %s/unfit.csv lists them\n", unfit,
                format, name);
    return rc;
}

/* Of no study in particular: it needs no settings. */
static int print_dictionary(const struct arguments *arguments)
{
    struct gw_error failure;

    if (arguments->values[OPTION_OUT_EXPORT])
        return arguments_wrong(arguments, "--format redcap-dictionary is printed: leave out --out");
    signal(SIGPIPE, SIG_DFL);
    return gw_redcap_dictionary(stdout, &failure) == GW_OK ? 0 : output_failed(&failure);
}

/* "dump, redcap-dictionary, csv, sdtm" */
static const char *name_formats(char *out, size_t size)
{
    snprintf(out, size, "dump, redcap-dictionary");
    for (size_t i = 0; gw_export_format(i); i++)
        snprintf(out + strlen(out), size - strlen(out), ", %s", gw_export_format(i));
    return out;
}

/* Of an installation's own database: who took what out. One that is named by itself has no trail. */
static enum gw_status audit_export(const struct arguments *arguments, const char *printed, struct gw_error *err)
{
    const char *format = arguments->values[OPTION_FORMAT], *dir = arguments->values[OPTION_OUT_EXPORT];
    struct gw_text what = GW_TEXT_INIT(WHAT_MAX_BYTES);
    char digest[2 * GW_SHA256_BYTES + 1];
    size_t files = 0;
    enum gw_status rc = GW_OK;

    if (!arguments_has(arguments, OPTION_CONFIG))
        return GW_OK;
    if (dir)
        rc = acts_digest(dir, digest, &files, err);
    gw_text_print(&what, "the study database as %s", format);
    if (dir)
        gw_text_print(&what, ", %zu files into %s", files, dir);
    if (arguments_has(arguments, OPTION_CUT))
        gw_text_print(&what, ", cut %s", arguments->values[OPTION_CUT]);
    if (rc == GW_OK && what.failed)
        rc = gw_fail(err, GW_ENOMEM, where, "the name of the folder is too long");
    if (rc == GW_OK)
        rc = acts_note(arguments,
                       &(struct gw_audit_act){.act = GW_AUDIT_EXPORT,
                                              .study = arguments->values[OPTION_STUDY_ID],
                                              .what = what.at,
                                              .new_hash = dir ? digest : printed},
                       err);
    gw_text_release(&what);
    return rc;
}

int export_command(const struct arguments *arguments)
{
    const char *format = arguments->values[OPTION_FORMAT], *dir = arguments->values[OPTION_OUT_EXPORT], *database;
    const bool dump = strcmp(format, "dump") == 0;
    char names[160], digest[2 * GW_SHA256_BYTES + 1];
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct cut_taken cut = {.study = NULL};
    struct gw_error failure;
    enum gw_status rc;

    if (strcmp(format, "redcap-dictionary") == 0)
        return print_dictionary(arguments);
    if (gw_export_lacks(format))
        return arguments_wrong(arguments, "--format %s: this casement was built without it", format);
    if (!dump && !is_folder_format(format))
        return arguments_wrong(arguments, "--format \"%.40s\" is none of %s", format,
                               name_formats(names, sizeof names));
    if (!arguments->values[OPTION_CONFIG] == !arguments->values[OPTION_DATABASE])
        return arguments_wrong(arguments, arguments->values[OPTION_CONFIG]
                                              ? "give only one of --config FILE or --db STUDY.db"
                                              : "give --config FILE or --db STUDY.db");
    if (dump == (dir != NULL))
        return arguments_wrong(arguments, dump ? "--format dump is printed: leave out --out" : "--out DIR is missing");
    if (!cut_is_named(arguments))
        return gw_exit_code(GW_EUSAGE);
    rc = study_database_find(arguments, &arena, &database, &failure);
    if (rc == GW_OK)
        rc = cut_begin(arguments, &arena, database, &cut, &failure);
    if (rc == GW_OK)
        rc = dump ? print_dump(database, digest, &failure) : write_folder(database, format, dir, &failure);
    if (rc == GW_OK)
        rc = cut_end(arguments, &arena, database, &cut, &failure);
    if (rc == GW_OK)
        rc = audit_export(arguments, digest, &failure);
    study_database_release();
    gw_arena_release(&arena);
    return rc == GW_OK ? 0 : output_failed(&failure);
}

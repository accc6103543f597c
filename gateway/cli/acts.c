/*
 * Acts of a person in the audit trail, and digests of what they took out.
 */
#include "cli/acts.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"

static const char where[] = "cli.acts";

enum { ARENA_BYTES = 64 << 20, PATH_MAX_BYTES = 4096, LIST_MAX_BYTES = 16 << 20 };

const char *acts_author(const struct arguments *arguments, struct gw_arena *arena)
{
    const struct passwd *user;

    if (arguments->values[OPTION_AS])
        return arguments->values[OPTION_AS];
    user = getpwuid(geteuid());
    return user ? gw_arena_print(arena, "%s", user->pw_name) : "";
}

static enum gw_status note(const struct arguments *arguments, const char *path, const struct gw_config *config,
                           struct gw_arena *arena, const struct gw_audit_act *act, struct gw_error *err)
{
    struct gw_audit_act whole = *act;
    struct gw_ledger *ledger = NULL;
    enum gw_status rc = report_open(path, &ledger, err);

    whole.by = acts_author(arguments, arena);
    if (!whole.by || !*whole.by)
        whole.by = NULL;
    if (rc == GW_OK && config->audit_checkpoints)
        rc = gw_audit_ship_to(ledger, config->audit_checkpoints, err);
    if (rc == GW_OK)
        rc = gw_audit_note(ledger, &whole, err);
    gw_ledger_close(ledger);
    return rc;
}

enum gw_status acts_note(const struct arguments *arguments, const struct gw_audit_act *act, struct gw_error *err)
{
    struct gw_arena arena = GW_ARENA_INIT(ARENA_BYTES);
    struct gw_config config;
    const char *path = NULL;
    enum gw_status rc = report_ledger_of(arguments, &arena, &config, &path, err);

    if (rc == GW_OK && !path)
        rc = gw_fail(err, GW_ENOMEM, where, "no memory for a path");
    if (rc == GW_OK && access(path, F_OK) == 0)
        rc = note(arguments, path, &config, &arena, act, err);
    gw_arena_release(&arena);
    return rc;
}

/* ---- folders ---- */

static int is_file(const struct dirent *entry)
{
    return entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum gw_status add_line(const char *folder, const char *name, struct gw_text *list, struct gw_error *err)
{
    char path[PATH_MAX_BYTES], digits[2 * GW_SHA256_BYTES + 1];
    uint8_t digest[GW_SHA256_BYTES];
    enum gw_status rc;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    rc = gw_sha256_file(path, digest, err);
    gw_hex(digest, sizeof digest, digits);
    gw_text_print(list, "%s  %s\n", digits, name);
    return rc == GW_OK && list->failed ? gw_fail(err, GW_ENOMEM, where, "no memory for the names of files") : rc;
}

enum gw_status acts_digest(const char *folder, char out[2 * GW_SHA256_BYTES + 1], size_t *files, struct gw_error *err)
{
    struct gw_text list = GW_TEXT_INIT(LIST_MAX_BYTES);
    struct dirent **names = NULL;
    uint8_t digest[GW_SHA256_BYTES];
    const int count = scandir(folder, &names, is_file, by_bytes);
    enum gw_status rc = GW_OK;

    *files = 0;
    if (count < 0)
        return gw_fail(err, GW_EIO, where, "%s: what was written cannot be read again: %s", folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        if (rc == GW_OK) {
            rc = add_line(folder, names[i]->d_name, &list, err);
            ++*files;
        }
        free(names[i]);
    }
    free(names);
    gw_sha256(list.at, list.length, digest);
    gw_hex(digest, sizeof digest, out);
    gw_text_release(&list);
    return rc;
}

/* ---- standard output ---- */

static ssize_t copy_out(void *ctx, const char *bytes, size_t length)
{
    const size_t written = fwrite(bytes, 1, length, stdout);

    gw_sha256_add(((struct acts_copy *)ctx)->sum, bytes, written);
    return (ssize_t)written;
}

enum gw_status acts_copy(struct acts_copy *copy, struct gw_error *err)
{
    copy->sum = gw_sha256_begin();
    copy->stream = copy->sum ? fopencookie(copy, "w", (cookie_io_functions_t){.write = copy_out}) : NULL;
    return copy->stream ? GW_OK : gw_fail(err, GW_ENOMEM, where, "no memory for what is printed");
}

enum gw_status acts_copied(struct acts_copy *copy, char out[2 * GW_SHA256_BYTES + 1], struct gw_error *err)
{
    uint8_t digest[GW_SHA256_BYTES] = {0};
    const bool fine = copy->stream && fclose(copy->stream) == 0;

    gw_sha256_end(copy->sum, digest);
    gw_hex(digest, sizeof digest, out);
    return fine ? GW_OK : gw_fail(err, GW_ECREATE, where, "standard output cannot be written");
}

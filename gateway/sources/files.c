/*
 * Files in: one page of entries at a time to whoever keeps them.
 *
 *      open ──> looks like a Bundle, or like one resource ──> read whole ──> entries ──┐
 *        └────> lines ──> one tree at a time ──> entries ──────────────────────────────┴──> page
 */
#include "gateway/sources/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/core/json.h"
#include "gateway/net/inflate.h"
#include "sources/files_parts.h"

static const char where[] = "sources.files";

enum {
    TREE_MAX_BYTES = 128 << 20, /* of one line */
    PAGE_TEXT_MAX_BYTES = 64 << 20,
    HEAD_BYTES = 4096,
    VERIFY_BYTES = 256 * 1024,
    FOLDERS_MAX = 16,
};

/* ---- one file ---- */

static bool ends_with(const char *name, const char *ending)
{
    const size_t length = strlen(name), wanted = strlen(ending);

    return length > wanted && strcmp(name + length - wanted, ending) == 0;
}

static bool is_named_lines(const char *name)
{
    static const char *const endings[] = {".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz"};

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (ends_with(name, endings[i]))
            return true;
    }
    return false;
}

/*
 * A pretty-printed resource has a first line that is no JSON value by itself. A Bundle in one line that names its type
 * last is no line of NDJSON either.
 */
static enum gw_status first_line_is_entry(struct reading *r, bool *is, struct gw_error *failure)
{
    struct gw_slice head;
    const cJSON *value;
    enum gw_status rc = lines_peek(&r->lines, GW_FILES_LINE_MAX, &head, failure);
    const char *found = rc == GW_OK ? memchr(head.at, '\n', head.length) : NULL;

    if (rc != GW_OK)
        return rc;
    gw_arena_clear(&r->tree);
    *is = gw_json_parse(&r->tree, head.at, found ? (size_t)(found - head.at) : head.length, NULL, &value, NULL, NULL) ==
              GW_OK &&
          !gw_same(gw_json_string(value, "resourceType"), "Bundle");
    return GW_OK;
}

/*
 * The whole file inflated for its end mark and checksum: half of it must not be handed on. Twice the inflating costs
 * less than a spool, and needs no disk.
 */
static enum gw_status verify(const char *path, struct gw_error *failure)
{
    char *scrap = malloc(VERIFY_BYTES);
    struct gw_gzip *file = NULL;
    size_t length = 0;
    enum gw_status rc =
        scrap ? gw_gzip_open(path, 0, &file, failure) : gw_fail(failure, GW_ENOMEM, where, "no memory to read files");

    if (rc == GW_OK) {
        do
            rc = gw_gzip_read(file, scrap, VERIFY_BYTES, &length, failure);
        while (rc == GW_OK && length > 0);
    }
    gw_gzip_close(file);
    free(scrap);
    return rc;
}

static bool is_gzip(const char *path)
{
    unsigned char head[2] = {0, 0};
    FILE *file = fopen(path, "rb");
    const bool is = file && fread(head, 1, sizeof(head), file) == sizeof(head) && head[0] == 0x1f && head[1] == 0x8b;

    if (file)
        fclose(file);
    return is;
}

/* Each line of it would be an entry that nobody can read. */
static bool is_utf16(struct gw_slice head)
{
    return head.length >= 2 && (memcmp(head.at, "\xFF\xFE", 2) == 0 || memcmp(head.at, "\xFE\xFF", 2) == 0);
}

static enum gw_status read_open(struct reading *r, const char *path, struct gw_error *failure)
{
    struct gw_slice head;
    bool by_lines = is_named_lines(r->source);
    enum gw_status rc = lines_peek(&r->lines, HEAD_BYTES, &head, failure);

    if (rc != GW_OK)
        return GW_OK;
    if (is_utf16(head)) {
        gw_fail(failure, GW_EINPUT, where, "%s: is UTF-16 text: save it as UTF-8; nothing of it was taken", r->source);
        return GW_OK;
    }
    by_lines = by_lines || r->files->bundles;
    if (!r->files->bundles && gw_looks_like_bundle(head))
        return files_read_whole(r, true, failure);
    if (!by_lines && first_line_is_entry(r, &by_lines, failure) != GW_OK)
        return GW_OK;
    if (!by_lines)
        return files_read_whole(r, false, failure);
    if (is_gzip(path) && verify(path, failure) != GW_OK)
        return GW_OK;
    return files_read_lines(r, failure);
}

static void refuse(struct reading *r, const char *path, const struct gw_error *failure)
{
    r->answer->refused++;
    if (r->answer->first.status == GW_OK)
        r->answer->first = *failure;
    if (r->files->refused)
        r->files->refused(r->files->ctx, path, failure);
}

/* What is opened twice (for the roster's record numbers, for a checksum) must have the same bytes twice. */
static enum gw_status open_again_and_again(const char *path, struct gw_gzip **file, struct gw_error *failure)
{
    struct stat about;

    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return gw_fail(failure, GW_ENOINPUT, where,
                       "%s: is no regular file, and a pipe cannot be read twice: write it to a file and name that",
                       path);
    return gw_gzip_open(path, 0, file, failure);
}

static enum gw_status read_file(struct reading *r, const char *path, const char *source)
{
    struct gw_error failure = {.status = GW_OK};
    struct gw_gzip *file = NULL;
    enum gw_status rc = GW_OK;

    r->source = source;
    if (open_again_and_again(path, &file, &failure) == GW_OK) {
        lines_open(&r->lines, file);
        rc = read_open(r, path, &failure);
        gw_gzip_close(file);
    }
    if (rc != GW_OK)
        return rc;
    if (failure.status == GW_OK)
        r->answer->files++;
    else
        refuse(r, path, &failure);
    return GW_OK;
}

/* ---- folders ---- */

static bool is_wanted(const char *name)
{
    return is_named_lines(name) || ends_with(name, ".json") || ends_with(name, ".json.gz");
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Not alphasort: its order depends on the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_folder(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static enum gw_status read_folder(struct reading *r, const char *path, const char *below, unsigned depth);

/* A link to a folder is passed over: it may lead back to where we are. */
static enum gw_status read_member(struct reading *r, const char *path, const char *source, unsigned depth)
{
    struct stat about;

    if (lstat(path, &about) == 0 && S_ISDIR(about.st_mode))
        return read_folder(r, path, source, depth + 1);
    if (is_wanted(source) && !is_folder(path))
        return read_file(r, path, source);
    r->answer->skipped++;
    return GW_OK;
}

static enum gw_status refuse_folder(struct reading *r, const char *path, const char *reason)
{
    struct gw_error failure;

    gw_fail(&failure, GW_ENOINPUT, where, "%s: %s", path, reason);
    refuse(r, path, &failure);
    return GW_OK;
}

static enum gw_status read_folder(struct reading *r, const char *path, const char *below, unsigned depth)
{
    struct dirent **list = NULL;
    enum gw_status rc = GW_OK;
    int count;

    if (depth > FOLDERS_MAX)
        return refuse_folder(r, path, "folders within folders more than 16 deep; give the inner one as input");
    count = scandir(path, &list, is_visible, by_name);
    if (count < 0)
        return refuse_folder(r, path, strerror(errno));
    for (int i = 0; i < count; i++) {
        struct gw_text inner = GW_TEXT_INIT(8192);
        struct gw_text source = GW_TEXT_INIT(8192);

        gw_text_print(&inner, "%s/%s", path, list[i]->d_name);
        gw_text_print(&source, "%s%s%s", below, *below ? "/" : "", list[i]->d_name);
        if (rc == GW_OK && (inner.failed || source.failed))
            rc = gw_fail(r->err, GW_ENOMEM, where, "no memory to read files");
        if (rc == GW_OK)
            rc = read_member(r, inner.at, source.at, depth);
        gw_text_release(&inner);
        gw_text_release(&source);
        free(list[i]);
    }
    free(list);
    return rc;
}

static enum gw_status read_input(struct reading *r, const char *path)
{
    const size_t before = r->answer->files + r->answer->refused;
    const char *slash = strrchr(path, '/');
    enum gw_status rc;

    if (!is_folder(path))
        return read_file(r, path, slash && slash[1] ? slash + 1 : path);
    rc = read_folder(r, path, "", 1);
    if (rc == GW_OK && r->answer->files + r->answer->refused == before)
        return refuse_folder(r, path, "holds no *.json, *.ndjson or *.jsonl file, plain or with .gz");
    return rc;
}

enum gw_status gw_files_read(const struct gw_files *files, const char *path, struct gw_files_answer *answer,
                             struct gw_error *err)
{
    struct reading r = {.files = files,
                        .answer = answer,
                        .err = err,
                        .tree = GW_ARENA_INIT(TREE_MAX_BYTES),
                        .text = GW_ARENA_INIT(PAGE_TEXT_MAX_BYTES)};
    enum gw_status rc = lines_init(&r.lines, 2 * (size_t)GW_FILES_LINE_MAX, GW_FILES_LINE_MAX, err);

    if (rc != GW_OK)
        return rc;
    rc = read_input(&r, path);
    free(r.entries);
    gw_arena_release(&r.tree);
    gw_arena_release(&r.text);
    lines_release(&r.lines);
    return rc;
}

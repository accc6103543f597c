/*
 * The growing buffer, and whole files in and out.
 */
#include "gateway/core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char where[] = "core.text";

enum { FIRST_CAPACITY = 256, READ_ROOM = 64 * 1024, NAME_TRIES = 100 };

/* Make room for length bytes and the NUL; false (and failed) past the maximum or without memory. */
static bool reserve(struct gw_text *text, size_t length)
{
    if (text->failed)
        return false;
    if (length > text->max || length >= SIZE_MAX / 2) {
        text->failed = true;
        return false;
    }
    if (length < text->capacity)
        return true;
    size_t capacity = text->capacity ? 2 * text->capacity : FIRST_CAPACITY;
    if (capacity <= length)
        capacity = length + 1;
    if (capacity > text->max && text->max < SIZE_MAX)
        capacity = text->max + 1;
    char *at = realloc(text->capacity ? text->at : NULL, capacity);
    if (!at) {
        text->failed = true;
        return false;
    }
    at[text->length] = '\0';
    text->at = at;
    text->capacity = capacity;
    return true;
}

void gw_text_append(struct gw_text *text, const char *bytes, size_t length)
{
    const bool fits = !text->failed && length < text->capacity - text->length; /* the NUL included */

    if (length == 0)
        return;
    if (!fits && (length > SIZE_MAX / 2 || !reserve(text, text->length + length))) {
        text->failed = true;
        return;
    }
    memcpy(text->at + text->length, bytes, length);
    text->length += length;
    text->at[text->length] = '\0';
}

void gw_text_add(struct gw_text *text, const char *string)
{
    if (string)
        gw_text_append(text, string, strlen(string));
}

void gw_text_print(struct gw_text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !reserve(text, text->length + (size_t)length)) {
        text->failed = true;
        return;
    }
    if (length == 0)
        return;
    va_start(args, format);
    vsnprintf(text->at + text->length, (size_t)length + 1, format, args);
    va_end(args);
    text->length += (size_t)length;
}

void gw_text_clear(struct gw_text *text)
{
    text->length = 0;
    text->failed = false;
    if (text->capacity)
        text->at[0] = '\0';
}

void gw_text_release(struct gw_text *text)
{
    if (text->capacity)
        free(text->at);
    *text = (struct gw_text)GW_TEXT_INIT(text->max);
}

bool gw_same(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a, b) == 0;
}

int gw_place_in(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; text && i < count; i++)
        if (strcmp(list[i], text) == 0)
            return (int)i;
    return -1;
}

bool gw_is_among(const char *const *list, size_t count, const char *text)
{
    return gw_place_in(list, count, text) >= 0;
}

bool gw_begins_as_any(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; text && i < count; i++)
        if (strncmp(text, list[i], strlen(list[i])) == 0)
            return true;
    return false;
}

static enum gw_status too_large(const struct gw_text *text, const char *path, struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "%s: larger than the %zu bytes allowed here; split it or raise the limit",
                   path, text->max);
}

/* Up to the end of the file. Files under /proc and pipes have no size to go by, so the end is where read says it is. */
static enum gw_status read_all(struct gw_text *text, int fd, const char *path, struct gw_error *err)
{
    for (;;) {
        char past; /* a text that is full may still be the whole file: one byte more tells */
        const bool full = text->length == text->max;
        size_t room = text->max - text->length < READ_ROOM ? text->max - text->length : READ_ROOM;

        if (!full && text->capacity > text->length + 1 && text->capacity - text->length - 1 > room)
            room = text->capacity - text->length - 1;
        if (!full && !reserve(text, text->length + room))
            return gw_fail(err, GW_ENOMEM, where, "%s: no memory to read it", path);
        const ssize_t got = full ? read(fd, &past, 1) : read(fd, text->at + text->length, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EISDIR)
            return gw_fail(err, GW_ENOINPUT, where, "%s: is a folder, a file is needed", path);
        if (got < 0)
            return gw_fail(err, GW_EIO, where, "%s: cannot read: %s", path, strerror(errno));
        if (got == 0)
            return GW_OK;
        if (full)
            return too_large(text, path, err);
        text->length += (size_t)got;
        text->at[text->length] = '\0';
    }
}

static enum gw_status read_open(struct gw_text *text, int fd, const struct stat *about, const char *path,
                                struct gw_error *err)
{
    enum gw_status rc;

    gw_text_clear(text);
    if (S_ISREG(about->st_mode) && about->st_size > 0) {
        if ((uintmax_t)about->st_size > text->max)
            return too_large(text, path, err);
        if (!reserve(text, (size_t)about->st_size)) {
            gw_text_clear(text);
            return gw_fail(err, GW_ENOMEM, where, "%s: no memory to read it", path);
        }
    }
    rc = read_all(text, fd, path, err);
    if (rc != GW_OK)
        gw_text_clear(text);
    return rc;
}

enum gw_status gw_text_read_file(struct gw_text *text, const char *path, struct gw_error *err)
{
    struct stat about;
    enum gw_status rc;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0 && errno == ENOENT)
        return gw_fail(err, GW_ENOINPUT, where, "%s: not there", path);
    if (fd < 0)
        return gw_fail(err, GW_ENOINPUT, where, "%s: cannot be opened: %s", path, strerror(errno));
    if (fstat(fd, &about) != 0)
        rc = gw_fail(err, GW_EIO, where, "%s: cannot be examined: %s", path, strerror(errno));
    else
        rc = read_open(text, fd, &about, path, err);
    close(fd);
    return rc;
}

enum gw_status gw_text_read_secret(struct gw_text *text, const char *path, struct gw_error *err)
{
    struct stat about;
    enum gw_status rc;
    /* O_NONBLOCK: a pipe put in the secret's place must be refused, not waited for */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return gw_fail(err, GW_ECONFIG, where, "%s: the secret cannot be opened: %s", path, strerror(errno));
    if (fstat(fd, &about) != 0)
        rc = gw_fail(err, GW_ECONFIG, where, "%s: the secret cannot be examined: %s", path, strerror(errno));
    else if (!S_ISREG(about.st_mode))
        rc = gw_fail(err, GW_ECONFIG, where, "%s: a secret must be a regular file", path);
    else if ((about.st_mode & 07777) != 0400 && (about.st_mode & 07777) != 0600)
        rc = gw_fail(err, GW_ECONFIG, where, "%s: open to others (mode %04o); run: chmod 600 %s", path,
                     (unsigned)(about.st_mode & 07777), path);
    else if (read_open(text, fd, &about, path, err) != GW_OK)
        rc = gw_fail(err, GW_ECONFIG, where, "%s: the secret cannot be read, or is larger than %zu bytes", path,
                     text->max);
    else
        rc = GW_OK;
    close(fd);
    return rc;
}

static enum gw_status write_all(int fd, const char *path, const char *bytes, size_t length, struct gw_error *err)
{
    while (length > 0) {
        const ssize_t put = write(fd, bytes, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return gw_fail(err, GW_EIO, where, "%s: cannot write: %s", path, strerror(errno));
        bytes += put;
        length -= (size_t)put;
    }
    if (fsync(fd) != 0)
        return gw_fail(err, GW_EIO, where, "%s: the disk did not take it: %s", path, strerror(errno));
    return GW_OK;
}

/* The rename is durable only when the folder is: a power cut may otherwise bring the old file back. */
static enum gw_status sync_folder(const char *path, struct gw_error *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    enum gw_status rc = GW_OK;
    const int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    /* EINVAL: file systems that cannot sync a folder; nothing more can be done there */
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
        rc = gw_fail(err, GW_EIO, where, "%s: written, but its folder cannot be synced: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(folder);
    return rc;
}

/* A file of its own beside path. O_EXCL, not mkstemp: mode and umask then mean what they mean for open. */
static int open_beside(struct gw_text *name, const char *path, unsigned mode)
{
    int fd = -1;

    for (int n = 0; n < NAME_TRIES && fd < 0; n++) {
        gw_text_clear(name);
        gw_text_print(name, "%s.%ld-%d.tmp", path, (long)getpid(), n);
        if (name->failed) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(name->at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
        if (fd < 0 && errno != EEXIST)
            return -1;
    }
    return fd;
}

enum gw_status gw_text_write_file(const char *path, unsigned mode, const char *bytes, size_t length,
                                  struct gw_error *err)
{
    struct gw_text name = GW_TEXT_INIT(8192);
    enum gw_status rc;
    const int fd = open_beside(&name, path, mode);

    if (fd < 0) {
        rc = gw_fail(err, GW_ECREATE, where, "%s: cannot be created: %s", path, strerror(errno));
        goto done;
    }
    rc = write_all(fd, path, bytes, length, err);
    if (close(fd) != 0 && rc == GW_OK)
        rc = gw_fail(err, GW_EIO, where, "%s: cannot write: %s", path, strerror(errno));
    if (rc == GW_OK && rename(name.at, path) != 0)
        rc = gw_fail(err, GW_ECREATE, where, "%s: cannot be put in place: %s", path, strerror(errno));
    if (rc != GW_OK)
        unlink(name.at);
    else
        rc = sync_folder(path, err);
done:
    gw_text_release(&name);
    return rc;
}

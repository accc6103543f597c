/*
 * Text to files.
 */
#include "sinks/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char where[] = "sinks.text_file";

enum { TEXT_MAX_BYTES = 64 * 1024 * 1024, FLUSH_BYTES = 64 * 1024, FILE_MODE = 0600 };

void text_file_init(struct text_file *file, struct gw_error *err)
{
    *file = (struct text_file){.text = GW_TEXT_INIT(TEXT_MAX_BYTES), .fd = -1, .err = err};
}

static void end_file(struct text_file *file)
{
    free(file->path);
    file->path = NULL;
    file->fd = -1;
    gw_text_clear(&file->text);
}

void text_file_release(struct text_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    end_file(file);
    gw_text_release(&file->text);
}

static enum gw_status write_failed(struct text_file *file)
{
    return gw_fail(file->err, GW_EIO, where, "%s: cannot be written: %s", file->path, strerror(errno));
}

enum gw_status text_file_open(struct text_file *file, const char *dir, const char *name)
{
    gw_text_clear(&file->text);
    if (asprintf(&file->path, "%s/%s", dir, name) < 0) {
        file->path = NULL;
        return gw_fail(file->err, GW_ENOMEM, where, "no memory for the name of a file");
    }
    file->fd = open(file->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (file->fd < 0)
        return gw_fail(file->err, GW_ECREATE, where, "%s: cannot be created: %s", file->path, strerror(errno));
    return GW_OK;
}

enum gw_status text_file_flush(struct text_file *file)
{
    const char *at = file->text.at;

    if (file->text.failed)
        return gw_fail(file->err, GW_ENOMEM, where, "%s: one line of it needs more memory than allowed", file->path);
    for (size_t left = file->text.length; left > 0;) {
        const ssize_t written = write(file->fd, at, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return write_failed(file);
        at += written;
        left -= (size_t)written;
    }
    gw_text_clear(&file->text);
    return GW_OK;
}

enum gw_status text_file_flush_some(struct text_file *file)
{
    return file->text.length < FLUSH_BYTES && !file->text.failed ? GW_OK : text_file_flush(file);
}

enum gw_status text_file_patch(struct text_file *file, size_t offset, const char *bytes)
{
    const enum gw_status rc = text_file_flush(file);

    if (rc == GW_OK && pwrite(file->fd, bytes, strlen(bytes), (off_t)offset) != (ssize_t)strlen(bytes))
        return write_failed(file);
    return rc;
}

enum gw_status text_file_close(struct text_file *file)
{
    enum gw_status rc = text_file_flush(file);

    if (close(file->fd) != 0 && rc == GW_OK)
        rc = write_failed(file);
    end_file(file);
    return rc;
}

/*
 * The files a generation was made of, looked at now and then: a roster that was put in place, a profile that a check
 * wrote, a corrected configuration.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "service/run_parts.h"

struct seen_file {
    char *path;
    struct stat status; /* all zero: not there */
};

struct look {
    struct seen_file *files;
    size_t count;
};

/* A name that is not there is a state of its own: it may come. */
static void look_at(const char *path, struct stat *out)
{
    if (stat(path, out) != 0)
        memset(out, 0, sizeof *out);
}

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool add(struct look *look, char *path)
{
    struct seen_file *files = path ? realloc(look->files, (look->count + 1) * sizeof *files) : NULL;

    if (!files) {
        free(path);
        return false;
    }
    look->files = files;
    look->files[look->count].path = path;
    look_at(path, &look->files[look->count++].status);
    return true;
}

static char *join(const char *a, const char *b, const char *c)
{
    struct gw_text text = GW_TEXT_INIT(4096);
    char *copy;

    gw_text_print(&text, "%s%s%s", a, b, c);
    copy = text.failed ? NULL : strdup(text.at);
    gw_text_release(&text);
    return copy;
}

static bool add_study(struct look *look, const struct gw_config_study *study)
{
    return add(look, strdup(study->enrolment)) && add(look, join(study->package, "/", "study.json"));
}

static bool add_endpoint(struct look *look, const struct gw_config *config, const struct gw_config_endpoint *endpoint)
{
    struct gw_text folder = GW_TEXT_INIT(4096);
    bool fine;

    gw_text_print(&folder, "%s/endpoints/", config->state);
    fine = !folder.failed && add(look, strdup(endpoint->site_profile)) &&
           add(look, join(folder.at, endpoint->id, ".json"));
    gw_text_release(&folder);
    return fine;
}

struct look *look_new(const char *config)
{
    struct look *look = calloc(1, sizeof *look);

    if (look && add(look, strdup(config)))
        return look;
    look_free(look);
    return NULL;
}

bool look_follow(struct look *look, const struct gw_config *config)
{
    bool fine = true;

    for (size_t i = 0; fine && i < config->study_count; i++)
        fine = add_study(look, &config->studies[i]);
    for (size_t i = 0; fine && i < config->endpoint_count; i++)
        fine = add_endpoint(look, config, &config->endpoints[i]);
    for (size_t i = 0; fine && i < config->folder_count; i++)
        fine = add(look, strdup(config->folders[i].site_profile));
    return fine;
}

bool look_changed(struct look *look)
{
    bool changed = false;

    for (size_t i = 0; i < look->count; i++) {
        struct stat now;

        look_at(look->files[i].path, &now);
        changed |= !same(&now, &look->files[i].status);
        look->files[i].status = now;
    }
    return changed;
}

void look_free(struct look *look)
{
    if (!look)
        return;
    for (size_t i = 0; look->files && i < look->count; i++)
        free(look->files[i].path);
    free(look->files);
    free(look);
}

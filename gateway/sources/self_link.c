/*
 * Names of parameters, counted on both sides: a range has two of one name, and servers were seen to apply one of them.
 */
#include "sources/self_link.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 40, NAMES_MAX = 16 };

struct parameter {
    char name[NAME_MAX_BYTES];
    size_t asked;
    size_t repeated;
};

struct comparison {
    struct parameter list[NAMES_MAX];
    size_t count;
};

static bool shapes_only(const char *name)
{
    return strcmp(name, "_count") == 0 || strcmp(name, "_sort") == 0 || strcmp(name, "_include") == 0;
}

static bool says_whose(const char *name)
{
    return strcmp(name, "patient") == 0 || strcmp(name, "_id") == 0 || strcmp(name, "identifier") == 0;
}

/* The name without its modifier (patient:Patient, patient%3APatient) or chain (patient._id); of subject and patient
 * servers write the one where the other was asked. */
static void read_name(const char *at, size_t length, char out[NAME_MAX_BYTES])
{
    const char *escape = memchr(at, '%', length);

    if (escape)
        length = (size_t)(escape - at);
    snprintf(out, NAME_MAX_BYTES, "%.*s", (int)length, at);
    out[strcspn(out, ":.")] = '\0';
    if (strcmp(out, "subject") == 0)
        snprintf(out, NAME_MAX_BYTES, "patient");
}

/* The next parameter's name, and where the one behind it begins; NULL: there is none. */
static const char *next_name(const char *at, char out[NAME_MAX_BYTES])
{
    size_t length;

    at += strspn(at, "&");
    if (!*at || *at == '#')
        return NULL;
    length = strcspn(at, "&#");
    read_name(at, strcspn(at, "=&#"), out);
    return at + length;
}

static struct parameter *find(struct comparison *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->list[i].name, name) == 0)
            return &c->list[i];
    return NULL;
}

static void read_query(struct comparison *c, const char *query)
{
    char name[NAME_MAX_BYTES];

    for (const char *at = query; (at = next_name(at, name));) {
        struct parameter *known = find(c, name);

        if (!known && c->count < NAMES_MAX) {
            known = &c->list[c->count++];
            *known = (struct parameter){.asked = 0};
            memcpy(known->name, name, sizeof(name));
        }
        if (known)
            known->asked++;
    }
}

/* False: nothing of what was asked is repeated, so that the link says nothing of the rest. */
static bool read_self(struct comparison *c, const char *self)
{
    const char *question = strchr(self, '?');
    char name[NAME_MAX_BYTES];
    bool any = false;

    for (const char *at = question ? question + 1 : ""; (at = next_name(at, name));) {
        struct parameter *known = find(c, name);

        if (known)
            known->repeated++;
        any = any || known;
    }
    return any;
}

/* ".../Patient/p1/Observation?date=...": the compartment says whose. */
static bool in_compartment(const char *self)
{
    const char *patient = strstr(self, "/Patient/");

    return patient && patient < self + strcspn(self, "?");
}

enum self_verdict self_compare(const char *self, const char *query, char *dropped, size_t size)
{
    struct comparison c = {.count = 0};
    enum self_verdict verdict = SELF_FINE;
    size_t length = 0;

    dropped[0] = '\0';
    read_query(&c, query);
    if (!self || !read_self(&c, self))
        return SELF_FINE;
    for (size_t i = 0; i < c.count; i++) {
        const struct parameter *one = &c.list[i];
        const bool whose = says_whose(one->name);

        if (one->repeated >= one->asked || shapes_only(one->name) || (whose && in_compartment(self)))
            continue;
        verdict = whose ? SELF_DROPS_PATIENT : verdict == SELF_FINE ? SELF_DROPS : verdict;
        if (length < size)
            length += (size_t)snprintf(dropped + length, size - length, "%s%s", length ? ", " : "", one->name);
    }
    return verdict;
}

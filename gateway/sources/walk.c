/*
 * The memory of a walk. Servers were seen to give the same next link for ever, to count pages up over the same entries,
 * and to lead from the last page into an error: a walk ends when it no longer gets anywhere.
 */
#include "sources/walk.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/date.h"

static const char where[] = "sources.pull";

static enum gw_status no_memory(struct gw_error *err)
{
    return gw_fail(err, GW_ENOMEM, where, "no memory for what a search has brought so far");
}

enum gw_status walk_init(struct walk *walk, struct gw_error *err)
{
    memset(walk, 0, sizeof(*walk));
    walk->last_updated = INT64_MIN;
    walk->urls = gw_id_set_new();
    walk->ids = gw_id_set_new();
    return references_init(&walk->references) && walk->urls && walk->ids ? GW_OK : no_memory(err);
}

void walk_release(struct walk *walk)
{
    references_release(&walk->references);
    gw_id_set_free(walk->urls);
    gw_id_set_free(walk->ids);
}

void walk_slice(struct walk *walk)
{
    gw_id_set_clear(walk->urls);
    gw_id_set_clear(walk->ids); /* days overlap: what both show is news to neither */
    walk->pages = 0;
    walk->barren = 0;
}

void walk_restart(struct walk *walk)
{
    walk_slice(walk);
    references_clear(&walk->references);
    walk->entries = 0;
    walk->server_date = 0;
    walk->last_updated = INT64_MIN;
}

enum gw_status walk_visit(struct walk *walk, const char *url, struct gw_error *err)
{
    if (gw_id_set_has(walk->urls, url))
        return gw_fail(err, GW_EPROTO, where,
                       "the endpoint's next link leads back to a page that was read before: its paging is broken, "
                       "report it to the vendor");
    return gw_id_set_add(walk->urls, url) ? GW_OK : no_memory(err);
}

/* ---- one page ---- */

/* Only the search's own type moves the watermark: an included Medication has a history of its own. */
static void see_stamp(struct walk *walk, const struct gw_keep_entry *entry)
{
    int64_t instant;

    if (entry->mode == GW_KEEP_FACT && entry->last_updated && gw_instant_read(entry->last_updated, &instant) &&
        instant > walk->last_updated)
        walk->last_updated = instant;
}

static bool see_entry(struct walk *walk, const struct gw_keep_entry *entry)
{
    char name[256];

    see_stamp(walk, entry);
    for (size_t i = 0; entry->mode == GW_KEEP_FACT && i < entry->reference_count; i++) {
        if (!references_add(&walk->references, &entry->references[i]))
            return false;
    }
    if (!entry->type || !entry->id)
        return true;
    snprintf(name, sizeof(name), "%s/%s", entry->type, entry->id);
    return gw_id_set_add(walk->ids, name);
}

static enum gw_status check_progress(struct walk *walk, bool news, struct gw_error *err)
{
    walk->barren = news ? 0 : walk->barren + 1;
    if (walk->barren >= 2)
        return gw_fail(err, GW_EPROTO, where,
                       "two pages in a row brought nothing new and still a next link: the endpoint's paging is broken, "
                       "report it to the vendor");
    if (walk->pages >= GW_PULL_PAGES_MAX)
        return gw_fail(err, GW_EPROTO, where,
                       "a search of one patient came to %u pages and goes on: this is no "
                       "search for one patient; ask the vendor",
                       GW_PULL_PAGES_MAX);
    return GW_OK;
}

enum gw_status walk_page(struct walk *walk, const struct gw_keep_entry *entries, size_t count, int64_t date,
                         bool goes_on, struct gw_error *err)
{
    const size_t known = gw_id_set_count(walk->ids);

    if (walk->pages == 0 && walk->server_date == 0)
        walk->server_date = date;
    for (size_t i = 0; i < count; i++) {
        if (!see_entry(walk, &entries[i]))
            return no_memory(err);
    }
    walk->pages++;
    walk->entries += count;
    return goes_on ? check_progress(walk, gw_id_set_count(walk->ids) > known, err) : GW_OK;
}

/*
 * By the Date of the first answer: what changes while the walk goes on may lie on a page that was read already, and
 * must be asked for again.
 */
void walk_watermark(const struct walk *walk, const char *known, char out[INSTANT_BYTES])
{
    int64_t mark = walk->last_updated;
    int64_t before;

    if (mark != INT64_MIN && walk->server_date > 0 && mark > walk->server_date * NANOSECONDS)
        mark = walk->server_date * NANOSECONDS;
    if (known && gw_instant_read(known, &before) && before > mark)
        mark = before;
    out[0] = '\0';
    if (mark != INT64_MIN)
        instant_print(mark, out);
}

/*
 * Any bytes as the manifest of an export: what is accepted has an instant, and files with an address and a type that is
 * a word.
 *
 * Rooms: fhir ledger net sources
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/date.h"
#include "sources/bulk_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* libFuzzer calls it; it has no header in C */

static void broken(const char *what)
{
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void check_entry(const struct bulk_entry *entry)
{
    if (!entry->url || !*entry->url)
        broken("a file without an address");
    if (entry->type && (entry->kind != BULK_OUTPUT || strpbrk(entry->type, "/.%\\ \n")))
        broken("a type that is no word");
    if (entry->count < -1)
        broken("a count below zero");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_arena arena = GW_ARENA_INIT((size_t)64 << 20);
    struct bulk_manifest manifest;
    struct gw_error err;
    int64_t ignored;

    if (bulk_manifest_read(&arena, (struct gw_slice){(const char *)data, size}, &manifest, &err) == GW_OK) {
        if (!gw_instant_read(manifest.transaction_time, &ignored))
            broken("no instant");
        for (size_t i = 0; i < manifest.count; i++)
            check_entry(&manifest.entries[i]);
    } else if (err.status != GW_EPROTO && err.status != GW_ENOMEM) {
        broken("another status");
    }
    gw_arena_release(&arena);
    return 0;
}

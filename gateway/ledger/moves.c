/*
 * What was a subject's and came again for another patient.
 *
 * A hospital that finds a result in the wrong chart moves it: a new version of the same resource names another patient.
 * It comes with that patient's answers, and no search for the first one ever shows it. Entries lie by subject, so
 * versions that are not the first of their resource are noted by resource as well (keep.c), and asked for here.
 */
#include <string.h>

#include "ledger/card.h"

struct moves {
    struct gw_ledger *ledger;
    struct gw_arena *arena;
    const uint8_t *people; /* keys */
    size_t person_count;
    struct gw_move *list;
    size_t count, capacity;
    struct gw_error *err;
};

static enum gw_status no_memory(struct gw_error *err)
{
    return ledger_no_memory(err, "the facts of one subject");
}

static bool is_own(const struct moves *m, const void *patient)
{
    for (size_t i = 0; i < m->person_count; i++)
        if (memcmp(m->people + i * KEY_BYTES, patient, KEY_BYTES) == 0)
            return true;
    return false;
}

static enum gw_status add_move(struct moves *m, const struct gw_kept *kept, sqlite3_stmt *row)
{
    struct gw_move *move;

    if (sqlite3_column_bytes(row, 1) != KEY_BYTES || sqlite3_column_bytes(row, 4) != GW_SHA256_BYTES)
        return ledger_damaged(m->ledger, m->err);
    if (is_own(m, sqlite3_column_blob(row, 1)))
        return GW_OK;
    move = GW_ARENA_PUSH(m->arena, m->list, m->count, m->capacity);
    if (!move)
        return no_memory(m->err);
    *move = (struct gw_move){.type = gw_resource_of(kept->type),
                             .endpoint = kept->endpoint,
                             .id = kept->id,
                             .version_id = ledger_text(m->arena, row, 0),
                             .last_updated = ledger_text(m->arena, row, 2),
                             .delivery = sqlite3_column_int64(row, 3)};
    memcpy(move->sha256, sqlite3_column_blob(row, 4), GW_SHA256_BYTES);
    return GW_OK;
}

static enum gw_status find_moves(struct moves *m, int64_t subject, const struct gw_kept *kept)
{
    sqlite3_stmt *owners = ledger_bind(m->ledger, STATEMENT_OWNERS_OF, kept->key, (size_t)KEY_BYTES, subject);
    enum gw_status rc;
    bool row;

    while ((rc = ledger_step(m->ledger, owners, &row, m->err)) == GW_OK && row) {
        rc = add_move(m, kept, owners);
        if (rc != GW_OK) {
            sqlite3_reset(owners);
            break;
        }
    }
    return rc;
}

static enum gw_status read_people(struct moves *m, const struct gw_ledger_person *people, size_t count)
{
    uint8_t *keys = gw_arena_raw(m->arena, count * KEY_BYTES + 1);
    enum gw_status rc = keys ? GW_OK : no_memory(m->err);

    for (size_t i = 0; rc == GW_OK && i < count; i++)
        rc = ledger_key(m->ledger, people[i].endpoint, "Patient", people[i].patient, keys + i * KEY_BYTES, m->err);
    m->people = keys;
    m->person_count = count;
    return rc;
}

enum gw_status gw_ledger_moves(struct gw_ledger *ledger, struct gw_arena *arena, const struct gw_kept_facts *facts,
                               const struct gw_ledger_person *people, size_t person_count, struct gw_move **out,
                               size_t *count, struct gw_error *err)
{
    struct moves moves = {.ledger = ledger, .arena = arena, .err = err};
    int64_t any = 0;
    enum gw_status rc = ledger_number(ledger, ledger_bind(ledger, STATEMENT_OWNER_ANY), 0, &any, err);

    if (rc == GW_OK && any)
        rc = read_people(&moves, people, person_count);
    for (size_t i = 0; rc == GW_OK && any && i < facts->count; i++)
        if (!facts->list[i].shared)
            rc = find_moves(&moves, facts->subject, &facts->list[i]);
    *out = moves.list;
    *count = moves.count;
    return rc;
}

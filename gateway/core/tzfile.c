/*
 * TZif, RFC 8536: a header, a block of 32-bit data to skip, the same header again with a block of 64-bit data, and a
 * line of text with the rule for all years after.
 */
#include "core/tzfile.h"

#include <stdlib.h>
#include <string.h>

#include "core/tzrule.h"
#include "gateway/core/date.h"

#define WHERE       "core.zone"
#define HEADER_SIZE 44
#define YEARS       402 /* the year of the last change in part, a whole period, and the year that joins them */
#define DAY_SECONDS 86400

struct counts {
    char version;
    uint32_t isut, isstd, leap, time, type, chars;
};

/* Where the parts of the 64-bit block lie. */
struct block {
    struct counts counts;
    const unsigned char *times, *indexes, *types;
    struct gw_slice footer;
};

static uint64_t big_endian(const unsigned char *at, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

static bool read_counts(const unsigned char *at, size_t length, struct counts *out)
{
    if (length < HEADER_SIZE || memcmp(at, "TZif", 4) != 0)
        return false;
    *out = (struct counts){
        .version = (char)at[4],
        .isut = (uint32_t)big_endian(at + 20, 4),
        .isstd = (uint32_t)big_endian(at + 24, 4),
        .leap = (uint32_t)big_endian(at + 28, 4),
        .time = (uint32_t)big_endian(at + 32, 4),
        .type = (uint32_t)big_endian(at + 36, 4),
        .chars = (uint32_t)big_endian(at + 40, 4),
    };
    return out->type > 0;
}

static uint64_t block_size(const struct counts *c, unsigned time_size)
{
    return (uint64_t)c->time * (time_size + 1) + (uint64_t)c->type * 6 + c->chars +
           (uint64_t)c->leap * (time_size + 4) + c->isstd + c->isut;
}

static bool read_block(struct gw_slice file, struct block *out)
{
    const unsigned char *at = (const unsigned char *)file.at;
    size_t left = file.length;
    struct counts *const counts = &out->counts;

    if (!read_counts(at, left, counts) || counts->version < '2' || block_size(counts, 4) > left - HEADER_SIZE)
        return false;
    left -= HEADER_SIZE + block_size(counts, 4);
    at += HEADER_SIZE + block_size(counts, 4);
    if (!read_counts(at, left, counts) || block_size(counts, 8) > left - HEADER_SIZE || counts->leap > 0)
        return false; /* leap seconds: the "right" zones count other seconds than the rest of the world */
    out->times = at + HEADER_SIZE;
    out->indexes = out->times + (size_t)counts->time * 8;
    out->types = out->indexes + counts->time;
    at += HEADER_SIZE + block_size(counts, 8);
    left -= HEADER_SIZE + block_size(counts, 8);
    if (left < 2 || at[0] != '\n' || at[left - 1] != '\n')
        return false;
    out->footer = (struct gw_slice){(const char *)at + 1, left - 2};
    return true;
}

static void push(struct tz_table *table, int64_t at, int32_t offset)
{
    table->changes[table->count++] = (struct tz_change){at, offset};
}

static int32_t offset_of(const struct block *block, unsigned type)
{
    return (int32_t)(uint32_t)big_endian(block->types + (size_t)type * 6, 4);
}

static bool read_changes(const struct block *block, struct tz_table *table)
{
    push(table, INT64_MIN, offset_of(block, 0)); /* local mean time */
    for (uint32_t i = 0; i < block->counts.time; i++) {
        const int64_t at = (int64_t)big_endian(block->times + (size_t)i * 8, 8);

        if (block->indexes[i] >= block->counts.type || at <= table->changes[table->count - 1].at)
            return false;
        push(table, at, offset_of(block, block->indexes[i]));
    }
    for (size_t i = 0; i < table->count; i++) {
        if (abs(table->changes[i].offset) > TZ_OFFSET_MAX)
            return false;
    }
    return true;
}

static int year_of(int64_t utc)
{
    int year = 1970;
    int month;
    int day;

    if (utc > (int64_t)GW_DAY_MIN * DAY_SECONDS)
        gw_day_split((gw_day)(utc / DAY_SECONDS), &year, &month, &day);
    return year;
}

/* Write the rule out from the file's last change on. */
static void write_out(const struct tz_rule *rule, struct tz_table *table)
{
    const int64_t last = table->changes[table->count - 1].at;
    const int first_year = year_of(last);

    for (int year = first_year; year < first_year + YEARS; year++) {
        const int64_t to_summer = tz_rule_at(&rule->to_summer, year) - rule->standard;
        const int64_t to_standard = tz_rule_at(&rule->to_standard, year) - rule->summer;
        const bool summer_first = to_summer < to_standard;
        const struct tz_change changes[2] = {
            summer_first ? (struct tz_change){to_summer, rule->summer}
                         : (struct tz_change){to_standard, rule->standard},
            summer_first ? (struct tz_change){to_standard, rule->standard}
                         : (struct tz_change){to_summer, rule->summer},
        };

        for (size_t i = 0; i < 2; i++) {
            struct tz_change *const latest = &table->changes[table->count - 1];

            if (changes[i].at > latest->at)
                push(table, changes[i].at, changes[i].offset);
            else if (changes[i].at == latest->at) /* summer time all year ends and begins in the same second */
                latest->offset = changes[i].offset;
        }
    }
}

enum gw_status tz_table_read(struct gw_slice file, struct tz_table *out, struct gw_error *err)
{
    struct block block = {0};
    struct tz_rule rule = {0};
    struct tz_table table = {0};

    if (!read_block(file, &block))
        return gw_fail(err, GW_ECONFIG, WHERE, "not a compiled time zone (TZif version 2 or later)");
    if (block.footer.length > 0 && !tz_rule_read(block.footer, &rule))
        return gw_fail(err, GW_ECONFIG, WHERE, "its rule for future years cannot be read");
    table.changes = calloc(1 + (size_t)block.counts.time + (size_t)2 * YEARS, sizeof *table.changes);
    if (!table.changes)
        return gw_fail(err, GW_ENOMEM, WHERE, "no memory for a time zone");
    if (!read_changes(&block, &table)) {
        tz_table_release(&table);
        return gw_fail(err, GW_ECONFIG, WHERE, "its changes are out of order or out of range");
    }
    table.repeats = rule.has_summer;
    if (rule.has_summer)
        write_out(&rule, &table);
    *out = table;
    return GW_OK;
}

void tz_table_release(struct tz_table *table)
{
    free(table->changes);
    *table = (struct tz_table){0};
}

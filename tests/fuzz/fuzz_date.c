/*
 * Any text as a date in several zones: what is read must lie in the calendar, agree with itself and print as it reads.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/date.h"

#define REQUIRE(fact)                                                                                                  \
    do {                                                                                                               \
        if (!(fact))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

#define DAY_SECONDS 86400

static void check_partial(const struct gw_when *when, const char *text)
{
    char first[11];
    char last[11];

    gw_day_print(when->first, first);
    gw_day_print(when->last, last);
    REQUIRE(strncmp(first, text, strlen(text)) == 0 && strncmp(last, text, strlen(text)) == 0);
    REQUIRE(when->second_of_day == -1 && when->nanosecond == 0);
}

static void check_instant(const struct gw_when *when, const char *text, const struct gw_zone *zone)
{
    const int64_t local = (int64_t)when->first * DAY_SECONDS + when->second_of_day;
    int64_t nanoseconds;

    REQUIRE(when->first == when->last && when->second_of_day >= 0 && when->second_of_day < DAY_SECONDS);
    REQUIRE(when->utc + gw_zone_offset_at(zone, when->utc) == local);
    REQUIRE(gw_zone_to_utc(zone, local) <= when->utc); /* the first of a fold */
    if (gw_instant_read(text, &nanoseconds))
        REQUIRE(nanoseconds == (int64_t)((__int128)when->utc * 1000000000 + when->nanosecond));
}

static void check(const char *text, const struct gw_zone *zone)
{
    struct gw_when when;
    struct gw_when assumed;
    const enum gw_date_verdict verdict = gw_when_read(text, zone, false, &when);
    const enum gw_date_verdict again = gw_when_read(text, zone, true, &assumed);

    REQUIRE(again != GW_DATE_WITHOUT_OFFSET);
    if (verdict == GW_DATE_MALFORMED)
        REQUIRE(again == GW_DATE_MALFORMED);
    if (again != GW_DATE_OK) {
        REQUIRE(assumed.precision == GW_PRECISION_NONE && assumed.first == GW_NO_DAY);
        return;
    }
    REQUIRE(verdict == GW_DATE_WITHOUT_OFFSET || gw_when_compare(&when, &assumed) == 0);
    REQUIRE(GW_DAY_MIN <= assumed.first && assumed.first <= assumed.last && assumed.last <= GW_DAY_MAX);
    if (assumed.precision == GW_PRECISION_SECOND)
        check_instant(&assumed, text, zone);
    else
        check_partial(&assumed, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"Europe/Madrid", "Pacific/Apia", "America/Sao_Paulo", "Australia/Lord_Howe"};
    static struct gw_zone *zones[4];
    char *const text = malloc(size + 1);

    REQUIRE(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    for (size_t i = 0; i < 4; i++) {
        if (!zones[i])
            REQUIRE(gw_zone_open(names[i], &zones[i], NULL) == GW_OK);
        check(text, zones[i]);
    }
    free(text);
    return 0;
}

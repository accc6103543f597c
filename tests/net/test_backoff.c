/*
 * How long to wait: the table of classes, and what a server says.
 */
#include <criterion/criterion.h>

#include "gateway/net/backoff.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { LEAST = 0 };
#define MOST UINT32_MAX

static const struct {
    const char *name;
    enum gw_backoff class;
    unsigned attempt;
    int32_t asked_s;
    uint64_t least_ms, most_ms;
} waits[] = {
    {"B1: the first", GW_BACKOFF_TRANSIENT, 1, 0, 0, 1000},
    {"B1: doubles", GW_BACKOFF_TRANSIENT, 2, 0, 0, 2000},
    {"B1: the ninth is 256 s", GW_BACKOFF_TRANSIENT, 9, 0, 0, 256000},
    {"B1: and no more than 300 s", GW_BACKOFF_TRANSIENT, 10, 0, 0, 300000},
    {"B1: however long it lasts", GW_BACKOFF_TRANSIENT, 4000000000u, 0, 0, 300000},
    {"B1: what a server says is not asked for", GW_BACKOFF_TRANSIENT, 1, 90, 0, 1000},
    {"B2: as told, and up to a tenth more", GW_BACKOFF_THROTTLED, 1, 90, 90000, 99000},
    {"B2: at any attempt", GW_BACKOFF_THROTTLED, 7, 90, 90000, 99000},
    {"B2: one second is the least", GW_BACKOFF_THROTTLED, 1, 1, 1000, 1100},
    {"B2: a day is the most", GW_BACKOFF_THROTTLED, 1, 86400, 86400000, 95040000},
    {"B2: and more than a day is a day", GW_BACKOFF_THROTTLED, 1, 2000000000, 86400000, 95040000},
    {"B2: nothing said", GW_BACKOFF_THROTTLED, 1, 0, 30000, 33000},
    {"B2: nothing said, twice", GW_BACKOFF_THROTTLED, 2, 0, 30000, 60000},
    {"B2: nothing said, the sixth of 960 s is 900 s", GW_BACKOFF_THROTTLED, 6, 0, 30000, 900000},
    {"B3: the first", GW_BACKOFF_AUTH, 1, 0, 60000, 66000},
    {"B3: the fifth of 960 s", GW_BACKOFF_AUTH, 5, 0, 60000, 960000},
    {"B3: the sixth of 1920 s is 1800 s", GW_BACKOFF_AUTH, 6, 0, 60000, 1800000},
    {"B4: a probe in 15 min", GW_BACKOFF_CONFIGURATION, 1, 0, 900000, 990000},
    {"B4: and again", GW_BACKOFF_CONFIGURATION, 9, 0, 900000, 990000},
    {"B5: the first", GW_BACKOFF_DATABASE, 1, 0, 0, 100},
    {"B5: the ninth of 25.6 s", GW_BACKOFF_DATABASE, 9, 0, 0, 25600},
    {"B5: at most 30 s", GW_BACKOFF_DATABASE, 10, 0, 0, 30000},
    {"none", GW_BACKOFF_NONE, 3, 0, 0, 0},
};

Test(backoff, waits_as_its_table_says)
{
    for (size_t i = 0; i < COUNT(waits); i++) {
        const uint64_t least = gw_backoff_wait_ms(waits[i].class, waits[i].attempt, waits[i].asked_s, LEAST);
        const uint64_t half = gw_backoff_wait_ms(waits[i].class, waits[i].attempt, waits[i].asked_s, MOST / 2);
        const uint64_t most = gw_backoff_wait_ms(waits[i].class, waits[i].attempt, waits[i].asked_s, MOST);

        cr_expect(least == waits[i].least_ms, "%s: least %llu", waits[i].name, (unsigned long long)least);
        cr_expect(most == waits[i].most_ms, "%s: most %llu", waits[i].name, (unsigned long long)most);
        cr_expect(half + 1 >= (least + most) / 2 && half <= (least + most) / 2, "%s: jitter is not even",
                  waits[i].name);
    }
}

static const struct {
    enum gw_trouble trouble;
    const char *class;
    bool passes;
} classes[] = {
    {GW_TROUBLE_NONE, "", false},          {GW_TROUBLE_AWAY, "B1", true},       {GW_TROUBLE_CUT, "B1", true},
    {GW_TROUBLE_NOT_FHIR, "B1", true},     {GW_TROUBLE_DAMAGED, "B1", false},   {GW_TROUBLE_BUSY, "B2", true},
    {GW_TROUBLE_UNAUTHORIZED, "B3", true}, {GW_TROUBLE_REFUSED, "B4", false},   {GW_TROUBLE_TOO_LARGE, "B4", false},
    {GW_TROUBLE_DENIED, "B4", false},      {GW_TROUBLE_TLS, "B4", true},        {GW_TROUBLE_LEAK, "B4", false},
    {GW_TROUBLE_OURS, "", false},          {GW_TROUBLE_UNGRANTED, "B4", false},
};

Test(backoff, has_a_class_for_every_trouble)
{
    cr_assert(COUNT(classes) == GW_TROUBLE_COUNT);
    for (size_t i = 0; i < COUNT(classes); i++) {
        cr_expect(strcmp(gw_backoff_name(gw_backoff_of(classes[i].trouble)), classes[i].class) == 0, "%s",
                  gw_trouble_name(classes[i].trouble));
        cr_expect(gw_trouble_passes(classes[i].trouble) == classes[i].passes, "%s",
                  gw_trouble_name(classes[i].trouble));
    }
}

static const struct {
    int status;
    enum gw_trouble trouble;
} statuses[] = {
    {200, GW_TROUBLE_NONE},    {202, GW_TROUBLE_NONE},         {204, GW_TROUBLE_NONE},    {302, GW_TROUBLE_REFUSED},
    {400, GW_TROUBLE_REFUSED}, {401, GW_TROUBLE_UNAUTHORIZED}, {403, GW_TROUBLE_REFUSED}, {404, GW_TROUBLE_REFUSED},
    {406, GW_TROUBLE_REFUSED}, {407, GW_TROUBLE_DENIED},       {408, GW_TROUBLE_AWAY},    {410, GW_TROUBLE_REFUSED},
    {415, GW_TROUBLE_REFUSED}, {422, GW_TROUBLE_REFUSED},      {425, GW_TROUBLE_AWAY},    {429, GW_TROUBLE_BUSY},
    {500, GW_TROUBLE_AWAY},    {501, GW_TROUBLE_REFUSED},      {502, GW_TROUBLE_AWAY},    {503, GW_TROUBLE_BUSY},
    {504, GW_TROUBLE_AWAY},    {505, GW_TROUBLE_REFUSED},      {599, GW_TROUBLE_AWAY},
};

Test(backoff, reads_the_trouble_from_the_status)
{
    for (size_t i = 0; i < COUNT(statuses); i++)
        cr_expect(gw_trouble_of_status(statuses[i].status) == statuses[i].trouble, "%d", statuses[i].status);
}

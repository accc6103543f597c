/*
 * Which of two values of one day in a window is flagged: the later one, by the day's time, by the server, by the id.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "support/subject.h"

static struct subject s;

static void start(void)
{
    subject_init(&s);
    subject_add_visit(&s, "e1", "2024-02-14");
}

static void stop(void)
{
    subject_release(&s);
}

TestSuite(flags, .init = start, .fini = stop);

static void add(const char *id, const char *effective, const char *updated, const char *value)
{
    subject_add(&s,
                "{'resourceType':'Observation','id':'%s','status':'final','subject':{'reference':'Patient/p1'},'meta':{"
                "'versionId':'1'%s%s%s},'code':{'coding':[{'system':'http://loinc.org','code':'751-8'}]},"
                "'effectiveDateTime':'%s','valueQuantity':{'value':%s,'system':'http://unitsofmeasure.org','code':"
                "'10*9/L'},'referenceRange':[{'low':{'value':1.5,'unit':'10*9/L'},'high':{'value':7.5,'unit':"
                "'10*9/L'}}]}",
                id, updated ? ",'lastUpdated':'" : "", updated ? updated : "", updated ? "'" : "", effective, value);
}

/* All of the target day: as close to it as the other. */
#define DAY "2024-02-14"

static const struct {
    const char *name;
    struct {
        const char *effective, *updated;
    } a, b;
    const char *first;
} ties[] = {
    {"updated later", {DAY, "2024-02-16T08:00:00Z"}, {DAY, "2024-02-15T08:00:00Z"}, "a"},
    {"updated earlier", {DAY, "2024-02-15T08:00:00Z"}, {DAY, "2024-02-16T08:00:00Z"}, "b"},
    {"updated at one moment: the smaller id", {DAY, "2024-02-15T08:00:00Z"}, {DAY, "2024-02-15T09:00:00+01:00"}, "a"},
    {"the other tells when", {DAY, NULL}, {DAY, "2024-02-15T08:00:00Z"}, "b"},
    {"the other tells what is no time", {DAY, NULL}, {DAY, "yesterday"}, "a"},
    {"none tells: the smaller id", {DAY, NULL}, {DAY, NULL}, "a"},
    {"a time before none, whoever was updated later",
     {DAY, "2024-02-16T08:00:00Z"},
     {DAY "T07:00:00+01:00", NULL},
     "b"},
    {"the later time, whoever was updated later",
     {DAY "T07:00:00+01:00", "2024-02-16T08:00:00Z"},
     {DAY "T08:00:00+01:00", NULL},
     "b"},
};

Test(flags, go_to_the_later_of_two_values_of_one_day)
{
    for (size_t i = 0; i < sizeof ties / sizeof *ties; i++) {
        const bool a_is_first = ties[i].first[0] == 'a';

        stop();
        start();
        add("a", ties[i].a.effective, ties[i].a.updated, "2.0");
        add("b", ties[i].b.effective, ties[i].b.updated, "3.0");
        subject_derive(&s);
        cr_assert(subject_observation(&s, "a", "T30-01") && subject_observation(&s, "b", "T30-01"), "%s", ties[i].name);
        cr_expect(eq(int, subject_observation(&s, "a", "T30-01")->anl01, a_is_first), "%s", ties[i].name);
        cr_expect(eq(int, subject_observation(&s, "b", "T30-01")->anl01, !a_is_first), "%s", ties[i].name);
        cr_expect(eq(int, subject_observation(&s, "a", "T30-01")->anl03, a_is_first), "%s", ties[i].name);
        cr_expect(eq(int, subject_observation(&s, "b", "T30-01")->anl03, !a_is_first), "%s", ties[i].name);
    }
}

/*
 * Sums of what pulls brought.
 */
#include "sources/totals.h"

#include <string.h>

void totals_add(struct gw_pull_result *sum, const struct gw_pull_result *one)
{
    sum->requests += one->requests;
    sum->pages += one->pages;
    sum->entries += one->entries;
    sum->fresh += one->fresh;
    sum->repeats += one->repeats;
    sum->conflicts += one->conflicts;
    sum->door += one->door;
    sum->notes += one->notes;
    sum->incomplete = sum->incomplete || one->incomplete;
    sum->unresolved += one->unresolved;
    if (*one->note)
        memcpy(sum->note, one->note, sizeof(sum->note));
}

void totals_add_try(struct gw_pull_result *total, const struct gw_pull_result *one)
{
    totals_add(total, one);
    total->unresolved = one->unresolved;
    total->patients = one->patients;
    memcpy(total->patient, one->patient, sizeof(total->patient));
    total->cut_short = one->cut_short;
    total->retry_after_s = one->retry_after_s;
    total->trouble = one->trouble;
}

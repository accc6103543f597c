/*
 * Steps of the orders in which lists are sorted: below 0, 0 and above 0 as for qsort.
 */
#ifndef STUDY_ORDER_H
#define STUDY_ORDER_H

#include <string.h>

/* Two numbers, or two places in one list, the smaller first; swapped, the larger. */
#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* No text is as an empty one. */
static inline int order_texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* For qsort of a list of texts. */
static inline int order_text_items(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The second decides where the first does not. */
static inline int order_then(int first, int second)
{
    return first ? first : second;
}

#endif

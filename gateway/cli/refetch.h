/*
 * casement replay --refetch: a slice asked for again, end to end.
 */
#ifndef CLI_REFETCH_H
#define CLI_REFETCH_H

#include "cli/arguments.h"

/* The reason is there. Gives the exit status. */
int refetch(const struct arguments *arguments);

#endif

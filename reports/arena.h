/* Memory of one page: many small pieces, freed together. */
#ifndef ATTEST_REPORTS_ARENA_H
#define ATTEST_REPORTS_ARENA_H

#include <stddef.h>

struct arena_block;

/* Starts as {0}. */
struct arena {
    struct arena_block *blocks;
};

/* Zeroed memory for count elements of size; NULL with status_set when refused. */
void *arena_array(struct arena *a, size_t count, size_t size);

/* Formatted copy; NULL with status_set when memory is refused. */
char *arena_format(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Copy with control bytes and malformed UTF-8 spelt out (escape_text); NULL as above. */
char *arena_clean(struct arena *a, const char *s);

/* Frees every piece. */
void arena_free(struct arena *a);

#endif

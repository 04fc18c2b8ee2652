/* A growing text.
 *
 * A refused allocation is remembered instead of reported by every call: writers write on, and the
 * one who uses the result asks text_complete() once.
 */
#ifndef ATTEST_REPORTS_TEXT_H
#define ATTEST_REPORTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Starts as {0}; data is NUL-terminated once anything was added. */
struct text {
    char *data;
    size_t size, capacity;
    bool refused;
};

void text_add(struct text *t, const char *s);
void text_add_bytes(struct text *t, const char *s, size_t bytes);
void text_repeat(struct text *t, char c, size_t times);
void text_format(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *t);

/* False, with status_set, when memory was refused on the way. */
bool text_complete(const struct text *t);

#endif

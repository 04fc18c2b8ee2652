#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness/base/escape.h"
#include "../harness/base/status.h"

struct arena_block {
    struct arena_block *next;
    alignas(max_align_t) unsigned char data[];
};

void *arena_array(struct arena *a, size_t count, size_t size) {
    size_t bytes = 0;
    struct arena_block *block = NULL;
    if (!__builtin_mul_overflow(count, size, &bytes) && bytes < SIZE_MAX / 2)
        block = calloc(1, sizeof *block + bytes + 1);
    if (!block) {
        (void)status_set(ST_SYSTEM, "report: no memory for %zu x %zu bytes", count, size);
        return NULL;
    }
    block->next = a->blocks;
    a->blocks = block;
    return block->data;
}

char *arena_format(struct arena *a, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        (void)status_set(ST_SYSTEM, "report: a line could not be formatted");
        return NULL;
    }
    char *s = arena_array(a, (size_t)length + 1, 1);
    if (!s)
        return NULL;
    va_start(args, format);
    (void)vsnprintf(s, (size_t)length + 1, format, args);
    va_end(args);
    return s;
}

char *arena_clean(struct arena *a, const char *s) {
    size_t room = 4 * strlen(s) + 1; /* the longest spelling of a byte is \xNN */
    char *copy = arena_array(a, room, 1);
    if (copy)
        escape_text(s, copy, room);
    return copy;
}

void arena_free(struct arena *a) {
    while (a->blocks) {
        struct arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
}

#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness/base/status.h"

static bool reserve(struct text *t, size_t more) {
    if (t->refused)
        return false;
    if (more < t->capacity - t->size)
        return true;
    size_t capacity = t->capacity ? t->capacity : 256;
    while (capacity - t->size <= more && capacity < SIZE_MAX / 2)
        capacity *= 2;
    char *data = realloc(t->data, capacity);
    if (!data) {
        t->refused = true;
        return false;
    }
    t->data = data;
    t->capacity = capacity;
    return true;
}

void text_add_bytes(struct text *t, const char *s, size_t bytes) {
    if (!reserve(t, bytes))
        return;
    if (bytes)
        memcpy(t->data + t->size, s, bytes);
    t->size += bytes;
    t->data[t->size] = '\0';
}

void text_add(struct text *t, const char *s) { text_add_bytes(t, s, strlen(s)); }

void text_repeat(struct text *t, char c, size_t times) {
    if (!reserve(t, times))
        return;
    memset(t->data + t->size, c, times);
    t->size += times;
    t->data[t->size] = '\0';
}

void text_format(struct text *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        t->refused = true;
        return;
    }
    if (!reserve(t, (size_t)length))
        return;
    va_start(args, format);
    (void)vsnprintf(t->data + t->size, (size_t)length + 1, format, args);
    va_end(args);
    t->size += (size_t)length;
}

void text_free(struct text *t) {
    free(t->data);
    *t = (struct text){0};
}

bool text_complete(const struct text *t) {
    if (t->refused)
        (void)status_set(ST_SYSTEM, "report: no memory for %zu bytes of output", t->capacity * 2);
    return !t->refused;
}

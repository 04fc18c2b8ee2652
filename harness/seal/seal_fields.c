/* Fields of a seal, read strictly: every value has one spelling. */
#include "seal_fields.h"

#include <stdlib.h>
#include <string.h>

bool seal_is_token(const char *text, size_t size) {
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:+_-");
    return n > 0 && n < size && text[n] == '\0';
}

static bool read_token(const char *value, char *out, size_t size) {
    if (!seal_is_token(value, size))
        return false;
    memcpy(out, value, strlen(value) + 1);
    return true;
}

static bool read_digest(const char *value, char *out) {
    if (strlen(value) != DIGEST_HEX - 1)
        return false;
    return strspn(value, "0123456789abcdef") == DIGEST_HEX - 1 &&
           read_token(value, out, DIGEST_HEX);
}

static bool read_link(const char *value, char *out) {
    if (strcmp(value, "none") != 0)
        return read_digest(value, out);
    out[0] = '\0';
    return true;
}

static bool read_number(const char *value, uint64_t *out) {
    size_t n = strspn(value, "0123456789");
    if (n == 0 || n > 18 || value[n] != '\0' || (value[0] == '0' && n > 1))
        return false;
    *out = strtoull(value, NULL, 10);
    return true;
}

static bool read_value(const struct seal_field *f, const char *value, struct seal *seal) {
    char *member = (char *)seal + f->offset;
    uint64_t number;
    switch (f->kind) {
    case SEAL_DIGEST:
        return read_digest(value, member);
    case SEAL_FIXED:
        return strcmp(value, f->fixed) == 0;
    case SEAL_LINK:
        return read_link(value, member);
    case SEAL_NUMBER:
        if (!read_number(value, &number))
            return false;
        memcpy(member, &number, sizeof number);
        return true;
    case SEAL_TOKEN:
        break;
    }
    return read_token(value, member, f->size);
}

/* Why a field is not the one expected, in words. */
static enum status refuse(const struct seal_form *form, size_t index, const char *text,
                          const char *separator, const char *label) {
    size_t length = strcspn(text, separator);
    const char *expected = form->fields[index].key;
    for (size_t i = 0; i < form->count; i++) {
        const char *key = form->fields[i].key;
        if (strlen(key) == length && strncmp(text, key, length) == 0)
            return status_set(ST_RECORD, "%s: %s %zu: %s is %s; expected %s", label, form->place,
                              index + 1, key, i < index ? "repeated" : "out of order", expected);
    }
    return status_set(ST_RECORD, "%s: %s %zu: unknown key; expected %s", label, form->place,
                      index + 1, expected);
}

enum status seal_field_read(const struct seal_form *form, size_t index, const char *text,
                            const char *separator, const char *label, struct seal *seal) {
    const struct seal_field *f = &form->fields[index];
    size_t length = strlen(f->key), between = strlen(separator);
    if (strncmp(text, f->key, length) != 0 || text[length] != separator[0])
        return refuse(form, index, text, separator, label);
    if (strncmp(text + length, separator, between) != 0 ||
        !read_value(f, text + length + between, seal))
        return status_set(ST_RECORD, "%s: %s %zu: malformed %s", label, form->place, index + 1,
                          f->key);
    return ST_OK;
}

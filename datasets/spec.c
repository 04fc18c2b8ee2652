#include "spec.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct spec_key *find_key(const struct spec_key *keys, size_t count,
                                       const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

static enum status unknown_key(const char *dataset, const char *name, const struct spec_key *keys,
                               size_t count) {
    char known[128] = "";
    for (size_t i = 0; i < count; i++) {
        const size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", keys[i].name);
    }
    return status_set(ST_INPUT, "dataset %s: unknown parameter '%s'; known are %s", dataset, name,
                      known);
}

static enum status read_integer(const char *dataset, const struct spec_key *key, const char *text) {
    char *end = NULL;
    errno = 0;
    const uint64_t value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno == ERANGE) {
        return status_set(ST_INPUT, "dataset %s: %s=%s is not a whole number in digits", dataset,
                          key->name, text);
    }
    if (value < key->least || value > key->most) {
        return status_set(ST_INPUT,
                          "dataset %s: %s=%s is out of range; allowed are %" PRIu64 " to %" PRIu64,
                          dataset, key->name, text, key->least, key->most);
    }
    *key->integer = value;
    return ST_OK;
}

static enum status read_real(const char *dataset, const struct spec_key *key, const char *text) {
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || isspace((unsigned char)text[0]) || !isfinite(value)) {
        return status_set(ST_INPUT, "dataset %s: %s=%s is not a number", dataset, key->name, text);
    }
    if (!(value >= key->lo && value <= key->hi)) {
        return status_set(ST_INPUT, "dataset %s: %s=%s is out of range; allowed are %g to %g",
                          dataset, key->name, text, key->lo, key->hi);
    }
    *key->real = value;
    return ST_OK;
}

/* One "name=value", which it cuts in two. */
static enum status read_item(const char *dataset, char *item, const struct spec_key *keys,
                             size_t count, bool *seen) {
    char *equals = strchr(item, '=');
    if (equals == NULL || equals == item || equals[1] == '\0') {
        return status_set(ST_INPUT, "dataset %s: '%s' is not of the form name=value", dataset,
                          item);
    }
    *equals = '\0';
    const struct spec_key *key = find_key(keys, count, item);
    if (key == NULL) {
        return unknown_key(dataset, item, keys, count);
    }
    if (seen[key - keys]) {
        return status_set(ST_INPUT, "dataset %s: parameter '%s' is given twice; keep one", dataset,
                          item);
    }
    seen[key - keys] = true;
    return key->integer != NULL ? read_integer(dataset, key, equals + 1)
                                : read_real(dataset, key, equals + 1);
}

enum status spec_parse(const char *dataset, const char *text, const struct spec_key *keys,
                       size_t count) {
    char list[256];
    bool seen[SPEC_KEYS_MAX] = {false};
    if (strlen(text) >= sizeof list) {
        return status_set(ST_INPUT, "dataset %s: parameter list longer than %zu characters",
                          dataset, sizeof list - 1);
    }
    memcpy(list, text, strlen(text) + 1);
    for (char *item = list; *text != '\0' && item != NULL;) {
        char *comma = strchr(item, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        const enum status st = read_item(dataset, item, keys, count, seen);
        if (st != ST_OK) {
            return st;
        }
        item = comma == NULL ? NULL : comma + 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (keys[i].required && !seen[i]) {
            return status_set(ST_INPUT, "dataset %s: parameter '%s' is missing; add %s=NUMBER",
                              dataset, keys[i].name, keys[i].name);
        }
    }
    return ST_OK;
}

void spec_format_real(double value, char *out, size_t size) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value) {
            return;
        }
    }
}
